// Two sides' marks, bucket by bucket: which records are on one side only, and which differ.
// Internal to exports.
#pragma once

#include <functional>

#include "core/base/call.h"
#include "patterns/exports/verify/spill_buckets.h"

namespace firn::exports {

// The sides by name: `org` is what the org holds, `lake` what the table holds.
struct MarkPair {
  const SpilledMark* org = nullptr;   // null: only in the lake
  const SpilledMark* lake = nullptr;  // null: only in the org
  bool twice = false;  // the lake has the record a second time; `org` is null though the org has it
};

struct MarkCounts {
  int64_t same = 0;
  int64_t missing = 0;  // only in the org
  int64_t extra = 0;    // only in the lake, or there a second time
  int64_t differs = 0;
};

// Calls `each` for every record that is not the same on both sides; the marks live for the call.
// Both were finished and have the same number of buckets. Memory: one bucket of each side.
[[nodiscard]] Result<MarkCounts> CompareMarks(
    const Call& call, SpillBuckets& org, SpillBuckets& lake,
    const std::function<Result<void>(const MarkPair&)>& each);

}  // namespace firn::exports
