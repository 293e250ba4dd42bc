// What could go wrong in production: a merge takes out a row that others moved meanwhile, a data
// file gathers delete files until reading it crawls, a row that was deleted comes back.
#include "ends/lake/row_delta.h"

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/base/file.h"
#include "ends/lake/delete_files.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/import.h"
#include "ends/lake/orphans.h"
#include "ends/lake/row_text.h"
#include "ends/lake/rows.h"
#include "ends/lake/table_io.h"

namespace firn::lake {
namespace {

class RowDeltaTest : public testing::Test {
 protected:
  RowDeltaTest()
      : folder_(testing::TempDir() + "delta_" +
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    lake_ = *Lake::Open({.warehouse = folder_ + "/warehouse"});
    EXPECT_TRUE(WriteFileDurably(folder_ + "/describe.json",
                                 R"({"name":"Thing","fields":[{"name":"Id","type":"id"}]})"));
    Import({"1", "2", "3", "4"});
  }
  ~RowDeltaTest() override { std::filesystem::remove_all(folder_); }

  void Import(const std::vector<std::string>& ids, const std::string& mode = "append") {
    std::string csv = "Id\n";
    for (const std::string& id : ids) csv += "a0100000000000" + id + "AAA\n";
    ASSERT_TRUE(WriteFileDurably(folder_ + "/page.csv", csv));
    ImportOptions options;
    options.table = ident_;
    options.pages = {folder_ + "/page.csv"};
    options.describe_path = folder_ + "/describe.json";
    if (mode == "replace") options.mode = ImportOptions::Mode::kReplace;
    const auto report = ImportPages(call_, *lake_, options);
    ASSERT_TRUE(report) << report.error().OneLine();
  }
  Table Now() { return *lake_->Load(ident_); }
  // One character of each Id that is left, sorted.
  std::string Ids() {
    std::string out;
    const auto reader = RowReader::Open(call_, Now(), {});
    EXPECT_TRUE(reader) << reader.error().OneLine();
    for (;;) {
      const auto batch = (*reader)->Next(call_);
      EXPECT_TRUE(batch) << batch.error().OneLine();
      if (!batch || *batch == nullptr) break;
      const RowText text(**batch, (*reader)->schema());
      for (int64_t row = 0; row < text.rows(); ++row) out += text.JsonObject(row).at(21);
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  // Takes `positions` out of the first data file of `table`.
  RowDelta Out(const Table& table, std::vector<int64_t> positions) {
    const auto files = LiveFiles(call_, table);
    EXPECT_TRUE(files && !files->empty());
    std::vector<RowsOut> rows{{files->front(), std::move(positions)}};
    RowDelta delta;
    const auto taken = TakeRowsOut(call_, table, rows, delta);
    EXPECT_TRUE(taken) << taken.error().OneLine();
    return delta;
  }
  Result<Table> Commit(const RowDelta& delta, RowDeltaOptions options = {}) {
    return lake_->CommitRowDelta(call_, ident_, delta, options);
  }
  RowDeltaOptions Since(const Table& table) {
    RowDeltaOptions options;
    options.commit.since_snapshot = table.current_snapshot()->snapshot_id;
    return options;
  }

  std::string folder_;
  std::unique_ptr<Lake> lake_;
  TableIdent ident_{"sales", "Thing"};
  Call call_;
};

TEST_F(RowDeltaTest, RowsTakenOutAreGoneAndTheirDeleteFileIsOne) {
  ASSERT_TRUE(Commit(Out(Now(), {1})));
  EXPECT_EQ(Ids(), "134");
  ASSERT_TRUE(Commit(Out(Now(), {3, 1, 3})));
  EXPECT_EQ(Ids(), "13");
  const auto files = LiveFiles(call_, Now());
  ASSERT_EQ(files->size(), 1U);
  ASSERT_EQ(files->front().deletes.size(), 1U);
  const DataFile& deletes = files->front().deletes.front();
  EXPECT_EQ(deletes.record_count, 2);
  EXPECT_EQ(deletes.referenced_data_file, files->front().file.path);
  EXPECT_EQ(deletes.lower_bounds.at(2147483546), files->front().file.path);
  EXPECT_EQ(deletes.upper_bounds.at(2147483546), files->front().file.path);
  const auto summary = Now().current_snapshot()->summary;
  EXPECT_EQ(Now().current_snapshot()->operation, "delete");
  EXPECT_EQ(summary.at("total-delete-files"), "1");
  EXPECT_EQ(summary.at("total-position-deletes"), "2");
  EXPECT_EQ(summary.at("removed-delete-files"), "1");
}

TEST_F(RowDeltaTest, RowsComeInAndGoOutInOneSnapshot) {
  const Table before = Now();
  RowDelta delta = Out(before, {0});
  Import({"5"});
  RowDeltaOptions options = Since(before);
  options.commit.summary = {{"firn.replay-id.x", "7"}};
  const auto table = Commit(delta, options);
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(Ids(), "2345");
  EXPECT_EQ(table->current_snapshot()->summary.at("firn.replay-id.x"), "7");
}

TEST_F(RowDeltaTest, ADataFileWithoutRowsLeftIsTakenOutItself) {
  ASSERT_TRUE(Commit(Out(Now(), {0})));
  ASSERT_TRUE(Commit(Out(Now(), {1, 2, 3})));
  EXPECT_EQ(Ids(), "");
  EXPECT_TRUE(LiveFiles(call_, Now())->empty());
  EXPECT_EQ(Now().current_snapshot()->summary.at("total-delete-files"), "0");
  EXPECT_EQ(Now().current_snapshot()->summary.at("total-records"), "0");
}

TEST_F(RowDeltaTest, APositionBeyondTheFileIsRefused) {
  const auto files = LiveFiles(call_, Now());
  for (const int64_t position : {int64_t{4}, int64_t{-1}}) {
    std::vector<RowsOut> rows{{files->front(), {position}}};
    RowDelta delta;
    const auto taken = TakeRowsOut(call_, Now(), rows, delta);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code(), "LAKE-COMMIT-004");
  }
}

TEST_F(RowDeltaTest, ADeltaOnADataFileThatOthersRemovedIsRefused) {
  const Table before = Now();
  const RowDelta delta = Out(before, {0});
  Import({"7", "8"}, "replace");
  const auto table = Commit(delta, Since(before));
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), "LAKE-COMMIT-006");
  EXPECT_EQ(table.error().kind(), Kind::kConflict);
  EXPECT_EQ(Ids(), "78");
}

TEST_F(RowDeltaTest, ADeltaOnADataFileThatOthersDeletedFromIsRefused) {
  const Table before = Now();
  const RowDelta mine = Out(before, {0});
  ASSERT_TRUE(Commit(Out(before, {1})));
  const auto table = Commit(mine, Since(before));
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), "LAKE-COMMIT-006");
  EXPECT_EQ(Ids(), "134");
}

TEST_F(RowDeltaTest, AReplacedDeleteFileIsNotReplacedAgain) {
  ASSERT_TRUE(Commit(Out(Now(), {0})));
  const Table before = Now();
  const RowDelta mine = Out(before, {1});
  ASSERT_TRUE(Commit(Out(before, {2})));
  // Even without a starting state it is seen that the delete file is not live any more.
  const auto table = Commit(mine);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), "LAKE-COMMIT-006");
  EXPECT_EQ(Ids(), "24");
}

TEST_F(RowDeltaTest, RowsOfOthersAreAConflictWhereKeysMatter) {
  const Table before = Now();
  const RowDelta delta = Out(before, {0});
  Import({"5"});
  RowDeltaOptions options = Since(before);
  options.others_rows_conflict = true;
  const auto table = Commit(delta, options);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), "LAKE-COMMIT-006");
  EXPECT_EQ(Ids(), "12345");
}

TEST_F(RowDeltaTest, PositionsAreFoundAgainAfterOthersCommitted) {
  const Table before = Now();
  const RowDelta mine = Out(before, {0});
  ASSERT_TRUE(Commit(Out(before, {1})));
  RowDeltaOptions options = Since(before);
  int calls = 0;
  options.resolve = [&](const Call&, const Table& now) -> Result<RowDelta> {
    ++calls;
    return Out(now, {0});
  };
  const auto table = Commit(mine, options);
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(Ids(), "34");
  EXPECT_EQ(LiveFiles(call_, *table)->front().deletes.size(), 1U);
  // The delete file of the first try is not left behind.
  const auto orphans = OrphanFiles(call_, *table);
  ASSERT_TRUE(orphans);
  EXPECT_TRUE(orphans->empty()) << orphans->front().uri;
}

TEST_F(RowDeltaTest, AStateThatIsNotInTheHistoryIsAConflict) {
  RowDeltaOptions options;
  options.commit.since_snapshot = 12345;
  const auto table = Commit(Out(Now(), {0}), options);
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().code(), "LAKE-COMMIT-006");
}

TEST_F(RowDeltaTest, ManyCommitsKeepFewManifests) {
  constexpr int kCommits = 40;
  ASSERT_TRUE(lake_->SetProperties(call_, ident_, {{"firn.history.max-snapshots", "0"}}));
  for (int i = 0; i < kCommits; ++i) {
    RowDelta delta;
    const auto table = Commit(delta);
    ASSERT_TRUE(table) << table.error().OneLine();
    ASSERT_TRUE(lake_->Append(call_, ident_, {}, {}));
    Import({"9"});
  }
  const Table table = Now();
  const auto lines = LoadManifests(call_, *table.store(), *table.metadata().current_snapshot());
  ASSERT_TRUE(lines);
  EXPECT_LE(lines->size(), 18U);
  EXPECT_EQ(Ids(), "1234" + std::string(kCommits, '9'));
  EXPECT_TRUE(OrphanFiles(call_, table)->empty());
  // Entries put together keep the numbers they were committed with.
  int64_t numbers = 0;
  const auto files = LiveFiles(call_, table);
  for (const LiveFile& live : *files) numbers += live.sequence_number;
  EXPECT_EQ(numbers, 1 + 3 * kCommits * (kCommits + 1) / 2 + kCommits);
}

TEST_F(RowDeltaTest, ABranchGetsItsOwnRows) {
  RowDeltaOptions options;
  options.commit.branch = "audit";
  ASSERT_TRUE(Commit(Out(Now(), {0}), options));
  EXPECT_EQ(Ids(), "1234");
  const Table table = Now();
  const Snapshot* head = table.metadata().BranchHead("audit");
  ASSERT_NE(head, nullptr);
  EXPECT_NE(head->snapshot_id, table.current_snapshot()->snapshot_id);
  EXPECT_EQ(head->summary.at("total-position-deletes"), "1");
  ASSERT_TRUE(Commit({}, options));
  EXPECT_EQ(Now().metadata().BranchHead("audit")->parent_id, head->snapshot_id);
}

}  // namespace
}  // namespace firn::lake
