// Limits that forget or never forget would let a client pass here that fails in production.
#include "sandbox/usage.h"

#include <gtest/gtest.h>

#include "tests/support/test_folder.h"

namespace firn::sandbox {
namespace {

class UsageTest : public ::testing::Test {
 protected:
  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  ManualClock clock_{UtcMicros(std::chrono::days(20'000))};
};

TEST_F(UsageTest, ForgetsWhatIsOlderThanADayByTheMinute) {
  auto db = ApiDb::Open(folder_);
  ASSERT_TRUE(db);
  auto meter = UsageMeter::Open(**db, clock_);
  ASSERT_TRUE(meter);
  (*meter)->Add(Allotment::kApiRequests, 5);
  clock_.Advance(std::chrono::hours(12));
  (*meter)->Add(Allotment::kApiRequests, 7);
  EXPECT_EQ((*meter)->Used(Allotment::kApiRequests), 12);
  clock_.Advance(std::chrono::hours(12));
  EXPECT_EQ((*meter)->Used(Allotment::kApiRequests), 7);
  EXPECT_EQ((*meter)->Used(Allotment::kBulkQueryJobs), 0);
}

TEST_F(UsageTest, SurvivesARestart) {
  {
    auto db = ApiDb::Open(folder_);
    ASSERT_TRUE(db);
    auto meter = UsageMeter::Open(**db, clock_);
    ASSERT_TRUE(meter);
    (*meter)->Add(Allotment::kBulkQueryJobs, 3);
    ASSERT_TRUE((*meter)->Flush());
  }
  auto db = ApiDb::Open(folder_);
  ASSERT_TRUE(db);
  auto meter = UsageMeter::Open(**db, clock_);
  ASSERT_TRUE(meter);
  EXPECT_EQ((*meter)->Used(Allotment::kBulkQueryJobs), 3);
}

TEST_F(UsageTest, ClockSetBackLosesNoUse) {
  auto db = ApiDb::Open(folder_);
  ASSERT_TRUE(db);
  auto meter = UsageMeter::Open(**db, clock_);
  ASSERT_TRUE(meter);
  (*meter)->Add(Allotment::kApiRequests, 1);
  clock_.Advance(-std::chrono::hours(2));
  (*meter)->Add(Allotment::kApiRequests, 1);
  EXPECT_EQ((*meter)->Used(Allotment::kApiRequests), 2);
}

}  // namespace
}  // namespace firn::sandbox
