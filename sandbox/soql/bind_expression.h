// Field expressions of a query bound to a RowTree. Private to the binder and the aggregates.
#pragma once

#include <memory>
#include <string_view>

#include "sandbox/soql/bind.h"

namespace firn::sandbox::soql {

// A function object: copies share the query, the tree and the context, which must outlive them.
class ExpressionBinder {
 public:
  ExpressionBinder(std::string_view soql, const Query& query, const ObjectInfo& object,
                   RowTree& tree, const QueryContext& context)
      : soql_(soql), query_(&query), object_(&object), tree_(&tree), context_(&context) {}

  // Errors: api errors INVALID_FIELD, MALFORMED_QUERY, with position.
  [[nodiscard]] Result<Expression> operator()(const FieldExpr& field) const;
  [[nodiscard]] Result<std::shared_ptr<const BoundTypeof>> BindTypeof(const TypeofClause& clause,
                                                                      size_t at) const;

 private:
  [[nodiscard]] tl::unexpected<Error> Bad(std::string_view code, size_t at,
                                          const std::string& what) const;
  // `Account.Name` or `a.Name` with FROM Account a: the object itself in front is dropped.
  void Localise(std::vector<std::string>& path) const;
  [[nodiscard]] Result<void> CheckFunction(const FieldExpr& field, const FieldInfo& info) const;
  [[nodiscard]] Result<void> Complete(const FieldExpr& field, Expression& expression) const;
  [[nodiscard]] Result<void> BindBranch(const TypeofBranch& branch, BoundTypeof& bound) const;

  std::string_view soql_;
  const Query* query_;
  const ObjectInfo* object_;
  RowTree* tree_;
  const QueryContext* context_;
};

}  // namespace firn::sandbox::soql
