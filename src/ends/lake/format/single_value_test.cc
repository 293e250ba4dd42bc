// What could go wrong in production: a bound that excludes rows it should include makes other
// engines skip data.
#include "ends/lake/format/single_value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace firn::lake {
namespace {

record::Type Decimal(int scale) {
  record::Type type;
  type.id = record::TypeId::kDecimal;
  type.precision = 38;
  type.scale = scale;
  return type;
}

TEST(SingleValue, DecimalsTakeTheFewestBytes) {
  EXPECT_EQ(SingleDecimal(0, 0), std::string(1, '\0'));
  EXPECT_EQ(SingleDecimal(0, 127), "\x7f");
  EXPECT_EQ(SingleDecimal(0, 128), std::string("\0\x80", 2));
  EXPECT_EQ(SingleDecimal(-1, ~0ULL), "\xff");
  EXPECT_EQ(SingleDecimal(-1, static_cast<uint64_t>(-129)), "\xff\x7f");
}

RC_GTEST_PROP(SingleValue, DecimalsReadBackAsTheyWere, (int64_t value)) {
  const std::string bytes = SingleDecimal(value < 0 ? -1 : 0, static_cast<uint64_t>(value));
  RC_ASSERT(SingleText(Decimal(0), bytes) == std::to_string(value));
}

TEST(SingleValue, DecimalTextKeepsItsScale) {
  EXPECT_EQ(DecimalText(5, 2), "0.05");
  EXPECT_EQ(DecimalText(-1250, 2), "-12.50");
  EXPECT_EQ(DecimalText(0, 0), "0");
  EXPECT_EQ(DecimalText(0, 3), "0.000");
}

TEST(SingleValue, UpperBoundsAreRoundedUpWhenCut) {
  EXPECT_EQ(TruncateTextUp("abc", 16), "abc");
  EXPECT_EQ(TruncateTextUp("abcd", 3), "abd");
  EXPECT_EQ(TruncateTextUp("ab\xf4\x8f\xbf\xbfz", 3), "ac");
  EXPECT_EQ(TruncateTextUp("\xf4\x8f\xbf\xbfz", 1), std::nullopt);
  // U+D7FF is followed by U+E000: what lies between are no code points.
  EXPECT_EQ(TruncateTextUp("\xed\x9f\xbfz", 1), "\xee\x80\x80");
}

RC_GTEST_PROP(SingleValue, TruncatedBoundsEncloseTheText, ()) {
  const auto points = *rc::gen::container<std::vector<uint32_t>>(rc::gen::element<uint32_t>(
      0x24, 0x7f, 0xa3, 0x7ff, 0x939, 0xd7ff, 0xe000, 0xffff, 0x10348, 0x10ffff));
  std::string text;
  for (const uint32_t point : points) {
    if (point < 0x80) {
      text += static_cast<char>(point);
    } else if (point < 0x800) {
      text += static_cast<char>(0xc0 | (point >> 6));
      text += static_cast<char>(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
      text += static_cast<char>(0xe0 | (point >> 12));
      text += static_cast<char>(0x80 | ((point >> 6) & 0x3f));
      text += static_cast<char>(0x80 | (point & 0x3f));
    } else {
      text += static_cast<char>(0xf0 | (point >> 18));
      text += static_cast<char>(0x80 | ((point >> 12) & 0x3f));
      text += static_cast<char>(0x80 | ((point >> 6) & 0x3f));
      text += static_cast<char>(0x80 | (point & 0x3f));
    }
  }
  RC_ASSERT(TruncateText(text, 4) <= text);
  const auto upper = TruncateTextUp(text, 4);
  if (upper) RC_ASSERT(*upper >= text);
}

TEST(SingleValue, PeopleReadDatesAndInstants) {
  record::Type type;
  type.id = record::TypeId::kDate;
  EXPECT_EQ(SingleText(type, SingleInt(-1)), "1969-12-31");
  type.id = record::TypeId::kTimestamptz;
  EXPECT_EQ(SingleText(type, SingleLong(1)), "1970-01-01T00:00:00.000001Z");
  type.id = record::TypeId::kTimestamp;
  EXPECT_EQ(SingleText(type, SingleLong(-1)), "1969-12-31T23:59:59.999999");
  EXPECT_EQ(SingleText(type, "abc"), "616263");
}

}  // namespace
}  // namespace firn::lake
