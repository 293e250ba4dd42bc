// Retries that outlive the deadline, or multiply, turn one outage into a storm.
#include "core/base/call.h"

#include <gtest/gtest.h>

#include <thread>

namespace firn {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Error Again() { return Error(Kind::kUnreachable, "T-1", "again").RetryWithBackoff(); }

struct Fixture : testing::Test {
  ManualClock clock{UtcMicros(std::chrono::hours(24))};
  std::unique_ptr<Random> random = SeededRandom(1);
  Call call;
  Fixture() {
    call.clock = &clock;
    call.random = random.get();
  }
};
using CallTest = Fixture;

TEST_F(CallTest, WithinNeverLengthensADeadline) {
  const Call inner = call.Within(seconds(5));
  EXPECT_EQ(inner.Left(), seconds(5));
  EXPECT_EQ(inner.Within(seconds(60)).Left(), seconds(5));
  clock.Advance(seconds(6));
  EXPECT_EQ(inner.Left(), std::chrono::nanoseconds(0));
  EXPECT_EQ(inner.Check().error().code(), "BASE-CALL-002");
  EXPECT_TRUE(call.Check().has_value());
}

TEST_F(CallTest, AStopIsNoticedBeforeTheDeadline) {
  std::stop_source stop;
  call.stop = stop.get_token();
  stop.request_stop();
  EXPECT_EQ(call.Within(seconds(0)).Check().error().kind(), Kind::kCancelled);
}

TEST_F(CallTest, RetriesEndWithTheOriginalError) {
  int tries = 0;
  const auto result = WithRetries(call, {.attempts_max = 4}, [&]() -> Result<int> {
    ++tries;
    return Fail(Again());
  });
  EXPECT_EQ(tries, 4);
  EXPECT_EQ(result.error().code(), "T-1");
}

TEST_F(CallTest, AnErrorThatIsFinalIsNotTriedAgain) {
  int tries = 0;
  const auto result = WithRetries(call, {}, [&]() -> Result<int> {
    ++tries;
    return Fail(Kind::kDenied, "T-2", "no");
  });
  EXPECT_EQ(tries, 1);
  EXPECT_EQ(result.error().code(), "T-2");
}

TEST_F(CallTest, TheBudgetIsSharedByCopies) {
  call.retries = std::make_shared<RetryBudget>(3);
  const Call copy = call.Within(seconds(3600));
  int tries = 0;
  const auto fail = [&]() -> Result<int> {
    ++tries;
    return Fail(Again());
  };
  (void)WithRetries(copy, {.attempts_max = 3}, fail);
  (void)WithRetries(call, {.attempts_max = 3}, fail);
  EXPECT_EQ(tries, 3 + 2);
  EXPECT_EQ(call.retries->left(), 0);
}

TEST_F(CallTest, AWaitThatWouldPassTheDeadlineIsNotBegun) {
  const auto before = clock.Now();
  auto result = WaitToRetry(call.Within(seconds(1)), {}, 0,
                            Error(Kind::kThrottled, "T-3", "slow").RetryAfter(seconds(30)));
  EXPECT_EQ(result.error().code(), "T-3");
  EXPECT_EQ(clock.Now(), before);
}

TEST_F(CallTest, BackoffStaysInItsBounds) {
  const Backoff backoff;
  for (int attempt = 0; attempt < 40; ++attempt) {
    const auto wait = backoff.Wait(attempt, *random);
    EXPECT_GE(wait, milliseconds(100));
    EXPECT_LE(wait, milliseconds(20'000));
  }
}

TEST(ManualClock, ASleeperWakesWhenItsTimeComes) {
  ManualClock clock(UtcMicros(seconds(0)), false);
  bool slept = false;
  const SteadyTime until = clock.Steady() + seconds(10);
  std::jthread sleeper([&] { slept = clock.SleepUntil(until, {}); });
  clock.Advance(seconds(11));
  sleeper.join();
  EXPECT_TRUE(slept);
}

}  // namespace
}  // namespace firn
