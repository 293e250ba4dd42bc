#include "sandbox/events/event_bus.h"

#include <algorithm>

#include "sandbox/api_error.h"
#include "sandbox/events/channel_shape.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kSettingsKey = "events";
constexpr std::string_view kDataPrefix = "/data/";
constexpr std::string_view kEventPrefix = "/event/";
constexpr std::string_view kChannelSuffix = "__chn";
constexpr std::string_view kManagedPrefix = "18x";
constexpr uint64_t kManagedFirst = 1'000'000;

tl::unexpected<Error> BadSelection(std::string why) {
  return Fail(Error(Kind::kBadInput, "SBX-EVENTS-001", "the event settings cannot be understood")
                  .Because(std::move(why)));
}

// Objects whose records tell of their changes, once selected.
bool HasChangeEvents(const ObjectInfo& object) {
  return object.createable && object.triggerable && !IsPlatformEvent(object.name);
}

std::vector<EventField> Fields(std::initializer_list<const char*> texts) {
  std::vector<EventField> fields;
  for (const std::string_view name : texts) {
    EventField field{.name = std::string(name)};
    field.doc = "Data:Text";
    if (name == "EventDate") {
      field.kind = EventField::Kind::kMillis;
      field.doc = "Data:DateTime";
    } else if (name == "RowsProcessed" || name == "RowsReturned" || name == "ElapsedTime") {
      field.kind = EventField::Kind::kDouble;
      field.doc = "Data:Double";
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace

EventBus::EventBus(Parts parts, Database db, EventAppender appender)
    : parts_(parts), log_(parts.org.folder()), db_(std::move(db)), appender_(std::move(appender)) {
  // Source: Platform Events Developer Guide, 'LoginEventStream', 'LogoutEventStream',
  // 'ApiEventStream', read 2026-11.
  for (auto schema :
       {MakeStreamSchema("LoginEventStream",
                         Fields({"EventIdentifier", "EventDate", "UserId", "Username", "UserType",
                                 "LoginType", "Status", "SourceIp", "Application", "Browser",
                                 "Platform", "ApiType", "ApiVersion", "LoginUrl", "SessionLevel"})),
        MakeStreamSchema(
            "LogoutEventStream",
            Fields({"EventIdentifier", "EventDate", "UserId", "Username", "LoginKey",
                    "RelatedEventIdentifier", "SessionKey", "SessionLevel", "SourceIp"})),
        MakeStreamSchema("ApiEventStream",
                         Fields({"EventIdentifier", "EventDate", "UserId", "Username", "ApiType",
                                 "ApiVersion", "Application", "Client", "ConnectedAppId",
                                 "Operation", "Query", "QueriedEntities", "ElapsedTime",
                                 "RowsProcessed", "RowsReturned", "SourceIp", "UserAgent"}))}) {
    streams_.emplace(schema->name, schema);
  }
}

Result<std::unique_ptr<EventBus>> EventBus::Open(Parts parts) {
  FIRN_TRY(Database db, Database::Open(parts.org.folder() + "/org.db", Database::Options{}));
  FIRN_CHECK(EventAppender::MakeTables(db));
  FIRN_TRY(EventAppender appender, EventAppender::Prepare(db));
  std::unique_ptr<EventBus> bus(new EventBus(parts, std::move(db), std::move(appender)));
  FIRN_TRY(const auto kept, parts.db.Setting(kSettingsKey));
  if (kept) {
    FIRN_TRY(bus->settings_, ChangedBy(EventSettings{}, *kept));
  }
  return bus;
}

int64_t EventBus::NowMillis() const {
  return std::chrono::floor<std::chrono::milliseconds>(parts_.clock.Now())
      .time_since_epoch()
      .count();
}

int64_t EventBus::OldestMillis() const {
  return NowMillis() - std::chrono::milliseconds(settings().retention).count();
}

std::shared_ptr<const EventSchema> EventBus::SchemaOf(
    const std::shared_ptr<const Catalogue>& catalogue, const ObjectInfo& object) {
  const std::lock_guard lock(mutex_);
  if (catalogue_ != catalogue) {
    schemas_.clear();
    catalogue_ = catalogue;
  }
  auto& schema = schemas_[object.name];
  if (!schema) {
    schema = IsPlatformEvent(object.name) ? MakePlatformSchema(object) : MakeChangeSchema(object);
  }
  return schema;
}

std::shared_ptr<const EventSchema> EventBus::ChangeSchemaOf(
    const std::shared_ptr<const Catalogue>& catalogue, const ObjectInfo& object) {
  return SchemaOf(catalogue, object);
}

std::shared_ptr<const EventSchema> EventBus::StreamSchema(std::string_view name) const {
  const auto found = streams_.find(name);
  return found == streams_.end() ? nullptr : found->second;
}

std::optional<Topic> EventBus::ObjectTopic(std::string_view stream) {
  const auto catalogue = parts_.org.catalogue();
  const EventSettings settings = this->settings();
  for (const ObjectInfo& object : catalogue->objects()) {
    if (!HasChangeEvents(object) || ChangeStreamOf(object.name) != stream) continue;
    if (!settings.Tells(object.name)) return std::nullopt;
    return Topic{"", {std::string(stream)}, SchemaOf(catalogue, object), false, ""};
  }
  return std::nullopt;
}

std::optional<Topic> EventBus::ChannelTopic(std::string_view channel) {
  const EventSettings settings = this->settings();
  std::vector<std::string> members;
  if (channel == "ChangeEvents") {
    members = settings.selected;
  } else {
    const auto found = settings.channels.find(std::string(channel));
    if (found == settings.channels.end()) return std::nullopt;
    members = found->second;
  }
  Topic topic;
  topic.channel = channel;
  for (const std::string& object : members) {
    topic.streams.insert(IsPlatformEvent(object) ? object : ChangeStreamOf(object));
  }
  return topic;
}

std::optional<Topic> EventBus::FindTopic(std::string_view name) {
  std::optional<Topic> topic;
  if (name.starts_with(kDataPrefix)) {
    const std::string_view rest = name.substr(kDataPrefix.size());
    topic = rest == "ChangeEvents" || rest.ends_with(kChannelSuffix) ? ChannelTopic(rest)
                                                                     : ObjectTopic(rest);
  } else if (name.starts_with(kEventPrefix)) {
    const std::string_view rest = name.substr(kEventPrefix.size());
    const auto catalogue = parts_.org.catalogue();
    const ObjectInfo* object = IsPlatformEvent(rest) ? catalogue->Object(rest) : nullptr;
    if (object != nullptr) {
      topic = Topic{"", {object->name}, SchemaOf(catalogue, *object), true, ""};
    } else if (auto schema = StreamSchema(rest)) {
      topic = Topic{"", {schema->name}, schema, false, ""};
    } else if (rest.ends_with(kChannelSuffix)) {
      topic = ChannelTopic(rest);
    }
  }
  if (topic) topic->name = name;
  return topic;
}

std::vector<std::string> EventBus::TopicNames() {
  const EventSettings settings = this->settings();
  const auto catalogue = parts_.org.catalogue();
  std::vector<std::string> names = {"/data/ChangeEvents"};
  for (const ObjectInfo& object : catalogue->objects()) {
    if (IsPlatformEvent(object.name)) {
      names.push_back(std::string(kEventPrefix) + object.name);
    } else if (HasChangeEvents(object) && settings.Tells(object.name)) {
      names.push_back(std::string(kDataPrefix) + ChangeStreamOf(object.name));
    }
  }
  for (const auto& [channel, members] : settings.channels) {
    const bool events = !members.empty() && IsPlatformEvent(members.front());
    names.push_back(std::string(events ? kEventPrefix : kDataPrefix) + channel);
  }
  for (const auto& [name, schema] : streams_) names.push_back(std::string(kEventPrefix) + name);
  return names;
}

Result<std::optional<std::string>> EventBus::SchemaJson(std::string_view id) {
  for (const auto& [name, schema] : streams_) {
    if (schema->id == id) return std::optional<std::string>(schema->json);
  }
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, schema] : schemas_) {
      if (schema && schema->id == id) return std::optional<std::string>(schema->json);
    }
  }
  return log_.SchemaJson(id);
}

Result<void> EventBus::KeepSchema(const EventSchema& schema) {
  const std::lock_guard lock(publish_mutex_);
  if (kept_schemas_.contains(schema.id)) return {};
  FIRN_TRY(Statement put, db_.Prepare("INSERT OR IGNORE INTO event_schema VALUES(?, ?, ?)"));
  put.Bind(1, schema.id).Bind(2, schema.name).Bind(3, schema.json);
  FIRN_CHECK(put.Run());
  kept_schemas_.insert(schema.id);
  return {};
}

Result<std::vector<int64_t>> EventBus::Publish(const EventSchema& schema,
                                               std::span<const Publication> events) {
  std::vector<NewEvent> fresh;
  fresh.reserve(events.size());
  for (const Publication& event : events) fresh.push_back({&schema, event.id, event.payload});
  const auto write = [&]() -> Result<std::vector<int64_t>> {
    const std::lock_guard lock(publish_mutex_);
    FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
    auto ids = appender_.Append(fresh, NowMillis());
    auto done = ids ? transaction.Commit() : Result<void>(Fail(ids.error()));
    if (!done) {
      appender_.Forget();
      return Fail(std::move(done).error());
    }
    return ids;
  };
  auto ids = write();
  if (ids) News();
  return ids;
}

EventSettings EventBus::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

Result<void> EventBus::Check(const EventSettings& settings) const {
  const auto catalogue = parts_.org.catalogue();
  std::set<std::string> told(settings.selected.begin(), settings.selected.end());
  for (const auto& [channel, members] : settings.channels) {
    if (!channel.ends_with(kChannelSuffix)) {
      return BadSelection("channel `" + channel + "` must end in `__chn`");
    }
    told.insert(members.begin(), members.end());
  }
  std::erase_if(told, [](const std::string& name) { return IsPlatformEvent(name); });
  for (const std::string& name : told) {
    const ObjectInfo* object = catalogue->Object(name);
    if (object == nullptr || object->name != name || !HasChangeEvents(*object)) {
      return BadSelection("`" + name + "` is no object that has change events");
    }
  }
  if (settings.entities_max > 0 && told.size() > static_cast<size_t>(settings.entities_max)) {
    return BadSelection("more than " + std::to_string(settings.entities_max) +
                        " objects are selected (entities_max)");
  }
  return CheckMembers(settings);
}

Result<void> EventBus::CheckMembers(const EventSettings& settings) const {
  const auto catalogue = parts_.org.catalogue();
  for (const auto& [channel, members] : settings.members) {
    for (const auto& [object, options] : members) {
      const auto fits = CheckMember(catalogue, object, options);
      if (!fits) return BadSelection(PartsOf(fits.error()).message);
    }
  }
  return {};
}

Result<void> EventBus::SetSettings(EventSettings settings) {
  const std::lock_guard changing(change_mutex_);
  return Keep(std::move(settings));
}

Result<void> EventBus::Change(const std::function<Result<void>(EventSettings&)>& change) {
  const std::lock_guard changing(change_mutex_);
  EventSettings settings = this->settings();
  FIRN_CHECK(change(settings));
  return Keep(std::move(settings));
}

Result<void> EventBus::Keep(EventSettings settings) {
  // Options go with the member they are of.
  for (auto& [channel, members] : settings.members) {
    std::erase_if(members, [&, name = channel](const auto& one) {
      return one.second.empty() || !settings.OnChannel(name, one.first);
    });
  }
  std::erase_if(settings.members, [](const auto& one) { return one.second.empty(); });
  FIRN_CHECK(Check(settings));
  uint64_t last = kManagedFirst;
  for (const ManagedSubscription& managed : settings.managed) {
    last = std::max(last, RecordNumberOf(ParseId(managed.id).value_or(0)));
  }
  for (ManagedSubscription& managed : settings.managed) {
    if (managed.id.empty()) managed.id = IdText(MakeId(kManagedPrefix, ++last));
  }
  FIRN_CHECK(parts_.db.SetSetting(kSettingsKey, EventSettingsJson(settings)));
  {
    const std::lock_guard lock(mutex_);
    settings_ = std::move(settings);
  }
  News();
  return {};
}

Result<void> EventBus::CommitManaged(std::string_view id, int64_t replay_id) {
  const std::lock_guard changing(change_mutex_);
  EventSettings settings = this->settings();
  const auto found = std::find_if(settings.managed.begin(), settings.managed.end(),
                                  [&](const ManagedSubscription& one) { return one.id == id; });
  if (found == settings.managed.end()) {
    return Fail(Kind::kNotFound, "SBX-EVENTS-004", "the org has no such managed subscription");
  }
  found->committed = replay_id;
  FIRN_CHECK(parts_.db.SetSetting(kSettingsKey, EventSettingsJson(settings)));
  const std::lock_guard lock(mutex_);
  settings_ = std::move(settings);
  return {};
}

Result<void> EventBus::DropOld() {
  const int64_t before = OldestMillis();
  const std::lock_guard lock(publish_mutex_);
  FIRN_TRY(const int64_t dropped, EventLog::Prune(db_, before));
  static_cast<void>(dropped);
  return {};
}

Result<void> EventBus::MigrateInstance() {
  {
    const std::lock_guard lock(publish_mutex_);
    FIRN_CHECK(EventLog::Migrate(db_));
    appender_.Forget();
  }
  News();
  return {};
}

void EventBus::OnNews(const void* listener, std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  if (wake) {
    wakes_[listener] = std::move(wake);
  } else {
    wakes_.erase(listener);
  }
}

void EventBus::News() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [listener, wake] : wakes_) wake();
}

}  // namespace firn::sandbox
