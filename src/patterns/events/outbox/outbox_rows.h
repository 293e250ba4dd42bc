// What the files of the outbox share; private to the room.
#pragma once

#include "core/base/sqlite.h"
#include "patterns/events/outbox/outbox_store.h"

namespace firn::events {

// The state of a delivery. Of a group only the oldest may be due, the others are behind it.
enum class DeliveryRow { kDue = 0, kBehind = 1, kDelivered = 2, kDead = 3 };

[[nodiscard]] inline int64_t MicrosOf(UtcMicros time) { return time.time_since_epoch().count(); }
[[nodiscard]] inline UtcMicros TimeOf(int64_t micros) {
  return UtcMicros(std::chrono::microseconds(micros));
}
// The letter of a delivery that died; its event is the delivery's.
[[nodiscard]] Result<void> InsertLetter(Database& db, const DeliveryOutcome& outcome);

}  // namespace firn::events
