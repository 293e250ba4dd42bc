// What could go wrong: a resumed run forgets which window it reads, or takes a window for a whole
// read and replaces the table with it.
#include <gtest/gtest.h>

#include "patterns/exports/facts.h"
#include "patterns/exports/verify/reconcile.h"
#include "patterns/exports/window/watermark.h"

namespace firn::exports {
namespace {

ObjectFacts WindowFacts() {
  ObjectFacts facts;
  facts.spec.object = "Account";
  facts.spec.mode = ExportMode::kIncremental;
  facts.spec.incremental = {.soft_deletes = true,
                            .changelog = true,
                            .lag = std::chrono::seconds(5),
                            .overlap = std::chrono::minutes(3),
                            .sweep_every = std::chrono::hours(24),
                            .refresh_every = std::chrono::hours(12),
                            .refresh_fields = {"Status"},
                            .sweep_now = true};
  facts.incremental.is_window = true;
  facts.incremental.start = "2026-11-24T01:50:00.000Z";
  facts.incremental.end = "2026-11-24T02:00:00.000Z";
  facts.incremental.merged = {.rows_read = 9, .inserted = 2, .by_sweep = 1};
  facts.incremental.done = {{.start = "a", .end = "b", .method = "rest", .merged = {.updated = 4}}};
  facts.rows_received = facts.rows_written = facts.rows_in_files = 9;
  facts.count_after = 9;
  return facts;
}

TEST(IncrementalFacts, ComeBackFromTheLedgerAsTheyWere) {
  const ObjectFacts facts = WindowFacts();
  const auto back = FactsFromJson(FactsToJson(facts));
  ASSERT_TRUE(back) << back.error().OneLine();
  EXPECT_EQ(back->spec.mode, ExportMode::kIncremental);
  EXPECT_EQ(back->spec.incremental, facts.spec.incremental);
  EXPECT_TRUE(back->incremental.is_window);
  EXPECT_EQ(back->incremental.end, facts.incremental.end);
  EXPECT_EQ(back->incremental.merged.by_sweep, 1);
  ASSERT_EQ(back->incremental.done.size(), 1U);
  EXPECT_EQ(back->incremental.done[0].merged.updated, 4);
}

TEST(IncrementalFacts, ARowOfAnOlderVersionIsAFullExport) {
  ObjectFacts facts;
  facts.spec.object = "Account";
  const auto back = FactsFromJson(FactsToJson(facts));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->spec.mode, ExportMode::kFull);
}

TEST(Progress, ComesBackFromTheSnapshotAndNonsenseIsNone) {
  const Progress progress{.watermark = "2026-11-24T02:00:00Z",
                          .scope = "Name != 'x'",
                          .swept = "2026-11-23T00:00:00Z",
                          .refreshed = "",
                          .deletes_covered = "2026-11-24T02:01:00Z"};
  EXPECT_EQ(ProgressFromJson(ProgressToJson(progress)), progress);
  EXPECT_FALSE(ProgressFromJson("{\"watermark\":7}"));
  EXPECT_FALSE(ProgressFromJson("2026-11-24T02:00:00Z"));
}

TEST(JudgeWindow, EqualCountsAreExact) {
  EXPECT_EQ(JudgeWindow(WindowFacts(), {}).verdict, Verdict::kExact);
}

TEST(JudgeWindow, RowsThatChangedAgainExplainFewer) {
  ObjectFacts facts = WindowFacts();
  facts.count_after = 7;
  EXPECT_EQ(JudgeWindow(facts, {.changed_since = 2}).verdict, Verdict::kExplained);
  EXPECT_EQ(JudgeWindow(facts, {.changed_since = 1}).verdict, Verdict::kUnexplained);
  EXPECT_EQ(JudgeWindow(facts, {}).verdict, Verdict::kUnexplained);
}

TEST(JudgeWindow, LateRowsAreExplainedOnlyWhereTheNextWindowReadsAgain) {
  ObjectFacts facts = WindowFacts();
  facts.count_after = 12;
  EXPECT_EQ(JudgeWindow(facts, {.changed_since = 100, .read_again = 3}).verdict,
            Verdict::kExplained);
  EXPECT_EQ(JudgeWindow(facts, {.changed_since = 100, .read_again = 2}).verdict,
            Verdict::kUnexplained);
}

TEST(JudgeWindow, ARowThatWasLostBeforeTheMergeIsUnexplained) {
  ObjectFacts facts = WindowFacts();
  facts.incremental.merged.rows_read = 8;
  EXPECT_EQ(JudgeWindow(facts, {}).verdict, Verdict::kUnexplained);
}

}  // namespace
}  // namespace firn::exports
