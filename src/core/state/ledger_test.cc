// What could go wrong: a page is called durable though its file is not recorded, a resumed run
// forgets or doubles pages, two orgs mix.
#include "core/state/ledger.h"

#include <gtest/gtest.h>

#include "tests/support/test_folder.h"

namespace firn::state {
namespace {

const UtcMicros kNoon{std::chrono::microseconds(1'790'000'000'000'000)};

class LedgerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto db = StateDb::Open(folder_.path(), {});
    ASSERT_TRUE(db) << db.error().OneLine();
    ledger_ = std::make_unique<Ledger>(*db);
    ASSERT_TRUE(ledger_->CreateRun(RunOf("prod"), {{.object = "Account", .position = 0},
                                                   {.object = "Contact", .position = 1}}));
  }
  static RunRow RunOf(const std::string& org) {
    RunRow run;
    run.org = org;
    run.run_id = "r1";
    run.request = "{}";
    run.started = kNoon;
    return run;
  }
  TestFolder folder_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(LedgerTest, RunIdIsTakenOnce) {
  auto again = ledger_->CreateRun(RunOf("prod"), {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), "STATE-RUN-001");
  EXPECT_TRUE(ledger_->CreateRun(RunOf("test"), {}));
}

TEST_F(LedgerTest, UnknownRunIsNotFound) {
  auto run = ledger_->Run("prod", "nope");
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code(), "STATE-RUN-002");
}

TEST_F(LedgerTest, PagesAreDurableWithTheirFileOnly) {
  ASSERT_TRUE(ledger_->AddPages(
      "prod", "r1", "Account", {{.ordinal = 0}, {.ordinal = 1, .locator = "abc"}, {.ordinal = 2}}));
  FileRow file;
  file.path = "file:///a.parquet";
  file.rows = 7;
  file.content = std::string("\0\1bytes", 7);
  file.pages = {{0, 3}, {1, 4}};
  ASSERT_TRUE(ledger_->RecordFile("prod", "r1", "Account", file, {{"Amount", "too large", 2}}));
  auto pages = ledger_->Pages("prod", "r1", "Account");
  ASSERT_TRUE(pages);
  ASSERT_EQ(pages->size(), 3U);
  EXPECT_TRUE((*pages)[0].durable);
  EXPECT_EQ((*pages)[1].rows, 4);
  EXPECT_EQ((*pages)[1].locator, "abc");
  EXPECT_FALSE((*pages)[2].durable);
  auto files = ledger_->Files("prod", "r1", "Account");
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ((*files)[0].content, file.content);
  ASSERT_EQ((*files)[0].pages.size(), 2U);
  EXPECT_EQ((*files)[0].pages[1].rows, 4);
  EXPECT_TRUE(ledger_->Files("prod", "r1", "Contact")->empty());
}

TEST_F(LedgerTest, AddingAKnownPageAgainKeepsItDurable) {
  ASSERT_TRUE(ledger_->AddPages("prod", "r1", "Account", {{.ordinal = 0, .locator = "a"}}));
  FileRow file;
  file.path = "f";
  file.pages = {{0, 9}};
  ASSERT_TRUE(ledger_->RecordFile("prod", "r1", "Account", file, {}));
  ASSERT_TRUE(ledger_->AddPages("prod", "r1", "Account",
                                {{.ordinal = 0, .locator = "a"}, {.ordinal = 1, .locator = "b"}}));
  auto pages = ledger_->Pages("prod", "r1", "Account");
  ASSERT_EQ(pages->size(), 2U);
  EXPECT_TRUE((*pages)[0].durable);
  EXPECT_EQ((*pages)[0].rows, 9);
}

TEST_F(LedgerTest, RejectsAddUpOverFiles) {
  ASSERT_TRUE(ledger_->AddPages("prod", "r1", "Account", {{.ordinal = 0}, {.ordinal = 1}}));
  FileRow file;
  file.path = "f0";
  file.pages = {{0, 1}};
  ASSERT_TRUE(ledger_->RecordFile("prod", "r1", "Account", file, {{"Amount", "too large", 2}}));
  file.path = "f1";
  file.pages = {{1, 1}};
  ASSERT_TRUE(ledger_->RecordFile("prod", "r1", "Account", file,
                                  {{"Amount", "too large", 3}, {"Name", "bad text", 1}}));
  auto rejects = ledger_->Rejects("prod", "r1", "Account");
  ASSERT_EQ(rejects->size(), 2U);
  EXPECT_EQ((*rejects)[0].rows, 5);
  EXPECT_EQ((*rejects)[1].field, "Name");
}

TEST_F(LedgerTest, OpenedPageBringsTheNextOneOfItsChain) {
  ASSERT_TRUE(ledger_->AddPages("prod", "r1", "Account", {{.ordinal = 0}}));
  const PageRow next{.ordinal = 1, .locator = "MTAw"};
  ASSERT_TRUE(ledger_->PageOpened("prod", "r1", "Account", {.ordinal = 0, .rows = 100}, &next));
  auto pages = ledger_->Pages("prod", "r1", "Account");
  ASSERT_EQ(pages->size(), 2U);
  EXPECT_EQ((*pages)[0].rows, 100);
  EXPECT_FALSE((*pages)[0].durable);
  EXPECT_EQ((*pages)[1].locator, "MTAw");
  EXPECT_EQ((*pages)[1].rows, -1);
}

TEST_F(LedgerTest, SplitPageGivesWayToItsParts) {
  ASSERT_TRUE(ledger_->AddPages("prod", "r1", "Account", {{.ordinal = 0}, {.ordinal = 1}}));
  ASSERT_TRUE(ledger_->SplitPage("prod", "r1", "Account", 0,
                                 {{.ordinal = 1000, .rows = 50}, {.ordinal = 1001, .rows = 50}}));
  auto pages = ledger_->Pages("prod", "r1", "Account");
  ASSERT_EQ(pages->size(), 3U);
  EXPECT_EQ((*pages)[0].ordinal, 1U);
  EXPECT_EQ((*pages)[2].ordinal, 1001U);
}

TEST_F(LedgerTest, RestartForgetsOneObjectOnly) {
  for (const char* object : {"Account", "Contact"}) {
    ASSERT_TRUE(ledger_->AddPages("prod", "r1", object, {{.ordinal = 0}}));
    FileRow file;
    file.path = object;
    file.pages = {{0, 1}};
    ASSERT_TRUE(ledger_->RecordFile("prod", "r1", object, file, {{"x", "y", 1}}));
  }
  ASSERT_TRUE(ledger_->RestartObject("prod", "r1", "Account"));
  EXPECT_TRUE(ledger_->Pages("prod", "r1", "Account")->empty());
  EXPECT_TRUE(ledger_->Files("prod", "r1", "Account")->empty());
  EXPECT_TRUE(ledger_->Rejects("prod", "r1", "Account")->empty());
  EXPECT_EQ(ledger_->Files("prod", "r1", "Contact")->size(), 1U);
}

TEST_F(LedgerTest, ObjectsKeepTheirOrderAndWhatWasSaved) {
  ObjectRow contact{.object = "Contact", .position = 1, .state = ObjectState::kFetching};
  contact.job_id = "750xx0000000001AAA";
  contact.facts = R"({"rows":1})";
  ASSERT_TRUE(ledger_->SaveObject("prod", "r1", contact));
  auto objects = ledger_->Objects("prod", "r1");
  ASSERT_EQ(objects->size(), 2U);
  EXPECT_EQ((*objects)[0].object, "Account");
  EXPECT_EQ((*objects)[1].state, ObjectState::kFetching);
  EXPECT_EQ((*objects)[1].job_id, "750xx0000000001AAA");
  EXPECT_EQ((*objects)[1].facts, R"({"rows":1})");
}

TEST_F(LedgerTest, FinishedRunCanBeOpenedAgain) {
  ASSERT_TRUE(ledger_->FinishRun("prod", "r1", RunState::kInterrupted,
                                 kNoon + std::chrono::seconds(5), "interrupted"));
  EXPECT_EQ(ledger_->Run("prod", "r1")->state, RunState::kInterrupted);
  ASSERT_TRUE(ledger_->ReopenRun("prod", "r1"));
  EXPECT_EQ(ledger_->Run("prod", "r1")->state, RunState::kRunning);
  EXPECT_FALSE(ledger_->Run("prod", "r1")->finished.has_value());
  EXPECT_EQ(ledger_->Runs("", 10)->size(), 1U);
  EXPECT_TRUE(ledger_->Runs("test", 10)->empty());
}

}  // namespace
}  // namespace firn::state
