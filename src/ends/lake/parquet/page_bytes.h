// PageBytes: memory of a Parquet page that grows without being cleared and is used again for the
// next one. Internal to lake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace firn::lake {

class PageBytes {
 public:
  [[nodiscard]] uint8_t* data() { return bytes_.get(); }
  [[nodiscard]] const uint8_t* data() const { return bytes_.get(); }
  [[nodiscard]] size_t size() const { return size_; }
  // What lies past `size` is kept.
  void Resize(size_t size) {
    if (size > room_) Grow(size);
    size_ = size;
  }
  // Where the next bytes go: room for `more` of them behind what is there. Took() makes them count.
  [[nodiscard]] uint8_t* Room(size_t more) {
    if (size_ + more > room_) Grow(size_ + more);
    return bytes_.get() + size_;
  }
  void Took(size_t bytes) { size_ += bytes; }
  void Append(const void* bytes, size_t count) {
    if (count == 0) return;
    std::memcpy(Room(count), bytes, count);
    size_ += count;
  }
  void AppendByte(uint8_t byte) {
    *Room(1) = byte;
    ++size_;
  }

 private:
  struct Free {
    void operator()(uint8_t* bytes) const { std::free(bytes); }
  };
  // Large blocks are moved by the kernel, page table by page table, not copied.
  void Grow(size_t need) {
    const size_t room = need + need / 2;
    auto* const bytes = static_cast<uint8_t*>(std::realloc(bytes_.get(), room));
    if (bytes == nullptr) throw std::bad_alloc();
    (void)bytes_.release();
    bytes_.reset(bytes);
    room_ = room;
  }

  std::unique_ptr<uint8_t[], Free> bytes_;
  size_t size_ = 0;
  size_t room_ = 0;
};

}  // namespace firn::lake
