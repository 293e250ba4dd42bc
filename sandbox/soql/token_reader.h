// The words of a query one after another, with what every part of the parser asks of them.
// Private to the parser. One thread; the text must outlive it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/soql/lexer.h"

namespace firn::sandbox::soql {

class TokenReader {
 public:
  TokenReader(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  [[nodiscard]] const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }
  const Token& Take() { return tokens_[std::min(next_++, tokens_.size() - 1)]; }
  void Skip(size_t tokens) { next_ += tokens; }
  [[nodiscard]] bool AtEnd() const { return Peek().kind == Token::Kind::kEnd; }
  [[nodiscard]] bool IsWord(std::string_view word, size_t ahead = 0) const {
    return Peek(ahead).kind == Token::Kind::kWord && Peek(ahead).folded == word;
  }
  [[nodiscard]] bool IsSymbol(std::string_view symbol, size_t ahead = 0) const {
    return Peek(ahead).kind == Token::Kind::kSymbol && Peek(ahead).text == symbol;
  }
  bool TakeWord(std::string_view word) {
    if (!IsWord(word)) return false;
    ++next_;
    return true;
  }
  bool TakeSymbol(std::string_view symbol) {
    if (!IsSymbol(symbol)) return false;
    ++next_;
    return true;
  }

  [[nodiscard]] tl::unexpected<Error> Malformed(size_t at, const std::string& what) const {
    return Fail(ErrorAt(text_, at, "MALFORMED_QUERY", what));
  }
  [[nodiscard]] tl::unexpected<Error> Unexpected() const {
    return Malformed(Peek().at, "unexpected token: '" + Shown() + "'");
  }
  [[nodiscard]] Result<void> Expect(std::string_view symbol) {
    if (TakeSymbol(symbol)) return {};
    std::string_view name = "a comma";
    if (symbol == ")") name = "a right parentheses";
    if (symbol == "(") name = "a left parentheses";
    if (symbol == ":") name = "a colon";
    return Malformed(Peek().at, "expecting " + std::string(name) + ", found '" + Shown() + "'");
  }
  [[nodiscard]] Result<void> ExpectWord(std::string_view word) {
    if (TakeWord(word)) return {};
    return Unexpected();
  }

  // Bounds the recursion of nested parentheses, functions and subqueries.
  class Nested {
   public:
    explicit Nested(TokenReader& reader) : reader_(reader) { ++reader_.depth_; }
    ~Nested() { --reader_.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;
    [[nodiscard]] bool too_deep() const { return reader_.depth_ > kDepthMax; }

   private:
    static constexpr int kDepthMax = 64;
    TokenReader& reader_;
  };
  [[nodiscard]] tl::unexpected<Error> TooDeep() const {
    return Malformed(Peek().at, "query is nested too deeply");
  }

 private:
  [[nodiscard]] std::string Shown() const {
    return Peek().kind == Token::Kind::kEnd ? "<EOF>" : Peek().text;
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  size_t next_ = 0;
  int depth_ = 0;
};

}  // namespace firn::sandbox::soql
