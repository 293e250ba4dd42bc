#include "ends/lake/read/filter.h"

#include <arrow/array.h>
#include <arrow/compute/exec.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "ends/lake/internal/field_hints.h"

namespace firn::lake {
namespace {

using ScalarPtr = std::shared_ptr<arrow::Scalar>;

bool IsNan(const arrow::Scalar& value) {
  if (value.type->id() == arrow::Type::DOUBLE)
    return std::isnan(static_cast<const arrow::DoubleScalar&>(value).value);
  return value.type->id() == arrow::Type::FLOAT &&
         std::isnan(static_cast<const arrow::FloatScalar&>(value).value);
}

// A bound of a column as a value of its type; nullptr when it cannot be told, as of NaN, which a
// reader has to ignore (spec, "Data File Fields"), and of bytes, which no filter orders.
ScalarPtr Bound(const record::Type& type, const std::string& bytes) {
  switch (type.id) {
    case record::TypeId::kUuid:
    case record::TypeId::kFixed:
    case record::TypeId::kBinary:
    case record::TypeId::kStruct:
    case record::TypeId::kList:
    case record::TypeId::kMap:
      return nullptr;
    default:
      break;
  }
  const auto made = internal::SingleScalar({1, "bound", false, type, ""}, bytes);
  return made && !IsNan(**made) ? *made : nullptr;
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

// The truth of `flags`; null is not true.
std::vector<bool> Truths(const arrow::Datum& flags, size_t count) {
  const auto array = std::static_pointer_cast<arrow::BooleanArray>(flags.make_array());
  std::vector<bool> out(count);
  for (size_t row = 0; row < count; ++row) {
    const auto at = static_cast<int64_t>(row);
    out[row] = array->IsValid(at) && array->Value(at);
  }
  return out;
}

// The first byte behind the character at `at`.
size_t NextCharacter(std::string_view text, size_t at) {
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

// `%`: any characters, `_`: one. Goes back to the last `%` only.
bool IsLike(std::string_view text, std::string_view pattern) {
  size_t at = 0;
  size_t in_pattern = 0;
  size_t retry_at = 0;
  size_t retry_pattern = std::string_view::npos;
  while (at < text.size()) {
    const char wanted = in_pattern < pattern.size() ? pattern[in_pattern] : '\0';
    if (in_pattern < pattern.size() && wanted == '%') {
      retry_at = at;
      retry_pattern = ++in_pattern;
    } else if (in_pattern < pattern.size() && wanted == '_') {
      at = NextCharacter(text, at);
      ++in_pattern;
    } else if (in_pattern < pattern.size() && wanted == text[at]) {
      ++at;
      ++in_pattern;
    } else if (retry_pattern != std::string_view::npos) {
      at = retry_at = NextCharacter(text, retry_at);
      in_pattern = retry_pattern;
    } else {
      return false;
    }
  }
  while (in_pattern < pattern.size() && pattern[in_pattern] == '%') ++in_pattern;
  return in_pattern == pattern.size();
}

// Whether texts between the bounds may begin as the pattern does. Bounds may be cut.
bool MayBeLike(const std::string& pattern, const std::string* lower, const std::string* upper) {
  const std::string prefix = pattern.substr(0, pattern.find_first_of("%_"));
  if (lower != nullptr && lower->substr(0, prefix.size()) > prefix) return false;
  return upper == nullptr || *upper >= prefix;
}

}  // namespace

bool Filter::MayMatch(const Predicate& predicate, const DataFile& statistics) const {
  const record::Field& field = fields_[predicate.field];
  const int64_t values = CountOf(statistics.value_counts, field.id, statistics.record_count);
  const int64_t nulls = CountOf(statistics.null_value_counts, field.id, -1);
  if (predicate.op == Op::kNull) return nulls != 0 || !field.type.children.empty();
  if (nulls >= 0 && nulls == values && values == statistics.record_count && values > 0)
    return false;
  if (predicate.op == Op::kNotNull || predicate.op == Op::kNotEqual || predicate.op == Op::kNotLike)
    return true;
  const auto lower = statistics.lower_bounds.find(field.id);
  const auto upper = statistics.upper_bounds.find(field.id);
  if (predicate.op == Op::kLike) {
    return MayBeLike(predicate.pattern,
                     lower == statistics.lower_bounds.end() ? nullptr : &lower->second,
                     upper == statistics.upper_bounds.end() ? nullptr : &upper->second);
  }
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
  return MayHold(root_, [&](size_t at) { return MayMatch(predicates_[at], statistics); });
}

Result<std::vector<bool>> Filter::Matches(const Predicate& predicate,
                                          const arrow::RecordBatch& rows) const {
  constexpr const char* kFunctions[] = {"equal",      "not_equal", "less",
                                        "less_equal", "greater",   "greater_equal"};
  const auto column = rows.GetColumnByName(fields_[predicate.field].name);
  FIRN_ASSERT(column != nullptr);
  const auto count = static_cast<size_t>(rows.num_rows());
  if (predicate.op == Op::kNull || predicate.op == Op::kNotNull) {
    std::vector<bool> out(count);
    for (size_t row = 0; row < count; ++row) {
      const bool null = column->IsNull(static_cast<int64_t>(row));
      out[row] = null == (predicate.op == Op::kNull);
    }
    return out;
  }
  if (predicate.op == Op::kLike || predicate.op == Op::kNotLike) {
    std::vector<bool> out(count, false);
    const auto& texts = static_cast<const arrow::StringArray&>(*column);
    for (size_t row = 0; row < count; ++row) {
      const auto at = static_cast<int64_t>(row);
      out[row] = texts.IsValid(at) &&
                 IsLike(texts.GetView(at), predicate.pattern) == (predicate.op == Op::kLike);
    }
    return out;
  }
  const bool all = predicate.op == Op::kNotEqual;  // of the values
  std::vector<bool> out(count, false);
  // Null is not another value either, when no value is left to compare with.
  for (size_t row = 0; row < count && all; ++row)
    out[row] = column->IsValid(static_cast<int64_t>(row));
  for (const ScalarPtr& value : predicate.values) {
    const auto flags = arrow::compute::CallFunction(kFunctions[static_cast<size_t>(predicate.op)],
                                                    {column, value});
    if (!flags.ok()) return Fail(Unfiltered(flags.status()));
    const std::vector<bool> one = Truths(*flags, count);
    for (size_t row = 0; row < count; ++row)
      out[row] = all ? out[row] && one[row] : out[row] || one[row];
  }
  return out;
}

Result<std::vector<bool>> Filter::Matches(const Node& node, const arrow::RecordBatch& rows) const {
  if (node.kind == Node::Kind::kPredicate) return Matches(predicates_[node.predicate], rows);
  const bool all = node.kind == Node::Kind::kAll;
  std::vector<bool> out(static_cast<size_t>(rows.num_rows()), all);
  for (const Node& inner : node.nodes) {
    FIRN_TRY(const std::vector<bool> one, Matches(inner, rows));
    for (size_t row = 0; row < out.size(); ++row)
      out[row] = all ? out[row] && one[row] : out[row] || one[row];
  }
  return out;
}

Result<std::vector<bool>> Filter::Matches(const arrow::RecordBatch& rows) const {
  return Matches(root_, rows);
}

}  // namespace firn::lake
