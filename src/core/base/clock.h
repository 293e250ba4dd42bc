// Time as a part that is passed in, so that tests and simulations own it.
//
// Implementations may be called from any thread. SystemClock() is the real one; ManualClock stands
// still until told to move.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace firn {

using UtcMicros = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall time, UTC. May jump; never used to measure durations.
  [[nodiscard]] virtual UtcMicros Now() const = 0;
  // Monotonic time, for deadlines and durations.
  [[nodiscard]] virtual SteadyTime Steady() const = 0;
  // Sleeps until `until` of Steady(). False if `stop` was requested first.
  virtual bool SleepUntil(SteadyTime until, std::stop_token stop) = 0;

  bool SleepFor(std::chrono::nanoseconds duration, std::stop_token stop) {
    return SleepUntil(Steady() + std::chrono::duration_cast<SteadyTime::duration>(duration),
                      std::move(stop));
  }
};

// The machine's clock: one per process, never destroyed.
[[nodiscard]] Clock& SystemClock();

// A clock that moves only by Advance(). Sleepers wake when the time they wait for has come. With
// `auto_advance`, a sleep moves the clock itself and returns at once.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UtcMicros start, bool auto_advance = true)
      : now_(start), auto_advance_(auto_advance) {}
  [[nodiscard]] UtcMicros Now() const override;
  [[nodiscard]] SteadyTime Steady() const override;
  bool SleepUntil(SteadyTime until, std::stop_token stop) override;
  void Advance(std::chrono::microseconds by);

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any moved_;
  UtcMicros now_;
  bool auto_advance_;
};

}  // namespace firn
