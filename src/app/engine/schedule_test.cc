// What could go wrong in production: a job runs at another pace than its author meant, or a
// schedule with a slip of the pen never runs and nobody hears of it.
#include "app/engine/schedule.h"

#include <gtest/gtest.h>

namespace firn::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const UtcMicros kNoon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 26) + hours(12);

std::shared_ptr<const Schedule> Parsed(const std::string& when, const std::string& zone = "UTC") {
  auto schedule = ParseSchedule({when, zone, "firn.yaml:9:11"});
  EXPECT_TRUE(schedule) << schedule.error().OneLine();
  return schedule ? *schedule : nullptr;
}

TEST(Schedule, ARateIsDueItsDistanceLater) {
  EXPECT_EQ(Parsed("rate(5 minutes)")->NextAfter(kNoon), kNoon + minutes(5));
  EXPECT_EQ(Parsed("rate(1 hour)")->NextAfter(kNoon), kNoon + hours(1));
  EXPECT_EQ(Parsed("rate(7 days)")->NextAfter(kNoon), kNoon + hours(24 * 7));
  EXPECT_EQ(Parsed("rate(30 seconds)")->NextAfter(kNoon), kNoon + seconds(30));
  EXPECT_TRUE(Parsed("rate(1 day)")->is_rate());
}

TEST(Schedule, ACronIsDueByTheWallClockOfItsZone) {
  const auto three = Parsed("cron(0 3 * * ? *)", "Europe/Berlin");
  EXPECT_EQ(three->NextAfter(kNoon), kNoon + hours(14)) << "2:00 UTC in winter";
  const UtcMicros june = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1);
  EXPECT_EQ(three->NextAfter(june), june + hours(1)) << "1:00 UTC in summer";
  EXPECT_FALSE(three->is_rate());
}

TEST(Schedule, AnUnknownZoneIsRefused) {
  const auto schedule = ParseSchedule({"cron(0 3 * * ? *)", "Europe/Bern", "firn.yaml:9:11"});
  ASSERT_FALSE(schedule);
  EXPECT_EQ(schedule.error().code(), "ENGINE-SCHEDULE-001");
}

TEST(Schedule, WhatIsNoScheduleIsRefusedWithItsPlace) {
  for (const char* when :
       {"rate(0 minutes)", "rate(5minutes)", "rate(1 minutes)", "rate(5 minute)", "rate(5 weeks)",
        "rate(-5 minutes)", "rate()", "5 minutes", "", "rate(5 minutes", "cron(0 3 * * * *)",
        "rate(99999999999999999999 days)"}) {
    const auto schedule = ParseSchedule({when, "UTC", "firn.yaml:9:11"});
    ASSERT_FALSE(schedule) << when;
    EXPECT_EQ(schedule.error().code(), "ENGINE-SCHEDULE-001") << when;
    EXPECT_EQ(schedule.error().where(), "firn.yaml:9:11");
    EXPECT_EQ(schedule.error().kind(), Kind::kBadConfig);
  }
}

}  // namespace
}  // namespace firn::engine
