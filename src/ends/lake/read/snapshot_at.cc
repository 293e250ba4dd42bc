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

// Whether a state between a log's entry and the one before it is missing: other programs take what
// they expire out of the middle of the log. Its child still tells its id, or, where they took that
// out too (PyIceberg), has a number that is not the next one.
bool FollowsAGap(const TableMetadata& metadata, const SnapshotLogEntry& before,
                 const SnapshotLogEntry& entry) {
  const Snapshot* snapshot = metadata.FindSnapshot(entry.snapshot_id);
  const Snapshot* former = metadata.FindSnapshot(before.snapshot_id);
  // A snapshot that was made current again later follows anything.
  if (snapshot == nullptr || former == nullptr || snapshot->timestamp_ms != entry.timestamp_ms)
    return false;
  if (!snapshot->parent_id) return snapshot->sequence_number > former->sequence_number + 1;
  return *snapshot->parent_id != before.snapshot_id &&
         metadata.FindSnapshot(*snapshot->parent_id) == nullptr;
}

}  // namespace

Result<SnapshotInfo> SnapshotAt(const Table& table, UtcMicros at) {
  const int64_t at_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  const TableMetadata& metadata = table.metadata();
  const auto& log = metadata.snapshot_log;
  const Snapshot* found = nullptr;
  for (size_t i = 0; i < log.size(); ++i) {
    if (log[i].timestamp_ms > at_ms) continue;
    // A state that has expired was the current one then all the same: the one before it was not.
    found = metadata.FindSnapshot(log[i].snapshot_id);
    if (i + 1 < log.size() && FollowsAGap(metadata, log[i], log[i + 1])) {
      // It was current from some time on, nobody knows which: only its own moment is sure.
      if (log[i].timestamp_ms < at_ms) found = nullptr;
    }
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
