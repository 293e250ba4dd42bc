// What could go wrong in production: a row is filed under another partition than the one that every
// other engine looks for it in, and is never found again.
#include "ends/lake/format/transform.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "ends/lake/format/single_value.h"

namespace firn::lake {
namespace {

using record::Type;
using record::TypeId;

Type Of(TypeId id) {
  Type type;
  type.id = id;
  return type;
}
Type Decimal(int precision, int scale) {
  Type type = Of(TypeId::kDecimal);
  type.precision = precision;
  type.scale = scale;
  return type;
}
std::string Shown(const std::string& transform, const Type& source, const std::string& value) {
  const Transform parsed = ParseTransform(transform);
  EXPECT_TRUE(AppliesTo(parsed, source)) << transform;
  const auto out = Transformed(parsed, source, value);
  return out ? SingleText(ResultType(parsed, source), *out) : "null";
}

// Iceberg spec, appendix B: the table of hash values.
TEST(Transform, HashesAreThoseOfTheSpecification) {
  EXPECT_EQ(Murmur3(SingleLong(34)), 2017239379U);
  EXPECT_EQ(Murmur3(SingleDecimal(0, 1420)), static_cast<uint32_t>(-500754589));
  EXPECT_EQ(Murmur3(SingleLong(17486)), static_cast<uint32_t>(-653330422));
  EXPECT_EQ(Murmur3(SingleLong(81068000000)), static_cast<uint32_t>(-662762989));
  EXPECT_EQ(Murmur3(SingleLong(1510871468000000)), static_cast<uint32_t>(-2047944441));
  EXPECT_EQ(Murmur3("iceberg"), 1210000089U);
  EXPECT_EQ(Murmur3(std::string("\x00\x01\x02\x03", 4)), static_cast<uint32_t>(-188683207));
  EXPECT_EQ(Murmur3("\xf7\x9c\x3e\x09\x67\x7c\x4b\xbd\xa4\x79\x3f\x34\x9c\xb7\x85\xe7"),
            1488055340U);
}

// Iceberg spec, appendix B, note 3: a time has the same bucket in either unit.
TEST(Transform, NanosecondsAreCountedAsSuchAndHashedAsMicroseconds) {
  Type fine = Of(TypeId::kTimestamptz);
  fine.precision = kNanosecondDigits;
  const Type coarse = Of(TypeId::kTimestamptz);
  EXPECT_EQ(Shown("bucket[1000]", fine, SingleLong(1510871468000000999)),
            Shown("bucket[1000]", coarse, SingleLong(1510871468000000)));
  EXPECT_EQ(Shown("bucket[1000]", fine, SingleLong(-1)),
            Shown("bucket[1000]", coarse, SingleLong(-1)));
  for (const char* transform : {"year", "month", "day", "hour"}) {
    EXPECT_EQ(Shown(transform, fine, SingleLong(-1)), Shown(transform, coarse, SingleLong(-1)));
    EXPECT_EQ(Shown(transform, fine, SingleLong(1510871468000000001)),
              Shown(transform, coarse, SingleLong(1510871468000000)));
  }
}

TEST(Transform, BucketsOfAnIntAreThoseOfTheSameLong) {
  EXPECT_EQ(Shown("bucket[16]", Of(TypeId::kInt), SingleInt(34)), "3");
  EXPECT_EQ(Shown("bucket[16]", Of(TypeId::kLong), SingleLong(34)), "3");
  EXPECT_EQ(Shown("bucket[100]", Of(TypeId::kString), "iceberg"), "89");
}

TEST(Transform, TruncatedNumbersGoDownAndTextsAreCutByCharacters) {
  EXPECT_EQ(Shown("truncate[10]", Of(TypeId::kInt), SingleInt(1)), "0");
  EXPECT_EQ(Shown("truncate[10]", Of(TypeId::kInt), SingleInt(-1)), "-10");
  EXPECT_EQ(Shown("truncate[10]", Of(TypeId::kLong), SingleLong(-11)), "-20");
  EXPECT_EQ(Shown("truncate[50]", Decimal(9, 2), SingleDecimal(0, 1065)), "10.50");
  EXPECT_EQ(Shown("truncate[50]", Decimal(9, 2), SingleDecimal(-1, static_cast<uint64_t>(-5))),
            "-0.50");
  EXPECT_EQ(Shown("truncate[3]", Of(TypeId::kString), "iceberg"), "ice");
  EXPECT_EQ(Shown("truncate[2]", Of(TypeId::kString), "\xc3\xa4\xc3\xb6\xc3\xbc"),
            "\xc3\xa4\xc3\xb6");
}

TEST(Transform, CalendarPartsBefore1970AreNegative) {
  const Type instant = Of(TypeId::kTimestamptz);
  const std::string day = SingleLong(1512151975038194);  // 2017-12-01T18:12:55.038194Z
  EXPECT_EQ(SingleToLong(*Transformed(ParseTransform("year"), instant, day)), 47);
  EXPECT_EQ(SingleToLong(*Transformed(ParseTransform("month"), instant, day)), 575);
  EXPECT_EQ(SingleToLong(*Transformed(ParseTransform("day"), instant, day)), 17501);
  EXPECT_EQ(SingleToLong(*Transformed(ParseTransform("hour"), instant, day)), 420042);
  const std::string before = SingleLong(-1);  // 1969-12-31T23:59:59.999999Z
  EXPECT_EQ(SingleToLong(*Transformed(ParseTransform("year"), instant, before)), -1);
  EXPECT_EQ(SingleToLong(*Transformed(ParseTransform("month"), instant, before)), -1);
  EXPECT_EQ(SingleToLong(*Transformed(ParseTransform("day"), instant, before)), -1);
  EXPECT_EQ(SingleToLong(*Transformed(ParseTransform("hour"), instant, before)), -1);
  EXPECT_EQ(Shown("day", Of(TypeId::kDate), SingleInt(-1)), "1969-12-31");
  EXPECT_EQ(SingleToLong(*Transformed(ParseTransform("month"), Of(TypeId::kDate), SingleInt(59))),
            2);  // 1970-03-01
}

TEST(Transform, NullStaysNullAndVoidForgetsEverything) {
  EXPECT_FALSE(Transformed(ParseTransform("bucket[4]"), Of(TypeId::kString), {}));
  EXPECT_FALSE(Transformed(ParseTransform("void"), Of(TypeId::kString), "a"));
}

TEST(Transform, WhatTheSpecificationDoesNotKnowIsUnknown) {
  for (const char* text :
       {"", "bucket", "bucket[0]", "bucket[-1]", "bucket[1", "zorder[2]", "days"})
    EXPECT_EQ(ParseTransform(text).kind, Transform::Kind::kUnknown) << text;
  EXPECT_FALSE(AppliesTo(ParseTransform("hour"), Of(TypeId::kDate)));
  EXPECT_FALSE(AppliesTo(ParseTransform("bucket[2]"), Of(TypeId::kDouble)));
  EXPECT_FALSE(AppliesTo(ParseTransform("truncate[2]"), Of(TypeId::kTimestamp)));
}

}  // namespace
}  // namespace firn::lake
