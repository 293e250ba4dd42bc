// Decoded events as envelopes: one a record, so that a merged event is told once for each of its
// records. Internal to events; pure.
#pragma once

#include <string>
#include <vector>

#include "ends/salesforce/pubsub.h"
#include "patterns/events/change/plan.h"
#include "patterns/events/rules/envelope.h"

namespace firn::events {

struct EnvelopeFrame {
  std::string topic;
  std::string org_id;
  std::string account;
  std::string region;
};
// `out` is used again: its envelopes are overwritten.
void MakeEnvelopes(const EnvelopeFrame& frame, const salesforce::EventView& event,
                   const ChangePlan& plan, const ChangeRecord& record, std::vector<Envelope>& out);

}  // namespace firn::events
