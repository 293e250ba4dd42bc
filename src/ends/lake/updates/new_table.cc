#include "ends/lake/updates/new_table.h"

#include <nlohmann/json.hpp>

#include "ends/lake/internal/json.h"
#include "ends/lake/updates/builder_errors.h"
#include "ends/lake/updates/metadata_builder.h"

namespace firn::lake::internal {
namespace {

// Facts about a table that properties of these names would only repeat.
constexpr const char* kReserved[] = {"format-version",
                                     "uuid",
                                     "snapshot-count",
                                     "current-snapshot-summary",
                                     "current-snapshot-id",
                                     "current-schema",
                                     "default-partition-spec",
                                     "default-sort-order",
                                     "current-snapshot-timestamp-ms"};

// Gives every field the next id, the fields of a level before those below them.
class FreshIds {
 public:
  void Struct(Json& type) {
    Json& fields = type["fields"];
    for (Json& field : fields) Renumber(field, "id");
    for (Json& field : fields) Nested(field["type"]);
  }
  [[nodiscard]] int Of(int old_id) const {
    const auto found = new_ids_.find(old_id);
    return found == new_ids_.end() ? old_id : found->second;
  }

 private:
  void Renumber(Json& object, const char* key) {
    const int old_id = object[key].get<int>();
    new_ids_[old_id] = ++last_;
    object[key] = last_;
  }
  void Nested(Json& type) {
    if (!type.is_object()) return;
    const std::string kind = type.value("type", "");
    if (kind == "struct") return Struct(type);
    if (kind == "list") {
      Renumber(type, "element-id");
      return Nested(type["element"]);
    }
    Renumber(type, "key-id");
    Renumber(type, "value-id");
    Nested(type["key"]);
    Nested(type["value"]);
  }
  int last_ = 0;
  std::map<int, int> new_ids_;
};

Result<int> FormatVersion(const std::map<std::string, std::string>& properties) {
  const auto found = properties.find("format-version");
  if (found == properties.end()) return 2;
  if (found->second == "1" || found->second == "2" || found->second == "3")
    return found->second[0] - '0';
  return BadUpdate("Unsupported format version: v" + found->second.substr(0, 16) +
                   " (supported: v3)");
}

// `fields` of a spec or order with their sources' new ids; an empty list for none.
Json WithSources(const Json& given, const FreshIds& ids, bool keep_field_ids) {
  Json out = {{"fields", Json::array()}};
  if (!given.is_object() || !given.contains("fields")) return out;
  for (Json field : given["fields"]) {
    if (field.contains("source-id")) field["source-id"] = ids.Of(field["source-id"].get<int>());
    if (!keep_field_ids) field.erase("field-id");
    out["fields"].push_back(std::move(field));
  }
  return out;
}

Result<void> Fill(MetadataBuilder& builder, const TableRequest& request, const TableForms& forms) {
  FIRN_CHECK(ReadSchemaFacts(forms.schema));
  Json schema = forms.schema;
  FreshIds ids;
  ids.Struct(schema);
  if (schema.contains("identifier-field-ids") && schema["identifier-field-ids"].is_array()) {
    for (Json& id : schema["identifier-field-ids"]) id = ids.Of(id.get<int>());
  }
  const auto apply = [&](Json update) { return builder.Apply(update); };
  FIRN_CHECK(apply({{"action", "assign-uuid"}, {"uuid", request.uuid}}));
  FIRN_CHECK(apply({{"action", "add-schema"}, {"schema", std::move(schema)}}));
  FIRN_CHECK(apply({{"action", "set-current-schema"}, {"schema-id", -1}}));
  FIRN_CHECK(
      apply({{"action", "add-spec"}, {"spec", WithSources(forms.partition_spec, ids, false)}}));
  FIRN_CHECK(apply({{"action", "set-default-spec"}, {"spec-id", -1}}));
  FIRN_CHECK(apply(
      {{"action", "add-sort-order"}, {"sort-order", WithSources(forms.write_order, ids, true)}}));
  FIRN_CHECK(apply({{"action", "set-default-sort-order"}, {"sort-order-id", -1}}));
  FIRN_CHECK(apply({{"action", "set-location"}, {"location", request.location}}));
  auto properties = request.properties;
  for (const char* name : kReserved) properties.erase(name);
  // What the Java reference notes in every new table, so that all writers agree on it.
  properties.emplace("write.parquet.compression-codec", "zstd");
  return apply({{"action", "set-properties"}, {"updates", properties}});
}

}  // namespace

Result<TableMetadata> NewTable(const TableRequest& request, const TableForms& forms) {
  FIRN_TRY(const int version, FormatVersion(request.properties));
  auto builder = MetadataBuilder::NewTable(version, request.now_ms);
  try {
    FIRN_CHECK(Fill(builder, request, forms));
  } catch (const Json::exception&) {
    return BadUpdate("the request has a value of the wrong type");
  }
  return std::move(builder).Build();
}

}  // namespace firn::lake::internal
