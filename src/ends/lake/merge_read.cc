#include "ends/lake/merge_read.h"

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
#include <numeric>
#include <optional>

#include "core/record/arrow_schema.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/object_store.h"

namespace firn::lake {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

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
      : file_(file), options_(options) {}

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

  arrow::Result<ArrayPtr> Column(const record::Field& wanted, const std::vector<GroupRows>& groups,
                                 int64_t rows) {
    std::vector<int> leaves;
    if (const int at = finder_->Find(wanted, options_.names); at >= 0)
      CollectLeaves(reader_->manifest().schema_fields[static_cast<size_t>(at)], leaves);
    ArrayPtr source;
    if (!leaves.empty()) {
      arrow::ArrayVector parts;
      for (const GroupRows& group : groups) {
        ARROW_ASSIGN_OR_RAISE(auto table, reader_->ReadRowGroup(group.group, leaves));
        if (table->num_columns() != 1) return arrow::Status::Invalid("a field has two columns");
        ARROW_ASSIGN_OR_RAISE(const ArrayPtr whole, OneArray(*table->column(0)));
        ARROW_ASSIGN_OR_RAISE(ArrayPtr part, TakeRows(whole, group.rows));
        parts.push_back(std::move(part));
      }
      ARROW_ASSIGN_OR_RAISE(source, arrow::Concatenate(parts));
    }
    auto column = internal::ProjectColumn(source, wanted, options_.names, rows);
    if (!column) return arrow::Status::Invalid(column.error().why());
    return *std::move(column);
  }

  arrow::Result<BatchPtr> Read(std::span<const int64_t> rows) {
    const auto& footer = *reader_->parquet_reader()->metadata();
    if (footer.num_rows() != file_.record_count)
      return arrow::Status::Invalid("it holds ", footer.num_rows(), " rows; its manifest says ",
                                    file_.record_count);
    const auto groups = ByGroup(footer, rows);
    arrow::ArrayVector columns;
    for (const record::Field& field : options_.schema.fields) {
      ARROW_ASSIGN_OR_RAISE(auto column, Column(field, groups, static_cast<int64_t>(rows.size())));
      columns.push_back(std::move(column));
    }
    return arrow::RecordBatch::Make(record::ArrowSchema(options_.schema),
                                    static_cast<int64_t>(rows.size()), std::move(columns));
  }

 private:
  const DataFile& file_;
  const internal::SourceOptions& options_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::optional<internal::FieldFinder> finder_;
};

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
  if (const auto mapping = table.properties().find("schema.name-mapping.default");
      mapping != table.properties().end())
    options.names = internal::ParseNameMapping(mapping->second);
  return options;
}

Result<BatchPtr> ReadRowsAt(const Call& call, ObjectStore& store, const DataFile& file,
                            const internal::SourceOptions& options, std::span<const int64_t> rows) {
  FIRN_CHECK(call.Check());
  FIRN_TRY(auto input, store.OpenInput(call, file.path));
  try {
    PointReader reader(file, options);
    if (const auto opened = reader.Open(std::move(input)); !opened.ok())
      return Fail(Damaged(file, opened.message()));
    auto read = reader.Read(rows);
    if (!read.ok()) return Fail(Damaged(file, read.status().message()));
    return *std::move(read);
  } catch (const std::exception& error) {
    return Fail(Damaged(file, error.what()));
  }
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
