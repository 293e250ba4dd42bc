#include "ends/lake/merge_attempt.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "ends/lake/internal/position_deletes.h"
#include "ends/lake/merge_follow.h"
#include "ends/lake/merge_rows.h"
#include "ends/lake/merge_write.h"
#include "ends/lake/object_store.h"

namespace firn::lake {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

constexpr int kFoldBatchRows = 16 * 1024;
// Folded rows up to so many go into the file of the changed ones; more get a file of their own, so
// that rows that rest and rows that move do not lie together.
constexpr int64_t kTogetherRowsMax = 64 * 1024;

Error IndexIsWrong(const DataFile& file, uint32_t row) {
  return Error(Kind::kCorrupt, "LAKE-MERGE-009", "the key index does not fit the table")
      .At(file.path)
      .Because("another row than expected is at position " + std::to_string(row));
}

class Preparation {
 public:
  Preparation(const Call& call, MergeState& state, MergeAttempt& out)
      : call_(call), state_(state), out_(out) {}

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
    FIRN_CHECK(WriteRows(chosen));
    return TakeOut(chosen);
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

  std::vector<uint32_t> ChooseFolds() {
    std::vector<uint32_t> chosen;
    if (!state_.options.fold) return chosen;
    std::vector<FoldFile> files;
    for (uint32_t at = 0; at < state_.files.all().size(); ++at) {
      const MergeFile& file = state_.files.at(at);
      if (!file.live) continue;
      const auto touched = out_.dead.find(at);
      const int64_t dead = touched == out_.dead.end() ? file.dead.count() : touched->second.count();
      if (dead == file.entry.file.record_count) continue;  // goes by itself
      files.push_back({at, file.entry.file.record_count - dead, dead});
    }
    const auto rows_new = static_cast<int64_t>(out_.plan.writes.size());
    for (const FoldFile& file : state_.fold.Choose(std::move(files), rows_new))
      chosen.push_back(file.ordinal);
    return chosen;
  }

  Result<BatchPtr> ChangedRows() {
    std::vector<RowPlace> places;
    std::vector<uint32_t> asked;
    for (const RowPlan& write : out_.plan.writes) {
      if (!write.needs_current()) continue;
      places.push_back(*write.now);
      asked.push_back(write.key);
    }
    const auto options = SourceOf(state_.table, kFoldBatchRows);
    FIRN_TRY(const FetchedRows current,
             FetchRows(call_, *state_.table.store(), state_.files, state_.cache, options, places));
    out_.rows_from_file += current.from_file;
    out_.rows_from_cache += current.from_cache;
    if (current.rows != nullptr) {
      // A partial change must never land on another record's row.
      const auto keys = current.rows->GetColumnByName(state_.options.key);
      for (size_t i = 0; i < asked.size(); ++i) {
        const auto key = KeyAt(*keys, current.at[i], state_.files.seed());
        if (!key || *key != state_.changes.keys()[asked[i]].key)
          return Fail(IndexIsWrong(state_.files.at(places[i].file).entry.file, places[i].row));
      }
    }
    FIRN_TRY(const BatchPtr rows,
             PutTogether({state_.table.schema(), state_.changes, out_.plan, current}));
    std::vector<bool> in_part;
    for (const RowPlan& write : out_.plan.writes) {
      in_part.push_back(write.overlays_begin < write.overlays_end);
    }
    return PutFollowing(rows, state_.options.following, in_part);
  }

  Result<void> WriteRows(const std::vector<uint32_t>& chosen) {
    if (out_.plan.writes.empty() && chosen.empty()) return {};
    int64_t to_fold = 0;
    for (const uint32_t ordinal : chosen) to_fold += RowsLeft(ordinal);
    const MergeFileWriter::Options options{state_.options.plain_encoding,
                                           state_.options.row_cache_bytes};
    MergeFileWriter writer(state_.table, options);
    if (!out_.plan.writes.empty()) {
      FIRN_TRY(const BatchPtr rows, ChangedRows());
      FIRN_CHECK(writer.Write(call_, rows));
      FIRN_FAULT_POINT("lake.merge.rows_written");
    }
    if (to_fold > kTogetherRowsMax && writer.rows() > 0) {
      FIRN_CHECK(Finish(writer));
      MergeFileWriter second(state_.table, options);
      for (const uint32_t ordinal : chosen) FIRN_CHECK(Fold(ordinal, second));
      return Finish(second);
    }
    for (const uint32_t ordinal : chosen) FIRN_CHECK(Fold(ordinal, writer));
    return Finish(writer);
  }

  [[nodiscard]] const RowBits& DeadOf(uint32_t ordinal) const {
    const auto touched = out_.dead.find(ordinal);
    return touched == out_.dead.end() ? state_.files.at(ordinal).dead : touched->second;
  }
  [[nodiscard]] int64_t RowsLeft(uint32_t ordinal) const {
    return state_.files.at(ordinal).entry.file.record_count - DeadOf(ordinal).count();
  }

  Result<void> Finish(MergeFileWriter& writer) {
    if (writer.rows() == 0) return {};
    FIRN_TRY(DataFile file, writer.Close());
    out_.written.push_back(file);
    out_.delta.added_rows.push_back(std::move(file));
    out_.kept.push_back(writer.TakeKept());
    return {};
  }

  Result<void> Fold(uint32_t ordinal, MergeFileWriter& writer) {
    const MergeFile& file = state_.files.at(ordinal);
    const RowBits& dead = DeadOf(ordinal);
    MergeAttempt::Folded folded;
    folded.from = ordinal;
    folded.file = out_.written.size();
    folded.first_row = writer.rows();
    FIRN_TRY(const auto source,
             internal::ParquetSource::Open(call_, *state_.table.store(), file.entry.file,
                                           SourceOf(state_.table, kFoldBatchRows)));
    uint32_t row = 0;
    for (;;) {
      FIRN_TRY(BatchPtr batch, source->Next(call_));
      if (batch == nullptr) break;
      FIRN_TRY(batch, Living(batch, dead, row, folded));
      row = next_row_;
      FIRN_CHECK(writer.Write(call_, batch));
    }
    out_.rows_folded += static_cast<int64_t>(folded.rows.size());
    out_.folded.push_back(std::move(folded));
    FIRN_FAULT_POINT("lake.merge.file_folded");
    return {};
  }

  // The rows of a batch that are not dead; notes them in `folded`.
  Result<BatchPtr> Living(const BatchPtr& batch, const RowBits& dead, uint32_t first,
                          MergeAttempt::Folded& folded) {
    next_row_ = first + static_cast<uint32_t>(batch->num_rows());
    const arrow::Array& keys = *batch->GetColumnByName(state_.options.key);
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      const uint32_t row = first + static_cast<uint32_t>(i);
      if (dead.Has(row)) continue;
      rows.push_back(i);
      folded.rows.push_back(row);
      folded.keys.push_back(KeyAt(keys, i, state_.files.seed()));
    }
    if (static_cast<int64_t>(rows.size()) == batch->num_rows()) return batch;
    const arrow::Int64Array indices(static_cast<int64_t>(rows.size()), arrow::Buffer::Wrap(rows));
    auto taken = arrow::compute::Take(arrow::Datum(batch), arrow::Datum(indices),
                                      arrow::compute::TakeOptions::NoBoundsCheck());
    if (!taken.ok())
      return Fail(Error(Kind::kInternal, "LAKE-MERGE-006", "rows cannot be put together")
                      .Because(taken.status().message()));
    return taken->record_batch();
  }

  Result<void> TakeOut(const std::vector<uint32_t>& chosen) {
    for (const uint32_t ordinal : chosen) {
      const LiveFile& entry = state_.files.at(ordinal).entry;
      out_.delta.removed_rows.push_back(entry.file);
      for (const DataFile& deletes : entry.deletes) {
        if (internal::OneDataFile(deletes) == entry.file.path)
          out_.delta.removed_deletes.push_back(deletes);
      }
      out_.dead.erase(ordinal);
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
  uint32_t next_row_ = 0;
};

// The row that was at `from` is at `to` now.
void Relocate(MergeFiles& files, const MergeKey& key, RowPlace from, RowPlace to) {
  const auto now = files.index().Find(key);
  if (now && *now == from) {
    files.index().Set(key, to);
    return;
  }
  const auto [begin, end] = files.duplicates().equal_range(key);
  for (auto at = begin; at != end; ++at) {
    if (at->second == from) at->second = to;
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

void EnterMerge(MergeAttempt attempt, const Table& after, MergeState& state) {
  MergeFiles& files = state.files;
  const int64_t sequence = after.current_snapshot()->sequence_number;
  std::vector<uint32_t> ordinals;
  for (const DataFile& file : attempt.written) ordinals.push_back(files.Add({file, sequence, {}}));
  const auto& keys = state.changes.keys();
  for (uint32_t row = 0; row < attempt.plan.writes.size(); ++row) {
    const MergeKey& key = keys[attempt.plan.writes[row].key].key;
    files.index().Set(key, {ordinals.front(), row});
    files.duplicates().erase(key);
  }
  for (const RowGone& gone : attempt.plan.deletes) {
    files.index().Erase(keys[gone.key].key);
    files.duplicates().erase(keys[gone.key].key);
  }
  for (const MergeAttempt::Folded& folded : attempt.folded) {
    for (size_t i = 0; i < folded.rows.size(); ++i) {
      if (!folded.keys[i]) continue;
      const auto to = static_cast<uint32_t>(folded.first_row + static_cast<int64_t>(i));
      Relocate(files, *folded.keys[i], {folded.from, folded.rows[i]}, {ordinals[folded.file], to});
    }
  }
  EnterDeletes(attempt, files);
  for (const MergeAttempt::Folded& folded : attempt.folded) attempt.emptied.push_back(folded.from);
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
  state.fold.Spend(static_cast<int64_t>(attempt.plan.writes.size()), attempt.rows_folded);
}

void RemoveFiles(const Call& call, const MergeAttempt& attempt, ObjectStore& store) {
  for (const auto* files : {&attempt.delta.added_rows, &attempt.delta.added_deletes}) {
    for (const DataFile& file : *files) {
      // What stays is an orphan that `firn lake files --orphans` reports.
      if (auto removed = store.Remove(call, file.path); !removed)
        log::Warn("lake.file_not_removed",
                  {{"uri", file.path}, {"error", removed.error().OneLine()}});
    }
  }
}

}  // namespace firn::lake
