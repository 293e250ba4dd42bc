// What could go wrong in production: a value is read as another value, and nothing says so.
#include "core/record/values.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cstdlib>
#include <ctime>

namespace firn::record {
namespace {

struct Decimal {
  ValueState state;
  int64_t value;
  bool operator==(const Decimal&) const = default;
};

Decimal Both(std::string text, int precision, int scale) {
  const DecimalShape shape{.precision = precision, .scale = scale};
  Int128 wide = 0;
  const ValueState slow = ParseDecimal(text, shape, wide);
  int64_t limit = 1;
  for (int i = 0; i < precision; ++i) limit *= 10;
  int64_t fast_value = 0;
  const ValueState fast = ParseDecimal64(text, shape, limit, fast_value);
  EXPECT_EQ(fast, slow) << text;
  if (slow <= ValueState::kRounded) {
    EXPECT_EQ(fast_value, static_cast<int64_t>(wide)) << text;
  }
  return {slow, slow <= ValueState::kRounded ? static_cast<int64_t>(wide) : 0};
}

TEST(Values, DecimalsTakeTheDescribedScale) {
  EXPECT_EQ(Both("0", 18, 2), (Decimal{ValueState::kFits, 0}));
  EXPECT_EQ(Both("12.5", 18, 2), (Decimal{ValueState::kFits, 1250}));
  EXPECT_EQ(Both("-0.07", 18, 2), (Decimal{ValueState::kFits, -7}));
  EXPECT_EQ(Both("1.50000", 18, 2), (Decimal{ValueState::kFits, 150}));
  EXPECT_EQ(Both("1.0E7", 18, 2), (Decimal{ValueState::kFits, 1'000'000'000}));
  EXPECT_EQ(Both("25e-2", 18, 2), (Decimal{ValueState::kFits, 25}));
  EXPECT_EQ(Both("+7.", 4, 2), (Decimal{ValueState::kFits, 700}));
  EXPECT_EQ(Both(".5", 4, 2), (Decimal{ValueState::kFits, 50}));
  EXPECT_EQ(Both("0000000000000000000000012.5", 4, 2), (Decimal{ValueState::kFits, 1250}));
}

TEST(Values, ExcessFractionDigitsAreRoundedHalfUpAndSaid) {
  EXPECT_EQ(Both("1.005", 18, 2), (Decimal{ValueState::kRounded, 101}));
  EXPECT_EQ(Both("1.004999", 18, 2), (Decimal{ValueState::kRounded, 100}));
  EXPECT_EQ(Both("-1.005", 18, 2), (Decimal{ValueState::kRounded, -101}));
  EXPECT_EQ(Both("0.0004", 18, 2), (Decimal{ValueState::kRounded, 0}));
  EXPECT_EQ(Both("0.05", 18, 1), (Decimal{ValueState::kRounded, 1}));
  EXPECT_EQ(Both("5e-3", 18, 2), (Decimal{ValueState::kRounded, 1}));
  EXPECT_EQ(Both("9e-9", 18, 2), (Decimal{ValueState::kRounded, 0}));
}

TEST(Values, ExcessIntegerDigitsAreRefused) {
  EXPECT_EQ(Both("99.99", 4, 2).state, ValueState::kFits);
  EXPECT_EQ(Both("100", 4, 2).state, ValueState::kTooManyDigits);
  EXPECT_EQ(Both("99.995", 4, 2).state, ValueState::kTooManyDigits);
  EXPECT_EQ(Both("1e30", 18, 2).state, ValueState::kTooManyDigits);
  EXPECT_EQ(Both("0e30", 18, 2).state, ValueState::kFits);
}

TEST(Values, WhatIsNoNumberIsRefused) {
  for (const char* text : {"-", ".", "1,5", "1.2.3", "NaN", "0x10", "1e", "1e+", " 1", "1 ", "--1",
                           "1e999999999999"}) {
    EXPECT_EQ(Both(text, 18, 2).state, ValueState::kNotANumber) << text;
  }
  double number = 0;
  EXPECT_EQ(ParseDouble("nan", number), ValueState::kOutOfRange);
  EXPECT_EQ(ParseDouble("1e999", number), ValueState::kOutOfRange);
  EXPECT_EQ(ParseDouble("1.5x", number), ValueState::kNotANumber);
  EXPECT_EQ(ParseDouble("-1.5e3", number), ValueState::kFits);
  EXPECT_EQ(number, -1500.0);
}

TEST(Values, DecimalsOf38DigitsAreExact) {
  Int128 value = 0;
  const std::string nines(36, '9');
  EXPECT_EQ(ParseDecimal(nines + ".99", {.precision = 38, .scale = 2}, value), ValueState::kFits);
  Int128 expected = 1;
  for (int i = 0; i < 38; ++i) expected *= 10;
  EXPECT_TRUE(value == expected - 1);
}

TEST(Values, WholeNumbersMayComeAsFloatText) {
  int32_t number = 0;
  EXPECT_EQ(ParseInt("5.0", number), ValueState::kFits);
  EXPECT_EQ(number, 5);
  EXPECT_EQ(ParseInt("-12", number), ValueState::kFits);
  EXPECT_EQ(ParseInt("1.2e2", number), ValueState::kFits);
  EXPECT_EQ(number, 120);
  EXPECT_EQ(ParseInt("5.5", number), ValueState::kNotWhole);
  EXPECT_EQ(ParseInt("2147483648", number), ValueState::kOutOfRange);
  int64_t wide = 0;
  EXPECT_EQ(ParseLong("9223372036854775807", wide), ValueState::kFits);
  EXPECT_EQ(ParseLong("9223372036854775808", wide), ValueState::kOutOfRange);
}

std::string Padded(std::string_view text) { return std::string(text) + std::string(32, '\0'); }

ValueState Date(std::string_view text, int32_t& days) {
  return ParseDatePadded(Padded(text).data(), text.size(), days);
}
ValueState DateTime(std::string_view text, int64_t& micros) {
  return ParseDateTimePadded(Padded(text).data(), text.size(), micros);
}

// R9: dates are calendar text; no zone has a say.
TEST(Values, EveryDayOfTheCalendarIsItself) {
  using namespace std::chrono;
  const sys_days first = year{1} / January / 1;
  const sys_days last = year{9999} / December / 31;
  for (sys_days day = first; day <= last; day += days{1}) {
    const year_month_day ymd(day);
    char text[48];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(ymd.year()),
                  static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
    int32_t parsed = 0;
    ASSERT_EQ(ParseDatePadded(text, 10, parsed), ValueState::kFits) << text;
    ASSERT_EQ(parsed, day.time_since_epoch().count()) << text;
  }
}

// R9: whatever zone the process lives in, and across its changes of summer time.
TEST(Values, NoTimeZoneMovesADate) {
  const char* before = std::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  for (const char* zone : {"UTC", "America/Los_Angeles", "Pacific/Apia", "Asia/Kathmandu",
                           "Europe/Zurich", "Pacific/Kiritimati", "Antarctica/Troll"}) {
    ASSERT_EQ(setenv("TZ", zone, 1), 0);
    tzset();
    int32_t days = 0;
    int64_t micros = 0;
    for (int day = 1; day <= 28; ++day) {
      char text[48];
      for (const int month : {3, 10, 12}) {
        std::snprintf(text, sizeof text, "2011-%02d-%02d", month, day);
        ASSERT_EQ(Date(text, days), ValueState::kFits);
        ASSERT_EQ(DateTime(std::string(text) + "T02:30:00.000Z", micros), ValueState::kFits);
        ASSERT_EQ(micros, days * 86'400'000'000LL + 9'000'000'000LL) << zone << " " << text;
      }
    }
  }
  kept.empty() ? unsetenv("TZ") : setenv("TZ", kept.c_str(), 1);
  tzset();
}

TEST(Values, DaysThatDoNotExistAreRefused) {
  int32_t days = 0;
  for (const char* text : {"2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "0000-01-01",
                           "2026-1-1", "20260101", "2026-01-01T", "2026/01/01", "NA",
                           "2026-01-01 00:00:01", "20a6-01-01", "2026-01-0x"}) {
    EXPECT_EQ(Date(text, days), ValueState::kNotADate) << text;
  }
  EXPECT_EQ(Date("2024-02-29", days), ValueState::kFits);
  EXPECT_EQ(Date("2024-02-29 00:00:00", days), ValueState::kFits);
}

TEST(Values, AnInstantIsTheSameInEveryForm) {
  int64_t micros = 0;
  constexpr int64_t kExpected = 1'767'225'600'000'000;  // 2026-01-01
  for (const char* text :
       {"2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000+0000", "2026-01-01T00:00:00Z",
        "2026-01-01T01:00:00.000+01:00", "2025-12-31T16:00:00.000-0800", "2026-01-01 00:00:00",
        "2026-01-01T00:00Z", "2026-01-01T00:00:00.000000000Z"}) {
    EXPECT_EQ(DateTime(text, micros), ValueState::kFits) << text;
    EXPECT_EQ(micros, kExpected) << text;
  }
  EXPECT_EQ(DateTime("2026-01-01T12:34:56.789Z", micros), ValueState::kFits);
  EXPECT_EQ(micros, kExpected + 45'296'789'000);
  EXPECT_EQ(DateTime("1969-12-31T23:59:59.999Z", micros), ValueState::kFits);
  EXPECT_EQ(micros, -1'000);
  for (const char* text :
       {"2026-01-01T00:00:00", "2026-01-01T24:00:00.000Z", "2026-01-01T00:60:00.000Z",
        "2026-01-01T00:00:60.000Z", "2026-01-01T00:00:00.0000001Z", "2026-01-01", "null",
        "2026-01-01T00:00:00.000ZZ", "2026-02-30T00:00:00.000Z", "2026-01-01X00:00:00.000Z",
        "2026-01-01T00:00:00.000+1"}) {
    EXPECT_EQ(DateTime(text, micros), ValueState::kNotADateTime) << text;
  }
}

TEST(Values, TimesOfDayAreMicrosecondsSinceMidnight) {
  int64_t micros = 0;
  EXPECT_EQ(ParseTime("10:15:00.000Z", micros), ValueState::kFits);
  EXPECT_EQ(micros, 36'900'000'000);
  EXPECT_EQ(ParseTime("23:59:59.999", micros), ValueState::kFits);
  EXPECT_EQ(ParseTime("24:00:00.000Z", micros), ValueState::kNotATime);
  EXPECT_EQ(ParseTime("10:15:00.000+0100", micros), ValueState::kNotATime);
}

TEST(Values, BooleansInAnyCase) {
  uint8_t truth = 9;
  EXPECT_EQ(ParseBoolean("TRUE", truth), ValueState::kFits);
  EXPECT_EQ(truth, 1);
  EXPECT_EQ(ParseBoolean("False", truth), ValueState::kFits);
  EXPECT_EQ(truth, 0);
  EXPECT_EQ(ParseBoolean("1", truth), ValueState::kFits);
  EXPECT_EQ(truth, 1);
  EXPECT_EQ(ParseBoolean("yes", truth), ValueState::kNotABoolean);
}

TEST(Values, FifteenCharactersOfAnIdTellTheOtherThree) {
  char suffix[4] = {};
  IdSuffix("0013000000Q2k1Z", suffix);
  // Worked by hand from the rule: bit i of a group is set when its i-th character is upper case.
  EXPECT_STREQ(suffix, "AAR");
  EXPECT_TRUE(IsIdText("0013000000Q2k1Z"));
  EXPECT_FALSE(IsIdText("0013000000Q2k1"));
  EXPECT_FALSE(IsIdText("0013000000Q2k1-"));
}

RC_GTEST_PROP(Values, FastAndSlowDecimalsAgree, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::element('0', '1', '5', '9', '.', '-', '0', '3'));
  RC_PRE(!text.empty());
  Both(text, 12, 3);
}

}  // namespace
}  // namespace firn::record
