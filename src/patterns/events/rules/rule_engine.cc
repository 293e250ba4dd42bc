#include "patterns/events/rules/rule_engine.h"

#include <algorithm>
#include <atomic>

#include "core/base/log.h"

namespace firn::events {
namespace {

constexpr auto kLookAgain = std::chrono::seconds(2);  // for deliveries that another process added
constexpr auto kAfterError = std::chrono::seconds(1);
constexpr auto kLookAtHands = std::chrono::milliseconds(10);
constexpr auto kLettersEvery = std::chrono::seconds(1);
constexpr auto kHouseEvery = std::chrono::minutes(1);
constexpr auto kOrphanAgeMax = std::chrono::hours(24);
constexpr size_t kOrphansAStep = 500;
constexpr size_t kDrainHands = 64;

}  // namespace

RuleEngine::RuleEngine(RuleEngineParts parts) : parts_(std::move(parts)) {}
RuleEngine::~RuleEngine() { Stop(); }

Result<std::unique_ptr<RuleEngine>> RuleEngine::Open(RuleEngineParts parts) {
  std::unique_ptr<RuleEngine> engine(new RuleEngine(std::move(parts)));
  RuleEngineParts& mine = engine->parts_;
  mine.targets.rules = mine.rules.get();
  if (!mine.make_target) {
    mine.make_target = [targets = mine.targets](const project::RuleTarget& target) {
      return NewTarget(target, targets);
    };
  }
  FIRN_CHECK(engine->MakeLanes());
  engine->letters_ = std::make_unique<DeadLetterSender>(mine.outbox, mine.targets.aws);
  if (mine.metrics != nullptr) {
    engine->seen_ = &mine.metrics->GetCounter("rows_in_total", {{"pattern", "rules"}},
                                              "events that the rules looked at");
  }
  return engine;
}

Result<void> RuleEngine::MakeLanes() {
  std::vector<expr::EventPattern> patterns;
  for (const project::Rule& rule : parts_.rules->rules) {
    // A disabled rule takes nothing new; what it took before still goes its way.
    if (rule.enabled) {
      watching_.push_back(&rule);
      patterns.push_back(rule.pattern);
    }
    for (const project::RuleTarget& target : rule.targets) {
      auto end = parts_.make_target(target);
      if (!end) {
        return Fail(std::move(end).error().Doing("opening target " + rule.name + "/" + target.id));
      }
      lanes_.push_back(std::make_unique<TargetLane>(rule, target, *std::move(end), parts_.outbox,
                                                    parts_.metrics));
      lanes_of_[&rule].push_back(lanes_.back().get());
    }
  }
  matcher_ = std::make_unique<const expr::EventMatcher>(patterns);
  return {};
}

Result<NewEvent> RuleEngine::Route(RuleEvent event) {
  NewEvent routed;
  FIRN_TRY(const std::vector<uint32_t> matched, matcher_->Match(event.json, match_scratch_));
  for (const uint32_t place : matched) {
    for (const TargetLane* lane : lanes_of_[watching_[place]]) {
      routed.deliveries.push_back({lane->name(), lane->ordered() ? event.record_id : ""});
    }
  }
  routed.event = std::move(event);
  return routed;
}

Result<AddReport> RuleEngine::TakeEvents(const Call& call, std::vector<RuleEvent> events) {
  std::vector<NewEvent> routed;
  {
    const std::lock_guard lock(take_mutex_);
    for (RuleEvent& event : events) {
      auto one = Route(std::move(event));
      // An event that no pattern can look into fits no rule; it must not hold up the others.
      if (!one) {
        log::Warn("an event could not be matched", {{"code", one.error().code()}});
        continue;
      }
      routed.push_back(*std::move(one));
    }
  }
  return AddRouted(call, routed);
}

Result<AddReport> RuleEngine::AddRouted(const Call& call, const std::vector<NewEvent>& routed) {
  std::set<std::string> targets;
  for (const NewEvent& one : routed) {
    for (const NewDelivery& delivery : one.deliveries) targets.insert(delivery.target);
  }
  FIRN_TRY(const AddReport report, parts_.outbox->Add(routed, call.clock->Now()));
  if (seen_ != nullptr) seen_->Add(report.events_new);
  if (report.deliveries > 0) Wake(targets);
  return report;
}

Result<void> RuleEngine::Take(const Call& call, std::span<const Envelope> events) {
  std::vector<RuleEvent> seen;
  seen.reserve(events.size());
  for (const Envelope& event : events) seen.push_back(RuleEventOf(event));
  FIRN_CHECK(TakeEvents(call, std::move(seen)));
  return {};
}

Result<std::vector<std::string>> RuleEngine::RulesFor(std::string_view event_json) {
  const std::lock_guard lock(take_mutex_);
  FIRN_TRY(const auto matched, matcher_->Match(event_json, match_scratch_));
  std::vector<std::string> names;
  for (const uint32_t place : matched) names.push_back(watching_[place]->name);
  return names;
}

void RuleEngine::Wake(const std::set<std::string>& targets) {
  for (const std::string& target : targets) {
    const auto found = crews_.find(target);
    if (found == crews_.end()) continue;
    {
      const std::lock_guard lock(found->second->mutex);
      ++found->second->calls;
    }
    found->second->woken.notify_all();
  }
}

void RuleEngine::Start(const Call& call) {
  stop_ = std::stop_source();
  Call mine = call;
  mine.stop = stop_.get_token();
  mine.deadline = SteadyTime::max();
  for (const auto& lane : lanes_) {
    auto crew = std::make_unique<Crew>();
    crew->lane = lane.get();
    crews_.emplace(lane->name(), std::move(crew));
  }
  for (auto& [name, crew] : crews_) AddHand(*crew, mine);
  keeper_ = std::jthread([this, mine] { LookAfter(mine); });
}

void RuleEngine::Finish(const Call& call, std::chrono::milliseconds grace) {
  finishing_ = true;
  for (auto& [name, crew] : crews_) {
    {
      const std::lock_guard lock(crew->mutex);
    }  // whoever looked before the flag waits by now
    crew->woken.notify_all();
  }
  const SteadyTime end = call.clock->Steady() + grace;
  while (at_work_ > 0 && call.clock->Steady() < end && call.Sleep(kLookAtHands)) {
  }
  Stop();
  finishing_ = false;
}

void RuleEngine::Stop() {
  stop_.request_stop();
  if (keeper_.joinable()) keeper_.join();
  for (auto& [name, crew] : crews_) {
    crew->woken.notify_all();
    // A hand adds hands only while it is not stopped, so none comes any more once all are joined.
    for (size_t i = 0;; ++i) {
      std::jthread hand;
      {
        const std::lock_guard lock(crew->mutex);
        if (i >= crew->threads.size()) break;
        hand = std::move(crew->threads[i]);
      }
      hand.join();
    }
  }
  crews_.clear();
}

// With crew.mutex not held.
void RuleEngine::AddHand(Crew& crew, const Call& call) {
  const std::lock_guard lock(crew.mutex);
  if (call.stop.stop_requested() || std::ssize(crew.threads) >= crew.lane->concurrency()) return;
  crew.threads.emplace_back([this, &crew, call] {
    Call own = call;
    own.retries = std::make_shared<RetryBudget>(0);  // the lane tries again, nobody below it
    Work(crew, own);
  });
}

// Counted before the look: Finish sets the flag before it looks at the count.
bool RuleEngine::GoToWork() {
  ++at_work_;
  if (!finishing_) return true;
  --at_work_;
  return false;
}

void RuleEngine::Work(Crew& crew, Call call) {
  while (!call.stop.stop_requested()) {
    uint64_t calls = 0;
    {
      const std::lock_guard lock(crew.mutex);
      calls = crew.calls;
    }
    if (!GoToWork()) return;
    const auto step = crew.lane->Step(call);
    --at_work_;
    if (!step && step.error().kind() == Kind::kCancelled) return;
    std::chrono::microseconds wait = kAfterError;
    if (step) {
      if (!step->idle()) {
        AddHand(crew, call);  // there may be more than one pair of hands can do
        continue;
      }
      wait = std::min<std::chrono::microseconds>(step->wait.value_or(kLookAgain), kLookAgain);
    } else {
      log::Err("deliveries are held up",
               {{"target", crew.lane->name()}, {"error", step.error().OneLine()}});
    }
    std::unique_lock lock(crew.mutex);
    // A sleeping lane with an open circuit is not woken by new events.
    crew.woken.wait_for(lock, call.stop, wait, [&] {
      return finishing_ || (crew.calls != calls && !crew.lane->circuit_open(call.clock->Steady()));
    });
  }
}

void RuleEngine::LookAfter(Call call) {
  call.retries = std::make_shared<RetryBudget>(0);
  SteadyTime next_house = SteadyTime::min();
  while (!call.stop.stop_requested()) {
    const auto sent = letters_->Step(call);
    if (!sent && sent.error().kind() != Kind::kCancelled) {
      log::Err("dead letters are held up", {{"error", sent.error().OneLine()}});
    }
    if (call.clock->Steady() >= next_house) {
      const auto kept = KeepHouse(call);
      if (!kept) log::Err("the outbox cannot forget", {{"error", kept.error().OneLine()}});
      next_house = call.clock->Steady() + kHouseEvery;
    }
    if (!call.Sleep(kLettersEvery)) return;
  }
}

Result<void> RuleEngine::BuryOrphans(const Call& call) {
  const Error gone(Kind::kNotFound, "EVENT-TARGET-005",
                   "the target is not in the project any more");
  std::set<std::string> known;
  for (const auto& lane : lanes_) known.insert(lane->name());
  FIRN_TRY(const auto waiting, parts_.outbox->TargetsWaitedFor());
  for (const std::string& target : waiting) {
    if (known.contains(target)) continue;
    DueQuery query;
    query.target = target;
    query.now = call.clock->Now();
    query.most = kOrphansAStep;
    FIRN_TRY(const auto deliveries, parts_.outbox->Due(query));
    std::vector<DeliveryOutcome> outcomes;
    for (const WaitingDelivery& delivery : deliveries) {
      if (query.now - delivery.taken < kOrphanAgeMax) continue;
      DeliveryOutcome outcome;
      outcome.id = delivery.id;
      outcome.state = DeliveryOutcome::State::kDead;
      outcome.tries = delivery.tries;
      outcome.code = DeliveryErrorCode(gone);
      outcome.error = gone.OneLine();
      outcome.letter.code = outcome.code;
      outcome.letter.message = gone.what();
      outcome.letter.error = WithHint(outcome.error, gone);
      outcome.letter.condition = "MaximumEventAgeInSeconds";
      outcome.letter.tries = delivery.tries;
      outcome.letter.died = query.now;
      outcomes.push_back(std::move(outcome));
    }
    FIRN_CHECK(parts_.outbox->Record(outcomes, query.now));
  }
  return {};
}

Result<void> RuleEngine::MendClock(const Call& call) {
  FIRN_TRY(const int64_t mended, parts_.outbox->MendDueTimes(call.clock->Now()));
  if (mended > 0) log::Warn("the clock was set back", {{"deliveries_due_now", mended}});
  return {};
}

Result<void> RuleEngine::KeepHouse(const Call& call) {
  FIRN_CHECK(MendClock(call));
  FIRN_CHECK(BuryOrphans(call));
  for (;;) {
    FIRN_CHECK(call.Check());
    FIRN_TRY(const PruneReport report, parts_.outbox->Prune(call.clock->Now(), parts_.limits));
    if (report.letters_lost > 0) {
      log::Err("dead letters are past their age and gone", {{"letters", report.letters_lost}});
    }
    if (!report.more) return {};
  }
}

Result<void> RuleEngine::DrainLane(const Call& call, TargetLane& lane, DrainReport* report) {
  for (;;) {
    FIRN_CHECK(call.Check());
    FIRN_TRY(const LaneStep step, lane.Step(call));
    report->delivered += step.delivered;
    report->failed += step.failed;
    report->dead += step.dead;
    if (!step.idle()) continue;
    if (!step.lingers) return {};
    FIRN_CHECK(call.Sleep(*step.wait));
  }
}

Result<DrainReport> RuleEngine::Drain(const Call& call) {
  Call mine = call;
  mine.retries = std::make_shared<RetryBudget>(0);
  FIRN_CHECK(MendClock(mine));
  FIRN_TRY(const auto names, parts_.outbox->TargetsWaitedFor());
  std::vector<TargetLane*> busy;
  for (const auto& lane : lanes_) {
    if (std::find(names.begin(), names.end(), lane->name()) != names.end()) {
      busy.push_back(lane.get());
    }
  }
  std::vector<DrainReport> reports(busy.size());
  std::vector<Result<void>> ends(busy.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < busy.size(); i = next++) {
      ends[i] = DrainLane(mine, *busy[i], &reports[i]);
    }
  };
  {
    std::vector<std::jthread> hands;
    for (size_t i = 1; i < std::min(busy.size(), kDrainHands); ++i) hands.emplace_back(work);
    work();
  }
  DrainReport sum;
  for (size_t i = 0; i < busy.size(); ++i) {
    FIRN_CHECK(ends[i]);
    sum.delivered += reports[i].delivered;
    sum.failed += reports[i].failed;
    sum.dead += reports[i].dead;
  }
  while (true) {
    FIRN_TRY(const int sent, letters_->Step(mine));
    if (sent == 0) break;
  }
  FIRN_TRY(const auto waiting, parts_.outbox->Waiting());
  for (const TargetCounts& counts : waiting) sum.waiting += counts.waiting;
  return sum;
}

}  // namespace firn::events
