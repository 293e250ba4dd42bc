// Memory for a column's values that grows without being cleared and is used again for every batch.
// Internal to record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace firn::record {

template <typename T>
class GrowBuffer {
 public:
  [[nodiscard]] T* data() { return items_.get(); }
  [[nodiscard]] const T* data() const { return items_.get(); }
  [[nodiscard]] size_t room() const { return room_; }

  // Room for `count` items, of which the first `used` are kept.
  void Ensure(size_t count, size_t used) {
    if (count <= room_) return;
    const size_t room = count + count / 2;
    auto items = std::make_unique_for_overwrite<T[]>(room);
    if (used > 0) std::memcpy(items.get(), items_.get(), used * sizeof(T));
    items_ = std::move(items);
    room_ = room;
  }

 private:
  std::unique_ptr<T[]> items_;
  size_t room_ = 0;
};

}  // namespace firn::record
