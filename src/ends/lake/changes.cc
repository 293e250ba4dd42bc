#include "ends/lake/changes.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "core/base/fault_point.h"
#include "ends/lake/format/schema_json.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

Result<void> CheckWritable(const CommitBase& base) {
  const auto refuse = [&](std::string why) {
    return Fail(Error(Kind::kUnsupported, "LAKE-COMMIT-005",
                      "table `" + base.ident.Text() + "` cannot be written by this version")
                    .At(base.metadata_location)
                    .Because(std::move(why)));
  };
  if (base.metadata->format_version != 2)
    return refuse("its format version is " + std::to_string(base.metadata->format_version) +
                  "; only version 2 is written");
  return {};
}

Result<void> CheckUnpartitioned(const CommitBase& base) {
  if (base.metadata->default_spec().unpartitioned()) return {};
  return Fail(Error(Kind::kUnsupported, "LAKE-COMMIT-005",
                    "table `" + base.ident.Text() + "` cannot be written by this version")
                  .At(base.metadata_location)
                  .Because("it is partitioned; only unpartitioned tables are written"));
}

// A schema in which every source column of the spec is known, for the types of its values.
const TableSchema& SchemaOfSpec(const TableMetadata& metadata, const PartitionSpec& spec) {
  const auto has_sources = [&spec](const TableSchema& schema) {
    return std::all_of(spec.fields.begin(), spec.fields.end(), [&](const PartitionField& field) {
      return std::any_of(schema.schema.fields.begin(), schema.schema.fields.end(),
                         [&](const record::Field& f) { return f.id == field.source_id; });
    });
  };
  if (has_sources(metadata.current_schema())) return metadata.current_schema();
  for (auto schema = metadata.schemas.rbegin(); schema != metadata.schemas.rend(); ++schema) {
    if (has_sources(**schema)) return **schema;
  }
  return metadata.current_schema();
}

// Carries a line over whose list did not count its entries: later readers go by the counts.
Result<void> FillCounts(const Call& call, ObjectStore& store, ManifestFile& line) {
  if (line.added_files && line.existing_files && line.deleted_files && line.added_rows &&
      line.existing_rows && line.deleted_rows)
    return {};
  int files[3] = {0, 0, 0};
  int64_t rows[3] = {0, 0, 0};
  FIRN_CHECK(EachEntry(call, store, line, [&](ManifestEntry entry) -> Result<void> {
    ++files[static_cast<size_t>(entry.status)];
    rows[static_cast<size_t>(entry.status)] += entry.file.record_count;
    return {};
  }));
  line.existing_files = files[0];
  line.added_files = files[1];
  line.deleted_files = files[2];
  line.existing_rows = rows[0];
  line.added_rows = rows[1];
  line.deleted_rows = rows[2];
  return {};
}

// Positive, and not in use: ids are random and tables have few.
int64_t NewSnapshotId(Random& random, const TableMetadata& metadata) {
  for (;;) {
    const auto id = static_cast<int64_t>(random.Next() & INT64_MAX);
    if (id != 0 && metadata.FindSnapshot(id) == nullptr) return id;
  }
}

}  // namespace

int64_t CommitTimeMs(const Call& call, int64_t not_before_ms) {
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(call.clock->Now().time_since_epoch());
  return std::max<int64_t>(now.count(), not_before_ms);
}

Result<void> SnapshotChange::CheckFiles(const Call& call, const CommitBase& base) {
  FIRN_CHECK(CheckWritable(base));
  FIRN_CHECK(CheckUnpartitioned(base));
  if (checked_) return {};
  std::set<std::string_view> paths;
  std::vector<std::string> uris;
  for (const DataFile& file : files_) {
    if (!paths.insert(file.path).second)
      return Fail(Error(Kind::kBadInput, "LAKE-COMMIT-004",
                        "the data file `" + file.path + "` is given twice"));
    FIRN_TRY(const int64_t bytes, store_.Size(call, file.path));
    if (bytes != file.file_size_bytes)
      return Fail(Error(Kind::kCorrupt, "LAKE-COMMIT-004",
                        "the data file `" + file.path + "` is not as it was written")
                      .At(file.path)
                      .Because("it has " + std::to_string(bytes) + " bytes, expected " +
                               std::to_string(file.file_size_bytes)));
    uris.push_back(file.path);
  }
  FIRN_CHECK(store_.Settle(call, uris));
  snapshot_id_ = NewSnapshotId(*call.random, *base.metadata);
  commit_uuid_ = NewUuid(*call.random);
  checked_ = true;
  FIRN_FAULT_POINT("lake.commit.after_data");
  return {};
}

Result<std::optional<ManifestFile>> SnapshotChange::AddedManifest(const Call& call,
                                                                  const CommitBase& base) {
  if (added_ || files_.empty()) return added_;
  const TableMetadata& metadata = *base.metadata;
  ManifestWriter writer(metadata.current_schema(), metadata.default_spec(),
                        {ManifestFile::Content::kData, snapshot_id_}, *call.random);
  for (const DataFile& file : files_) {
    ManifestEntry entry;
    entry.status = ManifestEntry::Status::kAdded;
    entry.snapshot_id = snapshot_id_;
    entry.file = file;
    writer.Add(entry);
  }
  ManifestFile line;
  const std::string bytes = writer.Finish(line);
  line.path = metadata.location + "/metadata/" + commit_uuid_ + "-m" +
              std::to_string(manifests_written_++) + ".avro";
  FIRN_CHECK(store_.Write(call, line.path, bytes));
  FIRN_FAULT_POINT("lake.commit.after_manifest");
  added_ = line;
  return added_;
}

void SnapshotChange::Discard(const Call& call) {
  // What cannot be removed stays as an orphan and is reported as one.
  if (added_) (void)store_.Remove(call, added_->path);
}

Result<CommitDraft> SnapshotChange::Finish(const Call& call, const CommitBase& base,
                                           SnapshotPlan plan) {
  const TableMetadata& before = *base.metadata;
  const Snapshot* parent = before.current_snapshot();
  Snapshot snapshot;
  snapshot.snapshot_id = snapshot_id_;
  if (parent != nullptr) snapshot.parent_id = parent->snapshot_id;
  snapshot.sequence_number = before.last_sequence_number + 1;
  snapshot.timestamp_ms = CommitTimeMs(call, before.last_updated_ms + 1);
  snapshot.operation = std::move(plan.operation);
  snapshot.summary = plan.summary.Build(parent != nullptr ? &parent->summary : nullptr);
  snapshot.summary.emplace("engine-name", "firn");
  for (const auto& [key, value] : options_.summary) snapshot.summary[key] = value;
  snapshot.schema_id = plan.metadata.current_schema_id;
  for (ManifestFile& line : plan.lines) {
    FIRN_CHECK(FillCounts(call, store_, line));
    if (line.added_snapshot_id != snapshot_id_) continue;
    line.sequence_number = snapshot.sequence_number;
    if (line.min_sequence_number == 0) line.min_sequence_number = snapshot.sequence_number;
  }
  snapshot.manifest_list = before.location + "/metadata/snap-" + std::to_string(snapshot_id_) +
                           "-" + std::to_string(snapshot.sequence_number) + "-" +
                           NewUuid(*call.random) + ".avro";
  const std::string list = WriteManifestList(
      plan.lines, {snapshot_id_, snapshot.parent_id, snapshot.sequence_number}, *call.random);
  FIRN_CHECK(store_.Write(call, snapshot.manifest_list, list));
  plan.written.push_back(snapshot.manifest_list);

  CommitDraft draft;
  draft.metadata = std::move(plan.metadata);
  draft.written = std::move(plan.written);
  AddSnapshot(draft.metadata, std::move(snapshot));
  draft.manifests = std::make_shared<const std::vector<ManifestFile>>(std::move(plan.lines));
  return draft;
}

Result<CommitDraft> AppendChange::operator()(const Call& call, const CommitBase& base) {
  FIRN_CHECK(CheckFiles(call, base));
  FIRN_TRY(const auto added, AddedManifest(call, base));
  SnapshotPlan plan;
  plan.metadata = *base.metadata;
  plan.operation = "append";
  // Newest first, as the reference writes them.
  if (added) plan.lines.push_back(*added);
  for (const ManifestFile& line : *base.manifests) {
    if (line.has_live_files()) plan.lines.push_back(line);
  }
  for (const DataFile& file : files_) plan.summary.Added(file);
  return Finish(call, base, std::move(plan));
}

Result<void> ReplaceAllChange::CheckForeignRows(const CommitBase& base) {
  const TableMetadata& metadata = *base.metadata;
  if (!since_) since_ = options_.since_snapshot.value_or(metadata.current_snapshot_id.value_or(-1));
  const Snapshot* snapshot = metadata.current_snapshot();
  while (snapshot != nullptr && snapshot->snapshot_id != *since_) {
    if (snapshot->operation == "append" || snapshot->operation == "overwrite")
      return Fail(Error(Kind::kConflict, "LAKE-COMMIT-003",
                        "rows that others wrote to `" + base.ident.Text() + "` would be lost")
                      .Because("snapshot " + std::to_string(snapshot->snapshot_id) + " (" +
                               snapshot->operation + ") came after the replace began")
                      .Hint("run it again if the new rows are to be replaced too"));
    snapshot = snapshot->parent_id ? metadata.FindSnapshot(*snapshot->parent_id) : nullptr;
  }
  return {};
}

Result<void> ReplaceAllChange::AddDeletedManifests(const Call& call, const CommitBase& base,
                                                   SnapshotPlan& plan) {
  const TableMetadata& metadata = *base.metadata;
  std::map<std::pair<int, int>, ManifestWriter> writers;
  for (const ManifestFile& line : *base.manifests) {
    if (!line.has_live_files()) continue;
    const PartitionSpec* spec = metadata.FindSpec(line.spec_id);
    if (spec == nullptr)
      return Fail(
          Error(Kind::kCorrupt, "LAKE-MANIFEST-001", "the manifest `" + line.path + "` is damaged")
              .At(line.path)
              .Because("the table has no partition spec " + std::to_string(line.spec_id)));
    const std::pair key{line.spec_id, static_cast<int>(line.content)};
    auto writer = writers.find(key);
    if (writer == writers.end())
      writer = writers
                   .emplace(key, ManifestWriter(SchemaOfSpec(metadata, *spec), *spec,
                                                {line.content, snapshot_id_}, *call.random))
                   .first;
    FIRN_CHECK(EachEntry(call, store_, line, [&](ManifestEntry entry) -> Result<void> {
      if (!entry.live()) return {};
      entry.status = ManifestEntry::Status::kDeleted;
      entry.snapshot_id = snapshot_id_;
      if (!entry.sequence_number) entry.sequence_number = line.sequence_number;
      if (!entry.file_sequence_number) entry.file_sequence_number = entry.sequence_number;
      plan.summary.Removed(entry.file);
      writer->second.Add(entry);
      return {};
    }));
  }
  for (auto& [key, writer] : writers) {
    if (writer.entries() == 0) continue;
    ManifestFile line;
    const std::string bytes = writer.Finish(line);
    line.path = metadata.location + "/metadata/" + commit_uuid_ + "-m" +
                std::to_string(manifests_written_++) + ".avro";
    FIRN_CHECK(store_.Write(call, line.path, bytes));
    FIRN_FAULT_POINT("lake.commit.after_deleted");
    plan.written.push_back(line.path);
    plan.lines.push_back(std::move(line));
  }
  return {};
}

Result<CommitDraft> ReplaceAllChange::operator()(const Call& call, const CommitBase& base) {
  FIRN_CHECK(CheckForeignRows(base));
  FIRN_CHECK(CheckFiles(call, base));
  FIRN_TRY(const auto added, AddedManifest(call, base));
  SnapshotPlan plan;
  plan.metadata = *base.metadata;
  if (schema_ != nullptr && schema_->fields != plan.metadata.current_schema().schema.fields) {
    FIRN_CHECK(CheckEvolution(plan.metadata.current_schema().schema, *schema_,
                              {plan.metadata.last_column_id, true}));
    SetCurrentSchema(plan.metadata, *schema_);
  }
  if (added) plan.lines.push_back(*added);
  for (const DataFile& file : files_) plan.summary.Added(file);
  FIRN_CHECK(AddDeletedManifests(call, base, plan));
  const bool removed = plan.summary.removed_any();
  plan.operation = removed ? (plan.summary.added_any() ? "overwrite" : "delete") : "append";
  return Finish(call, base, std::move(plan));
}

Result<CommitDraft> EvolveSchemaChange(const Call& call, const CommitBase& base,
                                       const record::Schema& schema) {
  FIRN_CHECK(CheckWritable(base));
  CommitDraft draft;
  const record::Schema& present = base.metadata->current_schema().schema;
  if (schema.fields == present.fields &&
      schema.identifier_field_ids == present.identifier_field_ids) {
    draft.unchanged = true;
    return draft;
  }
  FIRN_CHECK(CheckEvolution(present, schema, {base.metadata->last_column_id, false}));
  draft.metadata = *base.metadata;
  SetCurrentSchema(draft.metadata, schema);
  draft.metadata.last_updated_ms = CommitTimeMs(call, draft.metadata.last_updated_ms);
  return draft;
}

Result<CommitDraft> SetPropertiesChange(
    const Call& call, const CommitBase& base,
    const std::map<std::string, std::optional<std::string>>& changes) {
  FIRN_CHECK(CheckWritable(base));
  CommitDraft draft;
  draft.metadata = *base.metadata;
  for (const auto& [key, value] : changes) {
    if (value) {
      draft.metadata.properties[key] = *value;
    } else {
      draft.metadata.properties.erase(key);
    }
  }
  draft.unchanged = draft.metadata.properties == base.metadata->properties;
  draft.metadata.last_updated_ms = CommitTimeMs(call, draft.metadata.last_updated_ms);
  return draft;
}

}  // namespace firn::lake
