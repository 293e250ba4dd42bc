// RuleEvent: an event as rules and targets see it: its text in EventBridge's shape, and the few of
// its parts that they need without reading it. A value.
//
// Duplicates are told by keys: the event's id, and (event type, record, time of the commit) as the
// guide has it, where the time is made exact by the transaction and the place in it: two changes of
// one record in one transaction carry the same time and are not duplicates.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "patterns/events/rules/envelope.h"

namespace firn::events {

struct RuleEvent {
  std::string json;  // the whole event
  std::string id;
  std::string source;
  std::string detail_type;
  std::string record_id;  // empty: of no one record
  std::string account;
  std::string region;
  UtcMicros time{};
  std::vector<std::string> keys;  // an event that shares one with an earlier event is a duplicate
  // Commit of the change, which its duplicates share; 0: none. Keys of one time lie together.
  int64_t commit_ms = 0;
};

[[nodiscard]] RuleEvent RuleEventOf(const Envelope& envelope);
// From a text in EventBridge's shape; a missing `id` becomes a hash of the text. Errors: BadInput
// (EVENT-RULE-001) when it is no JSON object or lacks source, detail-type or detail.
[[nodiscard]] Result<RuleEvent> ParseRuleEvent(std::string_view json);

}  // namespace firn::events
