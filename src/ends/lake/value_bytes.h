// Single values in Iceberg's binary form (spec, appendix D, "Binary single-value serialization")
// and the truncation of text bounds. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firn::lake {

inline constexpr size_t kBoundCodePoints = 16;

// Unscaled value as the fewest bytes of big-endian two's complement.
[[nodiscard]] std::string DecimalBytes(__int128 unscaled);
// From big-endian two's complement of at most 16 bytes.
[[nodiscard]] __int128 DecimalFromBytes(std::string_view bytes);
// The first 16 code points: not above `text`.
[[nodiscard]] std::string LowerTextBound(std::string_view text);
// Not below `text`: cut to 16 code points and, when something was cut, the last code point that can
// be is raised by one. Nothing when none can be.
[[nodiscard]] std::optional<std::string> UpperTextBound(std::string_view text);

}  // namespace firn::lake
