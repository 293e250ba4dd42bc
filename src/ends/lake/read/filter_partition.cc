// Which partitions a filter leaves out.
#include <arrow/array/util.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstring>

#include "ends/lake/format/metadata.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/format/transform.h"
#include "ends/lake/internal/projection.h"
#include "ends/lake/read/filter.h"
#include "ends/lake/write/partitions.h"

namespace firn::lake {
namespace {

using record::TypeId;

template <typename T>
int Order(const std::string& a, const std::string& b) {
  T left{};
  T right{};
  if (a.size() != sizeof left || b.size() != sizeof right) return 0;
  std::memcpy(&left, a.data(), sizeof left);
  std::memcpy(&right, b.data(), sizeof right);
  return left < right ? -1 : left > right ? 1 : 0;
}

// Big-endian two's complement of any length.
int DecimalOrder(const std::string& a, const std::string& b) {
  const auto widened = [](const std::string& bytes) {
    const bool negative = !bytes.empty() && static_cast<int8_t>(bytes[0]) < 0;
    std::string out(16 - std::min<size_t>(16, bytes.size()), negative ? '\xff' : '\0');
    out += bytes;
    out[0] = static_cast<char>(out[0] ^ '\x80');  // so that bytes compare as numbers do
    return out;
  };
  return widened(a).compare(widened(b));
}

// Below, at or above zero; two values of one type in single-value form.
int Compare(const record::Type& type, const std::string& a, const std::string& b) {
  switch (type.id) {
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz: {
      const int64_t left = SingleToLong(a).value_or(0);
      const int64_t right = SingleToLong(b).value_or(0);
      return left < right ? -1 : left > right ? 1 : 0;
    }
    case TypeId::kFloat:
      return Order<float>(a, b);
    case TypeId::kDouble:
      return Order<double>(a, b);
    case TypeId::kDecimal:
      return DecimalOrder(a, b);
    default:
      return a.compare(b);
  }
}

}  // namespace

bool Filter::MayMatch(const Predicate& predicate, const Transform& transform,
                      const std::optional<std::string>& value) const {
  const record::Field& field = fields_[predicate.field];
  // Every transform but void keeps null, and only null, as null.
  if (predicate.op == Op::kNull) return !value;
  if (!value) return false;
  if (predicate.op == Op::kNotNull || predicate.op == Op::kNotEqual || predicate.op == Op::kLike ||
      predicate.op == Op::kNotLike)
    return true;
  const bool ordered = KeepsOrder(transform);
  if (predicate.op != Op::kEqual && !ordered) return true;
  const record::Type type = ResultType(transform, field.type);
  const auto arrow_type = internal::ArrowFieldOf(field)->type();
  return std::any_of(predicate.values.begin(), predicate.values.end(), [&](const auto& literal) {
    const auto array = arrow::MakeArrayFromScalar(*literal, 1);
    if (!array.ok() || !literal->type->Equals(*arrow_type)) return true;
    const auto wanted = Transformed(transform, field.type, SingleValueAt(**array, 0, field.type));
    if (!wanted) return true;
    const int order = Compare(type, *value, *wanted);
    switch (predicate.op) {
      case Op::kEqual:
        return order == 0;
      // Of equal results the values may lie either way.
      case Op::kLess:
      case Op::kLessEqual:
        return order <= 0;
      default:
        return order >= 0;
    }
  });
}

bool Filter::MayMatchPartition(const TableMetadata& metadata, const DataFile& file) const {
  const PartitionSpec* spec = metadata.FindSpec(file.spec_id);
  if (spec == nullptr || spec->fields.size() != file.partition.size()) return true;
  return MayHold(root_, [&](size_t at) {
    const Predicate& predicate = predicates_[at];
    const record::Field& field = fields_[predicate.field];
    for (size_t i = 0; i < spec->fields.size(); ++i) {
      if (spec->fields[i].source_id != field.id) continue;
      const Transform transform = ParseTransform(spec->fields[i].transform);
      if (transform.kind == Transform::Kind::kVoid || !AppliesTo(transform, field.type)) continue;
      if (!MayMatch(predicate, transform, file.partition[i])) return false;
    }
    return true;
  });
}

}  // namespace firn::lake
