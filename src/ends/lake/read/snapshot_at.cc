#include "ends/lake/read/snapshot_at.h"

#include <chrono>

#include "core/base/time_text.h"
#include "ends/lake/format/metadata.h"

namespace firn::lake {

Result<SnapshotInfo> SnapshotAt(const Table& table, UtcMicros at) {
  const int64_t at_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  const TableMetadata& metadata = table.metadata();
  const Snapshot* found = nullptr;
  for (const SnapshotLogEntry& entry : metadata.snapshot_log) {
    const Snapshot* snapshot = metadata.FindSnapshot(entry.snapshot_id);
    if (entry.timestamp_ms <= at_ms && snapshot != nullptr) found = snapshot;
  }
  if (found != nullptr) return static_cast<const SnapshotInfo&>(*found);
  return Fail(Error(Kind::kNotFound, "LAKE-SNAPSHOT-001",
                    "table `" + table.ident().Text() + "` has no state of " + FormatUtc(at))
                  .Because("it was made later, or that state has expired")
                  .Hint("`firn lake history " + table.ident().Text() + "` lists what there is"));
}

}  // namespace firn::lake
