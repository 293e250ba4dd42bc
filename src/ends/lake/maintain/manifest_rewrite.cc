// Manifests written anew: files taken out of them, small ones put together.
#include <algorithm>
#include <bit>

#include "core/base/fault_point.h"
#include "ends/lake/commit/foreign_changes.h"
#include "ends/lake/commit/snapshot_change.h"
#include "ends/lake/format/partition.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

// So many manifests of about one size are put together. The reference waits for 100 (property
// `commit.manifest.min-count-to-merge`) and then reads them all; by sizes, each entry is written
// again only once for every sixteenfold growth.
constexpr int64_t kManifestsMergedAt = 17;
constexpr int64_t kManifestTargetBytes = 8 << 20;

// A schema in which every source column of the spec is known, for the types of its values.
const TableSchema& SchemaOfSpec(const TableMetadata& metadata, const PartitionSpec& spec) {
  const auto has_sources = [&spec](const TableSchema& schema) {
    return std::all_of(spec.fields.begin(), spec.fields.end(), [&](const PartitionField& field) {
      return FindField(schema.schema.fields, field.source_id) != nullptr;
    });
  };
  if (has_sources(metadata.current_schema())) return metadata.current_schema();
  for (auto schema = metadata.schemas.rbegin(); schema != metadata.schemas.rend(); ++schema) {
    if (has_sources(**schema)) return **schema;
  }
  return metadata.current_schema();
}

// An entry that goes on in another manifest no longer inherits its numbers.
void Pin(ManifestEntry& entry, const ManifestFile& line) {
  if (!entry.sequence_number) entry.sequence_number = line.sequence_number;
  if (!entry.file_sequence_number) entry.file_sequence_number = entry.sequence_number;
}

// In the summary of an erasure (erase.h). What it takes out must not live on in bounds: neither in
// its own entries of removed files nor in those that earlier commits left in lines that go on.
constexpr const char* kErased = "firn.erased";

void DropValues(DataFile& file) {
  file.lower_bounds.clear();
  file.upper_bounds.clear();
}

// 0 for up to 16 entries, 1 for up to 256, ..
int SizeClass(const ManifestFile& line) {
  const int64_t entries = int64_t{line.added_files.value_or(0)} + line.existing_files.value_or(0) +
                          line.deleted_files.value_or(0);
  const int bits = std::bit_width(static_cast<uint64_t>(std::max<int64_t>(entries, 1) - 1));
  return std::max(0, (bits - 1) / 4);
}

Error NotLive(const CommitBase& base, const std::string& key) {
  return Error(Kind::kConflict, "LAKE-COMMIT-006",
               "others changed the rows that the commit to `" + base.ident.Text() + "` is about")
      .At(key)
      .Because("this file is not part of the table any more")
      .Hint("work it out again on the newest state");
}

}  // namespace

Result<ManifestWriter> SnapshotChange::NewManifest(const Call& call, const CommitBase& base,
                                                   int spec_id,
                                                   ManifestFile::Content content) const {
  const PartitionSpec* spec = base.metadata->FindSpec(spec_id);
  if (spec == nullptr)
    return Fail(Error(Kind::kCorrupt, "LAKE-MANIFEST-001", "the table's manifests are damaged")
                    .At(base.metadata_location)
                    .Because("the table has no partition spec " + std::to_string(spec_id)));
  return ManifestWriter(SchemaOfSpec(*base.metadata, *spec), *spec,
                        {content, snapshot_id_, base.metadata->format_version}, *call.random);
}

Result<ManifestFile> SnapshotChange::WriteManifest(const Call& call, const CommitBase& base,
                                                   ManifestWriter& writer,
                                                   std::vector<std::string>& written) {
  ManifestFile line;
  const std::string bytes = writer.Finish(line);
  AddManifestPath(line, base);
  FIRN_CHECK(store_->Write(call, line.path, bytes));
  written.push_back(line.path);
  return line;
}

Result<void> SnapshotChange::TakeOut(const Call& call, const CommitBase& base,
                                     const ManifestFile& line, std::set<std::string>& keys,
                                     SnapshotPlan& plan) {
  FIRN_TRY(const Entries entries, base.entries->Get(call, *store_, line));
  const bool erases = options_.summary.contains(kErased);
  const bool concerned =
      std::any_of(entries->begin(), entries->end(), [&](const ManifestEntry& entry) {
        return entry.live() ? keys.contains(FileKey(entry.file)) : erases;
      });
  if (!concerned) {
    plan.lines.push_back(line);
    return {};
  }
  FIRN_TRY(ManifestWriter writer, NewManifest(call, base, line.spec_id, line.content));
  for (ManifestEntry entry : *entries) {
    if (!entry.live()) continue;
    Pin(entry, line);
    entry.status = ManifestEntry::Status::kExisting;
    if (keys.erase(FileKey(entry.file)) > 0) {
      entry.status = ManifestEntry::Status::kDeleted;
      entry.snapshot_id = snapshot_id_;
      plan.summary.Removed(entry.file);
      if (erases) DropValues(entry.file);
    }
    writer.Add(entry);
  }
  FIRN_TRY(ManifestFile rewritten, WriteManifest(call, base, writer, plan.written));
  FIRN_FAULT_POINT("lake.commit.after_deleted");
  plan.lines.push_back(std::move(rewritten));
  return {};
}

Result<void> SnapshotChange::KeepLines(const Call& call, const CommitBase& base,
                                       const std::vector<DataFile>& without, SnapshotPlan& plan) {
  std::set<std::string> keys[2];  // by manifest content
  for (const DataFile& file : without)
    keys[file.content == DataFile::Content::kData ? 0 : 1].insert(FileKey(file));
  FIRN_TRY(const Manifests lines, HeadManifests(call, base));
  for (const ManifestFile& line : *lines) {
    if (!line.has_live_files()) continue;
    std::set<std::string>& wanted = keys[static_cast<size_t>(line.content)];
    if (wanted.empty() && !options_.summary.contains(kErased)) {
      plan.lines.push_back(line);
    } else {
      FIRN_CHECK(TakeOut(call, base, line, wanted, plan));
    }
  }
  for (const auto& left : keys) {
    if (!left.empty()) return Fail(NotLive(base, *left.begin()));
  }
  return {};
}

Result<void> SnapshotChange::RemoveAll(const Call& call, const CommitBase& base,
                                       SnapshotPlan& plan) {
  std::map<std::pair<int, ManifestFile::Content>, ManifestWriter> writers;
  FIRN_TRY(const Manifests lines, HeadManifests(call, base));
  for (const ManifestFile& line : *lines) {
    if (!line.has_live_files()) continue;
    const std::pair key{line.spec_id, line.content};
    auto writer = writers.find(key);
    if (writer == writers.end()) {
      FIRN_TRY(ManifestWriter made, NewManifest(call, base, line.spec_id, line.content));
      writer = writers.emplace(key, std::move(made)).first;
    }
    FIRN_CHECK(EachEntry(call, *store_, line, [&](ManifestEntry entry) -> Result<void> {
      if (!entry.live()) return {};
      Pin(entry, line);
      entry.status = ManifestEntry::Status::kDeleted;
      entry.snapshot_id = snapshot_id_;
      plan.summary.Removed(entry.file);
      writer->second.Add(entry);
      return {};
    }));
  }
  for (auto& [key, writer] : writers) {
    if (writer.entries() == 0) continue;
    FIRN_TRY(ManifestFile line, WriteManifest(call, base, writer, plan.written));
    FIRN_FAULT_POINT("lake.commit.after_deleted");
    plan.lines.push_back(std::move(line));
  }
  return {};
}

Result<ManifestFile> SnapshotChange::MergeLines(const Call& call, const CommitBase& base,
                                                const std::vector<ManifestFile>& lines,
                                                SnapshotPlan& plan) {
  FIRN_TRY(ManifestWriter writer,
           NewManifest(call, base, lines.front().spec_id, lines.front().content));
  for (const ManifestFile& line : lines) {
    const bool own = line.added_snapshot_id == snapshot_id_;
    FIRN_TRY(const Entries entries, base.entries->Get(call, *store_, line));
    for (ManifestEntry entry : *entries) {
      // Deletions of earlier snapshots have been told already.
      if (!entry.live() && entry.snapshot_id != snapshot_id_) continue;
      const bool inherits = own && entry.status == ManifestEntry::Status::kAdded;
      if (!inherits) Pin(entry, line);
      if (entry.status == ManifestEntry::Status::kAdded && !inherits)
        entry.status = ManifestEntry::Status::kExisting;
      writer.Add(entry);
    }
  }
  FIRN_TRY(ManifestFile merged, WriteManifest(call, base, writer, plan.written));
  FIRN_FAULT_POINT("lake.commit.after_merged");
  return merged;
}

Result<void> SnapshotChange::MergeSmall(const Call& call, const CommitBase& base,
                                        SnapshotPlan& plan) {
  const TableMetadata& metadata = plan.metadata;
  if (!metadata.BoolProperty("commit.manifest-merge.enabled", true)) return {};
  const int64_t at = std::max<int64_t>(
      2, metadata.LongProperty("commit.manifest.min-count-to-merge", kManifestsMergedAt));
  const int64_t target =
      metadata.LongProperty("commit.manifest.target-size-bytes", kManifestTargetBytes);
  using Group = std::tuple<int, ManifestFile::Content, int>;
  std::map<Group, std::vector<ManifestFile>> groups;
  for (const ManifestFile& line : plan.lines) {
    if (line.length_bytes < target && line.added_files && line.existing_files)
      groups[{line.spec_id, line.content, SizeClass(line)}].push_back(line);
  }
  std::vector<std::vector<ManifestFile>> full;
  for (auto& [group, lines] : groups) {
    if (static_cast<int64_t>(lines.size()) >= at) full.push_back(std::move(lines));
  }
  return MergeGroups(call, base, full, plan);
}

Result<void> SnapshotChange::MergeGroups(const Call& call, const CommitBase& base,
                                         const std::vector<std::vector<ManifestFile>>& groups,
                                         SnapshotPlan& plan) {
  for (const std::vector<ManifestFile>& lines : groups) {
    if (lines.size() < 2) continue;
    FIRN_TRY(ManifestFile merged, MergeLines(call, base, lines, plan));
    std::set<std::string> gone;
    for (const ManifestFile& line : lines) {
      gone.insert(line.path);
      if (line.added_snapshot_id == snapshot_id_) plan.superseded.push_back(line.path);
    }
    std::erase_if(plan.lines, [&](const ManifestFile& line) { return gone.contains(line.path); });
    plan.lines.insert(plan.lines.begin(), std::move(merged));
  }
  return {};
}

std::vector<std::vector<ManifestFile>> LinesTogether(const TableMetadata& metadata,
                                                     const std::vector<ManifestFile>& lines) {
  const int64_t target =
      metadata.LongProperty("commit.manifest.target-size-bytes", kManifestTargetBytes);
  std::map<std::pair<int, ManifestFile::Content>, std::vector<ManifestFile>> open;
  std::map<std::pair<int, ManifestFile::Content>, int64_t> bytes;
  std::vector<std::vector<ManifestFile>> groups;
  for (const ManifestFile& line : lines) {
    if (!line.has_live_files()) continue;
    const std::pair key{line.spec_id, line.content};
    if (!open[key].empty() && bytes[key] + line.length_bytes > target) {
      groups.push_back(std::exchange(open[key], {}));
      bytes[key] = 0;
    }
    open[key].push_back(line);
    bytes[key] += line.length_bytes;
  }
  for (auto& [key, group] : open) {
    if (!group.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

Result<void> SnapshotChange::MergeAll(const Call& call, const CommitBase& base,
                                      SnapshotPlan& plan) {
  return MergeGroups(call, base, LinesTogether(plan.metadata, plan.lines), plan);
}

}  // namespace firn::lake
