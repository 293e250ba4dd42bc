// What could go wrong in production: a table committed to every second grows without end, a reader
// loses its files under its hands, a tag points at nothing, a checkpoint is forgotten and changes
// are applied twice.
#include "ends/lake/maintain/expiry.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/file.h"
#include "ends/lake/maintain/orphans.h"
#include "ends/lake/table.h"
#include "tests/support/test_folder.h"

namespace firn::lake {
namespace {

class ExpiryTest : public testing::Test {
 protected:
  ExpiryTest() {
    lake_ = *Lake::Open({.warehouse = folder_});
    record::Schema schema;
    schema.fields.push_back({1, "Id", true, {}, ""});
    call_.clock = &clock_;
    EXPECT_TRUE(lake_->Create(call_, ident_, schema, {{kMaxSnapshots, "3"}, {kDeleteGrace, "0"}}));
    EXPECT_TRUE(MakeFolders(folder_ + "/ns/t/data"));
  }

  DataFile File(const std::string& name) {
    DataFile file;
    file.path = FileUri(folder_ + "/ns/t/data/" + name);
    file.record_count = 1;
    file.file_size_bytes = 1;
    EXPECT_TRUE(WriteFileDurably(folder_ + "/ns/t/data/" + name, "x"));
    return file;
  }
  bool There(const std::string& name) const { return FileExists(folder_ + "/ns/t/data/" + name); }
  Table Replace(const std::string& name, std::map<std::string, std::string> summary = {}) {
    clock_.Advance(std::chrono::seconds(1));
    CommitOptions options;
    options.summary = std::move(summary);
    const auto table = lake_->ReplaceAll(call_, ident_, {File(name)}, nullptr, options);
    EXPECT_TRUE(table) << table.error().OneLine();
    return *table;
  }
  size_t FilesInMetadata() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/ns/t/metadata"))
      count += entry.path().string().ends_with(".avro") ? 1 : 0;
    return count;
  }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  std::unique_ptr<Lake> lake_;
  TableIdent ident_{"ns", "t"};
  ManualClock clock_{UtcMicros(std::chrono::seconds(1'800'000'000))};
  Call call_;
};

TEST_F(ExpiryTest, OldSnapshotsGoWithTheFilesThatOnlyTheyHad) {
  for (const char* name : {"a", "b", "c"}) Replace(name);
  EXPECT_TRUE(There("a"));
  const Table table = Replace("d");
  ASSERT_EQ(table.history().size(), 3U);
  EXPECT_FALSE(There("a"));
  EXPECT_TRUE(There("b"));
  // What stays can still be read.
  for (const SnapshotInfo& snapshot : table.history())
    EXPECT_TRUE(table.Files(call_, snapshot.snapshot_id));
  EXPECT_TRUE(OrphanFiles(call_, table)->empty());
  EXPECT_EQ(table.metadata().snapshot_log.size(), 3U);
}

TEST_F(ExpiryTest, ManyCommitsLeaveABoundedTable) {
  for (int i = 0; i < 30; ++i) Replace("f" + std::to_string(i));
  const Table table = Replace("last");
  EXPECT_EQ(table.history().size(), 3U);
  EXPECT_TRUE(OrphanFiles(call_, table)->empty());
  EXPECT_LE(FilesInMetadata(), 10U);
}

TEST_F(ExpiryTest, FilesStayWhileReadersMayBeAtThem) {
  ASSERT_TRUE(lake_->SetProperties(call_, ident_, {{kDeleteGrace, "60000"}}));
  for (const char* name : {"a", "b", "c", "d"}) Replace(name);
  EXPECT_TRUE(There("a"));
  // At the next commit `a` has been replaced for 60.5 s, `b` for 59.5 s.
  clock_.Advance(std::chrono::milliseconds(57'500));
  Replace("e");
  EXPECT_FALSE(There("a"));
  EXPECT_TRUE(There("b"));
}

TEST_F(ExpiryTest, ATagKeepsItsSnapshotAndItsFiles) {
  const Table first = Replace("a");
  const int64_t id = first.current_snapshot()->snapshot_id;
  ASSERT_TRUE(lake_->SetRef(call_, ident_, "audit", RefOptions{}));
  for (const char* name : {"b", "c", "d", "e", "f"}) Replace(name);
  const Table table = *lake_->Load(ident_);
  EXPECT_EQ(table.history().size(), 4U);
  const auto files = table.Files(call_, id);
  ASSERT_TRUE(files) << files.error().OneLine();
  EXPECT_TRUE(There("a"));
  // Not so what came and went after it.
  EXPECT_FALSE(There("b"));
  ASSERT_TRUE(lake_->SetRef(call_, ident_, "audit", std::nullopt));
  EXPECT_EQ(Replace("g").history().size(), 3U);
}

TEST_F(ExpiryTest, ABranchKeepsItsHeadAndItsFiles) {
  Replace("a");
  CommitOptions on_branch;
  on_branch.branch = "wap";
  ASSERT_TRUE(lake_->Append(call_, ident_, {File("x")}, on_branch));
  for (const char* name : {"b", "c", "d", "e", "f"}) Replace(name);
  const Table table = *lake_->Load(ident_);
  const Snapshot* head = table.metadata().BranchHead("wap");
  ASSERT_NE(head, nullptr);
  const auto files = table.Files(call_, head->snapshot_id);
  ASSERT_TRUE(files) << files.error().OneLine();
  EXPECT_EQ(files->size(), 2U);
  EXPECT_TRUE(There("a"));
  EXPECT_TRUE(There("x"));
}

TEST_F(ExpiryTest, WhatConsumersNotedIsCarriedOver) {
  Replace("a", {{"firn.checkpoint.cdc", "17"}, {"other", "1"}});
  for (const char* name : {"b", "c", "d"}) Replace(name);
  const auto history = lake_->Load(ident_)->history();
  ASSERT_EQ(history.size(), 3U);
  EXPECT_EQ(history.back().summary.at("firn.checkpoint.cdc"), "17");
  EXPECT_FALSE(history.back().summary.contains("other"));
  // A newer note is never covered by an older one.
  Replace("e", {{"firn.checkpoint.cdc", "18"}});
  for (const char* name : {"f", "g", "h", "i"}) Replace(name);
  std::string newest;
  for (const SnapshotInfo& snapshot : lake_->Load(ident_)->history()) {
    if (snapshot.summary.contains("firn.checkpoint.cdc"))
      newest = snapshot.summary.at("firn.checkpoint.cdc");
  }
  EXPECT_EQ(newest, "18");
}

TEST_F(ExpiryTest, AgeCountsWhereTheTableSaysSo) {
  ASSERT_TRUE(lake_->SetProperties(
      call_, ident_, {{kMaxSnapshots, "0"}, {kMaxSnapshotAge, "10000"}, {kMinSnapshots, "2"}}));
  for (int i = 0; i < 6; ++i) Replace("f" + std::to_string(i));
  EXPECT_EQ(lake_->Load(ident_)->history().size(), 6U);
  clock_.Advance(std::chrono::seconds(100));
  EXPECT_EQ(Replace("last").history().size(), 2U);
}

TEST_F(ExpiryTest, ATableThatDoesNotAskKeepsEverything) {
  ASSERT_TRUE(lake_->SetProperties(call_, ident_, {{kMaxSnapshots, std::nullopt}}));
  for (int i = 0; i < 6; ++i) Replace("f" + std::to_string(i));
  EXPECT_EQ(lake_->Load(ident_)->history().size(), 6U);
  EXPECT_TRUE(There("f0"));
}

TEST_F(ExpiryTest, MainMovedBackReadsItsOlderRows) {
  const Table first = Replace("a");
  Replace("b");
  RefOptions back;
  back.kind = RefOptions::Kind::kBranch;
  back.snapshot = first.current_snapshot()->snapshot_id;
  ASSERT_TRUE(lake_->SetRef(call_, ident_, "main", back));
  const auto table = lake_->Append(call_, ident_, {File("c")}, {});
  ASSERT_TRUE(table) << table.error().OneLine();
  const auto files = table->Files(call_);
  ASSERT_EQ(files->size(), 2U);
  EXPECT_TRUE(There("b"));
}

TEST_F(ExpiryTest, ABadReferenceIsRefused) {
  Replace("a");
  EXPECT_EQ(lake_->SetRef(call_, ident_, "main", std::nullopt).error().code(), "LAKE-REF-002");
  EXPECT_EQ(lake_->SetRef(call_, ident_, "main", RefOptions{}).error().code(), "LAKE-REF-002");
  EXPECT_EQ(lake_->SetRef(call_, ident_, "none", std::nullopt).error().code(), "LAKE-REF-001");
  RefOptions unknown;
  unknown.snapshot = 5;
  EXPECT_EQ(lake_->SetRef(call_, ident_, "t", unknown).error().code(), "LAKE-SNAPSHOT-001");
}

}  // namespace
}  // namespace firn::lake
