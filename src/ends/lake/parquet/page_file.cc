#include "ends/lake/parquet/page_file.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/properties.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/record/arrow_schema.h"
#include "ends/lake/parquet/field_pages.h"
#include "ends/lake/parquet/file_sink.h"
#include "ends/lake/parquet/properties.h"
#include "ends/lake/write/nan_counts.h"

namespace firn::lake {
namespace {

using record::Field;
using record::TypeId;

constexpr uint8_t kMagic[] = {'P', 'A', 'R', '1'};

bool IsLeaf(const Field& field) {
  switch (field.type.id) {
    case TypeId::kBoolean:
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kDecimal:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestamptz:
    case TypeId::kString:
    case TypeId::kBinary:
      return true;
    default:
      return false;
  }
}

class PageFile final : public ParquetWriter {
 public:
  PageFile(std::shared_ptr<FileSink> sink, const record::Layout& layout,
           const ParquetOptions& options)
      : sink_(std::move(sink)),
        schema_(layout.schema),
        arrow_schema_(record::ArrowSchema(layout.schema)),
        properties_(PropertiesFor(layout, options)),
        row_group_rows_(options.row_group_rows),
        compressor_(PageCompressor::New(options)),
        nans_(layout.schema) {}

  Result<void> Open();
  Result<void> Write(const arrow::RecordBatch& batch) override;
  Result<DataFile> Close() override;
  int64_t bytes() const override { return sink_->bytes(); }
  int64_t rows() const override { return rows_; }

 private:
  Result<void> EndRowGroup();

  std::shared_ptr<FileSink> sink_;
  record::Schema schema_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  std::shared_ptr<parquet::WriterProperties> properties_;
  std::shared_ptr<parquet::SchemaDescriptor> columns_;
  std::unique_ptr<parquet::FileMetaDataBuilder> footer_;
  std::unique_ptr<parquet::PageIndexBuilder> index_;
  const int64_t row_group_rows_;
  std::unique_ptr<PageCompressor> compressor_;
  std::vector<FieldPages> fields_;
  NanCounts nans_;
  int64_t rows_ = 0;
  int64_t group_rows_ = 0;
  int16_t groups_ = 0;
};

Result<void> PageFile::Open() {
  FIRN_CHECK(sink_->Guarded([&] {
    const auto status =
        parquet::arrow::ToParquetSchema(arrow_schema_.get(), *properties_, &columns_);
    if (!status.ok()) return status;
    footer_ = parquet::FileMetaDataBuilder::Make(columns_.get(), properties_);
    index_ = parquet::PageIndexBuilder::Make(columns_.get());
    return status;
  }));
  int next_leaf = 0;
  for (const auto& field : arrow_schema_->fields()) {
    FIRN_TRY(auto pages, FieldPages::New(*field, *columns_, *properties_, *compressor_, next_leaf));
    fields_.push_back(std::move(pages));
  }
  return sink_->Put(kMagic);
}

Result<void> PageFile::Write(const arrow::RecordBatch& batch) {
  if (!batch.schema()->Equals(*arrow_schema_, /*check_metadata=*/false)) {
    return Fail(Error(Kind::kInternal, "LAKE-FILE-001", "the data file cannot be written")
                    .At(sink_->path())
                    .Because("the rows' columns are not those of the file"));
  }
  FIRN_CHECK(nans_.Add(batch));
  for (RowRange range; range.begin < batch.num_rows(); range.begin += range.count) {
    range.count = std::min(batch.num_rows() - range.begin, row_group_rows_ - group_rows_);
    for (size_t i = 0; i < fields_.size(); ++i) {
      FIRN_CHECK(fields_[i].Append(*batch.column(static_cast<int>(i)), range));
    }
    group_rows_ += range.count;
    if (group_rows_ == row_group_rows_) FIRN_CHECK(EndRowGroup());
  }
  rows_ += batch.num_rows();
  return {};
}

Result<void> PageFile::EndRowGroup() {
  Result<void> written;
  FIRN_CHECK(sink_->Guarded([&] {
    parquet::RowGroupMetaDataBuilder* const group = footer_->AppendRowGroup();
    group->set_num_rows(std::exchange(group_rows_, 0));
    index_->AppendRowGroup();
    int64_t bytes = 0;
    int32_t column = 0;
    for (FieldPages& field : fields_) {
      for (const auto& leaf : field.leaves()) {
        auto chunk = leaf->EndChunk(
            *sink_, {*group->NextColumnChunk(), *index_->GetColumnIndexBuilder(column),
                     *index_->GetOffsetIndexBuilder(column)});
        ++column;
        if (!chunk) {
          written = Fail(std::move(chunk).error());
          return arrow::Status::OK();
        }
        bytes += *chunk;
      }
    }
    group->Finish(bytes, groups_++);
    return arrow::Status::OK();
  }));
  return written;
}

Result<DataFile> PageFile::Close() {
  if (group_rows_ > 0) FIRN_CHECK(EndRowGroup());
  std::unique_ptr<parquet::FileMetaData> footer;
  FIRN_CHECK(sink_->Guarded([&] {
    index_->Finish();
    const auto places = index_->WriteTo(sink_.get());
    footer_->SetIndexLocations(parquet::IndexKind::kColumnIndex, places.column_index_locations);
    footer_->SetIndexLocations(parquet::IndexKind::kOffsetIndex, places.offset_index_locations);
    footer = footer_->Finish();
    parquet::WriteFileMetaData(*footer, sink_.get());
    return arrow::Status::OK();
  }));
  FIRN_TRY(DataFile file, sink_->Settle(*footer, schema_));
  file.nan_value_counts = nans_.by_field();
  return file;
}

}  // namespace

bool FitsPageFile(const record::Schema& schema) {
  return std::all_of(schema.fields.begin(), schema.fields.end(), [](const Field& field) {
    const bool nested = field.type.id == TypeId::kStruct || field.type.id == TypeId::kList;
    return nested ? std::all_of(field.type.children.begin(), field.type.children.end(), IsLeaf)
                  : IsLeaf(field);
  });
}

Result<std::unique_ptr<ParquetWriter>> OpenPageFile(const std::string& path,
                                                    const record::Layout& layout,
                                                    const ParquetOptions& options) {
  FIRN_TRY(auto sink, FileSink::Create(path));
  auto file = std::make_unique<PageFile>(std::move(sink), layout, options);
  FIRN_CHECK(file->Open());
  return std::unique_ptr<ParquetWriter>(std::move(file));
}

}  // namespace firn::lake
