#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/datum.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <cctype>

#include "core/base/nearest.h"
#include "ends/lake/internal/projection.h"
#include "ends/lake/read/filter.h"

namespace firn::lake {
namespace {

constexpr size_t kPredicatesMax = 64;
constexpr size_t kValuesMax = 10'000;

std::string Upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

struct Token {
  enum class Kind { kWord, kText, kNumber, kSign, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;
  size_t at = 0;
};

Error BadFilter(std::string_view text, size_t at, const std::string& why) {
  return Error(Kind::kBadInput, "LAKE-FILTER-001",
               "`" + std::string(text.substr(0, 200)) + "` is no filter")
      .At("character " + std::to_string(at + 1))
      .Because(why)
      .Hint("write COLUMN OPERATOR LITERAL, joined by AND, as in `Amount >= 10 AND Name = 'x'`");
}

bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// 'text' or "text", the quote doubled inside.
Result<Token> Quoted(std::string_view text, size_t& at) {
  Token token{text[at] == '"' ? Token::Kind::kWord : Token::Kind::kText, "", at};
  const char quote = text[at++];
  for (;;) {
    if (at >= text.size()) return Fail(BadFilter(text, token.at, "the quote is not closed"));
    if (text[at] == quote && at + 1 < text.size() && text[at + 1] == quote)
      ++at;
    else if (text[at] == quote)
      break;
    token.text.push_back(text[at++]);
  }
  ++at;
  return token;
}

Result<std::vector<Token>> Tokens(std::string_view text) {
  std::vector<Token> out;
  for (size_t at = 0;;) {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])) != 0) ++at;
    if (at >= text.size()) break;
    const char c = text[at];
    if (c == '\'' || c == '"') {
      FIRN_TRY(Token token, Quoted(text, at));
      out.push_back(std::move(token));
      continue;
    }
    const bool number = std::isdigit(static_cast<unsigned char>(c)) != 0 ||
                        ((c == '-' || c == '+' || c == '.') && at + 1 < text.size() &&
                         std::isdigit(static_cast<unsigned char>(text[at + 1])) != 0);
    size_t end = at + 1;
    if (number || IsWord(c)) {
      while (end < text.size() && (IsWord(text[end]) || (number && text[end] == '.'))) ++end;
      out.push_back({number ? Token::Kind::kNumber : Token::Kind::kWord,
                     std::string(text.substr(at, end - at)), at});
    } else {
      const std::string_view two = text.substr(at, 2);
      if (two == "<=" || two == ">=" || two == "!=" || two == "<>") ++end;
      out.push_back({Token::Kind::kSign, std::string(text.substr(at, end - at)), at});
    }
    at = end;
  }
  out.push_back({Token::Kind::kEnd, "", text.size()});
  return out;
}

}  // namespace

class FilterParser {
 public:
  FilterParser(std::string_view text, const record::Schema& schema, std::vector<Token> tokens)
      : text_(text), schema_(schema), tokens_(std::move(tokens)) {}

  Result<Filter> Parse() {
    for (;;) {
      FIRN_CHECK(Predicate());
      if (Peek().kind == Token::Kind::kEnd) return std::move(filter_);
      if (!TakeWord("AND")) return Bad("`AND` or the end was expected");
      if (filter_.predicates_.size() >= kPredicatesMax) return Bad("it has too many conditions");
    }
  }

 private:
  using Op = Filter::Op;

  const Token& Peek() const { return tokens_[next_]; }
  tl::unexpected<Error> Bad(const std::string& why) const {
    return Fail(BadFilter(text_, Peek().at, why));
  }
  bool TakeWord(std::string_view word) {
    if (Peek().kind != Token::Kind::kWord || Upper(Peek().text) != word) return false;
    ++next_;
    return true;
  }
  bool TakeSign(std::string_view sign) {
    if (Peek().kind != Token::Kind::kSign || Peek().text != sign) return false;
    ++next_;
    return true;
  }

  Result<void> Predicate() {
    Filter::Predicate predicate;
    FIRN_TRY(predicate.field, Column());
    if (TakeWord("IS")) {
      predicate.op = TakeWord("NOT") ? Op::kNotNull : Op::kNull;
      if (!TakeWord("NULL")) return Bad("`NULL` was expected");
    } else if (TakeWord("IN")) {
      FIRN_CHECK(List(predicate));
    } else {
      FIRN_TRY(predicate.op, Operator());
      FIRN_CHECK(Literal(predicate));
    }
    filter_.predicates_.push_back(std::move(predicate));
    return {};
  }

  Result<size_t> Column() {
    if (Peek().kind != Token::Kind::kWord) return Bad("the name of a column was expected");
    const std::string& name = Peek().text;
    const record::Field* field = schema_.Find(name);
    if (field == nullptr) {
      std::vector<std::string> names;
      for (const record::Field& known : schema_.fields) names.push_back(known.name);
      return Fail(Error(Kind::kNotFound, "LAKE-COLUMN-001",
                        "the table has no column `" + name + "`" + DidYouMean(name, names)));
    }
    ++next_;
    auto& fields = filter_.fields_;
    const auto known = std::find_if(fields.begin(), fields.end(),
                                    [field](const auto& f) { return f.id == field->id; });
    if (known != fields.end()) return static_cast<size_t>(known - fields.begin());
    fields.push_back(*field);
    return fields.size() - 1;
  }

  Result<Op> Operator() {
    constexpr std::pair<std::string_view, Op> kOps[] = {
        {"=", Op::kEqual},      {"!=", Op::kNotEqual}, {"<>", Op::kNotEqual},    {"<", Op::kLess},
        {"<=", Op::kLessEqual}, {">", Op::kGreater},   {">=", Op::kGreaterEqual}};
    for (const auto& [sign, op] : kOps) {
      if (TakeSign(sign)) return op;
    }
    return Bad("an operator was expected: =, !=, <, <=, >, >=, IN, IS NULL, IS NOT NULL");
  }

  Result<void> List(Filter::Predicate& predicate) {
    predicate.op = Op::kEqual;
    if (!TakeSign("(")) return Bad("`(` was expected");
    do {
      FIRN_CHECK(Literal(predicate));
      if (predicate.values.size() > kValuesMax) return Bad("the list is too long");
    } while (TakeSign(","));
    if (!TakeSign(")")) return Bad("`)` was expected");
    return {};
  }

  Result<void> Literal(Filter::Predicate& predicate) {
    const Token& token = Peek();
    const bool word = token.kind == Token::Kind::kWord &&
                      (Upper(token.text) == "TRUE" || Upper(token.text) == "FALSE");
    if (token.kind != Token::Kind::kText && token.kind != Token::Kind::kNumber && !word)
      return Bad("a literal was expected: 'text', a number, true or false");
    const record::Field& field = filter_.fields_[predicate.field];
    const auto type = internal::ArrowFieldOf(field)->type();
    auto value = arrow::compute::Initialize();
    if (value.ok()) {
      const auto cast = arrow::compute::Cast(arrow::Datum(std::make_shared<arrow::StringScalar>(
                                                 word ? Upper(token.text) : token.text)),
                                             type);
      value = cast.status();
      if (cast.ok()) predicate.values.push_back(cast->scalar());
    }
    if (!value.ok())
      return Bad("`" + token.text + "` is no " + record::TypeText(field.type) + " for column `" +
                 field.name + "`");
    ++next_;
    return {};
  }

  std::string_view text_;
  const record::Schema& schema_;
  std::vector<Token> tokens_;
  size_t next_ = 0;
  Filter filter_;
};

Result<Filter> Filter::Parse(std::string_view text, const record::Schema& schema) {
  FIRN_TRY(auto tokens, Tokens(text));
  return FilterParser(text, schema, std::move(tokens)).Parse();
}

}  // namespace firn::lake
