// What could go wrong in production: two jobs together use more memory than the machine has, or a
// job waits for ever behind one that waits for something else.
#include "app/engine/work_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace firn::engine {
namespace {

TEST(WorkBudget, NeverGivesOutMoreThanThereIs) {
  WorkBudget budget(100, 4);
  std::atomic<int64_t> in_use{0};
  std::atomic<int64_t> most{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        auto slot = budget.Take({}, {40, 1, ""});
        ASSERT_TRUE(slot);
        const int64_t now = in_use.fetch_add(40) + 40;
        for (int64_t seen = most.load(); seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        in_use.fetch_sub(40);
      }
    });
  }
  threads.clear();
  EXPECT_LE(most.load(), 80);
  EXPECT_GT(most.load(), 0);
  EXPECT_EQ(budget.use().memory_bytes, 0);
}

TEST(WorkBudget, AShareLargerThanAllIsCutDownToAll) {
  WorkBudget budget(100, 4);
  const auto slot = budget.Take({}, {1000, 64, ""});
  ASSERT_TRUE(slot);
  EXPECT_EQ(slot->share().memory_bytes, 100);
  EXPECT_EQ(slot->share().threads, 4);
}

TEST(WorkBudget, WhoWaitsForAKeyLetsOthersPass) {
  WorkBudget budget(100, 4);
  auto first = budget.Take({}, {10, 1, "export prod"});
  ASSERT_TRUE(first);
  std::stop_source stop;
  Call waiting;
  waiting.stop = stop.get_token();
  std::atomic<bool> got{false};
  std::jthread second([&] { got = budget.Take(waiting, {10, 1, "export prod"}).has_value(); });
  EXPECT_TRUE(budget.Take({}, {10, 1, "export test"}));
  EXPECT_TRUE(budget.Take({}, {10, 1, "maintain"}));
  {
    const auto done = *std::move(first);
  }
  second.join();
  EXPECT_TRUE(got.load());
}

TEST(WorkBudget, AStoppedWaiterLeavesTheQueue) {
  WorkBudget budget(100, 4);
  std::stop_source stop;
  Call call;
  call.stop = stop.get_token();
  {
    auto all = budget.Take({}, {100, 4, ""});
    std::jthread waiter([&] {
      const auto slot = budget.Take(call, {1, 1, ""});
      ASSERT_FALSE(slot);
      EXPECT_EQ(slot.error().kind(), Kind::kCancelled);
    });
    stop.request_stop();
  }
  EXPECT_TRUE(budget.Take({}, {100, 4, ""}));
}

}  // namespace
}  // namespace firn::engine
