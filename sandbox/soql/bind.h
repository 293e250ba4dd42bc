// A query bound to the catalogue: its columns, filter, order, ready to run. Shared by the row
// cursor, the aggregate cursor and the refusals of the Bulk API.
#pragma once

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

struct BoundColumn {
  FieldRef field;
  std::string function;  // upper case, empty for none
  const Query* subquery = nullptr;
  int group = -1;        // of an aggregate query: index into BoundQuery::groups
  std::vector<int> way;  // nodes from the root, for parent_id
};

struct BoundOrder {
  FieldRef field;
  std::string function;
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
};

// `child_of` is given for a subquery in a SELECT list: the object whose child relationship the
// FROM names. Errors: api errors INVALID_TYPE, INVALID_FIELD, MALFORMED_QUERY, with position.
[[nodiscard]] Result<BoundQuery> Bind(std::string_view soql, const Query& query,
                                      const QueryContext& context,
                                      const ObjectInfo* child_of = nullptr);

// ORDER BY as an order that an index gives for nothing; kNone when it must be sorted.
[[nodiscard]] RowOrder NaturalOrder(const BoundQuery& query);

}  // namespace firn::sandbox::soql
