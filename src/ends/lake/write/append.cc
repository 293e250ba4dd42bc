#include "ends/lake/write/append.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "core/record/arrow_schema.h"
#include "ends/lake/write/partition_files.h"

namespace firn::lake {
namespace {

Error DoesNotFit(const Table& table, std::string why) {
  return Error(Kind::kBadInput, "LAKE-MERGE-003", "rows do not fit the table")
      .At(table.ident().Text())
      .Because(std::move(why));
}

// In the order of the table's schema.
Result<std::shared_ptr<arrow::RecordBatch>> InOrder(const Table& table,
                                                    const arrow::RecordBatch& rows) {
  const auto schema = record::ArrowSchema(table.schema());
  std::vector<std::shared_ptr<arrow::Array>> columns;
  int used = 0;
  for (const auto& field : schema->fields()) {
    auto column = rows.GetColumnByName(field->name());
    if (column == nullptr) {
      auto nulls = arrow::MakeArrayOfNull(field->type(), rows.num_rows());
      if (!nulls.ok()) return Fail(DoesNotFit(table, nulls.status().ToString()));
      column = *std::move(nulls);
    } else if (!column->type()->Equals(*field->type())) {
      return Fail(DoesNotFit(table, "column `" + field->name() + "` is " +
                                        field->type()->ToString() + ", not " +
                                        column->type()->ToString()));
    } else {
      ++used;
    }
    columns.push_back(std::move(column));
  }
  if (used != rows.num_columns()) return Fail(DoesNotFit(table, "it lacks one of their columns"));
  return arrow::RecordBatch::Make(schema, rows.num_rows(), std::move(columns));
}

}  // namespace

Result<Table> AppendRows(const Call& call, Lake& lake, const Table& table,
                         const std::shared_ptr<arrow::RecordBatch>& rows,
                         const CommitOptions& options) {
  std::vector<DataFile> files;
  if (rows->num_rows() > 0) {
    FIRN_TRY(const auto ordered, InOrder(table, *rows));
    FIRN_TRY(const auto written, PartitionFiles::Open(table, {}));
    FIRN_CHECK(written->Write(call, ordered));
    FIRN_TRY(files, written->Close());
    written->Keep();
  }
  return lake.Append(call, table.ident(), files, options);
}

}  // namespace firn::lake
