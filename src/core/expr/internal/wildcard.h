// Wildcards: `*` stands for any text, `\*` and `\\` for themselves. Matched piece by piece, in time
// linear in the text.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::expr {

// The pieces between the asterisks: one piece more than asterisks. The error is the reason, in
// event-ruler's words; positions count from the opening quote.
[[nodiscard]] tl::expected<std::vector<std::string>, std::string> WildcardPieces(
    std::string_view text);

[[nodiscard]] bool MatchesWildcard(std::span<const std::string> pieces, std::string_view text);

}  // namespace firn::expr
