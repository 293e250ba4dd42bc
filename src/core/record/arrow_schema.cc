#include "core/record/arrow_schema.h"

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

namespace firn::record {
namespace {

std::shared_ptr<arrow::Field> ArrowField(const Field& field);

// A timestamp's precision is its digits below a second: 9, or not told, which is 6.
arrow::TimeUnit::type UnitOf(const Type& type) {
  return type.precision == 9 ? arrow::TimeUnit::NANO : arrow::TimeUnit::MICRO;
}

std::shared_ptr<arrow::DataType> ArrowType(const Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
      return arrow::boolean();
    case TypeId::kInt:
      return arrow::int32();
    case TypeId::kLong:
      return arrow::int64();
    case TypeId::kFloat:
      return arrow::float32();
    case TypeId::kDouble:
      return arrow::float64();
    case TypeId::kDecimal:
      return type.precision <= 18 ? arrow::decimal64(type.precision, type.scale)
                                  : arrow::decimal128(type.precision, type.scale);
    case TypeId::kDate:
      return arrow::date32();
    case TypeId::kTime:
      return arrow::time64(arrow::TimeUnit::MICRO);
    case TypeId::kTimestamp:
      return arrow::timestamp(UnitOf(type));
    case TypeId::kTimestamptz:
      return arrow::timestamp(UnitOf(type), "UTC");
    case TypeId::kString:
      return arrow::utf8();
    case TypeId::kUuid:
      return arrow::fixed_size_binary(16);
    case TypeId::kFixed:
      return arrow::fixed_size_binary(type.length);
    case TypeId::kBinary:
      return arrow::binary();
    case TypeId::kList:
      return arrow::list(ArrowField(type.children.front()));
    case TypeId::kMap:
      return std::make_shared<arrow::MapType>(ArrowField(type.children[0]),
                                              ArrowField(type.children[1]));
    case TypeId::kStruct: {
      arrow::FieldVector children;
      for (const Field& child : type.children) children.push_back(ArrowField(child));
      return arrow::struct_(std::move(children));
    }
  }
  return arrow::utf8();
}

std::shared_ptr<arrow::Field> ArrowField(const Field& field) {
  return arrow::field(field.name, ArrowType(field.type), /*nullable=*/!field.required,
                      arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(field.id)}));
}

}  // namespace

std::shared_ptr<arrow::Schema> ArrowSchema(const Schema& schema) {
  arrow::FieldVector fields;
  for (const Field& field : schema.fields) fields.push_back(ArrowField(field));
  return arrow::schema(std::move(fields));
}

}  // namespace firn::record
