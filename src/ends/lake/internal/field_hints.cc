#include "ends/lake/internal/field_hints.h"

#include <arrow/buffer.h>
#include <arrow/compute/cast.h>
#include <arrow/datum.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <cstring>

#include "core/base/encoding.h"
#include "ends/lake/data_file.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/format/partition.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/internal/json.h"
#include "ends/lake/internal/projection.h"

namespace firn::lake::internal {
namespace {

using record::Field;
using record::TypeId;

constexpr int kDepthMax = 64;

void CollectNamesOf(const Json& list, FieldHints& out, int depth) {
  if (!list.is_array() || depth > kDepthMax) return;
  for (const Json& entry : list) {
    auto id = FindInt(entry, "field-id");
    auto names = FindArray(entry, "names");
    if (id && *id && names && *names != nullptr) {
      for (const Json& name : **names) {
        if (name.is_string()) out.names[**id].insert(name.get<std::string>());
      }
    }
    if (auto fields = FindArray(entry, "fields"); fields && *fields != nullptr)
      CollectNamesOf(**fields, out, depth + 1);
  }
}

// `type`: a struct, list or map; a name for a primitive.
void CollectDefaults(const Json& type, FieldHints& out, int depth) {
  if (!type.is_object() || depth > kDepthMax) return;
  for (const char* key : {"element", "key", "value"}) {
    if (type.contains(key)) CollectDefaults(type[key], out, depth + 1);
  }
  const auto fields = type.find("fields");
  if (fields == type.end() || !fields->is_array()) return;
  for (const Json& field : *fields) {
    if (!field.is_object()) continue;
    const auto id = FindInt(field, "id");
    const auto value = field.find("initial-default");
    if (id && *id && value != field.end() && !value->is_null()) out.defaults[**id] = Dump(*value);
    if (field.contains("type")) CollectDefaults(field["type"], out, depth + 1);
  }
}

bool IsBytes(TypeId id) {
  return id == TypeId::kUuid || id == TypeId::kFixed || id == TypeId::kBinary;
}

// Hexadecimal, a UUID's with dashes.
Result<std::shared_ptr<arrow::Scalar>> BytesScalar(const std::string& text,
                                                   const std::shared_ptr<arrow::DataType>& type) {
  std::string hex;
  for (const char c : text) {
    if (c != '-') hex += c;
  }
  FIRN_TRY(std::string bytes, FromHex(hex));
  auto buffer = arrow::Buffer::FromString(std::move(bytes));
  if (type->id() == arrow::Type::BINARY)
    return std::shared_ptr<arrow::Scalar>(std::make_shared<arrow::BinaryScalar>(buffer));
  const auto width = static_cast<const arrow::FixedSizeBinaryType&>(*type).byte_width();
  if (buffer->size() != width)
    return Fail(Kind::kCorrupt, "LAKE-READ-001", "it has another length than the type");
  return std::shared_ptr<arrow::Scalar>(
      std::make_shared<arrow::FixedSizeBinaryScalar>(buffer, type));
}

arrow::Result<double> RealOf(std::string_view bytes) {
  if (bytes.size() == sizeof(float)) {
    float value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  double value = 0;
  if (bytes.size() != sizeof value)
    return arrow::Status::Invalid("it has ", bytes.size(), " bytes");
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// Values may be of the type that the column had before it was widened.
arrow::Result<std::shared_ptr<arrow::Scalar>> ScalarOf(
    TypeId id, std::string_view bytes, const std::shared_ptr<arrow::DataType>& type) {
  switch (id) {
    case TypeId::kBoolean:
      if (bytes.size() != 1) return arrow::Status::Invalid("it has ", bytes.size(), " bytes");
      return std::make_shared<arrow::BooleanScalar>(bytes[0] != 0);
    case TypeId::kFloat:
    case TypeId::kDouble: {
      ARROW_ASSIGN_OR_RAISE(const double value, RealOf(bytes));
      return arrow::MakeScalar(type, value);
    }
    case TypeId::kDecimal: {
      ARROW_ASSIGN_OR_RAISE(const auto value, arrow::Decimal128::FromBigEndian(
                                                  reinterpret_cast<const uint8_t*>(bytes.data()),
                                                  static_cast<int32_t>(bytes.size())));
      // Columns of up to 18 digits are held in 64 bits.
      if (type->id() == arrow::Type::DECIMAL64)
        return std::make_shared<arrow::Decimal64Scalar>(
            arrow::Decimal64(static_cast<int64_t>(value.low_bits())), type);
      return std::make_shared<arrow::Decimal128Scalar>(value, type);
    }
    case TypeId::kString:
      return std::make_shared<arrow::StringScalar>(std::string(bytes));
    case TypeId::kBinary:
    case TypeId::kUuid:
    case TypeId::kFixed: {
      auto buffer = arrow::Buffer::FromString(std::string(bytes));
      if (type->id() == arrow::Type::BINARY)
        return std::make_shared<arrow::BinaryScalar>(std::move(buffer));
      if (buffer->size() != static_cast<const arrow::FixedSizeBinaryType&>(*type).byte_width())
        return arrow::Status::Invalid("it has ", buffer->size(), " bytes");
      return std::make_shared<arrow::FixedSizeBinaryScalar>(std::move(buffer), type);
    }
    default: {
      const auto number = SingleToLong(bytes);
      if (!number) return arrow::Status::Invalid("it has ", bytes.size(), " bytes");
      return arrow::MakeScalar(type, *number);
    }
  }
}

}  // namespace

void CollectNames(const std::string& mapping_json, FieldHints& out) {
  if (const auto parsed = ParseJson(mapping_json)) CollectNamesOf(*parsed, out, 0);
}

FieldHints HintsOf(const TableMetadata& metadata) {
  FieldHints out;
  if (const auto mapping = metadata.properties.find("schema.name-mapping.default");
      mapping != metadata.properties.end())
    CollectNames(mapping->second, out);
  for (const auto& schema : metadata.schemas) {
    // Most tables have none: their schemas, which may be large, are not parsed again.
    if (schema->json.find("\"initial-default\"") == std::string::npos) continue;
    if (const auto parsed = ParseJson(schema->json)) CollectDefaults(*parsed, out, 0);
  }
  for (const PartitionSpec& spec : metadata.partition_specs) {
    for (size_t at = 0; at < spec.fields.size(); ++at) {
      if (spec.fields[at].transform == "identity")
        out.identity[spec.spec_id].emplace_back(spec.fields[at].source_id, at);
    }
  }
  return out;
}

FieldHints HintsFor(FieldHints hints, const DataFile& file) {
  const auto fields = hints.identity.find(file.spec_id);
  if (fields == hints.identity.end()) return hints;
  for (const auto& [id, at] : fields->second) {
    if (at < file.partition.size()) hints.held[id] = file.partition[at];
  }
  return hints;
}

Result<std::shared_ptr<arrow::Scalar>> SingleScalar(const Field& field, std::string_view bytes) {
  const auto type = ArrowFieldOf(field)->type();
  const auto made = ScalarOf(field.type.id, Widened(field.type, std::string(bytes)), type);
  if (made.ok()) return *made;
  return Fail(Error(Kind::kCorrupt, "LAKE-READ-001",
                    "the partition value of column `" + field.name + "` cannot be read")
                  .Because(made.status().message()));
}

Result<std::shared_ptr<arrow::Scalar>> DefaultScalar(const Field& field, const std::string& json) {
  const auto unreadable = [&](const std::string& why) {
    return Fail(Error(Kind::kCorrupt, "LAKE-READ-001",
                      "the default of column `" + field.name + "` cannot be read")
                    .Because(why));
  };
  const auto parsed = ParseJson(json);
  if (!parsed || parsed->is_structured()) return unreadable("`" + json.substr(0, 64) + "`");
  const std::string text = parsed->is_string() ? parsed->get<std::string>() : json;
  const auto type = ArrowFieldOf(field)->type();
  if (IsBytes(field.type.id)) {
    auto bytes = BytesScalar(text, type);
    if (!bytes) return unreadable(bytes.error().what());
    return bytes;
  }
  if (field.type.id == TypeId::kTime) {
    // Arrow has no cast from text to a time of day.
    const auto time = arrow::Scalar::Parse(type, text);
    if (!time.ok()) return unreadable(time.status().message());
    return *time;
  }
  const auto cast =
      arrow::compute::Cast(arrow::Datum(std::make_shared<arrow::StringScalar>(text)), type);
  if (!cast.ok()) return unreadable(cast.status().message());
  return cast->scalar();
}

}  // namespace firn::lake::internal
