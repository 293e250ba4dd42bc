// What could go wrong in production: files are loaded twice, half, or into the wrong columns.
#include "ends/lake/ingest/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "core/base/file.h"
#include "ends/lake/catalog/catalog.h"
#include "ends/lake/internal/lake_parts.h"
#include "ends/lake/read/row_text.h"
#include "ends/lake/read/rows.h"
#include "ends/lake/read/scan.h"
#include "ends/lake/store/object_store.h"
#include "tests/support/test_folder.h"

namespace firn::lake {
namespace {

using testing::HasSubstr;

class ImportTest : public testing::Test {
 protected:
  ImportTest() {
    std::filesystem::create_directories(folder_ + "/pages");
    Write("describe.json", R"({"name":"Thing","fields":[{"name":"Id","type":"id"},
        {"name":"Name","type":"string"},{"name":"Count","type":"int","digits":9},
        {"name":"Later","type":"date"}]})");
    Write("pages/1.csv", "\"Id\",\"Name\"\n\"a01000000000001AAA\",\"x\"\n");
    Write("pages/2.csv", "\"Id\",\"Name\"\n\"a01000000000002AAA\",\"y\"\n");
    Write("pages/notes.txt", "no page");
    options_.table = {"sales", "Thing"};
    options_.pages = {folder_ + "/pages"};
    options_.describe_path = folder_ + "/describe.json";
    options_.threads = 2;
    lake_ = *Lake::Open({.warehouse = folder_ + "/warehouse"});
  }

  void Write(const std::string& name, std::string_view text) {
    ASSERT_TRUE(WriteFileDurably(folder_ + "/" + name, text).has_value());
  }
  int64_t RowsInTable() {
    const auto table = lake_->Load(options_.table);
    const auto files = table->Files({});
    int64_t rows = 0;
    for (const DataFile& file : *files) rows += *CountDataFileRows({}, *LocalStore("/"), file.path);
    return rows;
  }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  ImportOptions options_;
  std::unique_ptr<Lake> lake_;
};

TEST_F(ImportTest, AFolderOfPagesBecomesATable) {
  const auto report = ImportPages({}, *lake_, options_);
  ASSERT_TRUE(report.has_value()) << report.error().OneLine();
  EXPECT_EQ(report->pages, 2);
  EXPECT_EQ(report->rows_written, 2);
  EXPECT_EQ(report->rejects_path, "");
  EXPECT_NE(report->snapshot_id, 0);
  EXPECT_EQ(RowsInTable(), 2);
  EXPECT_EQ(lake_->Load(options_.table)->schema().fields.size(), 2U);
}

TEST_F(ImportTest, AppendAddsAndReplaceStandsForAll) {
  ASSERT_TRUE(ImportPages({}, *lake_, options_).has_value());
  ASSERT_TRUE(ImportPages({}, *lake_, options_).has_value());
  EXPECT_EQ(RowsInTable(), 4);
  options_.mode = ImportOptions::Mode::kReplace;
  ASSERT_TRUE(ImportPages({}, *lake_, options_).has_value());
  EXPECT_EQ(RowsInTable(), 2);
}

TEST_F(ImportTest, NewColumnsJoinTheTable) {
  ASSERT_TRUE(ImportPages({}, *lake_, options_).has_value());
  const int name_id = lake_->Load(options_.table)->schema().Find("Name")->id;
  Write("more.csv", "Id,Later\na01000000000003AAA,2026-01-02\n");
  options_.pages = {folder_ + "/more.csv"};
  ASSERT_TRUE(ImportPages({}, *lake_, options_).has_value());
  const auto table = lake_->Load(options_.table);
  EXPECT_EQ(table->schema().Find("Name")->id, name_id);
  EXPECT_NE(table->schema().Find("Later"), nullptr);
  EXPECT_EQ(RowsInTable(), 3);
}

TEST_F(ImportTest, AColumnThatIsNotDescribedIsAnError) {
  Write("pages/1.csv", "Id,Nme\na01000000000001AAA,x\n");
  const auto report = ImportPages({}, *lake_, options_);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code(), "LAKE-IMPORT-002");
  EXPECT_THAT(report.error().what(), HasSubstr("`Nme`"));
}

class ImportByKeyTest : public ImportTest {
 protected:
  // `Id Name Count` of each row, a line each, sorted.
  std::vector<std::string> Rows() {
    const auto reader = RowReader::Open({}, *lake_->Load(options_.table), {});
    EXPECT_TRUE(reader) << reader.error().OneLine();
    std::vector<std::string> rows;
    for (;;) {
      const auto batch = (*reader)->Next({});
      EXPECT_TRUE(batch) << batch.error().OneLine();
      if (!batch || *batch == nullptr) break;
      const RowText text(**batch, (*reader)->schema());
      for (int64_t row = 0; row < text.rows(); ++row) rows.push_back(text.JsonObject(row));
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  Result<ImportReport> ByName(std::string_view csv) {
    Write("by_name.csv", csv);
    options_.pages = {folder_ + "/by_name.csv"};
    options_.mode = ImportOptions::Mode::kUpsert;
    options_.key = "Name";
    return ImportPages({}, *lake_, options_);
  }
};

TEST_F(ImportByKeyTest, AnExternalIdDoesByItselfInAFileWithoutIds) {
  ASSERT_TRUE(ImportPages({}, *lake_, options_).has_value());
  const auto report = ByName("Name,Count\nx,7\n");
  ASSERT_TRUE(report.has_value()) << report.error().OneLine();
  EXPECT_EQ(report->rows_updated, 1);
  EXPECT_THAT(Rows(),
              testing::ElementsAre(R"({"Id":"a01000000000001AAA","Name":"x","Count":7})",
                                   R"({"Id":"a01000000000002AAA","Name":"y","Count":null})"));
}

TEST_F(ImportByKeyTest, AKeyThatIsNotThereMakesNoRowWithoutAnIdAndNothingIsCommitted) {
  ASSERT_TRUE(ImportPages({}, *lake_, options_).has_value());
  const auto before = lake_->Load(options_.table)->current_snapshot()->snapshot_id;
  const auto refused = ByName("Name,Count\nx,7\nnew,8\n");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), "LAKE-IMPORT-005");
  EXPECT_THAT(refused.error().what(), HasSubstr("`new`"));
  EXPECT_EQ(lake_->Load(options_.table)->current_snapshot()->snapshot_id, before);
}

TEST_F(ImportByKeyTest, ATableMadeWithoutIdsIsMergedIntoByItsKey) {
  ASSERT_TRUE(ByName("Name,Count\nx,1\ny,2\n").has_value());
  EXPECT_EQ(lake_->Load(options_.table)->schema().Find("Id"), nullptr);
  const auto report = ByName("Name,Count\ny,3\nz,4\n");
  ASSERT_TRUE(report.has_value()) << report.error().OneLine();
  EXPECT_EQ(report->rows_inserted, 1);
  EXPECT_THAT(Rows(), testing::ElementsAre(R"({"Name":"x","Count":1})", R"({"Name":"y","Count":3})",
                                           R"({"Name":"z","Count":4})"));
}

TEST_F(ImportTest, ABrokenPageCommitsNothingAndLeavesNoFile) {
  Write("pages/2.csv", "\"Id\",\"Name\"\n\"a01000000000002AAA\",\"y");
  const auto report = ImportPages({}, *lake_, options_);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code(), "LAKE-PAGE-001");
  EXPECT_THAT(report.error().where(), HasSubstr("2.csv"));
  EXPECT_FALSE(lake_->Load(options_.table)->current_snapshot().has_value());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    EXPECT_NE(entry.path().extension(), ".parquet") << entry.path();
  }
}

TEST_F(ImportTest, RejectedRowsAreCountedAndLieInAFile) {
  Write("pages/3.csv", "Id,Name\nshort,x\n");
  const auto report = ImportPages({}, *lake_, options_);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->rows_rejected, 1);
  EXPECT_EQ(report->rows_written, 2);
  ASSERT_EQ(report->rejects.size(), 1U);
  EXPECT_EQ(report->rejects[0].field, "Id");
  EXPECT_TRUE(FileExists(report->rejects_path));
}

// Counts the data files that are read.
class WatchedStore final : public ObjectStore {
 public:
  explicit WatchedStore(const std::string& root) : inner_(LocalStore(root)) {}
  Result<std::string> Read(const Call& call, const std::string& uri, uint64_t most) override {
    return inner_->Read(call, uri, most);
  }
  Result<void> Write(const Call& call, const std::string& uri, std::string_view bytes) override {
    return inner_->Write(call, uri, bytes);
  }
  Result<void> Settle(const Call& call, const std::vector<std::string>& uris) override {
    return inner_->Settle(call, uris);
  }
  Result<int64_t> Size(const Call& call, const std::string& uri) override {
    return inner_->Size(call, uri);
  }
  Result<void> Remove(const Call& call, const std::string& uri) override {
    return inner_->Remove(call, uri);
  }
  Result<void> List(const Call& call, const std::string& uri,
                    const std::function<Result<void>(const ObjectInfo&)>& each) override {
    return inner_->List(call, uri, each);
  }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(const Call& call,
                                                                 const std::string& uri) override {
    ++opened;
    return inner_->OpenInput(call, uri);
  }
  std::atomic<int> opened = 0;

 private:
  std::shared_ptr<ObjectStore> inner_;
};

TEST_F(ImportTest, RowsGoStraightIntoTheFilesOfTheirPartitions) {
  const std::string root = folder_ + "/watched";
  std::filesystem::create_directories(root);
  auto catalog = OpenSqlCatalog({.path = root + "/catalog.db"});
  ASSERT_TRUE(catalog) << catalog.error().OneLine();
  const auto store = std::make_shared<WatchedStore>(root);
  lake_ = internal::LakeOf({root, *std::move(catalog), store});
  options_.partition = "Name";
  options_.threads = 1;
  const auto report = ImportPages({}, *lake_, options_);
  ASSERT_TRUE(report.has_value()) << report.error().OneLine();
  EXPECT_EQ(report->files.size(), 2U) << "one for each name";
  EXPECT_EQ(store->opened, 0) << "nothing is read back and written again";
  const auto files = lake_->Load(options_.table)->Files({});
  for (const DataFile& file : *files) EXPECT_EQ(file.partition.size(), 1U);
  EXPECT_EQ(RowsInTable(), 2);
  int written = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    written += entry.path().extension() == ".parquet" ? 1 : 0;
  EXPECT_EQ(written, 2);
}

TEST_F(ImportTest, ABrokenPageLeavesNoFileOfAnyPartition) {
  options_.partition = "Name";
  options_.threads = 1;
  Write("pages/2.csv", "\"Id\",\"Name\"\n\"a01000000000002AAA\",\"y");
  const auto report = ImportPages({}, *lake_, options_);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code(), "LAKE-PAGE-001");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_))
    EXPECT_NE(entry.path().extension(), ".parquet") << entry.path();
}

TEST_F(ImportTest, NothingToImportIsSaid) {
  std::filesystem::create_directories(folder_ + "/empty");
  options_.pages = {folder_ + "/empty"};
  EXPECT_EQ(ImportPages({}, *lake_, options_).error().code(), "LAKE-IMPORT-001");
  options_.pages = {folder_ + "/absent.csv"};
  EXPECT_EQ(ImportPages({}, *lake_, options_).error().code(), "LAKE-IMPORT-001");
}

}  // namespace
}  // namespace firn::lake
