// What could go wrong in production: a job that should have run did not and nobody notices, one
// runs twice at a time, or a clock that was set back keeps everything waiting for a year.
#include "app/engine/scheduler.h"

#include <gtest/gtest.h>

#include "core/base/clock.h"

namespace firn::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const UtcMicros kNoon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 26) + hours(12);

// Wall and steady time apart, as on a machine whose clock is set.
class TwoClocks final : public Clock {
 public:
  UtcMicros Now() const override { return now; }
  SteadyTime Steady() const override { return steady; }
  bool SleepUntil(SteadyTime, std::stop_token) override { return true; }
  void Pass(std::chrono::microseconds time) {
    now += time;
    steady += time;
  }
  UtcMicros now = kNoon;
  SteadyTime steady{hours(1)};
};

class Desk : public testing::Test {
 protected:
  Desk() : shared_(*state::SharedState::Open(":memory:")) {}

  std::unique_ptr<Scheduler> Make() {
    auto scheduler = std::make_unique<Scheduler>(
        SchedulerParts{.shared = shared_,
                       .metrics = &metrics_,
                       .make_jobs = [this](const project::Project&) -> Result<std::vector<Job>> {
                         FIRN_TRY(auto schedule, ParseSchedule({when_, "UTC", "here"}));
                         return std::vector<Job>{{.name = "changes",
                                                  .org = "prod",
                                                  .kind = "export",
                                                  .when = when_,
                                                  .schedule = schedule,
                                                  .run = [this](const Call&) { return run_(); }}};
                       },
                       .clock = &clock_},
        nullptr);
    EXPECT_TRUE(scheduler->Load({}));
    return scheduler;
  }
  // Runs of the job since the last time.
  int Runs(Scheduler& scheduler) {
    (void)scheduler.Step(clock_.now);
    int count = 0;
    while (scheduler.RunOne({})) ++count;
    return count;
  }

  TwoClocks clock_;
  std::shared_ptr<state::SharedState> shared_;
  MetricsRegistry metrics_;
  std::string when_ = "rate(5 minutes)";
  std::function<Result<std::string>()> run_ = [] { return std::string("exact"); };
};

TEST_F(Desk, ARateRunsAtOnceAndThenAtItsDistance) {
  const auto scheduler = Make();
  EXPECT_EQ(Runs(*scheduler), 1);
  clock_.Pass(minutes(4));
  EXPECT_EQ(Runs(*scheduler), 0);
  clock_.Pass(minutes(1));
  EXPECT_EQ(Runs(*scheduler), 1);
  EXPECT_EQ(scheduler->Jobs().front().runs, 2);
}

TEST_F(Desk, WhatWasDueWhileTheDaemonWasDownRunsOnce) {
  EXPECT_EQ(Runs(*Make()), 1);
  clock_.Pass(hours(10));
  const auto again = Make();
  EXPECT_EQ(Runs(*again), 1);
  EXPECT_EQ(Runs(*again), 0);
}

TEST_F(Desk, ARestartDoesNotRunAJobAgainBeforeItsTime) {
  EXPECT_EQ(Runs(*Make()), 1);
  clock_.Pass(minutes(2));
  const auto again = Make();
  EXPECT_EQ(Runs(*again), 0);
  clock_.Pass(minutes(3));
  EXPECT_EQ(Runs(*again), 1);
}

TEST_F(Desk, AJobThatIsDueWhileItRunsIsPassedOverAndCounted) {
  const auto scheduler = Make();
  run_ = [&]() -> Result<std::string> {
    clock_.Pass(minutes(6));
    (void)scheduler->Step(clock_.now);
    EXPECT_FALSE(scheduler->RunNow("changes"));
    return std::string("exact");
  };
  EXPECT_EQ(Runs(*scheduler), 1);
  EXPECT_NE(metrics_.Prometheus().find("job_overlaps_total{job=\"changes\",kind=\"export\"} 1"),
            std::string::npos);
}

TEST_F(Desk, AClockSetBackAYearDoesNotKeepJobsWaiting) {
  const auto scheduler = Make();
  EXPECT_EQ(Runs(*scheduler), 1);
  clock_.now -= hours(24 * 365);
  EXPECT_EQ(Runs(*scheduler), 0);
  clock_.Pass(minutes(5));
  EXPECT_EQ(Runs(*scheduler), 1);
  // Nor after a restart, though the state remembers a time to come.
  clock_.now -= hours(24);
  EXPECT_EQ(Runs(*Make()), 1);
}

TEST_F(Desk, AClockSetAheadRunsAJobOnceNotForEachTimeMissed) {
  const auto scheduler = Make();
  EXPECT_EQ(Runs(*scheduler), 1);
  clock_.now += hours(24 * 30);
  EXPECT_EQ(Runs(*scheduler), 1);
  EXPECT_EQ(Runs(*scheduler), 0);
}

TEST_F(Desk, WhatWasStoppedIsDueAgainAtTheNextStart) {
  run_ = []() -> Result<std::string> {
    return Fail(Kind::kCancelled, "BASE-CALL-001", "the call was stopped");
  };
  EXPECT_EQ(Runs(*Make()), 1);
  run_ = [] { return std::string("exact"); };
  clock_.Pass(seconds(5));
  EXPECT_EQ(Runs(*Make()), 1);
}

TEST_F(Desk, AFailureIsShownAndTheJobRunsAgain) {
  const auto scheduler = Make();
  run_ = []() -> Result<std::string> {
    return Fail(Kind::kUnreachable, "NET-HTTP-001", "cannot connect");
  };
  EXPECT_EQ(Runs(*scheduler), 1);
  EXPECT_EQ(scheduler->Jobs().front().outcome, "NET-HTTP-001");
  EXPECT_EQ(scheduler->Jobs().front().failures, 1);
  run_ = [] { return std::string("exact"); };
  clock_.Pass(minutes(5));
  EXPECT_EQ(Runs(*scheduler), 1);
  EXPECT_EQ(scheduler->Jobs().front().error, "");
}

TEST_F(Desk, AReloadWithABadScheduleChangesNothing) {
  const auto scheduler = Make();
  when_ = "rate(5 fortnights)";
  const auto change = scheduler->PrepareReload(std::make_shared<const project::Project>());
  ASSERT_FALSE(change);
  EXPECT_EQ(change.error().code(), "ENGINE-SCHEDULE-001");
  EXPECT_EQ(scheduler->Jobs().front().when, "rate(5 minutes)");
}

TEST_F(Desk, AReloadTakesOverTheNewTimes) {
  const auto scheduler = Make();
  EXPECT_EQ(Runs(*scheduler), 1);
  when_ = "rate(1 hour)";
  const auto change = scheduler->PrepareReload(std::make_shared<const project::Project>());
  ASSERT_TRUE(change);
  (*change)();
  clock_.Pass(minutes(30));
  EXPECT_EQ(Runs(*scheduler), 0);
  clock_.Pass(minutes(30));
  EXPECT_EQ(Runs(*scheduler), 1);
}

TEST_F(Desk, AJobCanBeAskedForByNameAndAnUnknownOneIsRefusedWithTheNearest) {
  const auto scheduler = Make();
  EXPECT_EQ(Runs(*scheduler), 1);
  ASSERT_TRUE(scheduler->RunNow("changes"));
  EXPECT_TRUE(scheduler->RunOne({}));
  const auto unknown = scheduler->RunNow("change");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), "ENGINE-JOB-001");
  EXPECT_NE(unknown.error().hint().find("changes"), std::string::npos);
}

}  // namespace
}  // namespace firn::engine
