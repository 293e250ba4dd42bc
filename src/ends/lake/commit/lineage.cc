#include "ends/lake/commit/lineage.h"

#include <arrow/array/array_primitive.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "ends/lake/format/metadata.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

// Spec, "Reserved Field IDs".
constexpr int kRowIdField = 2147483540;
constexpr int kLastUpdatedField = 2147483539;

// Nulls of a column become `first`, `first + step`, ..
arrow::Result<std::shared_ptr<arrow::Array>> Filled(const arrow::Array& column, int64_t first,
                                                    int64_t step) {
  const auto& old = static_cast<const arrow::Int64Array&>(column);
  arrow::Int64Builder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(old.length()));
  for (int64_t row = 0; row < old.length(); ++row)
    builder.UnsafeAppend(old.IsValid(row) ? old.Value(row) : first + row * step);
  return builder.Finish();
}

}  // namespace

bool KeepsLineage(const Table& table) { return table.metadata().format_version > 2; }

Table WithLineage(const Table& table) {
  if (!KeepsLineage(table)) return table;
  auto metadata = std::make_shared<TableMetadata>(table.metadata());
  auto schema = std::make_shared<TableSchema>(metadata->current_schema());
  record::Type number;
  number.id = record::TypeId::kLong;
  schema->schema.fields.push_back({kRowIdField, kRowIdColumn, false, number, ""});
  schema->schema.fields.push_back({kLastUpdatedField, kLastUpdatedColumn, false, number, ""});
  for (auto& known : metadata->schemas) {
    if (known->schema.schema_id == schema->schema.schema_id) known = schema;
  }
  return {table.ident(), std::move(metadata), table.metadata_location(), table.store()};
}

Result<std::shared_ptr<arrow::RecordBatch>> WithRowIds(std::shared_ptr<arrow::RecordBatch> batch,
                                                       const LiveFile& live, int64_t first_row) {
  // Rows of before the table had lineage get ids with the commit that is made now.
  if (!live.file.first_row_id) return batch;
  const int row_id = batch->num_columns() - 2;
  const auto fill = [&](int column, int64_t first, int64_t step) -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto filled, Filled(*batch->column(column), first, step));
    ARROW_ASSIGN_OR_RAISE(
        batch, batch->SetColumn(column, batch->schema()->field(column), std::move(filled)));
    return arrow::Status::OK();
  };
  auto status = fill(row_id, *live.file.first_row_id + first_row, 1);
  if (status.ok()) status = fill(row_id + 1, live.sequence_number, 0);
  if (status.ok()) return batch;
  return Fail(Error(Kind::kInternal, "LAKE-FILE-001", "row ids cannot be carried over")
                  .Because(status.message()));
}

Result<std::map<std::string, int64_t>> FirstRowIds(const Call& call, const Table& table) {
  std::map<std::string, int64_t> out;
  const Snapshot* snapshot = table.metadata().current_snapshot();
  if (snapshot == nullptr) return out;
  FIRN_TRY(const auto manifests, LoadManifests(call, *table.store(), *snapshot));
  for (const ManifestFile& manifest : manifests) {
    if (manifest.content != ManifestFile::Content::kData ||
        manifest.added_snapshot_id != snapshot->snapshot_id)
      continue;
    FIRN_CHECK(EachEntry(call, *table.store(), manifest, [&](ManifestEntry entry) -> Result<void> {
      if (entry.live() && entry.file.first_row_id) out[entry.file.path] = *entry.file.first_row_id;
      return {};
    }));
  }
  return out;
}

}  // namespace firn::lake
