#include "ends/lake/publish/row_stream.h"

#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

namespace firn::lake {
namespace {

constexpr int64_t kBatchRows = 4096;
constexpr int64_t kReadBufferBytes = 1 << 20;

class TableStream final : public RowStream {
 public:
  explicit TableStream(std::unique_ptr<RowReader> reader) : reader_(std::move(reader)) {
    for (const record::Field& field : reader_->schema().fields)
      columns_.push_back({field.name, record::TypeText(field.type)});
  }
  const std::vector<StreamColumn>& columns() const override { return columns_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next(const Call& call) override {
    return reader_->Next(call);
  }

 private:
  std::unique_ptr<RowReader> reader_;
  std::vector<StreamColumn> columns_;
};

Error Unreadable(const std::string& path, const std::string& why) {
  return Error(Kind::kCorrupt, "LAKE-READ-004", "a file of rows cannot be read")
      .At(path)
      .Because(why);
}

class FileStream final : public RowStream {
 public:
  explicit FileStream(std::string path) : path_(std::move(path)) {}

  Result<void> Open() {
    try {
      const arrow::Status status = OpenOrThrow();
      if (!status.ok()) return Fail(Unreadable(path_, status.message()));
    } catch (const std::exception& error) {  // parquet's
      return Fail(Unreadable(path_, error.what()));
    }
    for (const auto& field : batches_->schema()->fields())
      columns_.push_back({field->name(), field->type()->ToString()});
    return {};
  }

  const std::vector<StreamColumn>& columns() const override { return columns_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next(const Call& call) override {
    FIRN_CHECK(call.Check());
    std::shared_ptr<arrow::RecordBatch> batch;
    try {
      const arrow::Status status = batches_->ReadNext(&batch);
      if (!status.ok()) return Fail(Unreadable(path_, status.message()));
    } catch (const std::exception& error) {  // parquet's
      return Fail(Unreadable(path_, error.what()));
    }
    return batch;
  }

 private:
  arrow::Status OpenOrThrow() {
    ARROW_ASSIGN_OR_RAISE(auto input, arrow::io::ReadableFile::Open(path_));
    parquet::ReaderProperties bytes;
    bytes.enable_buffered_stream();
    bytes.set_buffer_size(kReadBufferBytes);
    parquet::ArrowReaderProperties columns(/*use_threads=*/false);
    columns.set_batch_size(kBatchRows);
    columns.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(std::move(input), bytes));
    builder.properties(columns);
    ARROW_ASSIGN_OR_RAISE(reader_, builder.Build());
    ARROW_ASSIGN_OR_RAISE(batches_, reader_->GetRecordBatchReader());
    return arrow::Status::OK();
  }

  const std::string path_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::vector<StreamColumn> columns_;
};

}  // namespace

Result<std::unique_ptr<RowStream>> StreamTable(const Call& call, const Table& table,
                                               const RowsOptions& options) {
  FIRN_TRY(auto reader, RowReader::Open(call, table, options));
  return std::make_unique<TableStream>(std::move(reader));
}

Result<std::unique_ptr<RowStream>> StreamParquetFile(const std::string& path) {
  auto stream = std::make_unique<FileStream>(path);
  FIRN_CHECK(stream->Open());
  return std::unique_ptr<RowStream>(std::move(stream));
}

}  // namespace firn::lake
