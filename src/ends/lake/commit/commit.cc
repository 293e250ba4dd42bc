#include "ends/lake/commit/commit.h"

#include <chrono>

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

Error NoTable(const TableIdent& ident) {
  return Error(Kind::kNotFound, "LAKE-TABLE-001", "there is no table `" + ident.Text() + "`")
      .Hint("`firn lake list` shows the tables of this warehouse");
}

}  // namespace

Result<Committer::Known> Committer::Current(const Call& call, const TableIdent& ident) {
  // A slow reader may find the file gone because others went on and cleaned up: it looks again.
  constexpr int kLooksMax = 3;
  std::string seen;
  for (int look = 1;; ++look) {
    FIRN_TRY(const auto entry, catalog_.Find(ident));
    if (!entry || entry->metadata_location.empty()) return Fail(NoTable(ident));
    {
      const std::lock_guard lock(mutex_);
      const auto known = known_.find(ident);
      if (known != known_.end() && known->second.metadata_location == entry->metadata_location)
        return known->second;
    }
    auto loaded = LoadMetadata(call, *store_, entry->metadata_location);
    if (!loaded && look < kLooksMax && seen != entry->metadata_location) {
      seen = entry->metadata_location;
      continue;
    }
    if (!loaded) {
      Error error = std::move(loaded).error();
      if (error.kind() == Kind::kCorrupt && !entry->previous_metadata_location.empty())
        error = std::move(error).Hint("the state before the last commit is in `" +
                                      entry->previous_metadata_location + "`");
      return Fail(std::move(error));
    }
    Known known;
    known.metadata_location = entry->metadata_location;
    known.metadata = std::make_shared<const TableMetadata>(*std::move(loaded));
    Remember(ident, known);
    return known;
  }
}

Result<Table> Committer::LoadTable(const Call& call, const TableIdent& ident) {
  FIRN_TRY(Known known, Current(call, ident));
  return Table(ident, known.metadata, known.metadata_location, store_);
}

Result<CommitBase> Committer::Load(const Call& call, const TableIdent& ident) {
  FIRN_TRY(Known known, Current(call, ident));
  const Snapshot* snapshot = known.metadata->current_snapshot();
  if (known.manifests == nullptr) {
    std::vector<ManifestFile> manifests;
    if (snapshot != nullptr) {
      FIRN_TRY(manifests, LoadManifests(call, *store_, *snapshot));
    }
    known.manifests = std::make_shared<const std::vector<ManifestFile>>(std::move(manifests));
    Remember(ident, known);
  }
  return CommitBase{ident, known.metadata, known.metadata_location, known.manifests, &entries_};
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

Result<std::string> Committer::WriteFirstMetadata(const Call& call, const TableMetadata& metadata) {
  FIRN_TRY(std::string uri, WriteMetadata(call, *store_, {metadata, MetadataJson(metadata), 0}));
  FIRN_CHECK(store_->Settle(call, {uri}));
  return uri;
}

Result<Table> Committer::Commit(const Call& call, const TableIdent& ident, const Change& change) {
  for (int attempt = 0;; ++attempt) {
    FIRN_TRY(const CommitBase base, Load(call, ident));
    FIRN_TRY(CommitDraft draft, change(call, base));
    if (draft.unchanged) return Table(ident, base.metadata, base.metadata_location, store_);
    FIRN_FAULT_POINT("lake.commit.after_manifest_list");

    const auto dropped =
        PushMetadataLog(draft.metadata, {base.metadata_location, base.metadata->last_updated_ms});
    auto location = WriteMetadata(call, *store_,
                                  {draft.metadata, MetadataJson(draft.metadata),
                                   MetadataVersion(base.metadata_location) + 1});
    if (!location) {
      RemoveQuietly(call, draft.written);
      return Fail(std::move(location).error());
    }
    FIRN_FAULT_POINT("lake.commit.after_metadata");
    draft.written.push_back(*location);
    FIRN_CHECK(store_->Settle(call, draft.written));
    FIRN_FAULT_POINT("lake.commit.before_catalog");

    auto outcome = SwapOrFindOut(call, ident, {base.metadata_location, *location});
    if (!outcome) {
      // Files of a commit that may have become true are never removed.
      if (outcome.error().kind() != Kind::kCommitUnknown) RemoveQuietly(call, draft.written);
      return Fail(std::move(outcome).error());
    }
    if (*outcome == Outcome::kCommitted) {
      FIRN_FAULT_POINT("lake.commit.after_catalog");
      Known known;
      known.metadata_location = *location;
      known.metadata = std::make_shared<const TableMetadata>(std::move(draft.metadata));
      known.manifests = draft.manifests || draft.main_moved ? draft.manifests : base.manifests;
      Remember(ident, known);
      if (known.metadata->BoolProperty("write.metadata.delete-after-commit.enabled", false))
        RemoveQuietly(call, dropped);
      CleanUp(call, *known.metadata, draft);
      return Table(ident, known.metadata, known.metadata_location, store_);
    }
    RemoveQuietly(call, draft.written);
    Error conflict = Error(Kind::kConflict, "LAKE-COMMIT-001",
                           "the commit to `" + ident.Text() + "` lost to others every time")
                         .Because("somebody else committed to the table in between")
                         .RetryWithBackoff();
    FIRN_CHECK(WaitToRetry(call, RetryPolicy(*base.metadata), attempt, std::move(conflict)));
  }
}

Result<Committer::Outcome> Committer::SwapOrFindOut(const Call& call, const TableIdent& ident,
                                                    const CatalogSwap& swap) {
  auto swapped = catalog_.Swap(ident, swap);
  if (swapped) return *swapped ? Outcome::kCommitted : Outcome::kNotCommitted;
  const Kind kind = swapped.error().kind();
  const bool unknown = kind == Kind::kCommitUnknown || kind == Kind::kTimeout ||
                       kind == Kind::kUnreachable || kind == Kind::kInternal;
  if (!unknown) return Fail(std::move(swapped).error());
  return FindOut(call, ident, swap);
}

Result<Committer::Outcome> Committer::FindOut(const Call& call, const TableIdent& ident,
                                              const CatalogSwap& swap) {
  const auto unknown = [&](const Error& cause) {
    return Fail(Error(Kind::kCommitUnknown, "LAKE-COMMIT-002",
                      "it is not known whether the commit to `" + ident.Text() + "` took effect")
                    .At(swap.next)
                    .Because(cause.what())
                    .Hint("look at `firn lake history " + ident.Text() + "` before trying again"));
  };
  const Backoff backoff{std::chrono::milliseconds(50), std::chrono::milliseconds(2000), 6};
  for (int attempt = 0;; ++attempt) {
    auto entry = catalog_.Find(ident);
    if (entry) {
      if (!*entry) return unknown(NoTable(ident));
      if ((*entry)->metadata_location == swap.next) return Outcome::kCommitted;
      if ((*entry)->metadata_location == swap.expected) return Outcome::kNotCommitted;
      // Others went on from either state: their log says from which.
      auto current = LoadMetadata(call, *store_, (*entry)->metadata_location);
      if (!current) return unknown(current.error());
      for (const MetadataLogEntry& log : current->metadata_log) {
        if (log.metadata_file == swap.next) return Outcome::kCommitted;
      }
      return Outcome::kNotCommitted;
    }
    Error error = std::move(entry).error();
    const Error shown = error;
    if (!WaitToRetry(call, backoff, attempt, std::move(error).RetryWithBackoff()))
      return unknown(shown);
  }
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
