// What could go wrong in production: rows that others deleted by value come back, a table of
// version 3 loses its row ids, a damaged delete file silently deletes nothing.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include "core/record/arrow_schema.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/maintain/maintenance.h"
#include "ends/lake/maintain/orphans.h"
#include "ends/lake/merge/merge.h"
#include "ends/lake/read/snapshot_at.h"
#include "ends/lake/table_io.h"
#include "ends/lake/table_test_desk.h"

namespace firn::lake {
namespace {

class DeletesTest : public TableDesk {
 protected:
  void Upgrade() {
    const auto table = lake_->SetProperties(call_, ident_, {{"format-version", "3"}});
    ASSERT_TRUE(table.has_value()) << table.error().OneLine();
  }
  // A delete file with the Ids of `ids`, as others write them.
  DataFile ByValue(const std::string& ids) {
    TableIdent other{"sales", "Keys" + ids};
    std::swap(ident_, other);
    std::vector<std::string> rows;
    for (const char id : ids) rows.emplace_back(1, id);
    Import(rows);
    DataFile file = (*Now().Files(call_)).front();
    std::swap(ident_, other);
    file.content = DataFile::Content::kEqualityDeletes;
    file.equality_ids = {1};
    return file;
  }
  std::string ReadError() {
    const auto reader = RowReader::Open(call_, Now(), {});
    if (!reader) return reader.error().OneLine();
    for (;;) {
      const auto batch = (*reader)->Next(call_);
      if (!batch) return batch.error().OneLine();
      if (*batch == nullptr) return "";
    }
  }
  std::vector<LiveFile> Files() { return *LiveFiles(call_, Now()); }
  std::string DeletePath() {
    const auto files = LiveFiles(call_, Now());
    return files->front().deletes.front().path.substr(7);
  }
};

TEST_F(DeletesTest, RowsDeletedByValueAreGoneAndLaterOnesStay) {
  RowDelta delta;
  delta.added_deletes = {ByValue("25")};
  ASSERT_TRUE(Commit(delta).has_value());
  EXPECT_EQ(Ids(), "134");
  EXPECT_EQ(RowsOf(*Now().current_snapshot()), std::nullopt);  // only reading shows how many
  // A delete holds for rows that were there before it only.
  Import({"2"});
  EXPECT_EQ(Ids(), "1234");
  RowsOptions options;
  options.where = "Id > 'a01000000000001AAA'";
  options.limit = 10;
  const auto reader = RowReader::Open(call_, Now(), options);
  int64_t rows = 0;
  for (;;) {
    const auto batch = (*reader)->Next(call_);
    ASSERT_TRUE(batch);
    if (*batch == nullptr) break;
    EXPECT_EQ((*batch)->num_columns(), 1);
    rows += (*batch)->num_rows();
  }
  EXPECT_EQ(rows, 3);
}

TEST_F(DeletesTest, RowsDeletedByTheirValuesAreGoneForAMergeAndMayComeBack) {
  RowDelta delta;
  delta.added_deletes = {ByValue("2")};
  ASSERT_TRUE(Commit(delta).has_value());
  const auto merger = Merger::Open(call_, *lake_, {.table = ident_});
  ASSERT_TRUE(merger) << merger.error().OneLine();
  EXPECT_EQ((*merger)->state().rows, 3);
  const auto field = record::ArrowSchema(Now().schema())->field(0);
  arrow::StringBuilder ids;
  ASSERT_TRUE(ids.Append("a01000000000002AAA").ok() && ids.Append("a01000000000003AAA").ok());
  ASSERT_TRUE(
      (*merger)->Upsert(arrow::RecordBatch::Make(arrow::schema({field}), 2, {*ids.Finish()}), {}));
  const auto report = (*merger)->Commit(call_, {});
  ASSERT_TRUE(report) << report.error().OneLine();
  EXPECT_EQ(report->rows_inserted, 1);
  EXPECT_EQ(report->rows_updated, 1);
  EXPECT_EQ(Ids(), "1234");
}

TEST_F(DeletesTest, CompactionAppliesDeletesByValueAndLetsThemGo) {
  Import({"5"});
  RowDelta delta;
  delta.added_deletes = {ByValue("2")};
  ASSERT_TRUE(Commit(delta).has_value());
  Import({"6"});
  MaintainOptions options;
  options.compaction.files_min = 2;
  options.expire = options.orphans = false;
  const auto report = Maintain(call_, *lake_, ident_, options);
  ASSERT_TRUE(report) << report.error().OneLine();
  EXPECT_EQ(Ids(), "13456");
  ASSERT_EQ(Files().size(), 1U);
  EXPECT_TRUE(Files().front().equality.empty());
  EXPECT_EQ(Now().current_snapshot()->summary.at("total-equality-deletes"), "0");
}

TEST_F(DeletesTest, KeysThatAreNoColumnsAreRefusedNotIgnored) {
  RowDelta delta;
  delta.added_deletes = {ByValue("2")};
  delta.added_deletes.front().equality_ids = {99};
  ASSERT_TRUE(Commit(delta).has_value());
  EXPECT_NE(ReadError().find("LAKE-READ-002"), std::string::npos) << ReadError();
}

TEST_F(DeletesTest, VersionThreeHasOneVectorForEachDataFile) {
  Upgrade();
  EXPECT_EQ(Now().metadata().format_version, 3);
  ASSERT_TRUE(Commit(Out(Now(), {1})).has_value());
  EXPECT_EQ(Ids(), "134");
  ASSERT_TRUE(Commit(Out(Now(), {3})).has_value());
  EXPECT_EQ(Ids(), "13");
  EXPECT_EQ(RowsOf(*Now().current_snapshot()), 2);
  const auto files = LiveFiles(call_, Now());
  ASSERT_EQ(files->front().deletes.size(), 1U);
  const DataFile& vector = files->front().deletes.front();
  EXPECT_EQ(vector.format, "PUFFIN");
  EXPECT_EQ(vector.record_count, 2);
  EXPECT_TRUE(vector.content_offset && vector.content_size_bytes);
  EXPECT_TRUE(OrphanFiles(call_, Now())->empty());
}

TEST_F(DeletesTest, OldDeleteFilesBecomeVectorsWhenTheTableIsUpgraded) {
  ASSERT_TRUE(Commit(Out(Now(), {0})).has_value());
  Upgrade();
  ASSERT_TRUE(Commit(Out(Now(), {1})).has_value());
  EXPECT_EQ(Ids(), "34");
  const auto files = LiveFiles(call_, Now());
  ASSERT_EQ(files->front().deletes.size(), 1U);
  EXPECT_EQ(files->front().deletes.front().format, "PUFFIN");
}

TEST_F(DeletesTest, RowsOfVersionThreeHaveIdsOfTheirOwn) {
  Upgrade();
  Import({"5", "6"});
  const Table first = Now();
  EXPECT_EQ(first.metadata().next_row_id, 6);
  Import({"7"});
  const Table table = Now();
  EXPECT_EQ(table.metadata().next_row_id, 7);
  EXPECT_EQ(table.current_snapshot()->first_row_id, 6);
  EXPECT_EQ(table.current_snapshot()->added_rows, 1);
  // Every row has one id, none twice, also after manifests were put together.
  ASSERT_TRUE(lake_->RewriteManifests(call_, ident_).has_value());
  std::vector<bool> taken(8, false);
  const auto files = Now().Files(call_);
  for (const DataFile& file : *files) {
    ASSERT_TRUE(file.first_row_id.has_value()) << file.path;
    for (int64_t row = 0; row < file.record_count; ++row) {
      const auto id = static_cast<size_t>(*file.first_row_id + row);
      ASSERT_LT(id, taken.size());
      EXPECT_FALSE(taken[id]) << id;
      taken[id] = true;
    }
  }
  EXPECT_EQ(Ids(), "1234567");
}

TEST_F(DeletesTest, CompactionKeepsTheIdsOfRows) {
  Upgrade();
  Import({"5", "6"});
  ASSERT_TRUE(Commit(Out(Now(), {1})).has_value());
  const std::string ids = Ids();
  int64_t highest = 0;
  const std::vector<LiveFile> files = Files();
  for (const LiveFile& live : files) highest = std::max(highest, *live.file.first_row_id);
  MaintainOptions options;
  options.compaction.files_min = 2;
  options.expire = options.orphans = false;
  ASSERT_TRUE(Maintain(call_, *lake_, ident_, options));
  ASSERT_EQ(Files().size(), 1U);
  EXPECT_EQ(Ids(), ids);
  // The ids stand in the file: within what was given out before it.
  const DataFile file = Files().front().file;
  ASSERT_TRUE(file.upper_bounds.contains(2147483540));
  EXPECT_LT(*SingleToLong(file.upper_bounds.at(2147483540)), 6);
  EXPECT_EQ(file.null_value_counts.at(2147483540), 0);
  EXPECT_GE(*SingleToLong(file.upper_bounds.at(2147483540)), highest);
}

TEST_F(DeletesTest, AVersionIsNeverLoweredAndOthersAreRefused) {
  Upgrade();
  for (const char* version : {"2", "4", "x"}) {
    const auto table = lake_->SetProperties(call_, ident_, {{"format-version", version}});
    ASSERT_FALSE(table) << version;
    EXPECT_EQ(table.error().code(), "LAKE-META-002");
  }
  EXPECT_FALSE(Now().properties().contains("format-version"));
  record::Schema schema;
  schema.fields.push_back({1, "Id", true, {}, ""});
  const auto made = lake_->Create(call_, {"ns", "v3"}, schema, {{"format-version", "3"}});
  ASSERT_TRUE(made) << made.error().OneLine();
  EXPECT_EQ(made->metadata().format_version, 3);
}

TEST_F(DeletesTest, ADamagedVectorIsNamed) {
  Upgrade();
  ASSERT_TRUE(Commit(Out(Now(), {1})).has_value());
  const std::string path = DeletePath();
  const std::string good = *ReadFile(path);
  std::string bad = good;
  bad[12] = static_cast<char>(bad[12] ^ 1);
  for (const std::string& bytes : {bad, good.substr(0, good.size() - 1)}) {
    std::filesystem::remove(path);
    ASSERT_TRUE(WriteFileDurably(path, bytes));
    const std::string error = ReadError();
    EXPECT_NE(error.find("LAKE-DV-001"), std::string::npos) << error;
    EXPECT_NE(error.find(path), std::string::npos) << error;
  }
  std::filesystem::remove(path);
  EXPECT_NE(ReadError().find("LAKE-DV-001"), std::string::npos) << ReadError();
}

TEST_F(DeletesTest, ADamagedDeleteFileOfVersionTwoIsNamed) {
  ASSERT_TRUE(Commit(Out(Now(), {1})).has_value());
  const std::string path = DeletePath();
  std::filesystem::remove(path);
  const std::string error = ReadError();
  EXPECT_NE(error.find("LAKE-READ-001"), std::string::npos) << error;
  EXPECT_NE(error.find(path), std::string::npos) << error;
}

TEST_F(DeletesTest, AManifestThatLiesAboutItsRowsIsNamed) {
  const auto lines = LoadManifests(call_, *Now().store(), *Now().metadata().current_snapshot());
  const std::string path = lines->front().path.substr(7);
  const std::string bytes = *ReadFile(path);
  for (const std::string& bad : {bytes.substr(0, bytes.size() - 1), bytes + "x"}) {
    std::filesystem::remove(path);
    ASSERT_TRUE(WriteFileDurably(path, bad));
    EXPECT_NE(ReadError().find(path), std::string::npos) << ReadError();
  }
}

}  // namespace
}  // namespace firn::lake
