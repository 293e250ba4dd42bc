#include "ends/lake/internal/parquet_source.h"

#include <arrow/array.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/page_index.h>
#include <parquet/properties.h>

#include <algorithm>
#include <numeric>

#include "core/record/arrow_schema.h"
#include "ends/lake/internal/encrypted.h"
#include "ends/lake/internal/page_ranges.h"
#include "ends/lake/internal/picked_column.h"
#include "ends/lake/write/parquet_metrics.h"

namespace firn::lake::internal {
namespace {

constexpr int64_t kReadBufferBytes = 1 << 20;
// Rows of a part of a row group that are held at once.
constexpr int64_t kPickedRowsMax = 64 * 1024;

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
      : file_(std::move(file)), options_(std::move(options)) {
    options_.hints = HintsFor(std::move(options_.hints), file_);
  }

  Result<void> Start(std::shared_ptr<arrow::io::RandomAccessFile> input) {
    try {
      return StartOrThrow(std::move(input));
    } catch (const std::exception& error) {
      return Fail(Damaged(file_, error.what()));
    }
  }

  int64_t first_row() const override { return first_row_; }
  int64_t row_groups_spared() const override { return spared_; }
  int64_t rows_spared() const override { return rows_spared_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next(const Call& call) override {
    FIRN_CHECK(call.Check());
    try {
      return NextOrThrow();
    } catch (const std::exception& error) {
      return Fail(Damaged(file_, error.what()));
    }
  }

 private:
  // Rows that lie together: a row group, or a part of one.
  struct Group {
    int index = 0;
    int64_t first = 0;  // position of the group's first row in the file
    int64_t from = 0;   // of the part, in the group
    int64_t rows = 0;
    bool picked = false;  // by pages
  };

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
      const int at = finder.Find(wanted, options_.hints);
      columns_of_.push_back(at);
      if (at >= 0) CollectLeaves(fields[static_cast<size_t>(at)], leaves);
    }
    std::sort(leaves.begin(), leaves.end());
    leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
    leaves_ = std::move(leaves);
    return ChooseGroups();
  }

  // Where each row group to be read begins.
  Result<void> ChooseGroups() {
    const auto footer = reader_->parquet_reader()->metadata();
    const std::vector<IndexedColumn> indexed = IndexedColumns();
    int64_t first = 0;
    for (int group = 0; group < footer->num_row_groups(); ++group) {
      const int64_t rows = footer->RowGroup(group)->num_rows();
      if (first + rows <= options_.from_row) {
        first += rows;
        continue;
      }
      const bool wanted =
          !options_.may_match ||
          options_.may_match(MetricsOf(*footer->Subset({group}), options_.statistics_schema));
      if (wanted) AddGroup(group, first, rows, indexed);
      spared_ += wanted ? 0 : 1;
      first += rows;
    }
    if (first == file_.record_count) return {};
    return Fail(Damaged(file_, "its row groups hold " + std::to_string(first) +
                                   " rows; its footer says " + std::to_string(file_.record_count)));
  }

  // The filter's columns, if pages can be passed over: every column that is read has to be one that
  // is picked from.
  std::vector<IndexedColumn> IndexedColumns() const {
    std::vector<IndexedColumn> out;
    if (!options_.may_match) return out;
    const auto& schema = *reader_->parquet_reader()->metadata()->schema();
    for (size_t i = 0; i < columns_of_.size(); ++i) {
      if (columns_of_[i] < 0) continue;
      const auto& field = FieldAt(i);
      if (!field.is_leaf() || !CanPick(*schema.Column(field.column_index), *field.field->type()))
        return {};
      const record::Field& wanted = options_.schema.fields[i];
      if (options_.statistics_schema.Find(wanted.name) != nullptr)
        out.push_back({field.column_index, schema.Column(field.column_index), wanted});
    }
    return out;
  }

  void AddGroup(int group, int64_t first, int64_t rows, const std::vector<IndexedColumn>& indexed) {
    const auto index = indexed.empty()
                           ? nullptr
                           : reader_->parquet_reader()->GetPageIndexReader()->RowGroup(group);
    if (index == nullptr) {
      groups_.push_back({group, first, 0, rows, false});
      return;
    }
    const auto ranges = RowsThatMayMatch(*index, rows, indexed, options_.may_match);
    int64_t kept = 0;
    for (const RowSpan& range : ranges) kept += range.end - range.first;
    rows_spared_ += rows - kept;
    if (kept == rows) {
      groups_.push_back({group, first, 0, rows, false});
      return;
    }
    for (const RowSpan& range : ranges) {
      for (int64_t at = range.first; at < range.end; at += kPickedRowsMax)
        groups_.push_back({group, first, at, std::min(range.end - at, kPickedRowsMax), true});
    }
  }

  [[nodiscard]] const parquet::arrow::SchemaField& FieldAt(size_t column) const {
    return reader_->manifest().schema_fields[static_cast<size_t>(columns_of_[column])];
  }

  Result<void> OpenGroup() {
    const Group& group = groups_[next_group_++];
    position_ = group.first + group.from;
    rows_left_ = group.rows;
    batches_.reset();
    if (group.picked) {
      auto columns = Picked(group);
      if (!columns.ok()) return Fail(Damaged(file_, columns.status().message()));
      picked_ = *std::move(columns);
      return {};
    }
    picked_.clear();
    if (leaves_.empty()) return {};
    auto batches = reader_->GetRecordBatchReader({group.index}, leaves_);
    if (!batches.ok()) return Fail(Damaged(file_, batches.status().message()));
    batches_ = *std::move(batches);
    return {};
  }

  // By wanted column; nullptr: the file lacks it.
  arrow::Result<arrow::ArrayVector> Picked(const Group& group) const {
    std::vector<int64_t> rows(static_cast<size_t>(group.rows));
    std::iota(rows.begin(), rows.end(), group.from);
    const auto open = reader_->parquet_reader()->RowGroup(group.index);
    arrow::ArrayVector columns(columns_of_.size());
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns_of_[i] < 0) continue;
      const auto& field = FieldAt(i);
      ARROW_ASSIGN_OR_RAISE(columns[i],
                            PickColumn(*open, field.column_index, field.field->type(), rows));
    }
    return columns;
  }

  Result<std::shared_ptr<arrow::RecordBatch>> NextOrThrow() {
    while (rows_left_ == 0) {
      if (next_group_ == groups_.size()) return std::shared_ptr<arrow::RecordBatch>();
      FIRN_CHECK(OpenGroup());
    }
    int64_t rows = std::min<int64_t>(rows_left_, options_.batch_rows);
    arrow::ArrayVector sources(options_.schema.fields.size());
    if (!picked_.empty()) {
      const int64_t from = groups_[next_group_ - 1].rows - rows_left_;
      for (size_t i = 0; i < sources.size(); ++i) {
        if (picked_[i] != nullptr) sources[i] = picked_[i]->Slice(from, rows);
      }
    } else if (batches_ != nullptr) {
      std::shared_ptr<arrow::RecordBatch> batch;
      if (const auto read = batches_->ReadNext(&batch); !read.ok())
        return Fail(Damaged(file_, read.message()));
      rows = batch == nullptr ? 0 : batch->num_rows();
      if (batch != nullptr) TakeColumns(*batch, sources);
    }
    if (rows == 0) return Fail(Damaged(file_, "it ends before its last row"));
    rows_left_ -= rows;
    first_row_ = position_;
    position_ += rows;
    arrow::ArrayVector columns;
    for (size_t i = 0; i < sources.size(); ++i) {
      auto column = ProjectColumn(sources[i], options_.schema.fields[i], options_.hints, rows);
      if (!column) return Fail(std::move(column).error().At(file_.path));
      columns.push_back(*std::move(column));
    }
    if (schema_ == nullptr) schema_ = record::ArrowSchema(options_.schema);
    return arrow::RecordBatch::Make(schema_, rows, columns);
  }

  void TakeColumns(const arrow::RecordBatch& batch, arrow::ArrayVector& sources) {
    if (batch_columns_.empty()) {
      const FieldFinder finder(batch.schema()->fields());
      for (const record::Field& field : options_.schema.fields)
        batch_columns_.push_back(finder.Find(field, options_.hints));
    }
    for (size_t i = 0; i < sources.size(); ++i) {
      if (batch_columns_[i] >= 0) sources[i] = batch.column(batch_columns_[i]);
    }
  }

  DataFile file_;
  SourceOptions options_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::vector<int> columns_of_;     // of the file, by wanted field; -1: the file lacks it
  std::vector<int> batch_columns_;  // the same of a batch
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> leaves_;
  std::vector<Group> groups_;  // those to be read
  arrow::ArrayVector picked_;  // of the open part, by wanted field; empty: it is read as a stream
  int64_t rows_spared_ = 0;
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
  if (file.key_metadata && !file.key_metadata->empty()) return Fail(EncryptedFile(file.path));
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
