// Distinct: how many different keys there were, for COUNT_DISTINCT.
//
// Keeps a fingerprint of 128 bits of each, so that millions of long texts cost little memory: that
// two of ten million keys share one has a chance below 1 in 10^24. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace firn::sandbox::soql {

class Distinct {
 public:
  void Add(std::string_view key) {
    uint64_t second = 14'695'981'039'346'656'037ULL;  // FNV-1a, apart from the library's own hash
    for (const char c : key) second = (second ^ static_cast<uint8_t>(c)) * 1'099'511'628'211ULL;
    seen_.emplace_back(std::hash<std::string_view>()(key), second);
    if (seen_.size() >= settle_at_) Settle();
  }
  [[nodiscard]] size_t Count() {
    Settle();
    return seen_.size();
  }

 private:
  static constexpr size_t kSettleMin = 64;
  void Settle() {
    std::sort(seen_.begin(), seen_.end());
    seen_.erase(std::unique(seen_.begin(), seen_.end()), seen_.end());
    settle_at_ = std::max(kSettleMin, 2 * seen_.size());
  }
  std::vector<std::pair<uint64_t, uint64_t>> seen_;
  size_t settle_at_ = kSettleMin;
};

}  // namespace firn::sandbox::soql
