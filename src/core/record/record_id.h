// A record's Id as people write it, in the form that tables hold. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firn::record {

// 18 characters: those, or the 15 given with the 3 that check them. Nothing for a text of another
// length or with other characters than letters and digits, and for one whose last three do not fit:
// it was mistyped, or its case was changed.
[[nodiscard]] std::optional<std::string> CanonicalRecordId(std::string_view text);

}  // namespace firn::record
