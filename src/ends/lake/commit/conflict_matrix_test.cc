// What could go wrong in production: one of two writers loses its rows because a combination of
// operations was thought to be harmless. Every operation against every foreign one; the foreign
// one, from a connection and a memory of its own, is committed after ours was worked out.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "ends/lake/commit/commit_kinds.h"

namespace firn::lake {
namespace {

// The code that refuses `mine` on top of `foreign`; empty: both take effect.
std::string Refusal(CommitKind mine, CommitKind foreign) {
  const std::set<CommitKind> rows = {CommitKind::kOverwrite, CommitKind::kRowDelta,
                                     CommitKind::kRewrite,   CommitKind::kMerge,
                                     CommitKind::kCompact,   CommitKind::kByValue};
  const std::set<CommitKind> shapes = {CommitKind::kSchema, CommitKind::kSpec, CommitKind::kOrder};
  const std::map<CommitKind, std::pair<std::string, std::set<CommitKind>>> kRefused = {
      {CommitKind::kOverwrite, {"LAKE-COMMIT-003", {CommitKind::kAppend, CommitKind::kOverwrite}}},
      {CommitKind::kRowDelta, {"LAKE-COMMIT-006", rows}},
      {CommitKind::kRewrite, {"LAKE-COMMIT-006", rows}},
      {CommitKind::kSchema, {"LAKE-COMMIT-007", shapes}},
      {CommitKind::kSpec, {"LAKE-COMMIT-007", shapes}},
      {CommitKind::kOrder, {"LAKE-COMMIT-007", shapes}}};
  const auto found = kRefused.find(mine);
  if (found == kRefused.end() || !found->second.second.contains(foreign)) return "";
  return found->second.first;
}

using Cell = std::pair<CommitKind, CommitKind>;

using ConflictMatrixRows = CommitDesk;

class ConflictMatrix : public ConflictMatrixRows, public testing::WithParamInterface<Cell> {};

TEST_P(ConflictMatrix, BothTakeEffectOrTheSecondIsRefused) {
  const auto [mine, foreign] = GetParam();
  const auto commit_mine = Prepared(mine, "mine");
  const auto commit_foreign = Prepared(foreign, "theirs");
  const auto theirs = commit_foreign(*other_);
  ASSERT_TRUE(theirs) << theirs.error().OneLine();

  const auto table = commit_mine(*lake_);
  const std::string refusal = Refusal(mine, foreign);
  std::string expected = After("12345", foreign, false);
  if (refusal.empty()) {
    ASSERT_TRUE(table) << table.error().OneLine();
    expected = After(expected, mine, true);
  } else {
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().code(), refusal) << table.error().OneLine();
  }
  EXPECT_EQ(Ids(), expected);
  // The foreign change is never undone.
  EXPECT_EQ(Now().properties().contains("by.theirs"), foreign == CommitKind::kProperty);
  if (foreign == CommitKind::kSchema) {
    EXPECT_NE(Now().schema().Find("theirs"), nullptr);
  }
  const TableMetadata& metadata = Now().metadata();
  const bool by_mine = mine == CommitKind::kSpec && refusal.empty();
  EXPECT_EQ(metadata.default_spec().unpartitioned(), foreign != CommitKind::kSpec && !by_mine);
  EXPECT_EQ(metadata.refs.contains("tag-of-theirs"), foreign == CommitKind::kTag);
  EXPECT_EQ(metadata.refs.contains("branch-of-theirs"), foreign == CommitKind::kBranch);
}

// A replace is worked out on a state; when that is gone from the history, and what others added
// after it too, nobody can say that no row of theirs is thrown away.
TEST_F(ConflictMatrixRows, AReplaceWhoseBeginningIsForgottenIsRefused) {
  const auto replace = Prepared(CommitKind::kOverwrite, "mine");
  ASSERT_TRUE(Prepared(CommitKind::kAppend, "theirs")(*other_));
  ASSERT_TRUE(Prepared(CommitKind::kManifests, "theirs")(*other_));
  ASSERT_TRUE(Prepared(CommitKind::kExpire, "theirs")(*other_));
  const auto table = replace(*lake_);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), "LAKE-COMMIT-003") << table.error().OneLine();
  EXPECT_EQ(Ids(), "123458");
}

std::vector<Cell> AllCells() {
  std::vector<Cell> cells;
  for (int mine = 0; mine < kMatrixKinds; ++mine) {
    for (int foreign = 0; foreign < kMatrixKinds; ++foreign) {
      if (static_cast<CommitKind>(mine) != CommitKind::kByValue)
        cells.emplace_back(static_cast<CommitKind>(mine), static_cast<CommitKind>(foreign));
    }
  }
  return cells;
}

INSTANTIATE_TEST_SUITE_P(All, ConflictMatrix, testing::ValuesIn(AllCells()),
                         [](const testing::TestParamInfo<Cell>& cell) {
                           return std::string(NameOf(cell.param.first)) + "On" +
                                  NameOf(cell.param.second);
                         });

}  // namespace
}  // namespace firn::lake
