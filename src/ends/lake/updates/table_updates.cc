#include "ends/lake/updates/table_updates.h"

#include <nlohmann/json.hpp>

#include "ends/lake/internal/json.h"
#include "ends/lake/updates/builder_errors.h"
#include "ends/lake/updates/metadata_builder.h"
#include "ends/lake/updates/new_table.h"
#include "ends/lake/updates/requirements.h"

namespace firn::lake {
namespace {

using internal::Json;

Result<Json> Parsed(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return internal::BadUpdate("the request is no JSON");
  return json;
}

// The version a new table starts with: that of its upgrade, since v1 must not be passed through.
Result<int> FirstVersion(const Json& updates) {
  for (const Json& update : updates) {
    if (!update.is_object() || update.value("action", Json()) != "upgrade-format-version") continue;
    const auto version = update.find("format-version");
    if (version == update.end() || !version->is_number_integer() || *version < 1 || *version > 3)
      return internal::BadUpdate("`format-version` is not 1, 2 or 3");
    return version->get<int>();
  }
  return 2;
}

}  // namespace

Result<bool> RequiresNoTable(std::string_view requirements_json) {
  FIRN_TRY(const Json requirements, Parsed(requirements_json));
  return internal::RequiresNoTable(requirements);
}

Result<void> CheckRequirements(std::string_view requirements_json, const TableMetadata* base) {
  FIRN_TRY(const Json requirements, Parsed(requirements_json));
  return internal::CheckRequirements(requirements, base);
}

Result<UpdatedMetadata> ApplyUpdates(const TableMetadata& base, std::string_view updates_json,
                                     int64_t now_ms) {
  FIRN_TRY(const Json updates, Parsed(updates_json));
  internal::MetadataBuilder builder(base, now_ms);
  for (const Json& update : updates) FIRN_CHECK(builder.Apply(update));
  UpdatedMetadata out;
  out.changed = builder.changed();
  FIRN_TRY(out.metadata, std::move(builder).Build());
  return out;
}

Result<TableMetadata> TableFromUpdates(std::string_view updates_json,
                                       const NewTableDefaults& defaults) {
  FIRN_TRY(const Json updates, Parsed(updates_json));
  FIRN_TRY(const int version, FirstVersion(updates));
  auto builder = internal::MetadataBuilder::NewTable(version, defaults.now_ms);
  for (const Json& update : updates) FIRN_CHECK(builder.Apply(update));
  if (builder.metadata().table_uuid.empty())
    FIRN_CHECK(builder.Apply({{"action", "assign-uuid"}, {"uuid", defaults.uuid}}));
  if (builder.metadata().location.empty()) {
    FIRN_TRY(const std::string location, defaults.location());
    FIRN_CHECK(builder.Apply({{"action", "set-location"}, {"location", location}}));
  }
  return std::move(builder).Build();
}

Result<TableMetadata> NewTableFromRequest(const TableRequest& request) {
  FIRN_TRY(const Json schema, Parsed(request.schema_json));
  Json spec;
  Json order;
  if (!request.partition_spec_json.empty()) {
    FIRN_TRY(spec, Parsed(request.partition_spec_json));
  }
  if (!request.write_order_json.empty()) {
    FIRN_TRY(order, Parsed(request.write_order_json));
  }
  return internal::NewTable(request, {schema, spec, order});
}

Result<void> CheckSchemaJson(std::string_view schema_json) {
  FIRN_TRY(const Json schema, Parsed(schema_json));
  FIRN_CHECK(internal::ReadSchemaFacts(schema));
  return {};
}

bool SameSchemaJson(std::string_view one, std::string_view other) {
  const auto left = Parsed(one);
  const auto right = Parsed(other);
  return left && right && internal::SameSchema(*left, *right);
}

}  // namespace firn::lake
