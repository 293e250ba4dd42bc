// Numbers as patterns compare them: IEEE 754 binary64, and only where nothing of the written number
// is lost (event-ruler 2.x, ComparableNumber). 300, 3.0e2 and 300.000 are one number; a 20-digit
// account number is none and compares as text.
#pragma once

#include <optional>
#include <string_view>

namespace firn::expr {

// Nothing when `text` is no JSON number, or when a double cannot hold it.
[[nodiscard]] std::optional<double> ComparableNumber(std::string_view text);

}  // namespace firn::expr
