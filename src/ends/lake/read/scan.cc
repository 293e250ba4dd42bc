#include "ends/lake/read/scan.h"

#include <arrow/array/util.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include <functional>

#include "core/record/arrow_schema.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake {
namespace {

constexpr int64_t kBatchRows = 16 * 1024;

Error Unreadable(const std::string& path, const std::string& why) {
  return Error(Kind::kCorrupt, "LAKE-SCAN-001", "the data file cannot be read")
      .At(path)
      .Because(why);
}

// Arrow's errors, as Status or exception, become ours here.
Result<void> Guarded(const std::string& path, const std::function<arrow::Status()>& work) {
  try {
    const arrow::Status status = work();
    if (status.ok()) return {};
    return Fail(Unreadable(path, status.ToString()));
  } catch (const parquet::ParquetException& error) {
    return Fail(Unreadable(path, error.what()));
  }
}

// Position of each schema field in the file, by field id; -1 when the file lacks it.
std::vector<int> MatchFields(const parquet::FileMetaData& footer, const record::Schema& schema) {
  const parquet::schema::GroupNode* root = footer.schema()->group_node();
  std::vector<int> positions;
  for (const record::Field& field : schema.fields) {
    int position = -1;
    for (int i = 0; i < root->field_count(); ++i) {
      if (root->field(i)->field_id() == field.id) position = i;
    }
    positions.push_back(position);
  }
  return positions;
}

arrow::Status HashRows(const Call& call, parquet::arrow::FileReader& reader,
                       const record::Schema& schema, ScannedFile& scanned) {
  const std::vector<int> positions = MatchFields(*reader.parquet_reader()->metadata(), schema);
  const auto wanted = record::ArrowSchema(schema);
  ARROW_ASSIGN_OR_RAISE(auto batches, reader.GetRecordBatchReader());
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
    if (batch == nullptr) return arrow::Status::OK();
    if (!call.Check()) return arrow::Status::Cancelled("stopped");
    arrow::ArrayVector arrays;
    for (size_t i = 0; i < positions.size(); ++i) {
      if (positions[i] >= 0) {
        arrays.push_back(batch->column(positions[i]));
      } else {
        ARROW_ASSIGN_OR_RAISE(
            auto nulls,
            arrow::MakeArrayOfNull(wanted->field(static_cast<int>(i))->type(), batch->num_rows()));
        arrays.push_back(std::move(nulls));
      }
    }
    scanned.rows += batch->num_rows();
    record::AddColumnHashes(*arrow::RecordBatch::Make(wanted, batch->num_rows(), std::move(arrays)),
                            schema, scanned.hashes);
  }
}

}  // namespace

Result<int64_t> CountDataFileRows(const Call& call, ObjectStore& store, const std::string& uri) {
  int64_t rows = 0;
  FIRN_TRY(const auto input, store.OpenInput(call, uri));
  FIRN_CHECK(Guarded(uri, [&]() -> arrow::Status {
    rows = parquet::ParquetFileReader::Open(input)->metadata()->num_rows();
    return arrow::Status::OK();
  }));
  return rows;
}

Result<ScannedFile> HashDataFile(const Call& call, ObjectStore& store, const std::string& uri,
                                 const record::Schema& schema) {
  ScannedFile scanned;
  FIRN_CHECK(call.Check());
  scanned.hashes.resize(schema.fields.size(), 0);
  FIRN_TRY(const auto input, store.OpenInput(call, uri));
  auto done = Guarded(uri, [&]() -> arrow::Status {
    auto file = parquet::ParquetFileReader::Open(input);
    parquet::arrow::FileReaderBuilder builder;
    parquet::ArrowReaderProperties properties;
    properties.set_batch_size(kBatchRows);
    ARROW_ASSIGN_OR_RAISE(const auto reader,
                          parquet::arrow::FileReader::Make(arrow::default_memory_pool(),
                                                           std::move(file), properties));
    return HashRows(call, *reader, schema, scanned);
  });
  FIRN_CHECK(call.Check());
  FIRN_CHECK(std::move(done));
  return scanned;
}

}  // namespace firn::lake
