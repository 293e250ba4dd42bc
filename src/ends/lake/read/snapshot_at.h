// Which state of a table was current at a time. Pure; any thread.
#pragma once

#include "core/base/clock.h"
#include "core/base/error.h"
#include "ends/lake/table.h"

namespace firn::lake {

// By the snapshot log of the table. Errors: NotFound (LAKE-SNAPSHOT-001) when the table had no rows
// yet, or no longer knows. Source: Iceberg spec, "Point in Time Reads (Time Travel)", read 2026-11.
[[nodiscard]] Result<SnapshotInfo> SnapshotAt(const Table& table, UtcMicros at);

}  // namespace firn::lake
