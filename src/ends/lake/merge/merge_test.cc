// What could go wrong in production: a row that was changed twice is there twice, a change of one
// field wipes the others, an old change comes late and wins, a deleted record comes back, a
// consumer goes on from the wrong place.
#include "ends/lake/merge/merge.h"

#include "ends/lake/merge/test_desk.h"

namespace firn::lake {
namespace {

using MergeTest = MergeDesk;

TEST_F(MergeTest, UpsertedRowsAreThereOnceAndAsTheyWereLast) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
  auto report = Commit(*merger);
  EXPECT_EQ(report.rows_inserted, 2);
  Upsert(*merger, {{TestId(2), Row("zwei", 22)}, {TestId(3), Row("three", 3)}});
  report = Commit(*merger);
  EXPECT_EQ(report.rows_inserted, 1);
  EXPECT_EQ(report.rows_updated, 1);
  EXPECT_EQ(Read(), (TestTable{{TestId(1), Row("one", 1)},
                               {TestId(2), Row("zwei", 22)},
                               {TestId(3), Row("three", 3)}}));
  EXPECT_EQ(merger->state().rows, 3);
}

TEST_F(MergeTest, ACommitIsOneSnapshotWithOneDataFile) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
  Upsert(*merger, {{TestId(3), Row("three", 3)}});
  const auto report = Commit(*merger);
  EXPECT_EQ(Now().history().size(), 1U);
  EXPECT_EQ(report.data_files_added, 1);
  EXPECT_EQ(report.snapshot_id, Now().current_snapshot()->snapshot_id);
}

TEST_F(MergeTest, APartialChangeKeepsTheOtherColumns) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
  Commit(*merger);
  Update(*merger, TestId(1), {{"Amount", "11"}});
  Update(*merger, TestId(1), {{"Stage", std::nullopt}});
  Commit(*merger);
  TestRow wanted = Row("one", 11);
  wanted["Stage"] = std::nullopt;
  EXPECT_EQ(Read(), (TestTable{{TestId(1), wanted}, {TestId(2), Row("two", 2)}}));
}

TEST_F(MergeTest, EachRowOfABatchChangesItsOwnColumns) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
  Commit(*merger);
  const TestRow all{{"Name", "x"}, {"Amount", std::nullopt}};
  UpdateOptions options;
  options.changed.offsets = {0, 1, 3};
  options.changed.columns = {1, 2, 1};  // Name; then Amount and Name
  ASSERT_TRUE(merger->Update(Batch({"Id", "Name", "Amount"}, {{TestId(1), all}, {TestId(2), all}}),
                             options));
  Commit(*merger);
  TestRow second = Row("x", 2);
  second["Amount"] = std::nullopt;
  EXPECT_EQ(Read(), (TestTable{{TestId(1), Row("x", 1)}, {TestId(2), second}}));
}

TEST_F(MergeTest, APartialChangeIsReadFromItsFileWhenNoRowIsKept) {
  {
    const auto merger = Open();
    Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
    Commit(*merger);
    Update(*merger, TestId(1), {{"Amount", "11"}});
    EXPECT_EQ(Commit(*merger).rows_from_cache, 1);
  }
  const auto merger = Open({.row_cache_bytes = 0});
  Update(*merger, TestId(1), {{"Name", "eins"}});
  Update(*merger, TestId(2), {{"Name", "zwei"}});
  EXPECT_EQ(Commit(*merger).rows_from_file, 2);
  EXPECT_EQ(Read(), (TestTable{{TestId(1), Row("eins", 11)}, {TestId(2), Row("zwei", 2)}}));
}

TEST_F(MergeTest, ChangesOfOneKeyAreAppliedInTheirOrder) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("first", 1)}});
  Update(*merger, TestId(1), {{"Amount", "2"}});
  Delete(*merger, TestId(1));
  Upsert(*merger, {{TestId(1), Row("second", 3)}, {TestId(1), Row("third", 4)}});
  Update(*merger, TestId(1), {{"Stage", "won"}});
  const auto report = Commit(*merger);
  EXPECT_EQ(report.changes, 6);
  EXPECT_EQ(Read(), (TestTable{{TestId(1), Row("third", 4, "won")}}));
}

TEST_F(MergeTest, TenThousandChangesOfOneKeyBecomeOneRow) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 0)}});
  Commit(*merger);
  std::vector<std::pair<std::string, TestRow>> rows;
  for (int i = 1; i <= 10'000; ++i) rows.push_back({TestId(1), {{"Amount", std::to_string(i)}}});
  ASSERT_TRUE(merger->Update(Batch({"Id", "Amount"}, rows), {}));
  const auto report = Commit(*merger);
  EXPECT_EQ(report.changes, 10'000);
  EXPECT_EQ(report.rows_updated, 1);
  EXPECT_EQ(Read(), (TestTable{{TestId(1), Row("one", 10'000)}}));
}

TEST_F(MergeTest, APartialChangeOfAnUnknownRowIsNeverWritten) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 1)}});
  Update(*merger, TestId(9), {{"Amount", "9"}});
  EXPECT_EQ(*merger->Pending(call_), std::vector{TestId(9)});
  const auto refused = merger->Commit(call_, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "LAKE-MERGE-004");
  EXPECT_TRUE(Read().empty());

  // The others can go first; the change waits for its row.
  const auto report = Commit(*merger, {.pending = MergeCommit::Pending::kLeave});
  EXPECT_EQ(report.pending, std::vector{TestId(9)});
  EXPECT_EQ(Read().size(), 1U);
  EXPECT_EQ(merger->changes_waiting(), 1);
  Upsert(*merger, {{TestId(9), Row("nine", 99)}});
  EXPECT_TRUE(Commit(*merger).pending.empty());
  EXPECT_EQ(Read().at(TestId(9)), Row("nine", 99));
}

TEST_F(MergeTest, AColumnMergePassesOverRowsThatAreNotThere) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 1)}});
  Commit(*merger);
  UpdateOptions options;
  options.unknown = UpdateOptions::Unknown::kSkip;
  Update(*merger, TestId(1), {{"Stage", "formula"}}, options);
  Update(*merger, TestId(2), {{"Stage", "formula"}}, options);
  const auto report = Commit(*merger);
  EXPECT_EQ(report.changes_without_row, 1);
  EXPECT_EQ(Read(), (TestTable{{TestId(1), Row("one", 1, "formula")}}));
}

TEST_F(MergeTest, AbsentColumnsAreKeptOrNulledAsAsked) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
  Commit(*merger);
  const auto batch = [&](int id) { return Batch({"Id", "Name"}, {{TestId(id), {{"Name", "x"}}}}); };
  ASSERT_TRUE(merger->Upsert(batch(1), {.absent = UpsertOptions::Absent::kKeep}));
  ASSERT_TRUE(merger->Upsert(batch(2), {}));
  ASSERT_TRUE(merger->Upsert(batch(3), {.absent = UpsertOptions::Absent::kKeep}));
  Commit(*merger);
  const TestRow bare{{"Name", "x"}, {"Amount", {}}, {"Stage", {}}, {"Stamp", {}}};
  EXPECT_EQ(Read(), (TestTable{{TestId(1), Row("x", 1)}, {TestId(2), bare}, {TestId(3), bare}}));
}

TEST_F(MergeTest, DeletedRowsAreGoneAndMayComeBack) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
  Commit(*merger);
  Delete(*merger, TestId(1));
  Delete(*merger, TestId(7));
  const auto report = Commit(*merger);
  EXPECT_EQ(report.rows_deleted, 1);
  EXPECT_EQ(report.changes_without_row, 1);
  EXPECT_EQ(Read(), (TestTable{{TestId(2), Row("two", 2)}}));

  const std::vector<std::string> back{TestId(1)};
  ASSERT_TRUE(merger->Undelete(back, {}));
  EXPECT_EQ(*merger->Pending(call_), back);
  Upsert(*merger, {{TestId(1), Row("again", 1)}});
  Commit(*merger);
  EXPECT_EQ(Read().at(TestId(1)), Row("again", 1));
}

TEST_F(MergeTest, ATableWhoseRowsAreAllDeletedHoldsNoFile) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 1)}});
  Commit(*merger);
  Delete(*merger, TestId(1));
  Commit(*merger);
  EXPECT_TRUE(Read().empty());
  EXPECT_TRUE(Now().Files(call_)->empty());
}

TEST_F(MergeTest, SoftDeletedRowsStayAndSayWhen) {
  const auto merger = Open({.deletes = MergeOptions::Deletes::kSoft});
  Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}});
  Commit(*merger);
  EXPECT_EQ(Read().at(TestId(1)).at("__deleted"), "false");
  const std::vector<std::string> ids{TestId(1), TestId(5)};
  ASSERT_TRUE(merger->Delete(ids, {.deleted_at_us = 1'000'000}));
  const auto report = Commit(*merger);
  EXPECT_EQ(report.rows_deleted, 1);
  EXPECT_EQ(report.changes_without_row, 1);
  auto row = Read().at(TestId(1));
  EXPECT_EQ(row.at("__deleted"), "true");
  EXPECT_EQ(row.at("__deleted_at"), "1970-01-01 00:00:01.000000Z");
  EXPECT_EQ(row.at("Name"), "one");

  ASSERT_TRUE(merger->Undelete(std::vector{TestId(1)}, {}));
  Commit(*merger);
  row = Read().at(TestId(1));
  EXPECT_EQ(row.at("__deleted"), "false");
  EXPECT_EQ(row.at("__deleted_at"), std::nullopt);
}

TEST_F(MergeTest, AnOlderChangeNeverOverwritesANewerOne) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("new", 2)}}, {20});
  Commit(*merger);
  Upsert(*merger, {{TestId(1), Row("old", 1)}}, {10});
  const auto report = Commit(*merger);
  EXPECT_EQ(report.changes_stale, 1);
  EXPECT_EQ(Read().at(TestId(1)), Row("new", 2));
  // Within one commit too, whichever is fed first.
  Upsert(*merger, {{TestId(1), Row("newest", 4)}, {TestId(1), Row("newer", 3)}}, {40, 30});
  Commit(*merger);
  EXPECT_EQ(Read().at(TestId(1)), Row("newest", 4));
  // A deleted record does not come back by a change from before.
  Delete(*merger, TestId(1), {50});
  Commit(*merger);
  Upsert(*merger, {{TestId(1), Row("newest", 4)}}, {40});
  Commit(*merger);
  EXPECT_TRUE(Read().empty());
}

TEST_F(MergeTest, TheOrderStandsInTheTableWhenAColumnHoldsIt) {
  {
    const auto merger = Open({.order_column = "Stamp"});
    Upsert(*merger, {{TestId(1), Row("new", 2, "a", 20)}, {TestId(2), Row("two", 2, "a", 5)}},
           {20, 5});
    Commit(*merger);
  }
  // Another process, which remembers nothing.
  const auto merger = Open({.order_column = "Stamp"});
  Upsert(*merger, {{TestId(1), Row("old", 1, "a", 10)}, {TestId(2), Row("zwei", 2, "a", 6)}},
         {10, 6});
  EXPECT_EQ(Commit(*merger).changes_stale, 1);
  EXPECT_EQ(Read(),
            (TestTable{{TestId(1), Row("new", 2, "a", 20)}, {TestId(2), Row("zwei", 2, "a", 6)}}));
}

TEST_F(MergeTest, TheSameWindowTwiceChangesNothing) {
  const auto merger = Open();
  for (int round = 0; round < 2; ++round) {
    Upsert(*merger, {{TestId(1), Row("one", 1)}, {TestId(2), Row("two", 2)}}, {10, 11});
    Update(*merger, TestId(2), {{"Amount", "22"}}, {.orders = std::vector<int64_t>{12}});
    Delete(*merger, TestId(1), {13});
    Commit(*merger);
    EXPECT_EQ(Read(), (TestTable{{TestId(2), Row("two", 22)}}));
  }
}

TEST_F(MergeTest, CheckpointsTravelWithTheRowsAndAreFoundAgain) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 1)}});
  Commit(*merger, {.checkpoints = {{"cdc", "7"}, {"export", "monday"}}, .lease_epoch = 3});
  Upsert(*merger, {{TestId(2), Row("two", 2)}});
  Commit(*merger, {.checkpoints = {{"cdc", "8"}}});
  Commit(*merger, {.checkpoints = {{"other", "x"}}});
  const Table table = Now();
  EXPECT_EQ(CheckpointOf(table, "cdc"), "8");
  EXPECT_EQ(CheckpointOf(table, "export"), "monday");
  EXPECT_EQ(CheckpointOf(table, "nobody"), std::nullopt);
  EXPECT_EQ(CheckpointsOf(table).size(), 3U);
  EXPECT_EQ(LeaseEpochOf(table), 3);
}

TEST_F(MergeTest, AQuietConsumersCheckpointOutlivesItsSnapshot) {
  const auto merger = Open();
  Commit(*merger, {.checkpoints = {{"quiet", "1"}}, .lease_epoch = 3});
  Commit(*merger, {.checkpoints = {{"cdc", "7"}}});
  ASSERT_TRUE(others_->Append(call_, ident_, {}, {}));
  const auto summary = Now().current_snapshot()->summary;
  EXPECT_EQ(summary.at("firn.checkpoint.quiet"), "1");
  EXPECT_EQ(summary.at("firn.checkpoint.cdc"), "7");
  EXPECT_EQ(summary.at("firn.lease-epoch"), "3");
}

TEST_F(MergeTest, ACommitOfAnOlderLeaseIsRefused) {
  const auto merger = Open();
  Commit(*merger, {.checkpoints = {{"cdc", "7"}}, .lease_epoch = 3});
  Upsert(*merger, {{TestId(1), Row("one", 1)}});
  const auto refused = merger->Commit(call_, {.lease_epoch = 2});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "LAKE-MERGE-005");
  EXPECT_TRUE(Read().empty());
  EXPECT_EQ(merger->changes_waiting(), 1);
}

TEST_F(MergeTest, EachLeaseCountsItsOwnTurns) {
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("one", 1)}});
  Commit(*merger, {.lease_epoch = 7, .lease = "export"});
  EXPECT_EQ(LeaseEpochOf(Now(), "export"), 7);
  EXPECT_EQ(LeaseEpochOf(Now()), std::nullopt);
  Upsert(*merger, {{TestId(1), Row("two", 1)}});
  Commit(*merger, {.lease_epoch = 1});
  EXPECT_EQ(LeaseEpochOf(Now(), "export"), 7);
  EXPECT_EQ(Now().current_snapshot()->summary.at("firn.lease-epoch.export"), "7");
  EXPECT_EQ(Now().current_snapshot()->summary.at("firn.lease-epoch"), "1");
  CommitOptions older;
  older.lease = LeaseTerm{"export", 6};
  for (const auto& refused : {lake_->Append(call_, ident_, {}, older),
                              lake_->ReplaceAll(call_, ident_, {}, nullptr, older)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), "LAKE-MERGE-005");
  }
  EXPECT_EQ(Read().size(), 1U);
}

TEST_F(MergeTest, NothingFedAndNoCheckpointMakesNoSnapshot) {
  const auto merger = Open();
  Commit(*merger);
  EXPECT_FALSE(Now().current_snapshot());
}

TEST_F(MergeTest, BatchesThatDoNotFitAreRefusedAndNothingIsTaken) {
  const auto merger = Open();
  const auto refused = [&](const Result<void>& result, const std::string& why) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), "LAKE-MERGE-003");
    EXPECT_NE(result.error().why().find(why), std::string::npos) << result.error().OneLine();
  };
  const auto named =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("Nmae", arrow::utf8())}), 1,
                               {*arrow::MakeArrayFromScalar(arrow::StringScalar("x"), 1)});
  refused(merger->Upsert(named, {}), "did you mean `Name`");
  refused(merger->Upsert(Batch({"Name"}, {{"", {{"Name", "x"}}}}), {}), "no key column");
  const auto null_key = arrow::RecordBatch::Make(arrow::schema({arrow::field("Id", arrow::utf8())}),
                                                 1, {*arrow::MakeArrayOfNull(arrow::utf8(), 1)});
  refused(merger->Upsert(null_key, {}), "is required and has nulls");
  const std::vector<int64_t> two{1, 2};
  refused(merger->Upsert(Whole({{TestId(1), Row("one", 1)}}), {two}), "2 ordering numbers");
  EXPECT_EQ(merger->changes_waiting(), 0);
}

TEST_F(MergeTest, AKeyNeedsAColumnThatCanBeOne) {
  const auto missing = Merger::Open(call_, *lake_, {.table = ident_, .key = "id"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), "LAKE-COLUMN-001");
  record::Schema schema = TestSchema();
  schema.fields[2].type.id = record::TypeId::kDouble;
  ASSERT_TRUE(lake_->Create(call_, {"sales", "Odd"}, schema, {}));
  const auto odd = Merger::Open(call_, *lake_, {.table = {"sales", "Odd"}, .key = "Amount"});
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().code(), "LAKE-MERGE-001");
}

TEST_F(MergeTest, AWholeNumberCanBeTheKey) {
  const auto merger = Open({.key = "Amount"});
  ASSERT_TRUE(merger->Upsert(Whole({{"x", Row("one", -1)}, {"y", Row("two", 2)}}), {}));
  Commit(*merger);
  ASSERT_TRUE(merger->Upsert(Whole({{"z", Row("eins", -1)}}), {}));
  ASSERT_TRUE(merger->Delete(std::vector<std::string>{"2"}, {}));
  Commit(*merger);
  EXPECT_EQ(Read(), (TestTable{{"z", Row("eins", -1)}}));
}

TEST_F(MergeTest, KeysThatAreNoSalesforceIdsWork) {
  // Eighteen characters that differ in what would be the check characters of an Id.
  const std::string a = "abcdefghijklmno001";
  const std::string b = "abcdefghijklmno002";
  const auto merger = Open();
  Upsert(*merger, {{a, Row("a", 1)}, {b, Row("b", 2)}, {"", Row("empty", 3)}});
  Commit(*merger);
  Upsert(*merger, {{b, Row("bb", 2)}, {"\xC3\xA9", Row("accent", 4)}});
  Commit(*merger);
  EXPECT_EQ(Read(), (TestTable{{a, Row("a", 1)},
                               {b, Row("bb", 2)},
                               {"", Row("empty", 3)},
                               {"\xC3\xA9", Row("accent", 4)}}));
}

}  // namespace
}  // namespace firn::lake
