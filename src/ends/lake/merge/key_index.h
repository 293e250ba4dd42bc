// KeyIndex: where the row of a key stands, for every live row of a table. Internal to lake.
//
// Open addressing with linear probing in 256 shards, 20 bytes a slot. A shard grows by a quarter
// when it is filled to 80 %, so that a row costs 25 to 32 bytes, and the copy made while growing is
// one shard's. It is an aid, never the truth: whatever it says can be worked out from the table's
// key column. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "ends/lake/merge/key.h"

namespace firn::lake {

struct RowPlace {
  uint32_t file = 0;  // ordinal of the data file
  uint32_t row = 0;   // in the file, deleted rows counted
  auto operator<=>(const RowPlace&) const = default;
};

class KeyIndex {
 public:
  // The index is larger than the caches: whoever looks many keys up expects each so many early.
  static constexpr size_t kKeysAhead = 16;

  KeyIndex();
  // Room for so many rows in all; never less than before.
  void Reserve(int64_t rows);
  [[nodiscard]] std::optional<RowPlace> Find(const MergeKey& key) const;
  // Where the key was before, nothing for a new one.
  std::optional<RowPlace> Set(const MergeKey& key, RowPlace place);
  // Puts the row that is at `from` at `to`; false, and nothing done, when the key is elsewhere.
  bool Move(const MergeKey& key, RowPlace from, RowPlace to);
  // Has the memory where the key would be fetched: a lookup some keys later finds it at hand.
  void Expect(const MergeKey& key) const;
  std::optional<RowPlace> Erase(const MergeKey& key);
  // Erases every row for which `gone` answers true.
  void EraseIf(const std::function<bool(RowPlace)>& gone);
  void Each(const std::function<void(const MergeKey&, RowPlace)>& see) const;
  void Clear();

  [[nodiscard]] int64_t rows() const { return rows_; }
  [[nodiscard]] int64_t bytes() const { return bytes_; }
  // The most there ever was at once, the copy while growing included.
  [[nodiscard]] int64_t bytes_peak() const { return bytes_peak_; }

 private:
  static constexpr size_t kShards = 256;
  struct Slot {
    MergeKey key;
    RowPlace place;
  };
  static_assert(sizeof(Slot) == 20);
  struct Shard {
    std::unique_ptr<Slot[]> slots;
    uint32_t capacity = 0;
    uint32_t used = 0;
  };

  Shard& ShardOf(uint64_t hash) { return shards_[hash >> 56]; }
  [[nodiscard]] const Shard& ShardOf(uint64_t hash) const { return shards_[hash >> 56]; }
  static uint32_t Home(uint64_t hash, uint32_t capacity);
  // The key's slot, or the empty one where it would go.
  static uint32_t SlotOf(const Shard& shard, const MergeKey& key, uint64_t hash);
  void Resize(Shard& shard, uint32_t capacity);
  void EraseSlot(Shard& shard, uint32_t slot);

  std::array<Shard, kShards> shards_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
  int64_t bytes_peak_ = 0;
};

}  // namespace firn::lake
