#include "ends/lake/format/metadata.h"

#include <algorithm>
#include <charconv>

#include "ends/lake/format/schema_defaults.h"
#include "ends/lake/format/schema_json.h"

namespace firn::lake {
namespace {

constexpr const char* kNameMapping = "schema.name-mapping.default";
constexpr const char* kPreviousVersionsMax = "write.metadata.previous-versions-max";

}  // namespace

const TableSchema& TableMetadata::current_schema() const {
  const TableSchema* found = FindSchema(current_schema_id);
  FIRN_ASSERT(found != nullptr);
  return *found;
}

const TableSchema* TableMetadata::FindSchema(int schema_id) const {
  for (const auto& entry : schemas) {
    if (entry->schema.schema_id == schema_id) return entry.get();
  }
  return nullptr;
}

const PartitionSpec* TableMetadata::FindSpec(int spec_id) const {
  for (const PartitionSpec& spec : partition_specs) {
    if (spec.spec_id == spec_id) return &spec;
  }
  return nullptr;
}

const PartitionSpec& TableMetadata::default_spec() const {
  const PartitionSpec* found = FindSpec(default_spec_id);
  FIRN_ASSERT(found != nullptr);
  return *found;
}

const Snapshot* TableMetadata::FindSnapshot(int64_t snapshot_id) const {
  // From the newest: that is the one mostly asked for.
  for (auto entry = snapshots.rbegin(); entry != snapshots.rend(); ++entry) {
    if ((*entry)->snapshot_id == snapshot_id) return entry->get();
  }
  return nullptr;
}

const Snapshot* TableMetadata::current_snapshot() const {
  return current_snapshot_id ? FindSnapshot(*current_snapshot_id) : nullptr;
}

const Snapshot* TableMetadata::BranchHead(const std::string& branch) const {
  const auto ref = refs.find(branch);
  return branch == kMainBranch || ref == refs.end() ? current_snapshot()
                                                    : FindSnapshot(ref->second.snapshot_id);
}

int64_t TableMetadata::LongProperty(const std::string& key, int64_t otherwise) const {
  const auto found = properties.find(key);
  if (found == properties.end()) return otherwise;
  int64_t value = 0;
  const char* end = found->second.data() + found->second.size();
  const auto [at, error] = std::from_chars(found->second.data(), end, value);
  return error == std::errc() && at == end ? value : otherwise;
}

bool TableMetadata::BoolProperty(const std::string& key, bool otherwise) const {
  const auto found = properties.find(key);
  return found == properties.end() ? otherwise : found->second == "true";
}

TableMetadata NewTableMetadata(const record::Schema& schema, const NewTableOptions& options) {
  TableMetadata metadata;
  metadata.format_version = options.format_version;
  metadata.table_uuid = options.uuid;
  metadata.location = options.location;
  metadata.last_updated_ms = options.now_ms;
  metadata.last_column_id = schema.HighestFieldId();
  auto first = std::make_shared<TableSchema>();
  first->schema = schema;
  first->schema.schema_id = 0;
  first->json = SchemaJson(first->schema);
  metadata.schemas.push_back(std::move(first));
  metadata.partition_specs.push_back({});
  metadata.sort_orders.push_back({});
  metadata.properties = options.properties;
  metadata.properties.emplace(kNameMapping, NameMappingJson(schema));
  return metadata;
}

void SetCurrentSchema(TableMetadata& metadata, record::Schema schema) {
  int highest = -1;
  std::optional<int> same;
  for (const auto& entry : metadata.schemas) {
    highest = std::max(highest, entry->schema.schema_id);
    schema.schema_id = entry->schema.schema_id;
    if (entry->schema == schema) same = schema.schema_id;
  }
  if (same) {
    metadata.current_schema_id = *same;
  } else {
    schema.schema_id = highest + 1;
    auto added = std::make_shared<TableSchema>();
    added->json = WithDefaultsOf(metadata.current_schema().json, SchemaJson(schema));
    added->schema = schema;
    metadata.schemas.push_back(std::move(added));
    metadata.current_schema_id = schema.schema_id;
  }
  metadata.last_column_id = std::max(metadata.last_column_id, schema.HighestFieldId());
  if (const auto mapping = metadata.properties.find(kNameMapping);
      mapping != metadata.properties.end())
    mapping->second = NameMappingJson(schema);
}

void AddSnapshot(TableMetadata& metadata, Snapshot snapshot, const std::string& branch) {
  metadata.last_sequence_number = snapshot.sequence_number;
  metadata.last_updated_ms = snapshot.timestamp_ms;
  if (snapshot.added_rows) metadata.next_row_id += *snapshot.added_rows;
  if (branch == kMainBranch) {
    metadata.current_snapshot_id = snapshot.snapshot_id;
    metadata.snapshot_log.push_back({snapshot.timestamp_ms, snapshot.snapshot_id});
  }
  metadata.refs[branch].snapshot_id = snapshot.snapshot_id;
  RenderSnapshot(snapshot);
  metadata.snapshots.push_back(std::make_shared<const Snapshot>(std::move(snapshot)));
}

std::vector<std::string> PushMetadataLog(TableMetadata& metadata,
                                         const PreviousMetadata& previous) {
  metadata.metadata_log.push_back({previous.timestamp_ms, previous.location});
  const auto keep =
      static_cast<size_t>(std::max<int64_t>(1, metadata.LongProperty(kPreviousVersionsMax, 100)));
  std::vector<std::string> dropped;
  if (metadata.metadata_log.size() > keep) {
    const auto end = metadata.metadata_log.end() - static_cast<ptrdiff_t>(keep);
    for (auto entry = metadata.metadata_log.begin(); entry != end; ++entry)
      dropped.push_back(entry->metadata_file);
    metadata.metadata_log.erase(metadata.metadata_log.begin(), end);
  }
  return dropped;
}

}  // namespace firn::lake
