#include "ends/lake/merge/changelog.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <sstream>

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "ends/lake/commit/row_delta.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/merge/attempt.h"
#include "ends/lake/merge/changelog_rows.h"
#include "ends/lake/merge/write.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/write/partitions.h"

namespace firn::lake {
namespace {

constexpr std::string_view kNameEnd = "__changelog";
// In both tables: what of the mirror's changes is told by this state.
constexpr const char* kConsumer = "changelog";
constexpr const char* kCheckpoint = "firn.checkpoint.changelog";
// In a merge's own snapshot of the mirror: its parent. A snapshot that got the member from an
// expired one has another parent.
constexpr const char* kMergedOn = "firn.changelog.merged-on";
// Property of a log: the mirror's snapshot at which it begins.
constexpr const char* kSince = "firn.changelog.since";
constexpr int kSettleAttempts = 20;

// `<number> <rows> <bytes> <uri>`: the commit of that number has its rows in that file.
struct Promise {
  int64_t number = 0;
  DataFile file;
};

std::string PromiseText(int64_t number, const DataFile& file) {
  return std::to_string(number) + " " + std::to_string(file.record_count) + " " +
         std::to_string(file.file_size_bytes) + " " + file.path;
}

std::optional<Promise> PromiseOf(const Table& mirror) {
  const auto text = CheckpointOf(mirror, kConsumer);
  if (!text) return std::nullopt;
  std::istringstream words(*text);
  Promise promise;
  words >> promise.number >> promise.file.record_count >> promise.file.file_size_bytes >> std::ws;
  std::getline(words, promise.file.path);
  return words.fail() ? std::nullopt : std::optional(std::move(promise));
}

// `<number> <snapshot>`: the log's last commit, and the mirror's snapshot that it told last.
struct Told {
  int64_t number = 0;
  int64_t snapshot = -1;
};

Told ToldBy(const Table& log) {
  Told told;
  const auto since = log.properties().find(kSince);
  if (since != log.properties().end())
    std::from_chars(since->second.data(), since->second.data() + since->second.size(),
                    told.snapshot);
  const auto text = CheckpointOf(log, kConsumer);
  if (!text) return told;
  std::istringstream words(*text);
  Told read;
  words >> read.number >> read.snapshot;
  return words.fail() ? told : read;
}

int64_t SnapshotIdOf(const Table& table) {
  const auto snapshot = table.current_snapshot();
  return snapshot ? snapshot->snapshot_id : -1;
}

// The merge that made the promise; later snapshots carry it on.
int64_t SnapshotPromising(const Table& mirror, const Promise& promise) {
  const std::string text = PromiseText(promise.number, promise.file);
  const TableMetadata& metadata = mirror.metadata();
  const Snapshot* at = metadata.current_snapshot();
  int64_t found = SnapshotIdOf(mirror);
  for (size_t seen = 0; at != nullptr && seen < metadata.snapshots.size(); ++seen) {
    const auto told = at->summary.find(kCheckpoint);
    if (told != at->summary.end() && told->second != text) break;
    if (told != at->summary.end()) found = at->snapshot_id;
    at = at->parent_id ? metadata.FindSnapshot(*at->parent_id) : nullptr;
  }
  return found;
}

bool ChangesRows(const Snapshot& snapshot) {
  if (snapshot.operation == "replace") return false;
  const auto is_set = [&](const char* name) {
    const auto found = snapshot.summary.find(name);
    return found != snapshot.summary.end() && found->second != "0";
  };
  return is_set("added-data-files") || is_set("deleted-data-files") ||
         is_set("added-delete-files") || is_set("removed-delete-files");
}

// A merge's, or an erasure's, which took its record out of the log as well.
bool IsTold(const Snapshot& snapshot) {
  if (snapshot.summary.contains("firn.erased")) return true;
  const auto found = snapshot.summary.find(kMergedOn);
  return found != snapshot.summary.end() &&
         found->second == std::to_string(snapshot.parent_id.value_or(-1));
}

// Snapshots since the one that was told last whose changes no merge made, oldest first.
std::vector<LogGap> GapsSince(const Table& mirror, int64_t told) {
  const TableMetadata& metadata = mirror.metadata();
  std::vector<LogGap> gaps;
  const Snapshot* at = metadata.current_snapshot();
  for (size_t seen = 0; at != nullptr && at->snapshot_id != told; ++seen) {
    if (seen > metadata.snapshots.size()) break;
    if (!IsTold(*at) && ChangesRows(*at))
      gaps.push_back({"snapshot:" + std::to_string(at->snapshot_id), at->operation});
    at = at->parent_id ? metadata.FindSnapshot(*at->parent_id) : nullptr;
  }
  // It is there, but the table goes on from an older one.
  if (at == nullptr && metadata.FindSnapshot(told) != nullptr)
    gaps.push_back({"snapshot:" + std::to_string(SnapshotIdOf(mirror)), "rollback"});
  std::reverse(gaps.begin(), gaps.end());
  return gaps;
}

int64_t NowUs(const Call& call) {
  return std::chrono::duration_cast<std::chrono::microseconds>(call.clock->Now().time_since_epoch())
      .count();
}

// `true`, the name of a log, or empty: there is none.
std::string PropertyOf(const Table& mirror) {
  const auto found = mirror.properties().find(kChangelogProperty);
  if (found == mirror.properties().end() || found->second == "false") return {};
  return found->second;
}

TableIdent LogIdent(const TableIdent& mirror) {
  return {mirror.ns, mirror.name + std::string(kNameEnd)};
}

Result<Table> MadeLog(const Call& call, Lake& lake, const TableIdent& ident, const Table& mirror) {
  auto log = lake.Load(ident);
  if (log || log.error().kind() != Kind::kNotFound) return log;
  auto made = lake.Create(
      call, ident, LogSchema(mirror.schema()),
      {{kChangelogOf, mirror.ident().Text()}, {kSince, std::to_string(SnapshotIdOf(mirror))}});
  // Another process was quicker.
  if (!made && made.error().kind() == Kind::kConflict) return lake.Load(ident);
  return made;
}

}  // namespace

bool IsChangelogName(std::string_view table) { return table.ends_with(kNameEnd); }

Result<std::optional<Changelog>> Changelog::Open(const Call& call, Lake& lake, Table& mirror,
                                                 const MergeOptions& options) {
  using Wish = MergeOptions::Changelog;
  const std::string property = PropertyOf(mirror);
  const bool is_on = !property.empty();
  const bool wanted =
      options.changelog == Wish::kOn || (options.changelog == Wish::kAsTable && is_on);
  if (!wanted && !is_on) return std::nullopt;
  if (!wanted) {
    FIRN_TRY(mirror,
             lake.SetProperties(call, mirror.ident(), {{kChangelogProperty, std::nullopt}}));
    return std::nullopt;
  }
  TableIdent ident = LogIdent(mirror.ident());
  if (is_on && property != "true") {
    FIRN_TRY(ident, ParseTableIdent(property));
  }
  FIRN_TRY(Table log, MadeLog(call, lake, ident, mirror));
  FIRN_FAULT_POINT("lake.changelog.made");
  if (!is_on) {
    FIRN_TRY(mirror,
             lake.SetProperties(call, mirror.ident(), {{kChangelogProperty, ident.Text()}}));
  }
  Changelog out(lake, std::move(log));
  FIRN_CHECK(out.Settle(call, mirror));
  return out;
}

Result<void> Changelog::Settle(const Call& call, const Table& mirror,
                               const std::optional<DataFile>& file) {
  const auto promise = PromiseOf(mirror);
  if (!promise || promise->number <= settled_) return {};
  const std::string mark =
      std::to_string(promise->number) + " " + std::to_string(SnapshotPromising(mirror, *promise));
  const bool at_hand = file && file->path == promise->file.path;
  for (int attempt = 0; attempt < kSettleAttempts; ++attempt) {
    FIRN_TRY(log_, lake_->Load(log_.ident()));
    settled_ = ToldBy(log_).number;
    if (promise->number <= settled_) return {};
    DataFile rows = at_hand ? *file : promise->file;
    if (auto size = log_.store()->Size(call, rows.path); !size) {
      if (size.error().kind() != Kind::kNotFound) return Fail(std::move(size).error());
      FIRN_TRY(rows, LostFile(call, promise->number));
    }
    FIRN_TRY(const bool appended, Append(call, rows, mark));
    if (!appended) {
      if (rows.path != promise->file.path) (void)log_.store()->Remove(call, rows.path);
      continue;
    }
    settled_ = promise->number;
    FIRN_FAULT_POINT("lake.changelog.appended");
    return {};
  }
  return Fail(Error(Kind::kConflict, "LAKE-COMMIT-001",
                    "table `" + log_.ident().Text() + "` changes too often to be written"));
}

// False: others wrote to the log meanwhile, and may have appended the same.
Result<bool> Changelog::Append(const Call& call, const DataFile& file, const std::string& mark) {
  RowDeltaOptions options;
  options.commit.since_snapshot = SnapshotIdOf(log_);
  options.commit.summary = {{kCheckpoint, mark}};
  options.others_rows_conflict = true;
  FIRN_TRY(const auto placed, PlaceInPartitions(call, log_, {file}));
  RowDelta delta;
  delta.added_rows = placed;
  auto after = lake_->CommitRowDelta(call, log_.ident(), delta, options);
  // Laid out in partitions, its rows are in other files now.
  const bool copied = placed.size() != 1 || placed.front().path != file.path;
  if (after) {
    log_ = *std::move(after);
    if (copied) (void)log_.store()->Remove(call, file.path);
    return true;
  }
  const bool others = after.error().code() == "LAKE-COMMIT-006";
  if (others && copied) {
    for (const DataFile& one : placed) (void)log_.store()->Remove(call, one.path);
  }
  if (others) return false;
  return Fail(std::move(after).error());
}

// The file was removed by somebody: that its changes are missing is told.
Result<DataFile> Changelog::LostFile(const Call& call, int64_t number) {
  log::Warn("lake.changelog_lost", {{"table", log_.ident().Text()}, {"commit", number}});
  const MergeAttempt none;
  const record::Schema no_columns;
  FIRN_TRY(const auto rows, LogRows({log_.schema(),
                                     no_columns,
                                     none,
                                     {{"commit:" + std::to_string(number), "lost"}},
                                     number,
                                     NowUs(call),
                                     {},
                                     {}}));
  MergeFileWriter writer(log_, {});
  FIRN_CHECK(writer.Write(call, rows));
  return writer.Close();
}

Result<void> Changelog::FollowSchema(const Call& call, const record::Schema& mirror) {
  if (mirror.fields == mirror_schema_.fields) return {};
  const auto derive = [&](const Table& log) -> Result<record::Schema> {
    return LogSchemaWith(log.schema(), mirror, log.last_column_id());
  };
  FIRN_TRY(const record::Schema wanted, derive(log_));
  if (wanted.fields != log_.schema().fields) {
    FIRN_TRY(log_, lake_->EvolveSchema(call, log_.ident(), derive));
  }
  mirror_schema_ = mirror;
  return {};
}

Result<void> Changelog::Write(const Call& call, const MergeState& state, const MergeCommit& commit,
                              MergeAttempt& attempt) {
  FIRN_CHECK(FollowSchema(call, state.table.schema()));
  const Told told = ToldBy(log_);
  const auto promise = PromiseOf(state.table);
  const int64_t number = std::max(told.number, promise ? promise->number : 0) + 1;
  FIRN_TRY(const auto rows, LogRows({log_.schema(), state.table.schema(), attempt,
                                     GapsSince(state.table, told.snapshot), number, NowUs(call),
                                     commit.source.consumer, commit.source.position}));
  attempt.delta.summary[kMergedOn] = std::to_string(attempt.base_snapshot);
  if (rows == nullptr) return {};
  MergeFileWriter writer(log_, {state.options.plain_encoding, 0});
  FIRN_CHECK(writer.Write(call, rows));
  FIRN_TRY(attempt.log_file, writer.Close());
  attempt.delta.summary[kCheckpoint] = PromiseText(number, *attempt.log_file);
  FIRN_FAULT_POINT("lake.changelog.written");
  return {};
}

Result<void> SettleChangelog(const Call& call, Lake& lake, const TableIdent& ident) {
  FIRN_TRY(Table mirror, lake.Load(ident));
  if (const auto of = mirror.properties().find(kChangelogOf); of != mirror.properties().end()) {
    FIRN_TRY(const TableIdent named, ParseTableIdent(of->second));
    auto found = lake.Load(named);
    // The mirror is gone: nobody promises anything any more.
    if (!found && found.error().kind() == Kind::kNotFound) return {};
    FIRN_TRY(mirror, std::move(found));
  }
  if (PropertyOf(mirror).empty()) return {};
  MergeOptions options;
  options.table = mirror.ident();
  FIRN_CHECK(Changelog::Open(call, lake, mirror, options));
  return {};
}

}  // namespace firn::lake
