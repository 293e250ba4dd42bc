#include "patterns/federation/planning/content_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/format/transform.h"

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;
using record::TypeId;

std::string UpperHex(const std::string& bytes) {
  std::string text = Hex(bytes);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

const record::Field* FieldById(const std::vector<record::Field>& fields, int id) {
  for (const record::Field& field : fields) {
    if (field.id == id) return &field;
    if (const auto* found = FieldById(field.type.children, id)) return found;
  }
  return nullptr;
}

const record::Field* FieldOf(const lake::TableMetadata& metadata, int id) {
  if (const auto* found = FieldById(metadata.current_schema().schema.fields, id)) return found;
  for (const auto& schema : metadata.schemas) {
    if (const auto* found = FieldById(schema->schema.fields, id)) return found;
  }
  return nullptr;
}

Json PartitionJson(const lake::DataFile& file, const lake::TableMetadata& metadata) {
  Json list = Json::array();
  const lake::PartitionSpec* spec = metadata.FindSpec(file.spec_id);
  for (size_t i = 0; i < file.partition.size(); ++i) {
    const auto& value = file.partition[i];
    if (!value || spec == nullptr || i >= spec->fields.size()) {
      list.push_back(nullptr);
      continue;
    }
    const record::Field* source = FieldOf(metadata, spec->fields[i].source_id);
    const record::Type type =
        source == nullptr
            ? record::Type{TypeId::kBinary}
            : lake::ResultType(lake::ParseTransform(spec->fields[i].transform), source->type);
    list.push_back(ValueJson(type, *value));
  }
  return list;
}

void PutCounts(Json& out, const char* key, const std::map<int, int64_t>& counts,
               const std::set<int>& wanted) {
  Json keys = Json::array();
  Json values = Json::array();
  for (const auto& [id, count] : counts) {
    if (!wanted.contains(id)) continue;
    keys.push_back(id);
    values.push_back(count);
  }
  if (!keys.empty()) out[key] = {{"keys", keys}, {"values", values}};
}

void PutBounds(Json& out, const char* key, const std::map<int, std::string>& bounds,
               const lake::TableMetadata& metadata, const std::set<int>& wanted) {
  Json keys = Json::array();
  Json values = Json::array();
  for (const auto& [id, bytes] : bounds) {
    const record::Field* field = wanted.contains(id) ? FieldOf(metadata, id) : nullptr;
    if (field == nullptr) continue;
    keys.push_back(id);
    values.push_back(ValueJson(field->type, bytes));
  }
  if (!keys.empty()) out[key] = {{"keys", keys}, {"values", values}};
}

void PutDeletes(Json& out, const lake::DataFile& file) {
  if (file.content == lake::DataFile::Content::kEqualityDeletes) {
    out["equality-ids"] = file.equality_ids;
    return;
  }
  if (file.referenced_data_file) out["referenced-data-file"] = *file.referenced_data_file;
  if (file.content_offset) out["content-offset"] = *file.content_offset;
  if (file.content_size_bytes) out["content-size-in-bytes"] = *file.content_size_bytes;
}

}  // namespace

Json ValueJson(const record::Type& type, const std::string& bytes) {
  switch (type.id) {
    case TypeId::kBoolean:
      return !bytes.empty() && bytes[0] != 0;
    case TypeId::kInt:
    case TypeId::kLong:
      if (const auto number = lake::SingleToLong(bytes)) return *number;
      return nullptr;
    case TypeId::kFloat:
    case TypeId::kDouble: {
      double value = 0;
      float narrow = 0;
      if (bytes.size() == sizeof value) {
        std::memcpy(&value, bytes.data(), sizeof value);
      } else if (bytes.size() == sizeof narrow) {
        std::memcpy(&narrow, bytes.data(), sizeof narrow);
        value = narrow;
      }
      return std::isfinite(value) ? Json(value) : Json(nullptr);
    }
    case TypeId::kFixed:
    case TypeId::kBinary:
      return UpperHex(bytes);
    default:
      return lake::SingleText(type, bytes);
  }
}

Json ContentFileJson(const lake::DataFile& file, const lake::TableMetadata& metadata,
                     const std::set<int>& stats) {
  constexpr const char* kContents[] = {"data", "position-deletes", "equality-deletes"};
  std::string format = file.format;
  std::transform(format.begin(), format.end(), format.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  Json out = {{"spec-id", file.spec_id},
              {"partition", PartitionJson(file, metadata)},
              {"content", kContents[static_cast<size_t>(file.content)]},
              {"file-path", file.path},
              {"file-format", format},
              {"file-size-in-bytes", file.file_size_bytes},
              {"record-count", file.record_count}};
  if (file.key_metadata) out["key-metadata"] = UpperHex(*file.key_metadata);
  if (!file.split_offsets.empty()) out["split-offsets"] = file.split_offsets;
  if (file.content != lake::DataFile::Content::kData) {
    PutDeletes(out, file);
    return out;
  }
  out["sort-order-id"] = file.sort_order_id;
  if (file.first_row_id) out["first-row-id"] = *file.first_row_id;
  PutCounts(out, "column-sizes", file.column_sizes, stats);
  PutCounts(out, "value-counts", file.value_counts, stats);
  PutCounts(out, "null-value-counts", file.null_value_counts, stats);
  PutCounts(out, "nan-value-counts", file.nan_value_counts, stats);
  PutBounds(out, "lower-bounds", file.lower_bounds, metadata, stats);
  PutBounds(out, "upper-bounds", file.upper_bounds, metadata, stats);
  return out;
}

}  // namespace firn::federation
