#include "ends/lake/write/partition_files.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>

#include <utility>

#include "ends/lake/store/object_store.h"

namespace firn::lake {
namespace {

Result<std::shared_ptr<arrow::RecordBatch>> Taken(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                  const std::vector<int64_t>& rows) {
  if (static_cast<int64_t>(rows.size()) == batch->num_rows()) return batch;
  const arrow::Int64Array indices(static_cast<int64_t>(rows.size()), arrow::Buffer::Wrap(rows));
  auto taken = arrow::compute::Take(arrow::Datum(batch), arrow::Datum(indices),
                                    arrow::compute::TakeOptions::NoBoundsCheck());
  if (taken.ok()) return taken->record_batch();
  return Fail(Error(Kind::kInternal, "LAKE-MERGE-006", "rows cannot be put together")
                  .Because(taken.status().message()));
}

}  // namespace

Result<std::unique_ptr<PartitionFiles>> PartitionFiles::Open(const Table& table,
                                                             const Options& options) {
  FIRN_TRY(Partitioner partitioner, Partitioner::For(table));
  return std::make_unique<PartitionFiles>(table, std::move(partitioner), options);
}

PartitionFiles::~PartitionFiles() {
  // What stays all the same is an orphan, which is reported as one.
  for (const DataFile& file : closed_) (void)table_.store()->Remove({}, file.path);
}

Result<MergeFileWriter*> PartitionFiles::WriterOf(const PartitionTuple& tuple) {
  auto open = open_.find(tuple);
  if (open == open_.end()) {
    if (open_.size() >= options_.open_max) FIRN_CHECK(CloseOne(order_.back()));
    order_.push_front(tuple);
    OpenFile made{std::make_unique<MergeFileWriter>(table_, options_.file), order_.begin()};
    open = open_.emplace(tuple, std::move(made)).first;
  }
  order_.splice(order_.begin(), order_, open->second.use);
  return open->second.writer.get();
}

Result<void> PartitionFiles::Write(const Call& call,
                                   const std::shared_ptr<arrow::RecordBatch>& batch) {
  for (const auto& [tuple, rows] : partitioner_.Split(*batch)) {
    FIRN_TRY(const auto part, Taken(batch, rows));
    FIRN_TRY(MergeFileWriter* const writer, WriterOf(tuple));
    FIRN_CHECK(writer->Write(call, part));
    if (writer->bytes() >= options_.file_bytes_max) FIRN_CHECK(CloseOne(tuple));
  }
  return {};
}

Result<std::vector<DataFile>> PartitionFiles::Close() {
  while (!open_.empty()) FIRN_CHECK(CloseOne(order_.back()));
  return closed_;
}

int64_t PartitionFiles::bytes() const {
  int64_t bytes = 0;
  for (const auto& [tuple, open] : open_) bytes += open.writer->bytes();
  for (const DataFile& file : closed_) bytes += file.file_size_bytes;
  return bytes;
}

Result<void> PartitionFiles::CloseOne(PartitionTuple tuple) {
  const auto open = open_.find(tuple);
  FIRN_TRY(DataFile file, open->second.writer->Close());
  file.partition = tuple;
  closed_.push_back(std::move(file));
  order_.erase(open->second.use);
  open_.erase(open);
  return {};
}

}  // namespace firn::lake
