#include "ends/lake/read/row_text.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "core/base/encoding.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/internal/json.h"

namespace firn::lake {
namespace {

using record::Type;
using record::TypeId;

template <typename ArrayType>
auto At(const arrow::Array& array, int64_t row) {
  return static_cast<const ArrayType&>(array).GetView(row);
}

std::string DecimalCell(const arrow::Array& array, int64_t row, int scale) {
  if (array.type_id() == arrow::Type::DECIMAL64)
    return DecimalText(
        arrow::Decimal64(static_cast<const arrow::Decimal64Array&>(array).GetValue(row)).value(),
        scale);
  const arrow::Decimal128 value(static_cast<const arrow::Decimal128Array&>(array).GetValue(row));
  const __int128 unscaled = (static_cast<__int128>(value.high_bits()) << 64) | value.low_bits();
  return DecimalText(unscaled, scale);
}

// Numbers that JSON has no word for become null there.
std::string RealCell(double value) { return fmt::format("{}", value); }

std::string_view BytesAt(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::FIXED_SIZE_BINARY:
      return At<arrow::FixedSizeBinaryArray>(array, row);
    case arrow::Type::LARGE_BINARY:
      return At<arrow::LargeBinaryArray>(array, row);
    case arrow::Type::LARGE_STRING:
      return At<arrow::LargeStringArray>(array, row);
    default:
      return At<arrow::BinaryArray>(array, row);
  }
}

// Text of a primitive that is not null.
std::string Primitive(const arrow::Array& array, const Type& type, int64_t row) {
  switch (type.id) {
    case TypeId::kBoolean:
      return At<arrow::BooleanArray>(array, row) ? "true" : "false";
    case TypeId::kInt:
      return std::to_string(At<arrow::Int32Array>(array, row));
    case TypeId::kLong:
      return std::to_string(At<arrow::Int64Array>(array, row));
    case TypeId::kFloat:
      return fmt::format("{}", At<arrow::FloatArray>(array, row));
    case TypeId::kDouble:
      return RealCell(At<arrow::DoubleArray>(array, row));
    case TypeId::kDecimal:
      return DecimalCell(array, row, type.scale);
    case TypeId::kDate:
      return SingleText(type, SingleInt(At<arrow::Date32Array>(array, row)));
    case TypeId::kTime:
      return SingleText(type, SingleLong(At<arrow::Time64Array>(array, row)));
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
      return SingleText(type, SingleLong(At<arrow::TimestampArray>(array, row)));
    case TypeId::kUuid:
      return SingleText(type, BytesAt(array, row));
    case TypeId::kFixed:
    case TypeId::kBinary:
      return Base64(BytesAt(array, row));
    default:
      return std::string(BytesAt(array, row));
  }
}

bool BareInJson(const Type& type) {
  switch (type.id) {
    case TypeId::kBoolean:
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kDecimal:
      return true;
    default:
      return false;
  }
}

bool Finite(const arrow::Array& array, TypeId id, int64_t row) {
  return std::isfinite(id == TypeId::kFloat ? At<arrow::FloatArray>(array, row)
                                            : At<arrow::DoubleArray>(array, row));
}

void AppendJson(std::string& out, const arrow::Array& array, const Type& type, int64_t row);

void AppendStruct(std::string& out, const arrow::StructArray& array, const Type& type,
                  int64_t row) {
  out += "{";
  for (size_t i = 0; i < type.children.size(); ++i) {
    if (i > 0) out += ",";
    internal::AppendQuoted(out, type.children[i].name);
    out += ":";
    AppendJson(out, *array.field(static_cast<int>(i)), type.children[i].type, row);
  }
  out += "}";
}

void AppendJson(std::string& out, const arrow::Array& array, const Type& type, int64_t row) {
  if (array.IsNull(row)) {
    out += "null";
    return;
  }
  switch (type.id) {
    case TypeId::kStruct:
      return AppendStruct(out, static_cast<const arrow::StructArray&>(array), type, row);
    case TypeId::kList: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      out += "[";
      for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
        if (i > list.value_offset(row)) out += ",";
        AppendJson(out, *list.values(), type.children[0].type, i);
      }
      out += "]";
      return;
    }
    case TypeId::kMap: {
      const auto& map = static_cast<const arrow::MapArray&>(array);
      out += "[";
      for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
        out += i > map.value_offset(row) ? ",{\"key\":" : "{\"key\":";
        AppendJson(out, *map.keys(), type.children[0].type, i);
        out += ",\"value\":";
        AppendJson(out, *map.items(), type.children[1].type, i);
        out += "}";
      }
      out += "]";
      return;
    }
    case TypeId::kFloat:
    case TypeId::kDouble:
      out += Finite(array, type.id, row) ? Primitive(array, type, row) : "null";
      return;
    default:
      if (BareInJson(type)) {
        out += Primitive(array, type, row);
      } else {
        internal::AppendQuoted(out, Primitive(array, type, row));
      }
  }
}

void AppendCsv(std::string& out, std::string_view text) {
  if (!text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace

int64_t RowText::rows() const { return batch_.num_rows(); }

std::optional<std::string> RowText::Cell(int64_t row, int column) const {
  const arrow::Array& array = *batch_.column(column);
  if (array.IsNull(row)) return {};
  const Type& type = schema_.fields[static_cast<size_t>(column)].type;
  if (type.children.empty() && type.id != TypeId::kStruct) return Primitive(array, type, row);
  std::string out;
  AppendJson(out, array, type, row);
  return out;
}

std::string RowText::JsonObject(int64_t row) const {
  std::vector<int> all(schema_.fields.size());
  std::iota(all.begin(), all.end(), 0);
  return JsonObject(row, all);
}

std::string RowText::JsonObject(int64_t row, std::span<const int> columns) const {
  std::string out = "{";
  for (const int column : columns) {
    const record::Field& field = schema_.fields[static_cast<size_t>(column)];
    if (out.size() > 1) out += ",";
    internal::AppendQuoted(out, field.name);
    out += ":";
    AppendJson(out, *batch_.column(column), field.type, row);
  }
  return out + "}";
}

std::string RowText::CsvLine(int64_t row) const {
  std::string out;
  for (size_t i = 0; i < schema_.fields.size(); ++i) {
    if (i > 0) out += ",";
    const auto cell = Cell(row, static_cast<int>(i));
    if (cell) AppendCsv(out, *cell);
  }
  return out + "\n";
}

std::string RowText::CsvHeader(const record::Schema& schema) {
  std::string out;
  for (const record::Field& field : schema.fields) {
    if (!out.empty()) out += ",";
    AppendCsv(out, field.name);
  }
  return out + "\n";
}

}  // namespace firn::lake
