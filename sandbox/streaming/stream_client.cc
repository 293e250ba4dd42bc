#include "sandbox/streaming/stream_client.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/log.h"

namespace firn::sandbox {
namespace {

constexpr int64_t kEventsPerAnswerMax = 500;
constexpr size_t kPageBytesMax = 1 << 20;
constexpr size_t kPageEventsMax = 100;
constexpr int kPagesPerTurn = 20;  // of events that are all held back
// How often a session is looked at while its connect waits.
constexpr std::chrono::seconds kSessionCheck{1};

bool Passes(const std::map<std::string, std::string>& filter, const std::string& data) {
  if (filter.empty()) return true;
  const auto json = nlohmann::json::parse(data, nullptr, false);
  const auto record = json.find("sobject");
  if (record == json.end()) return false;
  return std::all_of(filter.begin(), filter.end(), [&](const auto& wanted) {
    const auto found = record->find(wanted.first);
    if (found == record->end()) return false;
    return (found->is_string() ? found->template get<std::string>() : found->dump()) ==
           wanted.second;
  });
}

}  // namespace

StreamClient::StreamClient(ApiParts& parts, Identity identity, SteadyTime now)
    : parts_(parts), identity_(std::move(identity)), printer_(parts.events), seen_(now) {}

StreamClient::~StreamClient() {
  if (!held_) return;
  BayeuxReply reply{.client_id = identity_.id, .error = "403::Unknown client"};
  reply.advice = Advice::kHandshake;
  held_->answer(ListOf({ReplyJson(held_->message, reply)}));
}

void StreamClient::Subscribe(Wish wish) {
  const std::lock_guard lock(mutex_);
  Feed feed;
  feed.read_to = wish.position;
  feed.filter = std::move(wish.filter);
  if (!wish.topic.channel.empty()) feed.shape = std::make_unique<ChannelShape>(parts_.events);
  feed.topic = std::move(wish.topic);
  feeds_.insert_or_assign(std::move(wish.channel), std::move(feed));
}

void StreamClient::Unsubscribe(const std::string& channel) {
  const std::lock_guard lock(mutex_);
  feeds_.erase(channel);
}

bool StreamClient::Follows(const std::string& channel) const {
  const std::lock_guard lock(mutex_);
  return feeds_.contains(channel);
}

BayeuxReply StreamClient::WellLocked() {
  BayeuxReply reply{.client_id = identity_.id};
  if (!advised_) {
    reply.advice = Advice::kRetry;
    reply.timeout_ms = parts_.events.settings().connect_timeout.count();
    advised_ = true;
  }
  return reply;
}

void StreamClient::AnswerLocked(std::vector<std::string> messages, const BayeuxReply& reply,
                                SteadyTime now) {
  messages.push_back(ReplyJson(held_->message, reply));
  const auto answer = std::move(held_->answer);
  held_.reset();
  seen_ = now;
  answer(ListOf(messages));
}

void StreamClient::Connect(HeldConnect connect, bool at_once, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  // One that waits still is not to wait beside the new one.
  if (held_) AnswerLocked({}, WellLocked(), now);
  held_ = std::move(connect);
  auto messages = TakeLocked();
  // The first connect brings the advice.
  if (!messages.empty() || at_once || !advised_) {
    AnswerLocked(std::move(messages), WellLocked(), now);
  }
}

void StreamClient::Release() {
  const std::lock_guard lock(mutex_);
  if (held_) AnswerLocked({}, WellLocked(), seen_);
}

std::optional<SteadyTime> StreamClient::Step(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const EventSettings settings = parts_.events.settings();
  if (!held_) {
    const SteadyTime end = seen_ + settings.client_timeout;
    if (now >= end) return std::nullopt;
    return end;
  }
  // Looked up like any other use: a session lives on while its client is connected.
  if (!parts_.sessions.Find(SessionStore::TokenKind::kAccess, identity_.token)) {
    BayeuxReply reply{.client_id = identity_.id, .error = "401::Authentication invalid"};
    reply.advice = Advice::kStop;
    AnswerLocked({}, reply, now);
    return std::nullopt;
  }
  auto messages = TakeLocked();
  if (!messages.empty() || now >= held_->due) AnswerLocked(std::move(messages), WellLocked(), now);
  if (!held_) return now + settings.client_timeout;
  return std::min(held_->due, now + kSessionCheck);
}

std::vector<std::string> StreamClient::TakeLocked() {
  std::vector<std::string> messages;
  const int64_t allotted = parts_.usage.limits().Max(Allotment::kDeliveredEvents) -
                           parts_.usage.Used(Allotment::kDeliveredEvents);
  int64_t left = std::min(kEventsPerAnswerMax, allotted);
  for (auto& [channel, feed] : feeds_) {
    if (left <= 0) break;
    if (auto taken = TakeFrom(channel, feed, left, messages); !taken) {
      log::Err("sandbox_stream_not_read",
               {{"channel", channel}, {"error", taken.error().OneLine()}});
    }
  }
  if (!messages.empty()) {
    parts_.usage.Add(Allotment::kDeliveredEvents, static_cast<int64_t>(messages.size()));
  }
  return messages;
}

Result<void> StreamClient::TakeFrom(const std::string& channel, Feed& feed, int64_t& left,
                                    std::vector<std::string>& messages) {
  for (int page = 0; page < kPagesPerTurn && left > 0; ++page) {
    if (feed.ready.empty()) {
      FIRN_TRY(const bool more, RefillLocked(feed));
      if (!more) return {};
    }
    for (; !feed.ready.empty() && left > 0; feed.ready.pop_front()) {
      FIRN_TRY(const std::string data,
               printer_.Data(feed.ready.front(), {identity_.version, identity_.user_id}));
      if (data.empty() || !Passes(feed.filter, data)) continue;
      messages.push_back(DeliveryJson(channel, data));
      --left;
    }
  }
  return {};
}

Result<bool> StreamClient::RefillLocked(Feed& feed) {
  if (feed.topic.streams.empty()) return false;
  // The tip is read before the page: what is committed between the two is left for the next look.
  FIRN_TRY(const int64_t tip, parts_.events.log().Tip());
  FIRN_TRY(auto read, parts_.events.log().Read(feed.topic.streams, feed.read_to, kPageEventsMax,
                                               kPageBytesMax));
  if (read.events.empty()) {
    feed.read_to = std::max(feed.read_to, tip);
    return false;
  }
  feed.read_to = read.events.back().replay_id;
  if (feed.shape) {
    FIRN_TRY(read.events, feed.shape->Apply(feed.topic.channel, std::move(read.events)));
  }
  feed.ready.assign(std::make_move_iterator(read.events.begin()),
                    std::make_move_iterator(read.events.end()));
  return true;
}

}  // namespace firn::sandbox
