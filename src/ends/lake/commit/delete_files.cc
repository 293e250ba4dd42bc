#include "ends/lake/commit/delete_files.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <span>

#include "core/base/file.h"
#include "core/record/arrow_schema.h"
#include "ends/lake/format/deletion_vector.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/equality_deletes.h"
#include "ends/lake/internal/parquet_source.h"
#include "ends/lake/internal/position_deletes.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/store/s3_store.h"
#include "ends/lake/table_io.h"
#include "ends/lake/write/parquet_writer.h"

namespace firn::lake {
namespace {

using internal::kFilePathId;
using internal::kPositionId;

constexpr size_t kRowsPerBatch = 64 * 1024;

record::Layout DeleteLayout() {
  record::Layout layout;
  record::Field path{kFilePathId, "file_path", true, {}, ""};
  record::Field position{kPositionId, "pos", true, {}, ""};
  position.type.id = record::TypeId::kLong;
  layout.schema.fields = {path, position};
  // The path is one and the same in every row.
  record::SourceColumn column;
  column.name = path.name;
  column.field_index = 0;
  column.dictionary = true;
  layout.columns = {column};
  return layout;
}

Error Unwritable(const std::string& path, const std::string& why) {
  return Error(Kind::kInternal, "LAKE-FILE-001", "the delete file cannot be written")
      .At(path)
      .Because(why);
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> Batch(const record::Schema& schema,
                                                         const std::string& data_path,
                                                         std::span<const int64_t> positions) {
  arrow::StringBuilder paths;
  arrow::Int64Builder numbers;
  ARROW_RETURN_NOT_OK(paths.ReserveData(static_cast<int64_t>(data_path.size() * positions.size())));
  for (size_t i = 0; i < positions.size(); ++i) ARROW_RETURN_NOT_OK(paths.Append(data_path));
  ARROW_RETURN_NOT_OK(
      numbers.AppendValues(positions.data(), static_cast<int64_t>(positions.size())));
  ARROW_ASSIGN_OR_RAISE(auto path_array, paths.Finish());
  ARROW_ASSIGN_OR_RAISE(auto position_array, numbers.Finish());
  return arrow::RecordBatch::Make(record::ArrowSchema(schema),
                                  static_cast<int64_t>(positions.size()),
                                  {std::move(path_array), std::move(position_array)});
}

// `positions`: sorted, each once.
Result<DataFile> WriteDeleteFile(const Call& call, const Table& table, const DataFile& data,
                                 const std::vector<int64_t>& positions) {
  const std::string uri = table.location() + "/data/" + NewUuid(*call.random) + "-deletes.parquet";
  FIRN_TRY(const std::string path, DataFilePath(*table.store(), uri));
  const record::Layout layout = DeleteLayout();
  FIRN_TRY(const auto writer, ParquetWriter::Open(path, layout, {}));
  for (size_t at = 0; at < positions.size(); at += kRowsPerBatch) {
    FIRN_CHECK(call.Check());
    const auto batch =
        Batch(layout.schema, data.path,
              std::span(positions).subspan(at, std::min(kRowsPerBatch, positions.size() - at)));
    if (!batch.ok()) return Fail(Unwritable(path, batch.status().message()));
    FIRN_CHECK(writer->Write(**batch));
  }
  FIRN_TRY(DataFile file, writer->Close());
  FIRN_CHECK(PublishDataFile(call, *table.store(), uri));
  file.path = uri;
  file.content = DataFile::Content::kPositionDeletes;
  file.spec_id = data.spec_id;
  file.partition = data.partition;
  file.referenced_data_file = data.path;
  // Whole, so that a reader knows from the manifest that no other data file is meant.
  file.lower_bounds[kFilePathId] = data.path;
  file.upper_bounds[kFilePathId] = data.path;
  return file;
}

DataFile AddVector(PuffinWriter& puffin, const DataFile& data,
                   const std::vector<int64_t>& positions) {
  const PuffinWriter::Blob blob = puffin.Add(data.path, positions);
  DataFile file;
  file.content = DataFile::Content::kPositionDeletes;
  file.format = "PUFFIN";
  file.record_count = static_cast<int64_t>(positions.size());
  file.spec_id = data.spec_id;
  file.partition = data.partition;
  file.referenced_data_file = data.path;
  file.content_offset = blob.offset;
  file.content_size_bytes = blob.length;
  return file;
}

// `vectors`: those that are in `puffin`; they get its name and size.
Result<void> WritePuffin(const Call& call, const Table& table, PuffinWriter& puffin,
                         std::span<DataFile> vectors) {
  const std::string uri = table.location() + "/data/" + NewUuid(*call.random) + "-deletes.puffin";
  const std::string bytes = puffin.Finish();
  FIRN_CHECK(table.store()->Write(call, uri, bytes));
  for (DataFile& file : vectors) {
    file.path = uri;
    file.file_size_bytes = static_cast<int64_t>(bytes.size());
  }
  return {};
}

Result<void> Complete(const Call& call, ObjectStore& store, RowsOut& rows) {
  const DataFile& data = rows.live.file;
  if (!rows.complete) {
    for (const DataFile& deletes : rows.live.deletes) {
      FIRN_TRY(const auto old, ReadDeletes(call, store, deletes, data.path));
      rows.positions.insert(rows.positions.end(), old.begin(), old.end());
    }
    rows.complete = true;
  }
  std::sort(rows.positions.begin(), rows.positions.end());
  rows.positions.erase(std::unique(rows.positions.begin(), rows.positions.end()),
                       rows.positions.end());
  if (rows.positions.empty() ||
      (rows.positions.front() >= 0 && rows.positions.back() < data.record_count))
    return {};
  return Fail(
      Error(Kind::kBadInput, "LAKE-COMMIT-004", "a row to take out is not in `" + data.path + "`")
          .At(data.path)
          .Because("it has " + std::to_string(data.record_count) + " rows; position " +
                   std::to_string(rows.positions.back()) + " was named"));
}

}  // namespace

Result<std::vector<LiveFile>> LiveFiles(const Call& call, const Table& table,
                                        std::optional<int64_t> snapshot_id) {
  FIRN_TRY(const Snapshot* snapshot, SnapshotOf(table, snapshot_id));
  std::vector<LiveFile> files;
  if (snapshot == nullptr) return files;
  internal::PositionDeletes deletes;
  std::vector<EqualityDelete> equality;
  FIRN_TRY(const auto manifests, LoadManifests(call, *table.store(), *snapshot));
  for (const ManifestFile& manifest : manifests) {
    if (!manifest.has_live_files()) continue;
    FIRN_CHECK(EachEntry(call, *table.store(), manifest, [&](ManifestEntry entry) -> Result<void> {
      if (!entry.live()) return {};
      const int64_t sequence = entry.sequence_number.value_or(0);
      if (entry.file.content == DataFile::Content::kPositionDeletes)
        return deletes.Add(std::move(entry.file), sequence);
      if (entry.file.content == DataFile::Content::kEqualityDeletes) {
        equality.push_back({std::move(entry.file), sequence});
      } else {
        files.push_back({std::move(entry.file), sequence, {}, {}});
      }
      return {};
    }));
  }
  for (LiveFile& live : files) {
    live.deletes = deletes.FilesFor(live.file.path, live.sequence_number);
    for (const EqualityDelete& one : equality) {
      if (internal::HoldsFor(table.metadata(), one.file, one.sequence_number, live.file,
                             live.sequence_number))
        live.equality.push_back(one);
    }
  }
  return files;
}

namespace {

// Rows whose keys are among those of the file's equality deletes.
Result<std::vector<int64_t>> RowsByValue(const Call& call, const Table& table,
                                         const LiveFile& live) {
  std::vector<int64_t> positions;
  internal::EqualityDeletes equality(table.metadata());
  for (const EqualityDelete& one : live.equality)
    FIRN_CHECK(equality.Add(one.file, one.sequence_number));
  FIRN_TRY(const auto filter,
           equality.FilterFor(call, *table.store(), live.file, live.sequence_number));
  internal::SourceOptions options;
  options.schema.fields = equality.Columns();
  options.hints = internal::HintsOf(table.metadata());
  FIRN_TRY(const auto source,
           internal::ParquetSource::Open(call, *table.store(), live.file, options));
  for (;;) {
    FIRN_TRY(const auto batch, source->Next(call));
    if (batch == nullptr) return positions;
    const std::vector<bool> stays = internal::Staying(*batch, filter);
    for (size_t row = 0; row < stays.size(); ++row) {
      if (!stays[row]) positions.push_back(source->first_row() + static_cast<int64_t>(row));
    }
  }
}

}  // namespace

Result<std::vector<int64_t>> DeadPositions(const Call& call, const Table& table,
                                           const LiveFile& live) {
  std::vector<int64_t> positions;
  for (const DataFile& deletes : live.deletes) {
    FIRN_TRY(const auto some, ReadDeletes(call, *table.store(), deletes, live.file.path));
    positions.insert(positions.end(), some.begin(), some.end());
  }
  if (!live.equality.empty()) {
    FIRN_TRY(const auto some, RowsByValue(call, table, live));
    positions.insert(positions.end(), some.begin(), some.end());
  }
  std::sort(positions.begin(), positions.end());
  positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
  return positions;
}

Result<std::vector<int64_t>> ReadDeletes(const Call& call, ObjectStore& store,
                                         const DataFile& deletes, const std::string& data_path) {
  internal::PositionDeletes one;
  FIRN_CHECK(one.Add(deletes, 0));
  return one.PositionsFor(call, store, data_path, 0);
}

Result<void> TakeRowsOut(const Call& call, const Table& table, std::vector<RowsOut>& rows,
                         RowDelta& delta) {
  PuffinWriter puffin;
  const size_t vectors_at = delta.added_deletes.size();
  for (RowsOut& out : rows) {
    FIRN_CHECK(Complete(call, *table.store(), out));
    if (out.positions.empty()) continue;
    const DataFile& data = out.live.file;
    for (const DataFile& old : out.live.deletes) {
      if (internal::OneDataFile(old) == data.path) delta.removed_deletes.push_back(old);
    }
    if (static_cast<int64_t>(out.positions.size()) == data.record_count) {
      delta.removed_rows.push_back(data);
      continue;
    }
    if (table.metadata().format_version > 2) {
      delta.added_deletes.push_back(AddVector(puffin, data, out.positions));
    } else {
      FIRN_TRY(DataFile written, WriteDeleteFile(call, table, data, out.positions));
      delta.added_deletes.push_back(std::move(written));
    }
  }
  return vectors_at == delta.added_deletes.size() || table.metadata().format_version < 3
             ? Result<void>()
             : WritePuffin(call, table, puffin, std::span(delta.added_deletes).subspan(vectors_at));
}

}  // namespace firn::lake
