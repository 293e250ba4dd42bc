// Single values in Iceberg's binary form, as bounds and partition values hold them.
// Source: Iceberg spec, appendix D "Binary single-value serialization", read 2026-11. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/record/schema.h"

namespace firn::lake {

// The precision of types `timestamp_ns` and `timestamptz_ns` of format version 3: digits below a
// second. Other timestamps, whose precision is 0, are in microseconds.
inline constexpr int kNanosecondDigits = 9;
[[nodiscard]] bool InNanoseconds(const record::Type& type);

[[nodiscard]] std::string SingleBool(bool value);
[[nodiscard]] std::string SingleInt(int32_t value);   // also date
[[nodiscard]] std::string SingleLong(int64_t value);  // also time and timestamps
[[nodiscard]] std::string SingleFloat(float value);
[[nodiscard]] std::string SingleDouble(double value);
// The fewest bytes of the big-endian two's complement. `high` and `low`: the 128-bit unscaled
// value.
[[nodiscard]] std::string SingleDecimal(int64_t high, uint64_t low);

// A lower bound for text: its first `code_points`. Never cuts a code point.
[[nodiscard]] std::string TruncateText(std::string_view text, size_t code_points = 16);
// An upper bound: like the lower one but rounded up when something was cut; nothing when no code
// point can be raised.
[[nodiscard]] std::optional<std::string> TruncateTextUp(std::string_view text,
                                                        size_t code_points = 16);

// The integer in a little-endian value of 4 or 8 bytes; nothing for other lengths.
[[nodiscard]] std::optional<int64_t> SingleToLong(std::string_view bytes);
// For people: `42`, `2026-11-24`, `12.50`, `abc`; hex for binary, and when the length is wrong.
[[nodiscard]] std::string SingleText(const record::Type& type, std::string_view bytes);
// A 128-bit unscaled decimal as text.
[[nodiscard]] std::string DecimalText(__int128 unscaled, int scale);

}  // namespace firn::lake
