// What could go wrong in production: calls that were reserved together are spent uncounted after a
// crash, or two processes each with a block of their own pass the share together.
#include "ends/salesforce/internal/budget_block.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ends/salesforce/testing/scripted_org.h"

namespace firn::salesforce {
namespace {

using testing::kOrgId;
using testing::kTestStart;
using testing::TestCall;

constexpr int64_t kMax = 100'000;
constexpr int64_t kShare = 80'000;

// Counts how often the row is written.
class CountingStore final : public BudgetStore {
 public:
  Result<void> Update(const std::string& org_id, const Change& change) override {
    ++updates;
    return store_->Update(org_id, change);
  }
  BudgetRow Row() {
    BudgetRow row;
    (void)store_->Update(kOrgId, [&](std::string& text) -> Result<void> {
      row = BudgetRow::Parse(text);
      return {};
    });
    return row;
  }

  int updates = 0;

 private:
  std::unique_ptr<BudgetStore> store_ = NewMemoryBudgetStore();
};

class BudgetBlockTest : public ::testing::Test {
 protected:
  std::unique_ptr<Budget> NewRun() { return NewBudget(kOrgId, {}, store_); }
  Call call() { return TestCall(clock_); }
  Result<void> Answered(Budget& budget, const Reservation& reservation) {
    const net::Headers told = {
        {"Sforce-Limit-Info", "api-usage=" + std::to_string(++used_) + "/" + std::to_string(kMax)}};
    return budget.Finish(call(), reservation, &told);
  }
  Result<void> Ask(Budget& budget) {
    FIRN_TRY(const Reservation reservation, budget.Reserve(call(), 1));
    return Answered(budget, reservation);
  }

  ManualClock clock_{kTestStart};
  CountingStore store_;
  int64_t used_ = 0;
};

TEST_F(BudgetBlockTest, BlockIsASmallPartOfWhatIsLeftAndOneCallNearTheShare) {
  EXPECT_EQ(BlockCalls(0, kShare), 16);
  EXPECT_EQ(BlockCalls(kShare - 1200, kShare), 4);
  EXPECT_EQ(BlockCalls(kShare - 300, kShare), 1);
  EXPECT_EQ(BlockCalls(kShare + 300, kShare), 1);
  EXPECT_EQ(BlockCalls(0, 0), 1);
}

TEST_F(BudgetBlockTest, HundredRequestsWriteTheRowLessThanTenTimes) {
  const auto budget = NewRun();
  ASSERT_TRUE(Ask(*budget));
  store_.updates = 0;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Ask(*budget));
  EXPECT_LT(store_.updates, 10);
}

TEST_F(BudgetBlockTest, WhatAKilledProcessSpentIsCounted) {
  const auto killed = NewRun();
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(Ask(*killed));
    EXPECT_GE(store_.Row().calls_used, used_);
    EXPECT_LE(store_.Row().calls_used, used_ + 32);
  }
  // It never comes to give its block back; the next process learns what is true.
  const auto next = NewRun();
  ASSERT_TRUE(Ask(*next));
  EXPECT_GE(next->View(call())->calls_used, used_);
  EXPECT_LE(next->View(call())->calls_used, used_ + 16);
}

TEST_F(BudgetBlockTest, WhatWasNotSpentIsGivenBackAtTheEnd) {
  {
    const auto budget = NewRun();
    for (int i = 0; i < 21; ++i) ASSERT_TRUE(Ask(*budget));
  }
  EXPECT_EQ(store_.Row().calls_used, used_);
  EXPECT_EQ(store_.Row().reserved, store_.Row().finished);
}

TEST_F(BudgetBlockTest, RequestInFlightAtTheEndStaysCounted) {
  {
    const auto budget = NewRun();
    for (int i = 0; i < 21; ++i) ASSERT_TRUE(Ask(*budget));
    ASSERT_TRUE(budget->Reserve(call(), 1));
  }
  EXPECT_EQ(store_.Row().reserved - store_.Row().finished, 1);
  EXPECT_GE(store_.Row().calls_used, used_ + 1);
}

TEST_F(BudgetBlockTest, BlockOfAProcessThatPausedIsReservedAnew) {
  const auto budget = NewRun();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Ask(*budget));
  const int64_t reserved = store_.Row().reserved;
  clock_.Advance(std::chrono::hours(1));
  ASSERT_TRUE(Ask(*budget));
  EXPECT_GE(store_.Row().reserved, reserved);
  EXPECT_EQ(store_.Row().active_us, clock_.Now().time_since_epoch().count());
  EXPECT_GE(store_.Row().calls_used, used_);
}

TEST_F(BudgetBlockTest, UsageOfOthersNearTheShareEndsTheBlockAtOnce) {
  const auto budget = NewRun();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Ask(*budget));
  used_ = kShare - 1;  // somebody else's integration
  ASSERT_TRUE(Ask(*budget));
  EXPECT_EQ(store_.Row().told_used, used_);
  EXPECT_EQ(budget->Reserve(call(), 1).error().code(), "SF-LIMIT-001");
}

TEST_F(BudgetBlockTest, TwoProcessesWithBlocksUseTheShareUpAndNeverPassIt) {
  used_ = kShare - 6'000;
  const auto first = NewRun();
  const auto second = NewRun();
  while (Ask(*first) && Ask(*second) && Ask(*second)) {
  }
  EXPECT_LE(used_, kShare);
  EXPECT_GE(used_, kShare - 60);
}

// However answers overtake each other and processes end, the row never says less than was used.
RC_GTEST_PROP(BudgetBlockProperty, RowNeverSaysLessThanWasUsedAndIsInFlight, ()) {
  ManualClock clock(kTestStart);
  CountingStore store;
  const auto call = TestCall(clock);
  struct Flying {
    size_t run;
    Reservation reservation;
    int64_t counted = 0;
  };
  std::vector<std::unique_ptr<Budget>> runs;
  for (int i = 0; i < 3; ++i) runs.push_back(NewBudget(kOrgId, {}, store));
  RC_ASSERT(runs[0]->Learn(call, {{"DailyApiRequests", {kMax, kMax}}}).has_value());
  std::vector<Flying> flying;
  int64_t counted = 0;
  for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 10'000))) {
    const auto pick = static_cast<size_t>(step / 10);
    if (step % 10 < 4) {
      const size_t run = pick % runs.size();
      if (auto reservation = runs[run]->Reserve(call, 1)) flying.push_back({run, *reservation});
    } else if (step % 10 < 6 && !flying.empty()) {
      Flying& one = flying[pick % flying.size()];
      if (one.counted == 0) one.counted = ++counted;
    } else if (step % 10 < 9 && !flying.empty()) {
      const Flying one = flying[pick % flying.size()];
      if (one.counted == 0) continue;
      const net::Headers told = {{"Sforce-Limit-Info", "api-usage=" + std::to_string(one.counted) +
                                                           "/" + std::to_string(kMax)}};
      RC_ASSERT(runs[one.run]->Finish(call, one.reservation, &told).has_value());
      flying.erase(flying.begin() + static_cast<int64_t>(pick % flying.size()));
    } else if (step % 10 == 9) {
      // The run ends and another begins; what it had in flight is answered to nobody.
      const size_t run = pick % runs.size();
      runs[run] = NewBudget(kOrgId, {}, store);
      std::erase_if(flying, [&](const Flying& one) {
        if (one.run == run && one.counted == 0) ++counted;
        return one.run == run;
      });
    }
    const auto to_come = std::count_if(flying.begin(), flying.end(),
                                       [](const Flying& one) { return one.counted == 0; });
    RC_ASSERT(store.Row().calls_used >= counted + to_come);
  }
}

}  // namespace
}  // namespace firn::salesforce
