// What a text search looks for: words, phrases, wildcards, AND, OR, AND NOT, parentheses.
//
// A text is cut into words at everything that is no letter or digit; comparing is without regard to
// case. A word of a script that is written without spaces is found inside of other words. An
// expression is immutable once parsed; any thread may match with it. Source: SOQL and SOSL
// Reference, 'FIND {SearchQuery}', read 2026-11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace firn::sandbox {

// The words of a text, folded.
[[nodiscard]] std::vector<std::string> SearchWords(std::string_view text);

class SearchExpression {
 public:
  // What stands between the braces of FIND. Errors: api error MALFORMED_SEARCH.
  [[nodiscard]] static Result<SearchExpression> Parse(std::string_view text);
  // Every word of a text as it is, none of them an operator; the last may be the beginning of a
  // word. Errors: the same.
  [[nodiscard]] static Result<SearchExpression> Literal(std::string_view text, bool open_end);

  // The words of each field of a record. A phrase must lie within one field.
  [[nodiscard]] bool Matches(const std::vector<std::vector<std::string>>& fields) const;

 private:
  friend class SearchExpressionReader;
  struct Node {
    enum class Kind { kPhrase, kAnd, kOr, kAndNot };
    Kind kind = Kind::kPhrase;
    std::vector<std::string> words;  // of a phrase, folded, with `*` and `?`
    std::vector<Node> parts;
  };
  explicit SearchExpression(Node root) : root_(std::move(root)) {}
  [[nodiscard]] static bool Holds(const Node& node,
                                  const std::vector<std::vector<std::string>>& fields);

  Node root_;
};

}  // namespace firn::sandbox
