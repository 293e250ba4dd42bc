// What could go wrong: a reader that sees half a change, or a schema change that pulls the
// catalogue from under a query that runs.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

constexpr int kInserts = 60;

TEST(OrgThreadsTest, ReadersWritersAndSchemaChangesLiveTogether) {
  TestOrg org;
  std::atomic<bool> stop{false};
  std::atomic<int> failures{0};
  std::atomic<int> queries{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        auto cursor = org->Query("SELECT Id, Name, Owner.Alias FROM Account ORDER BY Name", {});
        if (!cursor) {
          ++failures;
          continue;
        }
        for (;;) {
          auto more = (*cursor)->Next();
          if (!more) ++failures;
          if (!more || !*more) break;
          if ((*cursor)->row()[1].text.substr(0, 1) != "n") ++failures;
        }
        (void)org->Count("Account", true);
        ++queries;
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < 4 && !stop; ++i) {
      if (!org->HideField("Account", "Site", i % 2 == 0)) ++failures;
    }
  });
  for (int i = 0; i < kInserts; ++i) {
    const auto id = org->Insert("Account", {{"Name", "n" + std::to_string(i)}}, {});
    ASSERT_TRUE(id) << id.error().OneLine();
    if (i % 3 == 0) {
      ASSERT_TRUE(org->Delete(*id, {}));
    }
  }
  while (queries < 4) std::this_thread::yield();
  stop = true;
  threads.clear();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(org.One("SELECT COUNT(Id) FROM Account"), "40");
  EXPECT_EQ(*org->Count("Account", false), 40U);
}

}  // namespace
}  // namespace firn::sandbox
