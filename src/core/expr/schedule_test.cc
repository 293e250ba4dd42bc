// What could go wrong in production: a nightly copy that runs twice, not at all, or a day off. The
// next time is also found by trying every minute of the zone's clock with rules of its own.
#include "core/expr/schedule.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/base/time_text.h"

namespace firn::expr {
namespace {

using namespace std::chrono;

UtcSeconds Utc(std::string_view text) { return floor<seconds>(*ParseInstant(text)); }
std::string Next(std::string_view text, std::string_view after, std::string_view zone = "UTC") {
  const auto schedule = Schedule::Parse(text, *FindTimeZone(zone));
  if (!schedule) return "refused: " + schedule.error().why();
  const auto next = schedule->Next(Utc(after), Utc(after));
  return next ? FormatUtc(*next, 0) : "never";
}

TEST(Schedule, CronExamplesOfTheGuide) {
  constexpr char kNow[] = "2026-11-26T02:00:00Z";  // a Thursday
  EXPECT_EQ(Next("cron(15 10 ? * 6L 2022-2027)", kNow), "2026-11-27T10:15:00Z");
  EXPECT_EQ(Next("cron(0 10 * * ? *)", kNow), "2026-11-26T10:00:00Z");
  EXPECT_EQ(Next("cron(0/10 * ? * MON-FRI *)", kNow), "2026-11-26T02:10:00Z");
  EXPECT_EQ(Next("cron(0 18 ? * MON-FRI *)", "2026-11-27T18:00:00Z"), "2026-11-30T18:00:00Z");
  EXPECT_EQ(Next("cron(0 8 1 * ? *)", kNow), "2026-12-01T08:00:00Z");
  EXPECT_EQ(Next("cron(0 9 ? * 2#1 *)", kNow), "2026-12-07T09:00:00Z");
  EXPECT_EQ(Next("cron(0 0 L 2 ? *)", kNow), "2027-02-28T00:00:00Z");
  EXPECT_EQ(Next("cron(0 0 3W * ? *)", "2026-10-01T00:00:00Z"), "2026-10-02T00:00:00Z");
  EXPECT_EQ(Next("cron(0 0 1W * ? *)", "2026-08-01T00:00:00Z"), "2026-08-03T00:00:00Z");
  EXPECT_EQ(Next("cron(0 0 LW * ? *)", "2026-10-01T00:00:00Z"), "2026-10-30T00:00:00Z");
  EXPECT_EQ(Next("cron(0 0 ? * L *)", kNow), "2026-11-28T00:00:00Z");
  EXPECT_EQ(Next("cron(0 0 29 2 ? *)", kNow), "2028-02-29T00:00:00Z");
  EXPECT_EQ(Next("cron(0 0 1 1 ? 2020)", kNow), "never");
  EXPECT_EQ(Next("cron(0 0 31 2 ? *)", kNow), "never");
}

TEST(Schedule, TimesThatTheClocksSkipAreSkippedAndThoseShownTwiceCountOnce) {
  EXPECT_EQ(Next("cron(30 2 * * ? *)", "2026-03-28T12:00:00Z", "Europe/Berlin"),
            "2026-03-30T00:30:00Z");
  EXPECT_EQ(Next("cron(30 2 * * ? *)", "2026-10-24T12:00:00Z", "Europe/Berlin"),
            "2026-10-25T00:30:00Z");
  EXPECT_EQ(Next("cron(30 2 * * ? *)", "2026-10-25T00:30:00Z", "Europe/Berlin"),
            "2026-10-26T01:30:00Z");
  EXPECT_EQ(Next("cron(0 9 * * ? *)", "2026-03-29T00:00:00Z", "Europe/Berlin"),
            "2026-03-29T07:00:00Z");
}

TEST(Schedule, RatesCountFromTheirStartInHoursOfSixtyMinutes) {
  EXPECT_EQ(Next("rate(1 minute)", "2026-11-26T02:00:30Z"), "2026-11-26T02:01:30Z");
  EXPECT_EQ(Next("rate(2 days)", "2026-03-28T12:00:00Z", "Europe/Berlin"), "2026-03-30T12:00:00Z");
  const auto hourly = *Schedule::Parse("rate(3 hours)", TimeZone::Utc());
  EXPECT_EQ(hourly.Next(Utc("2026-11-26T10:00:00Z"), Utc("2026-11-26T02:00:00Z")),
            Utc("2026-11-26T11:00:00Z"));
  EXPECT_EQ(hourly.Next(Utc("2026-11-26T01:00:00Z"), Utc("2026-11-26T02:00:00Z")),
            Utc("2026-11-26T02:00:00Z"));
}

TEST(Schedule, AtComesOnceInItsZone) {
  EXPECT_EQ(Next("at(2026-11-26T09:00:00)", "2026-11-26T02:00:00Z", "America/New_York"),
            "2026-11-26T14:00:00Z");
  EXPECT_EQ(Next("at(2026-11-26T02:00:00)", "2026-11-26T02:00:00Z"), "never");
  EXPECT_EQ(Next("at(2026-03-29T02:30:00)", "2026-03-28T00:00:00Z", "Europe/Berlin"),
            "2026-03-29T01:30:00Z");
}

TEST(Schedule, MistakesNameTheField) {
  EXPECT_EQ(Next("cron(60 * * * ? *)", "2026-11-26T02:00:00Z"),
            "refused: `60` in minutes, which takes 0 to 59");
  EXPECT_EQ(Next("cron(0 * * * * *)", "2026-11-26T02:00:00Z"),
            "refused: one of day-of-month and day-of-week is `?`, the other is not");
  EXPECT_EQ(Next("cron(0 * ? * ? *)", "2026-11-26T02:00:00Z"),
            "refused: one of day-of-month and day-of-week is `?`, the other is not");
  EXPECT_EQ(Next("cron(0 * * * ?)", "2026-11-26T02:00:00Z"), "refused: cron has six fields, not 5");
  EXPECT_EQ(Next("cron(0 9 ? * FRI-MON *)", "2026-11-26T02:00:00Z"),
            "refused: `FRI-MON` in day-of-week, which takes 1 to 7");
  EXPECT_EQ(Next("rate(0 minutes)", "2026-11-26T02:00:00Z"),
            "refused: rate takes a positive number and a unit");
  EXPECT_EQ(Next("rate(5 weeks)", "2026-11-26T02:00:00Z"),
            "refused: the units of rate are minutes, hours and days");
  EXPECT_EQ(Next("at(2026-02-30T00:00:00)", "2026-11-26T02:00:00Z"),
            "refused: at takes `yyyy-mm-ddThh:mm:ss`");
  EXPECT_EQ(Next("daily", "2026-11-26T02:00:00Z"),
            "refused: it is neither cron(..), rate(..) nor at(..)");
}

// One field, and what it means, told without the parser.
struct Plan {
  int minute = 0, hour = 0, month_day = 0, week_day = 0;
  enum class Day { kAll, kMonthDay, kLast, kWeekDay, kNth, kLastWeekDay } day = Day::kAll;
  int nth = 1;

  [[nodiscard]] std::string Text() const {
    std::string days;
    switch (day) {
      case Day::kAll:
        days = "* * ?";
        break;
      case Day::kMonthDay:
        days = fmt::format("{} * ?", month_day);
        break;
      case Day::kLast:
        days = "L * ?";
        break;
      case Day::kWeekDay:
        days = fmt::format("? * {}", week_day);
        break;
      case Day::kNth:
        days = fmt::format("? * {}#{}", week_day, nth);
        break;
      case Day::kLastWeekDay:
        days = fmt::format("? * {}L", week_day);
        break;
    }
    return fmt::format("cron({} {} {} *)", minute, hour, days);
  }
  [[nodiscard]] bool Fits(LocalSeconds local) const {
    const local_days midnight = floor<days>(local);
    const hh_mm_ss clock(local - midnight);
    if (clock.hours().count() != hour || clock.minutes().count() != minute) return false;
    const year_month_day date(midnight);
    const int today = static_cast<int>(static_cast<unsigned>(date.day()));
    const int which = static_cast<int>(weekday(midnight).c_encoding()) + 1;
    const bool in_last_week = year_month_day(midnight + days(7)).month() != date.month();
    const bool is_last = year_month_day(midnight + days(1)).month() != date.month();
    switch (day) {
      case Day::kAll:
        return true;
      case Day::kMonthDay:
        return today == month_day;
      case Day::kLast:
        return is_last;
      case Day::kWeekDay:
        return which == week_day;
      case Day::kNth:
        return which == week_day && (today + 6) / 7 == nth;
      case Day::kLastWeekDay:
        return which == week_day && in_last_week;
    }
    return false;
  }
};

RC_GTEST_PROP(Schedule, TheNextTimeIsTheFirstMinuteThatFits, ()) {
  Plan plan;
  plan.minute = *rc::gen::inRange(0, 60);
  plan.hour = *rc::gen::element(0, 1, 2, 3, 12, 23);
  plan.month_day = *rc::gen::inRange(1, 32);
  plan.week_day = *rc::gen::inRange(1, 8);
  plan.nth = *rc::gen::inRange(1, 6);
  plan.day = static_cast<Plan::Day>(*rc::gen::inRange(0, 6));
  const auto zone = *FindTimeZone(*rc::gen::element<std::string>(
      "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"));
  const UtcSeconds after =
      Utc("2026-01-01T00:00:00Z") + minutes(*rc::gen::inRange(0, 365 * 24 * 60));
  const auto schedule = Schedule::Parse(plan.Text(), zone);
  RC_ASSERT(schedule.has_value());
  const auto next = schedule->Next(after, after);
  // Every minute of the next 70 days; a local time counts at its first showing only.
  std::optional<UtcSeconds> found;
  for (UtcSeconds time = after + minutes(1); time < after + days(70); time += minutes(1)) {
    const LocalSeconds local = zone.LocalOf(time);
    bool shown_before = false;
    for (const auto shift : {minutes(30), minutes(60)}) {
      if (zone.LocalOf(time - shift) == local) shown_before = true;
    }
    if (shown_before || !plan.Fits(local)) continue;
    found = time;
    break;
  }
  if (found) {
    RC_ASSERT(next == found);
  } else {
    RC_ASSERT(!next || *next >= after + days(70));
  }
}

}  // namespace
}  // namespace firn::expr
