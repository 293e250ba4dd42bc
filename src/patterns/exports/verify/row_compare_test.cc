// What could go wrong: two sides that differ are called the same because a record fell into another
// bucket, because a bucket was read before it was written out, or because an Id stood there twice.
#include "patterns/exports/verify/row_compare.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "core/base/random.h"
#include "patterns/exports/object/layout_for.h"
#include "tests/support/test_folder.h"

namespace firn::exports {
namespace {

class RowCompareTest : public ::testing::Test {
 protected:
  static SpilledMark Mark(int number, uint64_t hash) {
    SpilledMark mark{.hash = hash, .stamp = number};
    char text[24];
    std::snprintf(text, sizeof text, "001%012dAAA", number);
    EXPECT_TRUE(ToIdText(text, mark.id));
    return mark;
  }

  TestFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
  Call call_;
};

TEST_F(RowCompareTest, WhatIsMissingExtraOrDifferentIsFoundInEveryBucket) {
  constexpr int kRows = 20'000;  // more than waits in memory before it is written
  SpillBuckets org((folder_ / "org").string(), 7);
  SpillBuckets lake((folder_ / "lake").string(), 7);
  for (int i = 0; i < kRows; ++i) {
    ASSERT_TRUE(i % 1000 == 1 || org.Add(Mark(i, 5)));
    ASSERT_TRUE(i % 1000 == 2 || lake.Add(Mark(i, i % 1000 == 3 ? 6 : 5)));
  }
  ASSERT_TRUE(org.Finish());
  ASSERT_TRUE(lake.Finish());
  std::set<int64_t> seen;
  const auto counts = CompareMarks(call_, org, lake, [&](const MarkPair& pair) -> Result<void> {
    seen.insert((pair.org != nullptr ? pair.org : pair.lake)->stamp % 1000);
    return {};
  });
  ASSERT_TRUE(counts) << counts.error().OneLine();
  EXPECT_EQ(counts->extra, 20);
  EXPECT_EQ(counts->missing, 20);
  EXPECT_EQ(counts->differs, 20);
  EXPECT_EQ(counts->same, kRows - 60);
  EXPECT_EQ(seen, (std::set<int64_t>{1, 2, 3}));
}

TEST_F(RowCompareTest, AnIdThatStandsTwiceInTheLakeIsExtraOnce) {
  SpillBuckets org((folder_ / "org").string(), 1);
  SpillBuckets lake((folder_ / "lake").string(), 1);
  ASSERT_TRUE(org.Add(Mark(1, 5)));
  ASSERT_TRUE(lake.Add(Mark(1, 5)));
  ASSERT_TRUE(lake.Add(Mark(1, 5)));
  ASSERT_TRUE(org.Finish());
  ASSERT_TRUE(lake.Finish());
  int twice = 0;
  const auto counts = CompareMarks(call_, org, lake, [&twice](const MarkPair& pair) {
    twice += pair.twice ? 1 : 0;
    return Result<void>();
  });
  ASSERT_TRUE(counts);
  EXPECT_EQ(twice, 1) << "it must not be taken for a record that is gone";
  EXPECT_EQ(counts->same, 1);
  EXPECT_EQ(counts->extra, 1);
}

TEST_F(RowCompareTest, NothingIsLeftOnDisk) {
  {
    SpillBuckets marks((folder_ / "org").string(), 3);
    ASSERT_TRUE(marks.Add(Mark(1, 1)));
    ASSERT_TRUE(marks.Finish());
    EXPECT_FALSE(std::filesystem::is_empty(folder_));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST(CursorField, TheBestThatIsDescribedIsTaken) {
  const auto describe = [](const std::string& names) {
    return R"({"fields":[{"name":"Id","type":"id"})" + names + "]}";
  };
  const std::string login = R"(,{"name":"LoginTime","type":"datetime"})";
  const std::string created = R"(,{"name":"CreatedDate","type":"datetime"})" + login;
  const std::string modified = R"(,{"name":"LastModifiedDate","type":"datetime"})" + created;
  EXPECT_EQ(CursorFieldOf(describe("")), "");
  EXPECT_EQ(CursorFieldOf(describe(login)), "LoginTime");
  EXPECT_EQ(CursorFieldOf(describe(created)), "CreatedDate");
  EXPECT_EQ(CursorFieldOf(describe(modified)), "LastModifiedDate");
  EXPECT_EQ(CursorFieldOf(describe(R"(,{"name":"SystemModstamp","type":"datetime"})" + modified)),
            "SystemModstamp");
  EXPECT_EQ(CursorFieldOf("no json"), "");
}

TEST(SilentFields, CalculatedAndListedFieldsAreReadAgain) {
  ObjectSpec spec;
  spec.exclude = {"Hidden__c"};
  spec.incremental.refresh_fields = {"Stat*"};
  EXPECT_EQ(SilentFieldsOf(R"({"fields":[{"name":"Id"},{"name":"Total__c","calculated":true},
      {"name":"Hidden__c","calculated":true},{"name":"Status"},{"name":"Name"}]})",
                           spec),
            (std::vector<std::string>{"Total__c", "Status"}));
}

}  // namespace
}  // namespace firn::exports
