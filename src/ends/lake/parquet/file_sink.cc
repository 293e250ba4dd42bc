#include "ends/lake/parquet/file_sink.h"

#include "core/base/fault_point.h"
#include "ends/lake/write/parquet_metrics.h"

namespace firn::lake {

Result<std::shared_ptr<FileSink>> FileSink::Create(const std::string& path) {
  FIRN_TRY(std::unique_ptr<FileWriter> file, FileWriter::Create(path));
  return std::make_shared<FileSink>(path, std::move(file));
}

Result<void> FileSink::Put(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return {};
  return file_->Append({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

arrow::Status FileSink::Write(const void* data, int64_t size) {
  auto done = Put({static_cast<const uint8_t*>(data), static_cast<size_t>(size)});
  if (done) return arrow::Status::OK();
  error_ = std::move(done).error();
  return arrow::Status::IOError("write failed");
}

Error FileSink::Unwritable(const std::string& why) {
  if (error_) return *std::exchange(error_, std::nullopt);
  return Error(Kind::kInternal, "LAKE-FILE-001", "the data file cannot be written")
      .At(path_)
      .Because(why);
}

Result<DataFile> FileSink::Settle(const parquet::FileMetaData& footer,
                                  const record::Schema& schema) {
  FIRN_FAULT_POINT("lake.ingest.before_sync");
  FIRN_CHECK(file_->Commit());
  FIRN_CHECK(SyncFolderOf(path_));
  FIRN_FAULT_POINT("lake.ingest.file_synced");
  DataFile file = MetricsOf(footer, schema);
  file.file_size_bytes = bytes();
  return file;
}

}  // namespace firn::lake
