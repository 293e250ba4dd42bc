// What could go wrong in production: a commit that is half there, counts that drift, rows of others
// thrown away, a lost answer taken for a failure.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "core/base/file.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/lake_parts.h"
#include "ends/lake/maintain/orphans.h"
#include "ends/lake/table.h"
#include "ends/lake/table_io.h"
#include "tests/support/test_folder.h"

namespace firn::lake {
namespace {

using record::Field;
using record::Schema;
using record::Type;
using record::TypeId;

Type Of(TypeId id) {
  Type type;
  type.id = id;
  return type;
}

Schema TwoColumns() {
  Schema schema;
  schema.fields.push_back({1, "Id", true, Of(TypeId::kString), ""});
  schema.fields.push_back({2, "Count", false, Of(TypeId::kInt), ""});
  return schema;
}

class LakeTest : public testing::Test {
 protected:
  void SetUp() override { lake_ = Open(); }

  std::unique_ptr<Lake> Open() {
    auto lake = Lake::Open({.warehouse = folder_});
    EXPECT_TRUE(lake.has_value()) << lake.error().OneLine();
    return lake ? *std::move(lake) : nullptr;
  }

  DataFile File(const std::string& name, int64_t rows) {
    DataFile file;
    const std::string path = folder_ + "/ns/t/data/" + name;
    EXPECT_TRUE(MakeFolders(folder_ + "/ns/t/data"));
    EXPECT_TRUE(WriteFileDurably(path, "not really parquet"));
    file.path = "file://" + path;
    file.record_count = rows;
    file.file_size_bytes = 18;
    file.value_counts = {{1, rows}, {2, rows}};
    file.lower_bounds = {{2, std::string("\1\0\0\0", 4)}};
    file.split_offsets = {4};
    return file;
  }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  std::unique_ptr<Lake> lake_;
  TableIdent ident_{"ns", "t"};
  Call call_;
};

TEST_F(LakeTest, AppendAddsFilesAndCarriesTheSummary) {
  ASSERT_TRUE(lake_->Create(call_, ident_, TwoColumns(), {}));
  const auto first = lake_->Append(call_, ident_, {File("a", 3)}, {{{"firn.job-id", "750"}}, {}});
  ASSERT_TRUE(first) << first.error().OneLine();
  const auto second = lake_->Append(call_, ident_, {File("b", 4), File("c", 5)}, {});
  ASSERT_TRUE(second) << second.error().OneLine();

  const auto again = Open()->Load(ident_);
  ASSERT_TRUE(again) << again.error().OneLine();
  const auto history = again->history();
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0].operation, "append");
  EXPECT_EQ(history[0].summary.at("firn.job-id"), "750");
  EXPECT_EQ(history[0].summary.at("added-records"), "3");
  EXPECT_EQ(history[1].summary.at("total-records"), "12");
  EXPECT_EQ(history[1].summary.at("total-data-files"), "3");
  EXPECT_EQ(history[1].parent_id, history[0].snapshot_id);
  EXPECT_EQ(history[1].sequence_number, 2);

  const auto files = again->Files(call_);
  ASSERT_TRUE(files) << files.error().OneLine();
  ASSERT_EQ(files->size(), 3u);
  EXPECT_EQ((*files)[0].record_count, 4);
  EXPECT_EQ((*files)[0].lower_bounds.at(2), std::string("\1\0\0\0", 4));
  EXPECT_EQ((*files)[0].split_offsets, std::vector<int64_t>{4});
  const auto before = again->Files(call_, history[0].snapshot_id);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->size(), 1u);
}

TEST_F(LakeTest, AppendWithoutFilesStillCarriesItsSummary) {
  ASSERT_TRUE(lake_->Create(call_, ident_, TwoColumns(), {}));
  const auto table = lake_->Append(call_, ident_, {}, {{{"firn.watermark", "w"}}, {}});
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(table->current_snapshot()->summary.at("firn.watermark"), "w");
  EXPECT_EQ(table->current_snapshot()->summary.at("total-records"), "0");
  EXPECT_TRUE(table->Files(call_)->empty());
}

TEST_F(LakeTest, ReplaceAllKeepsOldRowsOnlyInHistory) {
  ASSERT_TRUE(lake_->Create(call_, ident_, TwoColumns(), {}));
  ASSERT_TRUE(lake_->Append(call_, ident_, {File("a", 3)}, {}));
  ASSERT_TRUE(lake_->Append(call_, ident_, {File("b", 4)}, {}));
  const auto table = lake_->ReplaceAll(call_, ident_, {File("c", 6)}, nullptr, {});
  ASSERT_TRUE(table) << table.error().OneLine();
  const auto summary = table->current_snapshot()->summary;
  EXPECT_EQ(table->current_snapshot()->operation, "overwrite");
  EXPECT_EQ(summary.at("deleted-records"), "7");
  EXPECT_EQ(summary.at("total-records"), "6");
  EXPECT_EQ(summary.at("deleted-data-files"), "2");
  const auto files = table->Files(call_);
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 1u);
  EXPECT_TRUE((*files)[0].path.ends_with("/c"));

  // A manifest without live files is not carried on for ever.
  const auto next = lake_->Append(call_, ident_, {File("d", 1)}, {});
  ASSERT_TRUE(next);
  const auto manifests = LoadManifests(call_, *next->store(), *next->metadata().current_snapshot());
  ASSERT_TRUE(manifests);
  EXPECT_EQ(manifests->size(), 2u);
  EXPECT_EQ(next->Files(call_)->size(), 2u);
}

TEST_F(LakeTest, ReplaceAllDoesNotThrowAwayRowsOfOthers) {
  ASSERT_TRUE(lake_->Create(call_, ident_, TwoColumns(), {}));
  const auto start = lake_->Append(call_, ident_, {File("a", 3)}, {});
  ASSERT_TRUE(start);
  CommitOptions options;
  options.since_snapshot = start->current_snapshot()->snapshot_id;
  ASSERT_TRUE(Open()->Append(call_, ident_, {File("foreign", 1)}, {}));
  const auto replaced = lake_->ReplaceAll(call_, ident_, {File("c", 6)}, nullptr, options);
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code(), "LAKE-COMMIT-003");
  EXPECT_EQ(lake_->Load(ident_)->Files(call_)->size(), 2u);
}

TEST_F(LakeTest, SchemaEvolutionKeepsIdsAndRefusesUnsafeChanges) {
  ASSERT_TRUE(lake_->Create(call_, ident_, TwoColumns(), {}));
  Schema wider = TwoColumns();
  wider.fields[1].type = Of(TypeId::kLong);
  wider.fields.push_back({3, "New", false, Of(TypeId::kDate), ""});
  const auto table = lake_->EvolveSchema(call_, ident_, wider, {});
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(table->last_column_id(), 3);
  EXPECT_EQ(table->schema().fields.size(), 3u);
  EXPECT_NE(table->properties().at("schema.name-mapping.default").find("\"New\""),
            std::string::npos);

  Schema dropped = wider;
  dropped.fields.pop_back();
  ASSERT_TRUE(lake_->EvolveSchema(call_, ident_, dropped, {}));
  Schema reused = dropped;
  reused.fields.push_back({3, "Other", false, Of(TypeId::kString), ""});
  const auto refused = lake_->EvolveSchema(call_, ident_, reused, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), "LAKE-SCHEMA-001");
  Schema narrowed = dropped;
  narrowed.fields[1].type = Of(TypeId::kInt);
  EXPECT_FALSE(lake_->EvolveSchema(call_, ident_, narrowed, {}));
}

TEST_F(LakeTest, TruncatedMetadataNamesTheFileAndThePreviousOne) {
  ASSERT_TRUE(lake_->Create(call_, ident_, TwoColumns(), {}));
  const auto table = lake_->Append(call_, ident_, {File("a", 3)}, {});
  ASSERT_TRUE(table);
  const std::string path = table->metadata_location().substr(7);
  std::filesystem::resize_file(path, 100);
  const auto loaded = Open()->Load(ident_);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), Kind::kCorrupt);
  EXPECT_EQ(loaded.error().code(), "LAKE-META-001");
  EXPECT_NE(loaded.error().what().find(table->metadata_location()), std::string::npos);
  EXPECT_NE(loaded.error().hint().find("00000-"), std::string::npos);
}

TEST_F(LakeTest, CommitOfAMissingOrChangedDataFileIsRefused) {
  ASSERT_TRUE(lake_->Create(call_, ident_, TwoColumns(), {}));
  DataFile gone = File("a", 3);
  gone.path += "x";
  EXPECT_EQ(lake_->Append(call_, ident_, {gone}, {}).error().kind(), Kind::kNotFound);
  DataFile cut = File("b", 3);
  cut.file_size_bytes += 1;
  EXPECT_EQ(lake_->Append(call_, ident_, {cut}, {}).error().code(), "LAKE-COMMIT-004");
  EXPECT_TRUE(lake_->Load(ident_)->history().empty());
}

TEST_F(LakeTest, OrphansAreFilesThatNoSnapshotRefersTo) {
  ASSERT_TRUE(lake_->Create(call_, ident_, TwoColumns(), {}));
  ASSERT_TRUE(lake_->Append(call_, ident_, {File("a", 3)}, {}));
  const auto table = lake_->ReplaceAll(call_, ident_, {File("b", 4)}, nullptr, {});
  ASSERT_TRUE(table);
  File("left-over", 1);
  const auto orphans = OrphanFiles(call_, *table);
  ASSERT_TRUE(orphans) << orphans.error().OneLine();
  ASSERT_EQ(orphans->size(), 1u);
  EXPECT_TRUE((*orphans)[0].uri.ends_with("/left-over"));
}

TEST_F(LakeTest, NamesCannotLeaveTheWarehouse) {
  EXPECT_FALSE(ParseTableIdent("../x.y"));
  EXPECT_FALSE(ParseTableIdent("a..b"));
  EXPECT_FALSE(ParseTableIdent("a"));
  EXPECT_FALSE(ParseTableIdent("a.b/c"));
  EXPECT_TRUE(ParseTableIdent("salesforce.prod.Account"));
  EXPECT_FALSE(LocalPath("file:///a/../b"));
  EXPECT_FALSE(LocalPath("s3://bucket/a"));
  const auto store = LocalStore(folder_);
  EXPECT_EQ(store->Read(call_, "file:///etc/hostname").error().code(), "LAKE-STORE-001");
}

TEST_F(LakeTest, DroppedTableMakesRoomWithoutMixingFiles) {
  ASSERT_TRUE(lake_->Create(call_, ident_, TwoColumns(), {}));
  EXPECT_EQ(lake_->Create(call_, ident_, TwoColumns(), {}).error().code(), "LAKE-TABLE-002");
  ASSERT_TRUE(lake_->Drop(ident_));
  EXPECT_EQ(lake_->Load(ident_).error().code(), "LAKE-TABLE-001");
  const auto again = lake_->Create(call_, ident_, TwoColumns(), {});
  ASSERT_TRUE(again);
  EXPECT_NE(again->location(), "file://" + folder_ + "/ns/t");
}

}  // namespace
}  // namespace firn::lake
