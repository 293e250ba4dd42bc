// PartitionFiles: rows written into data files of one partition each of a table's current spec.
// Internal to lake; one thread.
//
// Memory: the open files' row groups; beyond `open_max` files the one used longest ago is closed,
// so that rows in no order make many small files and not a full memory.
#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/merge/write.h"
#include "ends/lake/table.h"
#include "ends/lake/write/partitions.h"

namespace firn::lake {

class PartitionFiles {
 public:
  struct Options {
    MergeFileWriter::Options file;
    size_t open_max = 64;
    int64_t file_bytes_max = 512LL << 20;  // a file that is as large is closed
  };
  // `table` outlives the files. Errors: those of Partitioner::For.
  [[nodiscard]] static Result<std::unique_ptr<PartitionFiles>> Open(const Table& table,
                                                                    const Options& options);
  PartitionFiles(const Table& table, Partitioner partitioner, const Options& options)
      : table_(table), partitioner_(std::move(partitioner)), options_(options) {}
  ~PartitionFiles();  // removes what Take did not hand over
  PartitionFiles(const PartitionFiles&) = delete;
  PartitionFiles& operator=(const PartitionFiles&) = delete;

  // Errors: those of MergeFileWriter.
  Result<void> Write(const Call& call, const std::shared_ptr<arrow::RecordBatch>& batch);
  // Closes every file: they are synced and in the table's store, with their partitions.
  Result<std::vector<DataFile>> Close();
  // What Close gave belongs to the caller: it is not removed any more.
  void Keep() { closed_.clear(); }
  [[nodiscard]] int64_t bytes() const;  // of all, about
  [[nodiscard]] size_t open() const { return open_.size(); }

 private:
  struct OpenFile {
    std::unique_ptr<MergeFileWriter> writer;
    std::list<PartitionTuple>::iterator use;
  };
  Result<MergeFileWriter*> WriterOf(const PartitionTuple& tuple);
  Result<void> CloseOne(PartitionTuple tuple);

  const Table& table_;
  const Partitioner partitioner_;
  const Options options_;
  std::map<PartitionTuple, OpenFile> open_;
  std::list<PartitionTuple> order_;  // used last first
  std::vector<DataFile> closed_;
};

}  // namespace firn::lake
