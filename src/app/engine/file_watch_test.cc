// What could go wrong in production: an editor truncates firn.yaml before it fills it, the daemon
// reads the half and logs an error that nobody can explain; or a change is never taken over.
#include "app/engine/file_watch.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "tests/support/test_folder.h"

namespace firn::engine {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class FileWatchTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "rules");
    Write("firn.yaml", "name: a\n");
    watch_.emplace((folder_ / "firn.yaml").string(),
                   std::vector<std::string>{(folder_ / "rules").string()}, milliseconds(500));
    watch_->Take();
  }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::trunc) << text;
  }
  // Long after anything that the test wrote.
  static UtcMicros Later() { return SystemClock().Now() + hours(1); }

  TestFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
  std::optional<FileWatch> watch_;
};

TEST_F(FileWatchTest, AChangeIsToldOnceAtTheSecondLookThatFindsItTheSame) {
  EXPECT_FALSE(watch_->Changed(Later()));
  Write("firn.yaml", "name: other\n");
  EXPECT_FALSE(watch_->Changed(Later())) << "seen for the first time";
  EXPECT_TRUE(watch_->Changed(Later()));
  EXPECT_FALSE(watch_->Changed(Later()));
}

TEST_F(FileWatchTest, AFileThatIsStillBeingWrittenIsLeftAlone) {
  Write("firn.yaml", "");
  EXPECT_FALSE(watch_->Changed(Later()));
  Write("firn.yaml", "name: wri");
  EXPECT_FALSE(watch_->Changed(Later()));
  Write("firn.yaml", "name: written\n");
  EXPECT_FALSE(watch_->Changed(Later()));
  EXPECT_TRUE(watch_->Changed(Later()));
}

TEST_F(FileWatchTest, AFileYoungerThanTheSettlingTimeIsLeftAlone) {
  Write("firn.yaml", "name: young\n");
  struct stat info{};
  ASSERT_EQ(stat((folder_ / "firn.yaml").c_str(), &info), 0);
  const UtcMicros written(
      std::chrono::microseconds(info.st_mtim.tv_sec * 1'000'000LL + info.st_mtim.tv_nsec / 1'000));
  EXPECT_FALSE(watch_->Changed(written + milliseconds(100)));
  EXPECT_FALSE(watch_->Changed(written + milliseconds(499)));
  EXPECT_TRUE(watch_->Changed(written + milliseconds(500)));
}

TEST_F(FileWatchTest, AFileThatIsGoneForAMomentIsNoChange) {
  std::filesystem::rename(folder_ / "firn.yaml", folder_ / "kept");
  EXPECT_FALSE(watch_->Changed(Later()));
  EXPECT_FALSE(watch_->Changed(Later()));
  std::filesystem::rename(folder_ / "kept", folder_ / "firn.yaml");
  EXPECT_FALSE(watch_->Changed(Later()));
  EXPECT_FALSE(watch_->Changed(Later()));
}

TEST_F(FileWatchTest, ANewARewrittenAndARemovedRuleAreChanges) {
  for (const std::string text : {"{}", "{\"a\": 1}"}) {
    Write("rules/one.json", text);
    EXPECT_FALSE(watch_->Changed(Later()));
    EXPECT_TRUE(watch_->Changed(Later()));
  }
  std::filesystem::remove(folder_ / "rules/one.json");
  EXPECT_FALSE(watch_->Changed(Later()));
  EXPECT_TRUE(watch_->Changed(Later()));
}

TEST_F(FileWatchTest, WhatWasReadForAnotherReasonIsNotToldAgain) {
  Write("firn.yaml", "name: by hand\n");
  watch_->Take();
  EXPECT_FALSE(watch_->Changed(Later()));
  EXPECT_FALSE(watch_->Changed(Later()));
}

}  // namespace
}  // namespace firn::engine
