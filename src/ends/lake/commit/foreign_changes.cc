#include "ends/lake/commit/foreign_changes.h"

namespace firn::lake {
namespace {

void Note(const ManifestEntry& entry, const Snapshot& snapshot, ForeignChanges& out) {
  if (entry.snapshot_id != snapshot.snapshot_id) return;
  const bool rows = entry.file.content == DataFile::Content::kData;
  switch (entry.status) {
    case ManifestEntry::Status::kAdded:
      if (!rows) {
        out.added_deletes.push_back(entry.file);
      } else if (snapshot.operation == "replace") {
        out.rewritten_rows.push_back(entry.file);
      } else {
        out.added_rows.push_back(entry.file);
      }
      return;
    case ManifestEntry::Status::kDeleted:
      if (rows) {
        out.removed_rows.insert(entry.file.path);
      } else {
        out.removed_deletes.insert(FileKey(entry.file));
      }
      return;
    case ManifestEntry::Status::kExisting:
      return;
  }
}

Result<void> NoteSnapshot(const Call& call, ObjectStore& store, EntryCache& cache,
                          const Snapshot& snapshot, ForeignChanges& out) {
  FIRN_TRY(const auto lines, LoadManifests(call, store, snapshot));
  for (const ManifestFile& line : lines) {
    if (line.added_snapshot_id != snapshot.snapshot_id) continue;
    FIRN_TRY(const Entries entries, cache.Get(call, store, line));
    for (const ManifestEntry& entry : *entries) Note(entry, snapshot, out);
  }
  return {};
}

}  // namespace

std::string FileKey(const DataFile& file) {
  return file.content_offset ? file.path + "#" + std::to_string(*file.content_offset) : file.path;
}

Result<ForeignChanges> ChangesSince(const Call& call, ObjectStore& store, EntryCache& cache,
                                    const TableMetadata& metadata, const Snapshot* head,
                                    int64_t since) {
  ForeignChanges out;
  const Snapshot* at = head;
  std::vector<const Snapshot*> theirs;
  while (at != nullptr && at->snapshot_id != since) {
    theirs.push_back(at);
    if (!at->parent_id) {
      // The first snapshot of all: right when the start was the empty table.
      out.lost_track = since != -1;
      at = nullptr;
      break;
    }
    at = metadata.FindSnapshot(*at->parent_id);
    if (at == nullptr) out.lost_track = true;
  }
  if (head == nullptr && since != -1) out.lost_track = true;
  if (out.lost_track) return out;
  for (const Snapshot* snapshot : theirs) {
    out.operations.push_back(snapshot->operation);
    FIRN_CHECK(NoteSnapshot(call, store, cache, *snapshot, out));
  }
  return out;
}

}  // namespace firn::lake
