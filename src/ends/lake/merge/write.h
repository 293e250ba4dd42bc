// The data file a merge writes. Internal to lake; one thread.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/data_file.h"
#include "ends/lake/merge/row_cache.h"
#include "ends/lake/table.h"
#include "ends/lake/write/parquet_writer.h"

namespace firn::lake {

class MergeFileWriter {
 public:
  struct Options {
    bool plain_encoding = false;
    int64_t kept_bytes_max = 0;  // of rows that stay in memory for the row cache
    Packing packing = Packing::kSmall;
    // Of the batches, which must have its columns; null: those of the table, with dictionaries as
    // the first rows suggest. Outlives the writer.
    const record::Layout* layout = nullptr;
    int64_t row_group_rows = 64 * 1024;  // point reads decode whole row groups
    std::string name;                    // what the file's name begins with; it ends uniquely
  };
  MergeFileWriter(const Table& table, const Options& options) : table_(table), options_(options) {}
  ~MergeFileWriter();  // removes a file that was not closed
  MergeFileWriter(const MergeFileWriter&) = delete;
  MergeFileWriter& operator=(const MergeFileWriter&) = delete;

  // Columns of the table's schema, or of the layout. The file is made with the first rows. Errors:
  // those of ParquetWriter and of the table's store.
  Result<void> Write(const Call& call, const std::shared_ptr<arrow::RecordBatch>& rows);
  // Closed, synced and in the table's store. Only after Write.
  Result<DataFile> Close();
  [[nodiscard]] const std::string& uri() const { return uri_; }  // empty before the first rows
  [[nodiscard]] int64_t rows() const { return rows_; }
  [[nodiscard]] int64_t bytes() const { return writer_ == nullptr ? 0 : writer_->bytes(); }
  // Every row written, in order; empty when there were too many.
  RowBatches TakeKept() { return std::move(kept_); }

 private:
  Result<void> Open(const Call& call, const arrow::RecordBatch& first);

  const Table& table_;
  Options options_;
  std::unique_ptr<ParquetWriter> writer_;
  Call call_;         // the last Write's
  std::string path_;  // of the file that is being written
  std::string uri_;
  int64_t rows_ = 0;
  RowBatches kept_;
  int64_t kept_bytes_ = 0;
  bool keep_ = true;
};

}  // namespace firn::lake
