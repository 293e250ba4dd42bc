#include "ends/lake/merge/merge.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "core/base/nearest.h"
#include "ends/lake/commit/lineage.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/merge/attempt.h"
#include "ends/lake/merge/changelog.h"
#include "ends/lake/merge/checkpoints.h"
#include "ends/lake/merge/feed.h"
#include "ends/lake/merge/key_index_file.h"
#include "ends/lake/merge/read.h"
#include "ends/lake/write/partitions.h"

namespace firn::lake {
namespace {

using record::Field;
using record::TypeId;

// More than this is committed before anything else is fed: texts of one column must stay below 2
// GiB in memory.
constexpr int64_t kWaitingBytesMax = 1LL << 30;
constexpr int kPendingShown = 5;
constexpr int kCurrentBatchRows = 4096;

Result<const Field*> ColumnNamed(const Table& table, const std::string& name) {
  const Field* field = table.schema().Find(name);
  if (field != nullptr) return field;
  std::vector<std::string> names;
  for (const Field& known : table.schema().fields) names.push_back(known.name);
  return Fail(Error(Kind::kNotFound, "LAKE-COLUMN-001",
                    "table `" + table.ident().Text() + "` has no column `" + name + "`" +
                        DidYouMean(name, names)));
}

Error WrongType(const Table& table, const Field& field, const char* allowed) {
  return Error(Kind::kUnsupported, "LAKE-MERGE-001",
               "table `" + table.ident().Text() + "` cannot be merged into")
      .Because("column `" + field.name + "` is " + record::TypeText(field.type) + ", not " +
               allowed);
}

Result<void> CheckMergeable(const Table& table, const MergeOptions& options) {
  FIRN_CHECK(Partitioner::For(table));
  FIRN_TRY(const Field* key, ColumnNamed(table, options.key));
  if (key->type.id != TypeId::kString && key->type.id != TypeId::kInt &&
      key->type.id != TypeId::kLong)
    return Fail(WrongType(table, *key, "string, int or long: no key"));
  if (options.order_column.empty()) return {};
  FIRN_TRY(const Field* order, ColumnNamed(table, options.order_column));
  if (order->type.id != TypeId::kLong && order->type.id != TypeId::kTimestamptz &&
      order->type.id != TypeId::kTimestamp)
    return Fail(WrongType(table, *order, "long or a timestamp: no ordering number"));
  return {};
}

Result<Table> WithSoftColumns(const Call& call, Lake& lake, Table table,
                              const MergeOptions& options) {
  if (options.deletes != MergeOptions::Deletes::kSoft) return table;
  const auto derive = [](const Table& now) -> Result<record::Schema> {
    return WithSoftDeleteColumns(now.schema(), now.last_column_id());
  };
  FIRN_TRY(const record::Schema wanted, derive(table));
  if (wanted.fields == table.schema().fields) {
    const Field* deleted = table.schema().Find(kDeletedColumn);
    const Field* at = table.schema().Find(kDeletedAtColumn);
    if (deleted->type.id != TypeId::kBoolean) return Fail(WrongType(table, *deleted, "boolean"));
    if (at->type.id != TypeId::kTimestamptz) return Fail(WrongType(table, *at, "timestamptz"));
    return table;
  }
  return lake.EvolveSchema(call, options.table, derive);
}

// Whether rows that were written into the one's files have the other one's columns.
bool SameColumns(const Table& a, const Table& b) {
  return a.schema().fields == b.schema().fields && KeepsLineage(a) == KeepsLineage(b);
}

int64_t SnapshotIdOf(const Table& table) {
  const auto snapshot = table.current_snapshot();
  return snapshot ? snapshot->snapshot_id : -1;
}

class TableMerger final : public Merger {
 public:
  TableMerger(Lake& lake, MergeState state, IndexOwner owner, std::optional<Changelog> changelog)
      : lake_(lake),
        state_(std::move(state)),
        owner_(std::move(owner)),
        changelog_(std::move(changelog)) {}

  Result<void> Start(const Call& call) {
    if (state_.options.index_path.empty()) {
      FIRN_TRY(state_.options.index_path, DefaultIndexPath(state_.table, owner_));
    }
    const auto found = LoadKeyIndex(state_.options.index_path, owner_, state_.files, state_.orders);
    FIRN_CHECK(state_.files.Follow(call, state_.table));
    state_.fold.Begin(state().rows_dead);
    const auto& followed = state_.files.followed();
    if (found)
      index_ = followed.files_scanned + followed.files_removed == 0 &&
                       *found == SnapshotIdOf(state_.table)
                   ? MergerState::Index::kLoaded
                   : MergerState::Index::kRepaired;
    return {};
  }

  const Table& table() const override { return state_.table; }

  MergerState state() const override {
    MergerState out;
    for (const MergeFile& file : state_.files.all()) {
      if (!file.live) continue;
      ++out.data_files;
      out.rows += file.rows_live();
      out.rows_dead += file.dead.count();
    }
    out.index_bytes = state_.files.index().bytes();
    out.index_bytes_peak = state_.files.index().bytes_peak();
    out.row_cache_bytes = state_.cache.bytes();
    out.duplicate_keys = static_cast<int64_t>(state_.files.duplicates().size());
    out.index = index_;
    return out;
  }

  Result<void> Upsert(std::shared_ptr<arrow::RecordBatch> batch,
                      const UpsertOptions& options) override {
    return Take(FeedWhole(Target(), *batch, options));
  }

  Result<void> Update(std::shared_ptr<arrow::RecordBatch> batch,
                      const UpdateOptions& options) override {
    return Take(FeedPartial(Target(), *batch, options));
  }

  Result<void> Delete(std::span<const std::string> keys, const DeleteOptions& options) override {
    FeedKeysOptions feed;
    feed.kind = Soft() ? ChangeBatch::Kind::kPartial : ChangeBatch::Kind::kDelete;
    feed.orders = options.orders;
    feed.deleted_at_us = options.deleted_at_us != 0 ? options.deleted_at_us : NowUs();
    return Take(FeedKeys(Target(), keys, feed));
  }

  Result<void> Undelete(std::span<const std::string> keys, Orders orders) override {
    return Take(FeedKeys(Target(), keys, {ChangeBatch::Kind::kPartial, false, 0, orders}));
  }

  int64_t changes_waiting() const override { return state_.changes.count(); }
  int64_t bytes_waiting() const override { return state_.changes.bytes(); }

  Result<std::vector<std::string>> Pending(const Call& call) override {
    FIRN_CHECK(RefreshIfStale(call));
    const MergePlan plan = PlanMerge(
        state_.changes, state_.files.index(), [this](uint32_t key, const std::optional<RowPlace>&) {
          return state_.orders.Get(state_.changes.keys()[key].key, kNoOrder);
        });
    return KeyTexts(plan.pending);
  }

  Result<CurrentRows> Current(const Call& call, std::span<const std::string> keys) override;
  Result<MergeReport> Commit(const Call& call, const MergeCommit& commit) override;

  void Drop() override { state_.changes.Clear(); }

  Result<void> Refresh(const Call& call) override {
    FIRN_TRY(const Table now, lake_.Load(state_.options.table));
    FIRN_CHECK(Follow(call, now));
    stale_ = false;
    return {};
  }

  Result<void> SaveIndex(const Call& call) override {
    FIRN_CHECK(RefreshIfStale(call));
    return SaveKeyIndex(state_.options.index_path, owner_, SnapshotIdOf(state_.table), state_.files,
                        state_.orders);
  }

 private:
  [[nodiscard]] bool Soft() const { return state_.options.deletes == MergeOptions::Deletes::kSoft; }
  [[nodiscard]] FeedTarget Target() const {
    return {state_.table, state_.options.key, state_.files.seed()};
  }
  static int64_t NowUs() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               SystemClock().Now().time_since_epoch())
        .count();
  }

  Result<void> Take(Result<FedBatch> fed) {
    if (!fed) return Fail(std::move(fed).error());
    if (state_.changes.bytes() > kWaitingBytesMax)
      return Fail(Error(Kind::kLimitReached, "LAKE-MERGE-007", "too many changes are waiting")
                      .Because(std::to_string(state_.changes.bytes()) +
                               " bytes were fed since the last commit")
                      .Hint("commit them first"));
    state_.changes.Add(std::move(fed->batch), fed->keys);
    return {};
  }

  Result<void> Follow(const Call& call, const Table& now) {
    FIRN_CHECK(CheckMergeable(now, state_.options));
    if (!SameColumns(now, state_.table)) state_.cache.Clear();
    FIRN_CHECK(state_.files.Follow(call, now));
    // Numbers of files that are gone may be given away again.
    for (uint32_t at = 0; at < state_.files.all().size(); ++at) {
      if (state_.files.followed().files_removed > 0) state_.cache.Remove(at);
    }
    state_.table = now;
    return {};
  }

  Result<void> RefreshIfStale(const Call& call) { return stale_ ? Refresh(call) : Result<void>(); }

  std::vector<std::string> KeyTexts(const std::vector<uint32_t>& keys) const {
    std::vector<std::string> texts;
    for (const uint32_t key : keys) {
      const Change& newest = state_.changes.change(state_.changes.keys()[key].newest);
      texts.push_back(state_.changes.batch_of(newest).KeyText(newest.row));
    }
    return texts;
  }

  Result<void> CheckPending(const MergePlan& plan, const MergeCommit& commit) const {
    if (plan.pending.empty() || commit.pending == MergeCommit::Pending::kLeave) return {};
    std::string shown;
    for (const std::string& key : KeyTexts(
             {plan.pending.begin(),
              plan.pending.begin() + std::min<ptrdiff_t>(kPendingShown, std::ssize(plan.pending))}))
      shown += (shown.empty() ? "`" : ", `") + key + "`";
    return Fail(
        Error(Kind::kConflict, "LAKE-MERGE-004",
              std::to_string(plan.pending.size()) + " changed rows are not in the table as a whole")
            .At(state_.options.table.Text())
            .Because("only some columns came of " + shown)
            .Hint("fetch these rows and upsert them whole"));
  }

  // Works the changes out on the state that is followed now.
  Result<MergeAttempt> Prepare(const Call& call, const MergeCommit& commit) {
    if (commit.lease_epoch)
      FIRN_CHECK(CheckLeaseEpoch(state_.table, {commit.lease, *commit.lease_epoch}));
    // What an earlier commit promised comes before what is worked out on it.
    if (changelog_) FIRN_CHECK(changelog_->Settle(call, state_.table));
    auto attempt = PrepareMerge(call, state_);
    if (!attempt && attempt.error().code() == "LAKE-MERGE-009") {
      log::Warn("lake.key_index_rebuilt",
                {{"table", state_.options.table.Text()}, {"why", attempt.error().OneLine()}});
      FIRN_CHECK(Rebuild(call));
      attempt = PrepareMerge(call, state_);
    }
    if (!attempt) return attempt;
    auto fine = CheckPending(attempt->plan, commit);
    if (fine && changelog_ && Commits(*attempt, commit))
      fine = changelog_->Write(call, state_, commit, *attempt);
    if (fine) return attempt;
    RemoveFiles(call, *attempt, *state_.table.store());
    return Fail(std::move(fine).error());
  }

  static bool Commits(const MergeAttempt& attempt, const MergeCommit& commit) {
    const RowDelta& delta = attempt.delta;
    return !delta.added_rows.empty() || !delta.added_deletes.empty() ||
           !delta.removed_rows.empty() || !delta.removed_deletes.empty() ||
           !commit.checkpoints.empty() || !commit.summary.empty();
  }

  // The commit is true whatever comes of this: what fails now is done before the next one.
  void TellChangelog(const Call& call, const Table& after, const MergeAttempt& attempt) {
    if (!changelog_) return;
    if (auto settled = changelog_->Settle(call, after, attempt.log_file); !settled)
      log::Warn("lake.changelog_late",
                {{"table", state_.options.table.Text()}, {"why", settled.error().OneLine()}});
  }

  Result<void> Rebuild(const Call& call) {
    state_.cache.Clear();
    state_.files = MergeFiles(state_.options.key, state_.files.seed());
    index_ = MergerState::Index::kRebuilt;
    return state_.files.Follow(call, state_.table);
  }

  static CommitOptions OptionsFor(const MergeCommit& commit) {
    CommitOptions options;
    options.summary = commit.summary;
    for (const auto& [consumer, checkpoint] : commit.checkpoints)
      options.summary["firn.checkpoint." + consumer] = checkpoint;
    if (commit.lease_epoch) options.lease = LeaseTerm{commit.lease, *commit.lease_epoch};
    return options;
  }

  // Of the files that the commit added. It took effect: what cannot be told is looked up later.
  std::map<std::string, int64_t> RowIdsAfter(const Call& call, const Table& after) {
    if (!KeepsLineage(after)) return {};
    auto ids = FirstRowIds(call, after);
    if (ids) return *std::move(ids);
    log::Warn("lake.row_ids_unknown",
              {{"table", state_.options.table.Text()}, {"why", ids.error().OneLine()}});
    stale_ = true;
    return {};
  }

  Result<Table> CommitAttempt(const Call& call, const MergeCommit& commit, MergeAttempt& attempt,
                              int& attempts);
  MergeReport Report(const MergeAttempt& attempt) const;

  Lake& lake_;
  MergeState state_;
  IndexOwner owner_;
  MergerState::Index index_ = MergerState::Index::kRebuilt;
  bool stale_ = false;  // an unknown outcome: the table must be looked at again
  std::optional<Changelog> changelog_;
};

Result<Table> TableMerger::CommitAttempt(const Call& call, const MergeCommit& commit,
                                         MergeAttempt& attempt, int& attempts) {
  RowDeltaOptions options;
  options.commit = OptionsFor(commit);
  options.commit.since_snapshot = attempt.base_snapshot;
  options.others_rows_conflict = true;
  options.resolve = [&](const Call& inner, const Table& now) -> Result<RowDelta> {
    ++attempts;
    FIRN_CHECK(Follow(inner, now));
    FIRN_TRY(MergeAttempt next, Prepare(inner, commit));
    // The commit removes the table's own files.
    if (attempt.log_file) (void)now.store()->Remove(inner, attempt.log_file->path);
    attempt = std::move(next);
    return attempt.delta;
  };
  auto after = lake_.CommitRowDelta(call, state_.options.table, attempt.delta, options);
  if (after) return after;
  if (after.error().kind() == Kind::kCommitUnknown) {
    state_.changes.Clear();
    stale_ = true;
  } else {
    RemoveFiles(call, attempt, *state_.table.store());
  }
  return after;
}

MergeReport TableMerger::Report(const MergeAttempt& attempt) const {
  MergeReport report;
  for (const RowPlan& write : attempt.plan.writes)
    ++(write.now ? report.rows_updated : report.rows_inserted);
  report.rows_deleted =
      static_cast<int64_t>(attempt.plan.deletes.size()) + attempt.plan.soft_deletes;
  report.changes = state_.changes.count();
  report.changes_stale = attempt.plan.stale;
  report.changes_without_row = attempt.plan.without_row;
  report.pending = KeyTexts(attempt.plan.pending);
  report.data_files_added = std::ssize(attempt.delta.added_rows);
  for (const DataFile& file : attempt.delta.added_rows) report.data_files.push_back(file.path);
  report.data_files_removed = std::ssize(attempt.delta.removed_rows);
  report.delete_files_added = std::ssize(attempt.delta.added_deletes);
  report.rows_folded = attempt.rows_folded;
  report.rows_from_file = attempt.rows_from_file;
  report.rows_from_cache = attempt.rows_from_cache;
  for (const auto* files : {&attempt.delta.added_rows, &attempt.delta.added_deletes}) {
    for (const DataFile& file : *files) report.bytes_written += file.file_size_bytes;
  }
  return report;
}

Result<CurrentRows> TableMerger::Current(const Call& call, std::span<const std::string> keys) {
  FIRN_CHECK(RefreshIfStale(call));
  const bool texts = state_.table.schema().Find(state_.options.key)->type.id == TypeId::kString;
  std::vector<RowPlace> places;
  CurrentRows current;
  current.at.assign(keys.size(), -1);
  std::vector<size_t> asked;
  for (size_t i = 0; i < keys.size(); ++i) {
    int64_t number = 0;
    const char* const end = keys[i].data() + keys[i].size();
    if (!texts && std::from_chars(keys[i].data(), end, number).ptr != end) continue;
    const auto place = state_.files.index().Find(texts ? KeyOfText(keys[i], state_.files.seed())
                                                       : KeyOfNumber(number));
    if (!place) continue;
    places.push_back(*place);
    asked.push_back(i);
  }
  if (places.empty()) return current;
  FIRN_TRY(FetchedRows fetched, FetchRows(call, *state_.table.store(), state_.files, state_.cache,
                                          SourceOf(state_.table, kCurrentBatchRows), places));
  current.rows = std::move(fetched.rows);
  for (size_t i = 0; i < asked.size(); ++i) current.at[asked[i]] = fetched.at[i];
  return current;
}

Result<MergeReport> TableMerger::Commit(const Call& call, const MergeCommit& commit) {
  FIRN_CHECK(RefreshIfStale(call));
  FIRN_TRY(MergeAttempt attempt, Prepare(call, commit));
  MergeReport report;
  int attempts = 1;
  if (Commits(attempt, commit)) {
    FIRN_TRY(const Table after, CommitAttempt(call, commit, attempt, attempts));
    FIRN_FAULT_POINT("lake.merge.committed");
    TellChangelog(call, after, attempt);
    report = Report(attempt);
    const std::vector<uint32_t> pending = attempt.plan.pending;
    const int64_t base = attempt.base_snapshot;
    EnterMerge(std::move(attempt), after, RowIdsAfter(call, after), state_);
    state_.changes.KeepOnly(pending);
    // Others may have committed what is no conflict, before or after.
    if (after.current_snapshot()->parent_id.value_or(-1) == base) {
      if (!SameColumns(after, state_.table)) state_.cache.Clear();
      state_.table = after;
    } else {
      FIRN_CHECK(Follow(call, after));
    }
  } else {
    report = Report(attempt);
    state_.changes.KeepOnly(attempt.plan.pending);
  }
  report.attempts = attempts;
  report.snapshot_id = SnapshotIdOf(state_.table);
  report.metadata_location = state_.table.metadata_location();
  return report;
}

}  // namespace

Result<std::unique_ptr<Merger>> Merger::Open(const Call& call, Lake& lake,
                                             const MergeOptions& options) {
  FIRN_TRY(Table table, lake.Load(options.table));
  FIRN_TRY(table, WithSoftColumns(call, lake, std::move(table), options));
  FIRN_CHECK(CheckMergeable(table, options));
  FIRN_TRY(auto changelog, Changelog::Open(call, lake, table, options));
  const IndexOwner owner{table.metadata().table_uuid, table.schema().Find(options.key)->id};
  const HashSeed seed{call.random->Next(), call.random->Next()};
  MergeState state{options,
                   table,
                   MergeFiles(options.key, seed),
                   RowCache(options.row_cache_bytes),
                   RecentOrders(options.orders_kept),
                   FoldPolicy(options.fold_rows_max),
                   {},
                   changelog.has_value()};
  auto merger = std::make_unique<TableMerger>(lake, std::move(state), owner, std::move(changelog));
  FIRN_CHECK(merger->Start(call));
  return std::unique_ptr<Merger>(std::move(merger));
}

Result<std::shared_ptr<arrow::RecordBatch>> OwnedBatch(const arrow::RecordBatch& batch) {
  arrow::ArrayVector columns;
  for (const auto& column : batch.columns()) {
    // Arrow copies even when there is only one piece.
    auto copy = arrow::Concatenate({column});
    if (!copy.ok())
      return Fail(Error(Kind::kInternal, "LAKE-MERGE-006", "rows cannot be put together")
                      .Because(copy.status().message()));
    columns.push_back(*std::move(copy));
  }
  return arrow::RecordBatch::Make(batch.schema(), batch.num_rows(), std::move(columns));
}

}  // namespace firn::lake
