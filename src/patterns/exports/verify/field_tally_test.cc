// What could go wrong in production: a million rows differ, and the one field that lost its values
// stands behind the ninety-nine whose formulas are stale.
#include "patterns/exports/verify/field_tally.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "core/base/random.h"
#include "tests/support/test_folder.h"

namespace firn::exports {
namespace {

class FieldTallyTest : public ::testing::Test {
 protected:
  FieldTallyTest() {
    const auto add = [this](const char* name, record::TypeId id) {
      record::Type type;
      type.id = id;
      schema_.fields.push_back(
          {static_cast<int>(schema_.fields.size()) + 1, name, false, type, ""});
    };
    add("Amount", record::TypeId::kLong);
    add("Id", record::TypeId::kString);
    add("Total__c", record::TypeId::kString);
  }

  static std::string IdOf(int number) {
    char text[24];
    std::snprintf(text, sizeof text, "001%012dAAA", number);
    return text;
  }

  struct Row {
    int number;
    int64_t amount;
    std::string total;
  };
  static std::shared_ptr<arrow::RecordBatch> Batch(const std::vector<Row>& rows) {
    arrow::Int64Builder amounts;
    arrow::StringBuilder ids;
    arrow::StringBuilder totals;
    for (const Row& row : rows) {
      EXPECT_TRUE(amounts.Append(row.amount).ok() && ids.Append(IdOf(row.number)).ok());
      EXPECT_TRUE((row.total.empty() ? totals.AppendNull() : totals.Append(row.total)).ok());
    }
    return arrow::RecordBatch::Make(
        arrow::schema({arrow::field("Amount", arrow::int64()), arrow::field("Id", arrow::utf8()),
                       arrow::field("Total__c", arrow::utf8())}),
        static_cast<int64_t>(rows.size()), {*amounts.Finish(), *ids.Finish(), *totals.Finish()});
  }

  std::map<std::string, std::vector<size_t>> Differences(FieldTally& tally) {
    std::map<std::string, std::vector<size_t>> found;
    const auto done = tally.EachDifferent(
        call_, [&](std::string_view id, const std::vector<size_t>& fields) -> Result<void> {
          EXPECT_TRUE(found.emplace(id, fields).second) << id << " was told twice";
          return {};
        });
    EXPECT_TRUE(done) << done.error().OneLine();
    return found;
  }

  TestFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
  record::Schema schema_;
  Call call_;
};

TEST_F(FieldTallyTest, EachRowThatDiffersIsToldWithItsFieldsInOrder) {
  FieldTally tally(schema_, folder_.string(), 5);
  ASSERT_TRUE(tally.Add(
      FieldTally::Side::kOrg,
      *Batch({{1, 10, "a"}, {2, 20, "b"}, {3, 30, "c"}, {4, 40, ""}, {5, 50, "only in the org"}})));
  ASSERT_TRUE(tally.Add(FieldTally::Side::kLake, *Batch({{4, 40, "not null"}, {3, 31, "d"}})));
  ASSERT_TRUE(tally.Add(FieldTally::Side::kLake, *Batch({{2, 20, "B"}, {1, 10, "a"}})));
  const std::map<std::string, std::vector<size_t>> expected = {
      {IdOf(2), {2}}, {IdOf(3), {0, 2}}, {IdOf(4), {2}}};
  EXPECT_EQ(Differences(tally), expected);
}

TEST_F(FieldTallyTest, ManyRowsAreComparedInBucketsAndNoneIsLeftOut) {
  constexpr int kRows = 60'000;
  FieldTally tally(schema_, folder_.string(), 40LL * FieldTally::kBucketBytes / 30);
  for (const auto side : {FieldTally::Side::kOrg, FieldTally::Side::kLake}) {
    std::vector<Row> rows;
    for (int i = 0; i < kRows; ++i) {
      const bool stale = side == FieldTally::Side::kLake && i % 3 == 0;
      rows.push_back({i, i, stale ? "old" : "new"});
    }
    ASSERT_TRUE(tally.Add(side, *Batch(rows)));
  }
  const auto found = Differences(tally);
  EXPECT_EQ(found.size(), kRows / 3);
  for (const auto& [id, fields] : found) EXPECT_EQ(fields, std::vector<size_t>{2}) << id;
}

TEST_F(FieldTallyTest, ARowThatTheLakeHasTwiceIsComparedOnce) {
  FieldTally tally(schema_, folder_.string(), 2);
  ASSERT_TRUE(tally.Add(FieldTally::Side::kOrg, *Batch({{1, 10, "a"}})));
  ASSERT_TRUE(tally.Add(FieldTally::Side::kLake, *Batch({{1, 11, "a"}, {1, 11, "a"}})));
  EXPECT_EQ(Differences(tally).size(), 1U);
}

TEST_F(FieldTallyTest, NothingIsLeftOnDisk) {
  {
    FieldTally tally(schema_, folder_.string(), 1);
    ASSERT_TRUE(tally.Add(FieldTally::Side::kOrg, *Batch({{1, 10, "a"}})));
    EXPECT_TRUE(Differences(tally).empty());
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

}  // namespace
}  // namespace firn::exports
