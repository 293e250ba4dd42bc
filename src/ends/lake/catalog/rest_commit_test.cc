// What could go wrong in production: the catalog's answer is lost after it committed and the rows
// are doubled, or taken for lost; files of a commit that came true after all are removed.
#include <gtest/gtest.h>

#include "ends/lake/catalog/rest_test_desk.h"
#include "ends/lake/maintain/expiry.h"

namespace firn::lake {
namespace {

class RestCommit : public RestDesk {
 protected:
  const TableIdent ident_{"n", "t"};
  const std::string commit_ = "POST /v1/namespaces/n/tables/t";

  std::unique_ptr<Lake> WithTable() {
    auto lake = Open();
    EXPECT_TRUE(lake) << lake.error().OneLine();
    const auto made = (*lake)->Create(call_, ident_, OneColumn(), {});
    EXPECT_TRUE(made) << made.error().OneLine();
    return *std::move(lake);
  }
  // Data files of the table as another client sees it; each must be there.
  std::vector<std::string> FilesSeen() {
    auto lake = Open();
    const auto table = (*lake)->Load(ident_);
    EXPECT_TRUE(table) << table.error().OneLine();
    const auto files = table->Files(call_);
    EXPECT_TRUE(files) << files.error().OneLine();
    std::vector<std::string> names;
    if (files) {
      for (const DataFile& file : *files)
        names.push_back(file.path.substr(file.path.rfind('/') + 1));
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  using Names = std::vector<std::string>;
};

TEST_F(RestCommit, AppendsAreSeenByOthers) {
  auto lake = WithTable();
  ASSERT_TRUE(lake->Append(call_, ident_, {File("a")}, {}));
  ASSERT_TRUE(lake->Append(call_, ident_, {File("b")}, {}));
  EXPECT_EQ(FilesSeen(), (Names{"a", "b"}));
}

TEST_F(RestCommit, AnswerLostAfterItCommittedIsNotDoubled) {
  auto lake = WithTable();
  Break({.what = commit_, .carry_out = true});
  const auto table = lake->Append(call_, ident_, {File("a")}, {});
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(table->history().size(), 1U);
  EXPECT_EQ(FilesSeen(), Names{"a"});
  EXPECT_EQ(Count(commit_), 1);
}

TEST_F(RestCommit, AnswerLostBeforeItCommittedIsNotLost) {
  auto lake = WithTable();
  Break({.what = commit_});
  ASSERT_TRUE(lake->Append(call_, ident_, {File("a")}, {}));
  EXPECT_EQ(FilesSeen(), Names{"a"});
}

TEST_F(RestCommit, ServerErrorAfterItCommittedIsNotDoubled) {
  for (const int status : {500, 502, 503, 504}) {
    SCOPED_TRACE(status);
    auto lake = Open();
    (void)(*lake)->Drop(ident_);
    ASSERT_TRUE((*lake)->Create(call_, ident_, OneColumn(), {}));
    Break({.what = commit_, .status = status, .carry_out = true});
    const auto table = (*lake)->Append(call_, ident_, {File("a" + std::to_string(status))}, {});
    ASSERT_TRUE(table) << table.error().OneLine();
    EXPECT_EQ(table->history().size(), 1U);
  }
}

TEST_F(RestCommit, LostAnswerThenOthersWentOnIsFoundInHistory) {
  auto lake = WithTable();
  auto other = Open();
  const DataFile theirs = File("b");
  Break({.what = commit_, .carry_out = true, .meanwhile = [&] {
           EXPECT_TRUE((*other)->Append(call_, ident_, {theirs}, {}));
         }});
  ASSERT_TRUE(lake->Append(call_, ident_, {File("a")}, {}));
  EXPECT_EQ(FilesSeen(), (Names{"a", "b"}));
  EXPECT_EQ((*other)->Load(ident_)->history().size(), 2U);
}

TEST_F(RestCommit, KeyedRequestIsSentAgainUnderItsKey) {
  config_["idempotency-key-lifetime"] = "PT30M";
  auto lake = WithTable();
  Break({.what = commit_});
  const auto table = lake->Append(call_, ident_, {File("a")}, {});
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(table->history().size(), 1U);
  EXPECT_EQ(Count(commit_), 2);
  EXPECT_EQ(keys_seen_.size(), 1U);
}

TEST_F(RestCommit, ConflictIsWorkedOutAgain) {
  auto lake = WithTable();
  auto other = Open();
  ASSERT_TRUE(lake->Append(call_, ident_, {File("a")}, {}));
  ASSERT_TRUE((*other)->Append(call_, ident_, {File("b")}, {}));
  ASSERT_TRUE(lake->Append(call_, ident_, {File("c")}, {}));
  EXPECT_EQ(FilesSeen(), (Names{"a", "b", "c"}));
}

TEST_F(RestCommit, UnknownOutcomeSaysSoAndKeepsItsFiles) {
  auto lake = WithTable();
  Break({.what = commit_, .carry_out = true});
  // The table cannot be read either.
  for (int i = 0; i < 20; ++i) Break({.what = "GET /v1/namespaces/n/tables/t", .status = 500});
  const auto table = lake->Append(call_, ident_, {File("a")}, {});
  ASSERT_FALSE(table);
  EXPECT_EQ(table.error().kind(), Kind::kCommitUnknown) << table.error().OneLine();
  EXPECT_EQ(table.error().code(), "LAKE-COMMIT-002");
  // It had committed: every file of it is there for the others.
  Mend();
  EXPECT_EQ(FilesSeen(), Names{"a"});
}

TEST_F(RestCommit, TooManyRequestsAreSentAgain) {
  auto lake = WithTable();
  Break({.what = commit_, .status = 429, .headers = {{"Retry-After", "0"}}});
  ASSERT_TRUE(lake->Append(call_, ident_, {File("a")}, {}));
  EXPECT_EQ(Count(commit_), 2);
}

TEST_F(RestCommit, SettingsAndSchemaChangeAndSnapshotsExpire) {
  auto lake = WithTable();
  for (const char* name : {"a", "b", "c"})
    ASSERT_TRUE(lake->Append(call_, ident_, {File(name)}, {}));
  ASSERT_TRUE(lake->SetProperties(
      call_, ident_, {{"owner", "sales"}, {"write.metadata.previous-versions-max", {}}}));
  record::Schema schema = OneColumn();
  schema.fields.push_back({2, "Name", false, {}, ""});
  const auto evolved = lake->EvolveSchema(call_, ident_, schema, {});
  ASSERT_TRUE(evolved) << evolved.error().OneLine();
  EXPECT_EQ(evolved->schema().fields.size(), 2U);
  RefOptions tag;
  ASSERT_TRUE(lake->SetRef(call_, ident_, "kept", tag));
  ASSERT_TRUE(lake->SetRef(call_, ident_, "kept", std::nullopt));
  ExpiryRules rules;
  rules.snapshots_max = 1;
  const auto expired = lake->ExpireSnapshots(call_, ident_, rules);
  ASSERT_TRUE(expired) << expired.error().OneLine();
  const auto seen = (*Open())->Load(ident_);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->history().size(), 1U);
  EXPECT_EQ(seen->properties().at("owner"), "sales");
  EXPECT_FALSE(seen->properties().contains("write.metadata.previous-versions-max"));
  EXPECT_EQ(FilesSeen(), (Names{"a", "b", "c"}));
}

TEST_F(RestCommit, LostAnswerOfACreateIsLookedUp) {
  auto lake = Open();
  Break({.what = "POST /v1/namespaces/n/tables", .carry_out = true});
  const auto made = (*lake)->Create(call_, ident_, OneColumn(), {});
  ASSERT_TRUE(made) << made.error().OneLine();
  const auto again = (*lake)->Create(call_, ident_, OneColumn(), {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), "LAKE-TABLE-002");
}

}  // namespace
}  // namespace firn::lake
