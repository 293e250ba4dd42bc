// RowCache: the rows of data files written last, as they were written. Internal to lake; one
// thread.
//
// What changed lately changes again soon, and what changed lately stands in the newest files: a row
// is found by its file's number and its place in the file, so the cache needs no keys. Bounded by
// bytes; the file used longest ago goes first.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

namespace firn::lake {

using RowBatches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

class RowCache {
 public:
  explicit RowCache(int64_t bytes_max) : bytes_max_(bytes_max) {}
  // All rows of the file, in its order. Larger than the cache: not kept.
  void Put(uint32_t file, RowBatches rows);
  // nullptr when they are not here. Valid until the next Put, Remove or Clear.
  [[nodiscard]] const RowBatches* Find(uint32_t file);
  void Remove(uint32_t file);
  void Clear();
  [[nodiscard]] int64_t bytes() const { return bytes_; }

 private:
  struct Held {
    RowBatches rows;
    int64_t bytes = 0;
    std::list<uint32_t>::iterator use;
  };
  int64_t bytes_max_;
  int64_t bytes_ = 0;
  std::list<uint32_t> uses_;  // newest first
  std::unordered_map<uint32_t, Held> held_;
};

}  // namespace firn::lake
