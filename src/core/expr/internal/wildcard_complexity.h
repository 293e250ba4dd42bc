// How much work the wildcards of one field may make at worst.
//
// The most places, over all wildcards of the field and all texts, at which a reader of the text can
// stand at once: every asterisk that was passed stays one of them. Amazon EventBridge refuses
// patterns by this number (event-ruler, "MachineComplexityEvaluator", read 2026-11). Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace firn::expr {

// EventBridge does not tell its limit: it took a pattern of 9 and refused one of 11
// (aws-cdk pull request 32063; vals-ai/Valkyrie pull request 278; LocalStack's snapshots).
inline constexpr int kWildcardComplexityMax = 10;

// A wildcard: its pieces between the asterisks, quotes included.
using Wildcard = std::vector<std::string>;

// `patterns`: each the wildcards of one pattern; those of an `anything-but` share the places that
// they have in common. Counts up to `most`.
[[nodiscard]] int WildcardComplexity(std::span<const std::vector<Wildcard>> patterns, int most);

}  // namespace firn::expr
