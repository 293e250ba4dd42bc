// Marks of consumers on a table: members of snapshot summaries that begin with `firn.` and tell
// where an export or a stream goes on. Pure function, any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "ends/lake/table.h"

namespace firn::lake {

// From when on snapshots of main must stay, in milliseconds of the epoch, so that the newest of
// every mark does: other engines let snapshots go without looking at them. Nothing when there are
// no marks.
[[nodiscard]] std::optional<int64_t> MarksSinceMs(const Table& table);

}  // namespace firn::lake
