// MergeKey: the value that names a row, in 12 bytes. Internal to lake; pure.
//
// A canonical Salesforce Id (18 characters whose last three agree with the case of the others) is
// kept exactly: 15 characters of 62 fit 90 bits. So is a whole number. Any other text becomes a
// keyed hash of 94 bits, with a key of the table's index that nobody outside knows: among 100
// million rows two texts share one with a probability below 1 in 10^12.
#pragma once

#include <arrow/type_fwd.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace firn::lake {

struct MergeKey {
  std::array<uint32_t, 3> words{};
  auto operator<=>(const MergeKey&) const = default;
};

// Well mixed over all 64 bits, though Ids come in sequence.
[[nodiscard]] uint64_t HashOf(const MergeKey& key);
struct MergeKeyHash {
  size_t operator()(const MergeKey& key) const { return HashOf(key); }
};

struct HashSeed {
  uint64_t first = 0;
  uint64_t second = 0;
  bool operator==(const HashSeed&) const = default;
};

[[nodiscard]] MergeKey KeyOfText(std::string_view text, const HashSeed& seed);
[[nodiscard]] MergeKey KeyOfNumber(int64_t number);

// The key in row `row` of a string, int32 or int64 array; nothing when it is null.
[[nodiscard]] std::optional<MergeKey> KeyAt(const arrow::Array& keys, int64_t row,
                                            const HashSeed& seed);

// SipHash-2-4 with 128 bits of output. Source: Aumasson and Bernstein, "SipHash: a fast short-input
// PRF", and the 128-bit variant of its reference implementation.
[[nodiscard]] std::array<uint64_t, 2> SipHash128(std::string_view bytes, const HashSeed& seed);

}  // namespace firn::lake
