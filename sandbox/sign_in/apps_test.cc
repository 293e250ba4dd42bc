// What could go wrong in production: an org that is started again and no longer knows the app that
// a project signs in with.
#include "sandbox/sign_in/apps.h"

#include <gtest/gtest.h>

#include "tests/support/test_folder.h"

namespace firn::sandbox {
namespace {

TEST(Apps, AreTheSameAfterTheOrgWasStartedAgain) {
  const TestFolder folder;
  ManualClock clock(UtcMicros(std::chrono::hours(24 * 365 * 56)));
  const auto random = SeededRandom(7);
  std::string client_id;
  {
    const auto apps = AppRegistry::Open(folder.path(), "admin@example.com", clock, *random);
    ASSERT_TRUE(apps) << apps.error().OneLine();
    ASSERT_EQ((*apps)->All().size(), 1U);
    client_id = (*apps)->All().front().client_id;
  }
  const auto apps = AppRegistry::Open(folder.path(), "admin@example.com", clock, *random);
  ASSERT_TRUE(apps) << apps.error().OneLine();
  ASSERT_EQ((*apps)->All().size(), 1U);
  EXPECT_EQ((*apps)->All().front().client_id, client_id);
  EXPECT_TRUE((*apps)->Find(client_id).has_value());
}

}  // namespace
}  // namespace firn::sandbox
