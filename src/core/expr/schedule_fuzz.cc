// Any bytes as a schedule: never a crash, and the next time is after the last.
#include <cstdint>
#include <cstdlib>

#include "core/expr/schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto schedule = firn::expr::Schedule::Parse({reinterpret_cast<const char*>(data), size},
                                                    firn::TimeZone::Utc());
  if (!schedule) return 0;
  firn::UtcSeconds now{std::chrono::seconds(1'795'658'400)};
  for (int i = 0; i < 3; ++i) {
    const auto next = schedule->Next(now, now);
    if (!next) return 0;
    if (*next < now || (i > 0 && *next == now)) std::abort();
    now = *next;
  }
  return 0;
}
