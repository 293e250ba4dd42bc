#include "ends/lake/internal/parquet_source.h"

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>

#include <algorithm>

#include "core/record/arrow_schema.h"
#include "ends/lake/parquet_metrics.h"

namespace firn::lake::internal {
namespace {

constexpr int64_t kReadBufferBytes = 1 << 20;

Error Damaged(const DataFile& file, std::string why) {
  return Error(Kind::kCorrupt, "LAKE-READ-001", "the data file `" + file.path + "` cannot be read")
      .At(file.path)
      .Because(std::move(why));
}

void CollectLeaves(const parquet::arrow::SchemaField& field, std::vector<int>& out) {
  if (field.is_leaf()) out.push_back(field.column_index);
  for (const auto& child : field.children) CollectLeaves(child, out);
}

class Source final : public ParquetSource {
 public:
  Source(DataFile file, SourceOptions options)
      : file_(std::move(file)), options_(std::move(options)) {}

  Result<void> Start(std::shared_ptr<arrow::io::RandomAccessFile> input) {
    try {
      return StartOrThrow(std::move(input));
    } catch (const std::exception& error) {
      return Fail(Damaged(file_, error.what()));
    }
  }

  int64_t first_row() const override { return first_row_; }
  int64_t row_groups_spared() const override { return spared_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next(const Call& call) override {
    FIRN_CHECK(call.Check());
    try {
      return NextOrThrow();
    } catch (const std::exception& error) {
      return Fail(Damaged(file_, error.what()));
    }
  }

 private:
  Result<void> StartOrThrow(std::shared_ptr<arrow::io::RandomAccessFile> input) {
    parquet::ReaderProperties bytes;
    bytes.enable_buffered_stream();
    bytes.set_buffer_size(kReadBufferBytes);
    parquet::ArrowReaderProperties columns(/*use_threads=*/false);
    columns.set_batch_size(options_.batch_rows);
    columns.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    if (const auto opened = builder.Open(std::move(input), bytes); !opened.ok())
      return Fail(Damaged(file_, opened.message()));
    builder.properties(columns);
    auto built = builder.Build();
    if (!built.ok()) return Fail(Damaged(file_, built.status().message()));
    reader_ = *std::move(built);

    const int64_t rows = reader_->parquet_reader()->metadata()->num_rows();
    if (rows != file_.record_count)
      return Fail(Damaged(file_, "it holds " + std::to_string(rows) + " rows; its manifest says " +
                                     std::to_string(file_.record_count)));
    std::vector<int> leaves;
    const auto& fields = reader_->manifest().schema_fields;
    std::vector<std::shared_ptr<arrow::Field>> file_fields;
    for (const auto& field : fields) file_fields.push_back(field.field);
    const FieldFinder finder(file_fields);
    for (const record::Field& wanted : options_.schema.fields) {
      const int at = finder.Find(wanted, options_.names);
      if (at >= 0) CollectLeaves(fields[static_cast<size_t>(at)], leaves);
    }
    std::sort(leaves.begin(), leaves.end());
    leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
    leaves_ = std::move(leaves);
    ChooseGroups();
    return {};
  }

  // Where each row group to be read begins.
  void ChooseGroups() {
    const auto footer = reader_->parquet_reader()->metadata();
    int64_t first = 0;
    for (int group = 0; group < footer->num_row_groups(); ++group) {
      const int64_t rows = footer->RowGroup(group)->num_rows();
      const bool wanted =
          !options_.may_match ||
          options_.may_match(MetricsOf(*footer->Subset({group}), options_.statistics_schema));
      if (wanted) groups_.push_back({group, first, rows});
      spared_ += wanted ? 0 : 1;
      first += rows;
    }
  }

  Result<void> OpenGroup() {
    const Group& group = groups_[next_group_++];
    position_ = group.first;
    rows_left_ = group.rows;
    batches_.reset();
    if (leaves_.empty()) return {};
    auto batches = reader_->GetRecordBatchReader({group.index}, leaves_);
    if (!batches.ok()) return Fail(Damaged(file_, batches.status().message()));
    batches_ = *std::move(batches);
    return {};
  }

  Result<std::shared_ptr<arrow::RecordBatch>> NextOrThrow() {
    while (rows_left_ == 0) {
      if (next_group_ == groups_.size()) return std::shared_ptr<arrow::RecordBatch>();
      FIRN_CHECK(OpenGroup());
    }
    std::shared_ptr<arrow::RecordBatch> batch;
    int64_t rows = std::min<int64_t>(rows_left_, options_.batch_rows);
    if (batches_ != nullptr) {
      if (const auto read = batches_->ReadNext(&batch); !read.ok())
        return Fail(Damaged(file_, read.message()));
      rows = batch == nullptr ? 0 : batch->num_rows();
    }
    if (rows == 0) return Fail(Damaged(file_, "it ends before its last row"));
    rows_left_ -= rows;
    first_row_ = position_;
    position_ += rows;
    if (batch != nullptr && columns_of_.empty()) {
      const FieldFinder finder(batch->schema()->fields());
      for (const record::Field& field : options_.schema.fields)
        columns_of_.push_back(finder.Find(field, options_.names));
    }
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (size_t i = 0; i < options_.schema.fields.size(); ++i) {
      const record::Field& field = options_.schema.fields[i];
      std::shared_ptr<arrow::Array> source;
      if (batch != nullptr && columns_of_[i] >= 0) source = batch->column(columns_of_[i]);
      auto column = ProjectColumn(source, field, options_.names, rows);
      if (!column) return Fail(std::move(column).error().At(file_.path));
      columns.push_back(*std::move(column));
    }
    if (schema_ == nullptr) schema_ = record::ArrowSchema(options_.schema);
    return arrow::RecordBatch::Make(schema_, rows, columns);
  }

  DataFile file_;
  SourceOptions options_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::vector<int> columns_of_;  // of a batch, by wanted field; -1: the file lacks it
  std::shared_ptr<arrow::Schema> schema_;
  struct Group {
    int index = 0;
    int64_t first = 0;  // position of its first row
    int64_t rows = 0;
  };
  std::vector<int> leaves_;
  std::vector<Group> groups_;  // those to be read
  size_t next_group_ = 0;
  int64_t spared_ = 0;
  int64_t rows_left_ = 0;  // in the open group
  int64_t position_ = 0;   // of the next row
  int64_t first_row_ = 0;  // of the last batch
};

}  // namespace

Result<std::unique_ptr<ParquetSource>> ParquetSource::Open(const Call& call, ObjectStore& store,
                                                           const DataFile& file,
                                                           const SourceOptions& options) {
  if (file.format != "PARQUET")
    return Fail(Error(Kind::kUnsupported, "LAKE-READ-002",
                      "the data file `" + file.path + "` is of format " + file.format)
                    .At(file.path)
                    .Because("only Parquet is read"));
  auto size = store.Size(call, file.path);
  if (!size) return Fail(Damaged(file, size.error().what()));
  if (*size != file.file_size_bytes)
    return Fail(Damaged(file, "it has " + std::to_string(*size) + " bytes; its manifest says " +
                                  std::to_string(file.file_size_bytes)));
  FIRN_TRY(auto input, store.OpenInput(call, file.path));
  auto source = std::make_unique<Source>(file, options);
  FIRN_CHECK(source->Start(std::move(input)));
  return std::unique_ptr<ParquetSource>(std::move(source));
}

}  // namespace firn::lake::internal
