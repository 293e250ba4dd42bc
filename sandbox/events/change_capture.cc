#include "sandbox/events/change_capture.h"

#include <algorithm>

namespace firn::sandbox {
namespace {

ChangeType TypeOf(RecordChange::Kind kind) {
  switch (kind) {
    case RecordChange::Kind::kCreate:
      return ChangeType::kCreate;
    case RecordChange::Kind::kUpdate:
      return ChangeType::kUpdate;
    case RecordChange::Kind::kDelete:
      return ChangeType::kDelete;
    case RecordChange::Kind::kUndelete:
      return ChangeType::kUndelete;
  }
  return ChangeType::kUpdate;
}

bool WasInRecycleBin(const RecordChange& change) {
  return change.before.size() > kDeletedSlot && change.before[kDeletedSlot].number != 0;
}

ChangeBody BodyOf(const EventSchema& schema, const RecordChange& change) {
  switch (change.kind) {
    case RecordChange::Kind::kCreate:
    case RecordChange::Kind::kUndelete:
      return WholeBody(schema, change.values);
    case RecordChange::Kind::kDelete:
      return EmptyBody(schema);
    case RecordChange::Kind::kUpdate:
      break;
  }
  std::vector<int> slots;
  for (const FieldInfo* field : change.changed) slots.push_back(field->slot);
  // Told of every update, also of one within the second of the update before.
  const FieldInfo* modified = change.object->Field("LastModifiedDate");
  if (modified != nullptr && std::find(slots.begin(), slots.end(), modified->slot) == slots.end()) {
    slots.push_back(modified->slot);
  }
  return UpdateBody(schema, change.before, change.values, slots);
}

// What two changes must have in common to be told by one event.
std::string ContentOf(const EventSchema& schema, ChangeType type, const ChangeBody& body) {
  std::string content = schema.id;
  content += static_cast<char>(type);
  for (const auto* texts : {&body.nulled, &body.differing, &body.changed}) {
    for (const std::string& text : *texts) content.append(text).append(1, ' ');
    content += ';';
  }
  return content + body.fields;
}

}  // namespace

Result<void> ChangeCapture::Attach(Database& db) {
  FIRN_CHECK(EventAppender::MakeTables(db));
  FIRN_TRY(EventAppender appender, EventAppender::Prepare(db));
  appender_.emplace(std::move(appender));
  return {};
}

const EventSchema* ChangeCapture::SchemaOf(const ChangeBatch& batch, const ObjectInfo& object) {
  const auto found = schemas_.find(&object);
  if (found != schemas_.end()) return found->second.get();
  auto schema =
      settings_.Tells(object.name) ? bus_.ChangeSchemaOf(batch.catalogue, object) : nullptr;
  return schemas_.emplace(&object, std::move(schema)).first->second.get();
}

void ChangeCapture::Take(const RecordChange& change, const EventSchema& schema,
                         Transaction& transaction) {
  const ChangeType type = TypeOf(change.kind);
  ChangeBody body = BodyOf(schema, change);
  const bool too_large = body.fields.size() > static_cast<size_t>(settings_.event_bytes_max);
  if (too_large || GapForced(change.object->name)) {
    transaction.events.push_back({&schema, GapOf(type), {change.id}, EmptyBody(schema)});
    return;
  }
  if (type == ChangeType::kUpdate || type == ChangeType::kDelete) {
    const auto [same, fresh] =
        transaction.by_content.emplace(ContentOf(schema, type, body), transaction.events.size());
    if (!fresh) {
      transaction.events[same->second].records.push_back(change.id);
      return;
    }
  }
  transaction.events.push_back({&schema, type, {change.id}, std::move(body)});
}

void ChangeCapture::TakeOverflow(std::span<const RecordChange> changes, const ChangeBatch& batch,
                                 Transaction& transaction) {
  std::set<const EventSchema*> told;
  for (const RecordChange& change : changes) {
    const EventSchema* schema = SchemaOf(batch, *change.object);
    if (schema == nullptr || !told.insert(schema).second) continue;
    transaction.events.push_back({schema, ChangeType::kGapOverflow, {}, EmptyBody(*schema)});
  }
}

void ChangeCapture::Encode(const ChangeBatch& batch, const Transaction& transaction) {
  int32_t sequence = 0;
  for (const Pending& event : transaction.events) {
    const ChangeHeader header{
        .entity = event.schema->entity,
        .records = event.records,
        .type = event.type,
        .origin = batch.origin,
        .transaction_key = transaction.key,
        .sequence = ++sequence,
        .commit_millis =
            std::chrono::floor<std::chrono::milliseconds>(batch.at).time_since_epoch().count(),
        .commit_number = transaction.commit_number,
        .user = batch.user};
    auto& [schema, payload] = encoded_.emplace_back();
    schema = event.schema;
    payload.reserve(event.body.fields.size() + 18 * event.records.size() + 256);
    AppendChange(header, event.body, payload);
  }
}

Result<void> ChangeCapture::Publish(Database& db, const ChangeBatch& batch,
                                    const RecordChange& change) {
  auto& schema = schemas_[change.object];
  if (!schema) schema = bus_.ChangeSchemaOf(batch.catalogue, *change.object);
  auto& [event_schema, payload] = encoded_.emplace_back();
  event_schema = schema.get();
  for (const EventField& field : schema->fields) {
    Value value = field.slot < 0 ? Value{} : change.values[field.slot];
    if (field.name == "CreatedDate") value = Value::DateTime(bus_.NowMillis());
    if (field.name == "CreatedById") value = Value::Id(batch.user);
    AppendEventValue(field, value, payload);
  }
  ++published_;
  FIRN_TRY(Statement drop, db.Prepare("DELETE FROM " + TableName(*change.object) + " WHERE n = ?"));
  drop.Bind(1, static_cast<int64_t>(RecordNumberOf(change.id)));
  return drop.Run();
}

Result<void> ChangeCapture::Write(Database& db, const ChangeBatch& batch) {
  settings_ = bus_.settings();
  schemas_.clear();
  encoded_.clear();
  published_ = 0;
  std::span<const RecordChange> rest = batch.changes;
  while (!rest.empty()) {
    const std::string_view key = rest.front().transaction_key;
    const auto end = std::find_if(rest.begin(), rest.end(), [&](const RecordChange& change) {
      return change.transaction_key != key;
    });
    const auto changes = rest.first(static_cast<size_t>(end - rest.begin()));
    rest = rest.subspan(changes.size());
    Transaction transaction{key, changes.front().commit_number, {}, {}};
    if (changes.size() > static_cast<size_t>(settings_.overflow_changes)) {
      TakeOverflow(changes, batch, transaction);
    } else {
      for (const RecordChange& change : changes) {
        if (IsPlatformEvent(change.object->name)) {
          FIRN_CHECK(Publish(db, batch, change));
          continue;
        }
        const EventSchema* schema = SchemaOf(batch, *change.object);
        if (schema == nullptr ||
            WasInRecycleBin(change) != (change.kind == RecordChange::Kind::kUndelete)) {
          continue;
        }
        Take(change, *schema, transaction);
      }
    }
    Encode(batch, transaction);
  }
  wrote_ = !encoded_.empty();
  if (!wrote_) return {};
  std::vector<NewEvent> events;
  events.reserve(encoded_.size());
  for (const auto& [schema, payload] : encoded_) events.push_back({schema, {}, payload});
  FIRN_TRY(const auto ids, appender_->Append(events, bus_.NowMillis()));
  encoded_.clear();
  static_cast<void>(ids);
  return {};
}

void ChangeCapture::Committed(const ChangeBatch&) {
  if (wrote_) bus_.News();
  if (published_ > 0) usage_.Add(Allotment::kPublishedEvents, published_);
  wrote_ = false;
}

void ChangeCapture::RolledBack() {
  wrote_ = false;
  if (appender_) appender_->Forget();
}

void ChangeCapture::ForceGaps(const std::string& object, int64_t changes) {
  const std::lock_guard lock(mutex_);
  gaps_[object] = changes;
}

bool ChangeCapture::GapForced(const std::string& object) {
  const std::lock_guard lock(mutex_);
  const auto found = gaps_.find(object);
  if (found == gaps_.end()) return false;
  if (--found->second <= 0) gaps_.erase(found);
  return true;
}

}  // namespace firn::sandbox
