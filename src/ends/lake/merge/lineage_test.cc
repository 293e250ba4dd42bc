// What could go wrong in production: an engine that follows a table by its row ids (a cache, an
// incremental view) takes a changed record for a new one, or one record for another.
#include "ends/lake/commit/lineage.h"

#include <gtest/gtest.h>

#include "ends/lake/internal/parquet_source.h"
#include "ends/lake/maintain/erase.h"
#include "ends/lake/maintain/maintenance.h"
#include "ends/lake/merge/test_desk.h"

namespace firn::lake {
namespace {

struct Lineage {
  int64_t row_id = -1;
  int64_t last_updated = -1;
  bool operator==(const Lineage&) const = default;
};

class MergeLineageTest : public MergeDesk {
 protected:
  void Upgrade() {
    const auto table = others_->SetProperties(call_, ident_, {{"format-version", "3"}});
    ASSERT_TRUE(table) << table.error().OneLine();
  }

  // By Id, as any reader of version 3 works it out.
  std::map<std::string, Lineage> Lines() {
    std::map<std::string, Lineage> out;
    const Table table = Now();
    const auto files = LiveFiles(call_, table);
    EXPECT_TRUE(files) << files.error().OneLine();
    for (const LiveFile& live : *files) AddLines(table, live, out);
    return out;
  }
  void AddLines(const Table& table, const LiveFile& live, std::map<std::string, Lineage>& out) {
    EXPECT_TRUE(live.file.first_row_id.has_value()) << live.file.path;
    internal::SourceOptions options;
    const Table written = WithLineage(table);
    const record::Schema& schema = written.schema();
    options.schema.fields = {*schema.Find("Id"), *schema.Find(kRowIdColumn),
                             *schema.Find(kLastUpdatedColumn)};
    const auto dead = DeadPositions(call_, table, live);
    const auto source = internal::ParquetSource::Open(call_, *table.store(), live.file, options);
    ASSERT_TRUE(dead && source);
    for (;;) {
      auto batch = (*source)->Next(call_);
      ASSERT_TRUE(batch) << batch.error().OneLine();
      if (*batch == nullptr) return;
      const auto told = WithRowIds(*batch, live, (*source)->first_row());
      ASSERT_TRUE(told);
      const auto& ids = static_cast<const arrow::StringArray&>(*(*told)->column(0));
      const auto& rows = static_cast<const arrow::Int64Array&>(*(*told)->column(1));
      const auto& last = static_cast<const arrow::Int64Array&>(*(*told)->column(2));
      for (int64_t i = 0; i < ids.length(); ++i) {
        if (std::binary_search(dead->begin(), dead->end(), (*source)->first_row() + i)) continue;
        const bool first =
            out.emplace(ids.GetString(i), Lineage{rows.Value(i), last.Value(i)}).second;
        EXPECT_TRUE(first) << ids.GetString(i);
      }
    }
  }
  static void ExpectDistinct(const std::map<std::string, Lineage>& lines) {
    std::set<int64_t> ids;
    for (const auto& [key, line] : lines) EXPECT_TRUE(ids.insert(line.row_id).second) << key;
  }
  int64_t Sequence() { return Now().current_snapshot()->sequence_number; }
  std::unique_ptr<Merger> Filled(int count) {
    Upgrade();
    auto merger = Open();
    std::vector<std::pair<std::string, TestRow>> rows;
    for (int i = 1; i <= count; ++i) rows.push_back({TestId(i), Row("before", i)});
    Upsert(*merger, rows);
    Commit(*merger);
    return merger;
  }
};

TEST_F(MergeLineageTest, AChangedRowKeepsItsIdAndTellsTheCommitThatChangedIt) {
  const auto merger = Filled(3);
  const auto before = Lines();
  const int64_t first = Sequence();
  Upsert(*merger, {{TestId(1), Row("whole", 1)}, {TestId(9), Row("new", 9)}});
  Update(*merger, TestId(2), {{"Name", "part"}});
  Commit(*merger);
  auto after = Lines();
  ExpectDistinct(after);
  EXPECT_EQ(after[TestId(1)], (Lineage{before.at(TestId(1)).row_id, first + 1}));
  EXPECT_EQ(after[TestId(2)], (Lineage{before.at(TestId(2)).row_id, first + 1}));
  EXPECT_EQ(after[TestId(3)], before.at(TestId(3)));
  EXPECT_GE(after[TestId(9)].row_id, 3);
  // And again, from a file that has the ids in a column, in this merger and in a new one.
  Upsert(*merger, {{TestId(1), Row("again", 1)}, {TestId(9), Row("again", 9)}});
  Commit(*merger);
  const auto other = OpenOther();
  Upsert(*other, {{TestId(1), Row("other", 1)}, {TestId(9), Row("other", 9)}});
  Commit(*other);
  const auto last = Lines();
  EXPECT_EQ(last.at(TestId(1)), (Lineage{before.at(TestId(1)).row_id, first + 3}));
  EXPECT_EQ(last.at(TestId(9)), (Lineage{after[TestId(9)].row_id, first + 3}));
  EXPECT_EQ(Read().at(TestId(9)), Row("other", 9));
}

TEST_F(MergeLineageTest, FoldingAndCompactionChangeNoLineage) {
  const auto merger = Filled(200);
  int64_t folded = 0;
  std::map<std::string, Lineage> wanted = Lines();
  for (int turn = 0; turn < 40; ++turn) {
    std::vector<std::pair<std::string, TestRow>> rows;
    for (int i = 0; i < 20; ++i) {
      const std::string id = TestId(1 + (turn * 7 + i * 3) % 230);
      if (rows.end() ==
          std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.first == id; }))
        rows.push_back({id, Row("turn", turn)});
    }
    Upsert(*merger, rows);
    folded += Commit(*merger).rows_folded;
    auto now = Lines();
    ExpectDistinct(now);
    for (const auto& [id, row] : rows) {
      if (wanted.contains(id)) {
        EXPECT_EQ(now[id].row_id, wanted[id].row_id) << id << " in turn " << turn;
      }
      EXPECT_EQ(now[id].last_updated, Sequence()) << id;
      wanted[id] = now[id];
    }
    ASSERT_EQ(now, wanted) << "turn " << turn;
  }
  EXPECT_GT(folded, 0);
  MaintainOptions options;
  options.compaction.files_min = 2;
  options.expire = options.orphans = false;
  ASSERT_TRUE(Maintain(call_, *others_, ident_, options));
  EXPECT_EQ(Lines(), wanted);
}

TEST_F(MergeLineageTest, AnErasedRecordLeavesTheIdsOfTheOthers) {
  const auto merger = Filled(5);
  Upsert(*merger, {{TestId(2), Row("changed", 2)}});
  Commit(*merger);
  auto wanted = Lines();
  wanted.erase(TestId(3));
  ASSERT_TRUE(EraseKey(call_, *others_, ident_, "Id", TestId(3)));
  EXPECT_EQ(Lines(), wanted);
}

TEST_F(MergeLineageTest, ATableThatIsUpgradedBetweenTwoMergesGetsIds) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("two", 1)}, {TestId(2), Row("two", 2)}});
  Commit(*merger);
  Upgrade();
  Update(*merger, TestId(1), {{"Name", "three"}});
  Commit(*merger);
  ExpectDistinct(Lines());
  const auto before = Lines();
  Update(*merger, TestId(1), {{"Name", "four"}});
  Commit(*merger);
  EXPECT_EQ(Lines().at(TestId(1)).row_id, before.at(TestId(1)).row_id);
  EXPECT_EQ(Lines().at(TestId(2)), before.at(TestId(2)));
  EXPECT_EQ(Read().at(TestId(1)), Row("four", 1));
}

}  // namespace
}  // namespace firn::lake
