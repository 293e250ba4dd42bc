#include <algorithm>
#include <set>

#include "ends/lake/maintain/expiry.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

// One step of main: `gone` was followed by `next`.
struct Step {
  const Snapshot* gone = nullptr;
  const Snapshot* next = nullptr;
  // Files up to this number may belong to a snapshot that stays and is not after `gone`.
  int64_t protected_number = 0;
};

class Collector {
 public:
  Collector(const Call& call, ObjectStore& store, EntryCache& cache)
      : call_(call), store_(store), cache_(cache) {}

  Result<void> Add(const Step& step) {
    unused_since_ms_ = step.next->timestamp_ms;
    FIRN_TRY(const auto before, LoadManifests(call_, store_, *step.gone));
    FIRN_TRY(const auto after, LoadManifests(call_, store_, *step.next));
    std::set<std::string> still;
    for (const ManifestFile& line : after) {
      still.insert(line.path);
      if (line.added_snapshot_id == step.next->snapshot_id && line.deleted_files.value_or(1) > 0)
        FIRN_CHECK(AddRemoved(line, step));
    }
    for (const ManifestFile& line : before) {
      if (!still.contains(line.path) && line.sequence_number > step.protected_number)
        Take(line.path);
    }
    if (!step.gone->manifest_list.empty()) Take(step.gone->manifest_list);
    return {};
  }

  std::vector<ExpiredFile> files() { return std::move(files_); }

 private:
  // What `next` removed and nothing older needs.
  Result<void> AddRemoved(const ManifestFile& line, const Step& step) {
    FIRN_TRY(const Entries entries, cache_.Get(call_, store_, line));
    for (const ManifestEntry& entry : *entries) {
      if (entry.live() || entry.snapshot_id != step.next->snapshot_id) continue;
      const auto number =
          entry.file_sequence_number ? entry.file_sequence_number : entry.sequence_number;
      // Deletion vectors share their file with others that may be live.
      if (entry.file.content_offset || !number || *number <= step.protected_number) continue;
      Take(entry.file.path);
    }
    return {};
  }

  void Take(const std::string& uri) {
    if (seen_.insert(uri).second) files_.push_back({uri, unused_since_ms_});
  }

  const Call& call_;
  ObjectStore& store_;
  EntryCache& cache_;
  int64_t unused_since_ms_ = 0;
  std::set<std::string> seen_;
  std::vector<ExpiredFile> files_;
};

// The steps of main that begin at an expired snapshot. `metadata` lacks them already.
std::vector<Step> Steps(const TableMetadata& metadata, const Snapshots& expired) {
  std::map<int64_t, const Snapshot*> by_id;
  for (const auto& snapshot : metadata.snapshots) by_id[snapshot->snapshot_id] = snapshot.get();
  std::set<int64_t> gone;
  for (const auto& snapshot : expired) {
    by_id[snapshot->snapshot_id] = snapshot.get();
    gone.insert(snapshot->snapshot_id);
  }
  std::vector<Step> steps;
  std::set<int64_t> main;
  const Snapshot* next = metadata.current_snapshot();
  while (next != nullptr && main.insert(next->snapshot_id).second) {
    const auto parent = next->parent_id ? by_id.find(*next->parent_id) : by_id.end();
    if (parent == by_id.end()) break;
    if (gone.contains(parent->first)) steps.push_back({parent->second, next, 0});
    next = parent->second;
  }
  for (Step& step : steps) {
    for (const auto& stays : metadata.snapshots) {
      const bool after =
          main.contains(stays->snapshot_id) && stays->sequence_number > step.gone->sequence_number;
      if (!after) step.protected_number = std::max(step.protected_number, stays->sequence_number);
    }
  }
  return steps;
}

}  // namespace

Result<std::vector<ExpiredFile>> ExpiredFiles(const Call& call, ObjectStore& store,
                                              EntryCache& cache, const TableMetadata& metadata,
                                              const Snapshots& expired) {
  Collector collector(call, store, cache);
  for (const Step& step : Steps(metadata, expired)) {
    // Without numbers (version 1) it cannot be told what older states need.
    if (step.gone->sequence_number > 0) FIRN_CHECK(collector.Add(step));
  }
  return collector.files();
}

}  // namespace firn::lake
