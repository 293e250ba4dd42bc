#include "core/expr/internal/json_tokens.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/expr/internal/utf8.h"

namespace firn::expr {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string JsonTokens::Place() const {
  const std::string_view before = text_.substr(0, at_);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t newline = before.rfind('\n');
  const size_t column = newline == std::string_view::npos ? at_ + 1 : at_ - newline;
  return fmt::format("line {}, column {}", line, column);
}

Error JsonTokens::Mistake(std::string reason) const {
  return Error(Kind::kBadInput, "EXPR-PATTERN-001", "event pattern is not valid")
      .At(Place())
      .Because(std::move(reason));
}

void JsonTokens::SkipSpace() {
  while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string::npos) {
    ++at_;
  }
}

Result<JsonToken> JsonTokens::Next() {
  SkipSpace();
  if (expect_ == Expect::kNothing) {
    if (at_ < text_.size()) return Fail(Mistake("unexpected text after the end of the object"));
    return JsonToken::kEnd;
  }
  if (at_ >= text_.size()) return Fail(Mistake("unexpected end of input"));
  if (expect_ == Expect::kCommaOrEnd) {
    const char closing = open_.back();
    if (Peek() == closing) {
      return Close(closing, closing == '}' ? JsonToken::kObjectEnd : JsonToken::kArrayEnd);
    }
    if (Peek() != ',') return Fail(Mistake(fmt::format("expected `,` or `{}`", closing)));
    ++at_;
    SkipSpace();
    expect_ = closing == '}' ? Expect::kName : Expect::kElement;
  }
  if (expect_ == Expect::kFirstName && Peek() == '}') return Close('}', JsonToken::kObjectEnd);
  if (expect_ == Expect::kFirstElement && Peek() == ']') return Close(']', JsonToken::kArrayEnd);
  if (expect_ == Expect::kFirstName || expect_ == Expect::kName) {
    if (Peek() != '"') return Fail(Mistake("expected a field name in double quotes"));
    FIRN_CHECK(String());
    SkipSpace();
    if (Peek() != ':') return Fail(Mistake("expected `:` after a field name"));
    ++at_;
    expect_ = Expect::kValue;
    return JsonToken::kName;
  }
  return Value();
}

Result<JsonToken> JsonTokens::Value() {
  switch (Peek()) {
    case '{':
      return Open('}', JsonToken::kObjectBegin);
    case '[':
      return Open(']', JsonToken::kArrayBegin);
    case '"':
      FIRN_CHECK(String());
      return AfterValue(JsonToken::kString);
    case 't':
      return Word("true", JsonToken::kTrue);
    case 'f':
      return Word("false", JsonToken::kFalse);
    case 'n':
      return Word("null", JsonToken::kNull);
    default:
      return Number();
  }
}

Result<JsonToken> JsonTokens::Open(char closing, JsonToken token) {
  if (open_.size() >= kDepthMax) return Fail(Mistake("objects and arrays are nested too deeply"));
  ++at_;
  open_ += closing;
  expect_ = closing == '}' ? Expect::kFirstName : Expect::kFirstElement;
  return token;
}

Result<JsonToken> JsonTokens::Close(char closing, JsonToken token) {
  FIRN_ASSERT(!open_.empty() && open_.back() == closing);
  ++at_;
  open_.pop_back();
  return AfterValue(token);
}

Result<JsonToken> JsonTokens::AfterValue(JsonToken token) {
  expect_ = open_.empty() ? Expect::kNothing : Expect::kCommaOrEnd;
  return token;
}

Result<JsonToken> JsonTokens::Word(std::string_view word, JsonToken token) {
  if (text_.substr(at_, word.size()) != word) return Fail(Mistake("unrecognized word"));
  at_ += word.size();
  value_ = word;
  return AfterValue(token);
}

Result<JsonToken> JsonTokens::Number() {
  const size_t begin = at_;
  const auto digits = [&] {
    const size_t from = at_;
    while (IsDigit(Peek())) ++at_;
    return at_ - from;
  };
  if (Peek() == '-') ++at_;
  const size_t first = at_;
  const size_t whole = digits();
  if (whole == 0) return Fail(Mistake("expected a value"));
  if (whole > 1 && text_[first] == '0') return Fail(Mistake("leading zeros are not allowed"));
  if (Peek() == '.') {
    ++at_;
    if (digits() == 0) return Fail(Mistake("expected a digit after the decimal point"));
  }
  if (Peek() == 'e' || Peek() == 'E') {
    ++at_;
    if (Peek() == '+' || Peek() == '-') ++at_;
    if (digits() == 0) return Fail(Mistake("expected a digit in the exponent"));
  }
  value_ = text_.substr(begin, at_ - begin);
  return AfterValue(JsonToken::kNumber);
}

Result<void> JsonTokens::String() {
  value_.clear();
  ++at_;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return {};
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      return Fail(Mistake("control characters in a string must be escaped"));
    }
    ++at_;
    if (c == '\\') {
      FIRN_CHECK(Escape());
    } else {
      value_ += c;
    }
  }
  return Fail(Mistake("unexpected end of input in a string"));
}

Result<void> JsonTokens::Escape() {
  constexpr std::string_view kFrom = "\"\\/bfnrt";
  constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
  const char c = Peek();
  ++at_;
  if (const size_t known = kFrom.find(c); c != '\0' && known != std::string_view::npos) {
    value_ += kTo[known];
    return {};
  }
  if (c != 'u') return Fail(Mistake("unrecognized escape in a string"));
  FIRN_TRY(uint32_t point, Hex4());
  if (point >= 0xDC00 && point < 0xE000) return Fail(Mistake("a surrogate without its first half"));
  if (point >= 0xD800 && point < 0xDC00) {
    if (text_.substr(at_, 2) != "\\u") return Fail(Mistake("a surrogate without its second half"));
    at_ += 2;
    FIRN_TRY(const uint32_t low, Hex4());
    if (low < 0xDC00 || low >= 0xE000) return Fail(Mistake("a surrogate without its second half"));
    point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
  }
  AppendUtf8(point, value_);
  return {};
}

Result<uint32_t> JsonTokens::Hex4() {
  uint32_t point = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = Peek();
    uint32_t digit = 0;
    if (IsDigit(c)) {
      digit = static_cast<uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<uint32_t>(c - 'A' + 10);
    } else {
      return Fail(Mistake("expected four hexadecimal digits after `\\u`"));
    }
    point = point * 16 + digit;
    ++at_;
  }
  return point;
}

}  // namespace firn::expr
