// What could go wrong: data that differs from run to run, keys that lead nowhere, or data too clean
// to show what a careless reader loses.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

constexpr double kSmall = 0.03;

class SeedTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    org_ = new TestOrg();
    SeedOptions options;
    options.scale = kSmall;
    options.deleted_share = 0.1;
    const auto report = (*org_)->Seed(options);
    ASSERT_TRUE(report) << report.error().OneLine();
  }
  static void TearDownTestSuite() { delete org_; }
  static TestOrg* org_;
};
TestOrg* SeedTest::org_ = nullptr;

TEST_F(SeedTest, EveryObjectHasRecords) {
  for (const auto& object : (*org_)->catalogue()->objects()) {
    // Logs and permissions come from what happens in the org, not from the generator.
    if (object.seed_rows == 0) continue;
    EXPECT_GT(*(*org_)->Count(object.name, false), 0U) << object.name;
  }
}

TEST_F(SeedTest, CountersAgreeWithTheRows) {
  for (const auto& object : (*org_)->catalogue()->objects()) {
    if (!object.queryable) continue;
    const std::string rows = org_->One("SELECT COUNT(Id) FROM " + object.name);
    EXPECT_EQ(rows, std::to_string(*(*org_)->Count(object.name, false))) << object.name;
    const std::string all = org_->One("SELECT COUNT(Id) FROM " + object.name + " ALL ROWS");
    EXPECT_EQ(all, std::to_string(*(*org_)->Count(object.name, true))) << object.name;
  }
}

TEST_F(SeedTest, EveryReferenceLeadsToALiveRecord) {
  const auto catalogue = (*org_)->catalogue();
  for (const auto& object : catalogue->objects()) {
    if (!object.queryable) continue;
    for (const auto& field : object.fields) {
      if (field.type != FieldType::kReference) continue;
      auto cursor = (*org_)->Query("SELECT " + field.name + " FROM " + object.name, {});
      ASSERT_TRUE(cursor) << cursor.error().what();
      std::set<int64_t> ids;
      while (*(*cursor)->Next()) {
        if (!(*cursor)->row()[0].null()) ids.insert((*cursor)->row()[0].number);
      }
      for (const int64_t id : ids) {
        const ObjectInfo* target = catalogue->ByKeyPrefix(KeyPrefixOf(id));
        ASSERT_NE(target, nullptr) << object.name << '.' << field.name;
        const auto record = (*org_)->Read(target->name, IdText(id), {});
        ASSERT_TRUE(record) << object.name << '.' << field.name << ' ' << IdText(id);
      }
    }
  }
}

TEST_F(SeedTest, ValuesFitTheirFields) {
  for (const auto& object : (*org_)->catalogue()->objects()) {
    if (!object.queryable) continue;
    auto cursor = (*org_)->Query("SELECT FIELDS(ALL) FROM " + object.name + " LIMIT 200", {});
    ASSERT_TRUE(cursor) << cursor.error().what();
    while (*(*cursor)->Next()) {
      for (size_t i = 0; i < (*cursor)->columns().size(); ++i) {
        const Column& column = (*cursor)->columns()[i];
        const Value& value = (*cursor)->row()[i];
        if (!column.field->nillable && column.type != FieldType::kReference) {
          EXPECT_FALSE(value.null()) << object.name << '.' << column.name;
        }
        if (value.kind != Value::Kind::kText || column.field->calculated) continue;
        std::string storage;
        EXPECT_TRUE(ParseFieldText(*column.field, value.text, storage))
            << object.name << '.' << column.name << ": " << value.text;
        if (!column.field->restricted_picklist || column.type != FieldType::kPicklist) continue;
        bool known = false;
        for (const auto& each : column.field->picklist_values) {
          known = known || each.value == value.text;
        }
        EXPECT_TRUE(known) << object.name << '.' << column.name << ": " << value.text;
      }
    }
  }
}

TEST_F(SeedTest, SystemModstampsTie) {
  auto cursor = (*org_)->Query("SELECT SystemModstamp FROM Contact ORDER BY SystemModstamp", {});
  ASSERT_TRUE(cursor);
  int ties = 0;
  int64_t last = 0;
  while (*(*cursor)->Next()) {
    const int64_t stamp = (*cursor)->row()[0].number;
    EXPECT_GE(stamp, last);
    EXPECT_EQ(stamp % 1000, 0);
    ties += stamp == last ? 1 : 0;
    last = stamp;
  }
  EXPECT_GT(ties, 10);
  EXPECT_EQ(org_->One("SELECT COUNT() FROM Contact WHERE SystemModstamp > TODAY"), "0");
}

TEST_F(SeedTest, DataIsAwkwardOnPurpose) {
  std::string all;
  auto cursor = (*org_)->Query("SELECT Comment__c, LongNote__c FROM Widget__c", {});
  ASSERT_TRUE(cursor);
  std::set<std::string> comments;
  bool has_null = false;
  while (*(*cursor)->Next()) {
    has_null = has_null || (*cursor)->row()[0].null();
    comments.insert(std::string((*cursor)->row()[0].text));
    all += (*cursor)->row()[0].text;
    all += (*cursor)->row()[1].text;
  }
  EXPECT_TRUE(has_null);
  EXPECT_NE(all.find('\n'), std::string::npos);
  EXPECT_NE(all.find('"'), std::string::npos);
  const auto named = comments.count("NA") + comments.count("null") + comments.count("None") +
                     comments.count("N/A") + comments.count("nan");
  EXPECT_GT(named, 0U);
  EXPECT_NE(org_->One("SELECT COUNT() FROM Contact ALL ROWS"),
            org_->One("SELECT COUNT() FROM Contact"));
}

TEST(SeedDeterminismTest, SameSeedMakesTheSameBytes) {
  std::string dumps[2];
  for (auto& dump : dumps) {
    TestOrg org;
    SeedOptions options;
    options.scale = 0.002;
    ASSERT_TRUE(org->Seed(options));
    for (const auto& object : org->catalogue()->objects()) {
      if (!object.queryable) continue;
      auto cursor = org->Query("SELECT FIELDS(ALL) FROM " + object.name + " LIMIT 200", {});
      ASSERT_TRUE(cursor) << cursor.error().what();
      while (*(*cursor)->Next()) AppendCsvRow(**cursor, {}, dump);
    }
  }
  EXPECT_GT(dumps[0].size(), 10'000U);
  EXPECT_EQ(dumps[0], dumps[1]);
}

TEST(CsvFileTest, EveryPageOfAResultBeginsAtARow) {
  TestOrg org;
  SeedOptions options;
  options.object = "Widget__c";
  options.rows = 2500;
  ASSERT_TRUE(org->Seed(options));
  const std::string soql = "SELECT Id, Comment__c, LongNote__c, Price__c FROM Widget__c";
  auto whole = org->Query(soql, {});
  std::string expected;
  std::vector<size_t> begins;
  while (*(*whole)->Next()) {
    begins.push_back(expected.size());
    AppendCsvRow(**whole, {}, expected);
  }
  auto cursor = org->Query(soql, {});
  const std::string path = org.folder() + "/result.csv";
  const auto index = WriteCsvFile(**cursor, {}, path, nullptr);
  ASSERT_TRUE(index) << index.error().OneLine();
  EXPECT_EQ(index->rows, begins.size());
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(bytes, expected);
  for (const uint64_t page : {1UL, 7UL, 999UL, 1000UL, 1001UL}) {
    uint64_t rows = 0;
    for (uint64_t first = 0; first < index->rows; first += page * 37) {
      const auto range = FindCsvRows(path, *index, first, page);
      ASSERT_TRUE(range);
      EXPECT_EQ(range->offset, begins[first]);
      const uint64_t end = first + range->rows;
      EXPECT_EQ(range->offset + range->bytes, end < begins.size() ? begins[end] : expected.size());
      rows += range->rows;
    }
    EXPECT_GT(rows, 0U);
  }
  EXPECT_EQ(FindCsvRows(path, *index, index->rows, 10)->rows, 0U);
}

TEST(CsvFileTest, StoppedQueryIsCancelled) {
  TestOrg org;
  SeedOptions options;
  options.object = "Reading__c";
  options.rows = 10'000;
  ASSERT_TRUE(org->Seed(options));
  auto cursor = org->Query("SELECT Id FROM Reading__c", {});
  const auto index =
      WriteCsvFile(**cursor, {}, org.folder() + "/r.csv", [](uint64_t) { return false; });
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code(), "SBX-QUERY-002");
}

}  // namespace
}  // namespace firn::sandbox
