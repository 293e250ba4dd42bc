// What could go wrong: a resumed run reads less from the ledger than was written, or bounds of a
// data file change on the way.
#include "patterns/exports/facts.h"

#include <gtest/gtest.h>

namespace firn::exports {
namespace {

TEST(Facts, ComeBackWhole) {
  ObjectFacts facts;
  facts.spec = {.object = "Account",
                .table = "salesforce.Account",
                .include = {"Id", "Name*"},
                .exclude = {"Secret__c"},
                .where = "Name != 'a|b'",
                .all_rows = true,
                .strict = true,
                .fetch_blobs = true};
  facts.method = Method::kRest;
  facts.verdict = Verdict::kExplained;
  facts.count_before = 7;
  facts.deleted_in_run = 0;
  facts.list_next = "abc";
  facts.pages_listed = 5;
  facts.parallel = true;
  facts.findings = {"one", "two"};
  facts.rows_reported = 12;
  auto back = FactsFromJson(FactsToJson(facts));
  ASSERT_TRUE(back) << back.error().OneLine();
  EXPECT_EQ(FactsToJson(*back), FactsToJson(facts));
  EXPECT_EQ(back->spec.where, facts.spec.where);
  EXPECT_EQ(back->method, Method::kRest);
  EXPECT_EQ(back->count_before, 7);
  EXPECT_FALSE(back->count_after.has_value());
  EXPECT_EQ(back->deleted_in_run, 0);
  EXPECT_EQ(back->findings.size(), 2U);
}

TEST(Facts, DamagedRowIsAnErrorWithACode) {
  auto facts = FactsFromJson("{\"spec\":1}");
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code(), "EXPORT-STATE-001");
  EXPECT_FALSE(FactsFromJson("not json"));
}

TEST(Facts, DataFileComesBackByteForByte) {
  lake::DataFile file;
  file.path = "file:///w/t/data/a.parquet";
  file.record_count = 3;
  file.file_size_bytes = 999;
  file.column_sizes = {{1, 10}, {2, 20}};
  file.value_counts = {{1, 3}};
  file.null_value_counts = {{2, 1}};
  file.lower_bounds = {{1, std::string("\x00\xff\x80", 3)}};
  file.upper_bounds = {{1, "z"}};
  file.split_offsets = {4, 128};
  lake::PageOutcome page;
  page.page = {.ordinal = 1'000'000'001, .name = "page", .rows_expected = 3};
  page.rows_received = page.rows_written = 3;
  page.hashes = {0xffffffffffffffffULL, 1};
  lake::DataFile other = file;
  other.path = "file:///w/t/data/b.parquet";
  other.spec_id = 2;
  other.partition = {std::nullopt, std::string("\x00\xff", 2)};
  auto back = RecordedFilesFromJson(RecordedFilesToJson({{file, other}, {page}}));
  ASSERT_TRUE(back) << back.error().OneLine();
  ASSERT_EQ(back->files.size(), 2U);
  EXPECT_EQ(back->files[0].lower_bounds, file.lower_bounds);
  EXPECT_EQ(back->files[0].column_sizes, file.column_sizes);
  EXPECT_EQ(back->files[0].split_offsets, file.split_offsets);
  EXPECT_EQ(back->files[0].record_count, 3);
  EXPECT_TRUE(back->files[0].partition.empty());
  EXPECT_EQ(back->files[1].path, other.path);
  EXPECT_EQ(back->files[1].spec_id, 2);
  EXPECT_EQ(back->files[1].partition, other.partition);
  EXPECT_EQ(RecordedFilesFromJson(RecordedFilesToJson({{}, {page}}))->files.size(), 0U);
  ASSERT_EQ(back->pages.size(), 1U);
  EXPECT_EQ(back->pages[0].hashes, page.hashes);
  EXPECT_EQ(back->pages[0].page.ordinal, page.page.ordinal);
}

}  // namespace
}  // namespace firn::exports
