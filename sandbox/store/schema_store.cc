// The org's schema on disk: object files of the user, slots of fields, what is hidden or removed.
#include <set>

#include "sandbox/api_error.h"
#include "sandbox/store/object_file.h"
#include "sandbox/store/org_impl.h"

namespace firn::sandbox {
namespace {

// Audit references are rarely asked for and would cost two indexes on every object.
bool WantsIndex(const FieldInfo& field) {
  if (field.name == "CreatedById" || field.name == "LastModifiedById") return false;
  if (field.type == FieldType::kReference || field.name == "CreatedDate") return true;
  if (field.name_field && IsText(field.type)) return true;
  return field.external_id || field.unique || (field.id_lookup && field.type != FieldType::kId);
}

bool IsStored(const FieldInfo& field) {
  return !field.calculated && field.type != FieldType::kAddress &&
         field.type != FieldType::kLocation;
}

// Stands for the object itself among the states of its fields.
constexpr std::string_view kWholeObject;

// The vendor deletes no object that a lookup refers to: the lookups go with it.
void DropObjects(const std::set<std::string>& gone, std::vector<ObjectInfo>& objects) {
  if (gone.empty()) return;
  std::erase_if(objects, [&](const ObjectInfo& object) { return gone.contains(object.name); });
  for (ObjectInfo& object : objects) {
    std::erase_if(object.fields, [&](FieldInfo& field) {
      const bool refers = !field.reference_to.empty();
      std::erase_if(field.reference_to, [&](const auto& name) { return gone.contains(name); });
      return refers && field.reference_to.empty();
    });
  }
}

}  // namespace

Result<void> OrgImpl::DefineYaml(std::string_view yaml) {
  FIRN_TRY(const ObjectInfo parsed, ParseObjectFile(yaml));
  {
    const std::lock_guard lock(write_mutex_);
    Database& db = writer_.db();
    FIRN_TRY(Statement same, db.Prepare("SELECT 1 FROM object_files WHERE yaml = ?"));
    same.Bind(1, yaml);
    FIRN_TRY(const bool known, same.Step());
    if (known) return {};
    FIRN_TRY(Statement put, db.Prepare("INSERT INTO object_files(yaml) VALUES (?)"));
    put.Bind(1, yaml);
    FIRN_CHECK(put.Run());
  }
  auto rebuilt = RebuildCatalogue(parsed.name);
  if (!rebuilt) {  // what contradicts the schema is not kept
    const std::lock_guard lock(write_mutex_);
    Database& db = writer_.db();
    FIRN_TRY(Statement drop, db.Prepare("DELETE FROM object_files WHERE yaml = ?"));
    drop.Bind(1, yaml);
    FIRN_CHECK(drop.Run());
  }
  return rebuilt;
}

Result<void> OrgImpl::RebuildCatalogue(std::string_view changed_object) {
  const std::lock_guard lock(write_mutex_);
  std::vector<ObjectInfo> objects;
  if (content_ == Content::kBuiltIn) {
    FIRN_TRY(objects, BuiltInObjects());
  }
  {
    FIRN_TRY(Statement files, writer_.db().Prepare("SELECT yaml FROM object_files ORDER BY id"));
    for (;;) {
      FIRN_TRY(const bool more, files.Step());
      if (!more) break;
      FIRN_TRY(ObjectInfo object, ParseObjectFile(files.Text(0)));
      objects.push_back(std::move(object));
    }
  }
  FIRN_TRY(objects, JoinObjects(std::move(objects)));
  {
    FIRN_TRY(Transaction transaction, Transaction::Begin(writer_.db()));
    if (!changed_object.empty()) {
      FIRN_TRY(Statement touch, writer_.db().Prepare("UPDATE objects SET changed_at = ?"
                                                     " WHERE name = ? COLLATE NOCASE"));
      touch.Bind(1, NowSeconds()).Bind(2, changed_object);
      FIRN_CHECK(touch.Run());
    }
    std::set<std::string> gone;
    for (auto& object : objects) {
      FIRN_TRY(const bool is_new, NumberObject(object));
      FIRN_TRY(const std::vector<int> fresh, PlaceFields(object));
      FIRN_CHECK(is_new ? MakeTable(object) : AddColumns(object, fresh));
      FIRN_TRY(const bool stands, ApplyFieldStates(object));
      if (!stands) gone.insert(object.name);
      FIRN_CHECK(MakeIndexes(object));
    }
    DropObjects(gone, objects);
    FIRN_CHECK(transaction.Commit());
  }
  IndexObjects(objects);
  auto rebuilt = std::make_shared<const Catalogue>(std::move(objects));
  const std::lock_guard swap(catalogue_mutex_);
  catalogue_ = std::move(rebuilt);
  return {};
}

// Finds or makes the object's row in `objects`. Whether it was made.
Result<bool> OrgImpl::NumberObject(ObjectInfo& object) {
  Database& db = writer_.db();
  FIRN_TRY(Statement find, db.Prepare("SELECT number, next_n, live, total, changed_at FROM objects"
                                      " WHERE name = ?"));
  find.Bind(1, object.name);
  FIRN_TRY(const bool known, find.Step());
  if (known) {
    object.number = static_cast<int>(find.Int(0));
    object.changed_at = UtcMicros(std::chrono::milliseconds(find.Int(4)));
    const std::lock_guard lock(catalogue_mutex_);
    const auto [counters, is_new] = counters_.try_emplace(object.number);
    if (is_new) {
      counters->second.next_number = find.Int(1);
      counters->second.live = find.Int(2);
      counters->second.total = find.Int(3);
    }
    return false;
  }
  FIRN_TRY(Statement put, db.Prepare("INSERT INTO objects(name, next_n, live, total, changed_at)"
                                     " VALUES (?, ?, 0, 0, ?)"));
  // The one Organization record is the org itself.
  const uint64_t first = object.name == "Organization"
                             ? RecordNumberOf(ParseId(org_id_).value_or(kFirstRecordNumber))
                             : kFirstRecordNumber;
  put.Bind(1, object.name).Bind(2, static_cast<int64_t>(first)).Bind(3, NowSeconds());
  FIRN_CHECK(put.Run());
  object.number = static_cast<int>(db.LastInsertRowid());
  object.changed_at = UtcMicros(std::chrono::milliseconds(NowSeconds()));
  {
    const std::lock_guard lock(catalogue_mutex_);
    counters_[object.number].next_number = first;
  }
  return true;
}

// With all its columns at once: every ALTER TABLE makes SQLite read the whole schema again.
Result<void> OrgImpl::MakeTable(const ObjectInfo& object) {
  std::string sql = "CREATE TABLE " + TableName(object) +
                    "(n INTEGER PRIMARY KEY, del INTEGER NOT NULL, mod INTEGER NOT NULL,"
                    " row BLOB NOT NULL";
  for (size_t i = 0; i < object.key_slots.size(); ++i) sql += ", k" + std::to_string(i);
  return writer_.db().Execute(sql + ")");
}

Result<void> OrgImpl::AddColumns(const ObjectInfo& object, const std::vector<int>& columns) {
  for (const int column : columns) {
    FIRN_CHECK(writer_.db().Execute("ALTER TABLE " + TableName(object) + " ADD COLUMN k" +
                                    std::to_string(column)));
  }
  return {};
}

// Gives every stored field its slot, the same as ever for known ones, and its key column. The key
// columns that the table has not got yet.
Result<std::vector<int>> OrgImpl::PlaceFields(ObjectInfo& object) {
  Database& db = writer_.db();
  object.slots = {{FieldType::kId, 0}, {FieldType::kBoolean, 0}, {FieldType::kDateTime, 0}};
  FIRN_TRY(Statement known, db.Prepare("SELECT slot, field, type, scale, key_column FROM slots"
                                       " WHERE object = ? ORDER BY slot"));
  known.Bind(1, static_cast<int64_t>(object.number));
  std::vector<int> fresh;
  std::map<int, int> key_slots;
  std::map<std::string, std::pair<int, int>> places;  // field, type and scale -> slot, key column
  for (;;) {
    FIRN_TRY(const bool more, known.Step());
    if (!more) break;
    const auto type = TypeByName(known.Text(2)).value_or(FieldType::kString);
    const auto slot = static_cast<int>(object.slots.size());
    const int key = known.IsNull(4) ? -1 : static_cast<int>(known.Int(4));
    object.slots.push_back({type, static_cast<uint8_t>(known.Int(3))});
    if (key >= 0) key_slots[key] = slot;
    places[std::string(known.Text(1)) + '/' + std::string(known.Text(2)) + '/' +
           std::to_string(known.Int(3))] = {slot, key};
  }
  FIRN_TRY(Statement put,
           db.Prepare("INSERT INTO slots(object, slot, field, type, scale, key_column)"
                      " VALUES (?, ?, ?, ?, ?, ?)"));
  for (auto& field : object.fields) {
    if (field.type == FieldType::kId) field.slot = kIdSlot;
    if (field.name == "IsDeleted") field.slot = kDeletedSlot;
    if (field.name == "SystemModstamp") field.slot = kModstampSlot;
    if (field.slot >= 0 || !IsStored(field)) continue;
    const std::string place =
        field.name + '/' + std::string(TypeName(field.type)) + '/' + std::to_string(field.scale);
    if (const auto found = places.find(place); found != places.end()) {
      field.slot = found->second.first;
      field.key_column = found->second.second;
      continue;
    }
    field.slot = static_cast<int>(object.slots.size());
    object.slots.push_back({field.type, static_cast<uint8_t>(field.scale)});
    put.Reset();
    put.Bind(1, static_cast<int64_t>(object.number)).Bind(2, static_cast<int64_t>(field.slot));
    put.Bind(3, field.name).Bind(4, TypeName(field.type));
    put.Bind(5, static_cast<int64_t>(field.scale));
    if (WantsIndex(field)) {
      field.key_column = static_cast<int>(key_slots.size());
      key_slots[field.key_column] = field.slot;
      fresh.push_back(field.key_column);
      put.Bind(6, static_cast<int64_t>(field.key_column));
    }
    FIRN_CHECK(put.Run());
  }
  for (const auto& [key, slot] : key_slots) object.key_slots.push_back(slot);
  return fresh;
}

// Whether the object itself stands.
Result<bool> OrgImpl::ApplyFieldStates(ObjectInfo& object) {
  bool object_stands = true;
  FIRN_TRY(
      Statement states,
      writer_.db().Prepare("SELECT field, hidden, removed FROM field_states WHERE object = ?"));
  states.Bind(1, static_cast<int64_t>(object.number));
  for (;;) {
    FIRN_TRY(const bool more, states.Step());
    if (!more) return object_stands;
    const std::string_view name = states.Text(0);
    if (name == kWholeObject) object_stands = states.Int(2) == 0;
    for (auto& field : object.fields) {
      if (field.name == name) field.hidden = states.Int(1) != 0;
    }
    if (states.Int(2) != 0) {
      std::erase_if(object.fields, [&](const FieldInfo& field) { return field.name == name; });
    }
  }
}

Result<void> OrgImpl::MakeIndexes(const ObjectInfo& object) {
  const std::string table = TableName(object);
  std::string sql = "CREATE INDEX IF NOT EXISTS " + table + "_mod ON " + table + "(mod, n, del);";
  for (size_t i = 0; i < object.key_slots.size(); ++i) {
    const std::string key = "k" + std::to_string(i);
    sql += "CREATE INDEX IF NOT EXISTS " + table + "_" + key + " ON " + table + "(" + key +
           ") WHERE " + key + " IS NOT NULL;";
  }
  return writer_.db().Execute(sql);
}

Result<void> OrgImpl::DropIndexes(const ObjectInfo& object) {
  const std::string table = TableName(object);
  std::string sql = "DROP INDEX IF EXISTS " + table + "_mod;";
  for (size_t i = 0; i < object.key_slots.size(); ++i) {
    sql += "DROP INDEX IF EXISTS " + table + "_k" + std::to_string(i) + ";";
  }
  return writer_.db().Execute(sql);
}

Result<void> OrgImpl::SaveCounters(const ObjectInfo& object) {
  const ObjectCounters& counters = CountersOf(object);
  FIRN_TRY(Statement * put, writer_.Cached("UPDATE objects SET next_n = ?, live = ?, total = ?"
                                           " WHERE number = ?"));
  put->Bind(1, static_cast<int64_t>(counters.next_number));
  put->Bind(2, static_cast<int64_t>(counters.live.load()));
  put->Bind(3, static_cast<int64_t>(counters.total.load()));
  put->Bind(4, static_cast<int64_t>(object.number));
  return put->Run();
}

Result<void> OrgImpl::SetFieldState(std::string_view object_name, std::string_view field_name,
                                    std::string_view what, bool on) {
  const auto schema = catalogue();
  const ObjectInfo* object = schema->Object(object_name);
  if (object == nullptr) {
    return Fail(ApiError(404, "NOT_FOUND",
                         "The requested resource does not exist: " + std::string(object_name)));
  }
  const FieldInfo* field = object->Field(field_name);
  const std::string name = field != nullptr ? field->name : std::string(field_name);
  {
    const std::lock_guard lock(write_mutex_);
    FIRN_TRY(Statement known, writer_.db().Prepare("SELECT 1 FROM field_states WHERE object = ?"
                                                   " AND field = ?"));
    known.Bind(1, static_cast<int64_t>(object->number)).Bind(2, name);
    FIRN_TRY(const bool stands, known.Step());
    if (field == nullptr && !stands) {
      return Fail(ApiError(400, "INVALID_FIELD",
                           "No such column '" + name + "' on entity '" + object->name + "'"));
    }
    known.Reset();
    FIRN_TRY(Statement put,
             writer_.db().Prepare("INSERT INTO field_states(object, field, " + std::string(what) +
                                  ") VALUES (?, ?, ?) ON CONFLICT(object, field) DO UPDATE SET " +
                                  std::string(what) + " = excluded." + std::string(what)));
    put.Bind(1, static_cast<int64_t>(object->number)).Bind(2, name);
    put.Bind(3, static_cast<int64_t>(on));
    FIRN_CHECK(put.Run());
  }
  return RebuildCatalogue(object->name);
}

Result<void> OrgImpl::HideField(std::string_view object, std::string_view field, bool hidden) {
  return SetFieldState(object, field, "hidden", hidden);
}

Result<void> OrgImpl::RemoveField(std::string_view object, std::string_view field, bool removed) {
  return SetFieldState(object, field, "removed", removed);
}

Result<void> OrgImpl::RemoveObject(std::string_view object, bool removed) {
  std::string name(object);
  int64_t number = 0;
  {
    const std::lock_guard lock(write_mutex_);
    FIRN_TRY(Statement find, writer_.db().Prepare("SELECT number, name FROM objects"
                                                  " WHERE name = ? COLLATE NOCASE"));
    find.Bind(1, object);
    FIRN_TRY(const bool known, find.Step());
    if (!known || !object.ends_with("__c")) {
      return Fail(ApiError(400, "INVALID_TYPE", name + " is no custom object of this org"));
    }
    number = find.Int(0);
    name = find.Text(1);
    find.Reset();
    FIRN_TRY(Statement put,
             writer_.db().Prepare("INSERT INTO field_states(object, field, removed)"
                                  " VALUES (?, ?, ?) ON CONFLICT(object, field) DO UPDATE"
                                  " SET removed = excluded.removed"));
    put.Bind(1, number).Bind(2, kWholeObject).Bind(3, static_cast<int64_t>(removed));
    FIRN_CHECK(put.Run());
  }
  return RebuildCatalogue(name);
}

}  // namespace firn::sandbox
