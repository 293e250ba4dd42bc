// What others committed to a branch since a state that a change was worked out on. Pure reading.
// Source: apache/iceberg core MergingSnapshotProducer.validationHistory, read 2026-11.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "ends/lake/commit/entry_cache.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake {

struct ForeignChanges {
  // The state that was started from is not among the ancestors any more (expired, or rolled back
  // past): nobody can say what happened.
  bool lost_track = false;
  std::vector<std::string> operations;  // newest first
  std::vector<DataFile> added_rows;
  std::vector<DataFile> rewritten_rows;  // added by `replace`: no new rows
  std::vector<DataFile> added_deletes;
  std::set<std::string> removed_rows;     // paths
  std::set<std::string> removed_deletes;  // FileKey
  [[nodiscard]] bool any() const { return lost_track || !operations.empty(); }
};

// A name for a file of a table: its path, and for deletion vectors, which share one, the offset.
[[nodiscard]] std::string FileKey(const DataFile& file);

// `head`: newest snapshot of the branch, nullptr when it has none. `since`: -1 for the empty table.
// Errors: Corrupt naming a manifest.
[[nodiscard]] Result<ForeignChanges> ChangesSince(const Call& call, ObjectStore& store,
                                                  EntryCache& cache, const TableMetadata& metadata,
                                                  const Snapshot* head, int64_t since);

}  // namespace firn::lake
