// What a cell's name means: a field, or a parent's external id over a relationship.
// Source: Bulk API 2.0 and Bulk API Developer Guide, 'Relationship Fields in a Header Row',
// read 2026-11.
#include "sandbox/api_error.h"
#include "sandbox/store/write_batch.h"

namespace firn::sandbox {
namespace {

tl::unexpected<Error> NoSuchColumn(const ObjectInfo& object, std::string_view name) {
  return Fail(
      ApiError(400, "INVALID_FIELD",
               "No such column '" + std::string(name) + "' on sobject of type " + object.name));
}

bool IsKey(const FieldInfo* field) {
  return field != nullptr && !field->hidden &&
         (field->external_id || field->id_lookup || field->slot == kIdSlot);
}

}  // namespace

Result<WriteBatch::Target> WriteBatch::TargetOf(const ObjectInfo& object, size_t place,
                                                std::string_view name) {
  if (known_.size() <= place) known_.resize(place + 1);
  Known& known = known_[place];
  if (known.name == name.data() && known.size == name.size() && known.object == &object) {
    return known.target;
  }
  Target target;
  if (name.find('.') != std::string_view::npos) {
    FIRN_TRY(target, ParentTarget(object, name));
  } else {
    target.field = object.Field(name);
  }
  if (target.field == nullptr || (target.field->hidden && !options_.set_audit_fields)) {
    return NoSuchColumn(object, name);
  }
  known = {name.data(), name.size(), &object, target};
  return target;
}

Result<WriteBatch::Target> WriteBatch::ParentTarget(const ObjectInfo& object,
                                                    std::string_view name) const {
  const size_t dot = name.find('.');
  std::string_view path = name.substr(0, dot);
  const std::string_view key_name = name.substr(dot + 1);
  std::string_view type;
  if (const size_t colon = path.find(':'); colon != std::string_view::npos) {
    type = path.substr(0, colon);
    path.remove_prefix(colon + 1);
  }
  Target target;
  target.field = object.Relationship(path);
  if (target.field == nullptr) return NoSuchColumn(object, name);
  for (const std::string& each : target.field->reference_to) {
    const ObjectInfo* parent = catalogue_->Object(each);
    if (parent == nullptr) continue;
    if (!type.empty() && parent != catalogue_->Object(type)) continue;
    if (const FieldInfo* key = parent->Field(key_name); IsKey(key)) {
      target.parent = parent;
      target.key = key;
      return target;
    }
  }
  return Fail(ApiError(400, "INVALID_FIELD",
                       "Field name provided, " + std::string(key_name) +
                           " is not an External ID or indexed field for " +
                           (type.empty() ? target.field->reference_to.front() : std::string(type)),
                       {target.field->name}));
}

Result<std::vector<int64_t>> WriteBatch::FindByKey(const ObjectInfo& object, const FieldInfo& field,
                                                   const Value& value, size_t count_max) {
  std::vector<int64_t> ids;
  if (value.null()) return ids;
  if (field.slot == kIdSlot) {
    FIRN_TRY(const auto row, org_.writer_.Load(object, value.number));
    if (row && !row->deleted) ids.push_back(value.number);
    return ids;
  }
  if (field.key_column < 0) return ids;
  FIRN_TRY(Statement * find,
           org_.writer_.Cached("SELECT n FROM " + TableName(object) + " WHERE k" +
                               std::to_string(field.key_column) + " = ? AND del = 0 LIMIT ?"));
  std::string key;
  if (value.kind == Value::Kind::kText) {
    AppendKeyText(value, key);
    find->BindStaticText(1, key);
  } else {
    BindKeyNumber(*find, 1, value, field.scale);
  }
  find->Bind(2, count_max);
  for (;;) {
    FIRN_TRY(const bool more, find->Step());
    if (!more) break;
    ids.push_back(MakeId(object.key_prefix, static_cast<uint64_t>(find->Int(0))));
  }
  find->Reset();
  return ids;
}

Result<int64_t> WriteBatch::FindParent(const Target& target, std::string_view text) {
  FIRN_TRY(const Value key, ParseFieldView(*target.key, text));
  FIRN_TRY(const auto found, FindByKey(*target.parent, *target.key, key, 2));
  if (found.size() == 1) return found.front();
  const std::string shown(text.substr(0, 80));
  if (found.empty()) {
    return Fail(ApiError(400, "INVALID_FIELD",
                         "Foreign key external ID: " + shown + " not found for field " +
                             target.key->name + " in entity " + target.parent->name,
                         {}));
  }
  return Fail(ApiError(400, "INVALID_FIELD",
                       "Foreign key external ID: " + shown + " matches more than one record of " +
                           target.parent->name,
                       {target.field->name}));
}

}  // namespace firn::sandbox
