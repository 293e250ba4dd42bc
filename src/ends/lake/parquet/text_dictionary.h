// TextDictionary: the distinct texts of one column chunk, numbered as they come, kept as the bytes
// of a dictionary page. Internal to lake. One thread.
//
// A lookup of a text of up to 24 bytes (Ids, most picklist values) compares three words and never
// follows a pointer. Texts are looked up many at once, so that the table's cache lines are on their
// way before they are needed: with 20,000 Ids they come from the second-level cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ends/lake/parquet/page_bytes.h"

namespace firn::lake {

class TextDictionary {
 public:
  TextDictionary();
  // At most so many texts at once.
  static constexpr size_t kTogether = 32;
  // The numbers of the texts; new texts enter.
  void Find(std::span<const std::string_view> texts, uint32_t* numbers);
  [[nodiscard]] size_t size() const { return offsets_.size(); }
  // The text of a number that Find gave, valid until a text enters.
  [[nodiscard]] std::string_view text(uint32_t number) const;
  // PLAIN encoding of the texts in the order of their numbers.
  [[nodiscard]] const PageBytes& plain() const { return plain_; }
  void Clear();

 private:
  struct Slot {
    uint64_t first = 0;   // bytes 0-7
    uint64_t middle = 0;  // bytes 8-15; of a text above 24 bytes: its hash
    uint64_t last = 0;    // the last 8
    uint32_t length = 0;
    uint32_t number = 0;  // from 1; 0: the slot is free
  };
  static inline Slot KeyOf(std::string_view text);
  static inline uint64_t HashOf(const Slot& key);
  [[nodiscard]] inline bool Holds(const Slot& slot, const Slot& key, std::string_view text) const;
  [[nodiscard]] inline uint32_t FindOne(const Slot& key, uint64_t hash, std::string_view text);
  uint32_t Enter(Slot& slot, const Slot& key, std::string_view text);
  void Widen();

  std::vector<Slot> slots_;  // a power of two of them
  std::vector<uint32_t> offsets_;
  PageBytes plain_;
};

}  // namespace firn::lake
