#include "patterns/exports/object/row_marks.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>

#include "core/record/column_hash.h"
#include "ends/lake/merge/merge.h"
#include "ends/lake/read/file_rows.h"
#include "ends/lake/read/rows.h"

namespace firn::exports {
namespace {

using Batch = std::shared_ptr<arrow::RecordBatch>;

Result<Batch> Filtered(const Batch& batch, const std::vector<bool>& keep) {
  arrow::BooleanBuilder builder;
  std::shared_ptr<arrow::Array> mask;
  auto status = builder.AppendValues(keep);
  if (status.ok()) status = builder.Finish(&mask);
  if (status.ok()) {
    auto filtered = arrow::compute::Filter(arrow::Datum(batch), arrow::Datum(mask));
    status = filtered.status();
    if (filtered.ok()) return filtered->record_batch();
  }
  return Fail(Error(Kind::kInternal, "EXPORT-VERIFY-002", "rows cannot be filtered")
                  .Because(status.message()));
}

// Without the rows whose last column, `__deleted`, is true.
Result<Batch> WithoutDeleted(const Batch& batch) {
  const int last = batch->num_columns() - 1;
  const auto& deleted = static_cast<const arrow::BooleanArray&>(*batch->column(last));
  std::vector<bool> keep(static_cast<size_t>(batch->num_rows()), true);
  bool all = true;
  for (int64_t row = 0; row < batch->num_rows(); ++row) {
    if (!deleted.IsValid(row) || !deleted.Value(row)) continue;
    keep[static_cast<size_t>(row)] = false;
    all = false;
  }
  return all ? Result<Batch>(batch) : Filtered(batch, keep);
}

}  // namespace

Result<void> EachStagedBatch(const Call& call, const std::vector<lake::DataFile>& files,
                             const record::Schema& schema, const EachBatch& each) {
  lake::FileRows rows(files, schema);
  for (;;) {
    FIRN_TRY(const auto batch, rows.Next(call));
    if (batch == nullptr) return {};
    FIRN_CHECK(each(batch));
  }
}

Result<void> EachLiveBatch(const Call& call, const lake::Table& table, const record::Schema& schema,
                           const EachBatch& each) {
  lake::RowsOptions options;
  for (const record::Field& field : schema.fields) options.columns.push_back(field.name);
  const bool soft = table.schema().Find(lake::kDeletedColumn) != nullptr;
  if (soft) options.columns.emplace_back(lake::kDeletedColumn);
  FIRN_TRY(const auto reader, lake::RowReader::Open(call, table, options));
  for (;;) {
    FIRN_TRY(auto batch, reader->Next(call));
    if (batch == nullptr) return {};
    if (soft) {
      FIRN_TRY(batch, WithoutDeleted(batch));
    }
    if (batch->num_rows() > 0) FIRN_CHECK(each(batch));
  }
}

Result<void> SpillMarks(const arrow::RecordBatch& batch, const record::Schema& schema,
                        const std::string& stamp, SpillBuckets& buckets, int64_t* without_id) {
  std::vector<record::RowMark> marks;
  record::RowMarks(batch, schema, stamp, marks);
  for (const record::RowMark& mark : marks) {
    SpilledMark spilled{.hash = mark.hash, .stamp = mark.stamp};
    if (!ToIdText(mark.id, spilled.id)) {
      if (without_id != nullptr) {
        ++*without_id;
        continue;
      }
      return Fail(Kind::kCorrupt, "EXPORT-VERIFY-001", "a row has no 18-character Id");
    }
    FIRN_CHECK(buckets.Add(spilled));
  }
  return {};
}

std::string WithoutIdText(int64_t rows, const std::string& table) {
  return std::to_string(rows) +
         " rows of the table have no 18-character Id, so they are no record's: another program "
         "wrote them. `firn lake rows " +
         table + " --columns Id` shows their Ids, a run in `--mode full` replaces the rows";
}

Result<Batch> RowsOf(const Batch& batch, const record::Schema& schema,
                     const std::function<bool(std::string_view id)>& keep) {
  std::vector<record::RowMark> marks;
  record::RowMarks(*batch, schema, "", marks);
  std::vector<bool> kept(marks.size());
  size_t count = 0;
  for (size_t row = 0; row < marks.size(); ++row) {
    kept[row] = keep(marks[row].id);
    count += kept[row] ? 1 : 0;
  }
  return count == marks.size() ? Result<Batch>(batch) : Filtered(batch, kept);
}

}  // namespace firn::exports
