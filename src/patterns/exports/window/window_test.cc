// What could go wrong: a change falls between two windows, a clock set back makes a window that
// ends before it begins, a window so large that the org gives up is asked for again and again.
#include "patterns/exports/window/window.h"

#include <gtest/gtest.h>

#include "core/base/time_text.h"

namespace firn::exports {
namespace {

UtcMicros At(const std::string& text) { return *ParseInstant(text); }

IncrementalSpec Spec() {
  IncrementalSpec spec;
  spec.lag = std::chrono::minutes(1);
  spec.overlap = std::chrono::minutes(10);
  return spec;
}

TEST(Window, EndsBehindThePresentByTheLagAndReachesBackByTheOverlap) {
  const Window window = PlanWindow(
      {.watermark = At("2026-11-24T02:00:00Z"), .org_now = At("2026-11-24T03:00:30.750Z")}, Spec());
  EXPECT_EQ(window.start, At("2026-11-24T01:50:00Z"));
  EXPECT_EQ(window.end, At("2026-11-24T02:59:30Z"));
  EXPECT_EQ(window.until, window.end);
}

TEST(Window, ConsecutiveWindowsLeaveNoGapWhateverTheFractions) {
  UtcMicros watermark = At("2026-11-24T02:00:00.600Z");
  for (int i = 1; i < 50; ++i) {
    const Window window = PlanWindow(
        {.watermark = watermark, .org_now = watermark + std::chrono::milliseconds(61'700 * i)},
        Spec());
    ASSERT_FALSE(window.empty());
    EXPECT_LE(window.start, watermark - Spec().overlap);
    watermark = window.end;
  }
}

TEST(Window, APresentBeforeTheWatermarkMakesAnEmptyWindow) {
  const Window window = PlanWindow(
      {.watermark = At("2026-11-24T02:00:00Z"), .org_now = At("2026-11-24T01:00:00Z")}, Spec());
  EXPECT_TRUE(window.empty());
  EXPECT_EQ(window.end, At("2026-11-24T02:00:00Z"));
}

TEST(Window, ShrinksWithTheRowsItHoldsButNotWhereJobsAreScarce) {
  const UtcMicros watermark = At("2026-11-24T00:00:00Z");
  const Window day =
      PlanWindow({.watermark = watermark, .org_now = At("2026-11-25T00:01:00Z")}, Spec());
  EXPECT_EQ(FitWindow(day, watermark, {.rows = 1000}, 1000), day);
  const Window half = FitWindow(day, watermark, {.rows = 2000}, 1000);
  EXPECT_EQ(half.end, At("2026-11-24T12:00:00Z"));
  EXPECT_EQ(half.until, day.until);
  EXPECT_EQ(half.start, day.start);
  EXPECT_EQ(FitWindow(day, watermark, {.rows = 2000, .jobs_are_scarce = true}, 1000), day);
}

TEST(Window, ThatCannotEvenBeCountedIsHalvedDownToAMinute) {
  const UtcMicros watermark = At("2026-11-24T00:00:00Z");
  Window window =
      PlanWindow({.watermark = watermark, .org_now = At("2026-11-24T01:01:00Z")}, Spec());
  window = FitWindow(window, watermark, {}, 1000);
  EXPECT_EQ(window.end, At("2026-11-24T00:30:00Z"));
  for (int i = 0; i < 20; ++i) window = FitWindow(window, watermark, {}, 1000);
  EXPECT_EQ(window.end, At("2026-11-24T00:01:00Z"));
}

TEST(Window, TheConditionIsHalfOpenAndKeepsTheObjectsOwn) {
  const Window window{.start = At("2026-11-24T01:50:00Z"), .end = At("2026-11-24T02:00:00Z")};
  EXPECT_EQ(WindowCondition("SystemModstamp", window, ""),
            "SystemModstamp >= 2026-11-24T01:50:00Z AND SystemModstamp < 2026-11-24T02:00:00Z");
  EXPECT_EQ(WindowCondition("CreatedDate", window, "A = 1 OR B = 2"),
            "(A = 1 OR B = 2) AND CreatedDate >= 2026-11-24T01:50:00Z AND CreatedDate < "
            "2026-11-24T02:00:00Z");
}

TEST(DeletedRange, ReachesBackFifteenDaysAtMostAndIsLongerThanAMinute) {
  const UtcMicros now = At("2026-11-24T00:00:00Z");
  const DeletedRange near = RangeOfDeletes(now - std::chrono::seconds(10), now);
  EXPECT_TRUE(near.reaches_back);
  EXPECT_GT(near.end - near.start, std::chrono::minutes(1));
  const DeletedRange far = RangeOfDeletes(now - std::chrono::hours(24 * 20), now);
  EXPECT_FALSE(far.reaches_back);
  EXPECT_LT(now - far.start, std::chrono::hours(24 * 15));
}

TEST(Schedule, WhatWasNeverDoneIsDueAndWithoutAPeriodNothingIs) {
  const UtcMicros now = At("2026-11-24T12:00:00Z");
  EXPECT_TRUE(IsDue("", std::chrono::hours(24), now));
  EXPECT_FALSE(IsDue("2026-11-24T00:00:00Z", std::chrono::hours(24), now));
  EXPECT_TRUE(IsDue("2026-11-23T12:00:00Z", std::chrono::hours(24), now));
  EXPECT_FALSE(IsDue("", std::chrono::hours(0), now));
}

}  // namespace
}  // namespace firn::exports
