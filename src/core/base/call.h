// Call: deadline, stop, retry budget and trace travel together down every I/O function.
//
// A Call is a small value; copies share the retry budget. It may be handed to any thread. The clock
// and the randomness it names must outlive it.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "core/base/trace.h"

namespace firn {

// How many more times anything below this call may try again. One outage must not multiply into
// retries of retries.
class RetryBudget {
 public:
  explicit RetryBudget(int attempts) : left_(attempts) {}
  // Takes one attempt. False when none is left.
  [[nodiscard]] bool Take() {
    int left = left_.load();
    while (left > 0) {
      if (left_.compare_exchange_weak(left, left - 1)) return true;
    }
    return false;
  }
  [[nodiscard]] int left() const { return left_.load(); }

 private:
  std::atomic<int> left_;
};

struct Call {
  Clock* clock = &SystemClock();
  Random* random = &SystemRandom();
  SteadyTime deadline = SteadyTime::max();
  std::stop_token stop;
  std::shared_ptr<RetryBudget> retries = std::make_shared<RetryBudget>(64);
  TraceContext trace;

  // The same call with a deadline at most `limit` from now.
  [[nodiscard]] Call Within(std::chrono::nanoseconds limit) const;
  // Time left; zero when the deadline has passed, max() when there is none.
  [[nodiscard]] std::chrono::nanoseconds Left() const;
  // Errors: Cancelled (BASE-CALL-001) when stop was requested, Timeout (BASE-CALL-002).
  [[nodiscard]] Result<void> Check() const;
  // Sleeps no longer than the deadline. Errors as Check().
  [[nodiscard]] Result<void> Sleep(std::chrono::nanoseconds duration) const;
};

// Exponential backoff with full jitter: the n-th wait is uniform in [first/2, min(first*2^n,
// most)].
struct Backoff {
  std::chrono::milliseconds first{200};
  std::chrono::milliseconds most{20'000};
  int attempts_max = 6;

  [[nodiscard]] std::chrono::milliseconds Wait(int attempt, Random& random) const;
};

// Whether to try again after `error`, having slept as it asked. `attempt` counts from 0. Takes one
// attempt of the call's budget. Errors: the original one when it is final, the policy or the budget
// is used up, or the deadline would pass; Cancelled when stopped while waiting.
[[nodiscard]] Result<void> WaitToRetry(const Call& call, const Backoff& backoff, int attempt,
                                       Error error);

// Runs `work` until it succeeds or WaitToRetry gives up.
template <typename Work>
[[nodiscard]] auto WithRetries(const Call& call, const Backoff& backoff, Work&& work)
    -> decltype(work()) {
  for (int attempt = 0;; ++attempt) {
    auto result = work();
    if (result) return result;
    auto again = WaitToRetry(call, backoff, attempt, std::move(result).error());
    if (!again) return Fail(std::move(again).error());
  }
}

}  // namespace firn
