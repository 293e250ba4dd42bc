// Expiry: which snapshots a table lets go, and which files go with them.
//
// Heads of branches and tags always stay. What consumers wrote into summaries (members that begin
// with `firn.`) is never lost: the commit that lets a snapshot go carries over what no newer one
// has. Pure functions but for ExpiredFiles, which reads manifests. Source: apache/iceberg core
// RemoveSnapshots, IncrementalFileCleanup; spec "Snapshot Retention Policy", read 2026-11.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ends/lake/commit/entry_cache.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake {

// Table properties. The first turns on expiry in each commit; 0: no limit by number.
inline constexpr const char* kMaxSnapshots = "firn.history.max-snapshots";
inline constexpr const char* kMaxSnapshotAge = "history.expire.max-snapshot-age-ms";
inline constexpr const char* kMinSnapshots = "history.expire.min-snapshots-to-keep";
inline constexpr const char* kMaxRefAge = "history.expire.max-ref-age-ms";
// How long files stay after the last state that had them was replaced: readers may still be at it.
inline constexpr const char* kDeleteGrace = "firn.history.delete-grace-ms";
inline constexpr int64_t kDeleteGraceMs = 600'000;

struct ExpiryRules {
  std::optional<int64_t> snapshots_max;   // of a branch
  std::optional<int64_t> older_than_ms;   // milliseconds of the epoch
  std::optional<int64_t> refs_unused_ms;  // age of a tag's or branch's snapshot; main stays
  int64_t snapshots_min = 1;              // of a branch, whatever their age
  int64_t now_ms = 0;
};
// What the table's properties say of `now_ms`; nothing when they do not ask for expiry in commits.
[[nodiscard]] std::optional<ExpiryRules> InlineRules(const TableMetadata& metadata, int64_t now_ms);

using Snapshots = std::vector<std::shared_ptr<const Snapshot>>;
// The snapshots that the rules let go, oldest first. Branches and tags past their own age are taken
// out of `metadata`, the snapshots are not.
[[nodiscard]] Snapshots Expired(TableMetadata& metadata, const ExpiryRules& rules);
// Members of expired summaries, by key, that no snapshot of main which stays has a value for.
[[nodiscard]] std::map<std::string, std::string> CarriedOver(const TableMetadata& metadata,
                                                             const Snapshots& expired);
void RemoveSnapshots(TableMetadata& metadata, const Snapshots& expired);

// A file that nothing refers to any more, and since when.
struct ExpiredFile {
  std::string uri;
  int64_t unused_since_ms = 0;
};
// Files of expired snapshots of main that no snapshot of `metadata` has. Whatever is not certain is
// left out, it is then an orphan (maintain/orphans.h). Errors: Corrupt naming a file.
[[nodiscard]] Result<std::vector<ExpiredFile>> ExpiredFiles(const Call& call, ObjectStore& store,
                                                            EntryCache& cache,
                                                            const TableMetadata& metadata,
                                                            const Snapshots& expired);

}  // namespace firn::lake
