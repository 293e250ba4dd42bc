#include "ends/lake/merge/attempt.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/util.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "core/record/arrow_schema.h"
#include "ends/lake/commit/lineage.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/position_deletes.h"
#include "ends/lake/merge/follow.h"
#include "ends/lake/merge/read_ahead.h"
#include "ends/lake/merge/rows.h"
#include "ends/lake/merge/write.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/write/partitions.h"

namespace firn::lake {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

constexpr int kFoldBatchRows = 16 * 1024;
// Folded rows up to so many go into the file of the changed ones; more get a file of their own, so
// that rows that rest and rows that move do not lie together.
constexpr int64_t kTogetherRowsMax = 64 * 1024;

Error Unbuilt(const arrow::Status& status) {
  return Error(Kind::kInternal, "LAKE-MERGE-006", "rows cannot be put together")
      .Because(status.message());
}

Error IndexIsWrong(const DataFile& file, uint32_t row) {
  return Error(Kind::kCorrupt, "LAKE-MERGE-009", "the key index does not fit the table")
      .At(file.path)
      .Because("another row than expected is at position " + std::to_string(row));
}

FoldCommit WorkOf(const MergePlan& plan) {
  return {static_cast<int64_t>(plan.writes.size()), static_cast<int64_t>(plan.deletes.size())};
}

class Preparation {
 public:
  Preparation(const Call& call, MergeState& state, MergeAttempt& out)
      : call_(call), state_(state), out_(out), written_(WithLineage(state.table)) {}

  Result<void> Run() {
    if (const auto snapshot = state_.table.current_snapshot())
      out_.base_snapshot = snapshot->snapshot_id;
    FIRN_TRY(const auto orders, OrdersNow());
    out_.plan = PlanMerge(state_.changes, state_.files.index(),
                          [&](uint32_t key, const std::optional<RowPlace>& now) {
                            const int64_t recent =
                                state_.orders.Get(state_.changes.keys()[key].key, kNoOrder);
                            return now && !orders.empty() ? std::max(recent, orders[key]) : recent;
                          });
    FIRN_CHECK(MarkDead());
    const auto chosen = ChooseFolds();
    FIRN_CHECK(FetchCurrent());
    FIRN_CHECK(WriteRows(chosen));
    return TakeOut();
  }

 private:
  using Bits = std::map<uint32_t, RowBits>;

  // By key: the ordering number that stands in its row. Empty when none is needed.
  Result<std::vector<int64_t>> OrdersNow() {
    std::vector<int64_t> out;
    if (state_.options.order_column.empty() || !state_.changes.any_orders()) return out;
    auto options = SourceOf(state_.table, kFoldBatchRows);
    options.schema.fields = {*state_.table.schema().Find(state_.options.order_column)};
    const auto& keys = state_.changes.keys();
    std::vector<RowPlace> places;
    std::vector<size_t> asked;
    for (size_t key = 0; key < keys.size(); ++key) {
      if (const auto now = state_.files.index().Find(keys[key].key)) {
        places.push_back(*now);
        asked.push_back(key);
      }
    }
    FIRN_TRY(const FetchedRows rows,
             FetchRows(call_, *state_.table.store(), state_.files, state_.cache, options, places));
    out.assign(keys.size(), kNoOrder);
    for (size_t i = 0; i < asked.size(); ++i) {
      const arrow::Array& column = *rows.rows->column(0);
      if (column.IsNull(rows.at[i])) continue;
      // Timestamps and longs lie in memory alike.
      out[asked[i]] = column.data()->GetValues<int64_t>(1)[rows.at[i]];
    }
    return out;
  }

  Result<void> MarkOne(uint32_t key, RowPlace place) {
    const MergeFile& file = state_.files.at(place.file);
    auto found = out_.dead.find(place.file);
    if (found == out_.dead.end()) found = out_.dead.emplace(place.file, file.dead).first;
    if (place.row >= file.entry.file.record_count || !found->second.Set(place.row))
      return Fail(IndexIsWrong(file.entry.file, place.row));
    if (state_.files.duplicates().empty()) return {};
    const auto [begin, end] = state_.files.duplicates().equal_range(state_.changes.keys()[key].key);
    for (auto at = begin; at != end; ++at) {
      const RowPlace other = at->second;
      out_.dead.emplace(other.file, state_.files.at(other.file).dead).first->second.Set(other.row);
    }
    return {};
  }

  Result<void> MarkDead() {
    for (const RowPlan& write : out_.plan.writes) {
      if (write.now) FIRN_CHECK(MarkOne(write.key, *write.now));
    }
    for (const RowGone& gone : out_.plan.deletes) FIRN_CHECK(MarkOne(gone.key, gone.now));
    return {};
  }

  std::vector<FoldPart> ChooseFolds() {
    if (!state_.options.fold) return {};
    std::vector<FoldFile> files;
    for (uint32_t at = 0; at < state_.files.all().size(); ++at) {
      const MergeFile& file = state_.files.at(at);
      if (!file.live) continue;
      const auto touched = out_.dead.find(at);
      const int64_t dead = touched == out_.dead.end() ? file.dead.count() : touched->second.count();
      if (dead == file.entry.file.record_count) continue;  // goes by itself
      const DataFile& data = file.entry.file;
      files.push_back(
          {at, data.record_count - dead, dead, data.file_size_bytes / data.record_count});
    }
    auto chosen = state_.fold.Choose(std::move(files), WorkOf(out_.plan));
    if (state_.table.metadata().partition_specs.size() < 2) return chosen;
    // Alone in its partition a file without dead rows would only be copied.
    const Folds folds = ByPartition(chosen);
    std::erase_if(chosen, [&](const FoldPart& part) {
      const DataFile& file = state_.files.at(part.ordinal).entry.file;
      return RowsLeft(part.ordinal) == file.record_count &&
             folds.at({file.spec_id, file.partition}).size() == 1;
    });
    return chosen;
  }

  // Current rows of the writes that need them; with a changelog of all that are there, and of those
  // that go.
  Result<void> FetchCurrent() {
    std::vector<RowPlace> places;
    std::vector<int64_t> asked;  // by write: its place; -1: none
    for (const RowPlan& write : out_.plan.writes) {
      const bool wanted = write.needs_current() || (state_.logged && write.now);
      asked.push_back(wanted ? std::ssize(places) : -1);
      if (wanted) places.push_back(*write.now);
    }
    const size_t of_writes = places.size();
    for (const RowGone& gone : out_.plan.deletes) {
      if (state_.logged) places.push_back(gone.now);
    }
    const auto options = SourceOf(state_.table, kFoldBatchRows);
    FIRN_TRY(FetchedRows found,
             FetchRows(call_, *state_.table.store(), state_.files, state_.cache, options, places));
    out_.rows_from_file += found.from_file;
    out_.rows_from_cache += found.from_cache;
    for (size_t i = 0; i < asked.size(); ++i) {
      const RowPlan& write = out_.plan.writes[i];
      const int64_t at = asked[i] < 0 ? -1 : found.at[static_cast<size_t>(asked[i])];
      if (at >= 0) FIRN_CHECK(CheckKey(write.key, *write.now, *found.rows, at));
      if (write.needs_current()) current_.at.push_back(at);
      if (state_.logged) out_.before.of_write.push_back(at);
    }
    current_.rows = found.rows;
    if (!state_.logged) return {};
    out_.before.rows = std::move(found.rows);
    for (size_t i = of_writes; i < places.size(); ++i) out_.before.of_delete.push_back(found.at[i]);
    return {};
  }

  // A partial change must never land on another record's row.
  Result<void> CheckKey(uint32_t key, RowPlace place, const arrow::RecordBatch& rows,
                        int64_t at) const {
    const auto keys = rows.GetColumnByName(state_.options.key);
    const auto found = KeyAt(*keys, at, state_.files.seed());
    if (found && *found == state_.changes.keys()[key].key) return {};
    return Fail(IndexIsWrong(state_.files.at(place.file).entry.file, place.row));
  }

  Result<BatchPtr> ChangedRows() {
    FIRN_TRY(const BatchPtr rows,
             PutTogether({state_.table.schema(), state_.changes, out_.plan, current_}));
    std::vector<bool> in_part;
    for (const RowPlan& write : out_.plan.writes) {
      in_part.push_back(write.overlays_begin < write.overlays_end);
    }
    FIRN_TRY(const BatchPtr whole, PutFollowing(rows, state_.options.following, in_part));
    if (state_.logged) out_.after = whole;
    return KeepsLineage(state_.table) ? PutLineage(*whole) : whole;
  }

  // A changed row keeps its id; which commit changed it last is told by where it stands from now.
  Result<BatchPtr> PutLineage(const arrow::RecordBatch& rows) {
    FIRN_TRY(const auto ids, IdsOfChanged());
    auto last_updated = arrow::MakeArrayOfNull(arrow::int64(), rows.num_rows());
    if (!last_updated.ok()) return Fail(Unbuilt(last_updated.status()));
    arrow::ArrayVector columns = rows.columns();
    columns.push_back(ids);
    columns.push_back(*std::move(last_updated));
    return arrow::RecordBatch::Make(record::ArrowSchema(written_.schema()), rows.num_rows(),
                                    std::move(columns));
  }

  // One id a write; null: a new row.
  Result<std::shared_ptr<arrow::Array>> IdsOfChanged() {
    std::vector<RowPlace> asked;
    for (const RowPlan& write : out_.plan.writes) {
      if (write.now && MayHoldIds(write.now->file)) asked.push_back(*write.now);
    }
    auto options = SourceOf(written_, kFoldBatchRows);
    options.schema.fields = {*written_.schema().Find(kRowIdColumn)};
    FIRN_TRY(const FetchedRows held,
             FetchRows(call_, *state_.table.store(), state_.files, state_.cache, options, asked));
    arrow::Int64Builder builder;
    size_t next = 0;
    arrow::Status status;
    for (const RowPlan& write : out_.plan.writes) {
      std::optional<int64_t> id;
      if (write.now) {
        const auto& first = state_.files.at(write.now->file).entry.file.first_row_id;
        if (first) id = *first + write.now->row;
        if (MayHoldIds(write.now->file)) {
          const auto& column = static_cast<const arrow::Int64Array&>(*held.rows->column(0));
          const int64_t at = held.at[next++];
          if (column.IsValid(at)) id = column.Value(at);
        }
      }
      if (status.ok()) status = id ? builder.Append(*id) : builder.AppendNull();
    }
    auto ids =
        status.ok() ? builder.Finish() : arrow::Result<std::shared_ptr<arrow::Array>>(status);
    if (!ids.ok()) return Fail(Unbuilt(ids.status()));
    return *std::move(ids);
  }

  // False: the file's counts say that it has no column of row ids.
  [[nodiscard]] bool MayHoldIds(uint32_t ordinal) const {
    const auto& counts = state_.files.at(ordinal).entry.file.value_counts;
    return counts.empty() || counts.contains(written_.schema().Find(kRowIdColumn)->id);
  }

  // Files of one partition of one spec; those of an older spec stay in theirs.
  using Partition = std::pair<int, PartitionTuple>;
  using Folds = std::map<Partition, std::vector<FoldPart>>;

  Folds ByPartition(const std::vector<FoldPart>& chosen) const {
    Folds out;
    for (const FoldPart& part : chosen) {
      const DataFile& file = state_.files.at(part.ordinal).entry.file;
      out[{file.spec_id, file.partition}].push_back(part);
    }
    return out;
  }

  Result<void> WriteRows(const std::vector<FoldPart>& chosen) {
    Folds folds = ByPartition(chosen);
    if (!out_.plan.writes.empty()) {
      FIRN_TRY(const Partitioner partitioner, Partitioner::For(state_.table));
      FIRN_TRY(const BatchPtr rows, ChangedRows());
      out_.placed.resize(out_.plan.writes.size());
      for (const auto& [tuple, at] : partitioner.Split(*rows)) {
        const Partition partition{state_.table.metadata().default_spec_id, tuple};
        FIRN_CHECK(WriteChanged(rows, at, partition, folds[partition]));
        folds.erase(partition);
      }
    }
    for (const auto& [partition, parts] : folds) FIRN_CHECK(WriteFolded(partition, parts));
    return {};
  }

  // The changed rows `at` of a partition, and what is folded there.
  Result<void> WriteChanged(const BatchPtr& rows, const std::vector<int64_t>& at,
                            const Partition& partition, const std::vector<FoldPart>& folds) {
    MergeFileWriter writer(written_, WriterOptions());
    FIRN_TRY(const BatchPtr part, RowsAt(rows, at));
    FIRN_CHECK(writer.Write(call_, part));
    FIRN_FAULT_POINT("lake.merge.rows_written");
    for (size_t i = 0; i < at.size(); ++i)
      out_.placed[static_cast<size_t>(at[i])] = {out_.written.size(), static_cast<uint32_t>(i)};
    int64_t to_fold = 0;
    for (const FoldPart& fold : folds) to_fold += fold.rows;
    if (to_fold > kTogetherRowsMax) {
      FIRN_CHECK(Finish(writer, partition));
      return WriteFolded(partition, folds);
    }
    for (const FoldPart& fold : folds) FIRN_CHECK(Fold(fold, writer));
    return Finish(writer, partition);
  }

  Result<void> WriteFolded(const Partition& partition, const std::vector<FoldPart>& folds) {
    MergeFileWriter writer(written_, WriterOptions());
    for (const FoldPart& fold : folds) FIRN_CHECK(Fold(fold, writer));
    return Finish(writer, partition);
  }

  [[nodiscard]] MergeFileWriter::Options WriterOptions() const {
    return {state_.options.plain_encoding, state_.options.row_cache_bytes, Packing::kQuick};
  }

  [[nodiscard]] const RowBits& DeadOf(uint32_t ordinal) const {
    const auto touched = out_.dead.find(ordinal);
    return touched == out_.dead.end() ? state_.files.at(ordinal).dead : touched->second;
  }
  [[nodiscard]] int64_t RowsLeft(uint32_t ordinal) const {
    return state_.files.at(ordinal).entry.file.record_count - DeadOf(ordinal).count();
  }

  Result<void> Finish(MergeFileWriter& writer, const Partition& partition) {
    if (writer.rows() == 0) return {};
    FIRN_TRY(DataFile file, writer.Close());
    file.spec_id = partition.first;
    file.partition = partition.second;
    out_.written.push_back(file);
    out_.delta.added_rows.push_back(std::move(file));
    out_.kept.push_back(writer.TakeKept());
    return {};
  }

  Result<void> Fold(const FoldPart& fold, MergeFileWriter& writer) {
    const MergeFile& file = state_.files.at(fold.ordinal);
    const RowBits& dead = DeadOf(fold.ordinal);
    MergeAttempt::Folded folded;
    folded.from = fold.ordinal;
    folded.whole = fold.rows == RowsLeft(fold.ordinal);
    folded.file = out_.written.size();
    folded.first_row = writer.rows();
    folded.rows.reserve(static_cast<size_t>(fold.rows));
    folded.keys.reserve(static_cast<size_t>(fold.rows));
    auto options = SourceOf(written_, kFoldBatchRows);
    options.from_row = dead.FirstAbsent();
    FIRN_TRY(auto source,
             internal::ParquetSource::Open(call_, *state_.table.store(), file.entry.file, options));
    ReadAhead ahead(call_, std::move(source));
    while (std::ssize(folded.rows) < fold.rows) {
      FIRN_TRY(auto part, ahead.Next());
      FIRN_ASSERT(part.rows != nullptr);  // the file has as many rows as its manifest says
      if (KeepsLineage(state_.table)) {
        FIRN_TRY(part.rows, WithRowIds(std::move(part.rows), file.entry, part.first_row));
      }
      FIRN_TRY(const BatchPtr living, Living(part, dead, fold.rows, folded));
      FIRN_CHECK(writer.Write(call_, living));
    }
    out_.rows_folded += static_cast<int64_t>(folded.rows.size());
    if (!folded.whole) MarkFolded(folded);
    out_.folded.push_back(std::move(folded));
    FIRN_FAULT_POINT("lake.merge.file_folded");
    return {};
  }

  // The rows of a batch that are not dead, as far as `folded` may have `rows_most`; notes them
  // there.
  Result<BatchPtr> Living(const ReadAhead::Part& part, const RowBits& dead, int64_t rows_most,
                          MergeAttempt::Folded& folded) {
    const arrow::Array& keys = *part.rows->GetColumnByName(state_.options.key);
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < part.rows->num_rows(); ++i) {
      const auto row = static_cast<uint32_t>(part.first_row + i);
      if (dead.Has(row)) continue;
      if (std::ssize(folded.rows) == rows_most) break;
      rows.push_back(i);
      folded.rows.push_back(row);
      folded.keys.push_back(KeyAt(keys, i, state_.files.seed()));
    }
    return RowsAt(part.rows, rows);
  }

  // The rest of the file is folded by later commits: where these rows were, they are gone.
  void MarkFolded(const MergeAttempt::Folded& folded) {
    const RowBits& known = state_.files.at(folded.from).dead;
    RowBits& dead = out_.dead.try_emplace(folded.from, known).first->second;
    for (const uint32_t row : folded.rows) dead.Set(row);
  }

  static Result<BatchPtr> RowsAt(const BatchPtr& batch, const std::vector<int64_t>& rows) {
    if (static_cast<int64_t>(rows.size()) == batch->num_rows()) return batch;
    const arrow::Int64Array indices(static_cast<int64_t>(rows.size()), arrow::Buffer::Wrap(rows));
    auto taken = arrow::compute::Take(arrow::Datum(batch), arrow::Datum(indices),
                                      arrow::compute::TakeOptions::NoBoundsCheck());
    if (!taken.ok()) return Fail(Unbuilt(taken.status()));
    return taken->record_batch();
  }

  Result<void> TakeOut() {
    for (const MergeAttempt::Folded& folded : out_.folded) {
      if (!folded.whole) continue;
      const LiveFile& entry = state_.files.at(folded.from).entry;
      out_.delta.removed_rows.push_back(entry.file);
      for (const DataFile& deletes : entry.deletes) {
        if (internal::OneDataFile(deletes) == entry.file.path)
          out_.delta.removed_deletes.push_back(deletes);
      }
      out_.dead.erase(folded.from);
    }
    std::vector<RowsOut> rows;
    for (const auto& [ordinal, bits] : out_.dead) {
      const LiveFile& entry = state_.files.at(ordinal).entry;
      if (bits.count() == entry.file.record_count) out_.emptied.push_back(ordinal);
      rows.push_back({entry, bits.Rows(), true});
    }
    for (const uint32_t ordinal : out_.emptied) out_.dead.erase(ordinal);
    FIRN_CHECK(TakeRowsOut(call_, state_.table, rows, out_.delta));
    FIRN_FAULT_POINT("lake.merge.deletes_written");
    return {};
  }

  const Call& call_;
  MergeState& state_;
  MergeAttempt& out_;
  const Table written_;  // as its files are written
  FetchedRows current_;  // of the writes that need one
};

// The row that was at `from` is at `to` now.
void Relocate(MergeFiles& files, const MergeKey& key, RowPlace from, RowPlace to) {
  if (files.index().Move(key, from, to)) return;
  const auto [begin, end] = files.duplicates().equal_range(key);
  for (auto at = begin; at != end; ++at) {
    if (at->second == from) at->second = to;
  }
}

void EnterFolded(const MergeAttempt::Folded& folded, uint32_t ordinal, MergeFiles& files) {
  for (size_t i = 0; i < folded.rows.size(); ++i) {
    if (const size_t later = i + KeyIndex::kKeysAhead;
        later < folded.keys.size() && folded.keys[later])
      files.index().Expect(*folded.keys[later]);
    if (!folded.keys[i]) continue;
    const auto to = static_cast<uint32_t>(folded.first_row + static_cast<int64_t>(i));
    Relocate(files, *folded.keys[i], {folded.from, folded.rows[i]}, {ordinal, to});
  }
}

void EnterDeletes(const MergeAttempt& attempt, MergeFiles& files) {
  std::map<std::string, DataFile> added;
  for (const DataFile& file : attempt.delta.added_deletes) added[*file.referenced_data_file] = file;
  for (const auto& [ordinal, bits] : attempt.dead) {
    MergeFile& file = files.at(ordinal);
    file.dead = bits;
    std::erase_if(file.entry.deletes, [&file](const DataFile& deletes) {
      return internal::OneDataFile(deletes) == file.entry.file.path;
    });
    file.entry.deletes.push_back(added.at(file.entry.file.path));
  }
}

}  // namespace

Result<MergeAttempt> PrepareMerge(const Call& call, MergeState& state) {
  MergeAttempt attempt;
  Preparation preparation(call, state, attempt);
  if (auto done = preparation.Run(); !done) {
    RemoveFiles(call, attempt, *state.table.store());
    return Fail(std::move(done).error());
  }
  return attempt;
}

void EnterMerge(MergeAttempt attempt, const Table& after,
                const std::map<std::string, int64_t>& first_row_ids, MergeState& state) {
  MergeFiles& files = state.files;
  const int64_t sequence = after.current_snapshot()->sequence_number;
  std::vector<uint32_t> ordinals;
  for (DataFile& file : attempt.written) {
    const auto first = first_row_ids.find(file.path);
    if (first != first_row_ids.end()) file.first_row_id = first->second;
    ordinals.push_back(files.Add({std::move(file), sequence, {}, {}}));
  }
  const auto& keys = state.changes.keys();
  for (uint32_t row = 0; row < attempt.plan.writes.size(); ++row) {
    const MergeKey& key = keys[attempt.plan.writes[row].key].key;
    const auto& [file, at] = attempt.placed[row];
    files.index().Set(key, {ordinals[file], at});
    files.duplicates().erase(key);
  }
  for (const RowGone& gone : attempt.plan.deletes) {
    files.index().Erase(keys[gone.key].key);
    files.duplicates().erase(keys[gone.key].key);
  }
  for (const MergeAttempt::Folded& folded : attempt.folded)
    EnterFolded(folded, ordinals[folded.file], files);
  EnterDeletes(attempt, files);
  for (const MergeAttempt::Folded& folded : attempt.folded) {
    if (folded.whole) attempt.emptied.push_back(folded.from);
  }
  for (const uint32_t ordinal : attempt.emptied) {
    files.Remove(ordinal);
    state.cache.Remove(ordinal);
  }
  for (size_t i = 0; i < ordinals.size(); ++i) {
    if (!attempt.kept[i].empty()) state.cache.Put(ordinals[i], std::move(attempt.kept[i]));
  }
  for (size_t key = 0; key < attempt.plan.orders.size(); ++key) {
    if (attempt.plan.orders[key] != kNoOrder)
      state.orders.Set(keys[key].key, attempt.plan.orders[key]);
  }
  state.fold.Spend(WorkOf(attempt.plan), attempt.rows_folded);
}

void RemoveFiles(const Call& call, const MergeAttempt& attempt, ObjectStore& store) {
  std::vector<std::string> paths;
  for (const auto* files : {&attempt.delta.added_rows, &attempt.delta.added_deletes}) {
    for (const DataFile& file : *files) paths.push_back(file.path);
  }
  if (attempt.log_file) paths.push_back(attempt.log_file->path);
  for (const std::string& path : paths) {
    // What stays is an orphan that `firn lake files --orphans` reports.
    if (auto removed = store.Remove(call, path); !removed)
      log::Warn("lake.file_not_removed", {{"uri", path}, {"error", removed.error().OneLine()}});
  }
}

}  // namespace firn::lake
