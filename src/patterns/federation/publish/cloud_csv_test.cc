// What could go wrong in production: Data Cloud reads a date as text, cuts a value at its comma,
// takes a file that is too large, or gets a number that is none.
#include "patterns/federation/publish/cloud_csv.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/builder_time.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "core/record/arrow_schema.h"
#include "tests/support/test_folder.h"

namespace firn::federation {
namespace {

class CloudCsvFiles : public testing::Test {
 protected:
  CloudCsvFiles() {
    schema_.fields.push_back({1, "Id", true, {record::TypeId::kString}, ""});
    schema_.fields.push_back({2, "Score", false, {record::TypeId::kDouble}, ""});
    schema_.fields.push_back({3, "At", false, {record::TypeId::kTimestamptz}, ""});
  }

  // One row; a missing time is null.
  std::shared_ptr<arrow::RecordBatch> Row(const std::string& id, double score,
                                          std::optional<int64_t> micros) {
    const auto types = record::ArrowSchema(schema_);
    arrow::StringBuilder ids;
    arrow::DoubleBuilder scores;
    arrow::TimestampBuilder times(types->field(2)->type(), arrow::default_memory_pool());
    EXPECT_TRUE(ids.Append(id).ok() && scores.Append(score).ok());
    EXPECT_TRUE((micros ? times.Append(*micros) : times.AppendNull()).ok());
    return arrow::RecordBatch::Make(types, 1, {*ids.Finish(), *scores.Finish(), *times.Finish()});
  }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  record::Schema schema_;
};

TEST_F(CloudCsvFiles, FollowTheVendorsRulesForTextsNullsAndInstants) {
  CloudCsv csv(schema_, {folder_, 10'000, {}});
  ASSERT_TRUE(csv.Write(*Row("a,\"b\"\n", 1.5, 1'000'123)));
  ASSERT_TRUE(csv.Write(*Row("c", -2, std::nullopt)));
  ASSERT_TRUE(csv.Write(*Row("d", 0, 1'795'000'000'000'000)));
  const auto parts = csv.Close();
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 1u);
  const std::string text = *ReadFile(folder_ + "/" + parts->front().file);
  EXPECT_EQ(text,
            "Id,Score,At\n\"a,\"\"b\"\"\n\",1.5,1970-01-01T00:00:01.000Z\nc,-2,\n"
            "d,0,2026-11-18T11:06:40.000Z\n");
  EXPECT_EQ(parts->front().bytes, static_cast<int64_t>(text.size()));
  EXPECT_EQ(parts->front().rows, 3);
  EXPECT_EQ(csv.instants_cut(), 1);
  EXPECT_EQ(std::filesystem::status(folder_ + "/" + parts->front().file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(CloudCsvFiles, NoPartIsLargerThanAskedForAndEachHasItsHeader) {
  CloudCsv csv(schema_, {folder_, 40, {}});
  for (int row = 0; row < 9; ++row)
    ASSERT_TRUE(csv.Write(*Row("row-" + std::to_string(row), 1, {})));
  const auto parts = csv.Close();
  ASSERT_TRUE(parts);
  EXPECT_GT(parts->size(), 2u);
  int64_t rows = 0;
  for (const CloudPart& part : *parts) {
    const std::string text = *ReadFile(folder_ + "/" + part.file);
    EXPECT_LE(text.size(), 40u);
    EXPECT_TRUE(text.starts_with("Id,Score,At\n"));
    rows += part.rows;
  }
  EXPECT_EQ(rows, 9);
}

TEST_F(CloudCsvFiles, OnlyTheColumnsAskedForGoOut) {
  CloudCsv csv(schema_, {folder_, 1'000, {"Id"}});
  ASSERT_TRUE(csv.Write(*Row("x", 1, {})));
  EXPECT_EQ(*ReadFile(folder_ + "/" + csv.Close()->front().file), "Id\nx\n");
}

TEST_F(CloudCsvFiles, KeysToDeleteHaveNoHeader) {
  CloudCsv csv(schema_, {folder_, 1'000, {"Id"}, false});
  ASSERT_TRUE(csv.Write(*Row("x", 1, {})));
  ASSERT_TRUE(csv.Write(*Row("y", 1, {})));
  EXPECT_EQ(*ReadFile(folder_ + "/" + csv.Close()->front().file), "x\ny\n");
}

TEST_F(CloudCsvFiles, WhatCannotBeSentIsNamedByColumnAndRow) {
  CloudCsv csv(schema_, {folder_, 1'000, {}});
  ASSERT_TRUE(csv.Write(*Row("x", 1, {})));
  const auto infinite = csv.Write(*Row("y", std::numeric_limits<double>::infinity(), {}));
  ASSERT_FALSE(infinite);
  EXPECT_EQ(infinite.error().code(), "PUB-CLOUD-002");
  EXPECT_EQ(infinite.error().where(), "column `Score`, row 2");
  const auto latin = csv.Write(*Row("caf\xe9", 1, {}));
  ASSERT_FALSE(latin);
  EXPECT_EQ(latin.error().where(), "column `Id`, row 2");
  const auto large = csv.Write(*Row(std::string(1'000, 'x'), 1, {}));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind(), Kind::kLimitReached);
}

TEST_F(CloudCsvFiles, TypesThatDataCloudLacksAreRefusedBeforehand) {
  EXPECT_TRUE(CloudCsv::CheckTypes(schema_, "contract.yaml"));
  schema_.fields.push_back({4, "Wall", false, {record::TypeId::kTime}, ""});
  const auto checked = CloudCsv::CheckTypes(schema_, "contract.yaml");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), "PUB-CLOUD-001");
  EXPECT_NE(checked.error().why().find("`Wall`"), std::string::npos);
}

}  // namespace
}  // namespace firn::federation
