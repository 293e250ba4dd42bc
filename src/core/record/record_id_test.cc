// What could go wrong in production: an Id is mistyped, and "nothing holds it" is believed.
#include "core/record/record_id.h"

#include <gtest/gtest.h>

namespace firn::record {
namespace {

TEST(CanonicalRecordId, FifteenCharactersGetTheThreeThatCheckThem) {
  EXPECT_EQ(CanonicalRecordId("001000000000001"), "001000000000001AAA");
  EXPECT_EQ(CanonicalRecordId("0015g00000AbCdE"), "0015g00000AbCdEAAV");
  EXPECT_EQ(CanonicalRecordId("0015g00000AbCdEAAV"), "0015g00000AbCdEAAV");
}

TEST(CanonicalRecordId, AMistypedIdIsNone) {
  EXPECT_EQ(CanonicalRecordId("0015g00000AbCdeAAV"), std::nullopt) << "the case of one letter";
  EXPECT_EQ(CanonicalRecordId("0015g00000AbCdEAAA"), std::nullopt);
  EXPECT_EQ(CanonicalRecordId("0015g00000AbCdEA"), std::nullopt);
  EXPECT_EQ(CanonicalRecordId("0015g00000AbC-E"), std::nullopt);
  EXPECT_EQ(CanonicalRecordId(""), std::nullopt);
}

}  // namespace
}  // namespace firn::record
