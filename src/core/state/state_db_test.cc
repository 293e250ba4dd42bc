// What could go wrong: two commands write one project's state at once; a reader blocks a run or is
// blocked by it; a damaged file is used as if it were whole.
#include "core/state/state_db.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/state/checkpoints.h"
#include "tests/support/test_folder.h"

namespace firn::state {
namespace {

const UtcMicros kNoon{std::chrono::microseconds(1'790'000'000'000'000)};

TEST(StateDb, SecondWriterIsToldWhoHoldsIt) {
  TestFolder folder;
  auto first = StateDb::Open(folder.path(), {.purpose = "export run"});
  ASSERT_TRUE(first) << first.error().OneLine();
  auto second = StateDb::Open(folder.path(), {.purpose = "export resume"});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), "STATE-LOCK-001");
  EXPECT_NE(second.error().OneLine().find(std::to_string(getpid())), std::string::npos)
      << second.error().OneLine();
  EXPECT_NE(second.error().OneLine().find("export run"), std::string::npos);
}

TEST(StateDb, LockGoesWithTheWriter) {
  TestFolder folder;
  ASSERT_TRUE(StateDb::Open(folder.path(), {}));
  EXPECT_TRUE(StateDb::Open(folder.path(), {}));
}

TEST(StateDb, ReaderSeesWhatTheWriterHasCommittedWhileItWrites) {
  TestFolder folder;
  auto writer = StateDb::Open(folder.path(), {});
  ASSERT_TRUE(writer) << writer.error().OneLine();
  Checkpoints checkpoints(*writer);
  ASSERT_TRUE(checkpoints.Set({"prod", "export/Account", "2026-11-24", "run1", kNoon}));
  auto reader = StateDb::Open(folder.path(), {.read_only = true});
  ASSERT_TRUE(reader) << reader.error().OneLine();
  auto read = Checkpoints(*reader).Get("prod", "export/Account");
  ASSERT_TRUE(read) << read.error().OneLine();
  ASSERT_TRUE(read->has_value());
  EXPECT_EQ((*read)->value, "2026-11-24");
  EXPECT_FALSE(Checkpoints(*reader).Set({"prod", "export/Account", "x", "run2", kNoon}));
}

TEST(StateDb, ReadingAProjectWithoutStateSaysWhatToRunFirst) {
  TestFolder folder;
  auto reader = StateDb::Open(folder.path(), {.read_only = true});
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), "STATE-OPEN-001");
  EXPECT_FALSE(reader.error().hint().empty());
}

TEST(StateDb, DamagedFileIsRefusedByName) {
  TestFolder folder;
  std::ofstream(StateDbPath(folder.path())) << std::string(8192, 'x');
  auto opened = StateDb::Open(folder.path(), {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind(), Kind::kCorrupt) << opened.error().OneLine();
  EXPECT_EQ(opened.error().code(), "STATE-OPEN-002");
  EXPECT_NE(opened.error().where().find("state.db"), std::string::npos);
}

TEST(Checkpoints, BelongToAnOrg) {
  TestFolder folder;
  auto db = StateDb::Open(folder.path(), {});
  ASSERT_TRUE(db);
  Checkpoints checkpoints(*db);
  ASSERT_TRUE(checkpoints.Set({"prod", "export/Account", "1", "r", kNoon}));
  ASSERT_TRUE(checkpoints.Set({"test", "export/Account", "2", "r", kNoon}));
  ASSERT_TRUE(checkpoints.Set({"prod", "export/Account", "3", "r2", kNoon}));
  EXPECT_EQ((*checkpoints.Get("prod", "export/Account"))->value, "3");
  EXPECT_EQ((*checkpoints.Get("test", "export/Account"))->value, "2");
  EXPECT_FALSE((*checkpoints.Get("other", "export/Account")).has_value());
  EXPECT_EQ(checkpoints.List("prod")->size(), 1U);
}

}  // namespace
}  // namespace firn::state
