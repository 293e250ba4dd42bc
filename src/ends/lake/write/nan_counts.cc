#include "ends/lake/write/nan_counts.h"

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <cmath>

namespace firn::lake {
namespace {

using record::Field;
using record::TypeId;

bool IsFloating(TypeId id) { return id == TypeId::kFloat || id == TypeId::kDouble; }

bool HoldsFloating(const Field& field) {
  if (IsFloating(field.type.id)) return true;
  return field.type.id == TypeId::kStruct &&
         std::any_of(field.type.children.begin(), field.type.children.end(), HoldsFloating);
}

void Begin(const Field& field, std::map<int, int64_t>& counts) {
  if (IsFloating(field.type.id)) counts[field.id] = 0;
  if (field.type.id != TypeId::kStruct) return;
  for (const Field& child : field.type.children) Begin(child, counts);
}

template <typename ArrayType>
int64_t CountNan(const arrow::Array& array) {
  const auto& values = static_cast<const ArrayType&>(array);
  int64_t count = 0;
  for (int64_t row = 0; row < values.length(); ++row)
    count += std::isnan(values.Value(row)) && values.IsValid(row) ? 1 : 0;
  return count;
}

}  // namespace

NanCounts::NanCounts(const record::Schema& schema) : schema_(schema) {
  for (const Field& field : schema_.fields) Begin(field, counts_);
}

Result<void> NanCounts::Add(const arrow::RecordBatch& rows) {
  if (counts_.empty()) return {};
  for (size_t i = 0; i < schema_.fields.size(); ++i) {
    if (HoldsFloating(schema_.fields[i]))
      FIRN_CHECK(Add(schema_.fields[i], *rows.column(static_cast<int>(i))));
  }
  return {};
}

Result<void> NanCounts::Add(const Field& field, const arrow::Array& values) {
  switch (values.type_id()) {
    case arrow::Type::FLOAT:
      counts_[field.id] += CountNan<arrow::FloatArray>(values);
      return {};
    case arrow::Type::DOUBLE:
      counts_[field.id] += CountNan<arrow::DoubleArray>(values);
      return {};
    default:
      break;
  }
  const auto& structs = static_cast<const arrow::StructArray&>(values);
  for (size_t i = 0; i < field.type.children.size(); ++i) {
    const Field& child = field.type.children[i];
    if (!HoldsFloating(child)) continue;
    // Flattened: a value below a struct that is null is none.
    const auto flat = structs.GetFlattenedField(static_cast<int>(i), arrow::default_memory_pool());
    if (!flat.ok())
      return Fail(Error(Kind::kInternal, "LAKE-FILE-001", "the data file cannot be written")
                      .Because(flat.status().message()));
    FIRN_CHECK(Add(child, **flat));
  }
  return {};
}

}  // namespace firn::lake
