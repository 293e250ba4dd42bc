#include "sandbox/soql/lexer.h"

#include <algorithm>
#include <cstdint>

#include "sandbox/api_error.h"
#include "sandbox/text.h"

namespace firn::sandbox::soql {
namespace {

constexpr size_t kQueryMax = 100'000;  // characters; SOQL and SOSL Reference, 'SOQL limits'

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool IsWord(char c) { return IsWordStart(c) || IsDigit(c); }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    if (text_.size() > kQueryMax) {
      return Fail(ApiError(400, "MALFORMED_QUERY",
                           "SOQL statements cannot be longer than 100000 "
                           "characters."));
    }
    for (;;) {
      while (at_ < text_.size() && static_cast<uint8_t>(text_[at_]) <= ' ') ++at_;
      Token token;
      token.at = at_;
      if (at_ == text_.size()) {
        tokens_.push_back(std::move(token));
        return std::move(tokens_);
      }
      FIRN_CHECK(Next(token));
      tokens_.push_back(std::move(token));
    }
  }

 private:
  Result<void> Next(Token& token) {
    const char c = text_[at_];
    if (c == '\'') return String(token);
    const bool sign = (c == '-' || c == '+') && at_ + 1 < text_.size() &&
                      (IsDigit(text_[at_ + 1]) || text_[at_ + 1] == '.');
    if (IsDigit(c) || sign || (c == '.' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]))) {
      return NumberOrDate(token);
    }
    if (IsWordStart(c)) {
      while (at_ < text_.size() && IsWord(text_[at_])) ++at_;
      token.kind = Token::Kind::kWord;
      token.text = text_.substr(token.at, at_ - token.at);
      token.folded = token.text;
      std::transform(token.folded.begin(), token.folded.end(), token.folded.begin(),
                     [](char each) { return each >= 'a' && each <= 'z' ? each - 32 : each; });
      return {};
    }
    token.kind = Token::Kind::kSymbol;
    const std::string_view two = text_.substr(at_, 2);
    if (two == "<=" || two == ">=" || two == "!=" || two == "<>") {
      token.text = two;
    } else if (std::string_view("=<>(),.:*").find(c) != std::string_view::npos) {
      token.text = std::string(1, c);
    } else {
      return Fail(NoAlternative(c));
    }
    at_ += token.text.size();
    return {};
  }

  // What no word can begin with is told without the caret.
  [[nodiscard]] Error NoAlternative(char c) const {
    const std::string_view before = text_.substr(0, at_);
    const auto rows = std::count(before.begin(), before.end(), '\n') + 1;
    const size_t line = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return ApiError(400, "MALFORMED_QUERY",
                    "line " + std::to_string(rows) + ":" + std::to_string(at_ - line) +
                        " no viable alternative at character '" + std::string(1, c) + "'");
  }

  Result<void> NumberOrDate(Token& token) {
    size_t end = at_ + 1;
    while (end < text_.size() &&
           (IsDigit(text_[end]) || text_[end] == '.' ||
            ((text_[end] == 'e' || text_[end] == 'E') && end + 1 < text_.size()) ||
            ((text_[end] == '-' || text_[end] == '+') &&
             (text_[end - 1] == 'e' || text_[end - 1] == 'E')))) {
      ++end;
    }
    // 2026-01-31.. and 10:15..: an ISO date, instant or time.
    const bool date = end - at_ == 4 && end < text_.size() && text_[end] == '-';
    const bool time = end - at_ == 2 && end < text_.size() && text_[end] == ':';
    if (date || time) {
      while (end < text_.size() && (IsDigit(text_[end]) || IsIsoMark(end))) ++end;
      token.text = text_.substr(at_, end - at_);
      // A literal plus sign that a URL decoder has turned into a space.
      const bool instant = token.text.find_first_of("Tt") != std::string::npos;
      token.kind = time      ? Token::Kind::kTime
                   : instant ? Token::Kind::kDateTime
                             : Token::Kind::kDate;
      if (instant && end + 3 < text_.size() && text_[end] == ' ' && IsDigit(text_[end + 1]) &&
          IsDigit(text_[end + 2]) && token.text.find_last_of("Zz") == std::string::npos) {
        size_t zone = end + 1;
        while (zone < text_.size() && (IsDigit(text_[zone]) || text_[zone] == ':')) ++zone;
        token.text += '+' + std::string(text_.substr(end + 1, zone - end - 1));
        end = zone;
      }
      at_ = end;
      return {};
    }
    token.kind = Token::Kind::kNumber;
    token.text = text_.substr(at_, end - at_);
    at_ = end;
    return {};
  }

  [[nodiscard]] bool IsIsoMark(size_t at) const {
    return std::string_view("-:+.TtZz").find(text_[at]) != std::string_view::npos;
  }

  Result<void> String(Token& token) {
    token.kind = Token::Kind::kString;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\'') {
        ++at_;
        return {};
      }
      if (c != '\\') {
        token.text += c;
        token.pattern += c;
        continue;
      }
      if (++at_ == text_.size()) break;
      FIRN_CHECK(Escape(token));
    }
    return Fail(ErrorAt(text_, token.at, "MALFORMED_QUERY", "unexpected token: '''"));
  }

  Result<void> Escape(Token& token) {
    const char c = text_[at_];
    std::string plain;
    switch (c) {
      case 'n':
      case 'N':
        plain = "\n";
        break;
      case 'r':
      case 'R':
        plain = "\r";
        break;
      case 't':
      case 'T':
        plain = "\t";
        break;
      case 'b':
      case 'B':
        plain = "\b";
        break;
      case 'f':
      case 'F':
        plain = "\f";
        break;
      case '"':
      case '\'':
        plain = std::string(1, c);
        break;
      case '\\':
        token.text += '\\';
        token.pattern += "\\\\";
        return {};
      case '%':
      case '_':
        token.text += std::string("\\") + c;
        token.pattern += std::string("\\") + c;
        return {};
      case 'u':
      case 'U':
        FIRN_CHECK(UnicodeEscape(plain));
        break;
      default:
        return Fail(ErrorAt(text_, at_ - 1, "MALFORMED_QUERY",
                            "Illegal escape sequence: \\" + std::string(1, c)));
    }
    token.text += plain;
    token.pattern += plain;
    return {};
  }

  Result<void> UnicodeEscape(std::string& out) {
    uint32_t c = 0;
    for (int i = 1; i <= 4; ++i) {
      const char digit = at_ + i < text_.size() ? text_[at_ + i] : ' ';
      const char lower = digit >= 'A' && digit <= 'F' ? static_cast<char>(digit + 32) : digit;
      if (!IsDigit(lower) && (lower < 'a' || lower > 'f')) {
        return Fail(ErrorAt(text_, at_ - 1, "MALFORMED_QUERY", "Illegal escape sequence: \\u"));
      }
      c = c * 16 + (IsDigit(lower) ? lower - '0' : lower - 'a' + 10);
    }
    at_ += 4;
    AppendUtf8(c, out);
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> Tokenize(std::string_view soql) { return Lexer(soql).Run(); }

Error ErrorAt(std::string_view soql, size_t at, std::string_view code, std::string_view message) {
  constexpr size_t kBefore = 40;  // characters of the query shown around the place
  constexpr size_t kAfter = 25;
  at = std::min(at, soql.size());
  size_t row = 1;
  size_t line = 0;
  for (size_t i = 0; i < at; ++i) {
    if (soql[i] == '\n') {
      ++row;
      line = i + 1;
    }
  }
  const size_t column = at - line;
  const size_t from = column > kBefore ? at - kBefore : line;
  const size_t line_end = std::min(soql.find('\n', at), soql.size());
  const size_t to = std::min(line_end, at + kAfter);
  std::string text = "\n";
  text += soql.substr(from, to - from);
  text += '\n';
  text.append(at - from, ' ');
  text += "^\nERROR at Row:" + std::to_string(row) + ":Column:" + std::to_string(column + 1) + '\n';
  text += message;
  return ApiError(400, code, std::move(text));
}

}  // namespace firn::sandbox::soql
