// What could go wrong: an update is lost between two processes, a lease has two holders.
#include "core/state/shared_state.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/state/lease.h"
#include "core/state/state_db.h"
#include "tests/support/test_folder.h"

namespace firn::state {
namespace {

std::shared_ptr<SharedState> OpenIn(const TestFolder& folder) {
  auto opened = SharedState::Open(SharedStatePath(folder.path()));
  EXPECT_TRUE(opened) << opened.error().OneLine();
  return *opened;
}

TEST(SharedState, UpdatesOfTwoOpenersAreNotLost) {
  TestFolder folder;
  auto one = OpenIn(folder);
  auto two = OpenIn(folder);
  const Key key{"prod", "area", "text"};
  auto grow = [&key](SharedState& shared) {
    for (int i = 0; i < 25; ++i) {
      auto changed = shared.Update(
          key, [](const std::optional<std::string>& present) -> Result<std::optional<std::string>> {
            return present.value_or("") + "x";
          });
      ASSERT_TRUE(changed) << changed.error().OneLine();
    }
  };
  {
    std::jthread a([&] { grow(*one); });
    std::jthread b([&] { grow(*two); });
  }
  EXPECT_EQ((*one->Get(key))->value.size(), 50U);
  EXPECT_EQ((*two->Get(key))->version, 50);
}

TEST(SharedState, FailedUpdateWritesNothing) {
  auto shared = *SharedState::Open(":memory:");
  const Key key{"prod", "a", "b"};
  ASSERT_TRUE(shared->Put(key, "before"));
  auto failed = shared->Update(
      key, [](const std::optional<std::string>&) -> Result<std::optional<std::string>> {
        return Fail(Kind::kBadInput, "STATE-LEASE-001", "no");
      });
  EXPECT_FALSE(failed);
  EXPECT_EQ((*shared->Get(key))->value, "before");
}

TEST(SharedState, ListsOneAreaOfOneOrg) {
  auto shared = *SharedState::Open(":memory:");
  ASSERT_TRUE(shared->Put({"prod", "describe", "Contact"}, "c"));
  ASSERT_TRUE(shared->Put({"prod", "describe", "Account"}, "a"));
  ASSERT_TRUE(shared->Put({"prod", "token", "t"}, "t"));
  ASSERT_TRUE(shared->Put({"test", "describe", "Account"}, "other"));
  auto rows = shared->List("prod", "describe");
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].first, "Account");
  EXPECT_EQ((*rows)[0].second.value, "a");
}

TEST(Lease, HasOneHolderUntilItsTimeHasPassed) {
  ManualClock clock(UtcMicros(std::chrono::microseconds(1'790'000'000'000'000)));
  auto shared = *SharedState::Open(":memory:");
  auto leases = NewSqliteLeases(shared, clock);
  const LeaseTerms ours{"prod", "export Account", "host 1", std::chrono::seconds(60)};
  const LeaseTerms theirs{"prod", "export Account", "host 2", std::chrono::seconds(60)};
  auto first = leases->Acquire(ours);
  ASSERT_TRUE(first);
  auto refused = leases->Acquire(theirs);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "STATE-LEASE-001");
  EXPECT_NE(refused.error().what().find("host 1"), std::string::npos);
  clock.Advance(std::chrono::seconds(61));
  auto second = leases->Acquire(theirs);
  ASSERT_TRUE(second);
  EXPECT_GT(second->epoch, first->epoch);
  auto lost = leases->Renew(ours, first->epoch);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), "STATE-LEASE-002");
  ASSERT_TRUE(leases->Release(theirs, second->epoch));
  auto third = leases->Acquire(ours);
  ASSERT_TRUE(third);
  EXPECT_GT(third->epoch, second->epoch);
}

}  // namespace
}  // namespace firn::state
