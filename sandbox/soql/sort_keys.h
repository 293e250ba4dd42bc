// Keys for ORDER BY: bytes that compare as the rows must stand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sandbox/soql/bind.h"

namespace firn::sandbox::soql {

// Appends the current row's key. Texts are folded; nulls stand first or last as asked.
void AppendSortKey(const std::vector<BoundOrder>& order, RowTree& tree, std::string& out);

// Keys and record numbers, sorted once. With `keep_max`, only that many smallest are held.
class KeySorter {
 public:
  explicit KeySorter(size_t keep_max) : keep_max_(keep_max) {}
  void Add(std::string_view key, int64_t record_number);
  // Record numbers in order; equal keys by record number.
  [[nodiscard]] std::vector<int64_t> Finish();

 private:
  struct Entry {
    size_t at;
    uint32_t size;
    int64_t record_number;
  };
  [[nodiscard]] bool Less(const Entry& a, const Entry& b) const;
  void Shrink();
  size_t keep_max_;
  std::string arena_;
  std::vector<Entry> entries_;
};

}  // namespace firn::sandbox::soql
