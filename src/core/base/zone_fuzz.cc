// Any bytes as a time zone's file: never a crash, and every instant has one local time that leads
// back to it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "core/base/time_zone.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto zone = firn::TimeZone::FromTzif({reinterpret_cast<const char*>(data), size}, "f");
  if (!zone) return 0;
  for (int64_t time = -4'000'000'000; time < 8'000'000'000; time += 1'000'000'007) {
    const firn::UtcSeconds instant{std::chrono::seconds(time)};
    static_cast<void>(zone->InstantsOf(zone->LocalOf(instant)));
  }
  return 0;
}
