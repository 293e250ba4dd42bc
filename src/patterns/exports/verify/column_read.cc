#include "patterns/exports/verify/column_read.h"

#include <arrow/record_batch.h>

#include "patterns/exports/object/row_marks.h"
#include "patterns/exports/verify/row_compare.h"

namespace firn::exports {

Result<ColumnRead> ColumnRead::Read(const Call& call, const ExportParts& parts,
                                    const ExportOptions& options, const ColumnRequest& request) {
  ColumnRead read;
  read.schema_ = request.columns.schema;
  FIRN_TRY(read.staged_, ReadStaged(call, parts, options,
                                    {.layout = request.columns,
                                     .where = request.spec.where,
                                     .all_rows = request.spec.all_rows,
                                     .folder = request.folder + "/rows"}));
  const int buckets = SpillBuckets::CountFor(read.staged_.rows_received);
  SpillBuckets org(request.folder + "/org", buckets);
  SpillBuckets lake(request.folder + "/lake", buckets);
  int64_t no_record = 0;  // rows of the table that are no record's: nothing is read for them
  const auto into = [&read](SpillBuckets& side, int64_t* without_id) {
    return [&read, &side, without_id](const std::shared_ptr<arrow::RecordBatch>& batch) {
      return SpillMarks(*batch, read.schema_, "", side, without_id);
    };
  };
  FIRN_CHECK(EachStagedBatch(call, read.staged_.files, read.schema_, into(org, nullptr)));
  FIRN_CHECK(EachLiveBatch(call, request.table, read.schema_, into(lake, &no_record)));
  FIRN_CHECK(org.Finish());
  FIRN_CHECK(lake.Finish());
  const auto keep = [&read](const MarkPair& pair) -> Result<void> {
    // What only one side has is the windows' and the sweep's: a row is never made of a part.
    if (pair.org == nullptr || pair.lake == nullptr) return {};
    if (++read.differ_ <= kIdsKept) read.ids_.emplace(View(pair.org->id));
    return {};
  };
  FIRN_CHECK(CompareMarks(call, org, lake, keep));
  return read;
}

Result<void> ColumnRead::EachDifferent(
    const Call& call,
    const std::function<Result<void>(const std::shared_ptr<arrow::RecordBatch>&)>& each) const {
  if (differ_ == 0) return {};
  const auto differs = [this](std::string_view id) {
    return differ_ > kIdsKept || ids_.find(id) != ids_.end();
  };
  const auto take = [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Result<void> {
    FIRN_TRY(const auto rows, RowsOf(batch, schema_, differs));
    return rows->num_rows() > 0 ? each(rows) : Result<void>();
  };
  return EachStagedBatch(call, staged_.files, schema_, take);
}

}  // namespace firn::exports
