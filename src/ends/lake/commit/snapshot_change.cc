#include "ends/lake/commit/snapshot_change.h"

#include <algorithm>
#include <chrono>

#include "core/base/fault_point.h"
#include "ends/lake/commit/foreign_changes.h"
#include "ends/lake/format/schema_json.h"
#include "ends/lake/merge/checkpoints.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

// Carries a line over whose list did not count its entries: later readers go by the counts.
Result<void> FillCounts(const Call& call, const CommitBase& base, ObjectStore& store,
                        ManifestFile& line) {
  if (line.added_files && line.existing_files && line.deleted_files && line.added_rows &&
      line.existing_rows && line.deleted_rows)
    return {};
  int files[3] = {0, 0, 0};
  int64_t rows[3] = {0, 0, 0};
  FIRN_TRY(const Entries entries, base.entries->Get(call, store, line));
  for (const ManifestEntry& entry : *entries) {
    ++files[static_cast<size_t>(entry.status)];
    rows[static_cast<size_t>(entry.status)] += entry.file.record_count;
  }
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

Result<void> CheckPartition(const CommitBase& base, const DataFile& file) {
  const PartitionSpec* spec = base.metadata->FindSpec(file.spec_id);
  if (spec == nullptr)
    return Fail(Error(Kind::kBadInput, "LAKE-COMMIT-004",
                      "the data file `" + file.path + "` is of no partition spec of the table")
                    .At(file.path));
  if (file.partition.size() == spec->fields.size()) return {};
  return Fail(Error(Kind::kUnsupported, "LAKE-COMMIT-005",
                    "table `" + base.ident.Text() + "` cannot be written this way")
                  .At(base.metadata_location)
                  .Because("it is partitioned, and `" + file.path + "` has no partition values"));
}

// Spec, "Row Lineage": each data manifest that has no first row id yet takes the next ones, for
// all its rows.
void AssignRowIds(int64_t next_row_id, std::vector<ManifestFile>& lines, Snapshot& snapshot) {
  snapshot.first_row_id = next_row_id;
  int64_t next = next_row_id;
  for (ManifestFile& line : lines) {
    if (line.content != ManifestFile::Content::kData || line.first_row_id) continue;
    line.first_row_id = next;
    next += line.added_rows.value_or(0) + line.existing_rows.value_or(0);
  }
  snapshot.added_rows = next - next_row_id;
}

}  // namespace

int64_t CommitTimeMs(const Call& call, int64_t not_before_ms) {
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(call.clock->Now().time_since_epoch());
  return std::max<int64_t>(now.count(), not_before_ms);
}

Result<void> CheckWritable(const CommitBase& base) {
  const auto refused = [&base](std::string why, std::string hint) {
    return Fail(Error(Kind::kUnsupported, "LAKE-COMMIT-005",
                      "table `" + base.ident.Text() + "` cannot be written by this version")
                    .At(base.metadata_location)
                    .Because(std::move(why))
                    .Hint(std::move(hint)));
  };
  // Plain files would lie beside encrypted ones (Iceberg docs, "Encryption", read 2026-11).
  if (base.metadata->properties.contains("encryption.key-id"))
    return refused("its files are to be encrypted with a key of its own",
                   "write it with the engine that made it");
  // What is written would be without those columns.
  if (const auto unread = UnreadColumns(base.metadata->current_schema().json); !unread.empty())
    return refused("its column `" + unread.front().name + "` is of type `" + unread.front().type +
                       "`, which is not written",
                   "write it with the engine that made it, or drop the column there");
  if (base.metadata->format_version >= 2) return {};
  return refused("its format version is " + std::to_string(base.metadata->format_version) +
                     "; versions 2 and 3 are written",
                 "upgrade it: set the table property `format-version` to 2");
}

Result<void> SnapshotChange::Begin(const Call& call, const CommitBase& base) {
  FIRN_CHECK(CheckWritable(base));
  if (options_.lease) {
    FIRN_CHECK(CheckLeaseEpoch(Table(base.ident, base.metadata, base.metadata_location, store_),
                               *options_.lease));
  }
  if (snapshot_id_ != 0) return {};
  snapshot_id_ = NewSnapshotId(*call.random, *base.metadata);
  commit_uuid_ = NewUuid(*call.random);
  return {};
}

Result<void> SnapshotChange::CheckAdded(const Call& call, const CommitBase& base,
                                        const std::vector<DataFile>& files) {
  std::vector<std::string> uris;
  std::set<std::string> keys;
  for (const DataFile& file : files) {
    const std::string key = FileKey(file);
    if (!keys.insert(key).second)
      return Fail(Error(Kind::kBadInput, "LAKE-COMMIT-004",
                        "the data file `" + file.path + "` is given twice"));
    FIRN_CHECK(CheckPartition(base, file));
    if (!checked_.insert(key).second) continue;
    FIRN_TRY(const int64_t bytes, store_->Size(call, file.path));
    if (bytes != file.file_size_bytes)
      return Fail(Error(Kind::kCorrupt, "LAKE-COMMIT-004",
                        "the data file `" + file.path + "` is not as it was written")
                      .At(file.path)
                      .Because("it has " + std::to_string(bytes) + " bytes, expected " +
                               std::to_string(file.file_size_bytes)));
    uris.push_back(file.path);
  }
  FIRN_CHECK(store_->Settle(call, uris));
  FIRN_FAULT_POINT("lake.commit.after_data");
  return {};
}

void SnapshotChange::AddManifestPath(ManifestFile& line, const CommitBase& base) {
  line.path = base.metadata->location + "/metadata/" + commit_uuid_ + "-m" +
              std::to_string(manifests_written_++) + ".avro";
}

Result<void> SnapshotChange::AddManifests(const Call& call, const CommitBase& base,
                                          const std::vector<DataFile>& files, SnapshotPlan& plan) {
  for (const DataFile& file : files) plan.summary.Added(file);
  if (!added_written_) {
    std::map<std::pair<int, ManifestFile::Content>, ManifestWriter> writers;
    for (const DataFile& file : files) {
      const auto content = file.content == DataFile::Content::kData
                               ? ManifestFile::Content::kData
                               : ManifestFile::Content::kDeletes;
      const std::pair key{file.spec_id, content};
      auto writer = writers.find(key);
      if (writer == writers.end()) {
        FIRN_TRY(ManifestWriter made, NewManifest(call, base, file.spec_id, content));
        writer = writers.emplace(key, std::move(made)).first;
      }
      ManifestEntry entry;
      entry.status = ManifestEntry::Status::kAdded;
      entry.snapshot_id = snapshot_id_;
      entry.file = file;
      writer->second.Add(entry);
    }
    for (auto& [key, writer] : writers) {
      std::vector<std::string> kept;
      FIRN_TRY(ManifestFile line, WriteManifest(call, base, writer, kept));
      added_.push_back(std::move(line));
    }
    added_written_ = true;
    if (!added_.empty()) FIRN_FAULT_POINT("lake.commit.after_manifest");
  }
  // Newest first, as the reference writes them.
  plan.lines.insert(plan.lines.begin(), added_.begin(), added_.end());
  return {};
}

void SnapshotChange::ForgetAdded(const Call& call) {
  Discard(call);
  added_.clear();
  added_written_ = false;
}

void SnapshotChange::Discard(const Call& call) {
  // What cannot be removed stays as an orphan and is reported as one.
  for (const ManifestFile& line : added_) (void)store_->Remove(call, line.path);
}

const Snapshot* SnapshotChange::Head(const CommitBase& base) const {
  return base.metadata->BranchHead(options_.branch);
}

Result<Manifests> SnapshotChange::HeadManifests(const Call& call, const CommitBase& base) const {
  const Snapshot* head = Head(base);
  if (head == base.metadata->current_snapshot()) return base.manifests;
  FIRN_TRY(auto lines, LoadManifests(call, *store_, *head));
  return std::make_shared<const std::vector<ManifestFile>>(std::move(lines));
}

Result<CommitDraft> SnapshotChange::Finish(const Call& call, const CommitBase& base,
                                           SnapshotPlan plan) {
  const TableMetadata& before = *base.metadata;
  const Snapshot* parent = Head(base);
  FIRN_CHECK(MergeSmall(call, base, plan));
  Snapshot snapshot;
  snapshot.snapshot_id = snapshot_id_;
  if (parent != nullptr) snapshot.parent_id = parent->snapshot_id;
  snapshot.sequence_number = before.last_sequence_number + 1;
  snapshot.timestamp_ms = CommitTimeMs(call, before.last_updated_ms + 1);
  snapshot.operation = std::move(plan.operation);
  snapshot.summary = plan.summary.Build(parent != nullptr ? &parent->summary : nullptr);
  snapshot.summary.emplace("engine-name", "firn");
  for (const auto& [key, value] : options_.summary) snapshot.summary[key] = value;
  if (options_.lease)
    snapshot.summary[LeaseKey(options_.lease->lease)] = std::to_string(options_.lease->epoch);
  CarryCheckpoints(before, parent, snapshot.summary);
  snapshot.schema_id = plan.metadata.current_schema_id;
  for (ManifestFile& line : plan.lines) {
    FIRN_CHECK(FillCounts(call, base, *store_, line));
    if (line.added_snapshot_id != snapshot_id_) continue;
    line.sequence_number = snapshot.sequence_number;
    if (line.min_sequence_number == kUnassignedSequence)
      line.min_sequence_number = snapshot.sequence_number;
  }
  if (before.format_version > 2) AssignRowIds(before.next_row_id, plan.lines, snapshot);
  snapshot.manifest_list = before.location + "/metadata/snap-" + std::to_string(snapshot_id_) +
                           "-" + std::to_string(snapshot.sequence_number) + "-" +
                           NewUuid(*call.random) + ".avro";
  const std::string list = WriteManifestList(
      plan.lines,
      {snapshot_id_, snapshot.parent_id, snapshot.sequence_number, before.format_version},
      *call.random);
  FIRN_CHECK(store_->Write(call, snapshot.manifest_list, list));
  plan.written.push_back(snapshot.manifest_list);

  CommitDraft draft;
  draft.metadata = std::move(plan.metadata);
  draft.written = std::move(plan.written);
  draft.superseded = std::move(plan.superseded);
  AddSnapshot(draft.metadata, std::move(snapshot), options_.branch);
  if (options_.branch == kMainBranch)
    draft.manifests = std::make_shared<const std::vector<ManifestFile>>(std::move(plan.lines));
  const auto rules = rules_ ? rules_ : InlineRules(draft.metadata, draft.metadata.last_updated_ms);
  if (rules) LetGo(*rules, draft);
  return draft;
}

void SnapshotChange::LetGo(const ExpiryRules& rules, CommitDraft& draft) const {
  TableMetadata& metadata = draft.metadata;
  draft.expired = Expired(metadata, rules);
  const auto carried = CarriedOver(metadata, draft.expired);
  if (!carried.empty() && options_.branch == kMainBranch) {
    Snapshot newest = *metadata.snapshots.back();
    newest.summary.insert(carried.begin(), carried.end());
    RenderSnapshot(newest);
    metadata.snapshots.back() = std::make_shared<const Snapshot>(std::move(newest));
  }
  RemoveSnapshots(metadata, draft.expired);
}

}  // namespace firn::lake
