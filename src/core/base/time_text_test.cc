// A time read an hour off, or a day that does not exist taken for the next one, is a wrong row.
#include "core/base/time_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace firn {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

TEST(TimeText, InstantsComeInEveryFormSalesforceWrites) {
  const std::string expected = "2026-11-24T02:56:02.123Z";
  for (const char* text :
       {"2026-11-24T02:56:02.123Z", "2026-11-24T02:56:02.123+0000", "2026-11-24T02:56:02.123+00:00",
        "2026-11-23T18:56:02.123-08:00", "2026-11-24T08:26:02.123456789+05:30"}) {
    EXPECT_EQ(FormatUtc(ParseInstant(text).value()), expected) << text;
  }
  EXPECT_EQ(FormatUtc(ParseInstant("2026-11-24T02:56:02Z").value(), 0), "2026-11-24T02:56:02Z");
  EXPECT_EQ(FormatUtc(ParseInstant("2026-11-24T02:56:02.1234567Z").value(), 6),
            "2026-11-24T02:56:02.123456Z");
}

TEST(TimeText, TimesBefore1970AreFlooredNotRoundedToZero) {
  const auto time = ParseInstant("1969-12-31T23:59:59.999999Z").value();
  EXPECT_EQ(time.time_since_epoch().count(), -1);
  EXPECT_EQ(FormatUtc(time, 3), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatUtc(ParseInstant("0001-01-01T00:00:00Z").value(), 0), "0001-01-01T00:00:00Z");
}

TEST(TimeText, WhatIsNoInstantIsRefused) {
  for (const char* text :
       {"", "2026-11-24", "2026-11-24T02:56Z", "2026-11-24 02:56:02Z", "2026-11-24T02:56:02",
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-24T24:00:00Z",
        "2026-11-24T02:60:00Z", "2026-11-24T02:56:60Z", "2026-11-24T02:56:02.Z",
        "2026-11-24T02:56:02.1234567891Z", "2026-11-24T02:56:02Zx", "2026-11-24T02:56:02+24:00",
        "2026-11-24T02:56:02+01", "+026-11-24T02:56:02Z"}) {
    EXPECT_FALSE(ParseInstant(text).has_value()) << text;
  }
  EXPECT_EQ(ParseInstant("x").error().code(), "BASE-TIME-001");
  EXPECT_FALSE(ParseDate("2026-11-31").has_value());
  EXPECT_TRUE(ParseDate("2024-02-29").has_value());
}

RC_GTEST_PROP(TimeTextProperty, InstantsComeBack, ()) {
  // Years 1 to 9999.
  const auto micros = *rc::gen::inRange<int64_t>(-62'135'596'800'000'000, 253'402'300'799'999'999);
  const UtcMicros time{std::chrono::microseconds(micros)};
  RC_ASSERT(ParseInstant(FormatUtc(time, 6)).value() == time);
}

TEST(TimeText, DurationsAreSums) {
  EXPECT_EQ(ParseDuration("30s").value(), milliseconds(30'000));
  EXPECT_EQ(ParseDuration("250ms").value(), milliseconds(250));
  EXPECT_EQ(ParseDuration("1h30m").value(), hours(1) + minutes(30));
  EXPECT_EQ(ParseDuration("7d").value(), hours(24 * 7));
  for (const char* text :
       {"", "30", "s", "1.5h", "-1s", "1h 30m", "1w", "99999999999999999999s", "1000000d"}) {
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
  }
  EXPECT_EQ(FormatDuration(milliseconds(0)), "0s");
  EXPECT_EQ(FormatDuration(hours(25) + milliseconds(5)), "1d1h5ms");
}

TEST(TimeText, BytesKnowBothKindsOfPrefix) {
  EXPECT_EQ(ParseBytes("4096").value(), 4096);
  EXPECT_EQ(ParseBytes("512MiB").value(), 512LL << 20);
  EXPECT_EQ(ParseBytes("1.5GiB").value(), 3LL << 29);
  EXPECT_EQ(ParseBytes("100MB").value(), 100'000'000);
  for (const char* text : {"", "MiB", "1.5", "1.MiB", "-1", "5XB", "9999999999999TiB", "1e3"}) {
    EXPECT_FALSE(ParseBytes(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace firn
