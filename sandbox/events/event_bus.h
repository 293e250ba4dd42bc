// EventBus: the org's event bus over its event log. Topics, schemas, publishing, settings.
//
// Made by the server beside the Org and destroyed before it. Any thread may call. Publishing opens
// a transaction of its own on org.db; changes of records come in by ChangeCapture, inside the
// transaction of the change. It knows nothing of gRPC. Whoever waits for events is woken by OnNews.
// Source: Pub/Sub API guide, 'Event Topics' and 'GetTopic RPC Method', read 2026-11.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/sqlite.h"
#include "sandbox/api_db.h"
#include "sandbox/events/event_log.h"
#include "sandbox/events/event_schema.h"
#include "sandbox/events/event_settings.h"
#include "sandbox/org.h"

namespace firn::sandbox {

struct Topic {
  std::string name;
  std::set<std::string> streams;
  std::shared_ptr<const EventSchema> schema;  // nothing where events of several schemas come
  bool can_publish = false;
  std::string channel;  // `ChangeEvents`, `Sales__chn`; empty of a stream of its own
};

class EventBus {
 public:
  struct Parts {
    Org& org;
    ApiDb& db;
    const Clock& clock;
  };
  [[nodiscard]] static Result<std::unique_ptr<EventBus>> Open(Parts parts);

  // Nothing when there is no such topic, or no object of it is selected.
  [[nodiscard]] std::optional<Topic> FindTopic(std::string_view name);
  // Every topic that a subscriber could name.
  [[nodiscard]] std::vector<std::string> TopicNames();
  // Today's schemas and all that an event or a GetTopic answer ever named.
  [[nodiscard]] Result<std::optional<std::string>> SchemaJson(std::string_view id);
  [[nodiscard]] EventLog& log() { return log_; }
  [[nodiscard]] Org& org() { return parts_.org; }
  [[nodiscard]] int64_t NowMillis() const;
  // Events older than this are past their life.
  [[nodiscard]] int64_t OldestMillis() const;

  struct Publication {
    std::string_view id;  // the publisher's; empty: the org makes one
    std::string_view payload;
  };
  // Their replay ids. The payloads must fit the schema: checking is the caller's.
  [[nodiscard]] Result<std::vector<int64_t>> Publish(const EventSchema& schema,
                                                     std::span<const Publication> events);
  // The schema that a GetTopic answer names stays known although it may never have an event.
  [[nodiscard]] Result<void> KeepSchema(const EventSchema& schema);

  [[nodiscard]] EventSettings settings() const;
  // Errors: BadInput (SBX-EVENTS-001): unknown objects, too many of them.
  [[nodiscard]] Result<void> SetSettings(EventSettings settings);
  // Changes them as one step: nothing that is committed or set meanwhile is lost. Errors: those of
  // `change`; BadInput (SBX-EVENTS-001).
  [[nodiscard]] Result<void> Change(const std::function<Result<void>(EventSettings&)>& change);
  // Keeps how far a managed subscription got. Errors: NotFound (SBX-EVENTS-004).
  [[nodiscard]] Result<void> CommitManaged(std::string_view id, int64_t replay_id);
  // Ends the life of old events. To be called now and then.
  [[nodiscard]] Result<void> DropOld();
  // The org moved to another instance: replay ids from before are refused.
  [[nodiscard]] Result<void> MigrateInstance();

  // Called after each commit that wrote events, from any thread; it must only wake. One a listener;
  // an empty one takes the listener away.
  void OnNews(const void* listener, std::function<void()> wake);
  void News() const;
  // Who follows a channel now, by the streaming door. Set before the doors open.
  using Audience = std::function<std::set<std::string>(const std::string& channel)>;
  void SetAudience(Audience audience) { audience_ = std::move(audience); }
  // Ids of users.
  [[nodiscard]] std::set<std::string> AudienceOf(const std::string& channel) const {
    return audience_ ? audience_(channel) : std::set<std::string>();
  }

  // The schema of the object's change events under this catalogue.
  [[nodiscard]] std::shared_ptr<const EventSchema> ChangeSchemaOf(
      const std::shared_ptr<const Catalogue>& catalogue, const ObjectInfo& object);
  [[nodiscard]] std::shared_ptr<const EventSchema> StreamSchema(std::string_view name) const;

 private:
  EventBus(Parts parts, Database db, EventAppender appender);
  [[nodiscard]] std::optional<Topic> ObjectTopic(std::string_view stream);
  [[nodiscard]] std::optional<Topic> ChannelTopic(std::string_view channel);
  [[nodiscard]] Result<void> Check(const EventSettings& settings) const;
  [[nodiscard]] Result<void> CheckMembers(const EventSettings& settings) const;
  [[nodiscard]] Result<void> Keep(EventSettings settings);
  [[nodiscard]] std::shared_ptr<const EventSchema> SchemaOf(
      const std::shared_ptr<const Catalogue>& catalogue, const ObjectInfo& object);

  Parts parts_;
  EventLog log_;
  Audience audience_;
  std::map<std::string, std::shared_ptr<const EventSchema>, std::less<>> streams_;

  std::mutex publish_mutex_;  // the connection and its appender
  Database db_;
  EventAppender appender_;
  std::set<std::string> kept_schemas_;

  std::mutex change_mutex_;   // whoever changes the settings; taken before `mutex_`
  mutable std::mutex mutex_;  // what stands below
  EventSettings settings_;
  std::shared_ptr<const Catalogue> catalogue_;  // that the schemas were made of
  std::map<std::string, std::shared_ptr<const EventSchema>, std::less<>> schemas_;
  std::map<const void*, std::function<void()>> wakes_;  // by listener
};

}  // namespace firn::sandbox
