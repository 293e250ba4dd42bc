// What could go wrong in production: an older file is read by the newer schema into wrong columns,
// a large table is read whole to show five rows, text forms change a value.
#include "ends/lake/read/rows.h"

#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/file.h"
#include "ends/lake/ingest/import.h"
#include "ends/lake/read/row_text.h"
#include "tests/support/test_folder.h"

namespace firn::lake {
namespace {

class RowsTest : public testing::Test {
 protected:
  RowsTest() {
    lake_ = *Lake::Open({.warehouse = folder_ + "/warehouse"});
    Write("describe.json", R"({"name":"Thing","fields":[{"name":"Id","type":"id"},
        {"name":"Name","type":"string"},{"name":"Count","type":"int","digits":9},
        {"name":"Price","type":"currency","precision":9,"scale":2},
        {"name":"Picks","type":"multipicklist"},{"name":"At","type":"datetime"}]})");
    Import(
        "Id,Name,Count,Price,Picks,At\n"
        "a01000000000001AAA,\"x, \"\"y\"\"\nz\",5,-0.50,a;b,2026-01-02T03:04:05.678Z\n"
        "a01000000000002AAA,,,,,\n");
  }

  void Write(const std::string& name, std::string_view text) {
    ASSERT_TRUE(WriteFileDurably(folder_ + "/" + name, text));
  }
  void Import(std::string_view csv) {
    Write("page.csv", csv);
    ImportOptions options;
    options.table = ident_;
    options.pages = {folder_ + "/page.csv"};
    options.describe_path = folder_ + "/describe.json";
    const auto report = ImportPages(call_, *lake_, options);
    ASSERT_TRUE(report) << report.error().OneLine();
  }
  Result<std::vector<std::string>> Json(const RowsOptions& options) {
    FIRN_TRY(const Table table, lake_->Load(ident_));
    FIRN_TRY(const auto reader, RowReader::Open(call_, table, options));
    std::vector<std::string> out;
    for (;;) {
      FIRN_TRY(const auto batch, reader->Next(call_));
      if (batch == nullptr) return out;
      const RowText text(*batch, reader->schema());
      for (int64_t row = 0; row < text.rows(); ++row) out.push_back(text.JsonObject(row));
    }
  }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  std::unique_ptr<Lake> lake_;
  TableIdent ident_{"sales", "Thing"};
  Call call_;
};

TEST_F(RowsTest, RowsComeBackWithEveryDigit) {
  const auto rows = Json({});
  ASSERT_TRUE(rows) << rows.error().OneLine();
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0],
            R"({"Id":"a01000000000001AAA","Name":"x, \"y\"\nz","Count":5,"Price":-0.50,)"
            R"("Picks":["a","b"],"At":"2026-01-02T03:04:05.678000Z"})");
  EXPECT_EQ((*rows)[1],
            R"({"Id":"a01000000000002AAA","Name":null,"Count":null,"Price":null,"Picks":null,)"
            R"("At":null})");
}

TEST_F(RowsTest, CsvQuotesWhatNeedsItAndKeepsNullApartFromEmpty) {
  const auto table = lake_->Load(ident_);
  RowsOptions options;
  options.columns = {"Name", "Picks", "Count"};
  const auto reader = RowReader::Open(call_, *table, options);
  ASSERT_TRUE(reader);
  const auto batch = (*reader)->Next(call_);
  ASSERT_TRUE(batch && *batch != nullptr);
  const RowText text(**batch, (*reader)->schema());
  EXPECT_EQ(RowText::CsvHeader((*reader)->schema()), "Name,Picks,Count\n");
  EXPECT_EQ(text.CsvLine(0), "\"x, \"\"y\"\"\nz\",\"[\"\"a\"\",\"\"b\"\"]\",5\n");
  EXPECT_EQ(text.CsvLine(1), ",,\n");
}

TEST_F(RowsTest, OlderFilesAreReadByTheNewerSchema) {
  auto table = lake_->Load(ident_);
  ASSERT_TRUE(table);
  const int64_t before = table->current_snapshot()->snapshot_id;
  record::Schema schema = table->schema();
  schema.fields[1].name = "Title";
  schema.fields[2].type.id = record::TypeId::kLong;
  schema.fields[3].type.precision = 20;
  schema.fields.erase(schema.fields.begin() + 4);
  schema.fields.push_back({table->last_column_id() + 1, "Name", false, {}, ""});
  const auto evolved = lake_->EvolveSchema(call_, ident_, schema, table->shape());
  ASSERT_TRUE(evolved) << evolved.error().OneLine();
  const auto rows = Json({.limit = 1});
  ASSERT_TRUE(rows) << rows.error().OneLine();
  EXPECT_EQ(*rows, std::vector<std::string>{
                       R"({"Id":"a01000000000001AAA","Title":"x, \"y\"\nz","Count":5,)"
                       R"("Price":-0.50,"At":"2026-01-02T03:04:05.678000Z","Name":null})"});
  const auto then = Json({.columns = {"Name"}, .snapshot = before, .limit = 1});
  ASSERT_TRUE(then);
  EXPECT_EQ(*then, std::vector<std::string>{R"({"Name":"x, \"y\"\nz"})"});
}

TEST_F(RowsTest, LimitSpansFilesAndBatches) {
  Import("Id\na01000000000003AAA\na01000000000004AAA\n");
  RowsOptions options;
  options.columns = {"Id"};
  for (const int64_t limit : {0, 1, 3, 4, 9}) {
    options.limit = limit;
    options.batch_rows = 1;
    EXPECT_EQ(Json(options)->size(), static_cast<size_t>(std::min<int64_t>(limit, 4)));
  }
}

TEST_F(RowsTest, AnUnknownColumnNamesTheNearestOne) {
  const auto rows = Json({.columns = {"Cuont"}});
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code(), "LAKE-COLUMN-001");
  EXPECT_NE(rows.error().what().find("`Count`"), std::string::npos);
}

TEST_F(RowsTest, ADataFileOfOtherBytesIsNamed) {
  const auto table = lake_->Load(ident_);
  const std::string path = (*table->Files(call_))[0].path.substr(7);
  std::string bytes = *ReadFile(path);
  std::filesystem::resize_file(path, bytes.size() - 1);
  auto rows = Json({});
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code(), "LAKE-READ-001");
  EXPECT_NE(rows.error().what().find(path), std::string::npos);
  // The right size, but no Parquet any more.
  std::filesystem::remove(path);
  ASSERT_TRUE(WriteFileDurably(path, std::string(bytes.size(), 'x')));
  rows = Json({});
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code(), "LAKE-READ-001");
}

}  // namespace
}  // namespace firn::lake
