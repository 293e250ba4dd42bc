// Field paths, functions around them, TYPEOF.
// Source: SOQL and SOSL Reference, 'Aggregate Functions', 'Date Functions', 'TYPEOF',
// 'Location-Based SOQL Queries', read 2026-11.
#include <array>
#include <cmath>
#include <cstdlib>

#include "sandbox/soql/parse_parts.h"
#include "sandbox/value.h"

namespace firn::sandbox::soql {
namespace {

constexpr std::array<std::string_view, 21> kFunctions = {"COUNT",
                                                         "COUNT_DISTINCT",
                                                         "SUM",
                                                         "AVG",
                                                         "MIN",
                                                         "MAX",
                                                         "TOLABEL",
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
                                                         "WEEK_IN_YEAR"};

bool IsDatePart(std::string_view function) {
  return function.starts_with("CALENDAR_") || function.starts_with("DAY_") ||
         function.starts_with("FISCAL_") || function.starts_with("HOUR_") ||
         function.starts_with("WEEK_");
}

Result<double> ParseCoordinate(TokenReader& reader) {
  const Token& token = reader.Peek();
  if (token.kind != Token::Kind::kNumber) return reader.Unexpected();
  const double value = std::strtod(token.text.c_str(), nullptr);
  if (!std::isfinite(value)) return reader.Unexpected();
  reader.Skip(1);
  return value;
}

// `Location__c, GEOLOCATION(37.775, -122.418), 'mi')`
Result<void> ParseDistance(TokenReader& reader, FieldExpr& field) {
  FIRN_TRY(field.path, ParsePath(reader));
  FIRN_CHECK(reader.Expect(","));
  FIRN_CHECK(reader.ExpectWord("GEOLOCATION"));
  FIRN_CHECK(reader.Expect("("));
  const size_t at = reader.Peek().at;
  FIRN_TRY(field.latitude, ParseCoordinate(reader));
  FIRN_CHECK(reader.Expect(","));
  FIRN_TRY(field.longitude, ParseCoordinate(reader));
  FIRN_CHECK(reader.Expect(")"));
  FIRN_CHECK(reader.Expect(","));
  if (std::abs(field.latitude) > 90 || std::abs(field.longitude) > 180) {
    return reader.Malformed(at, "latitude or longitude is out of range");
  }
  const Token& unit = reader.Peek();
  const std::string name = Folded(unit.text);
  if (unit.kind != Token::Kind::kString || (name != "mi" && name != "km")) {
    return reader.Malformed(unit.at, "invalid distance unit: use 'mi' or 'km'");
  }
  field.miles = name == "mi";
  reader.Skip(1);
  return reader.Expect(")");
}

// What stands in the parentheses of a function: a field, or one more function where it may.
Result<void> ParseArgument(TokenReader& reader, FieldExpr& field) {
  const TokenReader::Nested nested(reader);
  if (nested.too_deep()) return reader.TooDeep();
  FIRN_TRY(const FieldExpr inner, ParseFieldExpr(reader));
  const bool converts = inner.function.empty() && (inner.currency || inner.user_zone);
  const bool plain = inner.function.empty() && !inner.format;
  const bool outer_is_date = IsDatePart(field.function);
  if (!plain && !(field.format && !inner.format && inner.function != "TOLABEL")) {
    return reader.Malformed(inner.at, "nested functions are not supported here");
  }
  if (converts && inner.user_zone && !outer_is_date) {
    return reader.Malformed(inner.at, "convertTimezone can only be used in a date function");
  }
  field.path = inner.path;
  field.user_zone = field.user_zone || inner.user_zone;
  field.currency = field.currency || inner.currency;
  if (field.function.empty()) field.function = inner.function;
  return reader.Expect(")");
}

Result<FieldExpr> ParseFunction(TokenReader& reader) {
  FieldExpr field;
  field.at = reader.Peek().at;
  const std::string function = reader.Peek().folded;
  const std::string spelled = reader.Peek().text;
  reader.Skip(2);
  if (function == "DISTANCE") {
    field.function = function;
    FIRN_CHECK(ParseDistance(reader, field));
    return field;
  }
  if (function == "FORMAT") {
    field.format = true;
  } else if (function == "CONVERTCURRENCY") {
    field.currency = true;
  } else if (function == "CONVERTTIMEZONE") {
    field.user_zone = true;
  } else if (std::find(kFunctions.begin(), kFunctions.end(), function) != kFunctions.end()) {
    field.function = function;
  } else {
    return reader.Malformed(field.at, "Invalid function: " + spelled);
  }
  if (function == "COUNT" && reader.TakeSymbol(")")) return field;
  FIRN_CHECK(ParseArgument(reader, field));
  return field;
}

}  // namespace

Result<std::vector<std::string>> ParsePath(TokenReader& reader) {
  std::vector<std::string> path;
  do {
    if (reader.Peek().kind != Token::Kind::kWord) return reader.Unexpected();
    path.push_back(reader.Take().text);
  } while (reader.TakeSymbol("."));
  return path;
}

Result<FieldExpr> ParseFieldExpr(TokenReader& reader) {
  if (reader.Peek().kind == Token::Kind::kWord && reader.IsSymbol("(", 1)) {
    return ParseFunction(reader);
  }
  FieldExpr field;
  field.at = reader.Peek().at;
  FIRN_TRY(field.path, ParsePath(reader));
  return field;
}

Result<TypeofClause> ParseTypeof(TokenReader& reader) {
  TypeofClause clause;
  FIRN_TRY(clause.path, ParsePath(reader));
  const auto fields = [&](TypeofBranch& branch) -> Result<void> {
    do {
      FIRN_TRY(FieldExpr field, ParseFieldExpr(reader));
      branch.fields.push_back(std::move(field));
    } while (reader.TakeSymbol(","));
    return {};
  };
  if (!reader.IsWord("WHEN")) return reader.Unexpected();
  while (reader.TakeWord("WHEN")) {
    TypeofBranch branch;
    branch.at = reader.Peek().at;
    if (reader.Peek().kind != Token::Kind::kWord) return reader.Unexpected();
    branch.object = reader.Take().text;
    FIRN_CHECK(reader.ExpectWord("THEN"));
    FIRN_CHECK(fields(branch));
    clause.branches.push_back(std::move(branch));
  }
  if (reader.TakeWord("ELSE")) {
    TypeofBranch branch;
    branch.at = reader.Peek().at;
    FIRN_CHECK(fields(branch));
    clause.branches.push_back(std::move(branch));
  }
  FIRN_CHECK(reader.ExpectWord("END"));
  return clause;
}

}  // namespace firn::sandbox::soql
