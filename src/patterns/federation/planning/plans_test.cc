// What could go wrong in production: a client that plans without end fills the server's memory, or
// reads the plan of a table that it may not see by guessing at ids of another.
#include "patterns/federation/planning/plans.h"

#include <gtest/gtest.h>

namespace firn::federation {
namespace {

const lake::TableIdent kDeals{"sales", "Deal"};

TEST(PlansTest, PlanIsFoundUntilItIsForgotten) {
  Plans plans;
  plans.Keep("a", kDeals, "{}");
  EXPECT_EQ(plans.Find("a", kDeals), "{}");
  EXPECT_TRUE(plans.Forget("a", kDeals));
  EXPECT_FALSE(plans.Find("a", kDeals));
  EXPECT_FALSE(plans.Forget("a", kDeals));
}

TEST(PlansTest, PlanOfAnotherTableIsNotThere) {
  Plans plans;
  plans.Keep("a", kDeals, "{}");
  EXPECT_FALSE(plans.Find("a", {"hr", "Salary"}));
  EXPECT_FALSE(plans.Forget("a", {"hr", "Salary"}));
  EXPECT_TRUE(plans.Find("a", kDeals));
}

TEST(PlansTest, OldestPlansGoWhenTheirNumberOrBytesPassTheLimit) {
  Plans plans;
  for (int i = 0; i <= 10'000; ++i) plans.Keep("n" + std::to_string(i), kDeals, "{}");
  EXPECT_FALSE(plans.Find("n0", kDeals));
  EXPECT_TRUE(plans.Find("n1", kDeals));
  const std::string large(9U << 20, ' ');
  plans.Keep("large", kDeals, large);
  plans.Keep("larger", kDeals, large);
  EXPECT_FALSE(plans.Find("n10000", kDeals));
  EXPECT_FALSE(plans.Find("large", kDeals));
  EXPECT_EQ(plans.Find("larger", kDeals), large);
  plans.Keep("too large", kDeals, std::string(17U << 20, ' '));
  EXPECT_FALSE(plans.Find("too large", kDeals));
}

}  // namespace
}  // namespace firn::federation
