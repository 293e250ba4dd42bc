#include "ends/lake/catalog/metadata_diff.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "ends/lake/internal/json.h"

namespace firn::lake {
namespace {

using internal::Json;
using internal::ParseJson;

constexpr int kLastAdded = -1;  // as an id: what the same request added last

class Differ {
 public:
  Differ(const TableMetadata& base, const TableMetadata& next) : base_(base), next_(next) {}

  Result<MetadataDiff> Run() {
    Require({{"type", "assert-table-uuid"}, {"uuid", base_.table_uuid}});
    if (next_.format_version != base_.format_version)
      Update("upgrade-format-version", {{"format-version", next_.format_version}});
    if (next_.location != base_.location) Update("set-location", {{"location", next_.location}});
    FIRN_CHECK(Schemas());
    Specs();
    SortOrders();
    Properties();
    FIRN_CHECK(Keys());
    FIRN_CHECK(Snapshots());
    Refs();
    RemovedSnapshots();
    FIRN_CHECK(Statistics());
    return MetadataDiff{requirements_.dump(), updates_.dump()};
  }

 private:
  void Require(Json requirement) {
    if (std::find(requirements_.begin(), requirements_.end(), requirement) == requirements_.end())
      requirements_.push_back(std::move(requirement));
  }
  void RequireRef(const std::string& name) {
    const auto ref = base_.refs.find(name);
    Require({{"type", "assert-ref-snapshot-id"},
             {"ref", name},
             {"snapshot-id", ref == base_.refs.end() ? Json() : Json(ref->second.snapshot_id)}});
  }
  void Update(const char* action, Json members) {
    Json update = {{"action", action}};
    update.update(members);
    updates_.push_back(std::move(update));
  }

  Result<void> Schemas() {
    int last = base_.current_schema_id;
    bool added = false;
    for (const auto& schema : next_.schemas) {
      if (base_.FindSchema(schema->schema.schema_id) != nullptr) continue;
      FIRN_TRY(Json json, ParseJson(schema->json));
      Update("add-schema", {{"schema", std::move(json)}, {"last-column-id", next_.last_column_id}});
      last = schema->schema.schema_id;
      added = true;
    }
    if (added)
      Require({{"type", "assert-last-assigned-field-id"},
               {"last-assigned-field-id", base_.last_column_id}});
    if (next_.current_schema_id == base_.current_schema_id) return {};
    Require({{"type", "assert-current-schema-id"}, {"current-schema-id", base_.current_schema_id}});
    const bool newest = added && last == next_.current_schema_id;
    Update("set-current-schema", {{"schema-id", newest ? kLastAdded : next_.current_schema_id}});
    return {};
  }

  void Specs() {
    int last = base_.default_spec_id;
    bool added = false;
    for (const PartitionSpec& spec : next_.partition_specs) {
      if (base_.FindSpec(spec.spec_id) != nullptr) continue;
      Json json = {{"spec-id", spec.spec_id}, {"fields", Json::parse(PartitionFieldsJson(spec))}};
      Update("add-spec", {{"spec", std::move(json)}});
      last = spec.spec_id;
      added = true;
    }
    if (added)
      Require({{"type", "assert-last-assigned-partition-id"},
               {"last-assigned-partition-id", base_.last_partition_id}});
    if (next_.default_spec_id == base_.default_spec_id) return;
    Require({{"type", "assert-default-spec-id"}, {"default-spec-id", base_.default_spec_id}});
    const bool newest = added && last == next_.default_spec_id;
    Update("set-default-spec", {{"spec-id", newest ? kLastAdded : next_.default_spec_id}});
  }

  void SortOrders() {
    int last = base_.default_sort_order_id;
    bool added = false;
    for (const SortOrder& order : next_.sort_orders) {
      const bool known =
          std::any_of(base_.sort_orders.begin(), base_.sort_orders.end(),
                      [&](const auto& had) { return had.order_id == order.order_id; });
      if (known) continue;
      Json fields = Json::array();
      for (const SortField& field : order.fields)
        fields.push_back({{"transform", field.transform},
                          {"source-id", field.source_id},
                          {"direction", field.direction},
                          {"null-order", field.null_order}});
      Update("add-sort-order",
             {{"sort-order", {{"order-id", order.order_id}, {"fields", std::move(fields)}}}});
      last = order.order_id;
      added = true;
    }
    if (next_.default_sort_order_id == base_.default_sort_order_id) return;
    Require({{"type", "assert-default-sort-order-id"},
             {"default-sort-order-id", base_.default_sort_order_id}});
    const bool newest = added && last == next_.default_sort_order_id;
    Update("set-default-sort-order",
           {{"sort-order-id", newest ? kLastAdded : next_.default_sort_order_id}});
  }

  void Properties() {
    Json set = Json::object();
    Json removed = Json::array();
    for (const auto& [key, value] : next_.properties) {
      const auto had = base_.properties.find(key);
      if (had == base_.properties.end() || had->second != value) set[key] = value;
    }
    for (const auto& [key, value] : base_.properties) {
      if (!next_.properties.contains(key)) removed.push_back(key);
    }
    if (!set.empty()) Update("set-properties", {{"updates", std::move(set)}});
    if (!removed.empty()) Update("remove-properties", {{"removals", std::move(removed)}});
  }

  Result<void> Keys() {
    for (const EncryptionKey& key : next_.encryption_keys) {
      const bool known =
          std::any_of(base_.encryption_keys.begin(), base_.encryption_keys.end(),
                      [&](const EncryptionKey& had) { return had.key_id == key.key_id; });
      if (known) continue;
      FIRN_TRY(Json json, ParseJson(key.json));
      Update("add-encryption-key", {{"encryption-key", std::move(json)}});
    }
    return {};
  }

  Result<void> Snapshots() {
    for (const auto& snapshot : next_.snapshots) {
      if (base_.FindSnapshot(snapshot->snapshot_id) != nullptr) continue;
      FIRN_TRY(Json json, ParseJson(snapshot->json));
      Update("add-snapshot", {{"snapshot", std::move(json)}});
    }
    return {};
  }

  void Refs() {
    for (const auto& [name, ref] : next_.refs) {
      const auto had = base_.refs.find(name);
      if (had != base_.refs.end() && Same(had->second, ref)) continue;
      RequireRef(name);
      Json json = {{"ref-name", name}, {"type", ref.type}, {"snapshot-id", ref.snapshot_id}};
      if (ref.min_snapshots_to_keep) json["min-snapshots-to-keep"] = *ref.min_snapshots_to_keep;
      if (ref.max_snapshot_age_ms) json["max-snapshot-age-ms"] = *ref.max_snapshot_age_ms;
      if (ref.max_ref_age_ms) json["max-ref-age-ms"] = *ref.max_ref_age_ms;
      Update("set-snapshot-ref", std::move(json));
    }
    for (const auto& [name, ref] : base_.refs) {
      if (next_.refs.contains(name)) continue;
      RequireRef(name);
      Update("remove-snapshot-ref", {{"ref-name", name}});
    }
  }

  void RemovedSnapshots() {
    Json ids = Json::array();
    for (const auto& snapshot : base_.snapshots) {
      if (next_.FindSnapshot(snapshot->snapshot_id) == nullptr)
        ids.push_back(snapshot->snapshot_id);
    }
    if (ids.empty()) return;
    // Which snapshots may go was worked out from where the branches and tags stood.
    for (const auto& [name, ref] : base_.refs) RequireRef(name);
    Update("remove-snapshots", {{"snapshot-ids", std::move(ids)}});
  }

  Result<void> Statistics() {
    for (const StatisticsFile& file : next_.statistics) {
      const bool known = std::any_of(
          base_.statistics.begin(), base_.statistics.end(), [&](const StatisticsFile& had) {
            return had.snapshot_id == file.snapshot_id && had.path == file.path &&
                   had.of_partitions == file.of_partitions;
          });
      if (known) continue;
      FIRN_TRY(Json json, ParseJson(file.json));
      if (file.of_partitions) {
        Update("set-partition-statistics", {{"partition-statistics", std::move(json)}});
      } else {
        Update("set-statistics",
               {{"snapshot-id", file.snapshot_id}, {"statistics", std::move(json)}});
      }
    }
    return {};
  }

  static bool Same(const SnapshotRef& one, const SnapshotRef& other) {
    return one.snapshot_id == other.snapshot_id && one.type == other.type &&
           one.min_snapshots_to_keep == other.min_snapshots_to_keep &&
           one.max_snapshot_age_ms == other.max_snapshot_age_ms &&
           one.max_ref_age_ms == other.max_ref_age_ms;
  }

  const TableMetadata& base_;
  const TableMetadata& next_;
  Json requirements_ = Json::array();
  Json updates_ = Json::array();
};

}  // namespace

Result<MetadataDiff> DiffMetadata(const TableMetadata& base, const TableMetadata& next) {
  return Differ(base, next).Run();
}

}  // namespace firn::lake
