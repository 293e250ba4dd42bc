#include "sandbox/soql/scope.h"

namespace firn::sandbox::soql {
namespace {

Filter ByUser(const ObjectInfo& object, std::string_view field, CompareOp op, RowTree& tree,
              int64_t user_id) {
  Filter filter;
  filter.family = Family::kId;
  filter.op = op;
  filter.left.field = tree.RefOf(*object.Field(field));
  filter.operands.emplace_back().number = user_id;
  return filter;
}

}  // namespace

std::vector<std::string_view> ScopesOf(const ObjectInfo& object) {
  std::vector<std::string_view> scopes = {"everything"};
  if (object.Field("OwnerId") != nullptr) scopes.emplace_back("mine");
  if (object.name == "Task") scopes.emplace_back("delegated");
  return scopes;
}

std::optional<Filter> ScopeFilter(std::string_view scope, const ObjectInfo& object, RowTree& tree,
                                  int64_t user_id) {
  if (scope == "everything") return std::nullopt;
  if (scope == "mine") return ByUser(object, "OwnerId", CompareOp::kEq, tree, user_id);
  // A task that the user gave to somebody else.
  Filter delegated;
  delegated.kind = Condition::Kind::kAnd;
  delegated.parts.push_back(ByUser(object, "CreatedById", CompareOp::kEq, tree, user_id));
  delegated.parts.push_back(ByUser(object, "OwnerId", CompareOp::kNe, tree, user_id));
  return delegated;
}

}  // namespace firn::sandbox::soql
