// What could go wrong: a lost row is called explained, or an honest run is called lossy. Each test
// is one way in which numbers can disagree.
#include "patterns/exports/verify/reconcile.h"

#include <gtest/gtest.h>

namespace firn::exports {
namespace {

ObjectFacts Clean(int64_t rows) {
  ObjectFacts facts;
  facts.count_before = facts.count_after = rows;
  facts.rows_reported = facts.rows_received = facts.rows_written = facts.rows_in_files = rows;
  return facts;
}

TEST(Reconcile, EqualNumbersAreExact) {
  const auto judgement = Judge(Clean(100), {});
  EXPECT_EQ(judgement.verdict, Verdict::kExact);
  EXPECT_TRUE(judgement.findings.empty());
}

TEST(Reconcile, DroppedPageIsUnexplainedThoughTheOrgChanged) {
  ObjectFacts facts = Clean(100);
  facts.rows_received = facts.rows_written = facts.rows_in_files = 90;
  facts.changed_in_run = 1000;
  EXPECT_EQ(Judge(facts, {}).verdict, Verdict::kUnexplained);
}

TEST(Reconcile, MissingFileRowsAreUnexplained) {
  ObjectFacts facts = Clean(100);
  facts.rows_in_files = 99;
  const auto judgement = Judge(facts, {});
  EXPECT_EQ(judgement.verdict, Verdict::kUnexplained);
  EXPECT_NE(judgement.findings.front().find("99"), std::string::npos);
}

TEST(Reconcile, WhatVerifyFoundIsUnexplainedAndNamed) {
  const auto judgement = Judge(Clean(100), {{"column Name of file f differs"}});
  EXPECT_EQ(judgement.verdict, Verdict::kUnexplained);
  EXPECT_EQ(judgement.findings.front(), "column Name of file f differs");
}

TEST(Reconcile, RowsMadeInsideTheRunExplainAHigherCount) {
  ObjectFacts facts = Clean(100);
  facts.count_after = 103;
  EXPECT_TRUE(NeedsChangeCounts(facts));
  facts.changed_in_run = 3;
  EXPECT_EQ(Judge(facts, {}).verdict, Verdict::kExplained);
  facts.changed_in_run = 2;
  EXPECT_EQ(Judge(facts, {}).verdict, Verdict::kUnexplained);
  facts.changed_in_run.reset();
  EXPECT_EQ(Judge(facts, {}).verdict, Verdict::kUnexplained);
}

TEST(Reconcile, RowsDeletedInsideTheRunExplainALowerCount) {
  ObjectFacts facts = Clean(100);
  facts.count_after = 95;
  facts.changed_in_run = 50;
  facts.deleted_in_run = 4;
  EXPECT_EQ(Judge(facts, {}).verdict, Verdict::kUnexplained);
  facts.deleted_in_run = 5;
  EXPECT_EQ(Judge(facts, {}).verdict, Verdict::kExplained);
}

TEST(Reconcile, ChangedRowsMayLeaveACondition) {
  ObjectFacts facts = Clean(100);
  facts.count_after = 95;
  facts.changed_in_run = 5;
  facts.deleted_in_run = 0;
  EXPECT_EQ(Judge(facts, {}).verdict, Verdict::kUnexplained);
  facts.spec.where = "IsClosed = false";
  EXPECT_EQ(Judge(facts, {}).verdict, Verdict::kExplained);
}

TEST(Reconcile, RejectedRowsAreExplainedAndSaidWhere) {
  ObjectFacts facts = Clean(100);
  facts.rows_written = facts.rows_in_files = 98;
  facts.rows_rejected = 2;
  facts.rejects_path = "rejects/Account.1.jsonl";
  const auto judgement = Judge(facts, {});
  EXPECT_EQ(judgement.verdict, Verdict::kExplained);
  EXPECT_NE(judgement.findings.front().find("rejects/Account.1.jsonl"), std::string::npos);
}

TEST(Reconcile, RowsNeitherWrittenNorRejectedAreUnexplained) {
  ObjectFacts facts = Clean(100);
  facts.rows_written = facts.rows_in_files = 97;
  facts.rows_rejected = 2;
  EXPECT_EQ(Judge(facts, {}).verdict, Verdict::kUnexplained);
}

TEST(Reconcile, CountThatIsNotAvailableIsSaidAndNotGuessed) {
  ObjectFacts facts = Clean(100);
  facts.count_after.reset();
  const auto judgement = Judge(facts, {});
  EXPECT_EQ(judgement.verdict, Verdict::kExact);
  EXPECT_NE(judgement.findings.front().find("not available"), std::string::npos);
}

}  // namespace
}  // namespace firn::exports
