#include "ends/lake/internal/position_deletes.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <optional>

#include "ends/lake/format/deletion_vector.h"
#include "ends/lake/internal/parquet_source.h"

namespace firn::lake::internal {
namespace {

SourceOptions DeleteColumns() {
  SourceOptions options;
  record::Field path{kFilePathId, "file_path", true, {}, ""};
  record::Field position{kPositionId, "pos", true, {}, ""};
  position.type.id = record::TypeId::kLong;
  options.schema.fields = {path, position};
  options.batch_rows = 16 * 1024;
  return options;
}

Error DamagedVector(const DataFile& file, std::string why) {
  return Error(Kind::kCorrupt, "LAKE-DV-001",
               "the deletion vector in `" + file.path + "` is damaged")
      .At(file.path)
      .Because(std::move(why));
}

Result<std::vector<int64_t>> ReadVector(const Call& call, ObjectStore& store,
                                        const DataFile& file) {
  const int64_t offset = *file.content_offset;
  const int64_t bytes = *file.content_size_bytes;
  constexpr int64_t kVectorBytesMax = 1LL << 30;
  auto size = store.Size(call, file.path);
  if (!size) return Fail(DamagedVector(file, size.error().what()));
  if (*size != file.file_size_bytes)
    return Fail(DamagedVector(file, "the file has " + std::to_string(*size) +
                                        " bytes; its manifest says " +
                                        std::to_string(file.file_size_bytes)));
  if (offset < 0 || bytes < 0 || bytes > kVectorBytesMax || offset > *size - bytes)
    return Fail(DamagedVector(file, "it would lie outside of the file"));
  FIRN_TRY(const auto input, store.OpenInput(call, file.path));
  const auto read = input->ReadAt(offset, bytes);
  if (!read.ok()) return Fail(DamagedVector(file, read.status().message()));
  auto positions =
      ReadDeletionVector(std::string_view(reinterpret_cast<const char*>((*read)->data()),
                                          static_cast<size_t>((*read)->size())),
                         file.record_count);
  if (!positions) return Fail(DamagedVector(file, positions.error().why()));
  return positions;
}

// False when the bounds of the delete file's path column say that it does not name the data file.
bool MayName(const DataFile& deletes, const std::string& data_path) {
  const auto lower = deletes.lower_bounds.find(kFilePathId);
  const auto upper = deletes.upper_bounds.find(kFilePathId);
  // A bound may be cut short: the paths that begin with it are within it.
  if (lower != deletes.lower_bounds.end() && data_path < lower->second) return false;
  return upper == deletes.upper_bounds.end() || data_path <= upper->second ||
         data_path.starts_with(upper->second);
}

}  // namespace

std::optional<std::string> OneDataFile(const DataFile& deletes) {
  if (deletes.content != DataFile::Content::kPositionDeletes) return {};
  if (deletes.referenced_data_file) return deletes.referenced_data_file;
  const auto lower = deletes.lower_bounds.find(kFilePathId);
  const auto upper = deletes.upper_bounds.find(kFilePathId);
  if (lower == deletes.lower_bounds.end() || upper == deletes.upper_bounds.end() ||
      lower->second != upper->second)
    return {};
  return lower->second;
}

Result<void> PositionDeletes::Add(DataFile file, int64_t sequence_number) {
  const bool equality = file.content == DataFile::Content::kEqualityDeletes;
  const bool vector = file.format == "PUFFIN" && file.content_offset && file.content_size_bytes &&
                      file.referenced_data_file;
  if (equality || (file.format != "PARQUET" && !vector))
    return Fail(Error(Kind::kUnsupported, "LAKE-READ-002",
                      "the table has rows deleted in a way that cannot be read")
                    .At(file.path)
                    .Because(equality ? "it holds equality deletes"
                                      : "it holds deletes of format " + file.format)
                    .Hint("let the engine that wrote them compact the table"));
  const std::optional<std::string> path = OneDataFile(file);
  auto& entries = path ? of_one_file_[*path] : of_many_;
  entries.push_back({std::move(file), sequence_number});
  return {};
}

std::vector<const PositionDeletes::Entry*> PositionDeletes::EntriesFor(
    const std::string& data_path, int64_t data_sequence_number) const {
  std::vector<const Entry*> out;
  if (const auto own = of_one_file_.find(data_path); own != of_one_file_.end()) {
    for (const Entry& entry : own->second) {
      if (entry.sequence_number >= data_sequence_number) out.push_back(&entry);
    }
  }
  for (const Entry& entry : of_many_) {
    if (entry.sequence_number >= data_sequence_number && MayName(entry.file, data_path))
      out.push_back(&entry);
  }
  return out;
}

std::vector<DataFile> PositionDeletes::FilesFor(const std::string& data_path,
                                                int64_t data_sequence_number) const {
  std::vector<DataFile> out;
  for (const Entry* entry : EntriesFor(data_path, data_sequence_number)) out.push_back(entry->file);
  return out;
}

Result<std::vector<int64_t>> PositionDeletes::PositionsFor(const Call& call, ObjectStore& store,
                                                           const std::string& data_path,
                                                           int64_t data_sequence_number) const {
  std::vector<int64_t> out;
  for (const Entry* entry : EntriesFor(data_path, data_sequence_number)) {
    if (entry->file.content_offset) {
      FIRN_TRY(const auto positions, ReadVector(call, store, entry->file));
      out.insert(out.end(), positions.begin(), positions.end());
      continue;
    }
    FIRN_TRY(const auto source, ParquetSource::Open(call, store, entry->file, DeleteColumns()));
    for (;;) {
      FIRN_TRY(const auto batch, source->Next(call));
      if (batch == nullptr) break;
      const auto& paths = static_cast<const arrow::StringArray&>(*batch->column(0));
      const auto& positions = static_cast<const arrow::Int64Array&>(*batch->column(1));
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        if (paths.IsValid(row) && paths.GetView(row) == data_path)
          out.push_back(positions.Value(row));
      }
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace firn::lake::internal
