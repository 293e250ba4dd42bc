// What could go wrong: an hour too much or too little around a change of the clocks.
#include "sandbox/time_zone.h"

#include <gtest/gtest.h>

#include "core/base/time_text.h"

namespace firn::sandbox {
namespace {

constexpr int64_t kHour = 3'600'000;

int64_t Millis(const std::string& instant) {
  return ParseInstant(instant).value().time_since_epoch().count() / 1000;
}

TEST(TimeZoneTest, SummerAndWinterDifferAlsoFarAhead) {
  const auto zone = TimeZone::Find("America/Los_Angeles");
  EXPECT_EQ(zone->OffsetAt(Millis("2026-01-15T00:00:00Z")), -8 * kHour);
  EXPECT_EQ(zone->OffsetAt(Millis("2026-07-15T00:00:00Z")), -7 * kHour);
  EXPECT_EQ(zone->OffsetAt(Millis("2060-01-15T00:00:00Z")), -8 * kHour);
  EXPECT_EQ(zone->OffsetAt(Millis("2060-07-15T00:00:00Z")), -7 * kHour);
  EXPECT_EQ(TimeZone::Find("Australia/Sydney")->OffsetAt(Millis("2060-01-15T00:00:00Z")),
            11 * kHour);
  EXPECT_EQ(TimeZone::Find("Asia/Kolkata")->OffsetAt(0), 11 * kHour / 2);
}

TEST(TimeZoneTest, LocalReadingsThatAreSkippedOrDoubledHaveOneInstant) {
  const auto zone = TimeZone::Find("America/Los_Angeles");
  EXPECT_EQ(zone->ToUtc(Millis("2026-07-15T00:00:00Z")), Millis("2026-07-15T07:00:00Z"));
  EXPECT_EQ(zone->ToUtc(Millis("2026-03-08T02:30:00Z")), Millis("2026-03-08T10:30:00Z"));
  EXPECT_EQ(zone->ToUtc(Millis("2026-11-01T01:30:00Z")), Millis("2026-11-01T08:30:00Z"));
  for (int64_t day = Millis("2026-01-01T12:00:00Z"); day < Millis("2027-01-01T00:00:00Z");
       day += 24 * kHour) {
    const int64_t utc = zone->ToUtc(day);
    EXPECT_EQ(utc + zone->OffsetAt(utc), day);
  }
}

TEST(TimeZoneTest, WhatIsNoZoneIsUtc) {
  EXPECT_EQ(TimeZone::Find("../../etc/passwd")->OffsetAt(0), 0);
  EXPECT_EQ(TimeZone::Find("Nowhere/Else")->OffsetAt(0), 0);
  EXPECT_EQ(TimeZone::Parse("TZif2").OffsetAt(0), 0);
}

}  // namespace
}  // namespace firn::sandbox
