// The syntax tree of a SOQL query, as written: names unresolved, positions kept for error texts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace firn::sandbox::soql {

struct Query;

// `Account.Owner.Name`, or `COUNT_DISTINCT(Account.Name)` when a function is given.
struct FieldExpr {
  std::string function;           // upper case; empty for a plain field
  std::vector<std::string> path;  // empty for COUNT()
  size_t at = 0;                  // byte offset in the query's text
};

struct SelectItem {
  enum class Kind { kField, kSubquery, kFieldsAll, kFieldsStandard, kFieldsCustom, kTypeof };
  Kind kind = Kind::kField;
  FieldExpr field;
  std::string alias;
  std::unique_ptr<Query> subquery;
  size_t at = 0;
};

struct Literal {
  enum class Kind { kNull, kBool, kNumber, kString, kDate, kDateTime, kTime, kDateRange };
  Kind kind = Kind::kNull;
  std::string text;  // unescaped string; digits of a number; ISO text; `LAST_N_DAYS`
  int64_t n = 0;     // of a date range
  bool flag = false;
  size_t at = 0;
};

enum class CompareOp { kEq, kNe, kLt, kLe, kGt, kGe, kLike, kIn, kNotIn, kIncludes, kExcludes };

struct Condition {
  enum class Kind { kAnd, kOr, kNot, kCompare };
  Kind kind = Kind::kCompare;
  std::vector<Condition> parts;  // of and, or, not
  FieldExpr left;
  CompareOp op = CompareOp::kEq;
  std::vector<Literal> values;
  std::shared_ptr<Query> subquery;
  size_t at = 0;
};

struct OrderItem {
  FieldExpr field;
  bool descending = false;
  std::optional<bool> nulls_last;
};

struct Query {
  std::vector<SelectItem> select;
  std::string object;
  std::string alias;
  size_t object_at = 0;
  std::optional<Condition> where;
  std::vector<FieldExpr> group_by;
  bool rollup_or_cube = false;
  std::optional<Condition> having;
  std::vector<OrderItem> order_by;
  std::optional<int64_t> limit;
  std::optional<int64_t> offset;
  bool all_rows = false;
  bool count_only = false;  // SELECT COUNT()
  // For what the Bulk API refuses.
  bool has_typeof = false;
};

}  // namespace firn::sandbox::soql
