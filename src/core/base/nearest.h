// "Did you mean ..?": the one helper behind every suggestion.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace firn {

// The candidate within a Damerau-Levenshtein distance of a third of the word's length, at
// least 1 (case folded), nearest first, then alphabetical; nothing if none is near.
[[nodiscard]] std::optional<std::string> Nearest(std::string_view word,
                                                 std::span<const std::string> candidates);
// ` (did you mean `lake`?)`, or empty.
[[nodiscard]] std::string DidYouMean(std::string_view word,
                                     std::span<const std::string> candidates);

}  // namespace firn
