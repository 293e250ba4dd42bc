#include "ends/lake/maintain/compaction.h"

#include <arrow/compute/api_vector.h>
#include <arrow/compute/initialize.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/base/fault_point.h"
#include "ends/lake/commit/foreign_changes.h"
#include "ends/lake/commit/lineage.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/parquet_source.h"
#include "ends/lake/internal/row_mask.h"
#include "ends/lake/merge/write.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake {
namespace {

constexpr int64_t kSortedBatchRows = 64 * 1024;

Error Unsortable(const Table& table, const arrow::Status& status) {
  return Error(Kind::kInternal, "LAKE-FILE-001",
               "rows of `" + table.ident().Text() + "` cannot be sorted")
      .Because(status.message());
}

// One group on its way.
class Compactor {
 public:
  Compactor(const Table& table, const CompactGroup& group, const CompactOptions& options)
      : table_(WithLineage(table)),
        lineage_(KeepsLineage(table)),
        group_(group),
        options_(options),
        writer_(table_, {}) {
    source_.schema = table_.schema();
    source_.hints = internal::HintsOf(table.metadata());
  }

  Result<RowDelta> Write(const Call& call) {
    for (const LiveFile& live : group_.files) FIRN_CHECK(CopyRows(call, live));
    FIRN_CHECK(WriteSorted(call));
    RowDelta delta;
    if (writer_.rows() > 0) {
      FIRN_TRY(output_, writer_.Close());
      output_.spec_id = group_.files.front().file.spec_id;
      output_.partition = group_.files.front().file.partition;
      delta.added_rows = {output_};
    }
    for (const LiveFile& live : group_.files) RemoveFile(live, delta);
    FIRN_TRY(const std::vector<LiveFile> all, LiveFiles(call, table_));
    RemoveSpent(all, delta);
    return delta;
  }

  // The same on a newer table: rows that others deleted meanwhile are deleted from the new file.
  Result<RowDelta> CatchUp(const Call& call, const Table& now) {
    FIRN_TRY(const std::vector<LiveFile> files, LiveFiles(call, now));
    std::map<std::string, const LiveFile*> by_path;
    for (const LiveFile& live : files) by_path[live.file.path] = &live;
    RowDelta delta;
    if (writer_.rows() > 0) delta.added_rows = {output_};
    RowsOut late{{output_, 0, {}}, {}, true};
    for (const LiveFile& live : group_.files) {
      const auto found = by_path.find(live.file.path);
      if (found == by_path.end()) return Fail(Overtaken(live.file.path));
      FIRN_CHECK(AddLate(call, *found->second, late.positions));
      RemoveFile(*found->second, delta);
    }
    RemoveSpent(files, delta);
    if (late.positions.empty()) return delta;
    if (!options_.sort_by.empty()) return Fail(Overtaken(group_.files.front().file.path));
    if (static_cast<int64_t>(late.positions.size()) == writer_.rows()) {
      delta.added_rows.clear();
      return delta;
    }
    std::vector<RowsOut> rows{std::move(late)};
    FIRN_CHECK(TakeRowsOut(call, now, rows, delta));
    return delta;
  }

  [[nodiscard]] const DataFile& output() const { return output_; }
  [[nodiscard]] int64_t rows_dropped() const { return rows_dropped_; }
  [[nodiscard]] bool any_rows() const { return writer_.rows() > 0; }

 private:
  struct Copied {
    int64_t first = 0;             // where its rows begin in the new file
    std::vector<int64_t> deleted;  // sorted
  };

  static Error Overtaken(const std::string& path) {
    return Error(Kind::kConflict, "LAKE-COMMIT-006", "others changed the files to compact")
        .At(path);
  }

  static void RemoveFile(const LiveFile& live, RowDelta& delta) {
    delta.removed_rows.push_back(live.file);
    for (const DataFile& deletes : live.deletes) {
      if (deletes.referenced_data_file == live.file.path) delta.removed_deletes.push_back(deletes);
    }
  }

  // Delete files of others, by value or of positions in several files, that hold for no file but
  // those of the group: nobody needs them.
  void RemoveSpent(const std::vector<LiveFile>& all, RowDelta& delta) const {
    std::set<std::string> ours;
    for (const LiveFile& live : group_.files) ours.insert(live.file.path);
    std::map<std::string, DataFile> spent;
    for (const LiveFile& live : all) {
      if (!ours.contains(live.file.path)) continue;
      for (const EqualityDelete& deletes : live.equality)
        spent.emplace(FileKey(deletes.file), deletes.file);
      for (const DataFile& deletes : live.deletes) {
        if (deletes.referenced_data_file != live.file.path)
          spent.emplace(FileKey(deletes), deletes);
      }
    }
    for (const LiveFile& live : all) {
      if (ours.contains(live.file.path)) continue;
      for (const EqualityDelete& deletes : live.equality) spent.erase(FileKey(deletes.file));
      for (const DataFile& deletes : live.deletes) spent.erase(FileKey(deletes));
    }
    for (auto& [key, file] : spent) delta.removed_deletes.push_back(std::move(file));
  }

  Result<void> CopyRows(const Call& call, const LiveFile& live) {
    Copied copied;
    copied.first = rows_;
    FIRN_TRY(copied.deleted, DeadPositions(call, table_, live));
    FIRN_TRY(const auto source,
             internal::ParquetSource::Open(call, *table_.store(), live.file, source_));
    for (;;) {
      FIRN_TRY(auto batch, source->Next(call));
      if (batch == nullptr) break;
      const int64_t rows = batch->num_rows();
      if (lineage_) {
        FIRN_TRY(batch, WithRowIds(std::move(batch), live, source->first_row()));
      }
      FIRN_TRY(batch, internal::WithoutRows(std::move(batch), source->first_row(), copied.deleted));
      rows_dropped_ += rows - batch->num_rows();
      rows_ += batch->num_rows();
      if (options_.sort_by.empty()) {
        FIRN_CHECK(writer_.Write(call, batch));
      } else {
        FIRN_CHECK(Hold(call, std::move(batch)));
      }
    }
    copied_[live.file.path] = std::move(copied);
    return {};
  }

  arrow::Result<std::shared_ptr<arrow::Table>> Sorted() {
    ARROW_RETURN_NOT_OK(arrow::compute::Initialize());
    ARROW_ASSIGN_OR_RAISE(const auto rows,
                          arrow::Table::FromRecordBatches(std::exchange(held_, {})));
    std::vector<arrow::compute::SortKey> keys;
    for (const std::string& name : options_.sort_by) keys.emplace_back(arrow::FieldRef(name));
    ARROW_ASSIGN_OR_RAISE(
        const auto order,
        arrow::compute::SortIndices(arrow::Datum(rows), arrow::compute::SortOptions(keys)));
    ARROW_ASSIGN_OR_RAISE(const auto taken, arrow::compute::Take(rows, order));
    return taken.table();
  }

  Result<void> Hold(const Call& call, std::shared_ptr<arrow::RecordBatch> rows) {
    held_bytes_ += arrow::util::TotalBufferSize(*rows);
    held_.push_back(std::move(rows));
    // The sorted copy takes as much again.
    return held_bytes_ < options_.memory_bytes / 2 ? Result<void>() : WriteSorted(call);
  }

  // What is held, sorted. A file for which memory is not enough has several sorted parts.
  Result<void> WriteSorted(const Call& call) {
    held_bytes_ = 0;
    std::erase_if(held_, [](const auto& rows) { return rows->num_rows() == 0; });
    if (held_.empty()) return {};
    const auto sorted = Sorted();
    if (!sorted.ok()) return Fail(Unsortable(table_, sorted.status()));
    arrow::TableBatchReader batches(*sorted);
    batches.set_chunksize(kSortedBatchRows);
    for (;;) {
      std::shared_ptr<arrow::RecordBatch> batch;
      if (const auto status = batches.ReadNext(&batch); !status.ok())
        return Fail(Unsortable(table_, status));
      if (batch == nullptr) return {};
      FIRN_CHECK(writer_.Write(call, batch));
    }
  }

  // Positions in the new file of rows that `now` has deleted and we copied.
  Result<void> AddLate(const Call& call, const LiveFile& now, std::vector<int64_t>& out) const {
    const Copied& copied = copied_.at(now.file.path);
    FIRN_TRY(const auto deleted, DeadPositions(call, table_, now));
    size_t before = 0;  // rows we left out ahead of the position
    for (const int64_t position : deleted) {
      while (before < copied.deleted.size() && copied.deleted[before] < position) ++before;
      if (before < copied.deleted.size() && copied.deleted[before] == position) continue;
      out.push_back(copied.first + position - static_cast<int64_t>(before));
    }
    return {};
  }

  Table table_;
  bool lineage_;
  const CompactGroup& group_;
  const CompactOptions& options_;
  internal::SourceOptions source_;
  MergeFileWriter writer_;
  DataFile output_;
  int64_t rows_ = 0;
  int64_t rows_dropped_ = 0;
  std::map<std::string, Copied> copied_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> held_;  // to be sorted
  int64_t held_bytes_ = 0;
};

}  // namespace

Result<void> Compact(const Call& call, Lake& lake, const Table& table, const CompactGroup& group,
                     const CompactOptions& options, CompactReport& report) {
  Compactor compactor(table, group, options);
  FIRN_TRY(const RowDelta delta, compactor.Write(call));
  FIRN_FAULT_POINT("lake.compact.before_commit");
  RowDeltaOptions commit;
  commit.rewrite = true;
  commit.commit.since_snapshot = table.current_snapshot()->snapshot_id;
  commit.resolve = [&](const Call& inner, const Table& now) {
    return compactor.CatchUp(inner, now);
  };
  const auto done = lake.CommitRowDelta(call, table.ident(), delta, commit);
  if (!done) {
    if (done.error().kind() == Kind::kCommitUnknown) return Fail(done.error());
    if (compactor.any_rows()) (void)table.store()->Remove(call, compactor.output().path);
    if (done.error().kind() != Kind::kConflict) return Fail(done.error());
    ++report.groups_left;
    return {};
  }
  report.files_before += static_cast<int64_t>(group.files.size());
  report.files_after += compactor.any_rows() ? 1 : 0;
  report.bytes_before += group.bytes;
  report.bytes_after += compactor.any_rows() ? compactor.output().file_size_bytes : 0;
  report.rows_dropped += compactor.rows_dropped();
  return {};
}

}  // namespace firn::lake
