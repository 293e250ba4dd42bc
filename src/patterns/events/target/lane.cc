#include "patterns/events/target/lane.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>

#include "core/base/encoding.h"
#include "core/base/fault_point.h"
#include "core/base/time_text.h"
#include "patterns/events/target/kinds.h"

namespace firn::events {
namespace {

const Backoff kTryAgain{std::chrono::seconds(1), std::chrono::minutes(15), 186};
const Backoff kCircuit{std::chrono::seconds(1), std::chrono::seconds(60), INT32_MAX};
constexpr int kFailuresToOpen = 5;
constexpr size_t kProbeSees = 200;
constexpr auto kCallTimeout = std::chrono::seconds(60);
constexpr size_t kErrorBytesMax = 1024;
constexpr size_t kIdBytesMax = 40;

std::string HashOf(std::string_view text, size_t bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return Hex({reinterpret_cast<const char*>(digest), bytes});
}

// Source: AWS General Reference, "Amazon Resource Names", read 2026-11.
std::string_view PartitionOf(std::string_view region) {
  if (region.starts_with("cn-")) return "aws-cn";
  return region.starts_with("us-gov-") ? "aws-us-gov" : "aws";
}

// Errors that speak of the target, not of the event.
bool IsTargetDown(const Error& error) {
  return error.kind() == Kind::kUnreachable || error.kind() == Kind::kTimeout ||
         error.kind() == Kind::kThrottled || error.kind() == Kind::kExpired;
}

}  // namespace

TargetLane::TargetLane(const project::Rule& rule, const project::RuleTarget& target,
                       std::unique_ptr<Target> end, std::shared_ptr<OutboxStore> outbox,
                       MetricsRegistry* metrics)
    : name_(rule.name + "/" + target.id),
      rule_name_(rule.name),
      bus_(rule.bus),
      target_(target),
      end_(std::move(end)),
      outbox_(std::move(outbox)),
      limits_(end_->limits()),
      ordered_(target.policy.ordered.value_or(limits_.keeps_order)) {
  if (metrics == nullptr) return;
  const Labels labels = {{"rule", rule.name}, {"target", target.id}};
  delivered_ = &metrics->GetCounter("rows_out_total", labels, "events that a target took");
  failed_ = &metrics->GetCounter("deliveries_failed_total", labels,
                                 "calls of a target that failed and are tried again, by event");
  dead_ = &metrics->GetCounter("rows_rejected_total", labels, "events that became dead letters");
}

size_t TargetLane::EntriesMax() const {
  const auto wished = static_cast<size_t>(target_.policy.batch_max);
  return wished == 0 ? limits_.entries_max : std::min(wished, limits_.entries_max);
}

bool TargetLane::circuit_open(SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  return failures_in_a_row_ >= kFailuresToOpen && now < open_until_;
}

Result<TargetLane::Batch> TargetLane::Claim(const Call& call, LaneStep* step) {
  const std::lock_guard lock(mutex_);
  Batch batch;
  const SteadyTime now = call.clock->Steady();
  if (now < open_until_ || probing_) {
    step->wait = std::chrono::duration_cast<std::chrono::microseconds>(
        std::max<SteadyTime::duration>(open_until_ - now, std::chrono::milliseconds(50)));
    return batch;
  }
  batch.probe = failures_in_a_row_ >= kFailuresToOpen;
  DueQuery query;
  query.target = name_;
  query.now = call.clock->Now();
  // A probe calls the target with one; the others it sees may be past their age.
  query.most = batch.probe ? std::max(EntriesMax(), kProbeSees) : EntriesMax();
  query.in_flight = in_flight_;
  FIRN_TRY(batch.deliveries, outbox_->Due(query));
  if (batch.deliveries.empty()) {
    FIRN_TRY(const auto next, outbox_->NextDue(name_));
    // What is due and not here is with another thread.
    if (next) step->wait = std::max(*next - query.now, UtcMicros::duration(100'000));
    return batch;
  }
  const auto waited = query.now - batch.deliveries.front().taken;
  // Taken in a time to come: the clock was set back.
  const bool fresh = waited >= waited.zero() && waited < limits_.linger;
  if (fresh && batch.deliveries.size() < query.most) {
    step->wait = limits_.linger - waited;
    step->lingers = true;
    batch.deliveries.clear();
    return batch;
  }
  // The input's size is not known yet; the event's is the best guess, and Prepare has the last
  // word.
  size_t bytes = 0;
  size_t fitting = 0;
  while (fitting < batch.deliveries.size()) {
    bytes += batch.deliveries[fitting].event.json.size();
    if (fitting > 0 && bytes > limits_.bytes_max) break;
    ++fitting;
  }
  batch.deliveries.resize(fitting);
  if (batch.probe) probing_ = true;
  for (const WaitingDelivery& delivery : batch.deliveries) in_flight_.insert(delivery.id);
  return batch;
}

void TargetLane::Release(const Batch& batch) {
  const std::lock_guard lock(mutex_);
  if (batch.probe) probing_ = false;
  for (const WaitingDelivery& delivery : batch.deliveries) in_flight_.erase(delivery.id);
}

std::string TargetLane::RuleArn(const RuleEvent& event) const {
  // The bus may be named by its ARN too.
  constexpr std::string_view kBus = ":event-bus/";
  const size_t named = bus_.find(kBus);
  std::string bus = named == std::string::npos ? bus_ : bus_.substr(named + kBus.size());
  bus = bus.empty() || bus == "default" ? "" : bus + "/";
  return fmt::format("arn:{}:events:{}:{}:rule/{}{}", PartitionOf(event.region), event.region,
                     event.account, bus, rule_name_);
}

std::string TargetLane::KeyOf(const RuleEvent& event) const {
  std::string id = event.id;
  const bool plain =
      !id.empty() && id.size() <= kIdBytesMax && std::all_of(id.begin(), id.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
      });
  if (!plain) id = HashOf(event.id, 16);
  // A merged change is one event a record; two rules may send it to one queue.
  if (!event.record_id.empty()) id += "-" + event.record_id.substr(0, 18);
  return id + "-" + HashOf(name_, 4);
}

Result<std::string> TargetLane::InputOf(const WaitingDelivery& delivery) const {
  if (const auto* constant = std::get_if<std::string>(&target_.input)) return *constant;
  if (std::holds_alternative<std::monostate>(target_.input)) return delivery.event.json;
  expr::JsonText event;
  event.Load(delivery.event.json);
  if (const auto* path = std::get_if<expr::JsonPath>(&target_.input)) {
    FIRN_TRY(auto found, event.Find(*path));
    if (found) return *std::move(found);
    return Fail(Error(Kind::kBadInput, "EVENT-TARGET-002", "the event lacks what the call needs")
                    .At("target " + name_)
                    .Because("InputPath `" + path->text() + "` finds nothing in it"));
  }
  return std::get<expr::InputTransform>(target_.input)
      .Apply(event, {RuleArn(delivery.event), rule_name_, FormatUtc(delivery.taken, 0)});
}

void TargetLane::Prepare(const Call& call, Batch* batch) {
  size_t bytes = 0;
  for (size_t i = 0; i < batch->deliveries.size(); ++i) {
    const WaitingDelivery& delivery = batch->deliveries[i];
    const auto age = call.clock->Now() - delivery.taken;
    if (age > target_.policy.age_max) {
      const Error late(Kind::kTimeout, "EVENT-TARGET-004",
                       delivery.last_error.empty() ? "the event is too old for the target"
                                                   : delivery.last_error);
      Die(call, delivery, late, "MaximumEventAgeInSeconds", delivery.tries, batch);
      continue;
    }
    if (batch->probe && !batch->entries.empty()) continue;
    auto input = InputOf(delivery);
    if (!input) {
      Die(call, delivery, input.error(), "", delivery.tries, batch);
      continue;
    }
    if (input->size() > limits_.bytes_max) {
      Die(call, delivery, TooLarge("target " + name_, input->size(), limits_.bytes_max), "",
          delivery.tries, batch);
      continue;
    }
    if (bytes + input->size() > limits_.bytes_max) continue;  // stays for the next call
    bytes += input->size();
    batch->entries.push_back(
        {&delivery.event, *std::move(input), delivery.group, KeyOf(delivery.event)});
    batch->places.push_back(i);
  }
}

void TargetLane::Die(const Call& call, const WaitingDelivery& delivery, const Error& error,
                     std::string_view condition, int tries, Batch* batch) const {
  DeliveryOutcome outcome;
  outcome.id = delivery.id;
  outcome.grouped = !delivery.group.empty();
  outcome.state = DeliveryOutcome::State::kDead;
  outcome.tries = tries;
  const bool late = error.code() == "EVENT-TARGET-004";
  outcome.code = late && !delivery.last_code.empty() ? delivery.last_code
                                                     : std::string(DeliveryErrorCode(error));
  outcome.error = late ? error.what() : error.OneLine().substr(0, kErrorBytesMax);
  outcome.letter.target_arn = target_.arn;
  outcome.letter.rule_arn = RuleArn(delivery.event);
  outcome.letter.code = outcome.code;
  outcome.letter.message = error.what() + (error.why().empty() ? "" : ": " + error.why());
  outcome.letter.error = WithHint(outcome.error, error);
  outcome.letter.condition = condition;
  outcome.letter.tries = tries;
  outcome.letter.died = call.clock->Now();
  outcome.letter.queue_arn = target_.policy.dead_letter_arn;
  batch->outcomes.push_back(std::move(outcome));
}

void TargetLane::Judge(const Call& call, const WaitingDelivery& delivery,
                       const std::optional<Error>& error, Batch* batch) {
  DeliveryOutcome outcome;
  outcome.id = delivery.id;
  outcome.grouped = !delivery.group.empty();
  outcome.tries = delivery.tries + 1;
  if (!error) {
    batch->outcomes.push_back(std::move(outcome));
    return;
  }
  if (IsFinal(*error)) return Die(call, delivery, *error, "", outcome.tries, batch);
  if (delivery.tries >= target_.policy.retries_max) {
    return Die(call, delivery, *error, "MaximumRetryAttempts", outcome.tries, batch);
  }
  auto wait = kTryAgain.Wait(delivery.tries, *call.random);
  if (error->retry().when == Retry::When::kAfter) wait = std::max(wait, error->retry().after);
  outcome.state = DeliveryOutcome::State::kWaiting;
  outcome.due = call.clock->Now() + wait;
  outcome.code = DeliveryErrorCode(*error);
  outcome.error = error->OneLine().substr(0, kErrorBytesMax);
  batch->outcomes.push_back(std::move(outcome));
}

void TargetLane::LearnHealth(const Call& call, const Batch& batch, bool failed_as_a_whole,
                             std::optional<std::chrono::milliseconds> asked_wait) {
  if (batch.entries.empty()) return;
  const std::lock_guard lock(mutex_);
  if (!failed_as_a_whole) {
    failures_in_a_row_ = 0;
    open_until_ = SteadyTime::min();
    return;
  }
  ++failures_in_a_row_;
  std::chrono::milliseconds wait{0};
  if (failures_in_a_row_ >= kFailuresToOpen) {
    wait = kCircuit.Wait(std::min(failures_in_a_row_ - kFailuresToOpen, 16), *call.random);
  }
  wait = std::max(wait, asked_wait.value_or(std::chrono::milliseconds(0)));
  if (wait.count() > 0) open_until_ = call.clock->Steady() + wait;
}

Result<LaneStep> TargetLane::Step(const Call& call) {
  LaneStep step;
  FIRN_TRY(Batch batch, Claim(call, &step));
  if (batch.deliveries.empty()) return step;
  struct Releaser {
    TargetLane* lane;
    const Batch* batch;
    ~Releaser() { lane->Release(*batch); }
  } releaser{this, &batch};

  Prepare(call, &batch);
  bool all_down = !batch.entries.empty();
  std::optional<std::chrono::milliseconds> asked_wait;
  if (!batch.entries.empty()) {
    FIRN_FAULT_POINT("events.target.before_call");
    const auto limit =
        target_.timeout.count() > 0 ? target_.timeout * 2 : std::chrono::milliseconds(kCallTimeout);
    const auto outcomes = end_->Deliver(call.Within(limit), batch.entries);
    // Stopped before the target had its say: what was handed over comes again.
    if (!outcomes && outcomes.error().kind() == Kind::kCancelled) return Fail(outcomes.error());
    FIRN_FAULT_POINT("events.target.after_call");
    if (outcomes) FIRN_ASSERT(outcomes->size() == batch.entries.size());
    for (size_t i = 0; i < batch.places.size(); ++i) {
      const std::optional<Error> error = outcomes ? (*outcomes)[i] : outcomes.error();
      if (error && error->kind() == Kind::kCancelled) {
        all_down = false;
        continue;
      }
      if (!error || !IsTargetDown(*error)) all_down = false;
      if (error && error->retry().when == Retry::When::kAfter &&
          (error->kind() == Kind::kThrottled || error->kind() == Kind::kLimitReached)) {
        asked_wait = std::max(asked_wait.value_or(error->retry().after), error->retry().after);
      }
      Judge(call, batch.deliveries[batch.places[i]], error, &batch);
    }
  }
  LearnHealth(call, batch, all_down, asked_wait);
  FIRN_CHECK(outbox_->Record(batch.outcomes, call.clock->Now()));
  for (const DeliveryOutcome& outcome : batch.outcomes) {
    using State = DeliveryOutcome::State;
    int& count = outcome.state == State::kDelivered ? step.delivered
                 : outcome.state == State::kWaiting ? step.failed
                                                    : step.dead;
    ++count;
    Counter* counter = outcome.state == State::kDelivered ? delivered_
                       : outcome.state == State::kWaiting ? failed_
                                                          : dead_;
    if (counter != nullptr) counter->Add();
  }
  return step;
}

}  // namespace firn::events
