#include "ends/lake/publish/table_load.h"

#include <arrow/record_batch.h>

#include "core/base/file.h"
#include "core/base/random.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/store/s3_store.h"
#include "ends/lake/write/parquet_writer.h"

namespace firn::lake {
namespace {

class Load final : public TableLoad {
 public:
  Load(const Table& table, record::Schema schema, int64_t target_file_bytes)
      : table_(table), target_file_bytes_(target_file_bytes) {
    layout_.schema = std::move(schema);
  }

  Result<void> Write(const Call& call, const arrow::RecordBatch& rows) override {
    if (rows.num_rows() == 0) return {};
    if (writer_ == nullptr) FIRN_CHECK(Open(call));
    FIRN_CHECK(writer_->Write(rows));
    return writer_->bytes() < target_file_bytes_ ? Result<void>() : CloseFile(call);
  }

  Result<std::vector<DataFile>> Close(const Call& call) override {
    if (writer_ != nullptr) FIRN_CHECK(CloseFile(call));
    return files_;
  }

  void Discard(const Call& call) override {
    writer_.reset();
    if (!path_.empty()) (void)RemoveFile(path_);
    path_.clear();
    for (const DataFile& file : files_) (void)table_.store()->Remove(call, file.path);
    files_.clear();
  }

 private:
  Result<void> Open(const Call& call) {
    uri_ = table_.location() + "/data/" + NewUuid(*call.random) + "-publish.parquet";
    FIRN_TRY(path_, DataFilePath(*table_.store(), uri_));
    FIRN_TRY(writer_, ParquetWriter::Open(path_, layout_, {}));
    return {};
  }

  Result<void> CloseFile(const Call& call) {
    FIRN_TRY(DataFile file, writer_->Close());
    writer_.reset();
    FIRN_CHECK(PublishDataFile(call, *table_.store(), uri_));
    path_.clear();
    file.path = uri_;
    file.spec_id = table_.metadata().default_spec_id;
    files_.push_back(std::move(file));
    return {};
  }

  const Table& table_;
  const int64_t target_file_bytes_;
  record::Layout layout_;
  std::unique_ptr<ParquetWriter> writer_;
  std::string path_;  // of the file that is being written
  std::string uri_;
  std::vector<DataFile> files_;
};

}  // namespace

std::unique_ptr<TableLoad> TableLoad::New(const Table& table, record::Schema schema,
                                          int64_t target_file_bytes) {
  return std::make_unique<Load>(table, std::move(schema), target_file_bytes);
}

}  // namespace firn::lake
