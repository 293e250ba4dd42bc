#include "sandbox/store/access_view.h"

#include <algorithm>

#include "sandbox/api_error.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

// Objects that no permission is needed for: what a client must read to sign in and find its way.
constexpr std::string_view kOpenObjects[] = {
    "FieldPermissions",  "Group",        "GroupMember",   "LoginHistory",
    "ObjectPermissions", "Organization", "PermissionSet", "PermissionSetAssignment",
    "Profile",           "RecordType",   "User",          "UserRole"};

bool IsOpenObject(std::string_view name) {
  return std::find(std::begin(kOpenObjects), std::end(kOpenObjects), name) !=
         std::end(kOpenObjects);
}

// Required fields, names and what the org sets itself cannot be taken away.
bool CannotBeHidden(const FieldInfo& field) {
  return field.type == FieldType::kId || !field.permissionable || field.name_field ||
         field.name == "OwnerId" || field.generate == "system" ||
         (!field.nillable && field.type != FieldType::kBoolean && !field.defaulted_on_create);
}

Error NoAccess() {
  return ApiError(400, "INSUFFICIENT_ACCESS_OR_READONLY",
                  "insufficient access rights on object id");
}

}  // namespace

AccessView::AccessView(std::shared_ptr<const Catalogue> base, AccessFacts facts)
    : base_(std::move(base)),
      facts_(std::move(facts)),
      restricted_(facts_.closed || (!facts_.private_objects.empty() && !facts_.view_all)),
      catalogue_(facts_.closed ? Narrowed() : base_) {}

ObjectAccess AccessView::AccessTo(const ObjectInfo& object) const {
  if (!facts_.closed) return {true, true, true, true, facts_.view_all};
  const auto found = facts_.objects.find(Folded(object.name));
  ObjectAccess access = found == facts_.objects.end() ? ObjectAccess{} : found->second;
  if (IsOpenObject(object.name)) access.read = access.view_all = true;
  access.read = access.read || facts_.view_all;
  access.view_all = access.view_all || facts_.view_all;
  return access;
}

bool AccessView::Sees(const ObjectInfo& object, const FieldInfo& field) const {
  if (IsOpenObject(object.name) || CannotBeHidden(field)) return true;
  // A compound is seen when its parts are; custom or not, a part stands for itself.
  return facts_.fields.contains(Folded(object.name) + "." + Folded(field.name)) ||
         !field.components.empty();
}

std::shared_ptr<const Catalogue> AccessView::Narrowed() const {
  std::vector<ObjectInfo> objects;
  for (const ObjectInfo& object : base_->objects()) {
    const ObjectAccess access = AccessTo(object);
    if (!access.read) continue;
    ObjectInfo& mine = objects.emplace_back(object);
    mine.createable = mine.createable && access.create;
    mine.updateable = mine.updateable && access.edit;
    mine.deletable = mine.deletable && access.remove;
    for (FieldInfo& field : mine.fields) {
      if (Sees(object, field)) continue;
      field.hidden = true;
    }
    std::erase_if(mine.child_relationships, [&](const ChildRelationship& child) {
      const ObjectInfo* of = base_->Object(child.child_object);
      return of == nullptr || !AccessTo(*of).read;
    });
  }
  return std::make_shared<const Catalogue>(std::move(objects));
}

bool AccessView::OwnOnly(const ObjectInfo& object) const {
  if (facts_.view_all || !facts_.private_objects.contains(Folded(object.name))) return false;
  const FieldInfo* owner = object.Field("OwnerId");
  return owner != nullptr && owner->slot >= 0 && !AccessTo(object).view_all;
}

std::optional<Error> AccessView::Refuses(const Mutation& mutation, const ObjectInfo& object) const {
  const ObjectAccess access = AccessTo(object);
  if (!access.read) {
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist");
  }
  const Mutation::Kind kind = mutation.kind;
  const bool removes = kind == Mutation::Kind::kDelete || kind == Mutation::Kind::kPurge;
  const bool allowed = kind == Mutation::Kind::kInsert   ? access.create
                       : kind == Mutation::Kind::kUpsert ? access.create && access.edit
                       : removes                         ? access.remove
                                                         : access.edit;
  if (!allowed) {
    if (kind != Mutation::Kind::kInsert) return NoAccess();
    return ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                    "entity type cannot be inserted: " + object.label);
  }
  if (!facts_.closed) return std::nullopt;
  for (const Cell& cell : mutation.cells) {
    const FieldInfo* field = object.Field(cell.name);
    if (field == nullptr || CannotBeHidden(*field)) continue;
    const auto found = facts_.fields.find(Folded(object.name) + "." + Folded(field->name));
    if (found == facts_.fields.end()) {
      return ApiError(400, "INVALID_FIELD",
                      "No such column '" + field->name + "' on sobject of type " + object.name);
    }
    if (!found->second) {
      return ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE",
                      "Unable to create/update fields: " + field->name +
                          ". Please check the security settings of this field and verify that it "
                          "is read/write for your profile or permission set.",
                      {field->name});
    }
  }
  return std::nullopt;
}

}  // namespace firn::sandbox
