#include "sandbox/pubsub/subscription.h"

#include <algorithm>

#include "sandbox/events/replay_id.h"

namespace firn::sandbox {
namespace {

constexpr size_t kBatchBytesMax = 3 << 20;
constexpr int kPagesPerStep = 20;  // of events that are all held back, before others have a turn

RpcError BadRequest(std::string code, std::string message) {
  return {RpcStatus::kInvalidArgument, std::move(code), std::move(message)};
}

RpcError RequestedInvalid() {
  return BadRequest("subscription.fetch.requested.events.invalid",
                    "The number of requested events must be greater than 0.");
}

RpcError ReplayCorrupted() {
  return BadRequest("subscription.fetch.replayid.corrupted",
                    "The Replay ID validation failed. Ensure that the Replay ID is valid.");
}

RpcError Broken(const Error& error) {
  return {RpcStatus::kInternal, "service.unavailable",
          "The service is unavailable. Try again later. " + error.code()};
}

RpcError LimitExceeded() {
  return {RpcStatus::kResourceExhausted, "subscription.limit.exceeded",
          "You have exceeded the event delivery limit for your org."};
}

}  // namespace

std::optional<RpcError> Subscription::Begin(const FetchWish& wish, const SubscriptionFaults& faults,
                                            SteadyTime now) {
  if (wish.topic.empty()) {
    return BadRequest("topic.validation.empty", "The topic name can't be blank.");
  }
  auto topic = bus_.FindTopic(wish.topic);
  if (!topic) {
    return RpcError{RpcStatus::kNotFound, "topic.not.found",
                    "The topic " + wish.topic +
                        " was not found. Ensure the topic name is correct and that the topic "
                        "exists."};
  }
  if (wish.requested <= 0) return RequestedInvalid();
  faults_ = faults;
  topic_ = *std::move(topic);
  if (auto error = Place(wish)) return error;
  read_to_ = position_;
  pending_ = std::min(wish.requested, kRequestedMax);
  sent_at_ = now;
  drained_at_ = now;
  return std::nullopt;
}

std::optional<RpcError> Subscription::Place(const FetchWish& wish) {
  const auto at = [&](const Result<int64_t>& found) -> std::optional<RpcError> {
    if (!found) return Broken(found.error());
    position_ = *found;
    return std::nullopt;
  };
  if (wish.preset == ReplayPreset::kLatest) return at(bus_.log().Tip());
  if (wish.preset == ReplayPreset::kEarliest) return at(bus_.log().Earliest(bus_.OldestMillis()));
  if (wish.replay_id.empty()) {
    return BadRequest("subscription.fetch.replayid.validation.failed",
                      "The Replay ID can't be blank when the replay preset is CUSTOM.");
  }
  const auto replay_id = ParseReplayId(wish.replay_id);
  if (!replay_id || faults_.replay_refused) return ReplayCorrupted();
  const auto known = bus_.log().IsKnown(*replay_id, bus_.OldestMillis());
  if (!known) return Broken(known.error());
  if (!*known) return ReplayCorrupted();
  position_ = *replay_id;
  return std::nullopt;
}

void Subscription::BeginAt(Topic topic, int64_t position, const SubscriptionFaults& faults,
                           SteadyTime now) {
  topic_ = std::move(topic);
  position_ = position;
  read_to_ = position;
  faults_ = faults;
  sent_at_ = now;
  drained_at_ = now;
}

std::optional<RpcError> Subscription::Fetch(const std::string& topic, int32_t requested) {
  if (!topic.empty() && topic != topic_.name) {
    return BadRequest("subscription.fetch.topic.mismatch",
                      "The topic name must be the same in all requests of a stream.");
  }
  if (requested <= 0) return RequestedInvalid();
  pending_ = std::min(pending_ + std::min(requested, kRequestedMax), kRequestedMax);
  return std::nullopt;
}

Subscription::Step Subscription::Next(SteadyTime now) {
  Step step;
  if (faults_.silent) return step;
  if (faults_.reset_after && delivered_ >= *faults_.reset_after) {
    step.reset = true;
    return step;
  }
  const EventSettings settings = bus_.settings();
  if (pending_ > 0) {
    step = Deliver(now);
    if (step.send || step.end) return step;
    // All that was read is held back by a filter: there is more to read at once.
    if (step.due <= now && now < sent_at_ + settings.keepalive) return step;
  } else if (half_closed_) {
    step.end = RpcError{};
    return step;
  } else if (now >= drained_at_ + settings.fetch_timeout) {
    // As clients see it: the stream is reset by the load balancer in front.
    step.end = RpcError{RpcStatus::kUnavailable, "",
                        "The stream was closed: no FetchRequest came in time."};
    return step;
  }
  if (now >= sent_at_ + settings.keepalive) {
    step.send = EventBatch{{}, position_, pending_};
    sent_at_ = now;
    return step;
  }
  step.due = sent_at_ + settings.keepalive;
  if (pending_ == 0) step.due = std::min(step.due, drained_at_ + settings.fetch_timeout);
  return step;
}

Subscription::Step Subscription::Deliver(SteadyTime now) {
  Step step;
  const int64_t left =
      usage_.limits().Max(Allotment::kDeliveredEvents) - usage_.Used(Allotment::kDeliveredEvents);
  if (left <= 0) {
    step.end = LimitExceeded();
    return step;
  }
  int64_t want = std::min<int64_t>(pending_, left);
  if (faults_.reset_after) want = std::min(want, *faults_.reset_after - delivered_);
  const auto more = Refill(static_cast<size_t>(want));
  if (!more) {
    step.end = Broken(more.error());
    return step;
  }
  if (ready_.empty()) {
    if (*more) step.due = now;
    return step;
  }
  EventBatch batch;
  while (!ready_.empty() && static_cast<int64_t>(batch.events.size()) < want) {
    batch.events.push_back(std::move(ready_.front()));
    ready_.pop_front();
  }
  // Records of one event may come in several answers, under one replay id: whoever comes back
  // behind it must not miss the rest.
  const int64_t unfinished = ready_.empty() ? 0 : ready_.front().replay_id;
  for (const LogEvent& event : batch.events) {
    if (event.replay_id != unfinished) position_ = event.replay_id;
  }
  const auto count = static_cast<int32_t>(batch.events.size());
  pending_ -= count;
  usage_.Add(Allotment::kDeliveredEvents, count);
  batch.latest = position_;
  batch.pending = pending_;
  step.send = std::move(batch);
  ApplyFaults(*step.send);
  delivered_ += count;
  sent_at_ = now;
  drained_at_ = now;
  return step;
}

Result<bool> Subscription::Refill(size_t want) {
  for (int page = 0; page < kPagesPerStep && ready_.empty(); ++page) {
    // The tip is read before the page: what is committed between the two is left for the next look.
    FIRN_TRY(const int64_t tip, bus_.log().Tip());
    FIRN_TRY(auto read, bus_.log().Read(topic_.streams, read_to_, want, kBatchBytesMax));
    if (read.events.empty()) {
      read_to_ = std::max(read_to_, tip);
      position_ = std::max(position_, tip);
      return false;
    }
    read_to_ = read.events.back().replay_id;
    if (!topic_.channel.empty()) {
      FIRN_TRY(read.events, shape_.Apply(topic_.channel, std::move(read.events)));
    }
    ready_.assign(std::make_move_iterator(read.events.begin()),
                  std::make_move_iterator(read.events.end()));
    if (ready_.empty()) position_ = read_to_;
  }
  return true;
}

void Subscription::ApplyFaults(EventBatch& batch) {
  if (!faults_.undecodable_after) return;
  const int64_t at = *faults_.undecodable_after - delivered_;
  if (at < 0 || at >= static_cast<int64_t>(batch.events.size())) return;
  batch.events[static_cast<size_t>(at)].payload = std::string(12, '\xFF');
  faults_.undecodable_after.reset();
}

}  // namespace firn::sandbox
