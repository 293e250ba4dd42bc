#include "patterns/events/stream/tail.h"

#include <vector>

#include "patterns/events/stream/envelopes.h"
#include "patterns/events/stream/plans.h"

namespace firn::events {
namespace {

constexpr auto kIdle = std::chrono::seconds(5);

class Tail {
 public:
  Tail(const Call& call, salesforce::PubSub& pubsub, const TailOptions& options,
       const ShowEvent& show)
      : call_(call), pubsub_(pubsub), options_(options), show_(show), plans_(pubsub) {}

  Result<int64_t> Run() {
    salesforce::SubscribeOptions wish;
    wish.topic = options_.topic;
    wish.start = options_.start;
    // Nobody pays for events that are not wanted.
    if (options_.events_max >= 0 && options_.events_max < wish.credits_max && !options_.from) {
      wish.credits_max = static_cast<int>(std::max<int64_t>(1, options_.events_max));
    }
    FIRN_TRY(const auto subscription, pubsub_.Subscribe(std::move(wish)));
    while (!done_ && shown_ != options_.events_max) {
      auto batch = subscription->Next(call_, call_.clock->Steady() + kIdle);
      if (!batch) {
        if (batch.error().kind() == Kind::kCancelled) break;
        return Fail(std::move(batch).error());
      }
      if (*batch == nullptr) continue;
      if ((*batch)->caught_up() && options_.until_caught_up) break;
      for (size_t i = 0; i < (*batch)->size() && !done_ && shown_ != options_.events_max; ++i) {
        FIRN_CHECK(Show((*batch)->at(i)));
      }
    }
    return shown_;
  }

 private:
  Result<void> Show(const salesforce::EventView& event) {
    const EnvelopeFrame frame{options_.topic, options_.org_id, options_.account, options_.region};
    const auto plan = plans_.Of(call_, event.schema_id);
    if (!plan && !StreamPlans::IsFinal(plan.error())) return Fail(plan.error());
    auto decoded =
        plan ? (*plan)->Decode(event.payload, record_) : Result<void>(Fail(plan.error()));
    if (!decoded) {
      Envelope unknown;
      unknown.id = event.id;
      unknown.topic = options_.topic;
      unknown.replay_id = event.replay_id;
      ++shown_;
      return show_(unknown, &decoded.error());
    }
    MakeEnvelopes(frame, event, **plan, record_, envelopes_);
    for (const Envelope& envelope : envelopes_) {
      if (options_.from && envelope.time < *options_.from) continue;
      if (options_.until && envelope.time > *options_.until) {
        done_ = true;
        return {};
      }
      ++shown_;
      FIRN_CHECK(show_(envelope, nullptr));
      if (shown_ == options_.events_max) return {};
    }
    return {};
  }

  const Call& call_;
  salesforce::PubSub& pubsub_;
  const TailOptions& options_;
  const ShowEvent& show_;
  StreamPlans plans_;
  ChangeRecord record_;
  std::vector<Envelope> envelopes_;
  int64_t shown_ = 0;
  bool done_ = false;
};

}  // namespace

Result<int64_t> TailTopic(const Call& call, salesforce::PubSub& pubsub, const TailOptions& options,
                          const ShowEvent& show) {
  return Tail(call, pubsub, options, show).Run();
}

}  // namespace firn::events
