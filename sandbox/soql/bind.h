// A query bound to the catalogue: its columns, filter, order, ready to run. Shared by the row
// cursor, the aggregate cursor and the refusals of the Bulk API.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/query.h"
#include "sandbox/soql/access.h"
#include "sandbox/soql/filter.h"
#include "sandbox/soql/query.h"
#include "sandbox/soql/row_tree.h"

namespace firn::sandbox::soql {

// TYPEOF, bound: the fields of the branch that fits the record's object.
struct BoundTypeof {
  struct Branch {
    const ObjectInfo* object = nullptr;  // nullptr of ELSE
    std::vector<Column> columns;
    std::vector<Expression> expressions;
    std::vector<std::vector<int>> ways;  // of each column, from `node` on
  };
  int node = 0;
  std::vector<Branch> branches;
};

struct BoundColumn {
  Expression expression;
  const Query* subquery = nullptr;
  std::shared_ptr<const BoundTypeof> type_of;
  int group = -1;        // of an aggregate query: index into BoundQuery::groups
  std::vector<int> way;  // nodes from the root, for parent_id
};

struct BoundOrder {
  Expression expression;
  bool descending = false;
  bool nulls_last = false;
};

struct BoundQuery {
  const ObjectInfo* object = nullptr;
  std::unique_ptr<RowTree> tree;
  std::vector<Column> columns;
  std::vector<BoundColumn> bound;  // one for each column
  std::optional<Filter> filter;
  std::vector<BoundOrder> order;
  std::vector<BoundColumn> groups;  // GROUP BY
  bool aggregate = false;
  bool all_rows = false;
  // For what an aggregate cursor binds when it opens; not to be called once the query is open.
  std::function<Result<Expression>(const FieldExpr&)> bind_field;
};

// `child_of` is given for a subquery in a SELECT list: the object whose child relationship the
// FROM names. Errors: api errors INVALID_TYPE, INVALID_FIELD, MALFORMED_QUERY, with position.
[[nodiscard]] Result<BoundQuery> Bind(std::string_view soql, const Query& query,
                                      const QueryContext& context,
                                      const ObjectInfo* child_of = nullptr);

// ORDER BY as an order that an index gives for nothing; without a column when it must be sorted.
[[nodiscard]] RowOrder NaturalOrder(const BoundQuery& query);

}  // namespace firn::sandbox::soql
