// What could go wrong in production: two processes merge into one table at once, a compaction moves
// every row between reading and committing, the catalog's answer is lost, the index lies. Nothing
// may be lost or doubled by any of it.
#include <filesystem>
#include <fstream>

#include "ends/lake/commit/delete_files.h"
#include "ends/lake/internal/position_deletes.h"
#include "ends/lake/merge/key_index_file.h"
#include "ends/lake/merge/test_desk.h"

namespace firn::lake {
namespace {

class MergeFaultTest : public MergeDesk {
 protected:
  // Rows 1 to `count`, named `before`.
  std::unique_ptr<Merger> Filled(int count, MergeOptions options = {}) {
    auto merger = Open(std::move(options));
    std::vector<std::pair<std::string, TestRow>> rows;
    for (int i = 1; i <= count; ++i) rows.push_back({TestId(i), Row("before", i)});
    Upsert(*merger, rows);
    Commit(*merger);
    return merger;
  }
  TestTable Wanted(int count) {
    TestTable out;
    for (int i = 1; i <= count; ++i) out[TestId(i)] = Row("before", i);
    return out;
  }
  std::string IndexPath() {
    for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/sales/.firn"))
      return entry.path();
    return {};
  }
};

TEST_F(MergeFaultTest, TwoWritersAtOnceLeaveOneRowAKey) {
  const auto merger = Filled(3);
  const auto other = OpenOther();
  Upsert(*merger, {{TestId(1), Row("ours", 1)}, {TestId(9), Row("ours", 9)}});
  Update(*merger, TestId(2), {{"Stage", "ours"}});
  Upsert(*other, {{TestId(1), Row("theirs", 1)}, {TestId(9), Row("theirs", 9)}});
  Update(*other, TestId(2), {{"Name", "theirs"}});
  Delete(*other, TestId(3));
  catalog_->before_swap = [&] { Commit(*other); };
  const auto report = Commit(*merger);
  EXPECT_EQ(report.attempts, 2);
  EXPECT_EQ(Read(), (TestTable{{TestId(1), Row("ours", 1)},
                               {TestId(2), Row("theirs", 2, "ours")},
                               {TestId(9), Row("ours", 9)}}));
  // And back: the other one sees what came after it.
  Delete(*other, TestId(9));
  Commit(*other);
  EXPECT_EQ(Read().size(), 2U);
}

TEST_F(MergeFaultTest, ARowThatOthersDeletedMeanwhileMakesAPartialChangeWait) {
  const auto merger = Filled(2);
  const auto other = OpenOther();
  Update(*merger, TestId(1), {{"Name", "ours"}});
  Delete(*other, TestId(1));
  catalog_->before_swap = [&] { Commit(*other); };
  const auto refused = merger->Commit(call_, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "LAKE-MERGE-004");
  EXPECT_EQ(*merger->Pending(call_), std::vector{TestId(1)});
  EXPECT_EQ(Read().size(), 1U);
}

TEST_F(MergeFaultTest, AnAnswerLostAfterTheCommitDoublesNothing) {
  const auto merger = Filled(2);
  Upsert(*merger, {{TestId(1), Row("ours", 1)}, {TestId(3), Row("ours", 3)}});
  catalog_->answers_passed = 0;
  Commit(*merger, {.checkpoints = {{"cdc", "5"}}});
  EXPECT_EQ(Read().size(), 3U);
  EXPECT_EQ(CheckpointOf(Now(), "cdc"), "5");
  Upsert(*merger, {{TestId(1), Row("again", 1)}});
  Commit(*merger);
  EXPECT_EQ(Read().at(TestId(1)), Row("again", 1));
}

TEST_F(MergeFaultTest, AnOutcomeNobodyKnowsIsSaidAndTheCheckpointTells) {
  const auto merger = Filled(2);
  Upsert(*merger, {{TestId(3), Row("ours", 3)}});
  catalog_->answers_passed = 0;
  catalog_->blind_after_loss = true;
  const auto unknown = merger->Commit(call_, {.checkpoints = {{"cdc", "5"}}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind(), Kind::kCommitUnknown);
  EXPECT_EQ(merger->changes_waiting(), 0);

  catalog_->blind = false;
  ASSERT_TRUE(merger->Refresh(call_));
  EXPECT_EQ(CheckpointOf(merger->table(), "cdc"), "5");
  EXPECT_EQ(Read().size(), 3U);
  Upsert(*merger, {{TestId(3), Row("again", 3)}});
  Commit(*merger);
  EXPECT_EQ(Read().at(TestId(3)), Row("again", 3));
}

TEST_F(MergeFaultTest, AForeignCompactionBetweenReadingAndCommittingMovesNoChange) {
  const auto merger = Filled(50);
  Delete(*merger, TestId(4));
  Commit(*merger);
  Upsert(*merger, {{TestId(1), Row("ours", 1)}});
  Update(*merger, TestId(2), {{"Name", "ours"}});
  Delete(*merger, TestId(3));
  catalog_->before_swap = [&] { CompactByOthers(); };
  Commit(*merger);
  TestTable wanted = Wanted(50);
  wanted[TestId(1)] = Row("ours", 1);
  wanted[TestId(2)] = Row("ours", 2);
  wanted.erase(TestId(3));
  wanted.erase(TestId(4));
  EXPECT_EQ(Read(), wanted);
  EXPECT_EQ(merger->state().rows, 48);
}

TEST_F(MergeFaultTest, AForeignDeleteFileOverSeveralDataFilesIsHonoured) {
  const auto merger = Filled(4, {.fold = false});
  Upsert(*merger, {{TestId(5), Row("before", 5)}, {TestId(6), Row("before", 6)}});
  Commit(*merger);
  // Rows 0 of both data files, as another engine writes one delete file for a whole partition.
  const Table table = Now();
  auto files = *table.Files(call_);
  ASSERT_EQ(files.size(), 2U);
  std::sort(files.begin(), files.end(), [](auto& a, auto& b) { return a.path < b.path; });
  record::Layout layout;
  record::Field path{internal::kFilePathId, "file_path", true, {}, ""};
  record::Field position{internal::kPositionId, "pos", true, {}, ""};
  position.type.id = record::TypeId::kLong;
  layout.schema.fields = {path, position};
  arrow::StringBuilder paths;
  arrow::Int64Builder positions;
  for (const DataFile& file : files) {
    ASSERT_TRUE(paths.Append(file.path).ok() && positions.Append(0).ok());
  }
  const std::string local = folder_ + "/foreign-deletes.parquet";
  const auto writer = ParquetWriter::Open(local, layout, {});
  ASSERT_TRUE((*writer)->Write(*arrow::RecordBatch::Make(record::ArrowSchema(layout.schema), 2,
                                                         {*paths.Finish(), *positions.Finish()})));
  auto deletes = (*writer)->Close();
  ASSERT_TRUE(deletes);
  deletes->path = FileUri(local);
  deletes->content = DataFile::Content::kPositionDeletes;
  RowDelta delta;
  delta.added_deletes = {*deletes};
  const auto foreign = others_->CommitRowDelta(call_, ident_, delta, {});
  ASSERT_TRUE(foreign) << foreign.error().OneLine();
  TestTable wanted = Read();
  ASSERT_EQ(wanted.size(), 4U);

  // A record that they deleted comes back, another one changes, a third goes.
  Upsert(*merger, {{TestId(1), Row("back", 1)}});
  Update(*merger, TestId(2), {{"Name", "ours"}});
  Delete(*merger, TestId(6));
  Commit(*merger);
  wanted[TestId(1)] = Row("back", 1);
  wanted[TestId(2)] = Row("ours", 2);
  wanted.erase(TestId(6));
  EXPECT_EQ(Read(), wanted);
}

TEST_F(MergeFaultTest, AForeignSchemaChangeBetweenReadingAndCommittingLosesNoColumn) {
  const auto merger = Filled(2);
  Update(*merger, TestId(1), {{"Name", "ours"}});
  Upsert(*merger, {{TestId(3), Row("ours", 3)}});
  catalog_->before_swap = [&] {
    record::Schema grown = TestSchema();
    record::Field field{6, "Added", false, {}, ""};
    grown.fields.push_back(field);
    const auto evolved = others_->EvolveSchema(call_, ident_, grown, {});
    ASSERT_TRUE(evolved) << evolved.error().OneLine();
    const auto other = OpenOther();
    ASSERT_TRUE(
        other->Update(Batch({"Id", "Added"}, {{TestId(1), {{"Added", "theirs"}}}}, grown), {}));
    Commit(*other);
  };
  Commit(*merger);
  const auto rows = Read();
  EXPECT_EQ(rows.at(TestId(1)).at("Added"), "theirs");
  EXPECT_EQ(rows.at(TestId(1)).at("Name"), "ours");
  EXPECT_EQ(rows.at(TestId(3)).at("Added"), std::nullopt);
}

TEST_F(MergeFaultTest, AColumnThatOthersDroppedIsLeftOut) {
  const auto merger = Filled(2);
  Update(*merger, TestId(1), {{"Name", "ours"}, {"Stage", "gone"}});
  catalog_->before_swap = [&] {
    record::Schema smaller = TestSchema();
    smaller.fields.erase(smaller.fields.begin() + 3);
    ASSERT_TRUE(others_->EvolveSchema(call_, ident_, smaller, {}));
  };
  Commit(*merger);
  EXPECT_EQ(Read().at(TestId(1)).at("Name"), "ours");
  EXPECT_FALSE(Read().at(TestId(1)).contains("Stage"));
  // The schema alone is no snapshot: what was read before it was asked for again.
  Update(*merger, TestId(2), {{"Name", "ours"}});
  Commit(*merger);
  EXPECT_EQ(Read().at(TestId(2)).at("Name"), "ours");
}

TEST_F(MergeFaultTest, AClockThatGoesBackwardsKeepsTheHistoryInOrder) {
  ManualClock late(UtcMicros(std::chrono::hours(500'000)));
  ManualClock early(UtcMicros(std::chrono::hours(499'000)));
  call_.clock = &late;
  const auto merger = Filled(1);
  call_.clock = &early;
  Upsert(*merger, {{TestId(1), Row("after", 1)}});
  Commit(*merger);
  const auto history = Now().history();
  ASSERT_EQ(history.size(), 2U);
  EXPECT_GT(history[1].timestamp_ms, history[0].timestamp_ms);
  EXPECT_EQ(Read(), (TestTable{{TestId(1), Row("after", 1)}}));
}

TEST_F(MergeFaultTest, AnObjectOfFiveThousandColumnsIsMerged) {
  constexpr int kColumns = 5000;
  record::Schema wide = TestSchema();
  for (int i = 0; i < kColumns; ++i)
    wide.fields.push_back({10 + i, "C" + std::to_string(i), false, {}, ""});
  ASSERT_TRUE(lake_->EvolveSchema(call_, ident_, wide, {}));
  const auto merger = Open();
  std::vector<std::string> names{"Id"};
  TestRow row;
  for (int i = 0; i < kColumns; ++i) {
    names.push_back("C" + std::to_string(i));
    row[names.back()] = "v";
  }
  ASSERT_TRUE(merger->Upsert(Batch(names, {{TestId(1), row}, {TestId(2), row}}, wide), {}));
  Commit(*merger);
  ASSERT_TRUE(merger->Update(
      Batch({"Id", "C4999", "C0"}, {{TestId(2), {{"C4999", "last"}, {"C0", "first"}}}}, wide), {}));
  Commit(*merger);
  const auto rows = Read();
  EXPECT_EQ(rows.at(TestId(2)).at("C0"), "first");
  EXPECT_EQ(rows.at(TestId(2)).at("C4999"), "last");
  EXPECT_EQ(rows.at(TestId(2)).at("C2500"), "v");
  EXPECT_EQ(rows.at(TestId(1)).at("C4999"), "v");
}

TEST_F(MergeFaultTest, AnIndexFileIsUsedAgain) {
  {
    const auto merger = Filled(20);
    ASSERT_TRUE(merger->SaveIndex(call_));
  }
  const auto merger = Open();
  EXPECT_EQ(merger->state().index, MergerState::Index::kLoaded);
  Upsert(*merger, {{TestId(1), Row("ours", 1)}, {TestId(21), Row("ours", 21)}});
  const auto report = Commit(*merger);
  EXPECT_EQ(report.rows_updated, 1);
  EXPECT_EQ(Read().size(), 21U);
}

TEST_F(MergeFaultTest, TheIndexFileRemembersTheOrderOfRecentChanges) {
  {
    const auto merger = Open();
    Upsert(*merger, {{TestId(1), Row("new", 1)}, {TestId(2), Row("gone", 2)}}, {20, 20});
    Delete(*merger, TestId(2), {30});
    Commit(*merger);
    ASSERT_TRUE(merger->SaveIndex(call_));
  }
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("old", 1)}, {TestId(2), Row("gone", 2)}}, {10, 20});
  EXPECT_EQ(Commit(*merger).changes_stale, 2);
  EXPECT_EQ(Read(), (TestTable{{TestId(1), Row("new", 1)}}));
}

TEST_F(MergeFaultTest, AStaleIndexFileIsBroughtUpToTheTable) {
  {
    const auto merger = Filled(20);
    ASSERT_TRUE(merger->SaveIndex(call_));
    Delete(*merger, TestId(1));
    Upsert(*merger, {{TestId(2), Row("later", 2)}, {TestId(21), Row("later", 21)}});
    Commit(*merger);
  }
  const auto merger = Open();
  EXPECT_EQ(merger->state().index, MergerState::Index::kRepaired);
  EXPECT_EQ(merger->state().rows, 20);
  Upsert(*merger, {{TestId(1), Row("x", 1)}, {TestId(2), Row("x", 2)}, {TestId(21), Row("x", 21)}});
  const auto report = Commit(*merger);
  EXPECT_EQ(report.rows_inserted, 1);
  EXPECT_EQ(report.rows_updated, 2);
  EXPECT_EQ(Read().size(), 21U);
}

TEST_F(MergeFaultTest, AnIndexFileThatIsTornDeletedOrForeignIsMadeAgain) {
  {
    const auto merger = Filled(20);
    ASSERT_TRUE(merger->SaveIndex(call_));
  }
  const std::string path = IndexPath();
  const std::string whole = *ReadFile(path);
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 1);
  for (const std::string& bytes :
       {std::string(), whole.substr(0, 7), whole.substr(0, whole.size() / 2),
        whole.substr(0, whole.size() - 1), flipped, whole + "x"}) {
    ASSERT_TRUE(WriteFileDurably(path, bytes));
    const auto merger = Open();
    EXPECT_EQ(merger->state().index, MergerState::Index::kRebuilt);
    EXPECT_EQ(merger->state().rows, 20);
  }
  ASSERT_TRUE(RemoveFile(path));
  const auto merger = Open();
  Upsert(*merger, {{TestId(1), Row("ours", 1)}});
  Commit(*merger);
  EXPECT_EQ(Read().size(), 20U);
}

TEST_F(MergeFaultTest, AnIndexFileThatLiesIsFoundOut) {
  const auto merger = Filled(20);
  // Sound by its check sum, but of rows that are elsewhere and of one that is nowhere.
  MergeFiles lying("Id", {});
  ASSERT_TRUE(lying.Follow(call_, Now()));
  lying.index().Set(KeyOfText(TestId(1), {}), {0, 7});
  lying.index().Set(KeyOfText(TestId(8), {}), {0, 0});
  const IndexOwner owner{Now().metadata().table_uuid, 1};
  const std::string path = *DefaultIndexPath(Now(), owner);
  ASSERT_TRUE(
      SaveKeyIndex(path, owner, Now().current_snapshot()->snapshot_id, lying, RecentOrders(0)));
  const auto misled = Open({.row_cache_bytes = 0});
  Update(*misled, TestId(1), {{"Name", "ours"}});
  Commit(*misled);
  TestTable wanted = Wanted(20);
  wanted[TestId(1)] = Row("ours", 1);
  EXPECT_EQ(Read(), wanted);
  EXPECT_EQ(misled->state().index, MergerState::Index::kRebuilt);
}

TEST_F(MergeFaultTest, RowsThatShareAKeyGoWithItsNextChange) {
  const auto merger = Filled(3);
  // Another writer appends without looking.
  record::Layout layout;
  layout.schema = TestSchema();
  const std::string local = folder_ + "/appended.parquet";
  const auto writer = ParquetWriter::Open(local, layout, {});
  ASSERT_TRUE(
      (*writer)->Write(*Whole({{TestId(1), Row("twin", 1)}, {TestId(1), Row("triplet", 1)}})));
  auto file = (*writer)->Close();
  file->path = FileUri(local);
  ASSERT_TRUE(others_->Append(call_, ident_, {*file}, {}));
  ASSERT_TRUE(merger->Refresh(call_));
  EXPECT_EQ(merger->state().duplicate_keys, 2);
  Upsert(*merger, {{TestId(1), Row("single", 1)}});
  Commit(*merger);
  EXPECT_EQ(merger->state().duplicate_keys, 0);
  EXPECT_EQ(Read().size(), 3U);
  EXPECT_EQ(Read().at(TestId(1)), Row("single", 1));
}

TEST_F(MergeFaultTest, SmallFilesAndDeadRowsAreFoldedAsCommitsGoBy) {
  const auto merger = Open();
  TestTable wanted;
  for (int round = 0; round < 60; ++round) {
    std::vector<std::pair<std::string, TestRow>> rows;
    for (int i = 0; i < 200; ++i) {
      const int number = (round * 37 + i * 13) % 1500;
      rows.push_back({TestId(number), Row("r" + std::to_string(round), i)});
      wanted[rows.back().first] = rows.back().second;
    }
    Upsert(*merger, rows);
    Commit(*merger);
    EXPECT_LT(merger->state().data_files, 12);
  }
  EXPECT_EQ(Read(), wanted);
  EXPECT_EQ(merger->state().rows, std::ssize(wanted));
  // What another process finds is the same.
  EXPECT_EQ(OpenOther()->state().rows, std::ssize(wanted));
}

}  // namespace
}  // namespace firn::lake
