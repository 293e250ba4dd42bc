// What a value must be before it is written.
// Source: SOAP API Developer Guide, 'StatusCode'; REST API Developer Guide, 'Status Codes and Error
// Responses'; Object Reference, 'Field Types'; read 2026-11.
#include <algorithm>

#include "sandbox/api_error.h"
#include "sandbox/store/write_batch.h"

namespace firn::sandbox {
namespace {

constexpr size_t kLiveParentsMax = 65'536;

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

// The words for true and false that a CSV file may use. Source: Bulk API 2.0 and Bulk API Developer
// Guide, 'Valid CSV Record Rows', read 2026-11.
std::string_view PlainFlag(std::string_view text) {
  const std::string folded = Folded(text);
  for (const char* yes : {"yes", "y", "on"}) {
    if (folded == yes) return "true";
  }
  for (const char* no : {"no", "n", "off"}) {
    if (folded == no) return "false";
  }
  return text;
}

// An attachment may have no bytes, and is not without a body then: its BodyLength is 0.
bool MayBeEmpty(const ObjectInfo& object, const FieldInfo& field) {
  return field.type == FieldType::kBase64 && object.name == "Attachment";
}

tl::unexpected<Error> NotWritable(const std::vector<std::string>& fields) {
  std::string names;
  for (const auto& name : fields) names += (names.empty() ? "" : ", ") + name;
  return Fail(ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE",
                       "Unable to create/update fields: " + names +
                           ". Please check the security settings of this field and verify that it "
                           "is read/write for your profile or permission set.",
                       fields));
}

}  // namespace

Result<void> WriteBatch::ApplyCells(Draft& draft, std::span<const Cell> cells,
                                    const FieldInfo* but) {
  std::vector<std::string> forbidden;
  for (size_t i = 0; i < cells.size(); ++i) {
    FIRN_TRY(const Target target, TargetOf(draft.object(), i, cells[i].name));
    const FieldInfo& field = *target.field;
    if (but != nullptr && (&field == but || field.slot == kIdSlot)) {
      if (!draft.is_new || field.slot == kIdSlot) continue;
    }
    const bool writable = draft.is_new ? field.createable : field.updateable;
    const bool stored = field.slot >= 0 && field.slot != kIdSlot;
    if (!stored || (!writable && !options_.set_audit_fields)) {
      forbidden.push_back(field.name);
      continue;
    }
    FIRN_TRY(Value value, ReadCell(target, cells[i].text.value_or("")));
    if (value.null() && cells[i].text && MayBeEmpty(draft.object(), field)) value = Value::Text("");
    FIRN_CHECK(CheckValue(draft, field, value));
    draft.values[field.slot] = value;
    if (options_.set_audit_fields) draft.given.push_back(field.slot);
  }
  if (!forbidden.empty()) return NotWritable(forbidden);
  return {};
}

Result<Value> WriteBatch::ReadCell(const Target& target, std::string_view text) {
  const FieldInfo& field = *target.field;
  if (target.parent != nullptr) {
    if (text.empty()) return Value{};
    FIRN_TRY(const int64_t parent, FindParent(target, text));
    return Value::Id(parent);
  }
  // The vendor keeps no blanks around a text.
  if (IsText(field.type) && field.type != FieldType::kBase64) text = Trimmed(text);
  if (options_.from_csv && field.type == FieldType::kBoolean) text = PlainFlag(text);
  auto parsed = ParseFieldView(field, text);
  if (!parsed) {
    if (!options_.from_csv || parsed.error().remote().api_code != "JSON_PARSER_ERROR") {
      return parsed;
    }
    return Fail(
        ApiError(400, "INVALID_TYPE_ON_FIELD_IN_RECORD",
                 field.label + ": value not of required type: " + std::string(text.substr(0, 80)),
                 {field.name}));
  }
  Value value = *parsed;
  if (field.type == FieldType::kBoolean && value.null()) value = Value::Bool(false);
  return value;
}

Result<void> WriteBatch::CheckValue(const Draft& draft, const FieldInfo& field,
                                    const Value& value) {
  if (value.null()) return {};
  if (field.restricted_picklist) FIRN_CHECK(CheckPicklist(field, value));
  if (field.type == FieldType::kReference) FIRN_CHECK(CheckReference(field, value));
  if (field.unique && field.key_column >= 0) FIRN_CHECK(CheckUnique(draft, field, value));
  return {};
}

Result<void> WriteBatch::CheckPicklist(const FieldInfo& field, const Value& value) const {
  if (field.type != FieldType::kPicklist && field.type != FieldType::kMultiPicklist) return {};
  const auto known = [&](std::string_view text) {
    return std::any_of(field.picklist_values.begin(), field.picklist_values.end(),
                       [&](const PicklistValue& each) { return each.value == text; });
  };
  std::string_view rest = value.text;
  while (!rest.empty()) {
    size_t end = rest.size();
    if (field.type == FieldType::kMultiPicklist) end = std::min(rest.find(';'), end);
    if (!known(rest.substr(0, end))) {
      return Fail(ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                           field.label + ": bad value for restricted picklist field: " +
                               std::string(rest.substr(0, end)),
                           {field.name}));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

Result<void> WriteBatch::CheckReference(const FieldInfo& field, const Value& value) {
  const bool known = live_.contains(value.number);
  if (known && !org_.refuses_lock_) return {};
  const ObjectInfo* target = catalogue_->ByKeyPrefix(KeyPrefixOf(value.number));
  if (target == nullptr) return {};  // an object this org does not have
  if (known) return CheckLock(*target, value.number);
  if (std::find(field.reference_to.begin(), field.reference_to.end(), target->name) ==
      field.reference_to.end()) {
    return Fail(ApiError(400, "FIELD_INTEGRITY_EXCEPTION",
                         field.label + ": id value of incorrect type: " + IdText(value.number),
                         {field.name}));
  }
  FIRN_TRY(WritePlan * plan, PlanOf(*target));
  FIRN_TRY(Statement * find, org_.writer_.Cached(plan->exists_sql));
  find->Bind(1, RecordNumberOf(value.number));
  FIRN_TRY(const bool there, find->Step());
  const bool deleted = there && find->Int(0) != 0;
  find->Reset();
  if (!there || deleted) {
    return Fail(ApiError(400, there ? "ENTITY_IS_DELETED" : "INVALID_CROSS_REFERENCE_KEY",
                         there ? "entity is deleted" : "invalid cross reference id", {field.name}));
  }
  FIRN_CHECK(CheckLock(*target, value.number));
  if (live_.size() < kLiveParentsMax) live_.insert(value.number);
  return {};
}

Result<void> WriteBatch::CheckUnique(const Draft& draft, const FieldInfo& field,
                                     const Value& value) {
  FIRN_TRY(const auto found, FindByKey(draft.object(), field, value, 2));
  for (const int64_t other : found) {
    if (!draft.is_new && other == draft.id()) continue;
    return Fail(ApiError(400, "DUPLICATE_VALUE",
                         "duplicate value found: " + field.name +
                             " duplicates value on record with id: " + IdText(other)));
  }
  return {};
}

Result<void> WriteBatch::CheckRequired(const Draft& draft) const {
  std::vector<std::string> missing;
  for (const FieldInfo* field : draft.plan->required) {
    if (!draft.values[field->slot].null()) continue;
    // Seeded or migrated records may lack what nobody touches now.
    if (!draft.is_new && draft.before[field->slot].null()) continue;
    missing.push_back(field->name);
  }
  if (missing.empty()) return {};
  std::string names;
  for (const auto& name : missing) names += (names.empty() ? "" : ", ") + name;
  return Fail(ApiError(400, "REQUIRED_FIELD_MISSING",
                       "Required fields are missing: [" + names + "]", missing));
}

Result<void> WriteBatch::CheckLock(const ObjectInfo& object, int64_t id) const {
  if (!org_.refuses_lock_ || !org_.refuses_lock_(object, id)) return {};
  return Fail(ApiError(400, "UNABLE_TO_LOCK_ROW",
                       "unable to obtain exclusive access to this record" +
                           (id == 0 ? std::string() : " or 1 records: " + IdText(id))));
}

}  // namespace firn::sandbox
