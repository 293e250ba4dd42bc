// IntervalIndex: which of many closed intervals hold a value, in O(log n + found).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace firn::expr {

// An implicit balanced tree: intervals sorted by their low end, the middle one of each stretch
// being its root, with the highest high end of the stretch beside it. Add all, Build once, then any
// thread may look things up.
template <typename T>
class IntervalIndex {
 public:
  void Add(T low, T high, uint32_t id) { items_.push_back({low, high, high, id}); }

  void Build() {
    std::sort(items_.begin(), items_.end(),
              [](const Item& a, const Item& b) { return a.low < b.low; });
    Highest(0, items_.size());
  }

  template <typename Visit>
  void Find(T value, Visit visit) const {
    FindIn(0, items_.size(), value, visit);
  }
  [[nodiscard]] bool empty() const { return items_.empty(); }

 private:
  struct Item {
    T low;
    T high;
    T highest;
    uint32_t id;
  };

  T Highest(size_t begin, size_t end) {
    if (begin == end) return T{};
    const size_t middle = begin + (end - begin) / 2;
    Item& item = items_[middle];
    if (begin < middle) item.highest = std::max(item.highest, Highest(begin, middle));
    if (middle + 1 < end) item.highest = std::max(item.highest, Highest(middle + 1, end));
    return item.highest;
  }

  template <typename Visit>
  void FindIn(size_t begin, size_t end, T value, Visit& visit) const {
    if (begin == end) return;
    const size_t middle = begin + (end - begin) / 2;
    const Item& item = items_[middle];
    if (item.highest < value) return;
    FindIn(begin, middle, value, visit);
    if (value < item.low) return;
    if (!(item.high < value)) visit(item.id);
    FindIn(middle + 1, end, value, visit);
  }

  std::vector<Item> items_;
};

}  // namespace firn::expr
