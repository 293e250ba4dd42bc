// RowBits: a set of rows of one data file, one bit a row. Internal to lake; a plain value.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace firn::lake {

class RowBits {
 public:
  // False when it was in already.
  bool Set(uint64_t row) {
    if (row / 64 >= words_.size()) words_.resize(row / 64 + 1);
    uint64_t& word = words_[row / 64];
    const uint64_t bit = 1ULL << row % 64;
    if ((word & bit) != 0) return false;
    word |= bit;
    ++count_;
    return true;
  }
  [[nodiscard]] bool Has(uint64_t row) const {
    return row / 64 < words_.size() && (words_[row / 64] >> row % 64 & 1) != 0;
  }
  [[nodiscard]] int64_t count() const { return count_; }
  // The first row that is not in.
  [[nodiscard]] int64_t FirstAbsent() const {
    size_t at = 0;
    while (at < words_.size() && words_[at] == ~0ULL) ++at;
    const int in_word = at < words_.size() ? std::countr_one(words_[at]) : 0;
    return static_cast<int64_t>(at * 64) + in_word;
  }
  // In rising order.
  [[nodiscard]] std::vector<int64_t> Rows() const {
    std::vector<int64_t> rows;
    rows.reserve(static_cast<size_t>(count_));
    for (size_t at = 0; at < words_.size(); ++at) {
      for (uint64_t word = words_[at]; word != 0; word &= word - 1)
        rows.push_back(static_cast<int64_t>(at * 64) + std::countr_zero(word));
    }
    return rows;
  }

 private:
  std::vector<uint64_t> words_;
  int64_t count_ = 0;
};

}  // namespace firn::lake
