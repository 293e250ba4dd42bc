#include "ends/lake/merge/key_index.h"

#include <algorithm>

#include "core/base/error.h"

namespace firn::lake {
namespace {

constexpr uint32_t kNobody = UINT32_MAX;  // file ordinal of an empty slot
constexpr uint32_t kFirstCapacity = 16;
// A shard's share of 2^32 slots is far above what fits in memory.
constexpr uint32_t kCapacityMax = 1U << 30;

bool Full(uint32_t used, uint32_t capacity) {
  return static_cast<uint64_t>(used) * 5 >= static_cast<uint64_t>(capacity) * 4;
}

}  // namespace

KeyIndex::KeyIndex() {
  for (Shard& shard : shards_) Resize(shard, kFirstCapacity);
}

uint32_t KeyIndex::Home(uint64_t hash, uint32_t capacity) {
  // Low bits, since the high ones chose the shard; multiplied, as the capacity is no power of two.
  return static_cast<uint32_t>((hash & UINT32_MAX) * capacity >> 32);
}

uint32_t KeyIndex::SlotOf(const Shard& shard, const MergeKey& key, uint64_t hash) {
  uint32_t at = Home(hash, shard.capacity);
  while (shard.slots[at].place.file != kNobody && shard.slots[at].key != key)
    at = at + 1 == shard.capacity ? 0 : at + 1;
  return at;
}

void KeyIndex::Resize(Shard& shard, uint32_t capacity) {
  FIRN_ASSERT(capacity <= kCapacityMax && !Full(shard.used, capacity));
  Shard grown;
  grown.slots = std::make_unique_for_overwrite<Slot[]>(capacity);
  grown.capacity = capacity;
  grown.used = shard.used;
  std::fill_n(grown.slots.get(), capacity, Slot{{}, {kNobody, 0}});
  bytes_ += static_cast<int64_t>(capacity) * static_cast<int64_t>(sizeof(Slot));
  bytes_peak_ = std::max(bytes_peak_, bytes_);
  for (uint32_t at = 0; at < shard.capacity; ++at) {
    const Slot& slot = shard.slots[at];
    if (slot.place.file != kNobody) grown.slots[SlotOf(grown, slot.key, HashOf(slot.key))] = slot;
  }
  bytes_ -= static_cast<int64_t>(shard.capacity) * static_cast<int64_t>(sizeof(Slot));
  shard = std::move(grown);
}

void KeyIndex::Reserve(int64_t rows) {
  // Keys do not spread evenly over shards: some get a few percent more.
  const auto share = static_cast<uint64_t>(rows) / kShards;
  const uint64_t wanted = std::max<uint64_t>(kFirstCapacity, share * 4 / 3 + share / 50);
  const auto capacity = static_cast<uint32_t>(std::min<uint64_t>(wanted, kCapacityMax));
  for (Shard& shard : shards_) {
    if (shard.capacity < capacity) Resize(shard, capacity);
  }
}

std::optional<RowPlace> KeyIndex::Find(const MergeKey& key) const {
  const uint64_t hash = HashOf(key);
  const Shard& shard = ShardOf(hash);
  const Slot& slot = shard.slots[SlotOf(shard, key, hash)];
  if (slot.place.file == kNobody) return {};
  return slot.place;
}

std::optional<RowPlace> KeyIndex::Set(const MergeKey& key, RowPlace place) {
  FIRN_ASSERT(place.file != kNobody);
  const uint64_t hash = HashOf(key);
  Shard& shard = ShardOf(hash);
  Slot* slot = &shard.slots[SlotOf(shard, key, hash)];
  if (slot->place.file != kNobody) {
    const RowPlace before = slot->place;
    slot->place = place;
    return before;
  }
  if (Full(shard.used + 1, shard.capacity)) {
    Resize(shard, shard.capacity + std::max(shard.capacity / 4, kFirstCapacity));
    slot = &shard.slots[SlotOf(shard, key, hash)];
  }
  *slot = {key, place};
  ++shard.used;
  ++rows_;
  return {};
}

bool KeyIndex::Move(const MergeKey& key, RowPlace from, RowPlace to) {
  const uint64_t hash = HashOf(key);
  Shard& shard = ShardOf(hash);
  Slot& slot = shard.slots[SlotOf(shard, key, hash)];
  if (slot.place != from) return false;
  slot.place = to;
  return true;
}

void KeyIndex::Expect(const MergeKey& key) const {
  const uint64_t hash = HashOf(key);
  const Shard& shard = ShardOf(hash);
  __builtin_prefetch(&shard.slots[Home(hash, shard.capacity)]);
}

void KeyIndex::EraseSlot(Shard& shard, uint32_t slot) {
  // The rows behind move up, so that no probe ever meets a hole before its key.
  uint32_t hole = slot;
  for (uint32_t at = hole;;) {
    at = at + 1 == shard.capacity ? 0 : at + 1;
    const Slot& next = shard.slots[at];
    if (next.place.file == kNobody) break;
    const uint32_t home = Home(HashOf(next.key), shard.capacity);
    const bool stays = hole <= at ? hole < home && home <= at : hole < home || home <= at;
    if (stays) continue;
    shard.slots[hole] = next;
    hole = at;
  }
  shard.slots[hole].place.file = kNobody;
  --shard.used;
  --rows_;
}

std::optional<RowPlace> KeyIndex::Erase(const MergeKey& key) {
  const uint64_t hash = HashOf(key);
  Shard& shard = ShardOf(hash);
  const uint32_t at = SlotOf(shard, key, hash);
  const RowPlace place = shard.slots[at].place;
  if (place.file == kNobody) return {};
  EraseSlot(shard, at);
  return place;
}

void KeyIndex::EraseIf(const std::function<bool(RowPlace)>& gone) {
  for (Shard& shard : shards_) {
    for (uint32_t at = 0; at < shard.capacity;) {
      const RowPlace place = shard.slots[at].place;
      // Erasing may move another row into this slot: it is looked at again.
      if (place.file != kNobody && gone(place)) {
        EraseSlot(shard, at);
      } else {
        ++at;
      }
    }
  }
}

void KeyIndex::Each(const std::function<void(const MergeKey&, RowPlace)>& see) const {
  for (const Shard& shard : shards_) {
    for (uint32_t at = 0; at < shard.capacity; ++at) {
      const Slot& slot = shard.slots[at];
      if (slot.place.file != kNobody) see(slot.key, slot.place);
    }
  }
}

void KeyIndex::Clear() {
  bytes_ = 0;
  rows_ = 0;
  for (Shard& shard : shards_) {
    shard = Shard();
    Resize(shard, kFirstCapacity);
  }
}

}  // namespace firn::lake
