// Deleting, the recycle bin, and what happens to the records that point to the deleted one.
// Source: Salesforce Help, 'Recycle Bin', 'Object Relationships Overview' (what deleting a parent
// does); SOAP API Developer Guide, 'undelete()', 'emptyRecycleBin()'; read 2026-11.
#include <algorithm>

#include "sandbox/api_error.h"
#include "sandbox/store/write_batch.h"

namespace firn::sandbox {
namespace {

constexpr size_t kDeletedTogetherMax = 100'000;

bool HasBin(const ObjectInfo& object) { return object.undeletable; }

}  // namespace

Result<void> WriteBatch::Delete(int64_t id, bool for_good, RowOutcome& outcome) {
  outcome.id = id;
  FIRN_TRY(Draft draft, Load(id));
  const ObjectInfo& object = draft.object();
  if (!object.deletable && !for_good) {
    return Fail(ApiError(400, "INSUFFICIENT_ACCESS_OR_READONLY",
                         "insufficient access rights on object id"));
  }
  if (draft.deleted()) {
    if (for_good) return PurgeFromBin(object, id);
    return Fail(ApiError(404, "ENTITY_IS_DELETED", "entity is deleted"));
  }
  FIRN_CHECK(CheckLock(object, id));
  Deletion deletion;
  deletion.ids.insert(id);
  deletion.doomed.push_back(std::move(draft));
  for (size_t i = 0; i < deletion.doomed.size(); ++i) {
    FIRN_CHECK(CollectChildren(deletion, i));
  }
  // A lookup of a record that goes as well needs no clearing.
  std::erase_if(deletion.cleared,
                [&](const auto& each) { return deletion.ids.contains(each.first); });
  return Remove(std::move(deletion), for_good);
}

Result<void> WriteBatch::CollectChildren(Deletion& deletion, size_t at) {
  for (const ChildRelationship& each : deletion.doomed[at].object().child_relationships) {
    FIRN_CHECK(CollectOf(deletion, at, each));
  }
  return {};
}

Result<void> WriteBatch::CollectOf(Deletion& deletion, size_t at,
                                   const ChildRelationship& relationship) {
  const ObjectInfo* child = catalogue_->Object(relationship.child_object);
  const FieldInfo* field = child == nullptr ? nullptr : child->Field(relationship.field);
  if (field == nullptr || field->key_column < 0) return {};
  const Value parent = Value::Id(deletion.doomed[at].id());
  FIRN_TRY(const auto found, FindByKey(*child, *field, parent, kDeletedTogetherMax + 1));
  for (const int64_t id : found) {
    if (deletion.ids.contains(id)) continue;
    FIRN_TRY(const bool held, Restricts(*child, relationship, id));
    if (held) {
      return Fail(ApiError(400, "DELETE_FAILED",
                           "Your attempt to delete " + IdText(deletion.doomed[at].id()) +
                               " could not be completed because it is associated with the "
                               "following " +
                               child->label_plural + ".: " + IdText(id)));
    }
    if (deletion.doomed.size() + deletion.cleared.size() >= kDeletedTogetherMax) {
      return Fail(ApiError(400, "DELETE_FAILED",
                           "Too many records to cascade delete or set null: " + IdText(id)));
    }
    if (relationship.cascade_delete) {
      FIRN_TRY(Draft draft, Load(id));
      deletion.ids.insert(id);
      deletion.doomed.push_back(std::move(draft));
      continue;
    }
    // One record may point to what goes by several lookups.
    const auto [place, is_new] = deletion.cleared.try_emplace(id);
    if (is_new) {
      FIRN_TRY(place->second.child, Load(id));
    }
    place->second.child.values[field->slot] = Value{};
    place->second.slots.push_back(field->slot);
  }
  return {};
}

// Whether the child forbids that its parent goes. Where a relationship both cascades and restricts
// (orders and contracts of an account) only an activated child does.
// Source: Salesforce Help, 'Considerations for Deleting Accounts'.
Result<bool> WriteBatch::Restricts(const ObjectInfo& child, const ChildRelationship& relationship,
                                   int64_t id) {
  if (!relationship.restricted_delete || !relationship.cascade_delete) {
    return relationship.restricted_delete;
  }
  const FieldInfo* status = child.Field("StatusCode");
  if (status == nullptr) return true;
  FIRN_TRY(const Draft draft, Load(id));
  return draft.values[status->slot].text == "Activated";
}

Result<void> WriteBatch::EraseRow(const ObjectInfo& object, int64_t id) {
  FIRN_TRY(Statement * drop,
           org_.writer_.Cached("DELETE FROM " + TableName(object) + " WHERE n = ?"));
  drop->Bind(1, RecordNumberOf(id));
  return drop->Run();
}

Result<void> WriteBatch::NoteInBin(int64_t id, int64_t root) {
  FIRN_TRY(Statement * put,
           org_.writer_.Cached("INSERT OR REPLACE INTO bin(id, root) VALUES (?, ?)"));
  put->Bind(1, id).Bind(2, root);
  return put->Run();
}

Result<void> WriteBatch::Remove(Deletion deletion, bool for_good) {
  live_.clear();
  const int64_t root = deletion.doomed.front().id();
  const bool root_stays = !for_good && HasBin(deletion.doomed.front().object());
  for (auto& [child_id, each] : deletion.cleared) {
    Draft& child = each.child;
    for (const int slot : each.slots) {
      if (!root_stays) break;  // for good: there will be no undelete
      FIRN_TRY(Statement * put, org_.writer_.Cached("INSERT INTO bin_cleared(root, child, slot,"
                                                    " parent) VALUES (?, ?, ?, ?)"));
      put->Bind(1, root).Bind(2, child_id).Bind(3, slot).Bind(4, child.before[slot].number);
      FIRN_CHECK(put->Run());
    }
    // The system's doing, not a user's: only SystemModstamp moves.
    child.values[kModstampSlot] = now_;
    FIRN_CHECK(Write(std::move(child), {.kind = RecordChange::Kind::kUpdate, .cascaded = true}));
  }
  for (Draft& draft : deletion.doomed) {
    const int64_t id = draft.id();
    const ObjectInfo& object = draft.object();
    Tally& tally = TallyOf(object);
    --tally.live;
    RecordChange change{.kind = RecordChange::Kind::kDelete,
                        .for_good = for_good || !HasBin(object),
                        .cascaded = id != root};
    if (change.for_good) {
      --tally.total;
      FIRN_CHECK(EraseRow(object, id));
      Keep(std::move(draft), std::move(change));
      continue;
    }
    draft.values[kDeletedSlot] = Value::Bool(true);
    Stamp(draft);
    FIRN_CHECK(NoteInBin(id, root));
    FIRN_CHECK(Write(std::move(draft), std::move(change)));
  }
  return {};
}

Result<void> WriteBatch::PurgeFromBin(const ObjectInfo& object, int64_t id) {
  live_.clear();
  std::vector<int64_t> all{id};
  FIRN_TRY(Statement * with, org_.writer_.Cached("SELECT id FROM bin WHERE root = ? AND id != ?"));
  with->Bind(1, id).Bind(2, id);
  for (;;) {
    FIRN_TRY(const bool more, with->Step());
    if (!more) break;
    all.push_back(with->Int(0));
  }
  with->Reset();
  for (const int64_t each : all) {
    const ObjectInfo* of = each == id ? &object : catalogue_->ByKeyPrefix(KeyPrefixOf(each));
    if (of == nullptr) continue;
    FIRN_CHECK(EraseRow(*of, each));
    --TallyOf(*of).total;
  }
  for (const char* sql :
       {"DELETE FROM bin WHERE root = ?1 OR id = ?1", "DELETE FROM bin_cleared WHERE root = ?1"}) {
    FIRN_TRY(Statement * drop, org_.writer_.Cached(sql));
    drop->Bind(1, id);
    FIRN_CHECK(drop->Run());
  }
  return {};
}

Result<void> WriteBatch::RestoreOne(Draft draft, bool cascaded) {
  for (const FieldInfo* field : draft.plan->stored) {
    if (!field->unique || field->key_column < 0) continue;
    FIRN_CHECK(CheckUnique(draft, *field, draft.values[field->slot]));
  }
  draft.values[kDeletedSlot] = Value::Bool(false);
  Stamp(draft);
  ++TallyOf(draft.object()).live;
  FIRN_TRY(Statement * drop, org_.writer_.Cached("DELETE FROM bin WHERE id = ?"));
  drop->Bind(1, draft.id());
  FIRN_CHECK(drop->Run());
  return Write(std::move(draft), {.kind = RecordChange::Kind::kUndelete, .cascaded = cascaded});
}

Result<void> WriteBatch::Undelete(int64_t id, RowOutcome& outcome) {
  outcome.id = id;
  FIRN_TRY(Draft draft, Load(id));
  if (!draft.deleted()) {
    return Fail(ApiError(400, "UNDELETE_FAILED", "Entity is not in the recycle bin"));
  }
  FIRN_CHECK(CheckLock(draft.object(), id));
  for (const FieldInfo* field : draft.plan->stored) {
    const Value& parent = draft.values[field->slot];
    if (!field->cascade_delete || field->type != FieldType::kReference || parent.null()) continue;
    if (auto whole = CheckReference(*field, parent); !whole) {
      if (!IsRowError(whole.error())) return whole;
      return Fail(ApiError(400, "UNDELETE_FAILED",
                           "The parent of the record is deleted: " + IdText(parent.number)));
    }
  }
  FIRN_CHECK(RestoreOne(std::move(draft), false));
  return RestoreWith(id);
}

// What went with the root comes back with it, unless something took its unique value meanwhile.
Result<void> WriteBatch::RestoreWith(int64_t root) {
  live_.clear();
  std::vector<int64_t> with;
  FIRN_TRY(Statement * find, org_.writer_.Cached("SELECT id FROM bin WHERE root = ? ORDER BY id"));
  find->Bind(1, root);
  for (;;) {
    FIRN_TRY(const bool more, find->Step());
    if (!more) break;
    with.push_back(find->Int(0));
  }
  find->Reset();
  for (const int64_t id : with) {
    FIRN_TRY(Draft draft, Load(id));
    auto restored = RestoreOne(std::move(draft), true);
    if (!restored && !IsRowError(restored.error())) return restored;
  }
  struct Cleared {
    int64_t child;
    int slot;
    int64_t parent;
  };
  std::vector<Cleared> cleared;
  FIRN_TRY(Statement * lookups,
           org_.writer_.Cached("SELECT child, slot, parent FROM bin_cleared WHERE root = ?"));
  lookups->Bind(1, root);
  for (;;) {
    FIRN_TRY(const bool more, lookups->Step());
    if (!more) break;
    cleared.push_back({lookups->Int(0), static_cast<int>(lookups->Int(1)), lookups->Int(2)});
  }
  lookups->Reset();
  for (const Cleared& each : cleared) {
    auto loaded = Load(each.child);
    if (!loaded) {
      if (IsRowError(loaded.error())) continue;  // purged since
      return Fail(std::move(loaded).error());
    }
    // A lookup that points elsewhere by now stays as it is.
    if (loaded->deleted() || !loaded->values[each.slot].null()) continue;
    loaded->values[each.slot] = Value::Id(each.parent);
    loaded->values[kModstampSlot] = now_;
    FIRN_CHECK(Write(*std::move(loaded), {.kind = RecordChange::Kind::kUpdate, .cascaded = true}));
  }
  FIRN_TRY(Statement * drop, org_.writer_.Cached("DELETE FROM bin_cleared WHERE root = ?"));
  drop->Bind(1, root);
  return drop->Run();
}

}  // namespace firn::sandbox
