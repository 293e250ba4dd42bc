#include "ends/lake/parquet/arrow_file.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <utility>

#include "core/record/arrow_schema.h"
#include "ends/lake/parquet/file_sink.h"
#include "ends/lake/parquet/properties.h"
#include "ends/lake/write/nan_counts.h"

namespace firn::lake {
namespace {

class ArrowFile final : public ParquetWriter {
 public:
  ArrowFile(std::shared_ptr<FileSink> sink, record::Schema schema)
      : sink_(std::move(sink)), schema_(std::move(schema)), nans_(schema_) {}

  Result<void> Open(const record::Layout& layout, const ParquetOptions& options) {
    const auto schema = record::ArrowSchema(layout.schema);
    return sink_->Guarded([&]() -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(
          writer_, parquet::arrow::FileWriter::Open(*schema, WriterPool(), sink_,
                                                    PropertiesFor(layout, options),
                                                    parquet::default_arrow_writer_properties()));
      return arrow::Status::OK();
    });
  }

  Result<void> Write(const arrow::RecordBatch& batch) override {
    rows_ += batch.num_rows();
    FIRN_CHECK(nans_.Add(batch));
    return sink_->Guarded([&] { return writer_->WriteRecordBatch(batch); });
  }

  Result<DataFile> Close() override {
    FIRN_CHECK(sink_->Guarded([&] { return writer_->Close(); }));
    FIRN_TRY(DataFile file, sink_->Settle(*writer_->metadata(), schema_));
    file.nan_value_counts = nans_.by_field();
    return file;
  }

  int64_t bytes() const override { return sink_->bytes(); }
  int64_t rows() const override { return rows_; }

 private:
  std::shared_ptr<FileSink> sink_;
  record::Schema schema_;
  NanCounts nans_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  int64_t rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<ParquetWriter>> OpenArrowFile(const std::string& path,
                                                     const record::Layout& layout,
                                                     const ParquetOptions& options) {
  FIRN_TRY(auto sink, FileSink::Create(path));
  auto file = std::make_unique<ArrowFile>(std::move(sink), layout.schema);
  FIRN_CHECK(file->Open(layout, options));
  return std::unique_ptr<ParquetWriter>(std::move(file));
}

}  // namespace firn::lake
