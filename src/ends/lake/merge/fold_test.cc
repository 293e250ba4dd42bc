// What could go wrong in production: commits that take half a minute because a large file was
// written again at once; files, dead rows or rewriting that grow without bound; a table left with
// most of its rows dead because only deletes came; a file of which a part was written again and
// rows of it stood there twice, or were lost.
#include "ends/lake/merge/fold.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ends/lake/merge/test_desk.h"

namespace firn::lake {
namespace {

constexpr int64_t kRowsMax = 1 << 20;

// A table's files under a policy, without rows.
class FoldedFiles {
 public:
  explicit FoldedFiles(std::vector<FoldFile> files, int64_t rows_max = kRowsMax)
      : policy_(rows_max), files_(std::move(files)) {}

  std::vector<FoldFile>& files() { return files_; }

  // Uniform changes: as many rows of each file die as are its share.
  void ChangeEvenly(int64_t rows) {
    const int64_t live = Sum(&FoldFile::rows_live);
    for (FoldFile& file : files_) {
      const int64_t dying = file.rows_live * rows / live;
      file.rows_live -= dying;
      file.rows_dead += dying;
    }
  }

  // A commit of so many changed rows; what it folded.
  int64_t Commit(const FoldCommit& commit) {
    std::erase_if(files_, [](const FoldFile& file) { return file.rows_live == 0; });
    int64_t folded = 0;
    for (const FoldPart& part : policy_.Choose(files_, commit)) {
      const auto file = std::find_if(files_.begin(), files_.end(), [&](const FoldFile& one) {
        return one.ordinal == part.ordinal;
      });
      folded += part.rows;
      file->rows_live -= part.rows;
      file->rows_dead += part.rows;
    }
    std::erase_if(files_, [](const FoldFile& file) { return file.rows_live == 0; });
    policy_.Spend(commit, folded);
    // As a merge writes them: many folded rows have a file of their own.
    const bool apart = folded > 64 * 1024;
    if (commit.rows_written > 0 || (folded > 0 && !apart))
      files_.push_back({next_++, commit.rows_written + (apart ? 0 : folded), 0, kRowBytes});
    if (apart) files_.push_back({next_++, folded, 0, kRowBytes});
    return folded;
  }

  [[nodiscard]] int64_t Sum(int64_t FoldFile::* member) const {
    int64_t sum = 0;
    for (const FoldFile& file : files_) sum += file.*member;
    return sum;
  }

  static constexpr int64_t kRowBytes = 100;

 private:
  FoldPolicy policy_;
  std::vector<FoldFile> files_;
  uint32_t next_ = 1000;
};

TEST(FoldPolicyTest, NoMoreThanEightRowsAreWrittenAgainForEachChangedOne) {
  std::mt19937 random(3);
  FoldedFiles table({{0, 100'000, 0, 100}});
  int64_t changed = 0;
  int64_t again = 0;
  for (int commit = 1; commit <= 2000; ++commit) {
    constexpr int64_t kRows = 500;
    changed += kRows;
    for (int64_t left = kRows; left > 0;) {
      FoldFile& file = table.files()[random() % table.files().size()];
      const int64_t dying = std::min({left, file.rows_live, int64_t{50}});
      file.rows_live -= dying;
      file.rows_dead += dying;
      left -= std::max<int64_t>(dying, 1);
    }
    again += table.Commit({kRows, 0});
    EXPECT_LT(table.files().size(), 20U);
  }
  EXPECT_LE(again, changed * 8);
}

TEST(FoldPolicyTest, UniformChangesLeaveNoMoreThanATenthOfTheRowsDead) {
  constexpr int64_t kRows = 1'000'000;
  constexpr int64_t kChanged = 10'000;
  FoldedFiles table({{0, kRows / 2, 0, 100}, {1, kRows / 2, 0, 100}});
  for (int commit = 1; commit <= 300; ++commit) {
    table.ChangeEvenly(kChanged);
    const int64_t folded = table.Commit({kChanged, 0});
    EXPECT_TRUE(commit > 1 || folded == 0) << "one small merge into a fresh table stays small";
    EXPECT_LE(table.Sum(&FoldFile::rows_dead), kRows / 10) << "after commit " << commit;
    EXPECT_LE(table.files().size(), 12U) << "after commit " << commit;
  }
}

TEST(FoldPolicyTest, NoCommitFoldsMoreThanItsCapHoweverLargeTheFilesAre) {
  for (const int64_t changed : {2'000, 20'000, 100'000, 1'000'000}) {
    SCOPED_TRACE(changed);
    constexpr int64_t kRows = 10'000'000;
    std::vector<FoldFile> files;
    for (uint32_t at = 0; at < 4; ++at) files.push_back({at, kRows / 4, 0, 77});
    FoldedFiles table(files);
    const FoldCommit commit{changed, 0};
    const int64_t most = FoldPolicy(kRowsMax).RowsMax(commit);
    EXPECT_LE(most, 2 * kRowsMax);
    EXPECT_TRUE(changed > 100'000 || most == kRowsMax);
    int64_t folded = 0;
    for (int64_t done = 0; done < 3 * kRows; done += changed) {
      table.ChangeEvenly(changed);
      const int64_t now = table.Commit(commit);
      folded += now;
      ASSERT_LE(now, most);
      ASSERT_LE(table.files().size(), 100U);
      // The part of a file that was moved counts as dead as long as the file is there.
      ASSERT_LE(table.Sum(&FoldFile::rows_dead), kRows / 2);
    }
    EXPECT_GT(folded, kRows) << "every file was folded";
  }
}

TEST(FoldPolicyTest, AFileThatWasBegunIsFinishedBeforeAnyOther) {
  FoldedFiles table({{0, 2'000'000, 300'000, 100}, {1, 2'000'000, 290'000, 100}});
  constexpr FoldCommit kChanges{1'000, 0};
  while (table.files()[0].rows_live == 2'000'000) table.Commit(kChanges);
  for (int commit = 0; commit < 4; ++commit) {
    EXPECT_EQ(table.files()[table.files()[0].ordinal == 0 ? 1 : 0].rows_live, 2'000'000);
    table.Commit(kChanges);
  }
  EXPECT_NE(table.files()[0].ordinal, 0U) << "it is gone";
}

TEST(FoldPolicyTest, RowsOfManyBytesCountForSeveral) {
  FoldedFiles table({{0, 400'000, 100'000, 1280}, {1, 300'000, 1'000, 1280}});
  EXPECT_LE(table.Commit({100'000, 0}), FoldPolicy(kRowsMax).RowsMax({100'000, 0}) / 10);
}

TEST(FoldPolicyTest, RowsThatOnlyDieAreFoldedAwayToo) {
  FoldedFiles table({{0, 500'000, 0, 100}, {1, 500'000, 0, 100}});
  for (int commit = 0; commit < 80; ++commit) {
    table.ChangeEvenly(10'000);
    table.Commit({0, 10'000});
    ASSERT_LE(table.Sum(&FoldFile::rows_dead), 130'000) << "after commit " << commit;
  }
}

using FoldTest = MergeDesk;

// In both versions: version 3 keeps the ids of rows that move.
TEST_F(FoldTest, ALargeFileIsFoldedInPartsAndEachRowStaysOnce) {
  for (const char* version : {"2", "3"}) {
    SCOPED_TRACE(version);
    if (std::string(version) == "3") {
      ASSERT_TRUE(lake_->Drop(ident_));
      ASSERT_TRUE(lake_->Create(call_, ident_, TestSchema(), {}));
      ASSERT_TRUE(lake_->SetProperties(call_, ident_, {{"format-version", "3"}}));
    }
    constexpr int kRows = 6'000;
    constexpr int kChanged = 150;
    constexpr int64_t kCap = 1'200;
    TestTable wanted;
    std::vector<std::pair<std::string, TestRow>> rows;
    for (int i = 0; i < kRows; ++i) rows.emplace_back(TestId(i), Row("first", i));
    for (const auto& [id, row] : rows) wanted[id] = row;
    {
      const auto merger = Open({.fold = false});
      Upsert(*merger, rows);
      Commit(*merger);
    }
    auto merger = Open({.fold_rows_max = kCap});
    int64_t folded = 0;
    for (int commit = 0; commit < 40; ++commit) {
      rows.clear();
      for (int i = 0; i < kChanged; ++i) {
        const int number = (commit * 7 + i * 53) % kRows;
        rows.emplace_back(TestId(number), Row("c" + std::to_string(commit), i));
        wanted[rows.back().first] = rows.back().second;
      }
      Upsert(*merger, rows);
      const MergeReport report = Commit(*merger);
      EXPECT_LE(report.rows_folded, kCap);
      folded += report.rows_folded;
      EXPECT_LE(merger->state().data_files, 24);
      EXPECT_LE(merger->state().rows_dead, kRows);
      EXPECT_EQ(merger->state().rows, kRows);
      if (commit % 10 != 0) continue;
      ASSERT_EQ(Read(), wanted) << "after commit " << commit;
      // Another process goes on in the middle of a file.
      merger = Open({.fold_rows_max = kCap});
    }
    EXPECT_GT(folded, kRows) << "the first file was folded, in parts";
    EXPECT_EQ(Read(), wanted);
  }
}

}  // namespace
}  // namespace firn::lake
