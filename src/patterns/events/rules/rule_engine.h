// RuleEngine: rules that watch events and pass them on to targets.
//
// Take matches a batch of events against all rules at once, at a cost that does not grow with their
// number, and puts what matched into the outbox: then it is durable, and the stream may go on.
// Start begins the lanes, each with threads of its own, that bring it to the targets; Stop ends
// them where they are. Without Start, Drain does the same while the caller waits. Any thread may
// call; the streams of several topics share one engine.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/base/metrics.h"
#include "core/expr/event_matcher.h"
#include "core/project/rules.h"
#include "patterns/events/outbox/dead_letter_sender.h"
#include "patterns/events/outbox/outbox_store.h"
#include "patterns/events/stream/consumer.h"
#include "patterns/events/target/lane.h"
#include "patterns/events/target/target.h"

namespace firn::events {

struct RuleEngineParts {
  std::shared_ptr<const project::RuleSet> rules;
  std::shared_ptr<OutboxStore> outbox;
  TargetParts targets;
  MetricsRegistry* metrics = nullptr;
  OutboxLimits limits;
  // Tests bring targets of their own.
  std::function<Result<std::unique_ptr<Target>>(const project::RuleTarget&)> make_target;
};

struct DrainReport {
  int64_t delivered = 0;
  int64_t failed = 0;  // attempts that are to be repeated
  int64_t dead = 0;
  int64_t waiting = 0;  // deliveries left, for later tries
};

class RuleEngine final : public EventConsumer {
 public:
  // Errors: of the targets' makers.
  [[nodiscard]] static Result<std::unique_ptr<RuleEngine>> Open(RuleEngineParts parts);
  ~RuleEngine() override;

  [[nodiscard]] std::string name() const override { return "rules"; }
  // Errors: those of the outbox (a full disk): nothing of the batch was taken.
  [[nodiscard]] Result<void> Take(const Call& call, std::span<const Envelope> events) override;
  // Take is durable by itself.
  [[nodiscard]] Result<void> Settle(const Call& /*call*/) override { return {}; }
  [[nodiscard]] Result<AddReport> TakeEvents(const Call& call, std::vector<RuleEvent> events);
  // Events that were told before, for one target (`rule/target id`) or all those of one rule (its
  // name), where the rule's pattern fits them. `replay` names the replay: the same one brings an
  // event once, however often it is begun again; another one brings it anew. Errors: NotFound
  // (EVENT-REPLAY-001) with the nearest name; as TakeEvents.
  struct ReplayTo {
    std::string to;
    std::string replay;
  };
  [[nodiscard]] Result<AddReport> TakeReplay(const Call& call, std::vector<RuleEvent> events,
                                             const ReplayTo& where);
  // The rules that an event fits, by name. Errors: EXPR-EVENT-*.
  [[nodiscard]] Result<std::vector<std::string>> RulesFor(std::string_view event_json);

  // `call` gives clock, randomness and trace; Stop, not its stop, ends the threads.
  void Start(const Call& call);
  // Takes up nothing new, lets calls that are under way end for so long, then stops. What is cut
  // off comes again: a target that had taken it would see it twice.
  void Finish(const Call& call, std::chrono::milliseconds grace);
  void Stop();
  // All lanes side by side, until nothing is due now (what waits for a later try stays), then the
  // queues of dead letters. Not beside Start. Errors: of the outbox, Cancelled, Timeout.
  [[nodiscard]] Result<DrainReport> Drain(const Call& call);
  // Forgets what is past its time; deliveries whose target is no longer in the project for a day
  // become dead letters. Start does it every minute.
  [[nodiscard]] Result<void> KeepHouse(const Call& call);

  [[nodiscard]] const std::vector<std::unique_ptr<TargetLane>>& lanes() const { return lanes_; }

 private:
  // A lane's threads and what wakes them.
  struct Crew {
    TargetLane* lane = nullptr;
    std::mutex mutex;
    std::condition_variable_any woken;
    uint64_t calls = 0;  // counted up by Wake
    std::vector<std::jthread> threads;
  };

  explicit RuleEngine(RuleEngineParts parts);
  Result<void> MakeLanes();
  [[nodiscard]] Result<NewEvent> Route(RuleEvent event);
  [[nodiscard]] Result<AddReport> AddRouted(const Call& call, const std::vector<NewEvent>& routed);
  bool GoToWork();
  void Work(Crew& crew, Call call);
  void AddHand(Crew& crew, const Call& call);
  void Wake(const std::set<std::string>& targets);
  void LookAfter(Call call);
  Result<void> MendClock(const Call& call);
  Result<void> BuryOrphans(const Call& call);
  static Result<void> DrainLane(const Call& call, TargetLane& lane, DrainReport* report);

  RuleEngineParts parts_;
  std::vector<const project::Rule*> watching_;  // enabled ones, by place in the matcher
  std::unique_ptr<const expr::EventMatcher> matcher_;
  std::map<const project::Rule*, std::vector<TargetLane*>> lanes_of_;
  std::vector<std::unique_ptr<TargetLane>> lanes_;
  std::unique_ptr<DeadLetterSender> letters_;
  std::mutex take_mutex_;
  expr::MatchScratch match_scratch_;
  Counter* seen_ = nullptr;

  std::stop_source stop_;
  std::atomic<bool> finishing_ = false;
  std::atomic<int> at_work_ = 0;  // hands that may be calling a target
  std::map<std::string, std::unique_ptr<Crew>> crews_;
  std::jthread keeper_;
};

}  // namespace firn::events
