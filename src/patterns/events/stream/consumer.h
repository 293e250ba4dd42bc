// EventConsumer: somebody who takes the events of a topic: the tables of the lake, the rules.
//
// One subscription a topic serves all consumers, because every delivery is billed. The stream calls
// them one after the other: Take for each batch as it comes, on a thread for that alone; Settle
// from time to time, never beside Take. The cursor passes an event once every consumer has settled
// it, so what a consumer took and did not settle comes again after a crash: at least once. Work
// that waits for others (a target, a slow table) is put somewhere durable by Settle and done
// elsewhere.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/base/call.h"
#include "core/base/error.h"
#include "patterns/events/rules/envelope.h"

namespace firn::events {

class EventConsumer {
 public:
  virtual ~EventConsumer() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  // The next events of the topic, in its order; merged changes are already one envelope a record.
  // `events` is valid during the call. Errors: stop the topic; it goes on from the cursor.
  [[nodiscard]] virtual Result<void> Take(const Call& call, std::span<const Envelope> events) = 0;
  // Everything taken is durable when it returns.
  [[nodiscard]] virtual Result<void> Settle(const Call& call) = 0;
};

}  // namespace firn::events
