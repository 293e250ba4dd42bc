// What could go wrong in production: everything an hour late for half of the year.
#include "core/base/time_zone.h"

#include <gtest/gtest.h>

#include "core/base/time_text.h"

namespace firn {
namespace {

UtcSeconds Utc(std::string_view text) {
  return std::chrono::floor<std::chrono::seconds>(*ParseInstant(text));
}
LocalSeconds Local(std::string_view text) {
  return LocalSeconds(Utc(std::string(text) + "Z").time_since_epoch());
}
std::string Offset(const TimeZone& zone, std::string_view utc) {
  return std::to_string(zone.OffsetAt(Utc(utc)).count() / 60);
}

TEST(TimeZone, OffsetsFollowTheZonesRulesPastAndFuture) {
  const auto berlin = FindTimeZone("Europe/Berlin");
  ASSERT_TRUE(berlin) << berlin.error().OneLine();
  EXPECT_EQ(Offset(*berlin, "2026-03-29T00:59:59Z"), "60");
  EXPECT_EQ(Offset(*berlin, "2026-03-29T01:00:00Z"), "120");
  EXPECT_EQ(Offset(*berlin, "2026-10-25T00:59:59Z"), "120");
  EXPECT_EQ(Offset(*berlin, "2026-10-25T01:00:00Z"), "60");
  EXPECT_EQ(Offset(*berlin, "2150-07-01T00:00:00Z"), "120");
  EXPECT_EQ(Offset(*berlin, "1942-01-01T00:00:00Z"), "120");
}

TEST(TimeZone, SummerSpansTheNewYearInTheSouthAndHalvesOfHoursExist) {
  EXPECT_EQ(Offset(*FindTimeZone("Australia/Sydney"), "2027-01-15T00:00:00Z"), "660");
  EXPECT_EQ(Offset(*FindTimeZone("Australia/Sydney"), "2027-07-15T00:00:00Z"), "600");
  EXPECT_EQ(Offset(*FindTimeZone("Australia/Lord_Howe"), "2050-01-15T00:00:00Z"), "660");
  EXPECT_EQ(Offset(*FindTimeZone("Australia/Lord_Howe"), "2050-07-15T00:00:00Z"), "630");
  EXPECT_EQ(Offset(*FindTimeZone("Asia/Kolkata"), "2026-07-15T00:00:00Z"), "330");
  EXPECT_EQ(Offset(*FindTimeZone("UTC"), "2026-07-15T00:00:00Z"), "0");
}

TEST(TimeZone, LocalTimesAreSkippedInSpringAndShownTwiceInAutumn) {
  const auto zone = *FindTimeZone("America/New_York");
  EXPECT_TRUE(zone.InstantsOf(Local("2026-03-08T02:30:00")).empty());
  EXPECT_EQ(zone.InstantsOf(Local("2026-11-01T01:30:00")),
            (std::vector{Utc("2026-11-01T05:30:00Z"), Utc("2026-11-01T06:30:00Z")}));
  EXPECT_EQ(zone.InstantsOf(Local("2026-11-01T12:00:00")),
            std::vector{Utc("2026-11-01T17:00:00Z")});
}

TEST(TimeZone, WhatIsNoZoneIsNamed) {
  for (const char* name : {"Europe/Atlantis", "", "../etc/passwd", "/etc/localtime", "Europe"}) {
    EXPECT_EQ(FindTimeZone(name).error().code(), "BASE-ZONE-001") << name;
  }
  EXPECT_EQ(TimeZone::FromTzif("TZif2 and then nothing", "x").error().code(), "BASE-ZONE-002");
}

}  // namespace
}  // namespace firn
