#include "sandbox/store/write_batch.h"

#include <algorithm>
#include <cstdio>

#include "core/base/random.h"
#include "sandbox/api_error.h"
#include "sandbox/decimal.h"
#include "sandbox/foreign_id.h"
#include "sandbox/store/event_times.h"
#include "sandbox/streaming/record_check.h"

namespace firn::sandbox {
namespace {

// A UUID that the same org makes again for the same number.
std::string KeyText(uint64_t seed, int64_t number) {
  const auto random = SeededRandom(seed ^ (static_cast<uint64_t>(number) * 0x9e3779b97f4a7c15ULL));
  return NewUuid(*random);
}

}  // namespace

bool IsRowError(const Error& error) { return error.code() == "SBX-API-001"; }

WriteBatch::WriteBatch(OrgImpl& org, const MutateOptions& options)
    : org_(org),
      options_(options),
      catalogue_(org.catalogue()),
      now_(Value::DateTime(org.NowSeconds())),
      user_(Value::Id(ParseId(options.user_id).value_or(org.admin_id_))) {}

WriteBatch::~WriteBatch() {
  if (!transaction_) return;
  transaction_.reset();
  if (!told_) return;
  for (ChangeSink* sink : org_.sinks_) sink->RolledBack();
}

Result<void> WriteBatch::Begin() {
  FIRN_TRY(auto transaction, Transaction::Begin(org_.writer_.db()));
  transaction_.emplace(std::move(transaction));
  if (org_.plans_of_ != catalogue_) {
    org_.plans_.clear();
    org_.plans_of_ = catalogue_;
  }
  key_number_ = org_.last_key_;
  NextKey();
  return {};
}

void WriteBatch::NextKey() {
  ++key_number_;
  keys_.push_back(KeyText(org_.seed_, key_number_));
  rows_of_key_ = 0;
  sequence_ = 0;
  upserted_.clear();
}

Result<void> WriteBatch::Apply(const Mutation& mutation, RowOutcome& outcome) {
  if (options_.rows_per_key > 0 && rows_of_key_ == options_.rows_per_key) NextKey();
  ++rows_of_key_;
  auto done = Dispatch(mutation, outcome);
  if (org_.sinks_.empty()) texts_.clear();
  if (done) return {};
  if (!IsRowError(done.error())) return done;
  // An upsert that failed still tells that it found no record.
  if (mutation.kind != Mutation::Kind::kUpsert) outcome.created = false;
  outcome.error = std::move(done).error();
  return {};
}

Result<void> WriteBatch::Dispatch(const Mutation& mutation, RowOutcome& outcome) {
  using Kind = Mutation::Kind;
  if (mutation.kind == Kind::kInsert || mutation.kind == Kind::kUpsert) {
    FIRN_TRY(WritePlan * plan, PlanNamed(mutation.object));
    return mutation.kind == Kind::kInsert ? Insert(*plan, mutation, outcome)
                                          : Upsert(*plan, mutation, outcome);
  }
  FIRN_TRY(outcome.id, IdOf(mutation));
  if (mutation.kind == Kind::kUpdate) return Update(outcome.id, mutation, outcome);
  if (mutation.kind == Kind::kUndelete) return Undelete(outcome.id, outcome);
  return Delete(outcome.id, mutation.kind == Kind::kPurge, outcome);
}

Result<WritePlan*> WriteBatch::PlanOf(const ObjectInfo& object) {
  auto& plan = org_.plans_[object.number];
  if (!plan) {
    FIRN_TRY(plan, WritePlan::Make(org_.writer_.db(), object));
  }
  return plan.get();
}

Result<WritePlan*> WriteBatch::PlanNamed(std::string_view name) {
  const ObjectInfo* object = catalogue_->Object(name);
  if (object == nullptr) {
    return Fail(ApiError(404, "NOT_FOUND", "The requested resource does not exist"));
  }
  return PlanOf(*object);
}

Result<int64_t> WriteBatch::IdOf(const Mutation& mutation) const {
  int64_t id = mutation.id;
  if (id == 0 && mutation.id_text.empty()) {
    const bool update = mutation.kind == Mutation::Kind::kUpdate;
    return Fail(ApiError(
        400, "MISSING_ARGUMENT",
        std::string("Id not specified in ") + (update ? "an update call" : "a delete call")));
  }
  if (id == 0) {
    const auto parsed = ParseId(mutation.id_text);
    if (!parsed && IsForeignId(mutation.id_text)) {
      return Fail(ApiError(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"));
    }
    if (!parsed) {
      return Fail(
          ApiError(400, "MALFORMED_ID", "bad id " + std::string(mutation.id_text.substr(0, 40))));
    }
    id = *parsed;
  }
  if (mutation.object.empty()) return id;
  const ObjectInfo* object = catalogue_->Object(mutation.object);
  if (object == nullptr || object->key_prefix != KeyPrefixOf(id)) {
    return Fail(ApiError(400, "MALFORMED_ID", "bad id " + IdText(id)));
  }
  return id;
}

Result<WriteBatch::Draft> WriteBatch::Load(int64_t id) {
  const auto unknown = [] {
    return Fail(ApiError(404, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"));
  };
  const ObjectInfo* object = catalogue_->ByKeyPrefix(KeyPrefixOf(id));
  if (object == nullptr) return unknown();
  FIRN_TRY(auto row, org_.writer_.Load(*object, id));
  if (!row) return unknown();
  Draft draft;
  FIRN_TRY(draft.plan, PlanOf(*object));
  const std::string& blob = texts_.emplace_back(std::move(row->blob));
  if (!draft.plan->reader.Read(id, row->deleted, row->modstamp, blob)) {
    return Fail(Kind::kCorrupt, "SBX-STORE-001", "a stored row of the org cannot be decoded");
  }
  draft.values = draft.plan->reader.values();
  draft.before = draft.values;
  return draft;
}

// Audit fields and derived fields. Audit values that the caller gave stay.
void WriteBatch::Stamp(Draft& draft) {
  WritePlan& plan = *draft.plan;
  const auto set = [&](int slot, const Value& value) {
    if (slot < 0) return;
    const bool given = options_.set_audit_fields && !draft.given.empty() &&
                       std::find(draft.given.begin(), draft.given.end(), slot) != draft.given.end();
    if (!given) draft.values[slot] = value;
  };
  set(kModstampSlot, now_);
  set(plan.modified, draft.values[kModstampSlot]);
  set(plan.modified_by, user_);
  if (draft.is_new) {
    set(plan.created, draft.values[kModstampSlot]);
    set(plan.created_by, user_);
  }
  plan.deriver.Apply(draft.values, texts_);
}

Result<void> WriteBatch::Insert(WritePlan& plan, const Mutation& mutation, RowOutcome& outcome) {
  const ObjectInfo& object = plan.object();
  if (!object.createable && !options_.set_audit_fields) {
    return Fail(ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                         "entity type cannot be inserted: " + object.label));
  }
  FIRN_CHECK(CheckLock(object, 0));
  Tally& tally = TallyOf(object);
  // Whoever gives audit fields may say as well which record it is to be.
  if (mutation.id != 0 && options_.set_audit_fields)
    tally.next_number = RecordNumberOf(mutation.id);
  Draft draft;
  draft.plan = &plan;
  draft.is_new = true;
  plan.Begin(tally.next_number, draft.values, texts_);
  if (plan.owner >= 0) draft.values[plan.owner] = user_;
  const FieldInfo* but = nullptr;  // the Id column of an upsert's file is no field to write
  if (mutation.kind == Mutation::Kind::kUpsert) but = object.Field("Id");
  FIRN_CHECK(ApplyCells(draft, mutation.cells, but));
  AddContentFacts(draft);
  FIRN_CHECK(AddProductFacts(draft));
  if (!options_.set_audit_fields) FIRN_CHECK(FillEventTimes(object, {}, draft.values));
  Stamp(draft);
  FIRN_CHECK(CheckRequired(draft));
  FIRN_CHECK(CheckStreamingRecord(catalogue_, object, draft.values, now_.number));
  ++tally.next_number;
  ++tally.live;
  ++tally.total;
  FIRN_CHECK(AddDocument(draft));
  outcome.id = draft.id();
  outcome.created = true;
  return Write(std::move(draft), {.kind = RecordChange::Kind::kCreate});
}

Result<void> WriteBatch::Update(int64_t id, const Mutation& mutation, RowOutcome& outcome) {
  outcome.id = id;
  FIRN_TRY(Draft draft, Load(id));
  const ObjectInfo& object = draft.object();
  if (draft.deleted()) return Fail(ApiError(404, "ENTITY_IS_DELETED", "entity is deleted"));
  if (!object.updateable && !options_.set_audit_fields) {
    return Fail(ApiError(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                         "entity type cannot be updated: " + object.label));
  }
  FIRN_CHECK(CheckLock(object, id));
  const FieldInfo* but = nullptr;
  if (mutation.kind == Mutation::Kind::kUpsert) but = object.Field(mutation.key_field);
  FIRN_CHECK(ApplyCells(draft, mutation.cells, but));
  if (!options_.set_audit_fields) FIRN_CHECK(FillEventTimes(object, draft.before, draft.values));
  FIRN_CHECK(CheckRequired(draft));
  FIRN_CHECK(CheckStreamingRecord(catalogue_, object, draft.values, now_.number));
  Stamp(draft);
  return Write(std::move(draft), {.kind = RecordChange::Kind::kUpdate});
}

Result<void> WriteBatch::Upsert(WritePlan& plan, const Mutation& mutation, RowOutcome& outcome) {
  const ObjectInfo& object = plan.object();
  const FieldInfo* field = object.Field(mutation.key_field);
  if (field == nullptr || field->hidden ||
      !(field->external_id || field->id_lookup || field->slot == kIdSlot)) {
    return Fail(ApiError(400, "INVALID_FIELD",
                         "Field name provided, " + std::string(mutation.key_field) +
                             " is not an External ID or indexed field for " + object.name));
  }
  const auto cell =
      std::find_if(mutation.cells.begin(), mutation.cells.end(),
                   [&](const Cell& each) { return object.Field(each.name) == field; });
  const bool given = cell != mutation.cells.end() && cell->text && !cell->text->empty();
  if (!given && field->slot != kIdSlot) {
    return Fail(ApiError(400, "MISSING_ARGUMENT", field->name + " not specified"));
  }
  if (!given) return Insert(plan, mutation, outcome);
  FIRN_TRY(const Value key, ParseFieldView(*field, *cell->text));
  std::string text(*cell->text);
  if (key.kind == Value::Kind::kText) text = Folded(key.text);
  if (!upserted_.insert(std::move(text)).second && options_.rows_per_key > 0) {
    return Fail(ApiError(400, "DUPLICATE_VALUE",
                         "Duplicate external id specified: " + std::string(*cell->text)));
  }
  if (field->slot == kIdSlot) {
    if (KeyPrefixOf(key.number) != object.key_prefix) {
      return Fail(ApiError(400, "MALFORMED_ID", "bad id " + IdText(key.number)));
    }
    return Update(key.number, mutation, outcome);
  }
  constexpr size_t kNamedMax = 10;
  FIRN_TRY(const auto found, FindByKey(object, *field, key, kNamedMax));
  outcome.created = found.empty();
  if (found.empty()) return Insert(plan, mutation, outcome);
  if (found.size() == 1) return Update(found.front(), mutation, outcome);
  std::string ids;
  for (const int64_t id : found) ids += (ids.empty() ? "" : ", ") + IdText(id);
  return Fail(
      ApiError(300, "DUPLICATE_EXTERNAL_ID",
               field->name + ": more than one record found for external id field: [" + ids + "]",
               {field->name}));
}

Result<void> WriteBatch::Write(Draft draft, RecordChange change) {
  FIRN_CHECK(draft.is_new ? draft.plan->writer.Write(draft.values)
                          : draft.plan->writer.Update(draft.values, draft.before));
  Keep(std::move(draft), std::move(change));
  return {};
}

void WriteBatch::Keep(Draft draft, RecordChange change) {
  if (org_.sinks_.empty()) return;
  change.object = &draft.object();
  change.id = draft.id();
  if (!draft.is_new) {
    for (const FieldInfo* field : draft.plan->stored) {
      if (!SameStored(draft.values[field->slot], draft.before[field->slot])) {
        change.changed.push_back(field);
      }
    }
    change.before = rows_.emplace_back(std::move(draft.before));
  }
  change.values = rows_.emplace_back(std::move(draft.values));
  change.transaction_key = keys_.back();
  change.sequence = ++sequence_;
  change.commit_number = key_number_;
  changes_.push_back(std::move(change));
}

WriteBatch::Tally& WriteBatch::TallyOf(const ObjectInfo& object) {
  const auto [found, is_new] = tallies_.try_emplace(object.number);
  if (is_new) {
    found->second.counters = &org_.CountersOf(object);
    found->second.next_number = found->second.counters->next_number;
  }
  return found->second;
}

Result<void> WriteBatch::SaveTallies() {
  for (const auto& [number, tally] : tallies_) {
    FIRN_TRY(Statement * put, org_.writer_.Cached("UPDATE objects SET next_n = ?, live = ?,"
                                                  " total = ? WHERE number = ?"));
    put->Bind(1, tally.next_number);
    put->Bind(2, static_cast<int64_t>(tally.counters->live) + tally.live);
    put->Bind(3, static_cast<int64_t>(tally.counters->total) + tally.total);
    put->Bind(4, number);
    FIRN_CHECK(put->Run());
  }
  FIRN_TRY(Statement * put, org_.writer_.Cached("INSERT OR REPLACE INTO meta(key, value)"
                                                " VALUES ('last_transaction_key', ?)"));
  put->Bind(1, std::string_view(std::to_string(key_number_)));
  return put->Run();
}

Result<void> WriteBatch::Commit() {
  FIRN_CHECK(SaveTallies());
  ChangeBatch batch{catalogue_, user_.number, options_.origin,
                    UtcMicros(std::chrono::milliseconds(now_.number)), changes_};
  if (!changes_.empty()) {
    told_ = true;
    for (ChangeSink* sink : org_.sinks_) {
      FIRN_CHECK(sink->Write(org_.writer_.db(), batch));
    }
  }
  FIRN_CHECK(transaction_->Commit());
  transaction_.reset();
  org_.last_key_ = key_number_;
  for (auto& [number, tally] : tallies_) {
    tally.counters->next_number = tally.next_number;
    tally.counters->live += static_cast<uint64_t>(tally.live);
    tally.counters->total += static_cast<uint64_t>(tally.total);
  }
  if (changes_.empty()) return {};
  for (ChangeSink* sink : org_.sinks_) sink->Committed(batch);
  return {};
}

}  // namespace firn::sandbox
