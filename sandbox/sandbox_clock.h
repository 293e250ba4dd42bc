// The org's clock: the machine's (or a test's), moved by an offset that clients and faults may set.
//
// Thread-safe. Steady time is never moved.
#pragma once

#include <atomic>

#include "core/base/clock.h"

namespace firn::sandbox {

class SandboxClock final : public Clock {
 public:
  explicit SandboxClock(Clock& under) : under_(under) {}
  [[nodiscard]] UtcMicros Now() const override {
    return under_.Now() + std::chrono::microseconds(offset_us_.load());
  }
  [[nodiscard]] SteadyTime Steady() const override { return under_.Steady(); }
  bool SleepUntil(SteadyTime until, std::stop_token stop) override {
    return under_.SleepUntil(until, std::move(stop));
  }
  [[nodiscard]] std::chrono::microseconds offset() const {
    return std::chrono::microseconds(offset_us_.load());
  }
  void SetOffset(std::chrono::microseconds offset) { offset_us_ = offset.count(); }
  [[nodiscard]] Clock& under() const { return under_; }

 private:
  Clock& under_;
  std::atomic<int64_t> offset_us_{0};
};

}  // namespace firn::sandbox
