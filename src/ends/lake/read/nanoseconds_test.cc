// What could go wrong in production: times in nanoseconds (format version 3) are taken for
// microseconds, and rows are shown, pruned or placed a thousand times off.
#include <arrow/api.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "core/record/arrow_schema.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/format/schema_json.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/maintain/maintenance.h"
#include "ends/lake/merge/merge.h"
#include "ends/lake/read/row_text.h"
#include "ends/lake/read/rows.h"

namespace firn::lake {
namespace {

constexpr int64_t kDayNs = 86'400'000'000'000;

class NanosecondsTest : public testing::Test {
 protected:
  NanosecondsTest() : folder_(testing::TempDir() + "nanoseconds_" + std::to_string(getpid())) {
    std::filesystem::remove_all(folder_);
    lake_ = *Lake::Open({.warehouse = folder_});
    schema_.fields = {{1, "Id", true, {}, ""},
                      {2, "At", false, *ParsePrimitive("timestamptz_ns"), ""},
                      {3, "Local", false, *ParsePrimitive("timestamp_ns"), ""}};
  }
  ~NanosecondsTest() override { std::filesystem::remove_all(folder_); }

  // A table that is partitioned by the day of `At`, with a row for each time and one without.
  void Fill(const std::vector<int64_t>& times) {
    ASSERT_TRUE(lake_->Create(call_, ident_, schema_, {{"format-version", "3"}}));
    const auto shape = lake_->Load(ident_)->shape();
    ASSERT_TRUE(lake_->EvolveSpec(call_, ident_, {{2, 0, "At_day", "day"}}, shape));
    auto merger = Merger::Open(call_, *lake_, {.table = ident_});
    ASSERT_TRUE(merger) << merger.error().OneLine();
    const auto arrow_schema = record::ArrowSchema(schema_);
    arrow::StringBuilder ids;
    arrow::TimestampBuilder at(arrow_schema->field(1)->type(), arrow::default_memory_pool());
    arrow::TimestampBuilder local(arrow_schema->field(2)->type(), arrow::default_memory_pool());
    for (size_t i = 0; i < times.size(); ++i) {
      ASSERT_TRUE(ids.Append(std::to_string(i)).ok());
      ASSERT_TRUE(at.Append(times[i]).ok() && local.Append(times[i]).ok());
    }
    ASSERT_TRUE(ids.Append("none").ok() && at.AppendNull().ok() && local.AppendNull().ok());
    const auto rows = arrow::RecordBatch::Make(arrow_schema, ids.length(),
                                               {*ids.Finish(), *at.Finish(), *local.Finish()});
    ASSERT_TRUE((*merger)->Upsert(rows, {}));
    const auto done = (*merger)->Commit(call_, {});
    ASSERT_TRUE(done) << done.error().OneLine();
  }

  std::map<std::string, std::string> Rows(const std::string& where = "") {
    std::map<std::string, std::string> out;
    RowsOptions options;
    options.where = where;
    const auto reader = RowReader::Open(call_, *lake_->Load(ident_), options);
    EXPECT_TRUE(reader) << reader.error().OneLine();
    if (!reader) return out;
    spared_ = (*reader)->spared().files;
    for (;;) {
      const auto batch = (*reader)->Next(call_);
      EXPECT_TRUE(batch) << batch.error().OneLine();
      if (!batch || *batch == nullptr) return out;
      spared_ = (*reader)->spared().files;
      const RowText text(**batch, (*reader)->schema());
      for (int64_t row = 0; row < text.rows(); ++row)
        out[text.Cell(row, 0).value()] =
            text.Cell(row, 1).value_or("null") + " " + text.Cell(row, 2).value_or("null");
    }
  }

  std::string folder_;
  std::unique_ptr<Lake> lake_;
  record::Schema schema_;
  TableIdent ident_{"sales", "Fine"};
  Call call_;
  int64_t spared_ = 0;
};

TEST_F(NanosecondsTest, TimesAreWrittenPlacedAndReadToTheLastDigit) {
  const std::vector<int64_t> times = {-1, 0, 1, kDayNs - 1, kDayNs, 1'510'871'468'000'000'001};
  Fill(times);
  const std::map<std::string, std::string> all = {
      {"0", "1969-12-31T23:59:59.999999999Z 1969-12-31T23:59:59.999999999"},
      {"1", "1970-01-01T00:00:00.000000000Z 1970-01-01T00:00:00.000000000"},
      {"2", "1970-01-01T00:00:00.000000001Z 1970-01-01T00:00:00.000000001"},
      {"3", "1970-01-01T23:59:59.999999999Z 1970-01-01T23:59:59.999999999"},
      {"4", "1970-01-02T00:00:00.000000000Z 1970-01-02T00:00:00.000000000"},
      {"5", "2017-11-16T22:31:08.000000001Z 2017-11-16T22:31:08.000000001"},
      {"none", "null null"}};
  EXPECT_EQ(Rows(), all);
  std::multiset<std::string> days;
  const auto files = lake_->Load(ident_)->Files(call_);
  ASSERT_TRUE(files);
  for (const DataFile& file : *files) {
    record::Type date;
    date.id = record::TypeId::kDate;
    const auto& day = file.partition.front();
    days.insert(day ? SingleText(date, *day) : "null");
    if (!day) continue;
    const auto low = SingleToLong(file.lower_bounds.at(2));
    EXPECT_NE(std::find(times.begin(), times.end(), *low), times.end());
  }
  EXPECT_EQ(days, (std::multiset<std::string>{"1969-12-31", "1970-01-01", "1970-01-02",
                                              "2017-11-16", "null"}));
}

TEST_F(NanosecondsTest, FiltersFindTimesByNanosecondsAndPassOverOtherDays) {
  Fill({-1, 0, 1, kDayNs});
  EXPECT_EQ(Rows("At >= '1970-01-01T00:00:00.000000001Z'").size(), 2U);
  EXPECT_EQ(spared_, 2);  // of the day before, and of rows without a time
  EXPECT_EQ(Rows("At < '1970-01-01'").size(), 1U);
  EXPECT_EQ(Rows("Local = '1970-01-01 00:00:00.000000001'").size(), 1U);
}

TEST_F(NanosecondsTest, CompactionKeepsEveryDigit) {
  Fill({-1, 0, 1, 1'510'871'468'123'456'789});
  const auto before = Rows();
  MaintainOptions options;
  options.compaction.rewrite_all = true;
  options.expire = options.orphans = options.manifests = false;
  const auto done = Maintain(call_, *lake_, ident_, options);
  ASSERT_TRUE(done) << done.error().OneLine();
  EXPECT_GT(done->compaction.files_before, 0);
  EXPECT_EQ(Rows(), before);
}

TEST_F(NanosecondsTest, AnOlderTableCannotHaveThem) {
  const auto made = lake_->Create(call_, ident_, schema_, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), "LAKE-SCHEMA-002");
  EXPECT_NE(made.error().what().find("`At` is timestamptz_ns"), std::string::npos)
      << made.error().OneLine();
}

TEST_F(NanosecondsTest, MicrosecondsDoNotBecomeNanosecondsNorTheOtherWayRound) {
  record::Schema coarse = schema_;
  coarse.fields[1].type = *ParsePrimitive("timestamptz");
  for (const auto& [from, to] : {std::pair(coarse, schema_), std::pair(schema_, coarse)}) {
    const auto refused = CheckEvolution(from, to, {.last_column_id = 3});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), "LAKE-SCHEMA-001");
  }
  EXPECT_NE(SchemaJson(schema_).find("\"timestamptz_ns\""), std::string::npos);
  EXPECT_EQ(ParseSchemaJson(SchemaJson(schema_))->fields, schema_.fields);
}

}  // namespace
}  // namespace firn::lake
