#include "ends/lake/read/filter.h"

#include <arrow/array.h>
#include <arrow/compute/exec.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "ends/lake/format/single_value.h"
#include "ends/lake/internal/projection.h"

namespace firn::lake {
namespace {

using ScalarPtr = std::shared_ptr<arrow::Scalar>;

template <typename T>
std::optional<T> Plain(const std::string& bytes) {
  T value{};
  if (bytes.size() != sizeof value) return {};
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// A bound of a column as a value of its type; nullptr when it cannot be told. A bound written
// before the type was widened is shorter.
ScalarPtr Bound(const record::Type& type, const std::string& bytes) {
  const auto arrow_type = internal::ArrowFieldOf({1, "bound", false, type, ""})->type();
  arrow::Result<ScalarPtr> made = arrow::Status::Invalid("unknown");
  switch (type.id) {
    case record::TypeId::kBoolean:
      if (bytes.size() == 1) return std::make_shared<arrow::BooleanScalar>(bytes[0] != 0);
      return nullptr;
    case record::TypeId::kInt:
    case record::TypeId::kLong:
    case record::TypeId::kDate:
    case record::TypeId::kTime:
    case record::TypeId::kTimestamp:
    case record::TypeId::kTimestamptz: {
      const auto number = SingleToLong(bytes);
      if (!number) return nullptr;
      const bool narrow = type.id == record::TypeId::kInt || type.id == record::TypeId::kDate;
      made = narrow ? arrow::MakeScalar(arrow_type, static_cast<int32_t>(*number))
                    : arrow::MakeScalar(arrow_type, *number);
      break;
    }
    case record::TypeId::kFloat:
      if (const auto value = Plain<float>(bytes)) made = arrow::MakeScalar(arrow_type, *value);
      break;
    case record::TypeId::kDouble:
      if (const auto value = Plain<double>(bytes)) {
        made = arrow::MakeScalar(arrow_type, *value);
      } else if (const auto narrow = Plain<float>(bytes)) {
        made = arrow::MakeScalar(arrow_type, double{*narrow});
      }
      break;
    case record::TypeId::kDecimal: {
      const auto value = arrow::Decimal128::FromBigEndian(
          reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int32_t>(bytes.size()));
      if (value.ok()) return std::make_shared<arrow::Decimal128Scalar>(*value, arrow_type);
      return nullptr;
    }
    case record::TypeId::kString:
      return std::make_shared<arrow::StringScalar>(bytes);
    default:
      return nullptr;
  }
  return made.ok() ? *made : nullptr;
}

// `left FUNCTION right`; nothing when it cannot be told.
std::optional<bool> Holds(const char* function, const ScalarPtr& left, const ScalarPtr& right) {
  const auto answer = arrow::compute::CallFunction(function, {left, right});
  if (!answer.ok() || !answer->scalar()->is_valid) return {};
  return static_cast<const arrow::BooleanScalar&>(*answer->scalar()).value;
}

int64_t CountOf(const std::map<int, int64_t>& counts, int id, int64_t otherwise) {
  const auto found = counts.find(id);
  return found == counts.end() ? otherwise : found->second;
}

Error Unfiltered(const arrow::Status& status) {
  return Error(Kind::kInternal, "LAKE-READ-001", "rows cannot be filtered")
      .Because(status.message());
}

// Ands the truth of `flags` (null: not true) into `out`.
void And(const arrow::Datum& flags, std::vector<bool>& out) {
  const auto array = std::static_pointer_cast<arrow::BooleanArray>(flags.make_array());
  for (size_t row = 0; row < out.size(); ++row) {
    const auto at = static_cast<int64_t>(row);
    out[row] = out[row] && array->IsValid(at) && array->Value(at);
  }
}

}  // namespace

bool Filter::MayMatch(const Predicate& predicate, const DataFile& statistics) const {
  const record::Field& field = fields_[predicate.field];
  const int64_t values = CountOf(statistics.value_counts, field.id, statistics.record_count);
  const int64_t nulls = CountOf(statistics.null_value_counts, field.id, -1);
  if (predicate.op == Op::kNull) return nulls != 0 || !field.type.children.empty();
  if (nulls >= 0 && nulls == values && values == statistics.record_count && values > 0)
    return false;
  if (predicate.op == Op::kNotNull || predicate.op == Op::kNotEqual) return true;
  const auto lower = statistics.lower_bounds.find(field.id);
  const auto upper = statistics.upper_bounds.find(field.id);
  const ScalarPtr low =
      lower == statistics.lower_bounds.end() ? nullptr : Bound(field.type, lower->second);
  const ScalarPtr high =
      upper == statistics.upper_bounds.end() ? nullptr : Bound(field.type, upper->second);
  // Whether the range leaves room for a value that is below, above or at one wanted.
  const auto room = [&](const ScalarPtr& value) {
    const bool below = predicate.op == Op::kLess || predicate.op == Op::kLessEqual;
    const bool above = predicate.op == Op::kGreater || predicate.op == Op::kGreaterEqual;
    if (!above && low != nullptr) {
      const char* function = predicate.op == Op::kLess ? "less" : "less_equal";
      if (!Holds(function, low, value).value_or(true)) return false;
    }
    if (!below && high != nullptr) {
      // An upper bound that was cut and raised still is one.
      const char* function = predicate.op == Op::kGreater ? "greater" : "greater_equal";
      if (!Holds(function, high, value).value_or(true)) return false;
    }
    return true;
  };
  return std::any_of(predicate.values.begin(), predicate.values.end(), room);
}

bool Filter::MayMatch(const DataFile& statistics) const {
  return std::all_of(predicates_.begin(), predicates_.end(),
                     [&](const Predicate& predicate) { return MayMatch(predicate, statistics); });
}

Result<std::vector<bool>> Filter::Matches(const arrow::RecordBatch& rows) const {
  constexpr const char* kFunctions[] = {"equal",      "not_equal", "less",
                                        "less_equal", "greater",   "greater_equal"};
  std::vector<bool> out(static_cast<size_t>(rows.num_rows()), true);
  for (const Predicate& predicate : predicates_) {
    const auto column = rows.GetColumnByName(fields_[predicate.field].name);
    FIRN_ASSERT(column != nullptr);
    if (predicate.op == Op::kNull || predicate.op == Op::kNotNull) {
      for (size_t row = 0; row < out.size(); ++row) {
        const bool null = column->IsNull(static_cast<int64_t>(row));
        out[row] = out[row] && null == (predicate.op == Op::kNull);
      }
      continue;
    }
    std::vector<bool> any(out.size(), false);
    for (const ScalarPtr& value : predicate.values) {
      const auto flags = arrow::compute::CallFunction(kFunctions[static_cast<size_t>(predicate.op)],
                                                      {column, value});
      if (!flags.ok()) return Fail(Unfiltered(flags.status()));
      std::vector<bool> one(out.size(), true);
      And(*flags, one);
      for (size_t row = 0; row < any.size(); ++row) any[row] = any[row] || one[row];
    }
    for (size_t row = 0; row < out.size(); ++row) out[row] = out[row] && any[row];
  }
  return out;
}

}  // namespace firn::lake
