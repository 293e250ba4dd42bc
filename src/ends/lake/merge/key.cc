#include "ends/lake/merge/key.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <bit>
#include <cstring>

#include "core/base/error.h"

namespace firn::lake {
namespace {

constexpr size_t kIdChars = 15;
constexpr size_t kIdCharsWithCheck = 18;
// The two highest bits of the first word say what a key is made of.
constexpr uint32_t kNumberKind = 1U << 30;
constexpr uint32_t kHashKind = 2U << 30;
constexpr uint32_t kKindMask = 3U << 30;

// 0..61, or 62 for what is no character of an Id.
constexpr std::array<uint8_t, 256> kIdDigit = [] {
  std::array<uint8_t, 256> table{};
  table.fill(62);
  uint8_t digit = 0;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<uint8_t>(c)] = digit++;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<uint8_t>(c)] = digit++;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<uint8_t>(c)] = digit++;
  return table;
}();

// Each of the last three characters tells which of five characters are capitals.
constexpr std::string_view kCheckChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

bool ExactId(std::string_view text, MergeKey& key) {
  if (text.size() != kIdCharsWithCheck) return false;
  for (size_t part = 0; part < 3; ++part) {
    uint32_t value = 0;
    uint32_t capitals = 0;
    for (size_t i = 0; i < 5; ++i) {
      const auto c = static_cast<uint8_t>(text[part * 5 + i]);
      const uint8_t digit = kIdDigit[c];
      if (digit >= 62) return false;
      value = value * 62 + digit;
      if (c >= 'A' && c <= 'Z') capitals |= 1U << i;
    }
    if (text[kIdChars + part] != kCheckChars[capitals]) return false;
    key.words[part] = value;  // below 62^5, less than 30 bits
  }
  return true;
}

uint64_t Load64(const char* bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

struct SipState {
  uint64_t v0, v1, v2, v3;
  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void Take(uint64_t word) {
    v3 ^= word;
    Round();
    Round();
    v0 ^= word;
  }
  uint64_t Finish() {
    for (int i = 0; i < 4; ++i) Round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

template <typename Array>
MergeKey NumberKey(const arrow::Array& keys, int64_t row) {
  return KeyOfNumber(static_cast<const Array&>(keys).Value(row));
}

}  // namespace

uint64_t HashOf(const MergeKey& key) {
  // The finaliser of MurmurHash3, once over each half.
  uint64_t hash = static_cast<uint64_t>(key.words[0]) << 32 | key.words[1];
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  hash += static_cast<uint64_t>(key.words[2]) * 0x9e3779b97f4a7c15ULL;
  hash ^= hash >> 29;
  hash *= 0xc4ceb9fe1a85ec53ULL;
  return hash ^ hash >> 33;
}

std::array<uint64_t, 2> SipHash128(std::string_view bytes, const HashSeed& seed) {
  SipState state{seed.first ^ 0x736f6d6570736575ULL, seed.second ^ 0x646f72616e646f6dULL ^ 0xee,
                 seed.first ^ 0x6c7967656e657261ULL, seed.second ^ 0x7465646279746573ULL};
  size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) state.Take(Load64(bytes.data() + at));
  uint64_t last = static_cast<uint64_t>(bytes.size()) << 56;
  for (size_t i = 0; at + i < bytes.size(); ++i)
    last |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[at + i])) << (8 * i);
  state.Take(last);
  state.v2 ^= 0xee;
  const uint64_t low = state.Finish();
  state.v1 ^= 0xdd;
  return {low, state.Finish()};
}

MergeKey KeyOfText(std::string_view text, const HashSeed& seed) {
  MergeKey key;
  if (ExactId(text, key)) return key;
  const auto hash = SipHash128(text, seed);
  key.words = {(static_cast<uint32_t>(hash[0]) & ~kKindMask) | kHashKind,
               static_cast<uint32_t>(hash[0] >> 32), static_cast<uint32_t>(hash[1])};
  return key;
}

MergeKey KeyOfNumber(int64_t number) {
  const auto bits = static_cast<uint64_t>(number);
  return {{kNumberKind, static_cast<uint32_t>(bits >> 32), static_cast<uint32_t>(bits)}};
}

std::optional<MergeKey> KeyAt(const arrow::Array& keys, int64_t row, const HashSeed& seed) {
  if (keys.IsNull(row)) return {};
  switch (keys.type_id()) {
    case arrow::Type::STRING:
      return KeyOfText(static_cast<const arrow::StringArray&>(keys).GetView(row), seed);
    case arrow::Type::INT32:
      return NumberKey<arrow::Int32Array>(keys, row);
    case arrow::Type::INT64:
      return NumberKey<arrow::Int64Array>(keys, row);
    default:
      FIRN_ASSERT(!"a key column of another type was refused before");
  }
  return {};
}

}  // namespace firn::lake
