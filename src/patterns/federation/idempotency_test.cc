// What could go wrong in production: a change is made twice because its answer was lost, or one
// client gets the answer to another's request.
#include "patterns/federation/idempotency.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace firn::federation {
namespace {

constexpr const char* kKey = "017F22E2-79B0-7CC3-98C4-DC0C0C07398F";

class IdempotencyTest : public testing::Test {
 protected:
  Result<Answer> Ask(const std::string& fingerprint, int status = 200) {
    return once_.Once(clock_, {kKey, fingerprint}, [&] {
      ++runs_;
      return Answer{status, std::to_string(runs_), {}};
    });
  }
  ManualClock clock_{UtcMicros(std::chrono::seconds(1'780'000'000))};
  Idempotency once_;
  std::atomic<int> runs_{0};
};

TEST_F(IdempotencyTest, RepeatedRequestIsAnsweredWithoutRunningAgain) {
  ASSERT_TRUE(Ask("a"));
  const auto again = Ask("a");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->body, "1");
  EXPECT_EQ(runs_, 1);
}

TEST_F(IdempotencyTest, RefusalsAreKeptAndServerFaultsAreNot) {
  ASSERT_TRUE(Ask("a", 500));
  ASSERT_TRUE(Ask("a", 409));
  const auto again = Ask("a", 200);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->status, 409);
  EXPECT_EQ(runs_, 2);
}

TEST_F(IdempotencyTest, KeyOfAnotherRequestIsRefused) {
  ASSERT_TRUE(Ask("a"));
  const auto other = Ask("b");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), "CAT-REQUEST-003");
}

TEST_F(IdempotencyTest, KeyIsForgottenAfterItsLifetime) {
  ASSERT_TRUE(Ask("a"));
  clock_.Advance(kIdempotencyLifetime);
  ASSERT_TRUE(Ask("b"));
  EXPECT_EQ(runs_, 2);
}

TEST_F(IdempotencyTest, RequestUnderWayIsWaitedFor) {
  std::atomic<bool> go{false};
  std::atomic<bool> begun{false};
  std::jthread first([&] {
    const auto answer = once_.Once(clock_, {kKey, "a"}, [&] {
      begun = true;
      begun.notify_all();
      go.wait(false);
      ++runs_;
      return Answer{200, "first", {}};
    });
    EXPECT_TRUE(answer);
  });
  begun.wait(false);
  std::jthread second([&] {
    const auto answer = Ask("a");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "first");
  });
  go = true;
  go.notify_all();
  first.join();
  second.join();
  EXPECT_EQ(runs_, 1);
}

TEST(IdempotencyKey, IsAUuid) {
  EXPECT_TRUE(CheckIdempotencyKey(kKey));
  EXPECT_FALSE(CheckIdempotencyKey("x"));
  EXPECT_FALSE(CheckIdempotencyKey("017F22E2-79B0-7CC3-98C4-DC0C0C07398G"));
}

}  // namespace
}  // namespace firn::federation
