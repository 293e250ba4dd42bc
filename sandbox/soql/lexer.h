// Words of a SOQL query. Pure; any thread. Source: SOQL and SOSL Reference, 'SOQL SELECT Syntax',
// 'Quoted String Escape Sequences', 'Date Formats and Date Literals', read 2026-11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::sandbox::soql {

struct Token {
  enum class Kind { kWord, kNumber, kString, kDate, kDateTime, kTime, kSymbol, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;    // strings unescaped; symbols like `<=`
  std::string folded;  // words in upper case
  size_t at = 0;
  // Of a string for LIKE: `%`, `_` and `\` that were escaped stay escaped here.
  std::string pattern;
};

// Errors: api error MALFORMED_QUERY with the position.
[[nodiscard]] Result<std::vector<Token>> Tokenize(std::string_view soql);

// The vendor's message: the line with a caret, `ERROR at Row:1:Column:8`, the sentence.
[[nodiscard]] Error ErrorAt(std::string_view soql, size_t at, std::string_view code,
                            std::string_view message);

}  // namespace firn::sandbox::soql
