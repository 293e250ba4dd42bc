// What could go wrong in production: a compaction loses a row, brings a deleted one back or throws
// away what others wrote meanwhile; a file of a write in progress is taken for rubbish.
#include "ends/lake/maintain/maintenance.h"

#include <gtest/gtest.h>

#include "ends/lake/format/metadata.h"
#include "ends/lake/maintain/expiry.h"
#include "ends/lake/table_test_desk.h"

namespace firn::lake {
namespace {

class MaintenanceTest : public TableDesk {
 protected:
  MaintenanceTest() {
    options_.compaction.files_min = 2;
    options_.orphans = false;
    options_.expire = false;
  }
  MaintainReport Done() {
    const auto report = Maintain(call_, *lake_, ident_, options_);
    EXPECT_TRUE(report) << report.error().OneLine();
    return report ? *report : MaintainReport{};
  }
  std::vector<CompactGroup> Groups(const Table& table) {
    const auto groups = PlanCompaction(call_, table, options_.compaction);
    EXPECT_TRUE(groups) << groups.error().OneLine();
    return *groups;
  }
  CompactReport CompactAll(const Table& table) {
    CompactReport report;
    for (const CompactGroup& group : Groups(table)) {
      const auto done = Compact(call_, *lake_, table, group, options_.compaction, report);
      EXPECT_TRUE(done) << done.error().OneLine();
    }
    return report;
  }
  std::string InOrder() {
    std::string out;
    const auto reader = RowReader::Open(call_, Now(), {});
    for (;;) {
      const auto batch = (*reader)->Next(call_);
      if (!batch || *batch == nullptr) return out;
      const RowText text(**batch, (*reader)->schema());
      for (int64_t row = 0; row < text.rows(); ++row) out += text.JsonObject(row).at(21);
    }
  }
  MaintainOptions options_;
};

TEST_F(MaintenanceTest, SmallFilesBecomeOneAndDeletedRowsAreGone) {
  ASSERT_TRUE(Commit(Out(Now(), {0})));
  Import({"5"});
  Import({"6"});
  const std::string before = Ids();
  const MaintainReport report = Done();
  EXPECT_EQ(report.compaction.files_before, 3);
  EXPECT_EQ(report.compaction.files_after, 1);
  EXPECT_EQ(report.compaction.rows_dropped, 1);
  EXPECT_EQ(Ids(), before);
  const auto files = LiveFiles(call_, Now());
  ASSERT_EQ(files->size(), 1U);
  EXPECT_TRUE(files->front().deletes.empty());
  EXPECT_EQ(Now().current_snapshot()->summary.at("total-delete-files"), "0");
  bool replaced = false;
  for (const SnapshotInfo& snapshot : Now().history())
    replaced = replaced || snapshot.operation == "replace";
  EXPECT_TRUE(replaced);
  // There is nothing left to do.
  EXPECT_TRUE(Groups(Now()).empty());
}

TEST_F(MaintenanceTest, AFileOfDeletedRowsIsWrittenAnewEvenAlone) {
  EXPECT_TRUE(Groups(Now()).empty());
  ASSERT_TRUE(Commit(Out(Now(), {0})));
  EXPECT_EQ(Groups(Now()).size(), 1U);
}

TEST_F(MaintenanceTest, RowsThatOthersDeletedMeanwhileStayDeleted) {
  ASSERT_TRUE(Commit(Out(Now(), {1})));
  Import({"5", "6"});
  const Table before = Now();
  ASSERT_TRUE(Commit(Out(Now(), {0})));
  const std::string ids = Ids();
  EXPECT_EQ(ids.size(), 4U);
  const CompactReport report = CompactAll(before);
  EXPECT_EQ(report.groups_left, 0);
  EXPECT_EQ(report.files_before, 2);
  EXPECT_EQ(Ids(), ids);
  const auto files = LiveFiles(call_, Now());
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().deletes.size(), 1U);
}

TEST_F(MaintenanceTest, FilesThatOthersReplacedAreLeftAsTheyMadeThem) {
  Import({"5"});
  const Table before = Now();
  Import({"7", "8"}, "replace");
  const CompactReport report = CompactAll(before);
  EXPECT_EQ(report.groups_left, 1);
  EXPECT_EQ(Ids(), "78");
}

TEST_F(MaintenanceTest, RowsThatOthersAddedMeanwhileStay) {
  Import({"5"});
  const Table before = Now();
  Import({"9"});
  EXPECT_EQ(CompactAll(before).groups_left, 0);
  EXPECT_EQ(Ids(), "123459");
}

TEST_F(MaintenanceTest, RowsAreSortedByTheColumnsAskedFor) {
  Import({"9", "0", "5"});
  options_.compaction.sort_by = {"Id"};
  Done();
  EXPECT_EQ(InOrder(), "0123459");
  options_.compaction.sort_by = {"id"};
  const auto plan = PlanMaintenance(call_, Now(), options_);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code(), "LAKE-COLUMN-001");
}

TEST_F(MaintenanceTest, ASortLeavesFilesOfTheRightSizeUnlessAllAreAskedFor) {
  Import({"9", "0", "5"});
  options_.compaction.sort_by = {"Id"};
  options_.compaction.target_bytes = LiveFiles(call_, Now())->front().file.file_size_bytes;
  const auto plan = PlanMaintenance(call_, Now(), options_);
  ASSERT_TRUE(plan) << plan.error().OneLine();
  EXPECT_TRUE(plan->groups.empty());
  EXPECT_EQ(plan->files_left, 2);
  options_.compaction.rewrite_all = true;
  const auto all = PlanMaintenance(call_, Now(), options_);
  EXPECT_EQ(all->groups.size(), 2U);  // two files are more than one should be
  EXPECT_EQ(all->files_left, 0);
  EXPECT_EQ(Done().compaction.files_after, 2);
  const std::string rows = InOrder();
  EXPECT_TRUE(rows == "0591234" || rows == "1234059") << rows;
}

TEST_F(MaintenanceTest, WhatMemoryDoesNotHoldIsSortedInParts) {
  Import({"9", "0", "5"});
  options_.compaction.sort_by = {"Id"};
  options_.compaction.memory_bytes = 1;
  EXPECT_EQ(Done().compaction.files_after, 1);
  const std::string rows = InOrder();
  EXPECT_TRUE(rows == "1234059" || rows == "0591234") << rows;
}

TEST_F(MaintenanceTest, ASortedGroupIsLeftWhenOthersDeletedFromIt) {
  Import({"9", "0"});
  options_.compaction.sort_by = {"Id"};
  const Table before = Now();
  ASSERT_TRUE(Commit(Out(Now(), {0})));
  const std::string ids = Ids();
  EXPECT_EQ(CompactAll(before).groups_left, 1);
  EXPECT_EQ(Ids(), ids);
}

TEST_F(MaintenanceTest, ManifestsAreWrittenTogether) {
  for (const char* id : {"5", "6", "7"}) Import({id});
  options_.compact = false;
  const auto plan = PlanMaintenance(call_, Now(), options_);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->manifests, 4);
  EXPECT_EQ(plan->manifests_after, 1);
  const MaintainReport report = Done();
  EXPECT_EQ(report.manifests_before, 4);
  EXPECT_EQ(report.manifests_after, 1);
  EXPECT_EQ(Ids(), "1234567");
  EXPECT_EQ(Now().current_snapshot()->operation, "replace");
  EXPECT_EQ(Done().manifests_before, 1);
}

TEST_F(MaintenanceTest, SnapshotsGoButWhatConsumersNotedStays) {
  RowDeltaOptions noted;
  noted.commit.summary = {{"firn.checkpoint.cdc", "17"}};
  ASSERT_TRUE(Commit({}, noted));
  for (const char* id : {"5", "6"}) Import({id});
  options_.expire = true;
  options_.compact = options_.manifests = false;
  options_.snapshots_max = 1;
  EXPECT_EQ(PlanMaintenance(call_, Now(), options_)->snapshots_expiring, 3);
  Done();
  const auto history = Now().history();
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history.back().summary.at("firn.checkpoint.cdc"), "17");
  EXPECT_EQ(Ids(), "123456");
}

TEST_F(MaintenanceTest, OrphansGoOnlyWhenTheyAreOld) {
  options_.compact = options_.manifests = false;
  options_.orphans = true;
  const std::string orphan = Now().location().substr(7) + "/data/left.parquet";
  ASSERT_TRUE(WriteFileDurably(orphan, "x"));
  EXPECT_EQ(Done().orphans_removed, 0);
  EXPECT_TRUE(FileExists(orphan));
  ManualClock later(SystemClock().Now() + std::chrono::hours(100));
  call_.clock = &later;
  EXPECT_EQ(PlanMaintenance(call_, Now(), options_)->orphans.size(), 1U);
  const MaintainReport report = Done();
  EXPECT_EQ(report.orphans_removed, 1);
  EXPECT_EQ(report.orphan_bytes, 1);
  EXPECT_FALSE(FileExists(orphan));
  EXPECT_EQ(Ids(), "1234");
  options_.orphan_age_ms = 1000;
  EXPECT_EQ(Maintain(call_, *lake_, ident_, options_).error().code(), "LAKE-MAINTAIN-001");
}

TEST_F(MaintenanceTest, AnEmptyTableHasNothingToDo) {
  Import({}, "replace");
  options_.expire = options_.orphans = true;
  EXPECT_EQ(Done().compaction.files_before, 0);
}

}  // namespace
}  // namespace firn::lake
