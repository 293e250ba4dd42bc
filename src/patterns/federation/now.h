// The wall clock in the unit of Iceberg's metadata.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/base/call.h"

namespace firn::federation {

[[nodiscard]] inline int64_t NowMs(const Call& call) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(call.clock->Now().time_since_epoch())
      .count();
}

}  // namespace firn::federation
