// `/sobjects/X/{id}/{relationship}`: the parent as a record, or the children as a query answers
// them, both with `fields`. What is done to a parent so (PATCH, DELETE) is done to its record.
// Source: REST API Developer Guide, "sObject Relationships", "Traverse Relationships with Friendly
// URLs" (since v36.0), read 2026-11.
#include "sandbox/rest/rest.h"

namespace firn::sandbox {
namespace {

constexpr int kSince = 36;

Answer Parent(ApiParts& parts, ApiRequest& request, const ObjectInfo& object, int64_t id,
              const FieldInfo& field) {
  const auto cursor = parts.org.Query(
      "SELECT " + field.name + " FROM " + object.name + " WHERE Id = '" + IdText(id) + "'",
      request.Options(false));
  if (!cursor) return ErrorAnswer(cursor.error());
  const auto there = (*cursor)->Next();
  if (!there) return ErrorAnswer(there.error());
  if (!*there || (*cursor)->row()[0].null()) return NotFoundAnswer();
  const int64_t parent_id = (*cursor)->row()[0].number;
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  const ObjectInfo* parent = catalogue->ByKeyPrefix(KeyPrefixOf(parent_id));
  if (parent == nullptr) return NotFoundAnswer();
  request.path = {"sobjects", parent->name, IdText(parent_id)};
  return HandleRecord(parts, request);
}

Answer Children(ApiParts& parts, ApiRequest& request, const ObjectInfo& object, int64_t id,
                const ChildRelationship& relationship) {
  if (request.method != "GET") return MethodNotAllowed(request.method, "GET,HEAD");
  const auto catalogue = parts.org.CatalogueFor(request.session.user_id);
  const ObjectInfo* child = VisibleObject(*catalogue, relationship.child_object);
  if (child == nullptr) return NotFoundAnswer();
  const auto parent = parts.org.Read(object.name, IdText(id), request.Options(false));
  if (!parent) return ErrorAnswer(parent.error());
  std::string fields = request.Query("fields");
  if (fields.empty()) {
    for (const FieldInfo& field : child->fields) {
      if (!VisibleField(field, request.version)) continue;
      fields += (fields.empty() ? "" : ",") + field.name;
    }
  }
  request.query = {{"q", "SELECT " + fields + " FROM " + child->name + " WHERE " +
                             relationship.field + " = '" + IdText(id) + "'"}};
  request.path = {"query"};
  return HandleQuery(parts, request, false);
}

}  // namespace

Answer FollowRelationship(ApiParts& parts, ApiRequest& request, const ObjectInfo& object,
                          int64_t id) {
  if (request.version < kSince) return NotFoundAnswer();
  const std::string name = request.path[3];
  const FieldInfo* field = object.Relationship(name);
  if (field != nullptr && VisibleField(*field, request.version)) {
    return Parent(parts, request, object, id, *field);
  }
  const ChildRelationship* children = object.Child(name);
  return children == nullptr ? NotFoundAnswer() : Children(parts, request, object, id, *children);
}

}  // namespace firn::sandbox
