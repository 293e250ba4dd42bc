// The cursors behind Org::Query. Private to SOQL.
#pragma once

#include <memory>
#include <string_view>

#include "sandbox/soql/bind.h"

namespace firn::sandbox::soql {

// Binds and opens a parsed query. `query` must live as long as the cursor when it has subqueries.
[[nodiscard]] Result<std::unique_ptr<RowCursor>> OpenBound(std::string_view soql,
                                                           const Query& query,
                                                           const QueryContext& context,
                                                           const ObjectInfo* child_of);

// Rows that match, in any order: the part that every cursor shares.
class RowSource {
 public:
  // `access` of the query's filter; the tree, filter and reader must outlive it.
  [[nodiscard]] static Result<RowSource> Open(const BoundQuery& query, const AccessPath& access,
                                              const RowOrder& order, Reader& reader);
  // Moves the tree to the next row that matches.
  [[nodiscard]] Result<bool> Next();
  [[nodiscard]] int64_t record_number() const { return rows_.Int(0); }

 private:
  RowSource(Statement rows, const BoundQuery& query) : rows_(std::move(rows)), query_(&query) {}
  Statement rows_;
  const BoundQuery* query_;
};

[[nodiscard]] Result<std::unique_ptr<RowCursor>> OpenAggregate(std::string_view soql,
                                                               const Query& query, BoundQuery bound,
                                                               const QueryContext& context);

}  // namespace firn::sandbox::soql
