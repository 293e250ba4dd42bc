#include "sandbox/soql/parse.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "sandbox/api_error.h"
#include "sandbox/soql/lexer.h"

namespace firn::sandbox::soql {
namespace {

constexpr int kDepthMax = 64;  // nesting of parentheses and subqueries: bounds our recursion

constexpr std::array<std::string_view, 26> kFunctions = {"COUNT",
                                                         "COUNT_DISTINCT",
                                                         "SUM",
                                                         "AVG",
                                                         "MIN",
                                                         "MAX",
                                                         "TOLABEL",
                                                         "FORMAT",
                                                         "CONVERTCURRENCY",
                                                         "GROUPING",
                                                         "CALENDAR_MONTH",
                                                         "CALENDAR_QUARTER",
                                                         "CALENDAR_YEAR",
                                                         "DAY_IN_MONTH",
                                                         "DAY_IN_WEEK",
                                                         "DAY_IN_YEAR",
                                                         "DAY_ONLY",
                                                         "FISCAL_MONTH",
                                                         "FISCAL_QUARTER",
                                                         "FISCAL_YEAR",
                                                         "HOUR_IN_DAY",
                                                         "WEEK_IN_MONTH",
                                                         "WEEK_IN_YEAR",
                                                         "CONVERTTIMEZONE",
                                                         "DISTANCE",
                                                         "GEOLOCATION"};

constexpr std::array<std::string_view, 40> kRanges = {"YESTERDAY",
                                                      "TODAY",
                                                      "TOMORROW",
                                                      "LAST_WEEK",
                                                      "THIS_WEEK",
                                                      "NEXT_WEEK",
                                                      "LAST_MONTH",
                                                      "THIS_MONTH",
                                                      "NEXT_MONTH",
                                                      "LAST_90_DAYS",
                                                      "NEXT_90_DAYS",
                                                      "THIS_QUARTER",
                                                      "LAST_QUARTER",
                                                      "NEXT_QUARTER",
                                                      "THIS_YEAR",
                                                      "LAST_YEAR",
                                                      "NEXT_YEAR",
                                                      "THIS_FISCAL_QUARTER",
                                                      "LAST_FISCAL_QUARTER",
                                                      "NEXT_FISCAL_QUARTER",
                                                      "THIS_FISCAL_YEAR",
                                                      "LAST_FISCAL_YEAR",
                                                      "NEXT_FISCAL_YEAR",
                                                      "LAST_N_DAYS",
                                                      "NEXT_N_DAYS",
                                                      "N_DAYS_AGO",
                                                      "LAST_N_WEEKS",
                                                      "NEXT_N_WEEKS",
                                                      "N_WEEKS_AGO",
                                                      "LAST_N_MONTHS",
                                                      "NEXT_N_MONTHS",
                                                      "N_MONTHS_AGO",
                                                      "LAST_N_QUARTERS",
                                                      "NEXT_N_QUARTERS",
                                                      "N_QUARTERS_AGO",
                                                      "LAST_N_YEARS",
                                                      "NEXT_N_YEARS",
                                                      "N_YEARS_AGO",
                                                      "LAST_N_FISCAL_YEARS",
                                                      "NEXT_N_FISCAL_YEARS"};

// Words that end a clause, so that they are no aliases.
constexpr std::array<std::string_view, 16> kClauses = {
    "FROM", "WHERE", "WITH",  "GROUP",  "HAVING", "ORDER", "LIMIT", "OFFSET",
    "FOR",  "ALL",   "USING", "UPDATE", "AND",    "OR",    "ASC",   "DESC"};

template <size_t N>
bool Contains(const std::array<std::string_view, N>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  Result<Query> Run() {
    FIRN_TRY(Query query, ParseQuery());
    if (Peek().kind != Token::Kind::kEnd) return Unexpected();
    return query;
  }

 private:
  [[nodiscard]] const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }
  const Token& Take() { return tokens_[std::min(next_++, tokens_.size() - 1)]; }
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
  tl::unexpected<Error> Malformed(size_t at, const std::string& what) const {
    return Fail(ErrorAt(text_, at, "MALFORMED_QUERY", what));
  }
  tl::unexpected<Error> Unexpected() const {
    const Token& token = Peek();
    const std::string shown = token.kind == Token::Kind::kEnd ? "<EOF>" : token.text;
    return Malformed(token.at, "unexpected token: '" + shown + "'");
  }
  Result<void> Expect(std::string_view symbol) {
    if (TakeSymbol(symbol)) return {};
    const Token& token = Peek();
    const std::string found = token.kind == Token::Kind::kEnd ? "<EOF>" : token.text;
    return Malformed(token.at, "expecting '" + std::string(symbol) + "', found '" + found + "'");
  }
  Result<void> ExpectWord(std::string_view word) {
    if (TakeWord(word)) return {};
    const Token& token = Peek();
    const std::string found = token.kind == Token::Kind::kEnd ? "<EOF>" : token.text;
    return Malformed(token.at, "expecting '" + std::string(word) + "', found '" + found + "'");
  }

  Result<Query> ParseQuery() {
    if (++depth_ > kDepthMax) return Malformed(Peek().at, "query is nested too deeply");
    Query query;
    if (!TakeWord("SELECT")) return Unexpected();
    FIRN_CHECK(ParseSelect(query));
    FIRN_CHECK(ExpectWord("FROM"));
    FIRN_CHECK(ParseFrom(query));
    if (TakeWord("USING")) {
      FIRN_CHECK(ExpectWord("SCOPE"));
      if (Take().kind != Token::Kind::kWord) return Unexpected();
    }
    if (TakeWord("WHERE")) {
      FIRN_TRY(query.where, ParseCondition());
    }
    FIRN_CHECK(ParseWith());
    FIRN_CHECK(ParseGroup(query));
    FIRN_CHECK(ParseOrder(query));
    FIRN_CHECK(ParseTail(query));
    --depth_;
    return query;
  }

  Result<void> ParseSelect(Query& query) {
    do {
      SelectItem item;
      item.at = Peek().at;
      if (TakeSymbol("(")) {
        item.kind = SelectItem::Kind::kSubquery;
        FIRN_TRY(Query subquery, ParseQuery());
        item.subquery = std::make_unique<Query>(std::move(subquery));
        FIRN_CHECK(Expect(")"));
      } else if (IsWord("FIELDS") && IsSymbol("(", 1)) {
        next_ += 2;
        const std::string which = Take().folded;
        item.kind = which == "ALL"        ? SelectItem::Kind::kFieldsAll
                    : which == "STANDARD" ? SelectItem::Kind::kFieldsStandard
                                          : SelectItem::Kind::kFieldsCustom;
        if (which != "ALL" && which != "STANDARD" && which != "CUSTOM") {
          --next_;
          return Unexpected();
        }
        FIRN_CHECK(Expect(")"));
      } else if (IsWord("TYPEOF")) {
        FIRN_CHECK(SkipTypeof());
        item.kind = SelectItem::Kind::kTypeof;
        query.has_typeof = true;
      } else {
        FIRN_TRY(item.field, ParseFieldExpr());
        if (Peek().kind == Token::Kind::kWord && !Contains(kClauses, Peek().folded)) {
          item.alias = Take().text;
        }
      }
      query.select.push_back(std::move(item));
    } while (TakeSymbol(","));
    const SelectItem& first = query.select[0];
    query.count_only = query.select.size() == 1 && first.kind == SelectItem::Kind::kField &&
                       first.field.function == "COUNT" && first.field.path.empty();
    return {};
  }

  // TYPEOF is recognised, so that the right refusal can be given, but not evaluated.
  Result<void> SkipTypeof() {
    while (!IsWord("END")) {
      if (Peek().kind == Token::Kind::kEnd) return Unexpected();
      ++next_;
    }
    ++next_;
    return {};
  }

  Result<std::vector<std::string>> ParsePath() {
    std::vector<std::string> path;
    do {
      if (Peek().kind != Token::Kind::kWord) return Unexpected();
      path.push_back(Take().text);
    } while (TakeSymbol("."));
    return path;
  }

  Result<FieldExpr> ParseFieldExpr() {
    FieldExpr field;
    field.at = Peek().at;
    if (Peek().kind == Token::Kind::kWord && IsSymbol("(", 1)) {
      const std::string function = Peek().folded;
      if (!Contains(kFunctions, function)) {
        return Malformed(Peek().at, "unknown function: '" + Peek().text + "'");
      }
      next_ += 2;
      field.function = function;
      if (TakeSymbol(")")) {
        if (function != "COUNT") return Malformed(field.at, "function needs an argument");
        return field;
      }
      if (++depth_ > kDepthMax) return Malformed(Peek().at, "query is nested too deeply");
      FIRN_TRY(const FieldExpr inner, ParseFieldExpr());
      --depth_;
      if (!inner.function.empty() && inner.function != "CONVERTCURRENCY" &&
          inner.function != "CONVERTTIMEZONE") {
        return Malformed(inner.at, "functions cannot be nested like this");
      }
      field.path = inner.path;
      FIRN_CHECK(Expect(")"));
      return field;
    }
    FIRN_TRY(field.path, ParsePath());
    return field;
  }

  Result<void> ParseFrom(Query& query) {
    query.object_at = Peek().at;
    FIRN_TRY(const auto path, ParsePath());
    for (const auto& part : path) query.object += (query.object.empty() ? "" : ".") + part;
    TakeWord("AS");
    if (Peek().kind == Token::Kind::kWord && !Contains(kClauses, Peek().folded)) {
      query.alias = Take().text;
    }
    return {};
  }

  Result<Condition> ParseCondition() {
    FIRN_TRY(Condition first, ParseUnary());
    const bool is_and = IsWord("AND");
    if (!is_and && !IsWord("OR")) return first;
    Condition all;
    all.kind = is_and ? Condition::Kind::kAnd : Condition::Kind::kOr;
    all.at = first.at;
    all.parts.push_back(std::move(first));
    while (TakeWord(is_and ? "AND" : "OR")) {
      FIRN_TRY(Condition next, ParseUnary());
      all.parts.push_back(std::move(next));
    }
    // The vendor wants parentheses where AND and OR meet.
    if (IsWord(is_and ? "OR" : "AND")) return Unexpected();
    return all;
  }

  Result<Condition> ParseUnary() {
    if (++depth_ > kDepthMax) return Malformed(Peek().at, "query is nested too deeply");
    const size_t at = Peek().at;
    Condition result;
    if (TakeWord("NOT")) {
      FIRN_TRY(Condition inner, ParseUnary());
      result.kind = Condition::Kind::kNot;
      result.parts.push_back(std::move(inner));
    } else if (TakeSymbol("(")) {
      FIRN_TRY(result, ParseCondition());
      FIRN_CHECK(Expect(")"));
    } else {
      FIRN_TRY(result, ParseCompare());
    }
    result.at = at;
    --depth_;
    return result;
  }

  Result<Condition> ParseCompare() {
    Condition compare;
    FIRN_TRY(compare.left, ParseFieldExpr());
    if (TakeWord("LIKE")) {
      compare.op = CompareOp::kLike;
    } else if (TakeWord("IN")) {
      compare.op = CompareOp::kIn;
    } else if (IsWord("NOT") && IsWord("IN", 1)) {
      next_ += 2;
      compare.op = CompareOp::kNotIn;
    } else if (TakeWord("INCLUDES")) {
      compare.op = CompareOp::kIncludes;
    } else if (TakeWord("EXCLUDES")) {
      compare.op = CompareOp::kExcludes;
    } else {
      FIRN_TRY(compare.op, ParseOperator());
    }
    switch (compare.op) {
      case CompareOp::kIn:
      case CompareOp::kNotIn:
      case CompareOp::kIncludes:
      case CompareOp::kExcludes:
        FIRN_CHECK(ParseList(compare));
        return compare;
      default: {
        FIRN_TRY(Literal value, ParseLiteral(compare.op == CompareOp::kLike));
        compare.values.push_back(std::move(value));
        return compare;
      }
    }
  }

  Result<CompareOp> ParseOperator() {
    static constexpr std::pair<std::string_view, CompareOp> kOperators[] = {
        {"=", CompareOp::kEq},  {"!=", CompareOp::kNe}, {"<>", CompareOp::kNe},
        {"<", CompareOp::kLt},  {"<=", CompareOp::kLe}, {">", CompareOp::kGt},
        {">=", CompareOp::kGe},
    };
    for (const auto& [symbol, op] : kOperators) {
      if (TakeSymbol(symbol)) return op;
    }
    return Unexpected();
  }

  Result<void> ParseList(Condition& compare) {
    FIRN_CHECK(Expect("("));
    if (IsWord("SELECT")) {
      FIRN_TRY(Query subquery, ParseQuery());
      compare.subquery = std::make_shared<Query>(std::move(subquery));
      return Expect(")");
    }
    do {
      FIRN_TRY(Literal value, ParseLiteral(false));
      compare.values.push_back(std::move(value));
    } while (TakeSymbol(","));
    return Expect(")");
  }

  Result<Literal> ParseLiteral(bool pattern) {
    Literal literal;
    literal.at = Peek().at;
    const Token token = Peek();
    switch (token.kind) {
      case Token::Kind::kString:
        literal.kind = Literal::Kind::kString;
        literal.text = pattern ? token.pattern : token.text;
        break;
      case Token::Kind::kNumber:
        literal.kind = Literal::Kind::kNumber;
        literal.text = token.text;
        break;
      case Token::Kind::kDate:
        literal.kind = Literal::Kind::kDate;
        literal.text = token.text;
        break;
      case Token::Kind::kDateTime:
        literal.kind = Literal::Kind::kDateTime;
        literal.text = token.text;
        break;
      case Token::Kind::kTime:
        literal.kind = Literal::Kind::kTime;
        literal.text = token.text;
        break;
      case Token::Kind::kWord:
        return ParseWordLiteral();
      default:
        return Unexpected();
    }
    ++next_;
    return literal;
  }

  Result<Literal> ParseWordLiteral() {
    Literal literal;
    const Token token = Peek();
    literal.at = token.at;
    const std::string& word = token.folded;
    if (word == "NULL") {
      literal.kind = Literal::Kind::kNull;
    } else if (word == "TRUE" || word == "FALSE") {
      literal.kind = Literal::Kind::kBool;
      literal.flag = word == "TRUE";
    } else if (Contains(kRanges, word)) {
      literal.kind = Literal::Kind::kDateRange;
      literal.text = word;
      const bool counted = word.find("_N_") != std::string::npos || word.starts_with("N_");
      if (counted) {
        ++next_;
        FIRN_CHECK(Expect(":"));
        const Token number = Peek();
        const auto* const end = number.text.data() + number.text.size();
        if (number.kind != Token::Kind::kNumber ||
            std::from_chars(number.text.data(), end, literal.n).ptr != end || literal.n < 0 ||
            literal.n > 100'000) {
          return Unexpected();
        }
      }
    } else if (word.size() > 3 && std::all_of(word.begin() + 3, word.end(),
                                              [](char c) { return c >= '0' && c <= '9'; })) {
      literal.kind = Literal::Kind::kNumber;  // USD5000: one currency, so the code says nothing
      literal.text = word.substr(3);
      if (IsSymbol(".", 1) && Peek(2).kind == Token::Kind::kNumber) {
        literal.text += '.' + Peek(2).text;
        next_ += 2;
      } else if (Peek(1).kind == Token::Kind::kNumber && Peek(1).text[0] == '.') {
        literal.text += Peek(1).text;
        ++next_;
      }
    } else {
      return Unexpected();
    }
    ++next_;
    return literal;
  }

  // Security clauses are accepted; hidden fields are refused in any case.
  Result<void> ParseWith() {
    while (TakeWord("WITH")) {
      if (TakeWord("SECURITY_ENFORCED") || TakeWord("USER_MODE") || TakeWord("SYSTEM_MODE"))
        continue;
      return Unexpected();
    }
    return {};
  }

  Result<void> ParseGroup(Query& query) {
    if (!TakeWord("GROUP")) return {};
    FIRN_CHECK(ExpectWord("BY"));
    if ((IsWord("ROLLUP") || IsWord("CUBE")) && IsSymbol("(", 1)) {
      query.rollup_or_cube = true;
      next_ += 2;
    }
    do {
      FIRN_TRY(FieldExpr field, ParseFieldExpr());
      query.group_by.push_back(std::move(field));
    } while (TakeSymbol(","));
    if (query.rollup_or_cube) FIRN_CHECK(Expect(")"));
    if (TakeWord("HAVING")) {
      FIRN_TRY(query.having, ParseCondition());
    }
    return {};
  }

  Result<void> ParseOrder(Query& query) {
    if (!TakeWord("ORDER")) return {};
    FIRN_CHECK(ExpectWord("BY"));
    do {
      OrderItem item;
      FIRN_TRY(item.field, ParseFieldExpr());
      if (TakeWord("DESC")) {
        item.descending = true;
      } else {
        TakeWord("ASC");
      }
      if (TakeWord("NULLS")) {
        if (TakeWord("LAST")) {
          item.nulls_last = true;
        } else if (TakeWord("FIRST")) {
          item.nulls_last = false;
        } else {
          return Unexpected();
        }
      }
      query.order_by.push_back(std::move(item));
    } while (TakeSymbol(","));
    return {};
  }

  Result<int64_t> ParseCount() {
    const Token& token = Peek();
    int64_t count = 0;
    const auto* const end = token.text.data() + token.text.size();
    if (token.kind != Token::Kind::kNumber ||
        std::from_chars(token.text.data(), end, count).ptr != end || count < 0) {
      return Unexpected();
    }
    ++next_;
    return count;
  }

  Result<void> ParseTail(Query& query) {
    if (TakeWord("LIMIT")) {
      FIRN_TRY(query.limit, ParseCount());
    }
    if (TakeWord("OFFSET")) {
      FIRN_TRY(query.offset, ParseCount());
      if (*query.offset > 2000) {
        return Fail(
            ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"));
      }
    }
    while (TakeWord("FOR")) {
      if (!TakeWord("VIEW") && !TakeWord("REFERENCE") && !TakeWord("UPDATE")) return Unexpected();
    }
    if (TakeWord("ALL")) {
      FIRN_CHECK(ExpectWord("ROWS"));
      query.all_rows = true;
    }
    return {};
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  size_t next_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Query> Parse(std::string_view soql) {
  FIRN_TRY(auto tokens, Tokenize(soql));
  return Parser(soql, std::move(tokens)).Run();
}

}  // namespace firn::sandbox::soql
