// Records written one at a time, with the checks a client would meet.
// Source: REST API Developer Guide, 'Status Codes and Error Responses'; SOAP API Developer Guide,
// 'StatusCode'; read 2026-11.
#include <algorithm>
#include <deque>

#include "sandbox/api_error.h"
#include "sandbox/store/derive.h"
#include "sandbox/store/org_impl.h"
#include "sandbox/store/row_codec.h"

namespace firn::sandbox {

// A record while it is being written: values by slot, and the texts they point to.
struct OrgImpl::Draft {
  std::shared_ptr<const Catalogue> catalogue;
  const ObjectInfo* object = nullptr;
  bool is_new = false;
  std::vector<Value> values;
  std::deque<std::string> texts;
  std::vector<std::string> changed;
};

namespace {

tl::unexpected<Error> NoSuchColumn(const ObjectInfo& object, const std::string& name) {
  return Fail(ApiError(400, "INVALID_FIELD",
                       "No such column '" + name + "' on sobject of type " + object.name));
}

void SetSlot(const ObjectInfo& object, std::vector<Value>& values, std::string_view name,
             Value value) {
  const FieldInfo* field = object.Field(name);
  if (field != nullptr && field->slot >= 0) values[field->slot] = value;
}

// `W-000001` and the number of the record after the first: `W-000042`.
std::string AutoNumber(const FieldInfo& field, uint64_t offset) {
  std::string format = field.generate.starts_with("number_sequence ")
                           ? field.generate.substr(16)
                           : field.name.substr(0, 1) + "-00000";
  size_t digits = 0;
  while (digits < format.size() &&
         std::isdigit(static_cast<uint8_t>(format[format.size() - 1 - digits])) != 0) {
    ++digits;
  }
  const std::string head = format.substr(0, format.size() - digits);
  const uint64_t first = std::strtoull(format.c_str() + head.size(), nullptr, 10);
  std::string number = std::to_string(first + offset);
  if (number.size() < digits) number.insert(0, digits - number.size(), '0');
  return head + number;
}

}  // namespace

int64_t OrgImpl::UserOf(const Change& change) const {
  return ParseId(change.user_id).value_or(admin_id_);
}

Result<void> OrgImpl::ApplyFields(Draft& draft, const std::vector<FieldText>& fields,
                                  const Change& change) {
  const ObjectInfo& object = *draft.object;
  std::vector<std::string> forbidden;
  for (const auto& given : fields) {
    const FieldInfo* field = object.Field(given.name);
    if (field == nullptr || (field->hidden && !change.set_audit_fields)) {
      return NoSuchColumn(object, given.name);
    }
    const bool writable = draft.is_new ? field->createable : field->updateable;
    const bool stored = field->slot >= 0 && field->slot != kIdSlot;
    if (!stored || (!writable && !change.set_audit_fields)) {
      forbidden.push_back(field->name);
      continue;
    }
    std::string& storage = draft.texts.emplace_back();
    FIRN_TRY(Value value, ParseFieldText(*field, given.text.value_or(""), storage));
    if (field->type == FieldType::kBoolean && value.null()) value = Value::Bool(false);
    FIRN_CHECK(CheckField(object, *field, value, draft.values[kIdSlot].number));
    draft.values[field->slot] = value;
    draft.changed.push_back(field->name);
  }
  if (forbidden.empty()) return {};
  std::string names;
  for (const auto& name : forbidden) names += (names.empty() ? "" : ", ") + name;
  return Fail(ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE",
                       "Unable to create/update fields: " + names +
                           ". Please check the security settings of this field and verify that it "
                           "is read/write for your profile or permission set.",
                       forbidden));
}

Result<void> OrgImpl::CheckField(const ObjectInfo& object, const FieldInfo& field,
                                 const Value& value, int64_t own_id) {
  if (value.null()) return {};
  if (field.restricted_picklist && field.type == FieldType::kPicklist &&
      std::none_of(field.picklist_values.begin(), field.picklist_values.end(),
                   [&](const PicklistValue& each) { return each.value == value.text; })) {
    return Fail(ApiError(
        400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        field.label + ": bad value for restricted picklist field: " + std::string(value.text),
        {field.name}));
  }
  if (field.type == FieldType::kReference) {
    const auto schema = catalogue();
    const ObjectInfo* target = schema->ByKeyPrefix(KeyPrefixOf(value.number));
    const bool allowed =
        target != nullptr && std::find(field.reference_to.begin(), field.reference_to.end(),
                                       target->name) != field.reference_to.end();
    if (target != nullptr && !allowed) {
      return Fail(ApiError(400, "FIELD_INTEGRITY_EXCEPTION",
                           field.label + ": id value of incorrect type: " + IdText(value.number),
                           {field.name}));
    }
    if (target == nullptr) return {};  // an object this org does not have
    FIRN_TRY(const auto row, writer_.Load(*target, value.number));
    if (!row || row->deleted) {
      return Fail(ApiError(400, row ? "ENTITY_IS_DELETED" : "INVALID_CROSS_REFERENCE_KEY",
                           row ? "entity is deleted" : "invalid cross reference id", {field.name}));
    }
  }
  if (field.unique && field.key_column >= 0) {
    FIRN_TRY(Statement * find,
             writer_.Cached("SELECT n FROM " + TableName(object) + " WHERE k" +
                            std::to_string(field.key_column) + " = ? AND n != ?"));
    std::string key;
    AppendKeyText(value, key);
    if (value.kind == Value::Kind::kText) {
      find->Bind(1, std::string_view(key));
    } else {
      find->Bind(1, value.number);
    }
    find->Bind(2, static_cast<int64_t>(RecordNumberOf(own_id)));
    FIRN_TRY(const bool taken, find->Step());
    const int64_t other = taken ? MakeId(object.key_prefix, find->Int(0)) : 0;
    find->Reset();
    if (taken) {
      return Fail(ApiError(400, "DUPLICATE_VALUE",
                           "duplicate value found: " + field.name +
                               " duplicates value on record with id: " + IdText(other)));
    }
  }
  return {};
}

// Audit fields, defaults and derived fields.
Result<void> OrgImpl::Stamp(Draft& draft, const Change& change) {
  const ObjectInfo& object = *draft.object;
  const Value now = Value::DateTime(NowSeconds());
  const Value user = Value::Id(UserOf(change));
  const auto given = [&](std::string_view name) {
    return change.set_audit_fields &&
           std::find(draft.changed.begin(), draft.changed.end(), name) != draft.changed.end();
  };
  if (!given("SystemModstamp")) draft.values[kModstampSlot] = now;
  if (!given("LastModifiedDate")) {
    SetSlot(object, draft.values, "LastModifiedDate", draft.values[kModstampSlot]);
  }
  if (!given("LastModifiedById")) SetSlot(object, draft.values, "LastModifiedById", user);
  if (draft.is_new) {
    if (!given("CreatedDate")) {
      SetSlot(object, draft.values, "CreatedDate", draft.values[kModstampSlot]);
    }
    if (!given("CreatedById")) SetSlot(object, draft.values, "CreatedById", user);
  }
  Deriver(object).Apply(draft.values, draft.texts);
  return {};
}

Result<void> OrgImpl::Commit(const Draft& draft, RecordChange::Kind kind, const Change& change) {
  FIRN_TRY(Transaction transaction, Transaction::Begin(writer_.db()));
  FIRN_TRY(RowWriter writer, RowWriter::Prepare(writer_.db(), *draft.object));
  FIRN_CHECK(writer.Write(draft.values));
  FIRN_CHECK(SaveCounters(*draft.object));
  FIRN_CHECK(transaction.Commit());
  if (!hook_) return {};
  RecordChange event{kind,
                     draft.object->name,
                     draft.values[kIdSlot].number,
                     change.user_id,
                     UtcMicros(std::chrono::milliseconds(draft.values[kModstampSlot].number)),
                     draft.changed};
  hook_(event);
  return {};
}

Result<int64_t> OrgImpl::Insert(std::string_view object_name, const std::vector<FieldText>& fields,
                                const Change& change) {
  const std::lock_guard lock(write_mutex_);
  Draft draft;
  draft.catalogue = catalogue();
  draft.object = draft.catalogue->Object(object_name);
  draft.is_new = true;
  if (draft.object == nullptr) {
    return Fail(ApiError(404, "NOT_FOUND", "The requested resource does not exist"));
  }
  const ObjectInfo& object = *draft.object;
  ObjectCounters& counters = CountersOf(object);
  const int64_t id = MakeId(object.key_prefix, counters.next_number);
  draft.values.resize(object.slots.size());
  draft.values[kIdSlot] = Value::Id(id);
  draft.values[kDeletedSlot] = Value::Bool(false);
  for (const auto& field : object.fields) {
    if (field.slot < kFirstStoredSlot) continue;
    if (field.default_value) {
      std::string& storage = draft.texts.emplace_back();
      FIRN_TRY(draft.values[field.slot], ParseFieldText(field, *field.default_value, storage));
    }
    if (field.auto_number) {
      draft.texts.push_back(AutoNumber(field, counters.next_number - kFirstRecordNumber));
      draft.values[field.slot] = Value::Text(draft.texts.back());
    }
  }
  SetSlot(object, draft.values, "OwnerId", Value::Id(UserOf(change)));
  FIRN_CHECK(ApplyFields(draft, fields, change));
  FIRN_CHECK(Stamp(draft, change));
  std::vector<std::string> missing;
  for (const auto& field : object.fields) {
    if (field.slot >= kFirstStoredSlot && !field.nillable && field.createable &&
        !field.defaulted_on_create && draft.values[field.slot].null()) {
      missing.push_back(field.name);
    }
  }
  if (!missing.empty()) {
    std::string names;
    for (const auto& name : missing) names += (names.empty() ? "" : ", ") + name;
    return Fail(ApiError(400, "REQUIRED_FIELD_MISSING",
                         "Required fields are missing: [" + names + "]", missing));
  }
  ++counters.next_number;
  ++counters.live;
  ++counters.total;
  auto committed = Commit(draft, RecordChange::Kind::kCreate, change);
  if (!committed) {
    --counters.next_number;
    --counters.live;
    --counters.total;
    return Fail(std::move(committed).error());
  }
  return id;
}

Result<OrgImpl::Draft> OrgImpl::LoadDraft(int64_t id) {
  Draft draft;
  draft.catalogue = catalogue();
  draft.object = draft.catalogue->ByKeyPrefix(KeyPrefixOf(id));
  const auto not_found = [] {
    return Fail(ApiError(404, "NOT_FOUND", "The requested resource does not exist"));
  };
  if (draft.object == nullptr) return not_found();
  FIRN_TRY(auto row, writer_.Load(*draft.object, id));
  if (!row) return not_found();
  const std::string& blob = draft.texts.emplace_back(std::move(row->blob));
  RowReader reader(*draft.object, {});
  if (!reader.Read(id, row->deleted, row->modstamp, blob)) {
    return Fail(Kind::kCorrupt, "SBX-STORE-001", "a stored row of the org cannot be decoded");
  }
  draft.values = reader.values();
  return draft;
}

Result<void> OrgImpl::Update(int64_t id, const std::vector<FieldText>& fields,
                             const Change& change) {
  const std::lock_guard lock(write_mutex_);
  FIRN_TRY(Draft draft, LoadDraft(id));
  if (draft.values[kDeletedSlot].number != 0) {
    return Fail(ApiError(404, "ENTITY_IS_DELETED", "entity is deleted"));
  }
  FIRN_CHECK(ApplyFields(draft, fields, change));
  FIRN_CHECK(Stamp(draft, change));
  return Commit(draft, RecordChange::Kind::kUpdate, change);
}

Result<void> OrgImpl::SetDeleted(int64_t id, bool deleted, const Change& change) {
  FIRN_TRY(Draft draft, LoadDraft(id));
  if (!draft.object->deletable) {
    return Fail(ApiError(400, "INSUFFICIENT_ACCESS_OR_READONLY",
                         "insufficient access rights on object id"));
  }
  if ((draft.values[kDeletedSlot].number != 0) == deleted) {
    return deleted ? Fail(ApiError(404, "ENTITY_IS_DELETED", "entity is deleted"))
                   : Fail(ApiError(400, "UNDELETE_FAILED", "Entity is not in the recycle bin"));
  }
  draft.values[kDeletedSlot] = Value::Bool(deleted);
  FIRN_CHECK(Stamp(draft, change));
  auto& live = CountersOf(*draft.object).live;
  const uint64_t before = live;
  live = deleted ? before - 1 : before + 1;
  auto committed =
      Commit(draft, deleted ? RecordChange::Kind::kDelete : RecordChange::Kind::kUndelete, change);
  if (!committed) live = before;
  return committed;
}

Result<void> OrgImpl::Delete(int64_t id, const Change& change) {
  const auto schema = catalogue();
  const ObjectInfo* object = schema->ByKeyPrefix(KeyPrefixOf(id));
  if (object != nullptr && object->deletable && !object->undeletable) return Purge(id, change);
  const std::lock_guard lock(write_mutex_);
  return SetDeleted(id, true, change);
}

Result<void> OrgImpl::Undelete(int64_t id, const Change& change) {
  const std::lock_guard lock(write_mutex_);
  return SetDeleted(id, false, change);
}

Result<void> OrgImpl::Purge(int64_t id, const Change& change) {
  const std::lock_guard lock(write_mutex_);
  FIRN_TRY(const Draft draft, LoadDraft(id));
  const bool live = draft.values[kDeletedSlot].number == 0;
  FIRN_TRY(Transaction transaction, Transaction::Begin(writer_.db()));
  FIRN_TRY(Statement * drop,
           writer_.Cached("DELETE FROM " + TableName(*draft.object) + " WHERE n = ?"));
  drop->Bind(1, static_cast<int64_t>(RecordNumberOf(id)));
  FIRN_CHECK(drop->Run());
  ObjectCounters& counters = CountersOf(*draft.object);
  --counters.total;
  if (live) --counters.live;
  auto committed = SaveCounters(*draft.object);
  if (committed) committed = transaction.Commit();
  if (!committed) {
    ++counters.total;
    if (live) ++counters.live;
    return committed;
  }
  if (hook_ && live) {
    hook_({RecordChange::Kind::kDelete,
           draft.object->name,
           id,
           change.user_id,
           UtcMicros(std::chrono::milliseconds(NowSeconds())),
           {}});
  }
  return {};
}

}  // namespace firn::sandbox
