#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/json.h"

namespace firn::lake {
namespace {

using internal::AppendQuoted;

class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_ += "{"; }
  void Close() { out_ += "}"; }
  void Key(std::string_view key) {
    if (!first_) out_ += ",";
    first_ = false;
    AppendQuoted(out_, key);
    out_ += ":";
  }
  void Text(std::string_view key, std::string_view value) {
    Key(key);
    AppendQuoted(out_, value);
  }
  void Number(std::string_view key, int64_t value) {
    Key(key);
    out_ += std::to_string(value);
  }
  // `members`: text of further members; may be empty.
  void Members(std::string_view members) {
    if (members.empty()) return;
    if (!first_) out_ += ",";
    first_ = false;
    out_ += members;
  }

 private:
  std::string& out_;
  bool first_ = true;
};

void AppendStringMap(std::string& out, const std::map<std::string, std::string>& map) {
  ObjectText object(out);
  for (const auto& [key, value] : map) object.Text(key, value);
  object.Close();
}

template <typename List, typename Append>
void AppendList(std::string& out, const List& list, Append append) {
  out += "[";
  bool first = true;
  for (const auto& item : list) {
    if (!first) out += ",";
    first = false;
    append(item);
  }
  out += "]";
}

void AppendSortOrder(std::string& out, const SortOrder& order) {
  out += "{\"order-id\":" + std::to_string(order.order_id) + ",\"fields\":";
  AppendList(out, order.fields, [&](const SortField& field) {
    ObjectText object(out);
    object.Text("transform", field.transform);
    object.Number("source-id", field.source_id);
    object.Text("direction", field.direction);
    object.Text("null-order", field.null_order);
    object.Close();
  });
  out += "}";
}

void AppendRef(std::string& out, const SnapshotRef& ref) {
  ObjectText object(out);
  object.Number("snapshot-id", ref.snapshot_id);
  object.Text("type", ref.type);
  if (ref.min_snapshots_to_keep) object.Number("min-snapshots-to-keep", *ref.min_snapshots_to_keep);
  if (ref.max_snapshot_age_ms) object.Number("max-snapshot-age-ms", *ref.max_snapshot_age_ms);
  if (ref.max_ref_age_ms) object.Number("max-ref-age-ms", *ref.max_ref_age_ms);
  object.Close();
}

void AppendHistory(std::string& out, ObjectText& top, const TableMetadata& metadata) {
  top.Number("current-snapshot-id", metadata.current_snapshot_id.value_or(-1));
  top.Key("refs");
  ObjectText refs(out);
  for (const auto& [name, ref] : metadata.refs) {
    refs.Key(name);
    AppendRef(out, ref);
  }
  refs.Close();
  top.Key("snapshots");
  AppendList(out, metadata.snapshots, [&](const auto& snapshot) { out += snapshot->json; });
  top.Key("snapshot-log");
  AppendList(out, metadata.snapshot_log, [&](const SnapshotLogEntry& entry) {
    out += "{\"timestamp-ms\":" + std::to_string(entry.timestamp_ms) +
           ",\"snapshot-id\":" + std::to_string(entry.snapshot_id) + "}";
  });
  top.Key("metadata-log");
  AppendList(out, metadata.metadata_log, [&](const MetadataLogEntry& entry) {
    out += "{\"timestamp-ms\":" + std::to_string(entry.timestamp_ms) + ",\"metadata-file\":";
    AppendQuoted(out, entry.metadata_file);
    out += "}";
  });
}

void AppendStatistics(std::string& out, ObjectText& top, const TableMetadata& metadata) {
  for (const bool of_partitions : {false, true}) {
    std::vector<const StatisticsFile*> files;
    for (const StatisticsFile& file : metadata.statistics) {
      if (file.of_partitions == of_partitions) files.push_back(&file);
    }
    if (files.empty()) continue;
    top.Key(of_partitions ? "partition-statistics" : "statistics");
    AppendList(out, files, [&](const StatisticsFile* file) { out += file->json; });
  }
}

}  // namespace

std::string PartitionFieldsJson(const PartitionSpec& spec) {
  std::string out;
  AppendList(out, spec.fields, [&](const PartitionField& field) {
    ObjectText object(out);
    object.Text("name", field.name);
    object.Text("transform", field.transform);
    object.Number("source-id", field.source_id);
    object.Number("field-id", field.field_id);
    object.Close();
  });
  return out;
}

void RenderSnapshot(Snapshot& snapshot) {
  std::string out;
  ObjectText object(out);
  object.Number("sequence-number", snapshot.sequence_number);
  object.Number("snapshot-id", snapshot.snapshot_id);
  if (snapshot.parent_id) object.Number("parent-snapshot-id", *snapshot.parent_id);
  object.Number("timestamp-ms", snapshot.timestamp_ms);
  object.Key("summary");
  auto summary = snapshot.summary;
  summary["operation"] = snapshot.operation;
  AppendStringMap(out, summary);
  object.Text("manifest-list", snapshot.manifest_list);
  object.Number("schema-id", snapshot.schema_id);
  if (snapshot.first_row_id) object.Number("first-row-id", *snapshot.first_row_id);
  if (snapshot.added_rows) object.Number("added-rows", *snapshot.added_rows);
  object.Close();
  snapshot.json = std::move(out);
}

std::string MetadataJson(const TableMetadata& metadata) {
  std::string out;
  out.reserve(4096 + metadata.snapshots.size() * 768);
  ObjectText top(out);
  top.Number("format-version", metadata.format_version);
  top.Text("table-uuid", metadata.table_uuid);
  top.Text("location", metadata.location);
  if (metadata.format_version > 1)
    top.Number("last-sequence-number", metadata.last_sequence_number);
  if (metadata.format_version > 2) top.Number("next-row-id", metadata.next_row_id);
  top.Number("last-updated-ms", metadata.last_updated_ms);
  top.Number("last-column-id", metadata.last_column_id);
  top.Number("current-schema-id", metadata.current_schema_id);
  if (metadata.format_version == 1) {
    // Readers of v1 look for these; writers keep both forms (spec, appendix C).
    top.Key("schema");
    out += metadata.current_schema().json;
    top.Key("partition-spec");
    out += PartitionFieldsJson(metadata.default_spec());
  }
  top.Key("schemas");
  AppendList(out, metadata.schemas, [&](const auto& schema) { out += schema->json; });
  top.Number("default-spec-id", metadata.default_spec_id);
  top.Key("partition-specs");
  AppendList(out, metadata.partition_specs, [&](const PartitionSpec& spec) {
    out += "{\"spec-id\":" + std::to_string(spec.spec_id) +
           ",\"fields\":" + PartitionFieldsJson(spec) + "}";
  });
  top.Number("last-partition-id", metadata.last_partition_id);
  top.Number("default-sort-order-id", metadata.default_sort_order_id);
  top.Key("sort-orders");
  AppendList(out, metadata.sort_orders,
             [&](const SortOrder& order) { AppendSortOrder(out, order); });
  top.Key("properties");
  AppendStringMap(out, metadata.properties);
  AppendHistory(out, top, metadata);
  AppendStatistics(out, top, metadata);
  if (!metadata.encryption_keys.empty()) {
    top.Key("encryption-keys");
    AppendList(out, metadata.encryption_keys, [&](const EncryptionKey& key) { out += key.json; });
  }
  top.Members(metadata.extra_json);
  top.Close();
  return out;
}

}  // namespace firn::lake
