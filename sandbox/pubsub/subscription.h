// One subscription: what a client asked for, how far it is, what it must be sent next.
//
// The flow control of Subscribe and ManagedSubscribe without the wire. Not thread-safe: its stream
// guards it. Time is given by the caller, steady.
// Source: Pub/Sub API guide, 'Subscribe RPC Method', 'Pull Subscription and Flow Control'; the
// comments of the vendor's proto; read 2026-11.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "sandbox/events/channel_shape.h"
#include "sandbox/events/event_bus.h"
#include "sandbox/pubsub/rpc_error.h"
#include "sandbox/usage.h"

namespace firn::sandbox {

inline constexpr int kRequestedMax = 100;  // outstanding over all requests of a call

enum class ReplayPreset { kLatest = 0, kEarliest = 1, kCustom = 2 };

struct FetchWish {
  std::string topic;
  ReplayPreset preset = ReplayPreset::kLatest;
  std::string replay_id;
  int32_t requested = 0;
};

// What faults make of a subscription. Counted in events it delivered.
struct SubscriptionFaults {
  bool silent = false;  // neither events nor signs of life any more
  bool replay_refused = false;
  std::optional<int64_t> reset_after;        // the stream breaks
  std::optional<int64_t> undecodable_after;  // the next event's bytes fit no schema
};

struct EventBatch {
  std::vector<LogEvent> events;  // none: a sign of life
  int64_t latest = 0;
  int32_t pending = 0;
};

class Subscription {
 public:
  Subscription(EventBus& bus, UsageMeter& usage) : bus_(bus), usage_(usage), shape_(bus) {}

  // The first request of the stream.
  [[nodiscard]] std::optional<RpcError> Begin(const FetchWish& wish,
                                              const SubscriptionFaults& faults, SteadyTime now);
  // Behind a position that the org kept, without a first request's replay options.
  void BeginAt(Topic topic, int64_t position, const SubscriptionFaults& faults, SteadyTime now);
  // A later request. `topic` empty: the same.
  [[nodiscard]] std::optional<RpcError> Fetch(const std::string& topic, int32_t requested);
  // The client will send no more requests: the stream ends once all it asked for came.
  void HalfClose() { half_closed_ = true; }

  struct Step {
    std::optional<EventBatch> send;
    std::optional<RpcError> end;         // status Ok: ends well
    bool reset = false;                  // ends without a status
    SteadyTime due = SteadyTime::max();  // look again then, or when there is news
  };
  // To be called when nothing is being sent.
  [[nodiscard]] Step Next(SteadyTime now);
  [[nodiscard]] const Topic& topic() const { return topic_; }
  [[nodiscard]] int64_t position() const { return position_; }
  [[nodiscard]] int32_t pending() const { return pending_; }

 private:
  [[nodiscard]] std::optional<RpcError> Place(const FetchWish& wish);
  [[nodiscard]] Step Deliver(SteadyTime now);
  // Reads on until something is ready, a few pages at most. False: there is nothing to read.
  [[nodiscard]] Result<bool> Refill(size_t want);
  void ApplyFaults(EventBatch& batch);

  EventBus& bus_;
  UsageMeter& usage_;
  ChannelShape shape_;
  Topic topic_;
  SubscriptionFaults faults_;
  int64_t position_ = 0;        // up to here the client has all that it gets
  int64_t read_to_ = 0;         // up to here the log was read
  std::deque<LogEvent> ready_;  // read, and not sent yet
  int64_t delivered_ = 0;
  int32_t pending_ = 0;
  bool half_closed_ = false;
  SteadyTime sent_at_{};     // the last response
  SteadyTime drained_at_{};  // the last one with events: credits may have ended there
};

}  // namespace firn::sandbox
