#include "sandbox/streaming/push_topics.h"

#include <algorithm>

#include "sandbox/answer.h"
#include "sandbox/query.h"
#include "sandbox/streaming/event_printer.h"

namespace firn::sandbox {
namespace {

using Notify = PushTopicQuery::Notify;

constexpr std::string_view kObject = "PushTopic";
constexpr const char* kFields[] = {"Id",
                                   "Name",
                                   "Query",
                                   "IsActive",
                                   "NotifyForFields",
                                   "NotifyForOperationCreate",
                                   "NotifyForOperationUpdate",
                                   "NotifyForOperationDelete",
                                   "NotifyForOperationUndelete"};

Notify NotifyNamed(std::string_view word) {
  if (word == "All") return Notify::kAll;
  if (word == "Select") return Notify::kSelect;
  return word == "Where" ? Notify::kWhere : Notify::kReferenced;
}

Value ValueAt(const ObjectInfo& object, std::span<const Value> values, std::string_view name) {
  const FieldInfo* field = object.Field(name);
  return field == nullptr || field->slot < 0 ? Value{} : values[static_cast<size_t>(field->slot)];
}

const char* WordOf(RecordChange::Kind kind) {
  switch (kind) {
    case RecordChange::Kind::kCreate:
      return "created";
    case RecordChange::Kind::kUpdate:
      return "updated";
    case RecordChange::Kind::kDelete:
      return "deleted";
    case RecordChange::Kind::kUndelete:
      break;
  }
  return "undeleted";
}

bool InRecycleBin(std::span<const Value> values) {
  return values.size() > kDeletedSlot && values[kDeletedSlot].number != 0;
}

}  // namespace

Result<void> PushTopics::Attach(Database& db) {
  FIRN_CHECK(EventAppender::MakeTables(db));
  FIRN_TRY(EventAppender appender, EventAppender::Prepare(db));
  appender_.emplace(std::move(appender));
  return {};
}

Result<void> PushTopics::Load() {
  std::string soql = "SELECT ";
  for (const char* field : kFields) soql += std::string(field) + (field == kFields[8] ? "" : ", ");
  FIRN_TRY(auto cursor, bus_.org().Query(soql + " FROM PushTopic", {.see_hidden = true}));
  const std::lock_guard lock(mutex_);
  for (;;) {
    FIRN_TRY(const bool more, cursor->Next());
    if (!more) return {};
    const auto row = cursor->row();
    TopicFacts topic;
    topic.name = row[1].text;
    topic.soql = row[2].text;
    topic.active = row[3].number != 0;
    topic.notify = NotifyNamed(row[4].text);
    topic.of_create = row[5].number != 0;
    topic.of_update = row[6].number != 0;
    topic.of_delete = row[7].number != 0;
    topic.of_undelete = row[8].number != 0;
    topics_[row[0].number] = std::move(topic);
  }
}

PushTopics::TopicFacts PushTopics::FactsOf(const ObjectInfo& object,
                                           std::span<const Value> values) {
  const auto flag = [&](const char* name) { return ValueAt(object, values, name).number != 0; };
  TopicFacts topic;
  topic.name = ValueAt(object, values, "Name").text;
  topic.soql = ValueAt(object, values, "Query").text;
  topic.active = flag("IsActive");
  topic.notify = NotifyNamed(ValueAt(object, values, "NotifyForFields").text);
  topic.of_create = flag("NotifyForOperationCreate");
  topic.of_update = flag("NotifyForOperationUpdate");
  topic.of_delete = flag("NotifyForOperationDelete");
  topic.of_undelete = flag("NotifyForOperationUndelete");
  return topic;
}

void PushTopics::Bind(TopicFacts& topic, const std::shared_ptr<const Catalogue>& catalogue) const {
  if (topic.bound_to == catalogue) return;
  topic.bound_to = catalogue;
  topic.query.reset();
  if (auto query = PushTopicQuery::Bind(topic.soql, catalogue, bus_.NowMillis())) {
    topic.query.emplace(*std::move(query));
  }
}

// A topic takes the changes that are committed with it or after it.
void PushTopics::Note(const RecordChange& change) {
  if (change.kind == RecordChange::Kind::kDelete) {
    topics_.erase(change.id);
  } else {
    topics_[change.id] = FactsOf(*change.object, change.values);
  }
}

void PushTopics::Tell(const TopicFacts& topic, const RecordChange& change, const std::string& at) {
  using Kind = RecordChange::Kind;
  const PushTopicQuery& query = *topic.query;
  const bool wanted = (change.kind == Kind::kCreate && topic.of_create) ||
                      (change.kind == Kind::kUpdate && topic.of_update) ||
                      (change.kind == Kind::kDelete && topic.of_delete) ||
                      (change.kind == Kind::kUndelete && topic.of_undelete);
  if (!wanted || !query.Matches(change.values)) return;
  if (change.kind == Kind::kUpdate && !query.Concerns(topic.notify, change.changed)) return;
  const std::string record = change.kind == Kind::kDelete
                                 ? "{\"Id\":" + JsonString(IdText(change.id)) + "}"
                                 : query.Render(change.values);
  events_.emplace_back(JsonStream("/topic/" + topic.name),
                       "{\"event\":{\"createdDate\":" + JsonString(at) + ",\"type\":\"" +
                           WordOf(change.kind) + "\"},\"sobject\":" + record + "}");
}

Result<void> PushTopics::Write(Database&, const ChangeBatch& batch) {
  events_.clear();
  const std::lock_guard lock(mutex_);
  std::string at;
  AppendInstant(std::chrono::floor<std::chrono::milliseconds>(batch.at).time_since_epoch().count(),
                at);
  at += 'Z';
  for (const RecordChange& change : batch.changes) {
    if (change.object->name == kObject) {
      Note(change);
      continue;
    }
    // What is done to a record of the recycle bin is no change of a live one.
    const bool undelete = change.kind == RecordChange::Kind::kUndelete;
    if (InRecycleBin(change.before) != undelete) continue;
    for (auto& [id, topic] : topics_) {
      if (!topic.active) continue;
      Bind(topic, batch.catalogue);
      if (topic.query && &topic.query->object() == change.object) Tell(topic, change, at);
    }
  }
  wrote_ = !events_.empty();
  if (!wrote_) return {};
  std::vector<NewEvent> events;
  events.reserve(events_.size());
  for (const auto& [schema, payload] : events_) events.push_back({&schema, {}, payload});
  FIRN_TRY(const auto ids, appender_->Append(events, bus_.NowMillis()));
  static_cast<void>(ids);
  return {};
}

void PushTopics::Committed(const ChangeBatch&) {
  if (wrote_) bus_.News();
  wrote_ = false;
}

void PushTopics::RolledBack() {
  wrote_ = false;
  if (appender_) appender_->Forget();
}

std::optional<std::string> PushTopics::ObjectOf(std::string_view name) {
  const auto catalogue = bus_.org().catalogue();
  const std::lock_guard lock(mutex_);
  for (auto& [id, topic] : topics_) {
    if (!topic.active || topic.name != name) continue;
    Bind(topic, catalogue);
    if (topic.query) return topic.query->object().name;
  }
  return std::nullopt;
}

}  // namespace firn::sandbox
