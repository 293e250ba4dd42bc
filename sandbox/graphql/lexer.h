// The tokens of a GraphQL document. Private to the parser. One thread; the text must outlive it.
// Source: GraphQL specification (October 2021), section 2.1, read 2026-11.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "sandbox/graphql/document.h"

namespace firn::sandbox::graphql {

struct Token {
  enum class Kind { kName, kNumber, kText, kSymbol, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;  // texts unescaped; symbols like `{` and `...`
  Place place;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  // Errors: api error INVALID_SYNTAX.
  [[nodiscard]] Result<Token> Next();

 private:
  void Skip();
  void Advance(size_t bytes);
  [[nodiscard]] Result<Token> Text(Token token);
  [[nodiscard]] Result<Token> BlockText(Token token);
  [[nodiscard]] Result<void> Escape(std::string& out);

  std::string_view text_;
  size_t at_ = 0;
  Place place_;
};

[[nodiscard]] Error SyntaxError(const Place& place, const std::string& what);

}  // namespace firn::sandbox::graphql
