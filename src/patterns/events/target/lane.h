// TargetLane: the way of deliveries to one target of a rule: out of the outbox, through the rule's
// input, in batches, with retries, and at the end to the dead letters.
//
// Each lane has threads of its own, so a target that hangs delays no other. Several threads of a
// lane may be in Step at once; a delivery, and a group that keeps an order, is with one of them
// only. A target that fails again and again is left alone for a while (the circuit is open) and
// then tried with one delivery; meanwhile nothing is counted as a try. Errors that trying again
// cannot mend are dead letters at once. Source of the policy: EventBridge User Guide, "How
// EventBridge retries delivering events", read 2026-11; its waits are not published, ours grow from
// 1 s to 15 min so that 185 tries fill a day.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/metrics.h"
#include "core/project/rules.h"
#include "patterns/events/outbox/outbox_store.h"
#include "patterns/events/target/target.h"

namespace firn::events {

struct LaneStep {
  int delivered = 0;
  int failed = 0;  // to be tried again
  int dead = 0;
  // Nothing was due: when to look again. Nothing: when something comes.
  std::optional<std::chrono::microseconds> wait;
  bool lingers = false;  // what is due waits for others to share a call
  [[nodiscard]] bool idle() const { return delivered + failed + dead == 0; }
};

class TargetLane {
 public:
  TargetLane(const project::Rule& rule, const project::RuleTarget& target,
             std::unique_ptr<Target> end, std::shared_ptr<OutboxStore> outbox,
             MetricsRegistry* metrics);

  // `rule/target id`.
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int concurrency() const { return target_.policy.concurrency; }
  // Whether deliveries of one record wait for each other.
  [[nodiscard]] bool ordered() const { return ordered_; }

  // Takes up what is due, calls the target once, records what became of it. Errors: of the outbox;
  // Cancelled. What was taken up is then still waiting.
  [[nodiscard]] Result<LaneStep> Step(const Call& call);
  // The circuit: closed when the target is thought well.
  [[nodiscard]] bool circuit_open(SteadyTime now) const;

 private:
  struct Batch {
    std::vector<WaitingDelivery> deliveries;
    std::vector<TargetEntry> entries;  // of those that live
    std::vector<size_t> places;        // of each entry in `deliveries`
    std::vector<DeliveryOutcome> outcomes;
    bool probe = false;
  };

  Result<Batch> Claim(const Call& call, LaneStep* step);
  void Release(const Batch& batch);
  void Prepare(const Call& call, Batch* batch);
  void Judge(const Call& call, const WaitingDelivery& delivery, const std::optional<Error>& error,
             Batch* batch);
  void Die(const Call& call, const WaitingDelivery& delivery, const Error& error,
           std::string_view condition, int tries, Batch* batch) const;
  void LearnHealth(const Call& call, const Batch& batch, bool failed_as_a_whole,
                   std::optional<std::chrono::milliseconds> asked_wait);
  [[nodiscard]] Result<std::string> InputOf(const WaitingDelivery& delivery) const;
  [[nodiscard]] std::string RuleArn(const RuleEvent& event) const;
  [[nodiscard]] std::string KeyOf(const RuleEvent& event) const;
  [[nodiscard]] size_t EntriesMax() const;

  std::string name_;
  std::string rule_name_;
  std::string bus_;
  project::RuleTarget target_;
  std::unique_ptr<Target> end_;
  std::shared_ptr<OutboxStore> outbox_;
  TargetLimits limits_;
  bool ordered_;
  Counter* delivered_ = nullptr;
  Counter* failed_ = nullptr;
  Counter* dead_ = nullptr;

  mutable std::mutex mutex_;
  std::set<int64_t> in_flight_;
  int failures_in_a_row_ = 0;
  SteadyTime open_until_ = SteadyTime::min();
  bool probing_ = false;
};

}  // namespace firn::events
