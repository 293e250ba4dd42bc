#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/datum.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <cctype>

#include "core/base/nearest.h"
#include "ends/lake/internal/field_hints.h"
#include "ends/lake/internal/json.h"
#include "ends/lake/internal/projection.h"
#include "ends/lake/read/filter.h"
#include "ends/lake/read/number_literal.h"

namespace firn::lake {
namespace {

constexpr size_t kPredicatesMax = 256;
constexpr int kDepthMax = 64;  // of parentheses and NOT
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
  bool quoted = false;  // then a word is a column, whatever it says
};

Error BadFilter(std::string_view text, size_t at, const std::string& why) {
  return Error(Kind::kBadInput, "LAKE-FILTER-001",
               "`" + std::string(text.substr(0, 200)) + "` is no filter")
      .At("character " + std::to_string(at + 1))
      .Because(why)
      .Hint(
          "write COLUMN OPERATOR LITERAL, joined by AND, OR and NOT, as in `Amount >= 10 AND Name "
          "LIKE 'x%'`");
}

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// 'text' or "text", the quote doubled inside.
Result<Token> Quoted(std::string_view text, size_t& at) {
  Token token{text[at] == '"' ? Token::Kind::kWord : Token::Kind::kText, "", at, true};
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

// Where the number, or the date or time written without quotes (as SOQL has them), ends that begins
// at `at`.
size_t EndOfNumber(std::string_view text, size_t at) {
  size_t end = at + 1;
  const auto digits = [&] { return std::all_of(&text[at], &text[end], IsDigit); };
  bool date = false;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    const bool sign = c == '-' || c == '+';
    const bool of_exponent = sign && (text[end - 1] == 'e' || text[end - 1] == 'E');
    date = date || (c == '-' && end - at == 4 && digits());
    const bool goes_on = IsWord(c) || c == '.' || of_exponent || (date && (sign || c == ':'));
    if (!goes_on) break;
  }
  return end;
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
    const bool number = IsDigit(c) || ((c == '-' || c == '+' || c == '.') && at + 1 < text.size() &&
                                       (IsDigit(text[at + 1]) || text[at + 1] == '.'));
    size_t end = at + 1;
    if (number) {
      end = EndOfNumber(text, at);
      out.push_back({Token::Kind::kNumber, std::string(text.substr(at, end - at)), at, false});
    } else if (IsWord(c)) {
      while (end < text.size() && IsWord(text[end])) ++end;
      out.push_back({Token::Kind::kWord, std::string(text.substr(at, end - at)), at, false});
    } else {
      const std::string_view two = text.substr(at, 2);
      if (two == "<=" || two == ">=" || two == "!=" || two == "<>") ++end;
      out.push_back({Token::Kind::kSign, std::string(text.substr(at, end - at)), at, false});
    }
    at = end;
  }
  out.push_back({Token::Kind::kEnd, "", text.size(), false});
  return out;
}

// The literal's text in the form that Arrow reads as `type`.
std::string Readable(const Token& token, const record::Type& type) {
  std::string text = token.text;
  switch (type.id) {
    case record::TypeId::kBoolean:
      return Upper(text);
    case record::TypeId::kTimestamptz: {
      // A day, and a time without a zone, are UTC's.
      const bool day = text.size() == 10;
      const size_t zone = day ? std::string::npos : text.find_first_of("Zz+-", 11);
      if (zone != std::string::npos && (text[zone] == 'z')) text[zone] = 'Z';
      return day ? text + " 00:00:00Z" : zone == std::string::npos ? text + "Z" : text;
    }
    case record::TypeId::kTime:
      if (text.ends_with('Z')) text.pop_back();  // as the org writes it
      return text;
    case record::TypeId::kString:
      return text;
    default:
      return text.starts_with('+') ? text.substr(1) : text;
  }
}

}  // namespace

class FilterParser {
 public:
  FilterParser(std::string_view text, const record::Schema& schema, std::vector<Token> tokens)
      : text_(text), schema_(schema), tokens_(std::move(tokens)) {}

  Result<Filter> Parse() {
    FIRN_TRY(filter_.root_, Any({}));
    if (Peek().kind != Token::Kind::kEnd) return Bad("`AND`, `OR` or the end was expected");
    return std::move(filter_);
  }

 private:
  using Op = Filter::Op;
  using Node = Filter::Node;
  struct Place {
    int depth = 0;
    bool negated = false;  // by an odd number of NOTs
  };

  const Token& Peek() const { return tokens_[next_]; }
  tl::unexpected<Error> Bad(const std::string& why) const {
    return Fail(BadFilter(text_, Peek().at, why));
  }
  bool TakeWord(std::string_view word) {
    if (Peek().kind != Token::Kind::kWord || Peek().quoted || Upper(Peek().text) != word)
      return false;
    ++next_;
    return true;
  }
  bool TakeSign(std::string_view sign) {
    if (Peek().kind != Token::Kind::kSign || Peek().text != sign) return false;
    ++next_;
    return true;
  }

  // What is joined by OR; by the laws of De Morgan all of it where a NOT stands before.
  Result<Node> Any(Place place) {
    Node node{.kind = place.negated ? Node::Kind::kAll : Node::Kind::kAny};
    do {
      FIRN_TRY(node.nodes.emplace_back(), All(place));
    } while (TakeWord("OR"));
    return node;
  }

  Result<Node> All(Place place) {
    Node node{.kind = place.negated ? Node::Kind::kAny : Node::Kind::kAll};
    do {
      FIRN_TRY(node.nodes.emplace_back(), One(place));
    } while (TakeWord("AND"));
    return node;
  }

  Result<Node> One(Place place) {
    if (++place.depth > kDepthMax) return Bad("its parentheses stand too deep");
    if (TakeWord("NOT")) {
      place.negated = !place.negated;
      return One(place);
    }
    if (!TakeSign("(")) return Predicate(place);
    FIRN_TRY(Node node, Any(place));
    if (!TakeSign(")")) return Bad("`)` was expected");
    return node;
  }

  Result<Node> Predicate(Place place) {
    Filter::Predicate predicate;
    FIRN_TRY(predicate.field, Column());
    if (TakeWord("IS")) {
      predicate.op = TakeWord("NOT") ? Op::kNotNull : Op::kNull;
      if (!TakeWord("NULL")) return Bad("`NULL` was expected");
      return Leaf(std::move(predicate), place);
    }
    const bool turned = TakeWord("NOT");
    Place inside = place;
    inside.negated = place.negated != turned;
    if (TakeWord("BETWEEN")) return Between(predicate, inside);
    if (TakeWord("LIKE")) {
      FIRN_CHECK(Pattern(predicate));
    } else if (TakeWord("IN")) {
      FIRN_CHECK(List(predicate));
    } else if (turned) {
      return Bad("`IN`, `LIKE` or `BETWEEN` was expected");
    } else {
      FIRN_TRY(predicate.op, Operator());
      FIRN_CHECK(Literal(predicate));
    }
    return Leaf(std::move(predicate), inside);
  }

  Result<Node> Leaf(Filter::Predicate predicate, const Place& place) {
    constexpr std::pair<Op, Op> kOpposites[] = {{Op::kEqual, Op::kNotEqual},
                                                {Op::kLess, Op::kGreaterEqual},
                                                {Op::kGreater, Op::kLessEqual},
                                                {Op::kNull, Op::kNotNull},
                                                {Op::kLike, Op::kNotLike}};
    if (filter_.predicates_.size() >= kPredicatesMax) return Bad("it has too many conditions");
    for (const auto& [one, other] : kOpposites) {
      if (!place.negated || (predicate.op != one && predicate.op != other)) continue;
      predicate.op = predicate.op == one ? other : one;
      break;
    }
    filter_.predicates_.push_back(std::move(predicate));
    return Node{.kind = Node::Kind::kPredicate, .predicate = filter_.predicates_.size() - 1};
  }

  Result<Node> Between(const Filter::Predicate& column, const Place& place) {
    Node node{.kind = place.negated ? Node::Kind::kAny : Node::Kind::kAll};
    for (const Op op : {Op::kGreaterEqual, Op::kLessEqual}) {
      Filter::Predicate bound{.field = column.field, .op = op};
      FIRN_CHECK(Literal(bound));
      FIRN_TRY(node.nodes.emplace_back(), Leaf(std::move(bound), place));
      if (op == Op::kGreaterEqual && !TakeWord("AND")) return Bad("`AND` was expected");
    }
    return node;
  }

  Result<void> Pattern(Filter::Predicate& predicate) {
    const record::Field& field = filter_.fields_[predicate.field];
    if (field.type.id != record::TypeId::kString)
      return Bad("`LIKE` goes with texts, column `" + field.name + "` is " +
                 record::TypeText(field.type));
    if (Peek().kind != Token::Kind::kText) return Bad("a pattern in quotes was expected");
    predicate.op = Op::kLike;
    predicate.pattern = Peek().text;
    ++next_;
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
    return Bad(
        "an operator was expected: =, !=, <, <=, >, >=, [NOT] IN, [NOT] LIKE, [NOT] BETWEEN, IS "
        "[NOT] NULL");
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

  // Whether a number that no value of the column equals, but whose floor is one, still orders them.
  static bool CompareInexactly(const NumberLiteral& number, Filter::Predicate& predicate) {
    if (predicate.op == Op::kEqual || predicate.op == Op::kNotEqual) return false;
    const bool less = predicate.op == Op::kLess || predicate.op == Op::kLessEqual;
    if (number.below) {
      predicate.op = less ? Op::kLess : Op::kGreaterEqual;
    } else {
      predicate.op = less ? Op::kLessEqual : Op::kGreater;
    }
    return true;
  }

  Result<void> Literal(Filter::Predicate& predicate) {
    const Token& token = Peek();
    const bool word = token.kind == Token::Kind::kWord && !token.quoted &&
                      (Upper(token.text) == "TRUE" || Upper(token.text) == "FALSE");
    if (token.kind != Token::Kind::kText && token.kind != Token::Kind::kNumber && !word)
      return Bad("a literal was expected: 'text', a number, true or false");
    const record::Field& field = filter_.fields_[predicate.field];
    std::string readable = Readable(token, field.type);
    if (const auto number = ReadNumber(readable, *internal::ArrowFieldOf(field)->type())) {
      if (!number->exact && !CompareInexactly(*number, predicate)) {
        ++next_;
        return {};
      }
      readable = number->floor;
    }
    auto value = Value(readable, field);
    if (value == nullptr)
      return Bad("`" + token.text + "` is no " + record::TypeText(field.type) + " for column `" +
                 field.name + "`");
    predicate.values.push_back(std::move(value));
    ++next_;
    return {};
  }

  // nullptr: the literal is none of the column's type.
  static std::shared_ptr<arrow::Scalar> Value(const std::string& text, const record::Field& field) {
    // The functions that compare are there after this.
    if (!arrow::compute::Initialize().ok()) return nullptr;
    // Arrow has no cast from text to these.
    if (field.type.id == record::TypeId::kTime || field.type.id == record::TypeId::kUuid)
      return internal::DefaultScalar(field, internal::Quoted(text)).value_or(nullptr);
    const auto cast =
        arrow::compute::Cast(arrow::Datum(std::make_shared<arrow::StringScalar>(text)),
                             internal::ArrowFieldOf(field)->type());
    return cast.ok() ? cast->scalar() : nullptr;
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
