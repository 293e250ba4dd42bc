// What could go wrong in production: the process is killed within a commit and the table is half
// new, the catalog's answer is lost after it committed and the commit is done twice, or the clock
// is set back and the history is out of order. For every kind of commit there is.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "core/base/fault_point.h"
#include "ends/lake/commit/commit_kinds.h"
#include "ends/lake/merge/test_desk.h"

namespace firn::lake {
namespace {

// Those of a commit, of which no kind has more than some dozens.
constexpr int kPassagesMax = 300;

class EveryCommitDesk : public CommitDesk {
 protected:
  EveryCommitDesk() : first_(Now().history().front().snapshot_id) {
    current_ = Now().current_snapshot()->snapshot_id;
  }

  // A catalog that loses answers.
  MeddlingCatalog& Meddle() {
    const std::string warehouse = folder_ + "/warehouse";
    auto catalog =
        std::make_unique<MeddlingCatalog>(*OpenSqlCatalog({.path = warehouse + "/catalog.db"}));
    MeddlingCatalog& out = *catalog;
    lake_ = internal::LakeOf({warehouse, std::move(catalog), LocalStore(warehouse)});
    return out;
  }

  // An erasure sets the table's own rules of history aside, and puts them back.
  static int Commits(CommitKind kind) { return kind == CommitKind::kErase ? 3 : 1; }

  // The number that a metadata file's name begins with.
  int Version() {
    const std::string location = Now().metadata_location();
    return std::stoi(location.substr(location.rfind('/') + 1));
  }

  // Whether the table is what the commit makes of it.
  bool Done(CommitKind kind) {
    const Table now = Now();
    const TableMetadata& metadata = now.metadata();
    switch (kind) {
      case CommitKind::kExpire:
        return now.history().size() == 1;
      case CommitKind::kSchema:
      case CommitKind::kReplaceSchema:
        return now.schema().Find("mine") != nullptr;
      case CommitKind::kSpec:
        return !metadata.default_spec().unpartitioned();
      case CommitKind::kOrder:
        return metadata.default_sort_order_id != 0;
      case CommitKind::kProperty:
        return now.properties().contains("by.mine");
      case CommitKind::kUpgrade:
        return metadata.format_version == 3;
      case CommitKind::kTag:
        return metadata.refs.contains("tag-of-mine");
      case CommitKind::kBranch:
        return metadata.refs.contains("branch-of-mine");
      case CommitKind::kUntag:
        return !metadata.refs.contains("old");
      case CommitKind::kBranchMoved:
        return metadata.refs.at("side").snapshot_id == first_;
      default:
        return now.current_snapshot()->snapshot_id != current_;
    }
  }

  void ExpectDone(CommitKind kind) {
    EXPECT_TRUE(Done(kind));
    EXPECT_EQ(Ids(), After("12345", kind, true));
    // No rule of an erasure is left.
    for (const auto& [name, value] : Now().properties())
      EXPECT_FALSE(name.starts_with("firn.erase.")) << name;
    if (kind == CommitKind::kErase) {
      const auto traces = FindKey(call_, Now(), "Id", IdOf('4'));
      ASSERT_TRUE(traces) << traces.error().OneLine();
      EXPECT_FALSE(traces->any());
    }
  }

  // The answer to the commit after `passed` others is lost.
  void LoseAnswer(CommitKind kind, int passed) {
    MeddlingCatalog& catalog = Meddle();
    const auto mine = Prepared(kind, "mine");
    const int before = Version();
    catalog.answers_passed = passed;
    const auto done = mine(*lake_);
    ASSERT_TRUE(done) << done.error().OneLine();
    EXPECT_LT(catalog.answers_passed, 0);
    EXPECT_EQ(Version(), before + Commits(kind));
    ExpectDone(kind);
  }

  // Runs this test again in a process that dies at that passage of a fault point. True: it died.
  bool DiesAt(int passage) {
    const auto& info = *testing::UnitTest::GetInstance()->current_test_info();
    std::vector<std::string> words = {
        "firn_lake_test",
        std::string("--gtest_filter=") + info.test_suite_name() + "." + info.name()};
    std::vector<std::string> settings = {kFolderOfParent + ("=" + folder_),
                                         "FIRN_FAULT_POINT=*:" + std::to_string(passage)};
    for (char** setting = environ; *setting != nullptr; ++setting) {
      // Reports and shards are the parent's.
      if (std::strncmp(*setting, "GTEST_", 6) != 0) settings.emplace_back(*setting);
    }
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> out;
      for (std::string& text : texts) out.push_back(text.data());
      out.push_back(nullptr);
      return out;
    };
    const std::string log = folder_ + "/child.log";
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    pid_t child = 0;
    const int spawned = posix_spawn(&child, "/proc/self/exe", &files, nullptr,
                                    pointers(words).data(), pointers(settings).data());
    posix_spawn_file_actions_destroy(&files);
    int status = 0;
    EXPECT_EQ(spawned, 0);
    EXPECT_EQ(waitpid(child, &status, 0), child);
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    EXPECT_TRUE(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        << status << "\n"
        << ReadFile(log).value_or("");
    return killed;
  }

  // The folder is again what it was when it was kept, under the same name: locations are absolute.
  void Close() {
    lake_.reset();
    other_.reset();
  }
  void Restore(const std::string& kept) {
    Close();
    std::filesystem::remove_all(folder_);
    std::filesystem::copy(kept, folder_, std::filesystem::copy_options::recursive);
  }
  void Reopen() {
    lake_ = *Lake::Open({.warehouse = folder_ + "/warehouse"});
    other_ = *Lake::Open({.warehouse = folder_ + "/warehouse"});
  }

  int64_t first_ = 0;
  int64_t current_ = 0;
};

class EveryCommit : public EveryCommitDesk, public testing::WithParamInterface<CommitKind> {};

TEST_P(EveryCommit, WhoseAnswerIsLostIsDoneOnce) { LoseAnswer(GetParam(), 0); }

TEST_P(EveryCommit, OfAClockThatWasSetBackComesAfterTheOthers) {
  const CommitKind kind = GetParam();
  ManualClock late(UtcMicros(std::chrono::hours(600'000)));
  ManualClock early(UtcMicros(std::chrono::hours(499'000)));
  const auto mine = Prepared(kind, "mine");
  call_.clock = &late;
  ASSERT_TRUE(lake_->SetProperties(call_, ident_, {{"late", "1"}}));
  const int64_t updated = Now().metadata().last_updated_ms;
  call_.clock = &early;
  const auto done = mine(*lake_);
  ASSERT_TRUE(done) << done.error().OneLine();
  EXPECT_GE(Now().metadata().last_updated_ms, updated);
  const auto history = Now().history();
  for (size_t i = 1; i < history.size(); ++i)
    EXPECT_GE(history[i].timestamp_ms, history[i - 1].timestamp_ms);
  const auto& log = Now().metadata().metadata_log;
  for (size_t i = 1; i < log.size(); ++i) EXPECT_GE(log[i].timestamp_ms, log[i - 1].timestamp_ms);
  ExpectDone(kind);
}

// At each passage of each fault point, one after the other, until there is none left.
TEST_P(EveryCommit, KilledAtAnyFaultPointLeavesTheOldTableOrTheNew) {
  const CommitKind kind = GetParam();
  if (IsChild()) {
    const auto mine = Prepared(kind, "mine");
    ArmFaultPointsFromEnvironment();
    const auto done = mine(*lake_);
    ASSERT_TRUE(done) << done.error().OneLine();
    return;
  }
  const std::string kept = folder_ + ".kept";
  std::filesystem::remove_all(kept);
  Close();
  std::filesystem::copy(folder_, kept, std::filesystem::copy_options::recursive);
  int passage = 1;
  for (; passage < kPassagesMax; ++passage) {
    SCOPED_TRACE("passage " + std::to_string(passage));
    Restore(kept);
    const bool died = DiesAt(passage);
    Reopen();
    const std::string ids = Ids();
    const std::string whole = After("12345", kind, true);
    EXPECT_TRUE(ids == "12345" || ids == whole) << ids;
    if (died && (kind == CommitKind::kErase || !Done(kind))) {
      // What the dead left is in nobody's way.
      const auto again = Prepared(kind, "mine")(*lake_);
      ASSERT_TRUE(again) << again.error().OneLine();
    }
    ExpectDone(kind);
    if (!died) break;
    if (HasFailure()) break;
  }
  EXPECT_GT(passage, 3);
  EXPECT_LT(passage, kPassagesMax);
  std::filesystem::remove_all(kept);
}

std::vector<CommitKind> OwnKinds() {
  std::vector<CommitKind> kinds;
  for (size_t i = 0; i < std::size(kCommitKinds); ++i) {
    if (static_cast<CommitKind>(i) != CommitKind::kByValue)
      kinds.push_back(static_cast<CommitKind>(i));
  }
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(All, EveryCommit, testing::ValuesIn(OwnKinds()),
                         [](const testing::TestParamInfo<CommitKind>& kind) {
                           return std::string(NameOf(kind.param));
                         });

// Each commit of an erasure: the rules of history set aside, the record out, the rules back.
class ErasureCommit : public EveryCommitDesk, public testing::WithParamInterface<int> {};

TEST_P(ErasureCommit, WhoseAnswerIsLostIsDoneOnce) { LoseAnswer(CommitKind::kErase, GetParam()); }

INSTANTIATE_TEST_SUITE_P(All, ErasureCommit, testing::Range(0, 3));

}  // namespace
}  // namespace firn::lake
