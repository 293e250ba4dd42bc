// RuleEngine: events that are told again, for one rule's targets alone.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/nearest.h"
#include "patterns/events/json_text.h"
#include "patterns/events/rules/rule_engine.h"

namespace firn::events {
namespace {

bool IsFor(const std::string& lane, const std::string& to) {
  return lane == to || (lane.starts_with(to) && lane[to.size()] == '/');
}

// As EventBridge marks events of a replay: with the member `replay-name`. The event's own keys have
// been seen; of this replay it has one of its own, and so have its deliveries.
// Source: EventBridge User Guide, "Replaying archived events", read 2026-11.
void MarkAsReplayed(const std::string& replay, RuleEvent* event) {
  event->keys = {"replay\n" + replay + "\n" + event->id + "\n" + event->record_id};
  event->id += "-" + replay;
  const size_t end = event->json.rfind('}');
  std::string member = R"(,"replay-name":)";
  AppendJsonText(replay, member);
  if (end != std::string::npos) event->json.insert(end, member);
}

}  // namespace

Result<AddReport> RuleEngine::TakeReplay(const Call& call, std::vector<RuleEvent> events,
                                         const ReplayTo& where) {
  std::vector<std::string> names;
  for (const auto& lane : lanes_) names.push_back(lane->name());
  const bool known = std::any_of(names.begin(), names.end(),
                                 [&](const std::string& name) { return IsFor(name, where.to); });
  if (!known) {
    const auto near = Nearest(where.to, names);
    return Fail(Error(Kind::kNotFound, "EVENT-REPLAY-001",
                      "there is no rule or target `" + where.to + "` to replay to")
                    .Hint(near ? "did you mean `" + *near + "`?"
                               : "`firn events rules list` shows them, as `RULE/TARGET`"));
  }
  std::vector<NewEvent> routed;
  {
    const std::lock_guard lock(take_mutex_);
    for (RuleEvent& event : events) {
      MarkAsReplayed(where.replay, &event);
      FIRN_TRY(NewEvent one, Route(std::move(event)));
      std::erase_if(one.deliveries,
                    [&](const NewDelivery& delivery) { return !IsFor(delivery.target, where.to); });
      if (!one.deliveries.empty()) routed.push_back(std::move(one));
    }
  }
  return AddRouted(call, routed);
}

}  // namespace firn::events
