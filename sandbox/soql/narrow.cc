#include "sandbox/soql/narrow.h"

namespace firn::sandbox::soql {
namespace {

Condition OwnedBy(const std::string& user_id, size_t at) {
  Condition owned;
  owned.kind = Condition::Kind::kCompare;
  owned.left.path = {"OwnerId"};
  owned.left.at = at;
  owned.op = CompareOp::kEq;
  Literal user;
  user.kind = Literal::Kind::kString;
  user.text = user_id;
  user.at = at;
  owned.values.push_back(std::move(user));
  owned.at = at;
  return owned;
}

void NarrowObject(Query& query, const ObjectInfo& object, const AccessView& view);

void NarrowCondition(Condition& condition, const AccessView& view) {
  for (Condition& part : condition.parts) NarrowCondition(part, view);
  if (condition.subquery) Narrow(*condition.subquery, view);
}

void NarrowObject(Query& query, const ObjectInfo& object, const AccessView& view) {
  for (SelectItem& item : query.select) {
    if (!item.subquery) continue;
    const ChildRelationship* child = object.Child(item.subquery->object);
    const ObjectInfo* of =
        child == nullptr ? nullptr : view.catalogue()->Object(child->child_object);
    if (of != nullptr) NarrowObject(*item.subquery, *of, view);
  }
  if (query.where) NarrowCondition(*query.where, view);
  if (!view.OwnOnly(object)) return;
  Condition owned = OwnedBy(view.user_id(), query.object_at);
  if (query.where) {
    Condition both;
    both.kind = Condition::Kind::kAnd;
    both.at = query.where->at;
    both.parts.push_back(*std::move(query.where));
    both.parts.push_back(std::move(owned));
    owned = std::move(both);
  }
  query.where = std::move(owned);
}

}  // namespace

void Narrow(Query& query, const AccessView& view) {
  if (!view.restricted()) return;
  const ObjectInfo* object = view.catalogue()->Object(query.object);
  if (object != nullptr) NarrowObject(query, *object, view);
}

}  // namespace firn::sandbox::soql
