// Which state of a table was current at a time, and how many rows a state has. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "ends/lake/table.h"

namespace firn::lake {

// By the snapshot log of the table. Errors: NotFound (LAKE-SNAPSHOT-001) when the table had no rows
// yet, or no longer knows. Source: Iceberg spec, "Point in Time Reads (Time Travel)", read 2026-11.
[[nodiscard]] Result<SnapshotInfo> SnapshotAt(const Table& table, UtcMicros at);

// The rows a reader finds: those of the data files without those that position deletes and deletion
// vectors take away. Nothing when the summary does not tell, or there are equality deletes: how
// many rows these take only reading shows. Source: Iceberg spec, "Optional Snapshot Summary
// Fields".
[[nodiscard]] std::optional<int64_t> RowsOf(const SnapshotInfo& snapshot);

}  // namespace firn::lake
