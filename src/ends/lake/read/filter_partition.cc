// Which partitions a filter leaves out.
#include <arrow/array/util.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>

#include "ends/lake/format/metadata.h"
#include "ends/lake/format/partition.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/format/transform.h"
#include "ends/lake/internal/projection.h"
#include "ends/lake/read/filter.h"
#include "ends/lake/write/partitions.h"

namespace firn::lake {
namespace {

using record::TypeId;

// Whether the least numbers may have been truncated to this one: below them there is none, and the
// reference wraps round. The column may have been narrower then.
bool MayHaveWrapped(const Transform& transform, const record::Type& type,
                    const std::string& value) {
  if (transform.kind != Transform::Kind::kTruncate ||
      (type.id != TypeId::kInt && type.id != TypeId::kLong))
    return false;
  const int64_t number = SingleToLong(value).value_or(0);
  const bool narrow = number <= INT32_MAX && number > int64_t{INT32_MAX} - transform.width;
  return narrow || number > INT64_MAX - transform.width;
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
  if (MayHaveWrapped(transform, type, *value)) return true;
  const auto arrow_type = internal::ArrowFieldOf(field)->type();
  return std::any_of(predicate.values.begin(), predicate.values.end(), [&](const auto& literal) {
    const auto array = arrow::MakeArrayFromScalar(*literal, 1);
    if (!array.ok() || !literal->type->Equals(*arrow_type)) return true;
    const auto wanted = Transformed(transform, field.type, SingleValueAt(**array, 0, field.type));
    if (!wanted) return true;
    const int order = ComparePartitionValues(type, *value, *wanted);
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
