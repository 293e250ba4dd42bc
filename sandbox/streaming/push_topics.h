// PushTopics: which channels `/topic/..` there are, and their events, written with the changes.
//
// A sink of the Org: it follows the records of PushTopic and keeps what they say, and for every
// change that a topic's query is about it writes an event into the event log, inside the change's
// transaction. Deletes tell the Id alone. Source: Streaming API Developer Guide, "PushTopic",
// "Events", "Notifications", "Deactivating a Push Topic"; read 2026-11.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/events/event_bus.h"
#include "sandbox/events/event_log.h"
#include "sandbox/mutation.h"
#include "sandbox/streaming/push_topic_query.h"

namespace firn::sandbox {

class PushTopics final : public ChangeSink {
 public:
  explicit PushTopics(EventBus& bus) : bus_(bus) {}

  Result<void> Attach(Database& db) override;
  Result<void> Write(Database& db, const ChangeBatch& batch) override;
  void Committed(const ChangeBatch& batch) override;
  void RolledBack() override;

  // Reads what there is. To be called once, before the doors open.
  [[nodiscard]] Result<void> Load();
  // The object that an active topic of this name is about.
  [[nodiscard]] std::optional<std::string> ObjectOf(std::string_view name);

 private:
  struct TopicFacts {
    std::string name;
    std::string soql;
    bool active = true;
    PushTopicQuery::Notify notify = PushTopicQuery::Notify::kReferenced;
    bool of_create = true;
    bool of_update = true;
    bool of_delete = true;
    bool of_undelete = true;
    std::shared_ptr<const Catalogue> bound_to;
    std::optional<PushTopicQuery> query;  // nothing: it fits the catalogue no more
  };
  [[nodiscard]] static TopicFacts FactsOf(const ObjectInfo& object, std::span<const Value> values);
  void Bind(TopicFacts& topic, const std::shared_ptr<const Catalogue>& catalogue) const;
  void Note(const RecordChange& change);
  void Tell(const TopicFacts& topic, const RecordChange& change, const std::string& at);

  EventBus& bus_;
  std::optional<EventAppender> appender_;
  std::mutex mutex_;
  std::map<int64_t, TopicFacts> topics_;  // by the record's id
  // Of the batch under way.
  std::vector<std::pair<EventSchema, std::string>> events_;
  bool wrote_ = false;
};

}  // namespace firn::sandbox
