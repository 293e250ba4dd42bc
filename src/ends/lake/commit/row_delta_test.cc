// What could go wrong in production: a merge takes out a row that others moved meanwhile, a data
// file gathers delete files until reading it crawls, a row that was deleted comes back.
#include "ends/lake/commit/row_delta.h"

#include <gtest/gtest.h>

#include "ends/lake/format/metadata.h"
#include "ends/lake/maintain/orphans.h"
#include "ends/lake/table_io.h"
#include "ends/lake/table_test_desk.h"

namespace firn::lake {
namespace {

class RowDeltaTest : public TableDesk {};

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
