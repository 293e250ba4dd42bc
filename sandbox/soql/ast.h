// The syntax tree of a SOQL query, as written: names unresolved, positions kept for error texts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace firn::sandbox::soql {

struct Query;

// `Account.Owner.Name`, `COUNT_DISTINCT(Account.Name)`,
// `HOUR_IN_DAY(convertTimezone(CreatedDate))`, `FORMAT(MIN(CloseDate))`, `DISTANCE(Location__c,
// GEOLOCATION(37.7, -122.4), 'km')`.
struct FieldExpr {
  std::string function;           // upper case; empty for a plain field
  std::vector<std::string> path;  // empty for COUNT()
  bool format = false;            // FORMAT(..) around it
  bool user_zone = false;         // convertTimezone(..) inside it
  bool currency = false;          // convertCurrency(..) inside it
  double latitude = 0;            // of DISTANCE
  double longitude = 0;
  bool miles = false;
  size_t at = 0;  // byte offset in the query's text
};

// `TYPEOF What WHEN Account THEN Phone ELSE Name END`.
struct TypeofBranch {
  std::string object;  // empty of ELSE
  size_t at = 0;
  std::vector<FieldExpr> fields;
};
struct TypeofClause {
  std::vector<std::string> path;
  std::vector<TypeofBranch> branches;  // ELSE last, if there is one
};

struct SelectItem {
  enum class Kind { kField, kSubquery, kFieldsAll, kFieldsStandard, kFieldsCustom, kTypeof };
  Kind kind = Kind::kField;
  FieldExpr field;
  std::string alias;
  std::unique_ptr<Query> subquery;
  std::optional<TypeofClause> type_of;
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

// One condition of WITH DATA CATEGORY.
struct DataCategory {
  std::string group;
  size_t at = 0;
};

struct Query {
  std::vector<SelectItem> select;
  std::string object;
  std::string alias;
  size_t object_at = 0;
  // `FROM Contact c, c.Account a`: other names for relationships.
  struct PathAlias {
    std::vector<std::string> path;
    std::string alias;
  };
  std::vector<PathAlias> path_aliases;
  std::optional<Condition> where;
  std::vector<DataCategory> categories;
  std::vector<FieldExpr> group_by;
  enum class Grouping { kPlain, kRollup, kCube };
  Grouping grouping = Grouping::kPlain;
  std::optional<Condition> having;
  std::vector<OrderItem> order_by;
  std::optional<int64_t> limit;
  std::optional<int64_t> offset;
  std::string scope;  // of USING SCOPE, upper case
  size_t scope_at = 0;
  bool all_rows = false;
  bool for_view = false;
  bool for_reference = false;
  bool for_update = false;
  bool count_only = false;  // SELECT COUNT()
};

}  // namespace firn::sandbox::soql
