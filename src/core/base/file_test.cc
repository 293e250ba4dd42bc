// A file that is half there after a crash, a full disk that looks like success, a lock that two
// hold: each loses data quietly.
#include "core/base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

#include "core/base/fault_point.h"
#include "tests/support/test_folder.h"

namespace firn {
namespace {

struct FileTest : testing::Test {
  TestFolder temporary;
  std::string folder = temporary.path();
};

TEST_F(FileTest, WhatIsWrittenIsReadBack) {
  const std::string bytes("a\0b\n", 4);
  ASSERT_TRUE(WriteFileDurably(folder + "/a", bytes, 0600).has_value());
  EXPECT_EQ(ReadFile(folder + "/a").value(), bytes);
  struct stat info{};
  ASSERT_EQ(stat((folder + "/a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(ListFolder(folder).value(), std::vector<std::string>{"a"});
  EXPECT_EQ(FileSize(folder + "/a").value(), 4U);
}

TEST_F(FileTest, AFileOverItsLimitIsRefused) {
  ASSERT_TRUE(WriteFileDurably(folder + "/a", "12345").has_value());
  EXPECT_EQ(ReadFile(folder + "/a", 5).value(), "12345");
  EXPECT_EQ(ReadFile(folder + "/a", 4).error().code(), "BASE-FILE-005");
  // Files of /proc say that they are empty.
  EXPECT_FALSE(ReadFile("/proc/self/status").value().empty());
}

TEST_F(FileTest, ErrorsNameThePathAndTheKind) {
  const auto missing = ReadFile(folder + "/none");
  EXPECT_EQ(missing.error().kind(), Kind::kNotFound);
  EXPECT_NE(missing.error().what().find(folder + "/none"), std::string::npos);
  EXPECT_EQ(WriteFileDurably(folder + "/no/such", "x").error().kind(), Kind::kNotFound);
  EXPECT_TRUE(RemoveFile(folder + "/none").has_value());
  EXPECT_EQ(ListFolder(folder + "/none").error().kind(), Kind::kNotFound);
}

TEST_F(FileTest, FoldersAreMadeWithTheirParents) {
  ASSERT_TRUE(MakeFolders(folder + "/x/y/z").has_value());
  ASSERT_TRUE(MakeFolders(folder + "/x/y/z").has_value());
  ASSERT_TRUE(MakeFolders(folder + "/x/w/").has_value());
  EXPECT_TRUE(FileExists(folder + "/x/y/z"));
  EXPECT_TRUE(FileExists(folder + "/x/w"));
  ASSERT_TRUE(WriteFileDurably(folder + "/f", "x").has_value());
  EXPECT_FALSE(MakeFolders(folder + "/f").has_value());
  EXPECT_FALSE(MakeFolders(folder + "/f/g").has_value());
}

TEST_F(FileTest, TheWriterCountsItsBytes) {
  auto writer = FileWriter::Create(folder + "/w").value();
  ASSERT_TRUE(writer->Append("abc").has_value());
  ASSERT_TRUE(writer->Append("def").has_value());
  EXPECT_EQ(writer->bytes_written(), 6U);
  ASSERT_TRUE(writer->Commit().has_value());
  EXPECT_EQ(ReadFile(folder + "/w").value(), "abcdef");
}

TEST_F(FileTest, ASecondTakerLearnsWhoHoldsTheLock) {
  auto first = FileLock::Take(folder + "/lock", "firn export run");
  ASSERT_TRUE(first.has_value());
  const auto second = FileLock::Take(folder + "/lock", "firn export run");
  EXPECT_EQ(second.error().code(), "BASE-LOCK-001");
  EXPECT_NE(second.error().why().find("pid " + std::to_string(getpid()) + " (firn export run)"),
            std::string::npos)
      << second.error().why();
  {
    const FileLock gone = std::move(first).value();
  }
  EXPECT_TRUE(FileLock::Take(folder + "/lock", "again").has_value());
}

TEST_F(FileTest, LocalFoldersAreNotNetworkFileSystems) {
  EXPECT_FALSE(IsNetworkFileSystem(folder + "/not/yet/there").value());
  EXPECT_GT(FreeBytes(folder).value(), 0U);
}

// Runs `work` in a child process with one fault point armed; the child's wait status.
int InChild(const char* point, const char* action, const std::function<bool()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    setenv("FIRN_FAULT_POINT", point, 1);
    setenv("FIRN_FAULT_ACTION", action, 1);
    ArmFaultPointsFromEnvironment();
    _exit(work() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST_F(FileTest, AKillBeforeTheRenameLeavesTheOldFileWhole) {
  ASSERT_TRUE(WriteFileDurably(folder + "/a", "old").has_value());
  const auto write = [&] { return WriteFileDurably(folder + "/a", "new").has_value(); };
  EXPECT_EQ(WTERMSIG(InChild("base.file.before_rename", "kill", write)), SIGKILL);
  EXPECT_EQ(ReadFile(folder + "/a").value(), "old");
  EXPECT_EQ(WTERMSIG(InChild("base.file.after_rename", "kill", write)), SIGKILL);
  EXPECT_EQ(ReadFile(folder + "/a").value(), "new");
}

TEST_F(FileTest, AFullDiskIsALimitAndLeavesNoTemporaryFile) {
  ASSERT_TRUE(WriteFileDurably(folder + "/a", "old").has_value());
  EXPECT_EQ(InChild("base.file.write", "disk-full",
                    [&] {
                      const auto result = WriteFileDurably(folder + "/a", "new");
                      return !result && result.error().code() == "BASE-FILE-003" &&
                             result.error().kind() == Kind::kLimitReached;
                    }),
            0);
  EXPECT_EQ(ReadFile(folder + "/a").value(), "old");
  EXPECT_EQ(ListFolder(folder).value(), std::vector<std::string>{"a"});
  EXPECT_EQ(InChild("base.file.write:2", "disk-full",
                    [&] {
                      auto writer = FileWriter::Create(folder + "/w").value();
                      return writer->Append("1").has_value() && !writer->Append("2").has_value();
                    }),
            0);
}

TEST_F(FileTest, ARealFullDeviceIsALimitToo) {
  auto writer = FileWriter::Create("/dev/full", 0666);
  if (!writer) GTEST_SKIP() << "no /dev/full here";
  EXPECT_EQ((*writer)->Append("x").error().code(), "BASE-FILE-003");
}

}  // namespace
}  // namespace firn
