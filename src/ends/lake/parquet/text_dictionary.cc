#include "ends/lake/parquet/text_dictionary.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"

namespace firn::lake {
namespace {

constexpr size_t kSlotsAtFirst = 256;
constexpr size_t kExactBytes = 24;
constexpr size_t kLengthBytes = 4;

uint64_t Load(const char* bytes, size_t count) {
  uint64_t word = 0;
  if (count > 0) std::memcpy(&word, bytes, count);
  return word;
}

// Up to 7 bytes without a loop and without reading past them.
uint64_t LoadShort(const char* bytes, size_t count) {
  if (count >= 4) return Load(bytes, 4) | Load(bytes + count - 4, 4) << (8 * (count - 4));
  if (count == 0) return 0;
  const auto at = [bytes](size_t i) {
    return static_cast<uint64_t>(static_cast<uint8_t>(bytes[i]));
  };
  return at(0) | at(count / 2) << (8 * (count / 2)) | at(count - 1) << (8 * (count - 1));
}

uint64_t Mix(uint64_t a, uint64_t b) {
  const auto product =
      static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xd1b54a32d192ed03ULL);
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t HashLong(std::string_view text) {
  uint64_t hash = text.size();
  while (text.size() >= 8) {
    hash = Mix(hash, Load(text.data(), 8));
    text.remove_prefix(8);
  }
  return Mix(hash, LoadShort(text.data(), text.size()));
}

}  // namespace

TextDictionary::TextDictionary() : slots_(kSlotsAtFirst) {}

inline TextDictionary::Slot TextDictionary::KeyOf(std::string_view text) {
  Slot key;
  key.length = static_cast<uint32_t>(text.size());
  if (text.size() < 8) {
    key.first = LoadShort(text.data(), text.size());
    return key;
  }
  key.first = Load(text.data(), 8);
  key.last = Load(text.data() + text.size() - 8, 8);
  if (text.size() > kExactBytes) {
    key.middle = HashLong(text);
  } else if (text.size() > 16) {
    key.middle = Load(text.data() + 8, 8);
  }
  return key;
}

inline uint64_t TextDictionary::HashOf(const Slot& key) {
  return Mix(Mix(key.first, key.last), key.middle + key.length);
}

inline bool TextDictionary::Holds(const Slot& slot, const Slot& key, std::string_view text) const {
  if (((slot.first ^ key.first) | (slot.middle ^ key.middle) | (slot.last ^ key.last)) != 0 ||
      slot.length != key.length) {
    return false;
  }
  if (text.size() <= kExactBytes) return true;
  const uint8_t* const known = plain_.data() + offsets_[slot.number - 1] + kLengthBytes;
  return std::memcmp(known, text.data(), text.size()) == 0;
}

inline uint32_t TextDictionary::FindOne(const Slot& key, uint64_t hash, std::string_view text) {
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.number == 0) return Enter(slot, key, text);
    if (Holds(slot, key, text)) return slot.number - 1;
  }
}

void TextDictionary::Find(std::span<const std::string_view> texts, uint32_t* numbers) {
  FIRN_ASSERT(texts.size() <= kTogether);
  Slot keys[kTogether];
  uint64_t hashes[kTogether];
  for (size_t i = 0; i < texts.size(); ++i) {
    keys[i] = KeyOf(texts[i]);
    hashes[i] = HashOf(keys[i]);
    __builtin_prefetch(&slots_[hashes[i] & (slots_.size() - 1)]);
  }
  for (size_t i = 0; i < texts.size(); ++i) numbers[i] = FindOne(keys[i], hashes[i], texts[i]);
}

uint32_t TextDictionary::Enter(Slot& slot, const Slot& key, std::string_view text) {
  offsets_.push_back(static_cast<uint32_t>(plain_.size()));
  plain_.Append(&key.length, kLengthBytes);
  plain_.Append(text.data(), text.size());
  slot = key;
  slot.number = static_cast<uint32_t>(offsets_.size());
  const uint32_t number = slot.number - 1;
  if (offsets_.size() * 3 > slots_.size() * 2) Widen();
  return number;
}

void TextDictionary::Widen() {
  std::vector<Slot> wider(slots_.size() * 2);
  const size_t mask = wider.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.number == 0) continue;
    size_t at = HashOf(slot) & mask;
    while (wider[at].number != 0) at = (at + 1) & mask;
    wider[at] = slot;
  }
  slots_ = std::move(wider);
}

std::string_view TextDictionary::text(uint32_t number) const {
  const uint8_t* const at = plain_.data() + offsets_[number];
  uint32_t length = 0;
  std::memcpy(&length, at, kLengthBytes);
  return {reinterpret_cast<const char*>(at) + kLengthBytes, length};
}

void TextDictionary::Clear() {
  std::fill(slots_.begin(), slots_.end(), Slot{});
  offsets_.clear();
  plain_.Resize(0);
}

}  // namespace firn::lake
