#include "ends/lake/updates/metadata_builder.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ends/lake/internal/json.h"
#include "ends/lake/updates/builder_errors.h"

namespace firn::lake::internal {

namespace {

constexpr int kFormatVersionMax = 3;
constexpr int kNone = -1;

}  // namespace

MetadataBuilder::MetadataBuilder(TableMetadata base, int64_t now_ms)
    : metadata_(std::move(base)), now_ms_(std::max(now_ms, metadata_.last_updated_ms)) {}

MetadataBuilder MetadataBuilder::NewTable(int format_version, int64_t now_ms) {
  TableMetadata empty;
  empty.format_version = format_version;
  empty.current_schema_id = kNone;
  empty.default_spec_id = kNone;
  empty.default_sort_order_id = kNone;
  return {std::move(empty), now_ms};
}

Result<void> MetadataBuilder::Apply(const Json& update) {
  auto action = GetString(update, "action");
  if (!action) return BadUpdate("an update has no `action`");
  bool known = false;
  Result<void> applied;
  try {
    applied = ApplyLayout(*action, update, known);
    if (!known) applied = ApplyHistory(*action, update, known);
    if (!known) applied = ApplyPlain(*action, update, known);
  } catch (const Json::exception&) {
    return BadUpdate("update `" + *action + "` has a value of the wrong type");
  }
  if (!known) return BadUpdate("Invalid update action: `" + action->substr(0, 64) + "`");
  if (!applied && applied.error().code() == "LAKE-META-001")
    return BadUpdate("update `" + *action + "`: " + applied.error().why());
  return applied;
}

Result<void> MetadataBuilder::ApplyPlain(const std::string& action, const Json& update,
                                         bool& known) {
  known = true;
  if (action == "assign-uuid") return AssignUuid(update);
  if (action == "upgrade-format-version") return UpgradeFormatVersion(update);
  if (action == "set-location") return SetLocation(update);
  if (action == "set-properties") return SetProperties(update);
  if (action == "remove-properties") return RemoveProperties(update);
  if (action == "add-encryption-key") return AddEncryptionKey(update);
  if (action == "remove-encryption-key") return RemoveEncryptionKey(update);
  known = false;
  return {};
}

Result<void> MetadataBuilder::AssignUuid(const Json& update) {
  FIRN_TRY(std::string uuid, GetString(update, "uuid"));
  if (uuid == metadata_.table_uuid) return {};
  // A table keeps its uuid for life; only one that is being made gets one.
  if (!metadata_.table_uuid.empty())
    return BadUpdate("Cannot reassign uuid: it is " + metadata_.table_uuid);
  metadata_.table_uuid = std::move(uuid);
  changed_ = true;
  return {};
}

Result<void> MetadataBuilder::UpgradeFormatVersion(const Json& update) {
  FIRN_TRY(const int version, GetInt(update, "format-version"));
  if (version > kFormatVersionMax)
    return BadUpdate("Cannot upgrade table to unsupported format version: v" +
                     std::to_string(version) + " (supported: v3)");
  if (version < metadata_.format_version)
    return BadUpdate("Cannot downgrade v" + std::to_string(metadata_.format_version) +
                     " table to v" + std::to_string(version));
  if (version == metadata_.format_version) return {};
  metadata_.format_version = version;
  changed_ = true;
  return {};
}

Result<void> MetadataBuilder::SetLocation(const Json& update) {
  FIRN_TRY(std::string location, GetString(update, "location"));
  while (location.size() > 1 && location.ends_with('/')) location.pop_back();
  if (location.empty()) return BadUpdate("a table's location cannot be empty");
  if (location == metadata_.location) return {};
  metadata_.location = std::move(location);
  changed_ = true;
  return {};
}

Result<void> MetadataBuilder::SetProperties(const Json& update) {
  const auto found = update.find("updates");
  // Clients of before 2023 wrote `updated`.
  const char* key = found == update.end() ? "updated" : "updates";
  FIRN_TRY(const Json* updates, FindObject(update, key));
  if (updates == nullptr) return BadUpdate("`updates` is missing");
  for (const auto& [name, value] : updates->items()) {
    if (!value.is_string()) return BadUpdate("property `" + name + "` has a value without text");
    metadata_.properties[name] = value.get<std::string>();
    changed_ = true;
  }
  return {};
}

Result<void> MetadataBuilder::RemoveProperties(const Json& update) {
  const char* key = update.contains("removals") ? "removals" : "removed";
  FIRN_TRY(const Json* removals, FindArray(update, key));
  if (removals == nullptr) return BadUpdate("`removals` is missing");
  for (const Json& name : *removals) {
    if (!name.is_string()) return BadUpdate("`removals` holds no names");
    changed_ = metadata_.properties.erase(name.get<std::string>()) > 0 || changed_;
  }
  return {};
}

Result<void> MetadataBuilder::AddEncryptionKey(const Json& update) {
  FIRN_TRY(const Json* json, FindObject(update, "encryption-key"));
  if (json == nullptr) return BadUpdate("`encryption-key` is missing");
  EncryptionKey key;
  FIRN_TRY(key.key_id, GetString(*json, "key-id"));
  FIRN_CHECK(GetString(*json, "encrypted-key-metadata"));
  FIRN_CHECK(FindString(*json, "encrypted-by-id"));
  for (const EncryptionKey& known : metadata_.encryption_keys) {
    if (known.key_id == key.key_id) return {};
  }
  key.json = Dump(*json);
  metadata_.encryption_keys.push_back(std::move(key));
  changed_ = true;
  return {};
}

Result<void> MetadataBuilder::RemoveEncryptionKey(const Json& update) {
  FIRN_TRY(const std::string id, GetString(update, "key-id"));
  changed_ = std::erase_if(metadata_.encryption_keys,
                           [&](const EncryptionKey& key) { return key.key_id == id; }) > 0 ||
             changed_;
  return {};
}

Result<TableMetadata> MetadataBuilder::Build() && {
  if (metadata_.table_uuid.empty()) return BadUpdate("the table has no uuid");
  if (metadata_.location.empty()) return BadUpdate("the table has no location");
  if (metadata_.FindSchema(metadata_.current_schema_id) == nullptr)
    return BadUpdate("the table has no current schema");
  const PartitionSpec* spec = metadata_.FindSpec(metadata_.default_spec_id);
  if (spec == nullptr) return BadUpdate("the table has no default partition spec");
  const auto order = std::find_if(metadata_.sort_orders.begin(), metadata_.sort_orders.end(),
                                  [&](const SortOrder& candidate) {
                                    return candidate.order_id == metadata_.default_sort_order_id;
                                  });
  if (order == metadata_.sort_orders.end()) return BadUpdate("the table has no default sort order");
  FIRN_TRY(const SchemaFacts facts, CurrentFacts());
  FIRN_CHECK(CheckFormatAllows(facts, metadata_.format_version));
  FIRN_CHECK(CheckSpec(*spec, facts));
  FIRN_CHECK(CheckOrder(*order, facts));
  FIRN_CHECK(TidySnapshotLog());
  if (changed_) metadata_.last_updated_ms = now_ms_;
  return std::move(metadata_);
}

}  // namespace firn::lake::internal
