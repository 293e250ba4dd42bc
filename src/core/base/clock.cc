#include "core/base/clock.h"

namespace firn {
namespace {

class RealClock final : public Clock {
 public:
  [[nodiscard]] UtcMicros Now() const override {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  [[nodiscard]] SteadyTime Steady() const override { return std::chrono::steady_clock::now(); }
  bool SleepUntil(SteadyTime until, std::stop_token stop) override {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, stop, until, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

Clock& SystemClock() {
  static RealClock clock;
  return clock;
}

UtcMicros ManualClock::Now() const {
  std::lock_guard lock(mutex_);
  return now_;
}

SteadyTime ManualClock::Steady() const {
  std::lock_guard lock(mutex_);
  return SteadyTime(std::chrono::duration_cast<SteadyTime::duration>(now_.time_since_epoch()));
}

bool ManualClock::SleepUntil(SteadyTime until, std::stop_token stop) {
  const UtcMicros target(std::chrono::ceil<std::chrono::microseconds>(until.time_since_epoch()));
  std::unique_lock lock(mutex_);
  if (auto_advance_) {
    if (!stop.stop_requested() && now_ < target) now_ = target;
    moved_.notify_all();
    return !stop.stop_requested();
  }
  moved_.wait(lock, stop, [&] { return now_ >= target; });
  return !stop.stop_requested();
}

void ManualClock::Advance(std::chrono::microseconds by) {
  std::lock_guard lock(mutex_);
  now_ += by;
  moved_.notify_all();
}

}  // namespace firn
