#include <algorithm>
#include <set>
#include <utility>

#include "ends/lake/format/metadata.h"
#include "ends/lake/format/schema_json.h"
#include "ends/lake/internal/encrypted.h"
#include "ends/lake/internal/gzip.h"
#include "ends/lake/internal/json.h"
#include "ends/lake/internal/metadata_parts.h"
#include "ends/lake/internal/schema_json.h"

namespace firn::lake {
namespace {

using internal::BadJson;
using internal::Dump;
using internal::FindArray;
using internal::FindInt;
using internal::FindLong;
using internal::FindObject;
using internal::FindString;
using internal::GetInt;
using internal::GetLong;
using internal::GetString;
using internal::Json;

Result<std::map<std::string, std::string>> StringMap(const Json& object, const char* key) {
  std::map<std::string, std::string> map;
  FIRN_TRY(const Json* found, FindObject(object, key));
  if (found == nullptr) return map;
  for (const auto& [name, value] : found->items()) {
    if (!value.is_string()) return BadJson("`" + std::string(key) + "` holds a value without text");
    map[name] = value.get<std::string>();
  }
  return map;
}

Result<PartitionSpec> ParseSpec(const Json& fields, int spec_id) {
  PartitionSpec spec;
  spec.spec_id = spec_id;
  int next_v1_id = kPartitionIdsBelow + 1;
  for (const Json& json : fields) {
    PartitionField field;
    FIRN_TRY(field.name, GetString(json, "name"));
    FIRN_TRY(field.transform, GetString(json, "transform"));
    FIRN_TRY(field.source_id, GetInt(json, "source-id"));
    FIRN_TRY(const auto field_id, FindInt(json, "field-id"));
    field.field_id = field_id.value_or(next_v1_id);
    next_v1_id = std::max(next_v1_id, field.field_id) + 1;
    spec.fields.push_back(std::move(field));
  }
  return spec;
}

Result<void> ParseSpecs(const Json& top, TableMetadata& out) {
  FIRN_TRY(const Json* specs, FindArray(top, "partition-specs"));
  if (specs != nullptr) {
    for (const Json& json : *specs) {
      FIRN_TRY(const int id, GetInt(json, "spec-id"));
      FIRN_TRY(const Json* fields, FindArray(json, "fields"));
      if (fields == nullptr) return BadJson("a partition spec has no `fields`");
      FIRN_TRY(PartitionSpec spec, ParseSpec(*fields, id));
      out.partition_specs.push_back(std::move(spec));
    }
    FIRN_TRY(out.default_spec_id, GetInt(top, "default-spec-id"));
  } else {
    FIRN_TRY(const Json* fields, FindArray(top, "partition-spec"));
    if (fields == nullptr) return BadJson("`partition-specs` is missing");
    FIRN_TRY(PartitionSpec spec, ParseSpec(*fields, 0));
    out.partition_specs.push_back(std::move(spec));
  }
  if (out.FindSpec(out.default_spec_id) == nullptr)
    return BadJson("`default-spec-id` names no partition spec");
  for (const PartitionSpec& spec : out.partition_specs) {
    for (const PartitionField& field : spec.fields)
      out.last_partition_id = std::max(out.last_partition_id, field.field_id);
  }
  FIRN_TRY(const auto last, FindInt(top, "last-partition-id"));
  out.last_partition_id = std::max(out.last_partition_id, last.value_or(kPartitionIdsBelow));
  return {};
}

Result<void> ParseSortOrders(const Json& top, TableMetadata& out) {
  FIRN_TRY(const Json* orders, FindArray(top, "sort-orders"));
  if (orders == nullptr) {
    out.sort_orders.push_back({});
    return {};
  }
  for (const Json& json : *orders) {
    SortOrder order;
    FIRN_TRY(order.order_id, GetInt(json, "order-id"));
    FIRN_TRY(const Json* fields, FindArray(json, "fields"));
    if (fields == nullptr) return BadJson("a sort order has no `fields`");
    for (const Json& item : *fields) {
      SortField field;
      FIRN_TRY(field.source_id, GetInt(item, "source-id"));
      FIRN_TRY(field.transform, GetString(item, "transform"));
      FIRN_TRY(field.direction, GetString(item, "direction"));
      FIRN_TRY(field.null_order, GetString(item, "null-order"));
      order.fields.push_back(std::move(field));
    }
    out.sort_orders.push_back(std::move(order));
  }
  FIRN_TRY(const auto chosen, FindInt(top, "default-sort-order-id"));
  out.default_sort_order_id = chosen.value_or(0);
  return {};
}

Result<void> ParseSchemas(const Json& top, const ParseOptions& options, TableMetadata& out) {
  const auto add = [&](const Json& json) -> Result<void> {
    auto entry = std::make_shared<TableSchema>();
    auto schema = options.foreign_types ? internal::SchemaFromJson(json)
                                        : internal::ReadableSchemaFromJson(json);
    if (!schema && options.foreign_types && schema.error().kind() == Kind::kUnsupported) {
      FIRN_TRY(entry->schema.schema_id, GetInt(json, "schema-id"));
      entry->understood = false;
    } else {
      FIRN_TRY(entry->schema, std::move(schema));
    }
    entry->json = json.contains("schema-id") ? Dump(json) : SchemaJson(entry->schema);
    out.last_column_id = std::max(out.last_column_id, entry->schema.HighestFieldId());
    out.schemas.push_back(std::move(entry));
    return {};
  };
  FIRN_TRY(const auto last, FindInt(top, "last-column-id"));
  out.last_column_id = last.value_or(0);
  FIRN_TRY(const Json* schemas, FindArray(top, "schemas"));
  if (schemas != nullptr) {
    for (const Json& json : *schemas) FIRN_CHECK(add(json));
    FIRN_TRY(out.current_schema_id, GetInt(top, "current-schema-id"));
  } else {
    FIRN_TRY(const Json* schema, FindObject(top, "schema"));
    if (schema == nullptr) return BadJson("`schemas` is missing");
    FIRN_CHECK(add(*schema));
    out.current_schema_id = out.schemas[0]->schema.schema_id;
  }
  if (out.FindSchema(out.current_schema_id) == nullptr)
    return BadJson("`current-schema-id` names no schema");
  return {};
}

}  // namespace

namespace internal {

Result<Snapshot> ParseSnapshot(const Json& json) {
  Snapshot snapshot;
  FIRN_TRY(snapshot.snapshot_id, GetLong(json, "snapshot-id"));
  FIRN_TRY(snapshot.parent_id, FindLong(json, "parent-snapshot-id"));
  FIRN_TRY(const auto sequence, FindLong(json, "sequence-number"));
  snapshot.sequence_number = sequence.value_or(0);
  FIRN_TRY(snapshot.timestamp_ms, GetLong(json, "timestamp-ms"));
  FIRN_TRY(snapshot.summary, StringMap(json, "summary"));
  if (const auto operation = snapshot.summary.find("operation");
      operation != snapshot.summary.end()) {
    snapshot.operation = operation->second;
    snapshot.summary.erase(operation);
  }
  FIRN_TRY(const auto list, FindString(json, "manifest-list"));
  snapshot.manifest_list = list.value_or("");
  FIRN_TRY(const Json* manifests, FindArray(json, "manifests"));
  if (manifests != nullptr) {
    for (const Json& path : *manifests) {
      if (!path.is_string()) return BadJson("`manifests` holds no paths");
      snapshot.v1_manifests.push_back(path.get<std::string>());
    }
  }
  if (snapshot.manifest_list.empty() && manifests == nullptr)
    return BadJson("snapshot " + std::to_string(snapshot.snapshot_id) + " has no manifest list");
  FIRN_TRY(const auto schema, FindInt(json, "schema-id"));
  snapshot.schema_id = schema.value_or(-1);
  FIRN_TRY(snapshot.first_row_id, FindLong(json, "first-row-id"));
  FIRN_TRY(snapshot.added_rows, FindLong(json, "added-rows"));
  snapshot.json = Dump(json);
  return snapshot;
}

bool HasKey(const std::string& snapshot_json) {
  // Hardly one has.
  if (snapshot_json.find("\"key-id\"") == std::string::npos) return false;
  const auto parsed = ParseJson(snapshot_json);
  return parsed && parsed->is_object() && parsed->contains("key-id");
}

Result<SnapshotRef> ParseRef(const Json& json) {
  SnapshotRef ref;
  FIRN_TRY(ref.snapshot_id, GetLong(json, "snapshot-id"));
  FIRN_TRY(ref.type, GetString(json, "type"));
  FIRN_TRY(ref.min_snapshots_to_keep, FindInt(json, "min-snapshots-to-keep"));
  FIRN_TRY(ref.max_snapshot_age_ms, FindLong(json, "max-snapshot-age-ms"));
  FIRN_TRY(ref.max_ref_age_ms, FindLong(json, "max-ref-age-ms"));
  return ref;
}

}  // namespace internal

namespace {

Result<void> ParseLogs(const Json& top, TableMetadata& out) {
  FIRN_TRY(const Json* snapshots, FindArray(top, "snapshot-log"));
  if (snapshots != nullptr) {
    for (const Json& json : *snapshots) {
      SnapshotLogEntry entry;
      FIRN_TRY(entry.timestamp_ms, GetLong(json, "timestamp-ms"));
      FIRN_TRY(entry.snapshot_id, GetLong(json, "snapshot-id"));
      out.snapshot_log.push_back(entry);
    }
  }
  FIRN_TRY(const Json* files, FindArray(top, "metadata-log"));
  if (files != nullptr) {
    for (const Json& json : *files) {
      MetadataLogEntry entry;
      FIRN_TRY(entry.timestamp_ms, GetLong(json, "timestamp-ms"));
      FIRN_TRY(entry.metadata_file, GetString(json, "metadata-file"));
      out.metadata_log.push_back(std::move(entry));
    }
  }
  return {};
}

Result<void> ParseStatistics(const Json& top, const char* key, TableMetadata& out) {
  FIRN_TRY(const Json* files, FindArray(top, key));
  if (files == nullptr) return {};
  for (const Json& json : *files) {
    StatisticsFile file;
    FIRN_TRY(file.snapshot_id, GetLong(json, "snapshot-id"));
    FIRN_TRY(file.path, GetString(json, "statistics-path"));
    file.of_partitions = std::string_view(key) == "partition-statistics";
    file.json = Dump(json);
    out.statistics.push_back(std::move(file));
  }
  return {};
}

Result<void> ParseEncryptionKeys(const Json& top, TableMetadata& out) {
  FIRN_TRY(const Json* keys, FindArray(top, "encryption-keys"));
  if (keys == nullptr) return {};
  for (const Json& json : *keys) {
    EncryptionKey key;
    FIRN_TRY(key.key_id, GetString(json, "key-id"));
    key.json = Dump(json);
    out.encryption_keys.push_back(std::move(key));
  }
  return {};
}

Result<void> ParseHistory(const Json& top, TableMetadata& out) {
  FIRN_TRY(const Json* snapshots, FindArray(top, "snapshots"));
  if (snapshots != nullptr) {
    for (const Json& json : *snapshots) {
      FIRN_TRY(Snapshot snapshot, internal::ParseSnapshot(json));
      if (snapshot.schema_id < 0) snapshot.schema_id = out.current_schema_id;
      out.snapshots.push_back(std::make_shared<const Snapshot>(std::move(snapshot)));
    }
  }
  // Not every writer keeps them in order; in version 1 only time tells it.
  std::stable_sort(out.snapshots.begin(), out.snapshots.end(), [](const auto& a, const auto& b) {
    return std::pair(a->sequence_number, a->timestamp_ms) <
           std::pair(b->sequence_number, b->timestamp_ms);
  });
  FIRN_TRY(const auto current, FindLong(top, "current-snapshot-id"));
  if (current && *current != -1) out.current_snapshot_id = current;
  if (out.current_snapshot_id && out.current_snapshot() == nullptr)
    return BadJson("`current-snapshot-id` names no snapshot");
  FIRN_TRY(const Json* refs, FindObject(top, "refs"));
  if (refs != nullptr) {
    for (const auto& [name, json] : refs->items()) {
      FIRN_TRY(out.refs[name], internal::ParseRef(json));
    }
  }
  // Files from before branches existed have no refs: main is the current snapshot.
  if (out.current_snapshot_id && !out.refs.contains(std::string(kMainBranch)))
    out.refs[std::string(kMainBranch)].snapshot_id = *out.current_snapshot_id;
  return ParseLogs(top, out);
}

// Members that this program does not model, kept as text.
std::string ExtraMembers(const Json& top) {
  static const std::set<std::string, std::less<>> kKnown = {"format-version",
                                                            "table-uuid",
                                                            "location",
                                                            "last-updated-ms",
                                                            "last-sequence-number",
                                                            "next-row-id",
                                                            "last-column-id",
                                                            "schema",
                                                            "schemas",
                                                            "current-schema-id",
                                                            "partition-spec",
                                                            "partition-specs",
                                                            "default-spec-id",
                                                            "sort-orders",
                                                            "last-partition-id",
                                                            "default-sort-order-id",
                                                            "properties",
                                                            "current-snapshot-id",
                                                            "snapshots",
                                                            "snapshot-log",
                                                            "metadata-log",
                                                            "refs",
                                                            "statistics",
                                                            "partition-statistics",
                                                            "encryption-keys"};
  std::string out;
  for (const auto& [key, value] : top.items()) {
    if (kKnown.contains(key)) continue;
    if (!out.empty()) out += ",";
    out += internal::Quoted(key) + ":" + Dump(value);
  }
  return out;
}

Result<TableMetadata> FromJson(const Json& top, const ParseOptions& options) {
  TableMetadata out;
  FIRN_TRY(out.format_version, GetInt(top, "format-version"));
  if (out.format_version < 1 || out.format_version > 3)
    return Fail(Error(Kind::kUnsupported, "LAKE-META-002",
                      "the table has format version " + std::to_string(out.format_version))
                    .Because("this version of Firn reads versions 1 to 3"));
  FIRN_TRY(const auto uuid, FindString(top, "table-uuid"));
  if (!uuid && out.format_version > 1) return BadJson("`table-uuid` is missing");
  out.table_uuid = uuid.value_or("");
  FIRN_TRY(out.location, GetString(top, "location"));
  while (out.location.size() > 1 && out.location.ends_with('/')) out.location.pop_back();
  if (out.format_version > 1) {
    FIRN_TRY(out.last_sequence_number, GetLong(top, "last-sequence-number"));
  }
  if (out.format_version > 2) {
    FIRN_TRY(out.next_row_id, GetLong(top, "next-row-id"));
  }
  FIRN_TRY(out.last_updated_ms, GetLong(top, "last-updated-ms"));
  FIRN_TRY(out.properties, StringMap(top, "properties"));
  FIRN_CHECK(ParseSchemas(top, options, out));
  FIRN_CHECK(ParseSpecs(top, out));
  FIRN_CHECK(ParseSortOrders(top, out));
  FIRN_CHECK(ParseHistory(top, out));
  FIRN_CHECK(ParseStatistics(top, "statistics", out));
  FIRN_CHECK(ParseStatistics(top, "partition-statistics", out));
  FIRN_CHECK(ParseEncryptionKeys(top, out));
  out.extra_json = ExtraMembers(top);
  return out;
}

}  // namespace

Result<TableMetadata> ParseMetadata(std::string_view bytes, const ParseOptions& options) {
  std::string inflated;
  if (bytes.starts_with("\x1f\x8b")) {
    FIRN_TRY(inflated, internal::Gunzip(bytes, options.bytes_max));
    bytes = inflated;
  }
  if (bytes.size() > options.bytes_max) return BadJson("it is too large");
  FIRN_TRY(const Json top, internal::ParseJson(bytes));
  return FromJson(top, options);
}

}  // namespace firn::lake
