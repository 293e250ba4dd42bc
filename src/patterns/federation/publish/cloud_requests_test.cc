// What could go wrong in production: a request is larger than Data Cloud takes, a number arrives as
// text or with fewer digits, a field that is null is left out, a large table is streamed for hours.
#include "patterns/federation/publish/cloud_requests.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/builder_time.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/record/arrow_schema.h"
#include "tests/support/test_folder.h"

namespace firn::federation {
namespace {

using Json = nlohmann::json;

class CloudRequestFiles : public testing::Test {
 protected:
  CloudRequestFiles() {
    schema_.fields.push_back({1, "Id", true, {record::TypeId::kString}, ""});
    schema_.fields.push_back({2, "Score", false, {record::TypeId::kDouble}, ""});
    schema_.fields.push_back({3, "Count", false, {record::TypeId::kLong}, ""});
    schema_.fields.push_back({4, "At", false, {record::TypeId::kTimestamptz}, ""});
  }

  std::shared_ptr<arrow::RecordBatch> Row(const std::string& id, double score, int64_t count,
                                          std::optional<int64_t> micros) {
    const auto types = record::ArrowSchema(schema_);
    arrow::StringBuilder ids;
    arrow::DoubleBuilder scores;
    arrow::Int64Builder counts;
    arrow::TimestampBuilder times(types->field(3)->type(), arrow::default_memory_pool());
    EXPECT_TRUE(ids.Append(id).ok() && scores.Append(score).ok() && counts.Append(count).ok());
    EXPECT_TRUE((micros ? times.Append(*micros) : times.AppendNull()).ok());
    return arrow::RecordBatch::Make(
        types, 1, {*ids.Finish(), *scores.Finish(), *counts.Finish(), *times.Finish()});
  }
  // The lines of all parts.
  std::vector<std::string> Bodies(const std::vector<CloudPart>& parts) {
    std::vector<std::string> bodies;
    for (const CloudPart& part : parts) {
      const std::string text = *ReadFile(folder_ + "/" + part.file);
      EXPECT_EQ(part.bytes, static_cast<int64_t>(text.size()));
      for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
        bodies.push_back(text.substr(at, text.find('\n', at) - at));
    }
    return bodies;
  }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  record::Schema schema_;
};

TEST_F(CloudRequestFiles, HoldEveryFieldInItsType) {
  CloudRequests requests(schema_, {.folder = folder_, .keys = {}, .body_bytes = 10'000});
  ASSERT_TRUE(requests.Write(*Row("a\"\n", 1.5, 9'007'199'254'740'993, 1'000'123)));
  ASSERT_TRUE(requests.Write(*Row("", -2, 0, std::nullopt)));
  const auto parts = requests.Close();
  ASSERT_TRUE(parts);
  const auto bodies = Bodies(*parts);
  ASSERT_EQ(bodies.size(), 1u);
  EXPECT_EQ(bodies[0],
            R"({"data":[{"Id":"a\"\n","Score":1.5,"Count":9007199254740993,)"
            R"("At":"1970-01-01T00:00:01.000Z"},{"Id":"","Score":-2,"Count":0,"At":null}]})");
  EXPECT_EQ(parts->front().rows, 2);
  EXPECT_EQ(requests.instants_cut(), 1);
  EXPECT_EQ(std::filesystem::status(folder_ + "/" + parts->front().file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(CloudRequestFiles, NoRequestIsLargerThanAskedForAndNoRowIsLost) {
  CloudRequests requests(schema_, {.folder = folder_, .keys = {}, .body_bytes = 200});
  for (int row = 0; row < 300; ++row)
    ASSERT_TRUE(requests.Write(*Row("row-" + std::to_string(row), 1, row, {})));
  const auto parts = requests.Close();
  ASSERT_TRUE(parts);
  EXPECT_GT(parts->size(), 1u);
  std::vector<int64_t> seen;
  for (const std::string& body : Bodies(*parts)) {
    EXPECT_LE(body.size(), 200u);
    const Json rows = Json::parse(body)["data"];
    for (const Json& row : rows) seen.push_back(row["Count"].get<int64_t>());
  }
  ASSERT_EQ(seen.size(), 300u);
  for (int64_t row = 0; row < 300; ++row) EXPECT_EQ(seen[static_cast<size_t>(row)], row);
}

TEST_F(CloudRequestFiles, DeletesNameAtMostTwoHundredKeysARequest) {
  CloudRequests requests(schema_, {.folder = folder_, .keys = {"Count"}, .body_bytes = 100'000});
  for (int row = 0; row < 450; ++row) ASSERT_TRUE(requests.Write(*Row("x", 1, row, {})));
  const auto parts = requests.Close();
  ASSERT_TRUE(parts);
  std::vector<size_t> sizes;
  for (const std::string& body : Bodies(*parts)) sizes.push_back(Json::parse(body)["ids"].size());
  EXPECT_EQ(sizes, (std::vector<size_t>{200, 200, 50}));
  EXPECT_TRUE(Bodies(*parts)[0].starts_with(R"({"ids":["0","1",)"));
}

TEST_F(CloudRequestFiles, MoreThanAreWantedAreSaidToBeTooMany) {
  CloudRequests requests(schema_,
                         {.folder = folder_, .keys = {}, .body_bytes = 100, .requests_most = 3});
  for (int row = 0; row < 3; ++row) {
    ASSERT_TRUE(requests.Write(*Row("0123456789", 1, row, {})));
    EXPECT_FALSE(requests.full());
  }
  ASSERT_TRUE(requests.Write(*Row("0123456789", 1, 3, {})));
  EXPECT_TRUE(requests.full());
}

TEST_F(CloudRequestFiles, RefuseWhatCannotBeSentByColumnAndRow) {
  CloudRequests requests(schema_, {.folder = folder_, .keys = {}, .body_bytes = 100});
  ASSERT_TRUE(requests.Write(*Row("a", 1, 1, {})));
  const auto number = requests.Write(*Row("b", std::numeric_limits<double>::infinity(), 1, {}));
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().code(), "PUB-CLOUD-002");
  EXPECT_EQ(number.error().where(), "column `Score`, row 2");
  const auto text = requests.Write(*Row("\xFF", 1, 1, {}));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().why(), "it is not UTF-8");
  const auto large = requests.Write(*Row(std::string(200, 'x'), 1, 1, {}));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind(), Kind::kLimitReached);
  EXPECT_EQ(large.error().OneLine().find("xxx"), std::string::npos);
}

}  // namespace
}  // namespace firn::federation
