#include "ends/lake/read/snapshot_at.h"

#include <chrono>
#include <cstdlib>
#include <string>

#include "core/base/time_text.h"
#include "ends/lake/format/metadata.h"

namespace firn::lake {
namespace {

std::optional<int64_t> Total(const SnapshotInfo& snapshot, const std::string& key) {
  const auto found = snapshot.summary.find(key);
  if (found == snapshot.summary.end()) return std::nullopt;
  return std::strtoll(found->second.c_str(), nullptr, 10);
}

}  // namespace

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

std::optional<int64_t> RowsOf(const SnapshotInfo& snapshot) {
  const auto rows = Total(snapshot, "total-records");
  if (!rows || Total(snapshot, "total-equality-deletes").value_or(0) > 0) return std::nullopt;
  return *rows - Total(snapshot, "total-position-deletes").value_or(0);
}

}  // namespace firn::lake
