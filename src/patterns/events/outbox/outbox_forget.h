// One record out of the outbox of a project's rules, and out of the bytes of its file.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/error.h"

namespace firn::events {

struct ForgottenEvents {
  int64_t events = 0;   // of the last 72 hours
  int64_t waiting = 0;  // deliveries of those that no target has yet
  int64_t letters = 0;  // dead ones
};
// What names the record (18 characters, or its first 15) in the outbox of a state folder; with
// `remove` the events go together with their deliveries, made or not, and the dead letters. Their
// bytes are overwritten. No outbox yet: nothing. Errors: Conflict (EVENT-OUTBOX-001) when removing
// while somebody delivers; those of Database.
[[nodiscard]] Result<ForgottenEvents> ForgetInOutbox(const std::string& state_folder,
                                                     const std::string& id, bool remove);

}  // namespace firn::events
