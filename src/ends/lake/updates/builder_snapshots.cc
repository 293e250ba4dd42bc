// Snapshots, references and statistics.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "ends/lake/internal/json.h"
#include "ends/lake/internal/metadata_parts.h"
#include "ends/lake/updates/builder_errors.h"
#include "ends/lake/updates/metadata_builder.h"

namespace firn::lake::internal {

namespace {

// Clocks of writers may differ by so much (the Java reference's tolerance).
constexpr int64_t kClockSkewMs = 60'000;

bool SameRef(const SnapshotRef& one, const SnapshotRef& other) {
  return one.snapshot_id == other.snapshot_id && one.type == other.type &&
         one.min_snapshots_to_keep == other.min_snapshots_to_keep &&
         one.max_snapshot_age_ms == other.max_snapshot_age_ms &&
         one.max_ref_age_ms == other.max_ref_age_ms;
}

Result<void> CheckRef(const std::string& name, const SnapshotRef& ref) {
  if (ref.type != "branch" && ref.type != "tag")
    return BadUpdate("Unsupported snapshot ref type: " + ref.type);
  if (name == kMainBranch && ref.type != "branch")
    return BadUpdate("Cannot set main to a tag, it must be a branch");
  if (ref.type == "tag" && (ref.min_snapshots_to_keep || ref.max_snapshot_age_ms))
    return BadUpdate("Tags do not support setting minSnapshotsToKeep or maxSnapshotAgeMs");
  if (ref.min_snapshots_to_keep.value_or(1) <= 0 || ref.max_snapshot_age_ms.value_or(1) <= 0 ||
      ref.max_ref_age_ms.value_or(1) <= 0)
    return BadUpdate("retention of reference `" + name + "` must be above 0");
  return {};
}

// Statistics are kept as they came: what the Java reference cannot read must not get in.
Result<void> CheckBlobs(const nlohmann::ordered_json& statistics) {
  FIRN_CHECK(GetLong(statistics, "file-footer-size-in-bytes"));
  FIRN_TRY(const auto* blobs, FindArray(statistics, "blob-metadata"));
  if (blobs == nullptr) return BadUpdate("`blob-metadata` is missing");
  for (const auto& blob : *blobs) {
    if (!blob.is_object()) return BadUpdate("`blob-metadata` holds something that is no object");
    FIRN_CHECK(GetString(blob, "type"));
    FIRN_CHECK(GetLong(blob, "snapshot-id"));
    FIRN_CHECK(GetLong(blob, "sequence-number"));
    FIRN_TRY(const auto* fields, FindArray(blob, "fields"));
    if (fields == nullptr) return BadUpdate("a blob names no `fields`");
    for (const auto& id : *fields) {
      if (!id.is_number_integer()) return BadUpdate("`fields` of a blob holds no numbers");
    }
  }
  return {};
}

}  // namespace

Result<void> MetadataBuilder::ApplyHistory(const std::string& action, const Json& update,
                                           bool& known) {
  known = true;
  if (action == "add-snapshot") return AddSnapshot(update);
  if (action == "set-snapshot-ref") return SetRef(update);
  if (action == "remove-snapshots") return RemoveSnapshots(update);
  if (action == "remove-snapshot-ref") {
    FIRN_TRY(const std::string name, GetString(update, "ref-name"));
    return RemoveRef(name);
  }
  if (action == "set-statistics") return SetStatistics(update, false);
  if (action == "remove-statistics") return RemoveStatistics(update, false);
  if (action == "set-partition-statistics") return SetStatistics(update, true);
  if (action == "remove-partition-statistics") return RemoveStatistics(update, true);
  known = false;
  return {};
}

Result<void> MetadataBuilder::AddSnapshot(const Json& update) {
  FIRN_TRY(const Json* json, FindObject(update, "snapshot"));
  if (json == nullptr) return BadUpdate("`snapshot` is missing");
  FIRN_TRY(Snapshot snapshot, ParseSnapshot(*json));
  if (metadata_.schemas.empty() || metadata_.partition_specs.empty() ||
      metadata_.sort_orders.empty())
    return BadUpdate("Attempting to add a snapshot before a schema, spec and sort order are added");
  const std::string id = std::to_string(snapshot.snapshot_id);
  if (metadata_.FindSnapshot(snapshot.snapshot_id) != nullptr)
    return BadUpdate("Snapshot already exists for id: " + id);
  if (metadata_.format_version > 1 && snapshot.parent_id &&
      snapshot.sequence_number <= metadata_.last_sequence_number)
    return StaleUpdate(
        "Cannot add snapshot with sequence number " + std::to_string(snapshot.sequence_number) +
        " older than last sequence number " + std::to_string(metadata_.last_sequence_number));
  if (metadata_.format_version > 2) {
    if (!snapshot.first_row_id) return BadUpdate("Cannot add a snapshot: first-row-id is null");
    if (!snapshot.added_rows) return BadUpdate("Cannot add a snapshot: added-rows is null");
    if (*snapshot.first_row_id < metadata_.next_row_id)
      return StaleUpdate("Cannot add a snapshot, first-row-id is behind table next-row-id: " +
                         std::to_string(*snapshot.first_row_id) + " < " +
                         std::to_string(metadata_.next_row_id));
    if (*snapshot.added_rows < 0) return BadUpdate("`added-rows` is below 0");
    metadata_.next_row_id += *snapshot.added_rows;
  }
  if (snapshot.timestamp_ms > now_ms_ + kClockSkewMs)
    return BadUpdate("snapshot " + id + " has a timestamp in the future");
  if (snapshot.schema_id < 0) snapshot.schema_id = metadata_.current_schema_id;
  metadata_.last_sequence_number =
      std::max(metadata_.last_sequence_number, snapshot.sequence_number);
  added_snapshots_.insert(snapshot.snapshot_id);
  metadata_.snapshots.push_back(std::make_shared<const Snapshot>(std::move(snapshot)));
  changed_ = true;
  return {};
}

Result<void> MetadataBuilder::SetRef(const Json& update) {
  FIRN_TRY(const std::string name, GetString(update, "ref-name"));
  FIRN_TRY(SnapshotRef ref, ParseRef(update));
  FIRN_CHECK(CheckRef(name, ref));
  const auto present = metadata_.refs.find(name);
  if (present != metadata_.refs.end() && SameRef(present->second, ref)) return {};
  const Snapshot* snapshot = metadata_.FindSnapshot(ref.snapshot_id);
  if (snapshot == nullptr)
    return BadUpdate("Cannot set " + name +
                     " to unknown snapshot: " + std::to_string(ref.snapshot_id));
  if (name == kMainBranch && metadata_.current_snapshot_id != ref.snapshot_id) {
    metadata_.current_snapshot_id = ref.snapshot_id;
    // Going back to an older state happens now, not when that state was made.
    const bool added = added_snapshots_.contains(ref.snapshot_id);
    metadata_.snapshot_log.push_back({added ? snapshot->timestamp_ms : now_ms_, ref.snapshot_id});
    if (added) was_main_.insert(ref.snapshot_id);
  }
  metadata_.refs[name] = std::move(ref);
  changed_ = true;
  return {};
}

Result<void> MetadataBuilder::RemoveSnapshots(const Json& update) {
  FIRN_TRY(const Json* list, FindArray(update, "snapshot-ids"));
  if (list == nullptr) return BadUpdate("`snapshot-ids` is missing");
  std::set<int64_t> ids;
  for (const Json& id : *list) {
    if (!id.is_number_integer()) return BadUpdate("`snapshot-ids` holds no numbers");
    ids.insert(id.get<int64_t>());
  }
  const auto gone = std::erase_if(metadata_.snapshots, [&](const auto& snapshot) {
    return ids.contains(snapshot->snapshot_id);
  });
  if (gone == 0) return {};
  for (const int64_t id : ids) DropStatistics(id, {});
  std::vector<std::string> dangling;
  for (const auto& [name, ref] : metadata_.refs) {
    if (ids.contains(ref.snapshot_id)) dangling.push_back(name);
  }
  for (const std::string& name : dangling) FIRN_CHECK(RemoveRef(name));
  removed_snapshots_ = true;
  changed_ = true;
  return {};
}

Result<void> MetadataBuilder::RemoveRef(const std::string& name) {
  if (name == kMainBranch) metadata_.current_snapshot_id.reset();
  changed_ = metadata_.refs.erase(name) > 0 || changed_;
  return {};
}

Result<void> MetadataBuilder::SetStatistics(const Json& update, bool of_partitions) {
  const char* key = of_partitions ? "partition-statistics" : "statistics";
  FIRN_TRY(const Json* json, FindObject(update, key));
  if (json == nullptr) return BadUpdate("`" + std::string(key) + "` is missing");
  StatisticsFile file;
  FIRN_TRY(file.snapshot_id, GetLong(*json, "snapshot-id"));
  FIRN_TRY(file.path, GetString(*json, "statistics-path"));
  FIRN_TRY(const int64_t bytes, GetLong(*json, "file-size-in-bytes"));
  if (bytes < 0) return BadUpdate("`file-size-in-bytes` is below 0");
  if (!of_partitions) FIRN_CHECK(CheckBlobs(*json));
  file.of_partitions = of_partitions;
  file.json = Dump(*json);
  DropStatistics(file.snapshot_id, of_partitions);
  metadata_.statistics.push_back(std::move(file));
  changed_ = true;
  return {};
}

Result<void> MetadataBuilder::RemoveStatistics(const Json& update, bool of_partitions) {
  FIRN_TRY(const int64_t snapshot_id, GetLong(update, "snapshot-id"));
  DropStatistics(snapshot_id, of_partitions);
  return {};
}

void MetadataBuilder::DropStatistics(int64_t snapshot_id, std::optional<bool> of_partitions) {
  const auto gone = std::erase_if(metadata_.statistics, [&](const StatisticsFile& file) {
    return file.snapshot_id == snapshot_id &&
           (!of_partitions || file.of_partitions == *of_partitions);
  });
  changed_ = gone > 0 || changed_;
}

// States that were main only inside this commit never were for anybody else. And a state that is
// gone takes the log before it along: otherwise time travel would find its neighbour instead.
Result<void> MetadataBuilder::TidySnapshotLog() {
  std::vector<SnapshotLogEntry>& log = metadata_.snapshot_log;
  const auto inside = [&](int64_t id) {
    return was_main_.contains(id) && metadata_.current_snapshot_id != id;
  };
  if (removed_snapshots_) {
    std::unordered_set<int64_t> present;
    for (const auto& snapshot : metadata_.snapshots) present.insert(snapshot->snapshot_id);
    const auto gone = std::find_if(log.rbegin(), log.rend(), [&](const SnapshotLogEntry& entry) {
      return !present.contains(entry.snapshot_id);
    });
    log.erase(log.begin(), gone.base());
  }
  if (std::any_of(was_main_.begin(), was_main_.end(), inside))
    std::erase_if(log, [&](const SnapshotLogEntry& entry) { return inside(entry.snapshot_id); });
  if (was_main_.empty() || log.size() < 2) return {};
  if (log.back().timestamp_ms + kClockSkewMs < log[log.size() - 2].timestamp_ms)
    return BadUpdate("the snapshot is older than the one before it in the snapshot log");
  return {};
}

}  // namespace firn::lake::internal
