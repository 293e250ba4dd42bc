#include "patterns/exports/window/merge_window.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "core/base/fault_point.h"
#include "core/record/column_hash.h"
#include "ends/lake/merge/merge.h"
#include "patterns/exports/object/row_marks.h"
#include "patterns/exports/window/deleted_ids.h"

namespace firn::exports {
namespace {

using Batch = std::shared_ptr<arrow::RecordBatch>;

constexpr size_t kIdsPerDelete = 4096;

class WindowMerge {
 public:
  WindowMerge(const Call& call, lake::Lake& lake, const MergeInput& input)
      : call_(call), lake_(lake), input_(input), ordered_(!input.cursor.empty()) {}

  Result<MergeTotals> Run() {
    FIRN_TRY(merger_, lake::Merger::Open(call_, lake_, Options()));
    // The list was taken before the rows were read: a row that came alive is newer than its entry.
    FIRN_CHECK(FeedIds(input_.listed_path, totals_.by_list));
    FIRN_CHECK(FeedRows(input_.files));
    // What a sweep read again is the org's word of now, whatever its stamp says.
    ordered_ = false;
    FIRN_CHECK(FeedRows(input_.late_files));
    ordered_ = !input_.cursor.empty();
    FIRN_CHECK(FeedIds(input_.gone_path, totals_.by_sweep));
    FIRN_CHECK(FeedColumns());
    FIRN_CHECK(CommitLast());
    // An index that is not saved is made again from the key column.
    (void)merger_->SaveIndex(call_);
    return totals_;
  }

 private:
  lake::MergeOptions Options() const {
    lake::MergeOptions options;
    options.table = input_.table;
    options.deletes = input_.soft_deletes ? lake::MergeOptions::Deletes::kSoft
                                          : lake::MergeOptions::Deletes::kHard;
    if (input_.changelog) options.changelog = lake::MergeOptions::Changelog::kOn;
    options.order_column = input_.cursor;
    return options;
  }

  Result<void> FeedRows(const std::vector<lake::DataFile>& files) {
    return EachStagedBatch(call_, files, input_.schema,
                           [this](const Batch& batch) { return FeedBatch(batch); });
  }

  Result<void> FeedBatch(const Batch& batch) {
    std::vector<record::RowMark> marks;
    record::RowMarks(*batch, input_.schema, input_.cursor, marks);
    const std::vector<bool> deleted = DeletedRows(*batch);
    size_t count = 0;
    for (size_t row = 0; row < marks.size(); ++row) count += deleted[row] ? 1 : 0;
    totals_.rows_read += static_cast<int64_t>(marks.size());
    // In soft mode the deleted row's last values are worth keeping; then it is marked as deleted.
    if (input_.soft_deletes || count == 0) {
      FIRN_CHECK(UpsertRows(batch));
    } else if (count < marks.size()) {
      size_t row = 0;
      FIRN_TRY(const auto alive,
               RowsOf(batch, input_.schema, [&](std::string_view) { return !deleted[row++]; }));
      FIRN_CHECK(UpsertRows(alive));
    }
    for (size_t row = 0; row < marks.size(); ++row) {
      if (!deleted[row]) continue;
      ++totals_.by_query;
      FIRN_CHECK(DeleteId(std::string(marks[row].id), marks[row].stamp));
    }
    FIRN_CHECK(FlushDeletes());
    return CommitWhenLarge();
  }

  Result<void> UpsertRows(const Batch& batch) {
    std::vector<record::RowMark> marks;
    record::RowMarks(*batch, input_.schema, input_.cursor, marks);
    std::vector<int64_t> orders;
    if (ordered_) {
      for (const record::RowMark& mark : marks) {
        orders.push_back(mark.stamp != 0 ? mark.stamp : lake::kNoOrder);
      }
    }
    return merger_->Upsert(batch, {.orders = orders, .absent = lake::UpsertOptions::Absent::kKeep});
  }

  std::vector<bool> DeletedRows(const arrow::RecordBatch& batch) const {
    std::vector<bool> deleted(static_cast<size_t>(batch.num_rows()), false);
    for (size_t i = 0; i < input_.schema.fields.size(); ++i) {
      const arrow::Array& column = *batch.column(static_cast<int>(i));
      if (input_.schema.fields[i].name != "IsDeleted" || column.type_id() != arrow::Type::BOOL) {
        continue;
      }
      const auto& flags = static_cast<const arrow::BooleanArray&>(column);
      for (size_t row = 0; row < deleted.size(); ++row) {
        const auto at = static_cast<int64_t>(row);
        deleted[row] = flags.IsValid(at) && flags.Value(at);
      }
    }
    return deleted;
  }

  // Deletes are fed in the order in which they came, many at a time.
  Result<void> DeleteId(std::string id, int64_t at_us) {
    ids_.push_back(std::move(id));
    orders_.push_back(at_us != 0 ? at_us : lake::kNoOrder);
    return ids_.size() < kIdsPerDelete ? Result<void>() : FlushDeletes();
  }

  Result<void> FlushDeletes() {
    // In soft mode each row carries its own time.
    size_t from = 0;
    while (from < ids_.size()) {
      size_t to = input_.soft_deletes ? from : ids_.size() - 1;
      while (to + 1 < ids_.size() && orders_[to + 1] == orders_[from]) ++to;
      const size_t count = to - from + 1;
      lake::DeleteOptions options;
      if (!input_.cursor.empty()) options.orders = lake::Orders(&orders_[from], count);
      if (orders_[from] != lake::kNoOrder) options.deleted_at_us = orders_[from];
      FIRN_CHECK(merger_->Delete(std::span<const std::string>(&ids_[from], count), options));
      from = to + 1;
    }
    ids_.clear();
    orders_.clear();
    return {};
  }

  Result<void> FeedIds(const std::string& path, int64_t& count) {
    if (path.empty()) return {};
    const auto take = [&](const ListedId& listed) -> Result<void> {
      ++count;
      FIRN_CHECK(DeleteId(listed.id, listed.deleted.time_since_epoch().count()));
      return CommitWhenLarge();
    };
    FIRN_CHECK(EachListedId(path, take));
    return FlushDeletes();
  }

  Result<void> FeedColumns() {
    if (input_.columns == nullptr) return {};
    const auto take = [this](const Batch& batch) -> Result<void> {
      totals_.columns_updated += batch->num_rows();
      FIRN_CHECK(merger_->Update(
          batch, {.orders = {}, .changed = {}, .unknown = lake::UpdateOptions::Unknown::kSkip}));
      return CommitWhenLarge();
    };
    return input_.columns->EachDifferent(call_, take);
  }

  // A snapshot of what is held so far, without progress: if all ends here, the window is fed again.
  Result<void> CommitWhenLarge() {
    if (merger_->bytes_waiting() < input_.bytes_waiting_max) return {};
    FIRN_CHECK(FlushDeletes());
    FIRN_TRY(const auto report, merger_->Commit(call_, Held()));
    Count(report);
    FIRN_FAULT_POINT("exports.merge.part");
    return {};
  }

  // Where the changes come from, for a changelog: whose window it is, and its bounds.
  lake::MergeCommit::Source Source() const {
    lake::MergeCommit::Source source;
    if (!input_.checkpoints.empty()) source.consumer = input_.checkpoints.begin()->first;
    const auto start = input_.summary.find("firn.window-start");
    const auto end = input_.summary.find("firn.window-end");
    if (start != input_.summary.end() && end != input_.summary.end())
      source.position = start->second + "/" + end->second;
    return source;
  }

  // A commit by the lease that is held.
  lake::MergeCommit Held() const {
    lake::MergeCommit commit;
    commit.source = Source();
    if (!input_.lease) return commit;
    commit.lease = input_.lease->lease;
    commit.lease_epoch = input_.lease->epoch;
    return commit;
  }

  Result<void> CommitLast() {
    lake::MergeCommit commit = Held();
    commit.checkpoints = input_.checkpoints;
    commit.summary = input_.summary;
    FIRN_TRY(const auto report, merger_->Commit(call_, commit));
    Count(report);
    totals_.snapshot_id = report.snapshot_id;
    return {};
  }

  void Count(const lake::MergeReport& report) {
    ++totals_.snapshots;
    totals_.inserted += report.rows_inserted;
    totals_.updated += report.rows_updated;
    totals_.deleted += report.rows_deleted;
    totals_.stale += report.changes_stale;
  }

  const Call& call_;
  lake::Lake& lake_;
  const MergeInput& input_;
  bool ordered_;  // changes carry their stamps
  std::unique_ptr<lake::Merger> merger_;
  std::vector<std::string> ids_;
  std::vector<int64_t> orders_;
  MergeTotals totals_;
};

}  // namespace

Result<MergeTotals> MergeWindow(const Call& call, lake::Lake& lake, const MergeInput& input) {
  return Doing(WindowMerge(call, lake, input).Run(), "merging into " + input.table.Text());
}

}  // namespace firn::exports
