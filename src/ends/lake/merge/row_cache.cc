#include "ends/lake/merge/row_cache.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <utility>

namespace firn::lake {

void RowCache::Put(uint32_t file, RowBatches rows) {
  Remove(file);
  int64_t bytes = 0;
  for (const auto& batch : rows) bytes += arrow::util::TotalBufferSize(*batch);
  if (bytes > bytes_max_) return;
  while (bytes_ + bytes > bytes_max_) Remove(uses_.back());
  uses_.push_front(file);
  bytes_ += bytes;
  held_[file] = {std::move(rows), bytes, uses_.begin()};
}

const RowBatches* RowCache::Find(uint32_t file) {
  const auto found = held_.find(file);
  if (found == held_.end()) return nullptr;
  uses_.splice(uses_.begin(), uses_, found->second.use);
  return &found->second.rows;
}

void RowCache::Remove(uint32_t file) {
  const auto found = held_.find(file);
  if (found == held_.end()) return;
  bytes_ -= found->second.bytes;
  uses_.erase(found->second.use);
  held_.erase(found);
}

void RowCache::Clear() {
  held_.clear();
  uses_.clear();
  bytes_ = 0;
}

}  // namespace firn::lake
