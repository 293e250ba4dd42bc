#include "ends/lake/maintain/expiry.h"

#include <algorithm>
#include <set>

namespace firn::lake {
namespace {

constexpr std::string_view kConsumerPrefix = "firn.";

std::optional<int64_t> Given(const TableMetadata& metadata, const char* key) {
  const int64_t value = metadata.LongProperty(key, INT64_MIN);
  return value == INT64_MIN ? std::nullopt : std::optional(value);
}

// The ids that a branch needs: its newest ones as far as the rules and its own settings go.
void KeepBranch(const TableMetadata& metadata, const SnapshotRef& ref, const ExpiryRules& rules,
                std::set<int64_t>& kept) {
  const int64_t least = std::max<int64_t>(
      1, ref.min_snapshots_to_keep ? int64_t{*ref.min_snapshots_to_keep} : rules.snapshots_min);
  std::optional<int64_t> older_than_ms = rules.older_than_ms;
  if (ref.max_snapshot_age_ms) older_than_ms = rules.now_ms - *ref.max_snapshot_age_ms;
  int64_t count = 0;
  const Snapshot* at = metadata.FindSnapshot(ref.snapshot_id);
  while (at != nullptr) {
    const bool too_many = rules.snapshots_max && count >= *rules.snapshots_max;
    const bool too_old = older_than_ms && at->timestamp_ms < *older_than_ms;
    if (count >= least && (too_many || too_old)) return;
    kept.insert(at->snapshot_id);
    ++count;
    at = at->parent_id ? metadata.FindSnapshot(*at->parent_id) : nullptr;
  }
}

std::set<int64_t> Ancestors(const TableMetadata& metadata) {
  std::set<int64_t> ids;
  const Snapshot* at = metadata.current_snapshot();
  while (at != nullptr && ids.insert(at->snapshot_id).second)
    at = at->parent_id ? metadata.FindSnapshot(*at->parent_id) : nullptr;
  return ids;
}

}  // namespace

std::optional<ExpiryRules> InlineRules(const TableMetadata& metadata, int64_t now_ms) {
  const auto most = Given(metadata, kMaxSnapshots);
  if (!most) return {};
  ExpiryRules rules;
  rules.now_ms = now_ms;
  if (*most > 0) rules.snapshots_max = most;
  if (const auto age = Given(metadata, kMaxSnapshotAge)) rules.older_than_ms = now_ms - *age;
  if (const auto age = Given(metadata, kMaxRefAge)) rules.refs_unused_ms = now_ms - *age;
  rules.snapshots_min = std::max<int64_t>(1, metadata.LongProperty(kMinSnapshots, 1));
  return rules;
}

Snapshots Expired(TableMetadata& metadata, const ExpiryRules& rules) {
  std::set<int64_t> kept;
  std::vector<std::string> refs_gone;
  for (const auto& [name, ref] : metadata.refs) {
    const Snapshot* head = metadata.FindSnapshot(ref.snapshot_id);
    std::optional<int64_t> older_than_ms = rules.refs_unused_ms;
    if (ref.max_ref_age_ms) older_than_ms = rules.now_ms - *ref.max_ref_age_ms;
    const bool gone = name != kMainBranch &&
                      (head == nullptr || (older_than_ms && head->timestamp_ms < *older_than_ms));
    if (gone) {
      refs_gone.push_back(name);
    } else if (ref.type == "branch") {
      KeepBranch(metadata, ref, rules, kept);
    } else {
      kept.insert(ref.snapshot_id);
    }
  }
  for (const std::string& name : refs_gone) metadata.refs.erase(name);
  const std::set<int64_t> main = Ancestors(metadata);
  int64_t oldest = INT64_MAX;  // number of the oldest one that main keeps
  for (const auto& snapshot : metadata.snapshots) {
    const int64_t id = snapshot->snapshot_id;
    if (kept.contains(id) && main.contains(id))
      oldest = std::min(oldest, snapshot->sequence_number);
  }
  Snapshots expired;
  for (const auto& snapshot : metadata.snapshots) {
    if (kept.contains(snapshot->snapshot_id)) continue;
    // One that no branch has may be about to be made current (staged writes): it stays as long as
    // main keeps anything that old.
    const bool young = rules.older_than_ms && snapshot->timestamp_ms >= *rules.older_than_ms;
    const bool newer = !rules.older_than_ms && snapshot->sequence_number > oldest;
    if (!main.contains(snapshot->snapshot_id) && (young || newer)) continue;
    expired.push_back(snapshot);
  }
  std::sort(expired.begin(), expired.end(),
            [](const auto& a, const auto& b) { return a->sequence_number < b->sequence_number; });
  return expired;
}

std::map<std::string, std::string> CarriedOver(const TableMetadata& metadata,
                                               const Snapshots& expired) {
  const std::set<int64_t> main = Ancestors(metadata);
  std::set<int64_t> gone;
  std::map<std::string, std::string> out;
  for (const auto& snapshot : expired) {
    gone.insert(snapshot->snapshot_id);
    if (!main.contains(snapshot->snapshot_id)) continue;
    for (const auto& [key, value] : snapshot->summary) {
      if (key.starts_with(kConsumerPrefix)) out[key] = value;  // the newest is last
    }
  }
  for (const auto& snapshot : metadata.snapshots) {
    if (gone.contains(snapshot->snapshot_id) || !main.contains(snapshot->snapshot_id)) continue;
    for (const auto& [key, value] : snapshot->summary) out.erase(key);
  }
  return out;
}

void RemoveSnapshots(TableMetadata& metadata, const Snapshots& expired) {
  if (expired.empty()) return;
  std::set<int64_t> gone;
  for (const auto& snapshot : expired) gone.insert(snapshot->snapshot_id);
  std::erase_if(metadata.snapshots,
                [&](const auto& snapshot) { return gone.contains(snapshot->snapshot_id); });
  // The log begins after its last expired entry: with gaps it would tell a history that never was.
  auto& log = metadata.snapshot_log;
  const auto last = std::find_if(log.rbegin(), log.rend(), [&](const SnapshotLogEntry& entry) {
    return gone.contains(entry.snapshot_id);
  });
  log.erase(log.begin(), last.base());
  std::erase_if(metadata.statistics,
                [&](const StatisticsFile& file) { return gone.contains(file.snapshot_id); });
}

}  // namespace firn::lake
