#include "ends/lake/read/file_rows.h"

#include <arrow/record_batch.h>

#include "ends/lake/internal/parquet_source.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake {

struct FileRows::Body {
  std::vector<DataFile> files;
  internal::SourceOptions source;
  std::shared_ptr<ObjectStore> store = LocalStore("/");
  size_t next = 0;
  std::unique_ptr<internal::ParquetSource> open;
};

FileRows::FileRows(std::vector<DataFile> files, record::Schema schema, int batch_rows)
    : body_(std::make_unique<Body>()) {
  body_->files = std::move(files);
  body_->source.schema = std::move(schema);
  body_->source.batch_rows = batch_rows;
}

FileRows::~FileRows() = default;

const record::Schema& FileRows::schema() const { return body_->source.schema; }

Result<std::shared_ptr<arrow::RecordBatch>> FileRows::Next(const Call& call) {
  for (;;) {
    if (body_->open == nullptr) {
      if (body_->next == body_->files.size()) return std::shared_ptr<arrow::RecordBatch>();
      FIRN_TRY(body_->open, internal::ParquetSource::Open(
                                call, *body_->store, body_->files[body_->next++], body_->source));
    }
    FIRN_TRY(auto batch, body_->open->Next(call));
    if (batch == nullptr) {
      body_->open.reset();
    } else if (batch->num_rows() > 0) {
      return batch;
    }
  }
}

}  // namespace firn::lake
