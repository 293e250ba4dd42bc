#include "ends/lake/internal/position_deletes.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "ends/lake/internal/parquet_source.h"

namespace firn::lake::internal {
namespace {

// Reserved field ids (spec, "Reserved Field IDs").
constexpr int kFilePathId = 2147483546;
constexpr int kPositionId = 2147483545;

SourceOptions DeleteColumns() {
  SourceOptions options;
  record::Field path{kFilePathId, "file_path", true, {}, ""};
  record::Field position{kPositionId, "pos", true, {}, ""};
  position.type.id = record::TypeId::kLong;
  options.schema.fields = {path, position};
  options.batch_rows = 16 * 1024;
  return options;
}

// False when the bounds of the delete file's path column say that it does not name the data file.
bool MayName(const DataFile& deletes, const std::string& data_path) {
  if (deletes.referenced_data_file) return *deletes.referenced_data_file == data_path;
  const auto lower = deletes.lower_bounds.find(kFilePathId);
  const auto upper = deletes.upper_bounds.find(kFilePathId);
  if (lower != deletes.lower_bounds.end() &&
      data_path.compare(0, lower->second.size(), lower->second) < 0)
    return false;
  return upper == deletes.upper_bounds.end() || data_path <= upper->second ||
         data_path.starts_with(upper->second);
}

}  // namespace

Result<void> PositionDeletes::Add(DataFile file, int64_t sequence_number) {
  const bool equality = file.content == DataFile::Content::kEqualityDeletes;
  if (equality || file.format != "PARQUET")
    return Fail(Error(Kind::kUnsupported, "LAKE-READ-002",
                      "the table has rows deleted in a way that cannot be read")
                    .At(file.path)
                    .Because(equality ? "it holds equality deletes"
                                      : "it holds deletes of format " + file.format)
                    .Hint("let the engine that wrote them compact the table"));
  entries_.push_back({std::move(file), sequence_number});
  return {};
}

Result<std::vector<int64_t>> PositionDeletes::PositionsFor(const Call& call, ObjectStore& store,
                                                           const std::string& data_path,
                                                           int64_t data_sequence_number) const {
  std::vector<int64_t> out;
  for (const Entry& entry : entries_) {
    if (entry.sequence_number < data_sequence_number || !MayName(entry.file, data_path)) continue;
    FIRN_TRY(const auto source, ParquetSource::Open(call, store, entry.file, DeleteColumns()));
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
