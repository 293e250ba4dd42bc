#include "ends/lake/commit/commit.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

constexpr size_t kKnownTablesMax = 1024;
constexpr size_t kUnusedFilesMax = 100'000;

// Retry properties of the Java reference; the waits are shorter, since the catalog is on this host.
Backoff RetryPolicy(const TableMetadata& metadata) {
  Backoff backoff;
  backoff.first = std::chrono::milliseconds(metadata.LongProperty("commit.retry.min-wait-ms", 10));
  backoff.most = std::chrono::milliseconds(metadata.LongProperty("commit.retry.max-wait-ms", 2000));
  backoff.attempts_max =
      static_cast<int>(metadata.LongProperty("commit.retry.num-retries", 20)) + 1;
  return backoff;
}

// Ids of the snapshots that `next` has and `base` has not.
std::vector<int64_t> NewSnapshots(const TableMetadata& base, const TableMetadata& next) {
  std::vector<int64_t> ids;
  for (auto at = next.snapshots.rbegin(); at != next.snapshots.rend(); ++at) {
    if (base.FindSnapshot((*at)->snapshot_id) != nullptr) break;
    ids.push_back((*at)->snapshot_id);
  }
  return ids;
}

bool HasAny(const TableMetadata& metadata, const std::set<int64_t>& ids) {
  return std::any_of(ids.begin(), ids.end(),
                     [&](int64_t id) { return metadata.FindSnapshot(id) != nullptr; });
}

}  // namespace

Result<Committer::Known> Committer::Current(const Call& call, const TableIdent& ident) {
  std::optional<Known> known;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = known_.find(ident); found != known_.end()) known = found->second;
  }
  FIRN_TRY(auto state, catalog_.Load(call, ident, known ? &known->state : nullptr));
  if (!state) return Fail(NoSuchTable(ident));
  if (known && known->state.metadata == state->metadata) return *std::move(known);
  Known fresh{*std::move(state), nullptr};
  Remember(ident, fresh);
  return fresh;
}

Result<Table> Committer::LoadTable(const Call& call, const TableIdent& ident) {
  FIRN_TRY(Known known, Current(call, ident));
  return Table(ident, known.state.metadata, known.state.metadata_location, store_);
}

Result<CommitBase> Committer::Load(const Call& call, const TableIdent& ident) {
  FIRN_TRY(Known known, Current(call, ident));
  const Snapshot* snapshot = known.state.metadata->current_snapshot();
  if (known.manifests == nullptr) {
    std::vector<ManifestFile> manifests;
    if (snapshot != nullptr) {
      FIRN_TRY(manifests, LoadManifests(call, *store_, *snapshot));
    }
    known.manifests = std::make_shared<const std::vector<ManifestFile>>(std::move(manifests));
    Remember(ident, known);
  }
  return CommitBase{ident, known.state.metadata, known.state.metadata_location, known.manifests,
                    &entries_};
}

void Committer::Remember(const TableIdent& ident, Known known) {
  const std::lock_guard lock(mutex_);
  if (known_.size() >= kKnownTablesMax && !known_.contains(ident)) known_.clear();
  known_[ident] = std::move(known);
}

void Committer::Forget(const TableIdent& ident) {
  const std::lock_guard lock(mutex_);
  known_.erase(ident);
}

Result<Table> Committer::Commit(const Call& call, const TableIdent& ident, const Change& change) {
  // Snapshots of attempts whose outcome could not be seen: one that shows up later is the commit.
  std::set<int64_t> unclear;
  for (int attempt = 0;; ++attempt) {
    FIRN_TRY(const CommitBase base, Load(call, ident));
    if (HasAny(*base.metadata, unclear))
      return Table(ident, base.metadata, base.metadata_location, store_);
    FIRN_TRY(CommitDraft draft, change(call, base));
    if (draft.unchanged) return Table(ident, base.metadata, base.metadata_location, store_);
    FIRN_FAULT_POINT("lake.commit.after_manifest_list");

    const auto made = NewSnapshots(*base.metadata, draft.metadata);
    const TableState from{base.metadata_location, base.metadata};
    auto outcome = catalog_.Commit(call, ident, {from, std::move(draft.metadata), draft.written});
    if (!outcome) {
      // Files of a commit that may have become true are never removed.
      if (outcome.error().kind() != Kind::kCommitUnknown) RemoveQuietly(call, draft.written);
      return Fail(std::move(outcome).error());
    }
    if (outcome->how == CommitOutcome::How::kCommitted)
      return Committed(call, ident, base, std::move(draft), *std::move(outcome));
    if (outcome->how == CommitOutcome::How::kUnclear) {
      unclear.insert(made.begin(), made.end());
    } else {
      RemoveQuietly(call, draft.written);
    }
    Error conflict = Error(Kind::kConflict, "LAKE-COMMIT-001",
                           "the commit to `" + ident.Text() + "` lost to others every time")
                         .Because("somebody else committed to the table in between")
                         .RetryWithBackoff();
    auto again = WaitToRetry(call, RetryPolicy(*base.metadata), attempt, conflict);
    if (again) continue;
    if (!unclear.empty()) return Fail(UnknownCommit(ident, again.error()));
    return Fail(std::move(again).error());
  }
}

Table Committer::Committed(const Call& call, const TableIdent& ident, const CommitBase& base,
                           CommitDraft draft, CommitOutcome outcome) {
  FIRN_FAULT_POINT("lake.commit.after_catalog");
  Known known{std::move(outcome.state), nullptr};
  const TableMetadata& metadata = *known.state.metadata;
  // The catalog's answer may hold what others committed since.
  if (outcome.as_asked)
    known.manifests = draft.manifests || draft.main_moved ? draft.manifests : base.manifests;
  Remember(ident, known);
  if (metadata.BoolProperty("write.metadata.delete-after-commit.enabled", false))
    RemoveQuietly(call, outcome.let_go);
  CleanUp(call, metadata, draft);
  return Table(ident, known.state.metadata, known.state.metadata_location, store_);
}

void Committer::CleanUp(const Call& call, const TableMetadata& metadata, const CommitDraft& draft) {
  RemoveQuietly(call, draft.superseded);
  if (!metadata.BoolProperty("gc.enabled", true)) return;
  auto files = ExpiredFiles(call, *store_, entries_, metadata, draft.expired);
  if (!files) {
    log::Warn("lake.expired_files_kept", {{"error", files.error().OneLine()}});
    files = std::vector<ExpiredFile>();
  }
  const int64_t grace_ms = metadata.LongProperty(kDeleteGrace, kDeleteGraceMs);
  const int64_t now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(call.clock->Now().time_since_epoch())
          .count();
  std::vector<std::string> due;
  {
    const std::lock_guard lock(mutex_);
    for (ExpiredFile& file : *files) unused_.emplace(file.unused_since_ms + grace_ms, file.uri);
    while (!unused_.empty() &&
           (unused_.begin()->first <= now_ms || unused_.size() > kUnusedFilesMax)) {
      // Beyond the limit they are left as orphans, never removed too early.
      if (unused_.begin()->first <= now_ms) due.push_back(std::move(unused_.begin()->second));
      unused_.erase(unused_.begin());
    }
  }
  RemoveQuietly(call, due);
}

void Committer::RemoveQuietly(const Call& call, const std::vector<std::string>& uris) {
  for (const std::string& uri : uris) {
    // A file that stays is an orphan that `firn lake files --orphans` reports; no reason to fail.
    if (auto removed = store_->Remove(call, uri); !removed)
      log::Warn("lake.file_not_removed", {{"uri", uri}, {"error", removed.error().OneLine()}});
  }
}

}  // namespace firn::lake
