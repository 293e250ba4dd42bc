#include "ends/lake/parquet/encodings.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <type_traits>

namespace firn::lake {
namespace {

// A run of equal values shorter than this stays among the packed ones.
constexpr size_t kRunMin = 16;
constexpr size_t kGroup = 8;  // packed values come in eights
constexpr size_t kBlockValues = 128;
constexpr size_t kMiniblocks = 4;
constexpr size_t kMiniblockValues = kBlockValues / kMiniblocks;

// `count` values, a multiple of 8, of `width` bits each; exactly count * width / 8 bytes.
template <typename T>
void PackValues(const T* values, size_t count, int width, PageBytes& out) {
  if (width == 0) return;
  const size_t bytes = count / 8 * static_cast<size_t>(width);
  uint8_t* to = out.Room(bytes + 8);
  uint64_t word = 0;
  int used = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t value = values[i];
    word |= value << used;
    used += width;
    if (used >= 64) {
      std::memcpy(to, &word, 8);
      to += 8;
      used -= 64;
      // The part of the value that did not fit; all of it did when `used` is 0.
      word = used == 0 ? 0 : value >> (width - used);
    }
  }
  std::memcpy(to, &word, 8);
  out.Took(bytes);
}

void AppendPackedRun(const uint32_t* values, size_t count, int width, PageBytes& out) {
  if (count == 0) return;
  const size_t groups = (count + kGroup - 1) / kGroup;
  AppendVarint(groups << 1 | 1, out);
  const size_t whole = count / kGroup * kGroup;
  PackValues(values, whole, width, out);
  if (whole == count) return;
  uint32_t last[kGroup] = {};
  std::copy(values + whole, values + count, last);
  PackValues(last, kGroup, width, out);
}

size_t EqualFrom(std::span<const uint32_t> values, size_t at) {
  size_t end = at + 1;
  while (end < values.size() && values[end] == values[at]) ++end;
  return end - at;
}

// One block: the least difference, four widths, four miniblocks. Those behind the last value have
// width 0 and no bytes.
template <typename U>
void AppendBlock(U* deltas, size_t count, PageBytes& out) {
  using S = std::make_signed_t<U>;
  S least = std::numeric_limits<S>::max();
  for (size_t i = 0; i < count; ++i) least = std::min(least, static_cast<S>(deltas[i]));
  for (size_t i = 0; i < count; ++i) deltas[i] -= static_cast<U>(least);
  std::fill(deltas + count, deltas + kBlockValues, U{0});
  int widths[kMiniblocks];
  AppendZigzag(least, out);
  for (size_t mini = 0; mini < kMiniblocks; ++mini) {
    U all = 0;
    for (size_t i = 0; i < kMiniblockValues; ++i) all |= deltas[mini * kMiniblockValues + i];
    widths[mini] = BitWidth(all);
    out.AppendByte(static_cast<uint8_t>(widths[mini]));
  }
  for (size_t mini = 0; mini * kMiniblockValues < count; ++mini) {
    PackValues(deltas + mini * kMiniblockValues, kMiniblockValues, widths[mini], out);
  }
}

template <typename S>
void AppendDeltasOf(std::span<const S> values, PageBytes& out) {
  using U = std::make_unsigned_t<S>;
  AppendVarint(kBlockValues, out);
  AppendVarint(kMiniblocks, out);
  AppendVarint(values.size(), out);
  AppendZigzag(values.empty() ? 0 : values.front(), out);
  U deltas[kBlockValues];
  for (size_t at = 1; at < values.size(); at += kBlockValues) {
    const size_t count = std::min(kBlockValues, values.size() - at);
    for (size_t i = 0; i < count; ++i) {
      deltas[i] = static_cast<U>(values[at + i]) - static_cast<U>(values[at + i - 1]);
    }
    AppendBlock(deltas, count, out);
  }
}

}  // namespace

void AppendVarint(uint64_t value, PageBytes& out) {
  constexpr size_t kVarintMax = 10;
  uint8_t* const begin = out.Room(kVarintMax);
  uint8_t* to = begin;
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<uint8_t>(value | 0x80);
  *to++ = static_cast<uint8_t>(value);
  out.Took(static_cast<size_t>(to - begin));
}

void AppendZigzag(int64_t value, PageBytes& out) {
  AppendVarint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63), out);
}

int BitWidth(uint64_t most) { return 64 - std::countl_zero(most); }

void AppendHybrid(std::span<const uint32_t> values, int width, PageBytes& out) {
  size_t packed = 0;  // from here to `at` the values wait to be packed
  size_t at = 0;
  while (at < values.size()) {
    size_t run = EqualFrom(values, at);
    // A packed run before it ends at a multiple of eight.
    const size_t missing = (kGroup - (at - packed) % kGroup) % kGroup;
    if (run < kRunMin + missing) {
      at += run;
      continue;
    }
    at += missing;
    run -= missing;
    AppendPackedRun(values.data() + packed, at - packed, width, out);
    AppendHybridRun(values[at], run, width, out);
    at += run;
    packed = at;
  }
  AppendPackedRun(values.data() + packed, at - packed, width, out);
}

void AppendHybridBits(const uint8_t* bits, size_t count, PageBytes& out) {
  const size_t groups = (count + kGroup - 1) / kGroup;
  AppendVarint(groups << 1 | 1, out);
  out.Append(bits, groups);
}

void AppendHybridRun(uint32_t value, size_t count, int width, PageBytes& out) {
  AppendVarint(count << 1, out);
  out.Append(&value, static_cast<size_t>(width + 7) / 8);
}

void AppendDeltas(std::span<const int32_t> values, PageBytes& out) { AppendDeltasOf(values, out); }
void AppendDeltas(std::span<const int64_t> values, PageBytes& out) { AppendDeltasOf(values, out); }

size_t CopyBits(const uint8_t* from, int64_t offset, size_t count, uint8_t* to, size_t at) {
  size_t ones = 0;
  while (count > 0) {
    // Up to the end of a target byte, whose first bits are there already.
    const size_t bits = std::min(count, 8 - at % 8);
    unsigned taken = 0xff;
    if (from != nullptr) {
      const auto byte = static_cast<size_t>(offset / 8);
      const auto shift = static_cast<unsigned>(offset % 8);
      taken = static_cast<unsigned>(from[byte]) >> shift;
      if (shift + bits > 8) taken |= static_cast<unsigned>(from[byte + 1]) << (8 - shift);
    }
    taken &= (1U << bits) - 1;
    ones += static_cast<size_t>(std::popcount(taken));
    uint8_t& target = to[at / 8];
    target = static_cast<uint8_t>(at % 8 == 0 ? taken : target | taken << (at % 8));
    at += bits;
    offset += static_cast<int64_t>(bits);
    count -= bits;
  }
  return ones;
}

}  // namespace firn::lake
