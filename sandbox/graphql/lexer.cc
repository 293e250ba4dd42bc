#include "sandbox/graphql/lexer.h"

#include <algorithm>
#include <charconv>

#include "sandbox/api_error.h"
#include "sandbox/text.h"

namespace firn::sandbox::graphql {
namespace {

bool BeginsName(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Error SyntaxError(const Place& place, const std::string& what) {
  return ApiError(400, "INVALID_SYNTAX",
                  "Invalid Syntax : " + what + " at line " + std::to_string(place.line) +
                      " column " + std::to_string(place.column));
}

void Lexer::Advance(size_t bytes) {
  for (; bytes > 0 && at_ < text_.size(); --bytes, ++at_) {
    if (text_[at_] == '\n') {
      ++place_.line;
      place_.column = 1;
    } else {
      ++place_.column;
    }
  }
}

void Lexer::Skip() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '#') {
      Advance(std::min(text_.find('\n', at_), text_.size()) - at_);
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',') {
      Advance(1);
    } else if (text_.substr(at_).starts_with("\xef\xbb\xbf")) {
      Advance(3);
    } else {
      return;
    }
  }
}

Result<Token> Lexer::Next() {
  Skip();
  Token token;
  token.place = place_;
  if (at_ == text_.size()) return token;
  const char c = text_[at_];
  size_t end = at_ + 1;
  if (BeginsName(c)) {
    while (end < text_.size() && (BeginsName(text_[end]) || IsDigit(text_[end]))) ++end;
    token.kind = Token::Kind::kName;
  } else if (IsDigit(c) || c == '-') {
    constexpr std::string_view kMore = "+-.eE";
    while (end < text_.size() &&
           (IsDigit(text_[end]) || kMore.find(text_[end]) != std::string_view::npos)) {
      ++end;
    }
    token.kind = Token::Kind::kNumber;
  } else if (c == '"') {
    token.kind = Token::Kind::kText;
    return text_.substr(at_).starts_with("\"\"\"") ? BlockText(std::move(token))
                                                   : Text(std::move(token));
  } else if (text_.substr(at_).starts_with("...")) {
    end = at_ + 3;
    token.kind = Token::Kind::kSymbol;
  } else if (std::string_view("{}()[]:!$=@|&").find(c) != std::string_view::npos) {
    token.kind = Token::Kind::kSymbol;
  } else {
    return Fail(SyntaxError(place_, "unexpected character"));
  }
  token.text = text_.substr(at_, end - at_);
  Advance(end - at_);
  return token;
}

Result<Token> Lexer::Text(Token token) {
  Advance(1);
  while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') {
    if (text_[at_] == '\\') {
      FIRN_CHECK(Escape(token.text));
    } else {
      token.text += text_[at_];
      Advance(1);
    }
  }
  if (at_ == text_.size() || text_[at_] != '"') {
    return Fail(SyntaxError(token.place, "a text that does not end"));
  }
  Advance(1);
  return token;
}

Result<Token> Lexer::BlockText(Token token) {
  const size_t end = text_.find("\"\"\"", at_ + 3);
  if (end == std::string_view::npos) {
    return Fail(SyntaxError(token.place, "a text that does not end"));
  }
  token.text = text_.substr(at_ + 3, end - at_ - 3);
  Advance(end + 3 - at_);
  return token;
}

Result<void> Lexer::Escape(std::string& out) {
  constexpr std::string_view kFrom = "\"\\/bfnrt";
  constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
  const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  if (const size_t known = kFrom.find(c); known != std::string_view::npos) {
    out += kTo[known];
    Advance(2);
    return {};
  }
  uint32_t code = 0;
  const std::string_view digits = text_.substr(std::min(at_ + 2, text_.size())).substr(0, 4);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  const bool half = code >= 0xd800 && code <= 0xdfff;
  if (c != 'u' || digits.size() < 4 || read.ptr != digits.data() + 4 || half) {
    return Fail(SyntaxError(place_, "an escape that is none"));
  }
  AppendUtf8(code, out);
  Advance(6);
  return {};
}

}  // namespace firn::sandbox::graphql
