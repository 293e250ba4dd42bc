// What could go wrong in production: a filter leaves out rows that match, because statistics were
// read wrongly, or a typing mistake silently matches nothing.
#include "ends/lake/read/filter.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/record/arrow_schema.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/parquet/arrow_file.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/table_test_desk.h"

namespace firn::lake {
namespace {

record::Schema Columns() {
  record::Schema schema;
  const auto add = [&schema](const char* name, record::TypeId id) {
    record::Type type;
    type.id = id;
    if (id == record::TypeId::kDecimal) {
      type.precision = 9;
      type.scale = 2;
    }
    schema.fields.push_back({static_cast<int>(schema.fields.size()) + 1, name, false, type, ""});
  };
  add("name", record::TypeId::kString);
  add("count", record::TypeId::kLong);
  add("price", record::TypeId::kDecimal);
  add("day", record::TypeId::kDate);
  add("at", record::TypeId::kTimestamptz);
  add("flag", record::TypeId::kBoolean);
  add("ratio", record::TypeId::kDouble);
  return schema;
}

bool MayMatch(const std::string& where, const DataFile& statistics) {
  const auto filter = Filter::Parse(where, Columns());
  EXPECT_TRUE(filter) << where << ": " << filter.error().OneLine();
  return filter && filter->MayMatch(statistics);
}

TEST(Filter, TimesOfDayAndUuidsAreCompared) {
  record::Schema schema;
  schema.fields = {{1, "opens", false, {}, ""}, {2, "token", false, {}, ""}};
  schema.fields[0].type.id = record::TypeId::kTime;
  schema.fields[1].type.id = record::TypeId::kUuid;
  const auto arrow_schema = record::ArrowSchema(schema);
  arrow::Time64Builder opens(arrow_schema->field(0)->type(), arrow::default_memory_pool());
  arrow::FixedSizeBinaryBuilder token(arrow_schema->field(1)->type());
  for (const int64_t hour : {8, 9, 10}) {
    ASSERT_TRUE(opens.Append(hour * 3'600'000'000).ok());
    ASSERT_TRUE(token.Append(std::string(16, static_cast<char>(hour))).ok());
  }
  ASSERT_TRUE(opens.AppendNull().ok() && token.AppendNull().ok());
  const auto rows = arrow::RecordBatch::Make(arrow_schema, 4, {*opens.Finish(), *token.Finish()});
  const auto matching = [&](const std::string& where) {
    const auto filter = Filter::Parse(where, schema);
    EXPECT_TRUE(filter) << where << ": " << filter.error().OneLine();
    std::string out;
    const auto found = filter ? filter->Matches(*rows) : std::vector<bool>();
    if (!found) return found.error().OneLine();
    for (const bool one : *found) out += one ? 'x' : '.';
    return out;
  };
  EXPECT_EQ(matching("opens >= '09:00:00'"), ".xx.");
  EXPECT_EQ(matching("opens < '09:00:00.000Z'"), "x...");
  EXPECT_EQ(matching("opens IN ('08:00:00', '10:00:00.000000')"), "x.x.");
  EXPECT_EQ(matching("token = '09090909-0909-0909-0909-090909090909'"), ".x..");
  for (const char* none : {"opens > 'noon'", "opens > '25:00:00'", "token = '09'"}) {
    const auto filter = Filter::Parse(none, schema);
    ASSERT_FALSE(filter) << none;
    EXPECT_EQ(filter.error().code(), "LAKE-FILTER-001");
  }
}

TEST(Filter, StatisticsSpareOnlyWhatCannotMatch) {
  DataFile file;
  file.record_count = 10;
  for (int id = 1; id <= 7; ++id) file.value_counts[id] = 10;
  file.null_value_counts = {{1, 0}, {2, 3}, {6, 10}};
  file.lower_bounds = {
      {1, "bob"}, {2, SingleLong(-5)}, {3, SingleDecimal(-1, ~0ULL - 149)}, {4, SingleInt(20000)}};
  file.upper_bounds = {
      {1, "eva"}, {2, SingleLong(7)}, {3, SingleDecimal(0, 1050)}, {4, SingleInt(20010)}};
  for (const char* yes : {"name = 'bob'",
                          "name = 'carl'",
                          "name >= 'eva'",
                          "name IN ('a', 'dora')",
                          "count = -5",
                          "count < -4",
                          "count <= -5",
                          "count > 6",
                          "count >= 7",
                          "count IS NULL",
                          "price = 10.50",
                          "price <= -1.50",
                          "day = '2024-10-04'",
                          "at > '2020-01-01 00:00:00Z'",
                          "ratio = 1.5",
                          "flag IS NULL",
                          "name != 'bob'",
                          "name IS NOT NULL AND count = 0",
                          "name LIKE 'd%'",
                          "name LIKE 'eva%'",
                          "name LIKE 'e%a'",
                          "name LIKE '%z'",
                          "name NOT LIKE 'b%'",
                          "count = 99 OR name = 'carl'",
                          "NOT count = 99",
                          "NOT (count > 9 AND name = 'z')",
                          "name NOT IN ('bob', 'eva')",
                          "count BETWEEN 7 AND 9",
                          "count NOT BETWEEN 7 AND 9",
                          "NOT (name IS NULL OR count = 99)"})
    EXPECT_TRUE(MayMatch(yes, file)) << yes;
  for (const char* no : {"name = 'alf'",
                         "name > 'eva'",
                         "name < 'bob'",
                         "name IN ('a', 'z')",
                         "count = 8",
                         "count < -5",
                         "count > 7",
                         "name IS NULL",
                         "price > 10.50",
                         "price < -1.50",
                         "day < '2024-10-04'",
                         "flag = true",
                         "flag IS NOT NULL",
                         "name = 'bob' AND count = 99",
                         "name LIKE 'ev_z%' AND name LIKE 'f%'",
                         "name LIKE 'a%'",
                         "name LIKE 'z_'",
                         "flag NOT IN (true)",
                         "count = 99 OR name = 'z'",
                         "NOT (count <= 7 OR name = 'x')",
                         "count BETWEEN 8 AND 9",
                         "NOT count BETWEEN -5 AND 7",
                         "NOT NOT count = 8",
                         "(name = 'z' OR name > 'y') AND count = 0"})
    EXPECT_FALSE(MayMatch(no, file)) << no;
  // A file that says nothing may hold anything.
  DataFile silent;
  silent.record_count = 10;
  EXPECT_TRUE(MayMatch("name = 'x' AND count = 1 AND flag IS NULL", silent));
}

template <typename T>
std::string BytesOf(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

TEST(Filter, ABoundThatIsNoNumberSaysNothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  DataFile file;
  file.record_count = 10;
  file.lower_bounds[7] = BytesOf(nan);
  file.upper_bounds[7] = BytesOf(nan);
  for (const char* yes : {"ratio = 1.5", "ratio < 1", "ratio > 1", "ratio IN (1, 2)"})
    EXPECT_TRUE(MayMatch(yes, file)) << yes;
  file.upper_bounds[7] = BytesOf(1.0);
  EXPECT_TRUE(MayMatch("ratio = 0.5", file));
  EXPECT_FALSE(MayMatch("ratio > 1", file));
  // The two zeros are one number.
  file.lower_bounds[7] = BytesOf(0.0);
  file.upper_bounds[7] = BytesOf(-0.0);
  EXPECT_TRUE(MayMatch("ratio = 0", file));
  EXPECT_TRUE(MayMatch("ratio <= -0.0", file));
  EXPECT_FALSE(MayMatch("ratio < 0", file));
}

TEST(Filter, BoundsFromBeforeAColumnWasWidenedHold) {
  DataFile file;
  file.record_count = 10;
  file.lower_bounds = {{2, SingleInt(-5)}, {5, SingleInt(-1)}, {7, BytesOf(-1.5F)}};
  file.upper_bounds = {{2, SingleInt(7)}, {5, SingleInt(1)}, {7, BytesOf(2.5F)}};
  for (const char* yes : {"count = -5", "count > 6", "at = '1969-12-31 00:00:00Z'",
                          "at < '1970-01-01 00:00:00Z'", "ratio = 2.5", "ratio < -1"})
    EXPECT_TRUE(MayMatch(yes, file)) << yes;
  for (const char* no : {"count < -5", "count > 7", "at < '1969-12-31 00:00:00Z'",
                         "at > '1970-01-02 00:00:00Z'", "ratio > 2.5", "ratio < -1.5"})
    EXPECT_FALSE(MayMatch(no, file)) << no;
}

// Rows -1.50, 1.00, 1.01, null of `price`, and -2, 1, 2, null of `count`, as a word of 1 and 0.
std::string Matching(const std::string& where) {
  const auto filter = Filter::Parse(where, Columns());
  EXPECT_TRUE(filter) << where << ": " << filter.error().OneLine();
  if (!filter) return "";
  arrow::Decimal64Builder prices(arrow::decimal64(9, 2));
  arrow::Int64Builder counts;
  for (const auto& [price, count] : {std::pair(-150, -2), {100, 1}, {101, 2}}) {
    EXPECT_TRUE(prices.Append(arrow::Decimal64(price)).ok());
    EXPECT_TRUE(counts.Append(count).ok());
  }
  EXPECT_TRUE(prices.AppendNull().ok() && counts.AppendNull().ok());
  const auto rows =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("price", arrow::decimal64(9, 2)),
                                              arrow::field("count", arrow::int64())}),
                               4, {*prices.Finish(), *counts.Finish()});
  const auto matches = filter->Matches(*rows);
  EXPECT_TRUE(matches) << where;
  std::string out;
  for (const bool match : *matches) out += match ? '1' : '0';
  return out;
}

TEST(Filter, ANumberWithMoreDigitsThanItsColumnComparesAsWhatItIs) {
  const std::pair<const char*, const char*> cases[] = {
      {"price = 1.00", "0100"},
      {"price = 1.000", "0100"},
      {"price = 1.005", "0000"},
      {"price != 1.005", "1110"},
      {"price < 1.005", "1100"},
      {"price <= 1.005", "1100"},
      {"price > 1.005", "0010"},
      {"price >= 1.005", "0010"},
      {"price < -1.4999", "1000"},
      {"price >= -1.501", "1110"},
      {"price <= -1.501", "0000"},
      {"NOT price > 1.005", "1100"},
      {"price IN (1.005, 1.01)", "0010"},
      {"price NOT IN (1.005, 1.01)", "1100"},
      {"price IN (1.005)", "0000"},
      {"NOT price IN (1.005)", "1110"},
      {"price BETWEEN 0.999 AND 1.005", "0100"},
      {"price NOT BETWEEN 0.999 AND 1.005", "1010"},
      {"price < 123456789012345", "1110"},
      {"price > 123456789012345", "0000"},
      {"price > -123456789012345", "1110"},
      {"price <= -123456789012345", "0000"},
      {"price != 1e30", "1110"},
      {"price < 1e70", "1110"},
      {"count > 1.5", "0010"},
      {"count <= -1.5", "1000"},
      {"count < 99999999999999999999", "1110"},
      {"count = 2.0", "0010"}};
  for (const auto& [where, expected] : cases) EXPECT_EQ(Matching(where), expected) << where;
}

TEST(Filter, ANumberWithMoreDigitsThanItsColumnSparesOnlyWhatCannotMatch) {
  DataFile file;
  file.record_count = 10;
  file.lower_bounds = {{3, SingleDecimal(0, 100)}};
  file.upper_bounds = {{3, SingleDecimal(0, 200)}};
  for (const char* yes : {"price > 1.999", "price < 1.001", "price >= 0.999", "price != 1.005"})
    EXPECT_TRUE(MayMatch(yes, file)) << yes;
  for (const char* no : {"price > 2.001", "price >= 2.001", "price < 0.999", "price = 1.005"})
    EXPECT_FALSE(MayMatch(no, file)) << no;
}

TEST(Filter, WhatIsNoFilterIsSaid) {
  for (const char* bad : {"",
                          "name",
                          "name =",
                          "name = bob",
                          "= 1",
                          "count = 'x'",
                          "name = 'x",
                          "name = 'x' OR",
                          "name = 'x' count = 1",
                          "(name = 'x'",
                          "name = 'x')",
                          "NOT",
                          "name NOT 'x'",
                          "count LIKE '1%'",
                          "name LIKE 5",
                          "count BETWEEN 1",
                          "count BETWEEN 1 OR 2",
                          "day = 2024-13-01",
                          "name IN 'x'",
                          "name IN ('x'",
                          "name IS 1",
                          "day = '2024-13-01'",
                          "name ~ 'x'"}) {
    const auto filter = Filter::Parse(bad, Columns());
    ASSERT_FALSE(filter) << bad;
    EXPECT_EQ(filter.error().code(), "LAKE-FILTER-001") << bad;
  }
  const auto unknown = Filter::Parse("nmae = 'x'", Columns());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), "LAKE-COLUMN-001");
  EXPECT_NE(unknown.error().what().find("`name`"), std::string::npos);
}

TEST(Filter, ConditionsThatNestTooDeepAreRefused) {
  const std::string deep = std::string(500, '(') + "count = 1" + std::string(500, ')');
  const auto filter = Filter::Parse(deep, Columns());
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().code(), "LAKE-FILTER-001");
  std::string nots;
  for (int i = 0; i < 500; ++i) nots += "NOT ";
  EXPECT_FALSE(Filter::Parse(nots + "count = 1", Columns()));
}

TEST(Filter, AWordInQuotesIsAColumnThoughItIsAWordOfTheLanguage) {
  record::Schema schema = Columns();
  schema.fields[0].name = "not";
  schema.fields[1].name = "In";
  EXPECT_TRUE(Filter::Parse("\"not\" = 'x' AND \"In\" IN (1)", schema));
  EXPECT_FALSE(Filter::Parse("not = 'x'", schema));
}

class FilterRowsTest : public TableDesk {
 protected:
  std::string Where(const std::string& where, RowReader::Spared* spared = nullptr) {
    RowsOptions options;
    options.where = where;
    const auto reader = RowReader::Open(call_, Now(), options);
    EXPECT_TRUE(reader) << reader.error().OneLine();
    std::string out;
    for (;;) {
      const auto batch = (*reader)->Next(call_);
      EXPECT_TRUE(batch) << batch.error().OneLine();
      if (!batch || *batch == nullptr) break;
      const RowText text(**batch, (*reader)->schema());
      for (int64_t row = 0; row < text.rows(); ++row) out += text.JsonObject(row).at(21);
    }
    if (spared != nullptr) *spared = (*reader)->spared();
    std::sort(out.begin(), out.end());
    return out;
  }
};

TEST_F(FilterRowsTest, OnlyMatchingRowsComeAndFilesAreSpared) {
  Import({"7", "8"});
  RowReader::Spared spared;
  EXPECT_EQ(Where("Id = 'a01000000000008AAA'", &spared), "8");
  EXPECT_EQ(spared.files, 1);
  EXPECT_EQ(Where("Id > 'a01000000000003AAA'"), "478");
  EXPECT_EQ(Where("Id IN ('a01000000000001AAA', 'a01000000000007AAA')"), "17");
  EXPECT_EQ(Where("Id IS NULL"), "");
  EXPECT_EQ(Where("Id = 'it''s'"), "");
  EXPECT_EQ(Where("Id LIKE '%7AAA' OR Id LIKE 'a0______________AAA'"), "7");
  EXPECT_EQ(Where("NOT (Id <= 'a01000000000003AAA' OR Id LIKE '%8___')"), "47");
  EXPECT_EQ(Where("Id NOT IN ('a01000000000007AAA') AND NOT Id < 'a01000000000004AAA'"), "48");
  ASSERT_TRUE(Commit(Out(Now(), {0})));
  EXPECT_EQ(Where("Id IS NOT NULL"), Ids());
}

class FilterPagesTest : public FilterRowsTest {
 protected:
  static std::string IdOf(int64_t number) {
    const std::string digits = std::to_string(number);
    return "a01" + std::string(12 - digits.size(), '0') + digits + "AAA";
  }
  // One row group of several pages with a page index, as other engines write them.
  void ImportMany(int64_t rows) {
    record::Layout layout;
    layout.schema = Now().schema();
    arrow::StringBuilder ids;
    for (int64_t i = 0; i < rows; ++i) ASSERT_TRUE(ids.Append(IdOf(i)).ok());
    const auto batch =
        arrow::RecordBatch::Make(record::ArrowSchema(layout.schema), rows, {*ids.Finish()});
    const std::string path = folder_ + "/warehouse/many.parquet";
    const auto writer = OpenArrowFile(path, layout, {});
    ASSERT_TRUE(writer) << writer.error().OneLine();
    ASSERT_TRUE((*writer)->Write(*batch));
    auto file = (*writer)->Close();
    ASSERT_TRUE(file);
    file->path = FileUri(path);
    const auto replaced = lake_->ReplaceAll(call_, ident_, {*file}, nullptr, {});
    ASSERT_TRUE(replaced) << replaced.error().OneLine();
  }
  std::vector<std::string> IdsWhere(const std::string& where, RowReader::Spared& spared) {
    RowsOptions options;
    options.where = where;
    const auto reader = RowReader::Open(call_, Now(), options);
    EXPECT_TRUE(reader) << reader.error().OneLine();
    std::vector<std::string> ids;
    for (;;) {
      const auto batch = (*reader)->Next(call_);
      EXPECT_TRUE(batch) << batch.error().OneLine();
      if (!batch || *batch == nullptr) break;
      const RowText text(**batch, (*reader)->schema());
      for (int64_t row = 0; row < text.rows(); ++row)
        ids.push_back(text.JsonObject(row).substr(7, 18));
    }
    spared = (*reader)->spared();
    return ids;
  }
};

TEST_F(FilterPagesTest, PagesWithoutAMatchAreNotRead) {
  ImportMany(100'000);
  RowReader::Spared spared;
  EXPECT_EQ(IdsWhere("Id = '" + IdOf(54'321) + "'", spared), std::vector{IdOf(54'321)});
  EXPECT_GT(spared.rows, 60'000);
  EXPECT_EQ(IdsWhere("Id IN ('" + IdOf(3) + "', '" + IdOf(99'999) + "')", spared),
            (std::vector{IdOf(3), IdOf(99'999)}));
  EXPECT_GT(spared.rows, 40'000);
  EXPECT_TRUE(IdsWhere("Id = '" + IdOf(50'000).substr(0, 17) + "B'", spared).empty());
  EXPECT_EQ(IdsWhere("Id >= '" + IdOf(30'000) + "'", spared).size(), 70'000U);
  EXPECT_GT(spared.rows, 0);
}

TEST_F(FilterPagesTest, DeletedRowsStayAwayThoughPagesBeforeThemWerePassedOver) {
  ImportMany(100'000);
  ASSERT_TRUE(Commit(Out(Now(), {0, 54'321, 99'999})));
  RowReader::Spared spared;
  EXPECT_TRUE(IdsWhere("Id = '" + IdOf(54'321) + "'", spared).empty());
  EXPECT_GT(spared.rows, 60'000);
  EXPECT_EQ(IdsWhere("Id = '" + IdOf(54'322) + "'", spared), std::vector{IdOf(54'322)});
  EXPECT_EQ(IdsWhere("Id >= '" + IdOf(99'990) + "'", spared).size(), 9U);
}

}  // namespace
}  // namespace firn::lake
