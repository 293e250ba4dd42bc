#include "ends/lake/ingest/lane_files.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/file.h"
#include "ends/lake/store/s3_store.h"
#include "ends/lake/write/parquet_writer.h"
#include "ends/lake/write/partition_files.h"

namespace firn::lake {
namespace {

// Row groups of many files are open at once: they are smaller than those of one.
constexpr int64_t kPartitionGroupRows = 64 * 1024;
// Files of all lanes.
constexpr int kOpenPartitionsMax = 64;
constexpr int kOpenPartitionsMin = 8;
// So many partitions' files are let grow to their full size.
constexpr int64_t kFullFilesMax = 8;

std::string NameOf(const IngestShared& shared, int lane, int number) {
  return shared.options.file_prefix + "-" + std::to_string(lane) + "-" + std::to_string(number);
}

class WholePages final : public LaneFiles {
 public:
  WholePages(const IngestShared& shared, std::string name, std::unique_ptr<ParquetWriter> writer)
      : shared_(shared), name_(std::move(name)), writer_(std::move(writer)) {}
  ~WholePages() override {
    if (writer_ == nullptr) return;
    writer_.reset();
    // Should this fail the file stays as an orphan, which `resume` reports.
    (void)RemoveFile(shared_.local_folder + "/" + name_);
  }

  Result<void> Write(const Call&, const std::shared_ptr<arrow::RecordBatch>& batch) override {
    return writer_->Write(*batch);
  }
  Result<std::vector<DataFile>> Close(const Call& call) override {
    FIRN_TRY(DataFile file, writer_->Close());
    file.path = shared_.options.data_folder + "/" + name_;
    if (shared_.options.store != nullptr) {
      FIRN_CHECK(PublishDataFile(call, *shared_.options.store, file.path));
    }
    return std::vector<DataFile>{std::move(file)};
  }
  void Keep() override { writer_.reset(); }
  int64_t bytes() const override { return writer_->bytes(); }
  int64_t target_bytes() const override { return shared_.options.target_file_bytes; }

 private:
  const IngestShared& shared_;
  std::string name_;
  std::unique_ptr<ParquetWriter> writer_;
};

class ByPartition final : public LaneFiles {
 public:
  ByPartition(const IngestShared& shared, std::unique_ptr<PartitionFiles> files)
      : shared_(shared), files_(std::move(files)) {}

  Result<void> Write(const Call& call, const std::shared_ptr<arrow::RecordBatch>& batch) override {
    return files_->Write(call, batch);
  }
  Result<std::vector<DataFile>> Close(const Call&) override { return files_->Close(); }
  void Keep() override { files_->Keep(); }
  int64_t bytes() const override { return files_->bytes(); }
  int64_t target_bytes() const override {
    const auto open = static_cast<int64_t>(files_->open());
    return shared_.options.target_file_bytes * std::clamp<int64_t>(open, 1, kFullFilesMax);
  }

 private:
  const IngestShared& shared_;
  std::unique_ptr<PartitionFiles> files_;
};

Result<std::unique_ptr<LaneFiles>> OpenWhole(const IngestShared& shared, const std::string& name) {
  FIRN_TRY(auto writer,
           ParquetWriter::Open(
               shared.local_folder + "/" + name, shared.layout,
               {.row_group_rows = shared.options.row_group_rows,
                .packing = shared.options.short_lived ? Packing::kQuick : Packing::kSmall,
                .zstd_level = shared.options.zstd_level,
                .plain_encoding = shared.options.plain_encoding}));
  return std::make_unique<WholePages>(shared, name, std::move(writer));
}

Result<std::unique_ptr<LaneFiles>> OpenByPartition(const IngestShared& shared,
                                                   const std::string& name) {
  const IngestOptions& options = shared.options;
  PartitionFiles::Options wanted;
  wanted.file.plain_encoding = options.plain_encoding;
  wanted.file.layout = &shared.layout;
  wanted.file.row_group_rows = std::min(options.row_group_rows, kPartitionGroupRows);
  wanted.file.name = name;
  wanted.open_max = static_cast<size_t>(
      std::max(kOpenPartitionsMax / std::max(options.lanes, 1), kOpenPartitionsMin));
  wanted.file_bytes_max = options.target_file_bytes;
  FIRN_TRY(auto files, PartitionFiles::Open(*options.partitioned, wanted));
  return std::make_unique<ByPartition>(shared, std::move(files));
}

}  // namespace

Result<std::unique_ptr<LaneFiles>> LaneFiles::Open(const IngestShared& shared, int lane,
                                                   int number) {
  const std::string name = NameOf(shared, lane, number);
  return shared.options.partitioned == nullptr ? OpenWhole(shared, name + ".parquet")
                                               : OpenByPartition(shared, name);
}

}  // namespace firn::lake
