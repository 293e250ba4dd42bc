#include "patterns/events/stream/run.h"

#include <algorithm>

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "core/base/time_text.h"
#include "patterns/events/stream/envelopes.h"

namespace firn::events {
namespace {

using std::chrono::milliseconds;

constexpr size_t kEventsRemembered = 65'536;  // ids, for deliveries that come twice
constexpr int kDelayedCycles = 4;             // how long the end of a transaction is waited for
// Handed over as soon as the stream has no more ready, or so many wait.
constexpr size_t kHandOverEventsMax = 2'000;
constexpr size_t kHandOverBytesMax = 8U << 20;
constexpr auto kIdle = std::chrono::seconds(5);
constexpr auto kSettleTime = std::chrono::minutes(5);

}  // namespace

StreamRun::StreamRun(const Call& call, const StreamParts& parts, const StreamOptions& options)
    : call_(call),
      parts_(parts),
      options_(options),
      plans_(*parts.pubsub),
      quarantine_(options.quarantine_folder),
      hand_over_(options.consumers) {
  report_.topic = options.topic;
}

Result<StreamReport> StreamRun::Run() {
  FIRN_CHECK(WaitForLease());
  auto done = Begin();
  if (done) done = Loop();
  const bool stopped = !done && done.error().kind() == Kind::kCancelled;
  // What was taken is settled though a stop came; under a deadline of its own.
  Call last = call_;
  last.stop = {};
  last = last.Within(kSettleTime);
  if (stopped || done) done = Settle(last);
  for (const auto& table : tables_) (void)table->SaveIndex(last);  // made again when it is missing
  if (done) AwaitCommits(last);
  subscription_.reset();
  if (lease_) {
    (void)parts_.leases->Release(
        {parts_.org, "events " + options_.topic, parts_.lease_holder, options_.lease_length},
        lease_->epoch);  // else it runs out by itself
  }
  if (!done) return Fail(std::move(done).error());
  Report();
  return report_;
}

SteadyTime StreamRun::WakeAt() const {
  const SteadyTime now = call_.clock->Steady();
  const SteadyTime idle =
      now + std::min<std::chrono::nanoseconds>(kIdle, options_.lease_length / 3);
  if (cycle_events_ == 0) return idle;
  // A transaction whose end is waited for may end by nothing more coming.
  const SteadyTime due = cycle_began_ + options_.commit_every;
  return due > now ? std::min(idle, due) : now + milliseconds(50);
}

bool StreamRun::CycleIsDue(int times) const {
  if (cycle_events_ == 0) return false;
  return call_.clock->Steady() - cycle_began_ >= options_.commit_every * times ||
         cycle_events_ >= options_.events_per_commit * times;
}

Result<void> StreamRun::Loop() {
  const int patience = options_.whole_transactions ? kDelayedCycles : 1;
  while (true) {
    FIRN_CHECK(RenewLease(call_));
    HearCommits();
    auto batch =
        subscription_->Next(call_, handed_next_.empty() ? WakeAt() : call_.clock->Steady());
    if (!batch) {
      if (batch.error().code() != "SF-STREAM-003") {
        // What came before the end is as good as any.
        if (batch.error().kind() != Kind::kCancelled) FIRN_CHECK(Settle(call_));
        return Fail(std::move(batch).error());
      }
      // Nothing tells them again.
      FIRN_CHECK(GiveToConsumers(call_));
      FIRN_CHECK(hand_over_.Await());
      FIRN_CHECK(Lost(batch.error().why()));
      continue;
    }
    if (*batch == nullptr) {
      FIRN_CHECK(GiveToConsumers(call_));
      if (CycleIsDue(patience)) FIRN_CHECK(Settle(call_));
      continue;
    }
    report_.streams_opened = subscription_->streams_opened();
    if ((*batch)->size() > 0) {
      lost_in_a_row_ = 0;
      FIRN_CHECK(TakeBatch(**batch));
      continue;
    }
    if (!(*batch)->caught_up()) {
      // The stream lives, but what it says of the topic's end is not what came.
      if (CycleIsDue(patience)) FIRN_CHECK(Settle(call_));
      continue;
    }
    FIRN_CHECK(SignOfLife((*batch)->latest_replay_id()));
    if (options_.until_caught_up) return {};
  }
}

Result<void> StreamRun::TakeBatch(const salesforce::EventBatch& batch) {
  const int patience = options_.whole_transactions ? kDelayedCycles : 1;
  for (size_t i = 0; i < batch.size(); ++i) {
    const salesforce::EventView event = batch.at(i);
    if (cycle_events_ == 0) cycle_began_ = call_.clock->Steady();
    FIRN_CHECK(TakeEvent(event));
    // Taken: from here on the position may pass it, once it is settled.
    ++cycle_events_;
    position_ = event.replay_id;
    if (CycleIsDue(patience)) FIRN_CHECK(Settle(call_));
  }
  return {};
}

bool StreamRun::SeenBefore(std::string_view event_id) {
  if (event_id.empty()) return false;
  const auto [at, is_new] = seen_.emplace(event_id);
  if (!is_new) return true;
  seen_order_.push_back(*at);
  if (seen_order_.size() > kEventsRemembered) {
    seen_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
  return false;
}

Result<void> StreamRun::TakeEvent(const salesforce::EventView& event) {
  ++report_.events;
  if (SeenBefore(event.id)) {
    ++report_.passed_over;
    return {};
  }
  const auto plan = plans_.Of(call_, event.schema_id);
  if (!plan) {
    return StreamPlans::IsFinal(plan.error()) ? Keep(event, plan.error())
                                              : Result<void>(Fail(plan.error()));
  }
  if (auto decoded = (*plan)->Decode(event.payload, record_); !decoded) {
    return Keep(event, decoded.error());
  }
  auto done = Dispatch(event, **plan);
  if (!done && done.error().code() == "EVENT-RECORD-001") return Keep(event, done.error());
  return done;
}

Result<void> StreamRun::Dispatch(const salesforce::EventView& event, const ChangePlan& plan) {
  if (plan.is_change_event()) {
    report_.event_ms = std::max(report_.event_ms, record_.commit_timestamp_ms);
    if (options_.whole_transactions && CycleIsDue() && record_.transaction_key != transaction_) {
      FIRN_CHECK(Settle(call_));
      cycle_began_ = call_.clock->Steady();
    }
    transaction_ = record_.transaction_key;
    schema_id_ = event.schema_id;
    const auto table = by_entity_.find(record_.entity);
    if (table != by_entity_.end()) {
      FIRN_CHECK(ToTable(*table->second, {schema_id_, plan, record_, event.replay_id}));
    } else {
      ++report_.passed_over;
    }
  }
  if (!options_.consumers.empty()) ForConsumers(event, plan);
  const bool full =
      handed_next_.size() >= kHandOverEventsMax || handed_next_bytes_ >= kHandOverBytesMax;
  return full ? GiveToConsumers(call_) : Result<void>();
}

Result<void> StreamRun::ToTable(LakeTable& table, const TableEvent& event) {
  auto taken = table.Take(call_, event);
  if (taken || taken.error().code() != "EVENT-TABLE-002") return taken;
  // New fields, and changes that wait for the old ones.
  FIRN_CHECK(Settle(call_));
  cycle_began_ = call_.clock->Steady();
  return table.Take(call_, event);
}

void StreamRun::ForConsumers(const salesforce::EventView& event, const ChangePlan& plan) {
  MakeEnvelopes({options_.topic, parts_.org_id, options_.account, options_.region}, event, plan,
                record_, envelopes_);
  report_.event_ms = std::max(report_.event_ms, envelopes_.front().event_timestamp_ms);
  for (Envelope& envelope : envelopes_) {
    handed_next_bytes_ += envelope.detail.size();
    handed_next_.push_back(std::move(envelope));
  }
}

Result<void> StreamRun::GiveToConsumers(const Call& call) {
  handed_next_bytes_ = 0;
  return hand_over_.Give(call, handed_next_);
}

Result<void> StreamRun::Keep(const salesforce::EventView& event, const Error& why) {
  QuarantinedEvent kept;
  kept.topic = options_.topic;
  kept.event_id = event.id;
  kept.schema_id = event.schema_id;
  kept.reason = why.code() + " " + why.what() + (why.why().empty() ? "" : ": " + why.why());
  kept.received = FormatUtc(call_.clock->Now());
  kept.replay_id = event.replay_id;
  kept.payload = event.payload;
  FIRN_CHECK(quarantine_.Keep(kept));
  FIRN_FAULT_POINT("events.quarantined");
  ++report_.quarantined;
  log::Err("events.quarantined",
           {{"topic", options_.topic}, {"schema_id", kept.schema_id}, {"reason", kept.reason}});
  Note("an event is in quarantine: " + kept.reason);
  return {};
}

}  // namespace firn::events
