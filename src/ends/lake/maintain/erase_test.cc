// What could go wrong in production: a record that was to be forgotten lives on as the name of a
// partition, in a delete file of another writer, or in the index of another key.
#include "ends/lake/maintain/erase.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/record/arrow_schema.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/table_test_desk.h"
#include "ends/lake/write/parquet_writer.h"

namespace firn::lake {
namespace {

constexpr const char* kMine = "a01000000000001AAA";
constexpr const char* kOther = "a01000000000002AAA";

class EraseTest : public TableDesk {
 protected:
  static record::Field Text(int id, const std::string& name) {
    record::Field field{id, name, false, {}, ""};
    field.type.id = record::TypeId::kString;
    return field;
  }
  void Make(const std::vector<PartitionField>& partition) {
    ident_ = {"sales", "Erased"};
    record::Schema schema;
    schema.fields = {Text(1, "Id"), Text(2, "Region")};
    const auto made = lake_->Create(call_, ident_, schema, {});
    ASSERT_TRUE(made) << made.error().OneLine();
    if (partition.empty()) return;
    const auto evolved = lake_->EvolveSpec(call_, ident_, partition, made->shape());
    ASSERT_TRUE(evolved) << evolved.error().OneLine();
  }
  // Below a folder of the region's name, as other engines have it.
  DataFile Write(const std::vector<std::string>& ids, const std::string& region) {
    record::Layout layout;
    layout.schema = Now().schema();
    arrow::StringBuilder id_values;
    arrow::StringBuilder regions;
    for (const std::string& id : ids) {
      EXPECT_TRUE(id_values.Append(id).ok() && regions.Append(region).ok());
    }
    const auto batch = arrow::RecordBatch::Make(record::ArrowSchema(layout.schema),
                                                static_cast<int64_t>(ids.size()),
                                                {*id_values.Finish(), *regions.Finish()});
    const std::string folder = folder_ + "/warehouse/sales/Erased/data/Region=" + region;
    std::filesystem::create_directories(folder);
    const std::string path = folder + "/" + std::to_string(files_++) + ".parquet";
    const auto writer = ParquetWriter::Open(path, layout, {});
    EXPECT_TRUE(writer) << writer.error().OneLine();
    EXPECT_TRUE((*writer)->Write(*batch));
    auto file = (*writer)->Close();
    EXPECT_TRUE(file) << file.error().OneLine();
    file->path = FileUri(path);
    if (!Now().metadata().default_spec().unpartitioned()) {
      file->spec_id = Now().metadata().default_spec_id;
      file->partition = {region};
    }
    return *file;
  }
  void Add(const std::vector<DataFile>& rows, const std::vector<DataFile>& deletes = {}) {
    RowDelta delta;
    delta.added_rows = rows;
    delta.added_deletes = deletes;
    const auto table = Commit(delta);
    ASSERT_TRUE(table) << table.error().OneLine();
  }
  // Names of files and folders of the table that have the text in them, or in their names.
  std::string Holders(const std::string& text) {
    std::string found;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder_ + "/warehouse/sales/Erased")) {
      std::ifstream file(entry.path(), std::ios::binary);
      std::stringstream bytes;
      if (entry.is_regular_file()) bytes << file.rdbuf();
      const std::string path = entry.path();
      if (bytes.str().find(text) != std::string::npos || path.find(text) != std::string::npos)
        found += path.substr(folder_.size()) + "\n";
    }
    return found;
  }
  Result<EraseReport> Erase() { return EraseKey(call_, *lake_, ident_, "Id", kMine); }

  int files_ = 0;
};

TEST_F(EraseTest, ThePartitionOfTheRecordGoesFromManifestsListsAndFolders) {
  Make({{2, 0, "Region", "identity"}});
  Add({Write({kMine}, "Zqregion"), Write({kOther}, "North")});
  ASSERT_NE(Holders("Zqregion"), "");
  const auto report = Erase();
  ASSERT_TRUE(report) << report.error().OneLine();
  EXPECT_FALSE(report->after.any());
  EXPECT_EQ(report->snapshots_expired, 2);
  EXPECT_EQ(Holders("Zqregion"), "");
  EXPECT_EQ(Holders(kMine), "");
  EXPECT_EQ(Ids(), "2");
}

TEST_F(EraseTest, ThePartitionOfARecordThatWasMovedAwayGoesToo) {
  Make({{2, 0, "Region", "identity"}});
  const DataFile first = Write({kMine}, "Zqregion");
  Add({first, Write({kOther}, "North")});
  RowDelta moved;
  moved.removed_rows = {first};
  moved.added_rows = {Write({kMine}, "North")};
  ASSERT_TRUE(Commit(moved));
  const auto report = Erase();
  ASSERT_TRUE(report) << report.error().OneLine();
  EXPECT_EQ(Holders("Zqregion"), "");
  EXPECT_EQ(Holders(kMine), "");
  EXPECT_EQ(Ids(), "2");
}

TEST_F(EraseTest, EqualityDeletesThatNameTheRecordAreCarriedOutAndGo) {
  Make({});
  Add({Write({kMine, kOther, "a01000000000003AAA"}, "North")});
  DataFile deletes = Write({kMine, "a01000000000003AAA"}, "North");
  deletes.content = DataFile::Content::kEqualityDeletes;
  deletes.equality_ids = {1};
  Add({}, {deletes});
  ASSERT_EQ(Ids(), "2");
  const auto found = FindKey(call_, Now(), "Id", kMine);
  ASSERT_TRUE(found) << found.error().OneLine();
  EXPECT_EQ(found->delete_files, std::vector<std::string>{deletes.path});
  EXPECT_FALSE(found->visible);
  const auto report = Erase();
  ASSERT_TRUE(report) << report.error().OneLine();
  EXPECT_FALSE(report->after.any());
  EXPECT_EQ(Holders(kMine), "");
  EXPECT_EQ(Ids(), "2");
}

TEST_F(EraseTest, ADeleteFileWhoseRowsAreGoneForLongGoesWithoutARewrite) {
  Make({});
  Add({Write({kOther}, "North")});
  DataFile deletes = Write({kMine}, "North");
  deletes.content = DataFile::Content::kEqualityDeletes;
  deletes.equality_ids = {1};
  Add({}, {deletes});
  Add({Write({"a01000000000003AAA"}, "North")});
  const auto report = Erase();
  ASSERT_TRUE(report) << report.error().OneLine();
  EXPECT_FALSE(report->after.any());
  EXPECT_EQ(Holders(kMine), "");
  EXPECT_EQ(Ids(), "23");
}

}  // namespace
}  // namespace firn::lake
