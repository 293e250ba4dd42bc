// Maintenance: what keeps a table fast to read and small on disk, planned and done.
//
// In this order: compaction, expiry of snapshots, manifests written together, orphans removed. Each
// step commits by itself and may be stopped at any point; writers are never held up. Memory: one
// batch and `memory_bytes` for sorting. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ends/lake/maintain/compaction.h"
#include "ends/lake/maintain/orphans.h"
#include "ends/lake/table.h"

namespace firn::lake {

// Files that a write in progress has made and not committed look like orphans: those younger than
// this are never removed.
inline constexpr int64_t kOrphanAgeMinMs = 24LL * 3600 * 1000;

struct MaintainOptions {
  bool compact = true;
  bool expire = true;
  bool manifests = true;
  bool orphans = true;
  CompactOptions compaction;
  // Snapshots to let go; nothing: as the table's properties say, else those beyond 5 days.
  std::optional<int64_t> snapshots_max;
  std::optional<int64_t> snapshot_age_ms;
  int64_t orphan_age_ms = 3 * kOrphanAgeMinMs;
};

struct MaintainPlan {
  std::vector<CompactGroup> groups;
  int64_t files_left = 0;  // data files that compaction leaves as they are
  int64_t snapshots_expiring = 0;
  int64_t manifests = 0;        // that the current snapshot has
  int64_t manifests_after = 0;  // that it would have
  std::vector<ObjectInfo> orphans;
};
// Errors: BadInput (LAKE-MAINTAIN-001) for an orphan age below a day; those of reading.
[[nodiscard]] Result<MaintainPlan> PlanMaintenance(const Call& call, const Table& table,
                                                   const MaintainOptions& options);

struct MaintainReport {
  CompactReport compaction;
  int64_t snapshots_expired = 0;
  int64_t manifests_before = 0;
  int64_t manifests_after = 0;
  int64_t orphans_removed = 0;
  int64_t orphan_bytes = 0;
};
// Plans and does it. Errors: as above, and those of commits.
[[nodiscard]] Result<MaintainReport> Maintain(const Call& call, Lake& lake, const TableIdent& ident,
                                              const MaintainOptions& options);

}  // namespace firn::lake
