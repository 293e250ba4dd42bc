// What could go wrong in production: a page's rows are lost or doubled between the wire and the
// closed file, or a file's statistics make readers skip rows that are there.
#include "ends/lake/ingest/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "core/base/file.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/read/scan.h"
#include "ends/lake/store/object_store.h"
#include "tests/support/test_folder.h"

namespace firn::lake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Text final : public net::BodyStream {
 public:
  explicit Text(std::string text, bool breaks = false) : text_(std::move(text)), breaks_(breaks) {}
  Result<std::string> Read(size_t bytes_max) override {
    if (text_.empty() && breaks_) {
      return Fail(Kind::kUnreachable, "NET-HTTP-002", "connection broke");
    }
    std::string piece = text_.substr(0, bytes_max);
    text_.erase(0, piece.size());
    return piece;
  }

 private:
  std::string text_;
  bool breaks_;
};

struct Seen final : IngestObserver {
  Result<void> FilesDurable(const std::vector<DataFile>& durable,
                            const std::vector<PageOutcome>& pages,
                            const std::vector<Reject>& rejected) override {
    files.insert(files.end(), durable.begin(), durable.end());
    for (const PageOutcome& page : pages) outcomes.push_back(page);
    rejects.insert(rejects.end(), rejected.begin(), rejected.end());
    return {};
  }
  std::vector<DataFile> files;
  std::vector<PageOutcome> outcomes;
  std::vector<Reject> rejects;
};

constexpr const char* kHeader = "Id,Name,Amount,Count,Born,At,Open,Tags,Stage\n";

class IngestTest : public testing::Test {
 protected:
  IngestTest() {
    layout_ = *record::LayoutFromDescribe(
        R"({"name":"Thing","fields":[{"name":"Id","type":"id"},{"name":"Name","type":"string"},
            {"name":"Amount","type":"currency","precision":18,"scale":2},
            {"name":"Count","type":"int","digits":9},{"name":"Born","type":"date"},
            {"name":"At","type":"datetime"},{"name":"Open","type":"boolean"},
            {"name":"Tags","type":"multipicklist"},{"name":"Stage","type":"picklist"}]})",
        {});
    options_.data_folder = "file://" + folder_ + "/data";
    options_.file_prefix = "run";
    options_.rejects_path = folder_ + "/rejects.jsonl";
    options_.hash_columns = true;
  }

  void Open() {
    auto ingest = Ingest::New(layout_, options_, seen_);
    ASSERT_TRUE(ingest.has_value());
    ingest_ = *std::move(ingest);
    auto lane = ingest_->NewLane();
    ASSERT_TRUE(lane.has_value());
    lane_ = *std::move(lane);
  }

  Result<PageOutcome> Add(uint64_t ordinal, std::string csv, int64_t rows_expected = -1) {
    Text text(std::move(csv));
    return lane_->AddPage({}, {ordinal, "page" + std::to_string(ordinal), rows_expected}, text);
  }

  static std::string Row(int number, std::string_view more = ",,,,,,") {
    char id[24];
    std::snprintf(id, sizeof id, "a01%012dAAA", number);
    return std::string(id) + ",n" + std::to_string(number) + std::string(more) + ",\n";
  }
  int FieldId(const char* name) { return layout_.schema.Find(name)->id; }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  record::Layout layout_;
  IngestOptions options_;
  Seen seen_;
  std::shared_ptr<ObjectStore> store_ = LocalStore("/");
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<IngestLane> lane_;
};

TEST_F(IngestTest, PagesBecomeOneFileWithTheirRows) {
  Open();
  ASSERT_TRUE(Add(1, kHeader + Row(1) + Row(2), 2).has_value());
  ASSERT_TRUE(Add(2, kHeader + Row(3), 1).has_value());
  EXPECT_THAT(seen_.files, IsEmpty());
  ASSERT_TRUE(lane_->Finish({}).has_value());
  ASSERT_EQ(seen_.files.size(), 1U);
  EXPECT_EQ(seen_.files[0].record_count, 3);
  EXPECT_EQ(seen_.files[0].path, options_.data_folder + "/run-0-0.parquet");
  EXPECT_EQ(static_cast<uint64_t>(seen_.files[0].file_size_bytes),
            *FileSize(folder_ + "/data/run-0-0.parquet"));
  EXPECT_EQ(*CountDataFileRows({}, *store_, seen_.files[0].path), 3);
  EXPECT_EQ(seen_.outcomes.size(), 2U);
}

TEST_F(IngestTest, StatisticsAreThoseOfTheRows) {
  Open();
  ASSERT_TRUE(Add(1, kHeader + Row(1, ",-1.5,7,2026-02-03,2026-02-03T04:05:06.789Z,true,a;b") +
                         Row(2, ",300,-8,1969-12-31,,false,") + Row(3))
                  .has_value());
  ASSERT_TRUE(lane_->Finish({}).has_value());
  const DataFile& file = seen_.files.at(0);
  EXPECT_EQ(file.value_counts.at(FieldId("Amount")), 3);
  EXPECT_EQ(file.null_value_counts.at(FieldId("Amount")), 1);
  EXPECT_EQ(file.null_value_counts.at(FieldId("At")), 2);
  EXPECT_EQ(file.lower_bounds.at(FieldId("Amount")),
            SingleDecimal(-1, static_cast<uint64_t>(-150)));
  EXPECT_EQ(file.upper_bounds.at(FieldId("Amount")), SingleDecimal(0, 30'000));
  EXPECT_EQ(file.lower_bounds.at(FieldId("Count")), SingleInt(-8));
  EXPECT_EQ(file.upper_bounds.at(FieldId("Born")), SingleInt(20'487));
  EXPECT_EQ(file.lower_bounds.at(FieldId("At")), SingleLong(1'770'091'506'789'000));
  EXPECT_EQ(file.lower_bounds.at(FieldId("Open")), SingleBool(false));
  EXPECT_EQ(file.upper_bounds.at(FieldId("Open")), SingleBool(true));
  EXPECT_EQ(file.lower_bounds.at(FieldId("Name")), "n1");
  EXPECT_EQ(file.upper_bounds.at(FieldId("Id")), "a01000000000003B");
  const int element = layout_.schema.Find("Tags")->type.children[0].id;
  EXPECT_EQ(file.lower_bounds.count(element), 0U);
  EXPECT_EQ(file.lower_bounds.count(FieldId("Stage")), 0U);
  EXPECT_EQ(file.split_offsets, std::vector<int64_t>{4});
}

TEST_F(IngestTest, WhatIsReadBackHasThePagesHashes) {
  options_.row_group_rows = 100;
  Open();
  std::string page = kHeader;
  for (int i = 0; i < 1000; ++i) {
    page += Row(i, i % 3 == 0 ? ",1.25,3,2026-02-03,2026-02-03T04:05:06.789Z,true,x;y" : ",,,,,,z");
  }
  const auto outcome = Add(1, page);
  ASSERT_TRUE(outcome.has_value());
  ASSERT_TRUE(lane_->Finish({}).has_value());
  const auto scanned = HashDataFile({}, *store_, seen_.files.at(0).path, layout_.schema);
  ASSERT_TRUE(scanned.has_value()) << scanned.error().OneLine();
  EXPECT_EQ(scanned->rows, 1000);
  EXPECT_EQ(scanned->hashes, outcome->hashes);
  EXPECT_EQ(seen_.files[0].split_offsets.size(), 10U);
}

TEST_F(IngestTest, PlainEncodingReadsTheSame) {
  options_.plain_encoding = true;
  Open();
  const auto outcome = Add(1, kHeader + Row(1, ",1.25,3,2026-02-03,,true,x"));
  ASSERT_TRUE(lane_->Finish({}).has_value());
  EXPECT_EQ(HashDataFile({}, *store_, seen_.files.at(0).path, layout_.schema)->hashes,
            outcome->hashes);
}

TEST_F(IngestTest, RecordsByRestHaveTheHashesOfThePage) {
  Open();
  const auto bulk = Add(1, kHeader + Row(1, ",1.25,3,2026-02-03,2026-02-03T04:05:06.789Z,true,x"));
  const auto rest = lane_->AddRecords({}, {.ordinal = 2, .name = "rest"},
                                      R"({"records":[{"Id":"a01000000000001AAA","Name":"n1",
      "Amount":1.25,"Count":3.0,"Born":"2026-02-03","At":"2026-02-03T04:05:06.789+0000",
      "Open":true,"Tags":"x","Stage":null}]})");
  ASSERT_TRUE(rest.has_value()) << rest.error().OneLine();
  EXPECT_EQ(bulk->hashes, rest->hashes);
  EXPECT_EQ(lane_->AddRecords({}, {.ordinal = 3}, "{").error().code(), "LAKE-PAGE-005");
}

TEST_F(IngestTest, AFileIsClosedAtTheFirstPageBorderPastItsSize) {
  options_.target_file_bytes = 1;
  Open();
  ASSERT_TRUE(Add(1, kHeader + Row(1)).has_value());
  ASSERT_TRUE(Add(2, kHeader + Row(2)).has_value());
  ASSERT_TRUE(lane_->Finish({}).has_value());
  ASSERT_EQ(seen_.files.size(), 2U);
  EXPECT_EQ(seen_.outcomes[1].page.ordinal, 2U);
}

// R6
TEST_F(IngestTest, APageWithOtherRowsThanAnnouncedTakesItsFileWithIt) {
  Open();
  ASSERT_TRUE(Add(1, kHeader + Row(1)).has_value());
  const auto outcome = Add(2, kHeader + Row(2), 2);
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code(), "LAKE-PAGE-002");
  EXPECT_THAT(outcome.error().where(), HasSubstr("page2"));
  const auto discarded = lane_->Discarded();
  ASSERT_EQ(discarded.size(), 2U);
  EXPECT_EQ(discarded[0].ordinal, 1U);
  EXPECT_EQ(discarded[1].ordinal, 2U);
  EXPECT_THAT(lane_->Discarded(), IsEmpty());
  // Fetched again, both are there once.
  ASSERT_TRUE(Add(1, kHeader + Row(1), 1).has_value());
  ASSERT_TRUE(Add(2, kHeader + Row(2) + Row(3), 2).has_value());
  ASSERT_TRUE(lane_->Finish({}).has_value());
  ASSERT_EQ(seen_.files.size(), 1U);
  EXPECT_EQ(*CountDataFileRows({}, *store_, seen_.files[0].path), 3);
  EXPECT_THAT(*ListFolder(folder_ + "/data"), ElementsAre(HasSubstr(".parquet")));
}

TEST_F(IngestTest, ABrokenStreamLeavesNothingBehind) {
  Open();
  Text text(kHeader + Row(1), /*breaks=*/true);
  EXPECT_EQ(lane_->AddPage({}, {.ordinal = 7}, text).error().code(), "NET-HTTP-002");
  EXPECT_EQ(lane_->Discarded().at(0).ordinal, 7U);
  ASSERT_TRUE(lane_->Finish({}).has_value());
  EXPECT_THAT(seen_.files, IsEmpty());
  EXPECT_THAT(*ListFolder(folder_ + "/data"), IsEmpty());
}

TEST_F(IngestTest, BadPagesAreNamed) {
  Open();
  EXPECT_EQ(Add(1, "Id,Name\n").error().code(), "LAKE-PAGE-004");
  EXPECT_EQ(Add(2, kHeader + Row(1).substr(0, 9)).error().code(), "LAKE-PAGE-001");
  EXPECT_EQ(Add(3, kHeader + std::string("a,b\n") + Row(1)).error().code(), "LAKE-PAGE-003");
  EXPECT_TRUE(Add(4, "", 0).has_value());
  EXPECT_EQ(Add(5, "").error().code(), "LAKE-PAGE-001");
}

TEST_F(IngestTest, RowsThatDoNotFitGoToTheRejectsFile) {
  Open();
  const auto outcome =
      Add(1, kHeader + Row(1, ",x,,,,,") + Row(2) + Row(3, ",1.239,,,,,") + Row(4, "\xff,,,,,,"));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->rows_rejected, 2);
  EXPECT_EQ(outcome->rows_written, 2);
  EXPECT_EQ(outcome->values_rounded, 1);
  EXPECT_FALSE(FileExists(options_.rejects_path));
  ASSERT_TRUE(lane_->Finish({}).has_value());
  ASSERT_EQ(seen_.rejects.size(), 3U);
  EXPECT_EQ(seen_.rejects[0].id, "a01000000000001AAA");
  const std::string lines = *ReadFile(options_.rejects_path);
  EXPECT_THAT(lines, HasSubstr(R"x("field":"Amount","reason":"not a number for decimal(18, 2)")x"));
  EXPECT_THAT(lines, HasSubstr(R"("kind":"rounded")"));
  EXPECT_THAT(lines, HasSubstr(R"("text":"1.239")"));
  EXPECT_THAT(lines, HasSubstr("text_hex"));
  struct stat mode{};
  ASSERT_EQ(stat(options_.rejects_path.c_str(), &mode), 0);
  EXPECT_EQ(mode.st_mode & 0777U, 0600U);
}

TEST_F(IngestTest, StrictStopsAtTheFirstRejectedRow) {
  options_.strict = true;
  Open();
  EXPECT_EQ(Add(1, kHeader + Row(1, ",x,,,,,")).error().code(), "LAKE-REJECT-003");
  EXPECT_TRUE(Add(2, kHeader + Row(1, ",1.239,,,,,")).has_value());
}

TEST_F(IngestTest, TooManyRejectsStop) {
  options_.rejects_max = 2;
  Open();
  const std::string bad = Row(1, ",x,,,,,");
  EXPECT_EQ(Add(1, kHeader + bad + bad + bad).error().code(), "LAKE-REJECT-002");
}

TEST_F(IngestTest, WhenNoRowIsKeptThereIsNoFileButThePagesAreTold) {
  Open();
  ASSERT_TRUE(Add(1, kHeader + Row(1, ",x,,,,,")).has_value());
  ASSERT_TRUE(lane_->Finish({}).has_value());
  EXPECT_TRUE(seen_.files.empty());
  EXPECT_EQ(seen_.outcomes.size(), 1U);
  EXPECT_THAT(*ListFolder(folder_ + "/data"), IsEmpty());
}

TEST_F(IngestTest, AChangedCellIsSeenByItsColumn) {
  Open();
  const auto one = Add(1, kHeader + Row(1, ",1.25,,,,,"));
  const auto other = Add(2, kHeader + Row(1, ",1.26,,,,,"));
  for (size_t i = 0; i < one->hashes.size(); ++i) {
    EXPECT_EQ(one->hashes[i] == other->hashes[i], layout_.schema.fields[i].name != "Amount");
  }
}

TEST_F(IngestTest, AFileThatIsDamagedOrGoneIsNamed) {
  Open();
  ASSERT_TRUE(Add(1, kHeader + Row(1)).has_value());
  ASSERT_TRUE(lane_->Finish({}).has_value());
  const std::string path = folder_ + "/data/run-0-0.parquet";
  std::filesystem::resize_file(path, 40);
  EXPECT_EQ(CountDataFileRows({}, *store_, path).error().code(), "LAKE-SCAN-001");
  EXPECT_EQ(HashDataFile({}, *store_, path, layout_.schema).error().code(), "LAKE-SCAN-001");
  EXPECT_EQ(CountDataFileRows({}, *store_, path + "x").error().code(), "LAKE-STORE-002");
}

}  // namespace
}  // namespace firn::lake
