#include "ends/lake/merge/read.h"

#include <arrow/array/array_primitive.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <numeric>
#include <optional>
#include <thread>

#include "core/record/arrow_schema.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/picked_column.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// A large file's columns are read by two threads: inflating is what takes the time.
constexpr size_t kThreads = 2;
constexpr int64_t kValuesAThread = 1'000'000;

Error Damaged(const DataFile& file, std::string why) {
  return Error(Kind::kCorrupt, "LAKE-READ-001", "the data file `" + file.path + "` cannot be read")
      .At(file.path)
      .Because(std::move(why));
}

Error Internal(const arrow::Status& status) {
  return Error(Kind::kInternal, "LAKE-MERGE-006", "rows cannot be put together")
      .Because(status.message());
}

void CollectLeaves(const parquet::arrow::SchemaField& field, std::vector<int>& out) {
  if (field.is_leaf()) out.push_back(field.column_index);
  for (const auto& child : field.children) CollectLeaves(child, out);
}

arrow::Result<ArrayPtr> TakeRows(const ArrayPtr& array, const std::vector<int64_t>& rows) {
  const arrow::Int64Array indices(static_cast<int64_t>(rows.size()), arrow::Buffer::Wrap(rows));
  ARROW_ASSIGN_OR_RAISE(auto taken, arrow::compute::Take(*array, indices));
  return taken;
}

arrow::Result<ArrayPtr> OneArray(const arrow::ChunkedArray& chunks) {
  if (chunks.num_chunks() == 1) return chunks.chunk(0);
  if (chunks.num_chunks() == 0) return arrow::MakeEmptyArray(chunks.type());
  return arrow::Concatenate(chunks.chunks());
}

// The wanted rows of each row group, counted from the group's first.
struct GroupRows {
  int group = 0;
  std::vector<int64_t> rows;
};
std::vector<GroupRows> ByGroup(const parquet::FileMetaData& footer, std::span<const int64_t> rows) {
  std::vector<GroupRows> out;
  int64_t first = 0;
  size_t at = 0;
  for (int group = 0; group < footer.num_row_groups() && at < rows.size(); ++group) {
    const int64_t end = first + footer.RowGroup(group)->num_rows();
    GroupRows wanted{group, {}};
    for (; at < rows.size() && rows[at] < end; ++at) wanted.rows.push_back(rows[at] - first);
    if (!wanted.rows.empty()) out.push_back(std::move(wanted));
    first = end;
  }
  return out;
}

class PointReader {
 public:
  PointReader(const DataFile& file, const internal::SourceOptions& options)
      : file_(file), hints_(internal::HintsFor(options.hints, file)) {}

  arrow::Status Open(std::shared_ptr<arrow::io::RandomAccessFile> input) {
    parquet::ArrowReaderProperties columns(/*use_threads=*/false);
    columns.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(std::move(input)));
    builder.properties(columns);
    ARROW_ASSIGN_OR_RAISE(reader_, builder.Build());
    arrow::FieldVector fields;
    for (const auto& field : reader_->manifest().schema_fields) fields.push_back(field.field);
    finder_.emplace(fields);
    return arrow::Status::OK();
  }

  // One column of the schema at `rows`.
  arrow::Result<ArrayPtr> Column(const record::Field& wanted, const std::vector<GroupRows>& groups,
                                 int64_t rows) {
    ArrayPtr source;
    if (const int at = finder_->Find(wanted, hints_); at >= 0) {
      const auto& field = reader_->manifest().schema_fields[static_cast<size_t>(at)];
      arrow::ArrayVector parts;
      for (const GroupRows& group : groups) {
        ARROW_ASSIGN_OR_RAISE(ArrayPtr part, Part(field, group));
        parts.push_back(std::move(part));
      }
      ARROW_ASSIGN_OR_RAISE(source, arrow::Concatenate(parts));
    }
    auto column = internal::ProjectColumn(source, wanted, hints_, rows);
    if (!column) return arrow::Status::Invalid(column.error().why());
    return *std::move(column);
  }

  arrow::Result<std::vector<GroupRows>> Groups(std::span<const int64_t> rows) const {
    const auto& footer = *reader_->parquet_reader()->metadata();
    if (footer.num_rows() != file_.record_count)
      return arrow::Status::Invalid("it holds ", footer.num_rows(), " rows; its manifest says ",
                                    file_.record_count);
    return ByGroup(footer, rows);
  }

 private:
  arrow::Result<ArrayPtr> Part(const parquet::arrow::SchemaField& field, const GroupRows& group) {
    const auto& schema = *reader_->parquet_reader()->metadata()->schema();
    const auto& type = field.field->type();
    if (field.is_leaf() && internal::CanPick(*schema.Column(field.column_index), *type)) {
      const auto open = reader_->parquet_reader()->RowGroup(group.group);
      return internal::PickColumn(*open, field.column_index, type, group.rows);
    }
    std::vector<int> leaves;
    CollectLeaves(field, leaves);
    ARROW_ASSIGN_OR_RAISE(auto table, reader_->ReadRowGroup(group.group, leaves));
    if (table->num_columns() != 1) return arrow::Status::Invalid("a field has two columns");
    ARROW_ASSIGN_OR_RAISE(const ArrayPtr whole, OneArray(*table->column(0)));
    return TakeRows(whole, group.rows);
  }

  const DataFile& file_;
  const internal::FieldHints hints_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::optional<internal::FieldFinder> finder_;
};

// Takes columns until there are none left. Each thread has a reader of its own.
arrow::Status ReadColumns(const DataFile& file, const internal::SourceOptions& options,
                          std::shared_ptr<arrow::io::RandomAccessFile> input,
                          std::span<const int64_t> rows, std::atomic<size_t>& next,
                          arrow::ArrayVector& columns) {
  PointReader reader(file, options);
  ARROW_RETURN_NOT_OK(reader.Open(std::move(input)));
  ARROW_ASSIGN_OR_RAISE(const auto groups, reader.Groups(rows));
  for (size_t at = next.fetch_add(1); at < columns.size(); at = next.fetch_add(1)) {
    ARROW_ASSIGN_OR_RAISE(columns[at], reader.Column(options.schema.fields[at], groups,
                                                     static_cast<int64_t>(rows.size())));
  }
  return arrow::Status::OK();
}

arrow::Status Guarded(const std::function<arrow::Status()>& work) {
  try {
    return work();
  } catch (const std::exception& error) {
    return arrow::Status::Invalid(error.what());
  }
}

// Rows of a cached file; `rows` rising. Columns by name: the cache holds the table's schema.
arrow::Result<BatchPtr> FromCache(const RowBatches& cached, const record::Schema& schema,
                                  const std::vector<int64_t>& rows) {
  std::vector<arrow::ArrayVector> parts(schema.fields.size());
  int64_t first = 0;
  size_t at = 0;
  for (const BatchPtr& batch : cached) {
    const int64_t end = first + batch->num_rows();
    std::vector<int64_t> here;
    for (; at < rows.size() && rows[at] < end; ++at) here.push_back(rows[at] - first);
    first = end;
    if (here.empty()) continue;
    for (size_t i = 0; i < parts.size(); ++i) {
      const ArrayPtr column = batch->GetColumnByName(schema.fields[i].name);
      ARROW_ASSIGN_OR_RAISE(auto taken, TakeRows(column, here));
      parts[i].push_back(std::move(taken));
    }
  }
  arrow::ArrayVector columns;
  for (const auto& part : parts) {
    ARROW_ASSIGN_OR_RAISE(auto column, arrow::Concatenate(part));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(record::ArrowSchema(schema), static_cast<int64_t>(rows.size()),
                                  std::move(columns));
}

arrow::Result<BatchPtr> Together(const RowBatches& parts) {
  if (parts.size() == 1) return parts.front();
  arrow::ArrayVector columns;
  int64_t rows = 0;
  for (const BatchPtr& part : parts) rows += part->num_rows();
  for (int i = 0; i < parts.front()->num_columns(); ++i) {
    arrow::ArrayVector pieces;
    for (const BatchPtr& part : parts) pieces.push_back(part->column(i));
    ARROW_ASSIGN_OR_RAISE(auto column, arrow::Concatenate(pieces));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(parts.front()->schema(), rows, std::move(columns));
}

}  // namespace

internal::SourceOptions SourceOf(const Table& table, int batch_rows) {
  internal::SourceOptions options;
  options.schema = table.schema();
  options.batch_rows = batch_rows;
  options.hints = internal::HintsOf(table.metadata());
  return options;
}

Result<BatchPtr> ReadRowsAt(const Call& call, ObjectStore& store, const DataFile& file,
                            const internal::SourceOptions& options, std::span<const int64_t> rows) {
  FIRN_CHECK(call.Check());
  const auto values = static_cast<int64_t>(options.schema.fields.size()) * file.record_count;
  const size_t threads = values < kValuesAThread ? 1 : kThreads;
  std::vector<std::shared_ptr<arrow::io::RandomAccessFile>> inputs;
  for (size_t i = 0; i < threads; ++i) {
    FIRN_TRY(auto input, store.OpenInput(call, file.path));
    inputs.push_back(std::move(input));
  }
  arrow::ArrayVector columns(options.schema.fields.size());
  std::vector<arrow::Status> done(threads);
  std::atomic<size_t> next{0};
  const auto work = [&](size_t i) {
    done[i] = Guarded(
        [&] { return ReadColumns(file, options, std::move(inputs[i]), rows, next, columns); });
  };
  {
    std::vector<std::jthread> workers;
    for (size_t i = 1; i < threads; ++i) workers.emplace_back(work, i);
    work(0);
  }
  for (const arrow::Status& status : done) {
    if (!status.ok()) return Fail(Damaged(file, status.message()));
  }
  return arrow::RecordBatch::Make(record::ArrowSchema(options.schema),
                                  static_cast<int64_t>(rows.size()), std::move(columns));
}

Result<FetchedRows> FetchRows(const Call& call, ObjectStore& store, const MergeFiles& files,
                              RowCache& cache, const internal::SourceOptions& options,
                              const std::vector<RowPlace>& places) {
  FetchedRows out;
  if (places.empty()) return out;
  std::vector<size_t> sorted(places.size());
  std::iota(sorted.begin(), sorted.end(), size_t{0});
  std::sort(sorted.begin(), sorted.end(),
            [&places](size_t a, size_t b) { return places[a] < places[b]; });
  out.at.resize(places.size());
  RowBatches parts;
  for (size_t begin = 0; begin < sorted.size();) {
    const uint32_t file = places[sorted[begin]].file;
    std::vector<int64_t> rows;
    size_t end = begin;
    for (; end < sorted.size() && places[sorted[end]].file == file; ++end) {
      rows.push_back(places[sorted[end]].row);
      out.at[sorted[end]] = static_cast<int64_t>(end);
    }
    if (const RowBatches* cached = cache.Find(file); cached != nullptr) {
      auto batch = FromCache(*cached, options.schema, rows);
      if (!batch.ok()) return Fail(Internal(batch.status()));
      parts.push_back(*std::move(batch));
      out.from_cache += static_cast<int64_t>(rows.size());
    } else {
      FIRN_TRY(auto batch, ReadRowsAt(call, store, files.at(file).entry.file, options, rows));
      parts.push_back(std::move(batch));
      out.from_file += static_cast<int64_t>(rows.size());
    }
    begin = end;
  }
  auto together = Together(parts);
  if (!together.ok()) return Fail(Internal(together.status()));
  out.rows = *std::move(together);
  return out;
}

}  // namespace firn::lake
