// EventPattern: an event pattern of Amazon EventBridge, parsed and checked.
//
// A pattern is an "or" of alternatives; an alternative an "and" of fields; a field an "or" of value
// patterns. Texts are kept as events show them: strings within their double quotes, numbers and
// words as written, so that no number ever equals a string. Plain values, free to move between
// threads. Source: EventBridge User Guide, "Comparison operators for use in event patterns", and
// the README of aws/event-ruler 2.1, read 2026-11.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::expr {

struct ValuePattern {
  enum class Kind {
    kExact,             // texts[0]
    kNumber,            // numbers[0]
    kRange,             // numbers[0] <= value <= numbers[1]
    kPrefix,            // texts[0], opening quote included
    kPrefixIgnoreCase,  //
    kSuffix,            // texts[0], closing quote included
    kSuffixIgnoreCase,  //
    kIgnoreCase,        // texts[0]
    kWildcard,          // texts: the pieces between the asterisks
    kExists,            // any leaf value, null included
    kAbsent,            // no leaf value
    kCidr,              // texts[0]..texts[1]: first and last address, IPv6 or IPv4 literals
    kNotText,           // any leaf value but texts
    kNotNumber,         // any leaf value but numbers
    kNotIgnoreCase,     // any leaf value that none of texts stands for
    kNotPrefix,         //
    kNotSuffix,         //
    kNotWildcard,       // pieces of several wildcards, each begun by its count in numbers
  };
  Kind kind = Kind::kExact;
  std::vector<std::string> texts;
  std::vector<double> numbers;
  auto operator<=>(const ValuePattern&) const = default;
};

// By path, steps joined with `.`; a dot within a name counts as one between names.
using PatternFields = std::map<std::string, std::vector<ValuePattern>>;

struct EventPattern {
  std::vector<PatternFields> alternatives;
};

// Errors: BadInput (EXPR-PATTERN-001) in EventBridge's words with line and column, -002 for a
// pattern past the limits, -003 for wildcards that EventBridge refuses as too complex.
[[nodiscard]] Result<EventPattern> ParseEventPattern(std::string_view json);

}  // namespace firn::expr
