// What becomes of each changed key: its chain of changes worked out against the row it has now.
// Internal to lake; reading only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "ends/lake/merge/changes.h"
#include "ends/lake/merge/key_index.h"

namespace firn::lake {

inline constexpr uint32_t kNoChange = UINT32_MAX;

// A row to write: `whole`, or the current row, with the columns of its overlays put on it.
struct RowPlan {
  uint32_t key = 0;             // into MergeChanges::keys()
  std::optional<RowPlace> now;  // where the row stands; nothing: it is new
  uint32_t whole = kNoChange;   // into the changes
  uint32_t overlays_begin = 0;  // into MergePlan::overlays, oldest first
  uint32_t overlays_end = 0;
  [[nodiscard]] bool needs_current() const { return whole == kNoChange; }
};

struct RowGone {
  uint32_t key = 0;
  RowPlace now;
};

struct MergePlan {
  std::vector<RowPlan> writes;
  std::vector<RowGone> deletes;
  std::vector<uint32_t> pending;   // keys that need their whole row
  std::vector<uint32_t> overlays;  // changes
  std::vector<int64_t> orders;     // by key: the number its row has afterwards
  int64_t soft_deletes = 0;
  int64_t stale = 0;
  int64_t without_row = 0;
};

// `order_now`: the ordering number of the row a key has, kNoOrder when it has none.
[[nodiscard]] MergePlan PlanMerge(
    const MergeChanges& changes, const KeyIndex& index,
    const std::function<int64_t(uint32_t key, const std::optional<RowPlace>& now)>& order_now);

}  // namespace firn::lake
