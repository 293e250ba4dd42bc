// How many streaming requests came within the current second. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>

#include "core/base/clock.h"

namespace firn::sandbox {

class LakeRate {
 public:
  // Counts a request; true when it is one too many of its second.
  [[nodiscard]] bool Exceeds(int64_t per_second, UtcMicros now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    const std::lock_guard lock(mutex_);
    if (second != second_) {
      second_ = second;
      count_ = 0;
    }
    return ++count_ > per_second;
  }

 private:
  std::mutex mutex_;
  std::chrono::sys_seconds second_{};
  int64_t count_ = 0;
};

}  // namespace firn::sandbox
