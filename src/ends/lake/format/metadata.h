// TableMetadata: an Iceberg table's metadata file in memory (spec, "Table Metadata").
//
// A plain value; snapshots and schemas are shared and immutable, so that a commit copies pointers
// and not history. Keys this program does not know are kept and written back. Versions 1, 2 and 3
// are read; versions 2 and 3 are written. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/record/schema.h"
#include "ends/lake/table.h"

namespace firn::lake {

// A schema with the JSON it came as, so that keys unknown here (v3 defaults) survive.
struct TableSchema {
  record::Schema schema;
  std::string json;
  // False: it has types whose rows this program does not read, and `schema` only its id. Never so
  // unless ParseOptions allowed it.
  bool understood = true;
};

struct PartitionField {
  int source_id = 0;
  int field_id = 0;
  std::string name;
  std::string transform;  // `identity`, `bucket[16]`, `day`, ..
  bool operator==(const PartitionField&) const = default;
};

struct PartitionSpec {
  int spec_id = 0;
  std::vector<PartitionField> fields;
  [[nodiscard]] bool unpartitioned() const { return fields.empty(); }
  bool operator==(const PartitionSpec&) const = default;
};

struct SortField {
  int source_id = 0;
  std::string transform;
  std::string direction;   // `asc`, `desc`
  std::string null_order;  // `nulls-first`, `nulls-last`
  bool operator==(const SortField&) const = default;
};

struct SortOrder {
  int order_id = 0;
  std::vector<SortField> fields;
  bool operator==(const SortOrder&) const = default;
};

struct Snapshot : SnapshotInfo {
  std::vector<std::string> v1_manifests;  // v1 without a manifest list
  std::string json;                       // as it stands in the metadata file
};

struct SnapshotLogEntry {
  int64_t timestamp_ms = 0;
  int64_t snapshot_id = 0;
};

struct MetadataLogEntry {
  int64_t timestamp_ms = 0;
  std::string metadata_file;
};

struct SnapshotRef {
  int64_t snapshot_id = 0;
  std::string type = "branch";  // or `tag`
  std::optional<int> min_snapshots_to_keep;
  std::optional<int64_t> max_snapshot_age_ms;
  std::optional<int64_t> max_ref_age_ms;
};

// No partition field has this id or a lower one (spec, "Partition Specs").
inline constexpr int kPartitionIdsBelow = 999;

// A Puffin file with statistics of a snapshot, or a file with those of its partitions.
struct StatisticsFile {
  int64_t snapshot_id = 0;
  std::string path;
  bool of_partitions = false;
  std::string json;  // as it stands in the metadata file
};

// A key that manifest lists or other keys are encrypted with (v3).
struct EncryptionKey {
  std::string key_id;
  std::string json;  // as it stands in the metadata file
};

struct TableMetadata {
  int format_version = 2;
  std::string table_uuid;
  std::string location;  // URI without a trailing slash
  int64_t last_sequence_number = 0;
  int64_t last_updated_ms = 0;
  int last_column_id = 0;
  std::vector<std::shared_ptr<const TableSchema>> schemas;
  int current_schema_id = 0;
  std::vector<PartitionSpec> partition_specs;
  int default_spec_id = 0;
  int last_partition_id = kPartitionIdsBelow;
  std::vector<SortOrder> sort_orders;
  int default_sort_order_id = 0;
  std::map<std::string, std::string> properties;
  std::optional<int64_t> current_snapshot_id;
  std::vector<std::shared_ptr<const Snapshot>> snapshots;  // oldest first
  std::vector<SnapshotLogEntry> snapshot_log;
  std::vector<MetadataLogEntry> metadata_log;
  std::map<std::string, SnapshotRef> refs;
  std::vector<StatisticsFile> statistics;
  std::vector<EncryptionKey> encryption_keys;  // v3
  int64_t next_row_id = 0;                     // v3
  std::string extra_json;                      // members unknown here, `"key":value,..`

  // The parser guarantees that the current schema and the default spec are there.
  [[nodiscard]] const TableSchema& current_schema() const;
  [[nodiscard]] const TableSchema* FindSchema(int schema_id) const;
  [[nodiscard]] const PartitionSpec* FindSpec(int spec_id) const;
  [[nodiscard]] const PartitionSpec& default_spec() const;
  [[nodiscard]] const Snapshot* FindSnapshot(int64_t snapshot_id) const;
  // nullptr for a table without rows yet.
  [[nodiscard]] const Snapshot* current_snapshot() const;
  // The newest snapshot of a branch; of main for a branch that is not there yet.
  [[nodiscard]] const Snapshot* BranchHead(const std::string& branch) const;
  // A property as a whole number; `otherwise` when missing or malformed.
  [[nodiscard]] int64_t LongProperty(const std::string& key, int64_t otherwise) const;
  [[nodiscard]] bool BoolProperty(const std::string& key, bool otherwise) const;
};

struct ParseOptions {
  // For those who pass metadata on without reading rows: a catalog server.
  bool foreign_types = false;
  uint64_t bytes_max = 1ULL << 30;  // inflated
};
// `bytes`: a metadata file, plain or gzip. Errors: Corrupt (LAKE-META-001), Unsupported
// (LAKE-META-002) for format versions above 3 and unknown types.
[[nodiscard]] Result<TableMetadata> ParseMetadata(std::string_view bytes,
                                                  const ParseOptions& options = {});
// JSON of its format version.
[[nodiscard]] std::string MetadataJson(const TableMetadata& metadata);

// Fills `snapshot.json` from the other members.
void RenderSnapshot(Snapshot& snapshot);
// The `partition-spec` value of manifests: the list of fields.
[[nodiscard]] std::string PartitionFieldsJson(const PartitionSpec& spec);

struct NewTableOptions {
  int format_version = 2;
  std::string location;
  std::string uuid;
  int64_t now_ms = 0;
  std::map<std::string, std::string> properties;
};
// Metadata of an empty, unpartitioned, unsorted table. `schema` passed CheckSchema.
[[nodiscard]] TableMetadata NewTableMetadata(const record::Schema& schema,
                                             const NewTableOptions& options);
// Makes `schema` current: an equal older schema is taken again, otherwise it is added. The name
// mapping property follows if the table has one.
void SetCurrentSchema(TableMetadata& metadata, record::Schema schema);
// Appends `snapshot` and makes it the newest of `branch`, which is made if it is not there.
void AddSnapshot(TableMetadata& metadata, Snapshot snapshot,
                 const std::string& branch = std::string(kMainBranch));

struct PreviousMetadata {
  std::string location;
  int64_t timestamp_ms = 0;
};
// Notes the file this metadata replaces, keeping `write.metadata.previous-versions-max` of them.
// Returns the files that fell out of the log.
[[nodiscard]] std::vector<std::string> PushMetadataLog(TableMetadata& metadata,
                                                       const PreviousMetadata& previous);

}  // namespace firn::lake
