// RecentOrders: the ordering numbers of the keys changed last, deleted ones too. Internal to lake.
//
// Two generations: when the younger is full it becomes the older one, whose keys are forgotten.
// Thus the last half of the allowed keys are always known, and no key costs a list node. One
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>

#include "ends/lake/merge/key.h"

namespace firn::lake {

class RecentOrders {
 public:
  explicit RecentOrders(size_t keys_max) : half_(keys_max / 2) {}

  void Set(const MergeKey& key, int64_t order) {
    if (half_ == 0) return;
    if (young_.size() >= half_ && !young_.contains(key)) old_ = std::exchange(young_, {});
    young_[key] = order;
  }
  // `otherwise` for a key that is not known.
  [[nodiscard]] int64_t Get(const MergeKey& key, int64_t otherwise) const {
    if (const auto found = young_.find(key); found != young_.end()) return found->second;
    if (const auto found = old_.find(key); found != old_.end()) return found->second;
    return otherwise;
  }
  // Older ones first; a key may come twice, the second number holds.
  void Each(const std::function<void(const MergeKey&, int64_t)>& see) const {
    for (const auto& [key, order] : old_) see(key, order);
    for (const auto& [key, order] : young_) see(key, order);
  }
  [[nodiscard]] size_t size() const { return old_.size() + young_.size(); }

 private:
  using Numbers = std::unordered_map<MergeKey, int64_t, MergeKeyHash>;
  size_t half_;
  Numbers young_;
  Numbers old_;
};

}  // namespace firn::lake
