// The compiled schemas of a topic's events, by schema id. Internal to events; one thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/salesforce/pubsub.h"
#include "patterns/events/change/plan.h"

namespace firn::events {

class StreamPlans {
 public:
  explicit StreamPlans(salesforce::PubSub& pubsub) : pubsub_(pubsub) {}
  // Asks the org for a schema that is new, a bounded number of times. Errors: Corrupt
  // (EVENT-SCHEMA-001), NotFound (SF-STREAM-010) - the event is for the quarantine; others: the
  // org cannot be asked now.
  [[nodiscard]] Result<const ChangePlan*> Of(const Call& call, std::string_view schema_id);
  // Whether an error is the event's own and trying again would not help.
  [[nodiscard]] static bool IsFinal(const Error& error);

 private:
  salesforce::PubSub& pubsub_;
  std::map<std::string, std::unique_ptr<const ChangePlan>, std::less<>> plans_;
};

}  // namespace firn::events
