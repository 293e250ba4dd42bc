#include "core/base/call.h"

#include <algorithm>

namespace firn {

Call Call::Within(std::chrono::nanoseconds limit) const {
  Call copy = *this;
  const auto now = clock->Steady();
  if (limit < deadline - now) {
    copy.deadline = now + std::chrono::duration_cast<SteadyTime::duration>(limit);
  }
  return copy;
}

std::chrono::nanoseconds Call::Left() const {
  if (deadline == SteadyTime::max()) return std::chrono::nanoseconds::max();
  return std::max(std::chrono::nanoseconds(0),
                  std::chrono::nanoseconds(deadline - clock->Steady()));
}

Result<void> Call::Check() const {
  if (stop.stop_requested()) {
    return Fail(Kind::kCancelled, "BASE-CALL-001", "stopped on request");
  }
  if (Left() == std::chrono::nanoseconds(0)) {
    return Fail(Kind::kTimeout, "BASE-CALL-002", "the time allowed for this call is used up");
  }
  return {};
}

Result<void> Call::Sleep(std::chrono::nanoseconds duration) const {
  FIRN_CHECK(Check());
  clock->SleepFor(std::min(duration, Left()), stop);
  return Check();
}

std::chrono::milliseconds Backoff::Wait(int attempt, Random& random) const {
  const int doublings = std::min(attempt, 20);
  const auto top = std::min<int64_t>(most.count(), first.count() << doublings);
  const auto low = std::min<int64_t>(first.count() / 2, top);
  return std::chrono::milliseconds(
      low + static_cast<int64_t>(random.Below(static_cast<uint64_t>(top - low + 1))));
}

Result<void> WaitToRetry(const Call& call, const Backoff& backoff, int attempt, Error error) {
  if (error.retry().when == Retry::When::kNever || attempt + 1 >= backoff.attempts_max) {
    return Fail(std::move(error));
  }
  const auto wait = error.retry().when == Retry::When::kAfter ? error.retry().after
                                                              : backoff.Wait(attempt, *call.random);
  if (wait >= call.Left() || !call.retries->Take()) return Fail(std::move(error));
  auto slept = call.Sleep(wait);
  if (!slept && slept.error().kind() == Kind::kTimeout) return Fail(std::move(error));
  return slept;
}

}  // namespace firn
