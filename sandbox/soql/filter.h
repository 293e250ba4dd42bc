// WHERE: conditions bound to fields and typed values, evaluated on a RowTree's current row.
//
// Texts compare without case; a comparison with a null is false except `!=` and NOT IN, which are
// true; `= null` asks for null, also through a relationship that is null. Date literals are the
// user's own days. Source: SOQL and SOSL Reference, 'Comparison Operators', 'Null Values in Lookup
// Relationships and Outer Joins', 'Date Formats and Date Literals', read 2026-11.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "sandbox/soql/ast.h"
#include "sandbox/soql/expression.h"

namespace firn::sandbox::soql {

// How a field's values are compared.
enum class Family { kText, kId, kBool, kNumber, kDate, kDateTime, kTime };
[[nodiscard]] Family FamilyOf(FieldType type);

// One literal, typed. Dates and instants are ranges [number, upto).
struct Operand {
  bool null = false;
  std::string text;  // folded, or a LIKE pattern folded
  int64_t number = 0;
  int64_t upto = 0;
  int scale = 0;
  std::vector<std::string> parts;  // of INCLUDES: all of these together
};

struct Filter {
  Condition::Kind kind = Condition::Kind::kCompare;
  std::vector<Filter> parts;
  Expression left;
  Family family = Family::kText;
  CompareOp op = CompareOp::kEq;
  std::vector<Operand> operands;
  // Of long lists and semi-joins.
  std::unordered_set<int64_t> ids;
  std::unordered_set<std::string> texts;
  bool has_null = false;
  bool by_set = false;
};

struct FilterContext {
  std::string_view soql;
  RowTree& tree;
  int64_t now_millis = 0;
  std::function<std::shared_ptr<const Locals>()> locals;
  std::function<Result<Expression>(const FieldExpr&)> bind_field;
  // The values of a semi-join's single column.
  std::function<Result<void>(const Query& subquery, Filter& into)> run_subquery;
};

// Errors: api errors INVALID_FIELD, INVALID_QUERY_FILTER_OPERATOR with position.
[[nodiscard]] Result<Filter> BindFilter(const Condition& condition, const FilterContext& context);

// The comparison alone: `filter.left` and `filter.family` are given, `name` is for error texts.
[[nodiscard]] Result<void> BindOperands(const Condition& condition, const std::string& name,
                                        const FilterContext& context, Filter& filter);

[[nodiscard]] bool Matches(const Filter& filter, RowTree& tree);
// One comparison of a value, for HAVING and for Matches.
[[nodiscard]] bool MatchesValue(const Filter& filter, const Value& value);

// `_` one character, `%` any run, `\` takes the next literally. Both folded.
[[nodiscard]] bool LikeMatches(std::string_view text, std::string_view pattern);

}  // namespace firn::sandbox::soql
