#include "sandbox/soql/parse.h"

#include <array>
#include <charconv>

#include "sandbox/api_error.h"
#include "sandbox/soql/parse_parts.h"
#include "sandbox/value.h"

namespace firn::sandbox::soql {
namespace {

constexpr std::array<std::string_view, 17> kClauses = {
    "FROM", "WHERE", "WITH",   "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR",
    "ALL",  "USING", "UPDATE", "AND",   "OR",     "ASC",   "DESC",  "SET"};

Result<void> ParseFieldsFunction(TokenReader& reader, SelectItem& item) {
  reader.Skip(2);  // FIELDS (
  const std::string which = reader.Peek().folded;
  if (which != "ALL" && which != "STANDARD" && which != "CUSTOM") return reader.Unexpected();
  item.kind = which == "ALL"        ? SelectItem::Kind::kFieldsAll
              : which == "STANDARD" ? SelectItem::Kind::kFieldsStandard
                                    : SelectItem::Kind::kFieldsCustom;
  reader.Skip(1);
  return reader.Expect(")");
}

Result<SelectItem> ParseSelectItem(TokenReader& reader) {
  SelectItem item;
  item.at = reader.Peek().at;
  if (reader.TakeSymbol("(")) {
    item.kind = SelectItem::Kind::kSubquery;
    FIRN_TRY(Query subquery, ParseQuery(reader));
    item.subquery = std::make_unique<Query>(std::move(subquery));
    FIRN_CHECK(reader.Expect(")"));
  } else if (reader.IsWord("FIELDS") && reader.IsSymbol("(", 1)) {
    FIRN_CHECK(ParseFieldsFunction(reader, item));
  } else if (reader.IsWord("TYPEOF") && reader.Peek(1).kind == Token::Kind::kWord) {
    reader.Skip(1);
    item.kind = SelectItem::Kind::kTypeof;
    FIRN_TRY(item.type_of, ParseTypeof(reader));
  } else {
    if (reader.IsWord("FROM") && reader.Peek(1).kind == Token::Kind::kWord) {
      return reader.Unexpected();
    }
    FIRN_TRY(item.field, ParseFieldExpr(reader));
    const bool count = item.field.function == "COUNT" && item.field.path.empty();
    if (!count && reader.Peek().kind == Token::Kind::kWord && !IsClauseWord(reader.Peek().folded)) {
      item.alias = reader.Take().text;
    }
  }
  return item;
}

Result<void> ParseSelect(TokenReader& reader, Query& query) {
  do {
    FIRN_TRY(SelectItem item, ParseSelectItem(reader));
    query.select.push_back(std::move(item));
  } while (reader.TakeSymbol(","));
  const SelectItem& first = query.select[0];
  query.count_only = query.select.size() == 1 && first.kind == SelectItem::Kind::kField &&
                     first.field.function == "COUNT" && first.field.path.empty();
  return {};
}

Result<void> ParseFrom(TokenReader& reader, Query& query) {
  query.object_at = reader.Peek().at;
  FIRN_TRY(const auto path, ParsePath(reader));
  for (const auto& part : path) query.object += (query.object.empty() ? "" : ".") + part;
  reader.TakeWord("AS");
  if (reader.Peek().kind == Token::Kind::kWord && !IsClauseWord(reader.Peek().folded)) {
    query.alias = reader.Take().text;
  }
  while (reader.TakeSymbol(",")) {
    Query::PathAlias other;
    FIRN_TRY(other.path, ParsePath(reader));
    reader.TakeWord("AS");
    if (reader.Peek().kind != Token::Kind::kWord) return reader.Unexpected();
    other.alias = reader.Take().text;
    query.path_aliases.push_back(std::move(other));
  }
  if (!reader.TakeWord("USING")) return {};
  FIRN_CHECK(reader.ExpectWord("SCOPE"));
  query.scope_at = reader.Peek().at;
  if (reader.Peek().kind != Token::Kind::kWord) return reader.Unexpected();
  query.scope = reader.Take().folded;
  return {};
}

// `Geography__c ABOVE usa__c`, `Geography__c AT (usa__c, uk__c)`, joined by AND.
// Source: SOQL and SOSL Reference, 'WITH DATA CATEGORY', read 2026-11.
Result<void> ParseCategories(TokenReader& reader, Query& query) {
  static constexpr std::array<std::string_view, 4> kOperators = {"AT", "ABOVE", "BELOW",
                                                                 "ABOVE_OR_BELOW"};
  const auto word = [&](std::string& into) -> Result<void> {
    if (reader.Peek().kind != Token::Kind::kWord) return reader.Unexpected();
    into = reader.Take().text;
    return {};
  };
  do {
    DataCategory category;
    category.at = reader.Peek().at;
    FIRN_CHECK(word(category.group));
    if (std::find(kOperators.begin(), kOperators.end(), reader.Peek().folded) == kOperators.end()) {
      return reader.Unexpected();
    }
    reader.Skip(1);
    std::string name;
    if (reader.TakeSymbol("(")) {
      do {
        FIRN_CHECK(word(name));
      } while (reader.TakeSymbol(","));
      FIRN_CHECK(reader.Expect(")"));
    } else {
      FIRN_CHECK(word(name));
    }
    query.categories.push_back(std::move(category));
  } while (reader.TakeWord("AND"));
  return {};
}

// Hidden fields are refused in any case, so the security clauses change nothing.
Result<void> ParseWith(TokenReader& reader, Query& query) {
  while (reader.TakeWord("WITH")) {
    if (reader.IsWord("DATA") && reader.IsWord("CATEGORY", 1)) {
      if (!query.categories.empty()) return reader.Unexpected();
      reader.Skip(2);
      FIRN_CHECK(ParseCategories(reader, query));
      continue;
    }
    if (reader.TakeWord("SECURITY_ENFORCED") || reader.TakeWord("USER_MODE") ||
        reader.TakeWord("SYSTEM_MODE")) {
      continue;
    }
    return reader.Unexpected();
  }
  return {};
}

Result<void> ParseGroup(TokenReader& reader, Query& query) {
  if (reader.TakeWord("GROUP")) {
    FIRN_CHECK(reader.ExpectWord("BY"));
    if (reader.IsSymbol("(", 1) && (reader.IsWord("ROLLUP") || reader.IsWord("CUBE"))) {
      query.grouping = reader.IsWord("CUBE") ? Query::Grouping::kCube : Query::Grouping::kRollup;
      reader.Skip(2);
    }
    do {
      FIRN_TRY(FieldExpr field, ParseFieldExpr(reader));
      query.group_by.push_back(std::move(field));
    } while (reader.TakeSymbol(","));
    if (query.grouping != Query::Grouping::kPlain) FIRN_CHECK(reader.Expect(")"));
  }
  if (!query.group_by.empty() && reader.TakeWord("HAVING")) {
    FIRN_TRY(query.having, ParseCondition(reader));
  }
  return {};
}

Result<void> ParseOrder(TokenReader& reader, Query& query) {
  if (!reader.TakeWord("ORDER")) return {};
  FIRN_CHECK(reader.ExpectWord("BY"));
  do {
    OrderItem item;
    FIRN_TRY(item.field, ParseFieldExpr(reader));
    if (reader.TakeWord("DESC")) {
      item.descending = true;
    } else {
      reader.TakeWord("ASC");
    }
    if (reader.TakeWord("NULLS")) {
      if (reader.TakeWord("LAST")) {
        item.nulls_last = true;
      } else if (reader.TakeWord("FIRST")) {
        item.nulls_last = false;
      } else {
        return reader.Unexpected();
      }
    }
    query.order_by.push_back(std::move(item));
  } while (reader.TakeSymbol(","));
  return {};
}

Result<int64_t> ParseCount(TokenReader& reader) {
  const Token& token = reader.Peek();
  int64_t count = 0;
  const auto* const end = token.text.data() + token.text.size();
  if (reader.IsSymbol(":")) {
    return reader.Malformed(token.at, "Bind variables only allowed in Apex code");
  }
  if (token.kind != Token::Kind::kNumber ||
      std::from_chars(token.text.data(), end, count).ptr != end || count < 0) {
    return reader.Unexpected();
  }
  reader.Skip(1);
  return count;
}

Result<void> ParseLimits(TokenReader& reader, Query& query) {
  constexpr int64_t kOffsetMax = 2000;
  if (reader.TakeWord("LIMIT")) {
    FIRN_TRY(query.limit, ParseCount(reader));
  }
  if (reader.TakeWord("OFFSET")) {
    FIRN_TRY(query.offset, ParseCount(reader));
    if (*query.offset > kOffsetMax) {
      return Fail(
          ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"));
    }
  }
  return {};
}

// `FOR VIEW`, `FOR VIEW, REFERENCE`, `FOR UPDATE`; the FOR is taken already.
Result<void> ParseFor(TokenReader& reader, Query& query) {
  if (reader.TakeWord("UPDATE")) {
    query.for_update = true;
    return {};
  }
  do {
    bool& flag = reader.IsWord("VIEW") ? query.for_view : query.for_reference;
    if (!reader.TakeWord("VIEW") && !reader.TakeWord("REFERENCE")) return reader.Unexpected();
    flag = true;
  } while (reader.TakeSymbol(","));
  return {};
}

// FOR .., UPDATE .. and ALL ROWS, in any order.
Result<void> ParseTail(TokenReader& reader, Query& query) {
  for (;;) {
    if (reader.TakeWord("FOR")) {
      FIRN_CHECK(ParseFor(reader, query));
    } else if (reader.TakeWord("UPDATE")) {
      do {
        if (!reader.TakeWord("TRACKING") && !reader.TakeWord("VIEWSTAT")) {
          return reader.Unexpected();
        }
      } while (reader.TakeSymbol(","));
    } else if (reader.TakeWord("ALL")) {
      FIRN_CHECK(reader.ExpectWord("ROWS"));
      query.all_rows = true;
    } else {
      break;
    }
  }
  return {};
}

// `FROM Account.Contacts` and `FROM a.Contacts` in a sub-select name the outer object in front of
// the relationship. Source: SOQL and SOSL Reference, 'Using Relationship Queries' and 'Using
// Aliases with Relationship Queries', read 2026-11.
void DropOuterNames(Query& query) {
  for (auto& item : query.select) {
    if (item.kind != SelectItem::Kind::kSubquery) continue;
    std::string& name = item.subquery->object;
    const size_t dot = name.find('.');
    if (dot == std::string::npos) continue;
    const std::string first = Folded(name.substr(0, dot));
    if (first == Folded(query.object) || first == Folded(query.alias)) name.erase(0, dot + 1);
  }
}

}  // namespace

bool IsClauseWord(std::string_view word) {
  return std::find(kClauses.begin(), kClauses.end(), word) != kClauses.end();
}

Result<Query> ParseQuery(TokenReader& reader) {
  const TokenReader::Nested nested(reader);
  if (nested.too_deep()) return reader.TooDeep();
  Query query;
  if (!reader.TakeWord("SELECT")) return reader.Unexpected();
  FIRN_CHECK(ParseSelect(reader, query));
  FIRN_CHECK(reader.ExpectWord("FROM"));
  FIRN_CHECK(ParseFrom(reader, query));
  DropOuterNames(query);
  if (reader.TakeWord("WHERE")) {
    FIRN_TRY(query.where, ParseCondition(reader));
  }
  FIRN_CHECK(ParseWith(reader, query));
  FIRN_CHECK(ParseGroup(reader, query));
  FIRN_CHECK(ParseOrder(reader, query));
  FIRN_CHECK(ParseLimits(reader, query));
  FIRN_CHECK(ParseTail(reader, query));
  return query;
}

Result<Query> Parse(std::string_view soql) {
  FIRN_TRY(auto tokens, Tokenize(soql));
  TokenReader reader(soql, std::move(tokens));
  FIRN_TRY(Query query, ParseQuery(reader));
  if (!reader.AtEnd()) return reader.Unexpected();
  return query;
}

Result<Condition> ParseWhere(std::string_view condition) {
  FIRN_TRY(auto tokens, Tokenize(condition));
  TokenReader reader(condition, std::move(tokens));
  if (reader.IsWord("WHERE")) return reader.Unexpected();
  FIRN_TRY(Condition parsed, ParseCondition(reader));
  if (!reader.AtEnd()) return reader.Unexpected();
  return parsed;
}

}  // namespace firn::sandbox::soql
