// MetadataBuilder: a table's next metadata out of the updates of a REST catalog commit.
//
// Holds a copy of the metadata it starts from and applies one update after another, by the rules of
// the table spec; what an update leaves as it is, is no change. Ids of -1 mean what was added last.
// Belongs to one thread; touches no file. Errors: BadInput (LAKE-UPDATE-001) for an update that
// breaks a rule, Conflict (LAKE-UPDATE-002) for one worked out on an older state of the table: load
// it again and retry. Source: Iceberg table spec, "Table Metadata" and REST catalog spec,
// "TableUpdate"; apache/iceberg 1.11, TableMetadata.Builder, read 2026-11.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>

#include "core/base/error.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/updates/schema_facts.h"

namespace firn::lake::internal {

class MetadataBuilder {
 public:
  MetadataBuilder(TableMetadata base, int64_t now_ms);
  // A table that is not there yet.
  [[nodiscard]] static MetadataBuilder NewTable(int format_version, int64_t now_ms);

  // `update`: an object with `action`.
  [[nodiscard]] Result<void> Apply(const nlohmann::ordered_json& update);
  [[nodiscard]] bool changed() const { return changed_; }
  [[nodiscard]] const TableMetadata& metadata() const { return metadata_; }
  // Checks the whole and hands it out; the log of metadata files is the committer's to push to.
  [[nodiscard]] Result<TableMetadata> Build() &&;

 private:
  using Json = nlohmann::ordered_json;
  Result<void> ApplyLayout(const std::string& action, const Json& update, bool& known);
  Result<void> ApplyHistory(const std::string& action, const Json& update, bool& known);
  Result<void> ApplyPlain(const std::string& action, const Json& update, bool& known);

  Result<void> AssignUuid(const Json& update);
  Result<void> UpgradeFormatVersion(const Json& update);
  Result<void> SetLocation(const Json& update);
  Result<void> SetProperties(const Json& update);
  Result<void> RemoveProperties(const Json& update);
  Result<void> AddEncryptionKey(const Json& update);
  Result<void> RemoveEncryptionKey(const Json& update);

  Result<void> AddSchema(const Json& update);
  Result<void> SetCurrentSchema(const Json& update);
  Result<void> RemoveSchemas(const Json& update);
  Result<void> AddSpec(const Json& update);
  Result<void> SetDefaultSpec(const Json& update);
  Result<void> RemoveSpecs(const Json& update);
  Result<void> AddSortOrder(const Json& update);
  Result<void> SetDefaultSortOrder(const Json& update);
  Result<SchemaFacts> CurrentFacts() const;
  Result<PartitionSpec> BindSpec(const Json& json, const SchemaFacts& facts) const;
  Result<SortOrder> BindOrder(const Json& json, const SchemaFacts& facts) const;
  Result<void> CheckSpec(const PartitionSpec& spec, const SchemaFacts& facts) const;
  Result<void> CheckOrder(const SortOrder& order, const SchemaFacts& facts) const;
  int FieldIdFor(const PartitionField& field, int next) const;

  Result<void> AddSnapshot(const Json& update);
  Result<void> SetRef(const Json& update);
  Result<void> RemoveSnapshots(const Json& update);
  Result<void> RemoveRef(const std::string& name);
  Result<void> SetStatistics(const Json& update, bool of_partitions);
  Result<void> RemoveStatistics(const Json& update, bool of_partitions);
  void DropStatistics(int64_t snapshot_id, std::optional<bool> of_partitions);
  Result<void> TidySnapshotLog();

  TableMetadata metadata_;
  int64_t now_ms_;
  bool changed_ = false;
  std::optional<int> last_schema_;
  std::optional<int> last_spec_;
  std::optional<int> last_order_;
  std::set<int64_t> added_snapshots_;
  std::set<int64_t> was_main_;  // added here and made main here
  bool removed_snapshots_ = false;
};

}  // namespace firn::lake::internal
