// What could go wrong in production: a compaction shows up as a million changes, or a deleted row
// as none.
#include "ends/lake/read/row_diff.h"

#include <gtest/gtest.h>

#include "ends/lake/maintain/maintenance.h"
#include "ends/lake/table_test_desk.h"

namespace firn::lake {
namespace {

class RowDiffTest : public TableDesk {
 protected:
  // `+5 -1`: signs and the one character of the key that differs.
  std::string Diff(int64_t from, std::optional<int64_t> to = {}) {
    const auto changes = DiffRows(call_, Now(), {.from = from, .to = to});
    EXPECT_TRUE(changes) << changes.error().OneLine();
    std::string out;
    for (const RowChange& change : *changes) {
      out += change.kind == RowChange::Kind::kAdded     ? '+'
             : change.kind == RowChange::Kind::kRemoved ? '-'
                                                        : '~';
      out += change.key.at(14);
    }
    return out;
  }
  int64_t Snapshot() { return Now().current_snapshot()->snapshot_id; }
};

TEST_F(RowDiffTest, AddedAndDeletedRowsAreNamedAndMovedOnesAreNot) {
  const int64_t first = Snapshot();
  Import({"5", "6"});
  const int64_t second = Snapshot();
  ASSERT_TRUE(Commit(Out(Now(), {0, 1})));
  MaintainOptions options;
  options.compaction.files_min = 2;
  options.expire = options.orphans = false;
  ASSERT_TRUE(Maintain(call_, *lake_, ident_, options));
  EXPECT_EQ(Diff(first, second), "+5+6");
  EXPECT_EQ(Diff(second, first), "-5-6");
  EXPECT_EQ(Diff(second).size(), 4U);
  EXPECT_EQ(Diff(first, first), "");
  Import({"1", "2", "3", "4"}, "replace");
  EXPECT_EQ(Diff(first), "");
}

TEST_F(RowDiffTest, LimitsAndMistakesAreSaid) {
  const int64_t first = Snapshot();
  Import({"5", "6"});
  EXPECT_EQ(DiffRows(call_, Now(), {.from = first, .rows_max = 1}).error().code(), "LAKE-DIFF-001");
  EXPECT_EQ(DiffRows(call_, Now(), {.from = first, .key = "id"}).error().code(), "LAKE-COLUMN-001");
  EXPECT_EQ(DiffRows(call_, Now(), {.from = 1}).error().code(), "LAKE-SNAPSHOT-001");
}

}  // namespace
}  // namespace firn::lake
