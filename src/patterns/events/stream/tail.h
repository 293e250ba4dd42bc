// Looking at a topic's events as they are, without tables, cursor or lease. Each look is a
// subscription of its own and is billed as one.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/salesforce/pubsub.h"
#include "patterns/events/rules/envelope.h"

namespace firn::events {

struct TailOptions {
  std::string topic;
  std::string org_id;
  std::string account = "000000000000";  // of envelopes
  std::string region = "us-east-1";
  salesforce::ReplayPosition start;
  std::optional<UtcMicros> from;   // events before are passed over
  std::optional<UtcMicros> until;  // ends at the first event after it
  int64_t events_max = -1;         // -1: all
  bool until_caught_up = false;
};
// An event that cannot be decoded is shown with the reason instead of its detail.
using ShowEvent = std::function<Result<void>(const Envelope& event, const Error* undecodable)>;

// Events shown. Errors: those of the subscription and of `show`; a stop is none.
[[nodiscard]] Result<int64_t> TailTopic(const Call& call, salesforce::PubSub& pubsub,
                                        const TailOptions& options, const ShowEvent& show);

}  // namespace firn::events
