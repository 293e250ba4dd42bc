// What could go wrong in production: an export uses up the calls that the customer's own
// integrations need, two runs together pass a line that each alone respects, or a line drawn
// yesterday stops today's run.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <thread>

#include "core/state/shared_state.h"
#include "core/state/state_db.h"
#include "ends/salesforce/internal/budget_row.h"
#include "ends/salesforce/testing/scripted_org.h"
#include "tests/support/test_folder.h"

namespace firn::salesforce {
namespace {

using testing::kOrgId;
using testing::kTestStart;
using testing::SmallOrg;
using testing::TestCall;

net::Headers Told(int64_t used, int64_t max) {
  return {{"Sforce-Limit-Info", "api-usage=" + std::to_string(used) + "/" + std::to_string(max)}};
}

TEST(LimitInfo, IsReadWithAndWithoutThePerAppPart) {
  EXPECT_EQ(ParseLimitInfo("api-usage=18/5000")->used, 18);
  EXPECT_EQ(ParseLimitInfo("api-usage=18/5000")->max, 5000);
  EXPECT_EQ(ParseLimitInfo("api-usage=25/5000; per-app-api-usage=17/250(appName=x)")->used, 25);
  EXPECT_EQ(ParseLimitInfo("per-app-api-usage=17/250(appName=x); api-usage=25/5000")->used, 25);
  for (const char* text : {"", "api-usage=", "api-usage=5", "api-usage=a/b", "api-usage=1/0",
                           "per-app-api-usage=17/250"}) {
    EXPECT_FALSE(ParseLimitInfo(text)) << text;
  }
}

TEST(BudgetRowText, SurvivesAndUnreadableTextIsAnEmptyRow) {
  BudgetRow row;
  row.calls_used = 5;
  row.job_us = 77;
  EXPECT_EQ(BudgetRow::Parse(row.Text()).Text(), row.Text());
  for (const char* text : {"", "1", "1 2 3", "2 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "1 a"}) {
    EXPECT_EQ(BudgetRow::Parse(text).Text(), BudgetRow{}.Text()) << text;
  }
}

class BudgetTest : public ::testing::Test {
 protected:
  std::unique_ptr<Budget> NewRun(BudgetOptions options = {}) {
    return NewBudget(kOrgId, options, *store_);
  }
  Call call() { return TestCall(clock_); }
  // One request whose answer says what the org has counted.
  Result<void> Ask(Budget& budget, int64_t max) {
    FIRN_TRY(const Reservation reservation, budget.Reserve(call(), 1));
    ++used_;
    const net::Headers told = Told(used_, max);
    return budget.Finish(call(), reservation, &told);
  }

  ManualClock clock_{kTestStart};
  std::unique_ptr<BudgetStore> store_ = NewMemoryBudgetStore();
  int64_t used_ = 0;
};

TEST_F(BudgetTest, RunStopsBelowTheShareWithTheNumbers) {
  const auto budget = NewRun();
  Result<void> asked;
  while (asked) asked = Ask(*budget, 1000);
  EXPECT_EQ(asked.error().code(), "SF-LIMIT-001");
  EXPECT_EQ(asked.error().kind(), Kind::kLimitReached);
  EXPECT_NE(asked.error().why().find("80 % are 800"), std::string::npos) << asked.error().why();
  EXPECT_LE(used_, 800);
  EXPECT_GE(used_, 790);
}

TEST_F(BudgetTest, TwoRunsOnOneStoreNeverPassTheShareTogether) {
  const auto first = NewRun();
  const auto second = NewRun();
  while (Ask(*first, 1000) && Ask(*second, 1000)) {
  }
  EXPECT_LE(used_, 800);
  EXPECT_GE(used_, 790);
}

TEST_F(BudgetTest, RequestsInFlightCountUntilTheirAnswersCome) {
  const auto budget = NewRun();
  ASSERT_TRUE(Ask(*budget, 1000));
  int64_t in_flight = 0;
  while (budget->Reserve(call(), 1)) ++in_flight;
  EXPECT_LE(used_ + in_flight, 800);
}

TEST_F(BudgetTest, AnswerThatWasLongUnderWayDoesNotCountTheOthersTwice) {
  const auto budget = NewRun();
  ASSERT_TRUE(Ask(*budget, 1000));
  const auto slow = budget->Reserve(call(), 1);
  ASSERT_TRUE(slow);
  const net::Headers told_early = Told(++used_, 1000);
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(Ask(*budget, 1000));
  ASSERT_TRUE(budget->Finish(call(), *slow, &told_early));
  EXPECT_LE(budget->View(call())->calls_used, used_ + 1);  // the slow one, until the next answer
  ASSERT_TRUE(Ask(*budget, 1000));
  EXPECT_EQ(budget->View(call())->calls_used, used_);
}

TEST_F(BudgetTest, WhatOthersUseIsSeenInEveryHeader) {
  const auto budget = NewRun();
  ASSERT_TRUE(Ask(*budget, 1000));
  used_ = 900;  // somebody else's integration
  ASSERT_TRUE(Ask(*budget, 1000));
  EXPECT_EQ(Ask(*budget, 1000).error().code(), "SF-LIMIT-001");
}

TEST_F(BudgetTest, UsageThatFellIsNoticedAfterAPause) {
  const auto budget = NewRun();
  used_ = 950;
  ASSERT_TRUE(Ask(*budget, 1000));
  ASSERT_FALSE(Ask(*budget, 1000));
  clock_.Advance(std::chrono::minutes(16));
  used_ = 100;
  EXPECT_TRUE(Ask(*budget, 1000));  // one call looks again
  EXPECT_TRUE(Ask(*budget, 1000));
}

TEST_F(BudgetTest, LookingAgainIsRareAndStaysWithinTheShareThatWeUsedUpOurselves) {
  const auto budget = NewRun();
  while (Ask(*budget, 1000)) {
  }
  const int64_t before = used_;
  for (int hour = 0; hour < 22; ++hour) {
    clock_.Advance(std::chrono::hours(1));
    while (Ask(*budget, 1000)) {
    }
  }
  EXPECT_LE(used_, 800);
  EXPECT_GT(used_, before);
}

TEST_F(BudgetTest, YesterdaysUsageIsForgottenAfterADay) {
  const auto budget = NewRun();
  while (Ask(*budget, 1000)) {
  }
  clock_.Advance(std::chrono::hours(25));
  used_ = 0;
  EXPECT_TRUE(Ask(*budget, 1000));
}

TEST_F(BudgetTest, RequestsOfAKilledProcessDoNotCountForever) {
  ASSERT_TRUE(Ask(*NewRun(), 1000));
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(NewRun()->Reserve(call(), 1));  // killed in flight
  clock_.Advance(std::chrono::minutes(11));
  const auto budget = NewRun();
  ASSERT_TRUE(Ask(*budget, 1000));
  EXPECT_EQ(budget->View(call())->calls_used, used_);
}

TEST_F(BudgetTest, RunHasItsOwnCap) {
  const auto budget = NewRun({.calls_per_run_max = 10});
  Result<void> asked;
  while (asked) asked = Ask(*budget, 1000);
  EXPECT_EQ(asked.error().code(), "SF-LIMIT-002");
  EXPECT_EQ(used_, 10);
  EXPECT_TRUE(Ask(*NewRun({.calls_per_run_max = 10}), 1000));
}

TEST_F(BudgetTest, QueryJobsHaveTheirOwnShareAndCap) {
  const auto budget = NewRun({.share_percent = 50});
  ASSERT_TRUE(budget->Learn(call(), {{"DailyBulkV2QueryJobs", {10, 7}}}));
  EXPECT_TRUE(budget->ReserveJob(call()));
  EXPECT_TRUE(budget->ReserveJob(call()));
  EXPECT_EQ(budget->ReserveJob(call()).error().code(), "SF-LIMIT-003");
  const auto capped = NewRun({.share_percent = 100, .jobs_per_run_max = 1});
  EXPECT_TRUE(capped->ReserveJob(call()));
  EXPECT_EQ(capped->ReserveJob(call()).error().code(), "SF-LIMIT-004");
}

TEST_F(BudgetTest, LimitsThatLagDoNotGiveJobsBack) {
  const auto budget = NewRun({.share_percent = 50});
  ASSERT_TRUE(budget->Learn(call(), {{"DailyBulkV2QueryJobs", {10, 7}}}));
  ASSERT_TRUE(budget->ReserveJob(call()));
  ASSERT_TRUE(budget->Learn(call(), {{"DailyBulkV2QueryJobs", {10, 7}}}));
  EXPECT_EQ(budget->View(call())->jobs_used, 4);
  clock_.Advance(std::chrono::minutes(6));
  ASSERT_TRUE(budget->Learn(call(), {{"DailyBulkV2QueryJobs", {10, 7}}}));
  EXPECT_EQ(budget->View(call())->jobs_used, 3);
}

TEST_F(BudgetTest, JobsThatFellInTheOrgComeBackAtTheNextLook) {
  const auto budget = NewRun({.share_percent = 50});
  ASSERT_TRUE(budget->Learn(call(), {{"DailyBulkV2QueryJobs", {10, 7}}}));
  while (budget->ReserveJob(call())) {
  }
  ASSERT_TRUE(budget->Learn(call(), {{"DailyBulkV2QueryJobs", {10, 10}}}));
  EXPECT_EQ(budget->View(call())->jobs_used, 2);  // our own two, which /limits may not know yet
  EXPECT_TRUE(budget->ReserveJob(call()));
}

TEST_F(BudgetTest, RowSurvivesInSharedState) {
  auto shared = state::SharedState::Open(":memory:");
  ASSERT_TRUE(shared) << shared.error().OneLine();
  store_ = NewBudgetStore(*shared);
  ASSERT_TRUE(Ask(*NewRun(), 1000));
  used_ = 799;
  ASSERT_TRUE(Ask(*NewRun(), 1000));
  EXPECT_EQ(Ask(*NewRun(), 1000).error().code(), "SF-LIMIT-001");
}

TEST(BudgetInAFile, TwoProcessesOnOneStateFolderNeverPassTheShareTogether) {
  const TestFolder folder;
  constexpr int64_t kMax = 200;
  std::atomic<int64_t> used{0};
  {
    std::vector<std::jthread> processes;
    for (int i = 0; i < 2; ++i) {
      processes.emplace_back([&] {
        ManualClock clock(kTestStart);
        auto shared = state::SharedState::Open(state::SharedStatePath(folder.path()));
        ASSERT_TRUE(shared) << shared.error().OneLine();
        const auto store = NewBudgetStore(*shared);
        const auto budget = NewBudget(kOrgId, {}, *store);
        ASSERT_TRUE(budget->Learn(TestCall(clock), {{"DailyApiRequests", {kMax, kMax}}}));
        for (;;) {
          const auto reservation = budget->Reserve(TestCall(clock), 1);
          if (!reservation) {
            EXPECT_EQ(reservation.error().code(), "SF-LIMIT-001");
            return;
          }
          const net::Headers told = Told(++used, kMax);
          ASSERT_TRUE(budget->Finish(TestCall(clock), *reservation, &told));
        }
      });
    }
  }
  EXPECT_LE(used, 160);
  EXPECT_GE(used, 140);
}

// However answers overtake each other, our own requests alone never pass the share.
RC_GTEST_PROP(BudgetProperty, OwnRequestsNeverPassTheShareWhateverTheOrderOfAnswers, ()) {
  ManualClock clock(kTestStart);
  const auto store = NewMemoryBudgetStore();
  const auto call = TestCall(clock);
  constexpr int64_t kMax = 100;
  std::vector<std::unique_ptr<Budget>> runs;
  for (int i = 0; i < 3; ++i) runs.push_back(NewBudget(kOrgId, {}, *store));
  struct Flying {
    Budget* run;
    Reservation reservation;
    int64_t counted = 0;  // what the org said when it counted this request; 0: not counted yet
  };
  std::vector<Flying> flying;
  int64_t counted = 0;
  RC_ASSERT(runs[0]->Learn(call, {{"DailyApiRequests", {kMax, kMax}}}).has_value());
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1000));
  for (const int step : steps) {
    const int what = step % 3;
    if (what == 0) {
      Budget* run = runs[static_cast<size_t>(step / 3) % runs.size()].get();
      if (auto reservation = run->Reserve(call, 1)) flying.push_back({run, *reservation});
    } else if (!flying.empty() && what == 1) {
      Flying& one = flying[static_cast<size_t>(step / 3) % flying.size()];
      if (one.counted == 0) one.counted = ++counted;
    } else if (!flying.empty()) {
      const size_t i = static_cast<size_t>(step / 3) % flying.size();
      Flying one = flying[i];
      if (one.counted == 0) continue;
      const net::Headers told = Told(one.counted, kMax);
      RC_ASSERT(one.run->Finish(call, one.reservation, &told).has_value());
      flying.erase(flying.begin() + static_cast<int64_t>(i));
    }
    int64_t to_come = 0;
    for (const Flying& one : flying) to_come += one.counted == 0 ? 1 : 0;
    RC_ASSERT(counted + to_come <= 80);
  }
}

TEST(BudgetOfAnOrg, TwoRunsInThreadsOnOneOrgNeverPassTheShare) {
  SmallOrg org(
      [](const net::Request&) -> Result<net::Response> {
        return testing::Answer(200, R"({"totalSize":1,"done":true,"records":[]})");
      },
      /*calls_max=*/300);
  const auto store = NewMemoryBudgetStore();
  auto first = org.Open(org.Options(), store.get());
  auto second = org.Open(org.Options(), store.get());
  ASSERT_TRUE(first && second);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        Org& one = i % 2 == 0 ? **first : **second;
        while (one.rest().Count(org.call(), "SELECT COUNT() FROM Account", false)) {
        }
      });
    }
  }
  EXPECT_LE(org.calls_used, 240);
  EXPECT_GE(org.calls_used, 200);
  const auto stopped = (*first)->rest().Count(org.call(), "SELECT COUNT() FROM Account", false);
  EXPECT_EQ(stopped.error().code(), "SF-LIMIT-001");
}

TEST(BudgetOfAnOrg, TwoProjectsWithoutASharedStoreStayBelowTheShareByTheHeaders) {
  SmallOrg org(
      [](const net::Request&) -> Result<net::Response> {
        return testing::Answer(200, R"({"totalSize":1,"done":true,"records":[]})");
      },
      /*calls_max=*/1000);
  auto first = org.Open();
  auto second = org.Open();
  ASSERT_TRUE(first && second);
  bool going = true;
  while (going) {
    going = false;
    for (Org* one : {first->get(), second->get()}) {
      if (one->rest().Count(org.call(), "SELECT COUNT() FROM Account", false)) going = true;
    }
  }
  EXPECT_LE(org.calls_used, 800);
}

TEST(BudgetOfAnOrg, RunThatStoppedAtTheShareResumesAsSoonAsUsageHasFallen) {
  SmallOrg org(
      [](const net::Request&) -> Result<net::Response> {
        return testing::Answer(200, R"({"totalSize":1,"done":true,"records":[]})");
      },
      /*calls_max=*/1000);
  const auto store = NewMemoryBudgetStore();
  const auto count = [&](Org& one) {
    return one.rest().Count(org.call(), "SELECT COUNT() FROM Account", false);
  };
  auto first = org.Open(org.Options(), store.get());
  while (count(**first)) {
  }
  auto too_early = org.Open(org.Options(), store.get());
  ASSERT_TRUE(too_early) << too_early.error().OneLine();
  EXPECT_EQ(count(**too_early).error().code(), "SF-LIMIT-001");
  EXPECT_LE(org.calls_used, 800);
  org.calls_used = 100;
  auto later = org.Open(org.Options(), store.get());
  ASSERT_TRUE(later) << later.error().OneLine();
  EXPECT_TRUE(count(**later));
}

TEST(BudgetOfAnOrg, LookingTooOftenNeverPassesTheShare) {
  SmallOrg org(
      [](const net::Request&) -> Result<net::Response> { return testing::Answer(200, "{}"); },
      /*calls_max=*/1000);
  org.calls_used = 794;
  const auto store = NewMemoryBudgetStore();
  for (int i = 0; i < 30; ++i) {
    const auto opened = org.Open(org.Options(), store.get());
    EXPECT_TRUE(opened || opened.error().code() == "SF-LIMIT-001");
  }
  EXPECT_EQ(org.calls_used, 800);
}

TEST(BudgetOfAnOrg, OrgThatOthersBroughtAboveTheShareIsOnlyLookedAt) {
  SmallOrg org(
      [](const net::Request&) -> Result<net::Response> { return testing::Answer(200, "{}"); },
      /*calls_max=*/1000);
  org.calls_used = 900;
  const auto store = NewMemoryBudgetStore();
  for (int i = 0; i < 3; ++i) {
    const auto opened = org.Open(org.Options(), store.get());
    ASSERT_TRUE(opened) << opened.error().OneLine();
    const auto asked = (*opened)->rest().Count(org.call(), "SELECT COUNT() FROM Account", false);
    EXPECT_EQ(asked.error().code(), "SF-LIMIT-001");
  }
  EXPECT_EQ(org.calls_used, 903);
  org.calls_used = 10;
  const auto later = org.Open(org.Options(), store.get());
  EXPECT_EQ((*later)->budget().View(org.call())->calls_used, 11);
}

}  // namespace
}  // namespace firn::salesforce
