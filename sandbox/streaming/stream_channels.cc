#include "sandbox/streaming/stream_channels.h"

#include <algorithm>

#include "core/base/encoding.h"
#include "sandbox/events/event_bus.h"
#include "sandbox/streaming/push_topics.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kTopicPrefix = "/topic/";
constexpr std::string_view kPushTopic = "PushTopic";
constexpr int64_t kNewOnly = -1;
constexpr int64_t kAllKept = -2;
// Of PushTopic and generic events; the others live as long as the bus keeps them.
// Source: Streaming API Developer Guide, "Message Durability" (24 hours), read 2026-11.
constexpr int64_t kTopicLifeMillis = 24LL * 3600 * 1000;

std::string NoSuchChannel(const std::string& channel) {
  return "400::The channel you requested to subscribe to does not exist {" + channel + "}";
}

}  // namespace

std::variant<StreamClient::Wish, std::string> StreamChannels::Find(const std::string& channel,
                                                                   int64_t replay,
                                                                   const std::string& user_id) {
  if (channel.empty()) return "400::Channel name not specified";
  if (!channel.starts_with('/')) return "400::Channel subscriptions must start with a leading '/'";
  const int64_t used = parts_.usage.Used(Allotment::kDeliveredEvents);
  if (used >= parts_.usage.limits().Max(Allotment::kDeliveredEvents)) {
    return "403::Organization total events daily limit exceeded";
  }
  StreamClient::Wish wish;
  wish.channel = channel;
  if (auto error = FindTopic(wish, user_id)) return *std::move(error);
  if (auto error = Place(wish, replay)) return *std::move(error);
  return wish;
}

std::optional<std::string> StreamChannels::FindTopic(StreamClient::Wish& wish,
                                                     const std::string& user_id) {
  const std::string& channel = wish.channel;
  if (channel.starts_with("/meta/") || channel.starts_with("/service/")) {
    return "403::Restricted channel";
  }
  if (channel.starts_with("/systemTopic/")) {
    wish.topic.name = channel;
    return std::nullopt;
  }
  const auto seen = parts_.org.CatalogueFor(user_id);
  if (channel.starts_with(kTopicPrefix)) return FindPushTopic(wish, *seen);
  if (channel.starts_with("/u/")) return FindGeneric(wish);
  auto topic = parts_.events.FindTopic(channel);
  if (!topic) return NoSuchChannel(channel);
  const bool of_changes = channel.starts_with("/data/") && topic->schema != nullptr;
  if (of_changes && seen->Object(topic->schema->entity) == nullptr) {
    return "403::User not allowed to subscribe CDC without View All Data permissions";
  }
  wish.topic = *std::move(topic);
  return std::nullopt;
}

std::optional<std::string> StreamChannels::FindPushTopic(StreamClient::Wish& wish,
                                                         const Catalogue& seen) {
  const size_t query = std::min(wish.channel.find('?'), wish.channel.size());
  const std::string name = wish.channel.substr(kTopicPrefix.size(), query - kTopicPrefix.size());
  const auto object = topics_.ObjectOf(name);
  if (!object) return NoSuchChannel(wish.channel);
  if (seen.Object(kPushTopic) == nullptr) return "403::User not enabled for streaming";
  const ObjectInfo* about = seen.Object(*object);
  if (about == nullptr) return "403::Subscriber does not have access to the entity in this topic";
  if (query < wish.channel.size()) {
    const auto fields = FormDecode(wish.channel.substr(query + 1));
    if (!fields) return NoSuchChannel(wish.channel);
    for (const auto& [field, value] : *fields) {
      if (about->Field(field) == nullptr) {
        return "400::Query fields {" + field + "} do not exist on the topic entity";
      }
      wish.filter[about->Field(field)->name] = value;
    }
  }
  wish.topic.name = wish.channel;
  wish.topic.streams = {std::string(kTopicPrefix) + name};
  return std::nullopt;
}

std::optional<std::string> StreamChannels::FindGeneric(StreamClient::Wish& wish) const {
  std::string quoted;
  for (const char c : wish.channel) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  auto cursor = parts_.org.Query("SELECT Name FROM StreamingChannel WHERE Name = '" + quoted + "'",
                                 {.see_hidden = true});
  const auto found = cursor ? (*cursor)->Next() : Result<bool>(false);
  if (!found || !*found) return "404::Unknown channel";
  if ((*cursor)->row()[0].text != wish.channel)
    return "404::channel names may not vary only by case";
  wish.topic.name = wish.channel;
  wish.topic.streams = {wish.channel};
  return std::nullopt;
}

std::optional<std::string> StreamChannels::Place(StreamClient::Wish& wish, int64_t replay) const {
  const bool of_topic = wish.channel.starts_with(kTopicPrefix) || wish.channel.starts_with("/u/");
  const int64_t oldest =
      std::max(parts_.events.OldestMillis(),
               of_topic ? parts_.events.NowMillis() - kTopicLifeMillis : int64_t{0});
  EventLog& log = parts_.events.log();
  const auto at = replay == kNewOnly ? log.Tip() : log.Earliest(oldest);
  bool known = at.has_value();
  if (known && replay != kNewOnly && replay != kAllKept) {
    const auto found = log.IsKnown(replay, oldest);
    known = found && *found;
  }
  if (!known) {
    return "400::The replayId {" + std::to_string(replay) +
           "} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 "
           "to replay only new events.";
  }
  wish.position = replay < 0 ? *at : replay;
  return std::nullopt;
}

}  // namespace firn::sandbox
