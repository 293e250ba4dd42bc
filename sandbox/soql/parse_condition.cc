// Conditions and literals of WHERE and HAVING.
// Source: SOQL and SOSL Reference, 'Condition Expression Syntax', 'Comparison Operators', 'Date
// Formats and Date Literals', read 2026-11.
#include <array>
#include <charconv>

#include "sandbox/soql/parse_parts.h"

namespace firn::sandbox::soql {
namespace {

constexpr std::string_view kUnits[] = {"DAY",  "WEEK",           "MONTH",      "QUARTER",
                                       "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR"};

// `THIS_WEEK`, `LAST_FISCAL_YEAR` .. and, `counted`, those with a number: `LAST_N_DAYS:3`.
bool IsRange(std::string_view word, bool& counted) {
  static constexpr std::string_view kPlain[] = {"YESTERDAY", "TODAY", "TOMORROW", "LAST_90_DAYS",
                                                "NEXT_90_DAYS"};
  counted = false;
  for (const auto each : kPlain) {
    if (word == each) return true;
  }
  for (const std::string_view unit : kUnits) {
    const std::string one(unit);
    if (unit != "DAY" &&
        (word == "THIS_" + one || word == "LAST_" + one || word == "NEXT_" + one)) {
      return true;
    }
    if (word == "LAST_N_" + one + "S" || word == "NEXT_N_" + one + "S" ||
        word == "N_" + one + "S_AGO") {
      counted = true;
      return true;
    }
  }
  return false;
}

Result<void> ParseRangeCount(TokenReader& reader, Literal& literal) {
  constexpr int64_t kCountMax = 100'000;
  FIRN_CHECK(reader.Expect(":"));
  const Token& number = reader.Peek();
  const auto* const end = number.text.data() + number.text.size();
  if (number.kind != Token::Kind::kNumber ||
      std::from_chars(number.text.data(), end, literal.n).ptr != end || literal.n < 0 ||
      literal.n > kCountMax) {
    return reader.Unexpected();
  }
  reader.Skip(1);
  return {};
}

// `USD5000.25`, `USD-500`: the org has one currency, so the code says nothing.
bool IsMoney(const TokenReader& reader) {
  const std::string_view word = reader.Peek().folded;
  if (word.size() < 3) return false;
  if (word.size() == 3) {
    const Token& sum = reader.Peek(1);
    if (sum.kind != Token::Kind::kNumber || sum.at != reader.Peek().at + 3) return false;
  }
  for (size_t i = 0; i < word.size(); ++i) {
    const bool letter = word[i] >= 'A' && word[i] <= 'Z';
    const bool digit = word[i] >= '0' && word[i] <= '9';
    if (i < 3 ? !letter : !digit) return false;
  }
  return true;
}

void ParseMoney(TokenReader& reader, std::string_view word, Literal& literal) {
  literal.kind = Literal::Kind::kNumber;
  literal.text = word.substr(3);
  if (literal.text.empty()) {
    literal.text = reader.Take().text;
  } else if (reader.IsSymbol(".") && reader.Peek(1).kind == Token::Kind::kNumber) {
    literal.text += '.' + reader.Peek(1).text;
    reader.Skip(2);
  } else if (reader.Peek().kind == Token::Kind::kNumber && reader.Peek().text[0] == '.') {
    literal.text += reader.Take().text;
  }
}

Result<Literal> ParseWordLiteral(TokenReader& reader) {
  Literal literal;
  literal.at = reader.Peek().at;
  const std::string word = reader.Peek().folded;
  bool counted = false;
  if (word == "NULL") {
    literal.kind = Literal::Kind::kNull;
  } else if (word == "TRUE" || word == "FALSE") {
    literal.kind = Literal::Kind::kBool;
    literal.flag = word == "TRUE";
  } else if (IsRange(word, counted)) {
    literal.kind = Literal::Kind::kDateRange;
    literal.text = word;
    reader.Skip(1);
    if (counted) FIRN_CHECK(ParseRangeCount(reader, literal));
    return literal;
  } else if (IsMoney(reader)) {
    reader.Skip(1);
    ParseMoney(reader, word, literal);
    return literal;
  } else {
    return reader.Unexpected();
  }
  reader.Skip(1);
  return literal;
}

Result<CompareOp> ParseOperator(TokenReader& reader) {
  static constexpr std::pair<std::string_view, CompareOp> kOperators[] = {
      {"=", CompareOp::kEq},  {"!=", CompareOp::kNe}, {"<>", CompareOp::kNe}, {"<", CompareOp::kLt},
      {"<=", CompareOp::kLe}, {">", CompareOp::kGt},  {">=", CompareOp::kGe},
  };
  static constexpr std::pair<std::string_view, CompareOp> kWords[] = {
      {"LIKE", CompareOp::kLike},
      {"IN", CompareOp::kIn},
      {"INCLUDES", CompareOp::kIncludes},
      {"EXCLUDES", CompareOp::kExcludes},
  };
  for (const auto& [symbol, op] : kOperators) {
    if (reader.TakeSymbol(symbol)) return op;
  }
  for (const auto& [word, op] : kWords) {
    if (reader.TakeWord(word)) return op;
  }
  if (reader.IsWord("NOT") && reader.IsWord("IN", 1)) {
    reader.Skip(2);
    return CompareOp::kNotIn;
  }
  return reader.Unexpected();
}

Result<void> ParseList(TokenReader& reader, Condition& compare) {
  if (reader.IsSymbol(":"))
    return reader.Malformed(reader.Peek().at, "Bind variables only allowed in Apex code");
  FIRN_CHECK(reader.Expect("("));
  const bool join = compare.op == CompareOp::kIn || compare.op == CompareOp::kNotIn;
  if (join && reader.IsWord("SELECT")) {
    FIRN_TRY(Query subquery, ParseQuery(reader));
    compare.subquery = std::make_shared<Query>(std::move(subquery));
    return reader.Expect(")");
  }
  do {
    FIRN_TRY(Literal value, ParseLiteral(reader, false));
    compare.values.push_back(std::move(value));
  } while (reader.TakeSymbol(","));
  return reader.Expect(")");
}

Result<Condition> ParseCompare(TokenReader& reader) {
  Condition compare;
  FIRN_TRY(compare.left, ParseFieldExpr(reader));
  FIRN_TRY(compare.op, ParseOperator(reader));
  switch (compare.op) {
    case CompareOp::kIn:
    case CompareOp::kNotIn:
    case CompareOp::kIncludes:
    case CompareOp::kExcludes:
      FIRN_CHECK(ParseList(reader, compare));
      return compare;
    default: {
      FIRN_TRY(Literal value, ParseLiteral(reader, compare.op == CompareOp::kLike));
      compare.values.push_back(std::move(value));
      return compare;
    }
  }
}

Result<Condition> ParseUnary(TokenReader& reader) {
  const TokenReader::Nested nested(reader);
  if (nested.too_deep()) return reader.TooDeep();
  const size_t at = reader.Peek().at;
  Condition result;
  if (reader.TakeWord("NOT")) {
    if (reader.IsWord("NOT")) return reader.Unexpected();
    FIRN_TRY(Condition inner, ParseUnary(reader));
    result.kind = Condition::Kind::kNot;
    result.parts.push_back(std::move(inner));
  } else if (reader.TakeSymbol("(")) {
    FIRN_TRY(result, ParseCondition(reader));
    FIRN_CHECK(reader.Expect(")"));
  } else {
    FIRN_TRY(result, ParseCompare(reader));
  }
  result.at = at;
  return result;
}

}  // namespace

// Beside AND and OR the vendor wants a NOT in parentheses of its own: `(NOT a) AND b`.
Result<Condition> ParseCondition(TokenReader& reader) {
  const bool negated = reader.IsWord("NOT");
  FIRN_TRY(Condition first, ParseUnary(reader));
  const bool is_and = reader.IsWord("AND");
  if (!is_and && !reader.IsWord("OR")) return first;
  if (negated) return reader.Unexpected();
  Condition all;
  all.kind = is_and ? Condition::Kind::kAnd : Condition::Kind::kOr;
  all.at = first.at;
  all.parts.push_back(std::move(first));
  while (reader.TakeWord(is_and ? "AND" : "OR")) {
    if (reader.IsWord("NOT")) return reader.Unexpected();
    FIRN_TRY(Condition next, ParseUnary(reader));
    all.parts.push_back(std::move(next));
  }
  // The vendor wants parentheses where AND and OR meet.
  if (reader.IsWord(is_and ? "OR" : "AND")) return reader.Unexpected();
  return all;
}

Result<Literal> ParseLiteral(TokenReader& reader, bool pattern) {
  Literal literal;
  literal.at = reader.Peek().at;
  const Token& token = reader.Peek();
  literal.text = pattern && token.kind == Token::Kind::kString ? token.pattern : token.text;
  switch (token.kind) {
    case Token::Kind::kString:
      literal.kind = Literal::Kind::kString;
      break;
    case Token::Kind::kNumber:
      literal.kind = Literal::Kind::kNumber;
      break;
    case Token::Kind::kDate:
      literal.kind = Literal::Kind::kDate;
      break;
    case Token::Kind::kDateTime:
      literal.kind = Literal::Kind::kDateTime;
      break;
    case Token::Kind::kTime:
      literal.kind = Literal::Kind::kTime;
      break;
    case Token::Kind::kWord:
      return ParseWordLiteral(reader);
    default:
      if (reader.IsSymbol(":")) {
        return reader.Malformed(token.at, "Bind variables only allowed in Apex code");
      }
      return reader.Unexpected();
  }
  reader.Skip(1);
  return literal;
}

}  // namespace firn::sandbox::soql
