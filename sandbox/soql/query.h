// From SOQL text to a cursor: binds the query, picks the way to the rows, runs it.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "sandbox/query.h"
#include "sandbox/soql/ast.h"
#include "sandbox/soql/expression.h"
#include "sandbox/store/access_view.h"
#include "sandbox/store/tables.h"

namespace firn::sandbox::soql {

struct QueryContext {
  std::shared_ptr<const Catalogue> catalogue;
  std::shared_ptr<Reader> reader;
  bool in_transaction = false;  // the reader's connection is in one, which is not the query's
  int64_t now_millis = 0;
  QueryOptions options;
  std::shared_ptr<const AccessView> view;  // nullptr: the org's own work, which sees everything
  int depth = 0;  // of sub-selects in SELECT lists: how many queries stand around this one
  // Live or all records of an object, without a scan.
  std::function<uint64_t(const ObjectInfo&, bool all_rows)> count;
  // Whether the user has the permission Query All Files; asked when a query needs it.
  std::function<Result<bool>()> may_query_all_files;
  // Who asks; read when a query first needs it.
  std::function<std::shared_ptr<const Locals>()> locals;
};

[[nodiscard]] Result<std::unique_ptr<RowCursor>> OpenQuery(std::string_view soql,
                                                           QueryContext context);

}  // namespace firn::sandbox::soql
