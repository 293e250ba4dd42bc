// JsonTokens: a JSON text token by token, each with its place, for languages whose mistakes must be
// shown where they stand. Strict RFC 8259; texts come unescaped, numbers as they were written.
// For short texts (patterns); events go through simdjson.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"

namespace firn::expr {

enum class JsonToken {
  kObjectBegin,
  kObjectEnd,
  kArrayBegin,
  kArrayEnd,
  kName,
  kString,
  kNumber,
  kTrue,
  kFalse,
  kNull,
  kEnd,
};

class JsonTokens {
 public:
  static constexpr int kDepthMax = 256;

  explicit JsonTokens(std::string_view text) : text_(text) {}

  // The next token. Errors: BadInput (EXPR-PATTERN-001) with line and column.
  [[nodiscard]] Result<JsonToken> Next();
  // Of the current token: a name or string unescaped, a number or word as written.
  [[nodiscard]] const std::string& value() const { return value_; }
  // Behind the current token: `line 3, column 17`, both from 1, columns in bytes.
  [[nodiscard]] std::string Place() const;
  // An error at the current place.
  [[nodiscard]] Error Mistake(std::string reason) const;

 private:
  Result<JsonToken> Value();
  Result<JsonToken> Open(char closing, JsonToken token);
  Result<JsonToken> Close(char closing, JsonToken token);
  Result<JsonToken> Word(std::string_view word, JsonToken token);
  Result<JsonToken> Number();
  Result<void> String();
  Result<void> Escape();
  Result<uint32_t> Hex4();
  Result<JsonToken> AfterValue(JsonToken token);
  void SkipSpace();
  [[nodiscard]] char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  enum class Expect { kValue, kFirstName, kName, kFirstElement, kElement, kCommaOrEnd, kNothing };

  std::string_view text_;
  size_t at_ = 0;
  std::string value_;
  std::string open_;  // the closing brackets still to come, innermost last
  Expect expect_ = Expect::kValue;
};

}  // namespace firn::expr
