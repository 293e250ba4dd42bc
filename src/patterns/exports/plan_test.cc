// What could go wrong: a glob takes objects that cannot be read, a condition meets the wrong
// object, a typo exports nothing without a word.
#include "patterns/exports/plan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/random.h"
#include "patterns/exports/leftovers.h"
#include "tests/support/test_folder.h"

namespace firn::exports {
namespace {

std::vector<salesforce::ObjectInfo> Offered() {
  std::vector<salesforce::ObjectInfo> offered;
  for (const char* name : {"Account", "AccountHistory", "Contact", "Invoice__c", "Rate__c"}) {
    salesforce::ObjectInfo info;
    info.name = name;
    info.queryable = true;
    offered.push_back(info);
  }
  offered[1].queryable = false;
  return offered;
}

class SelectTest : public ::testing::Test {
 protected:
  SelectTest() {
    org_.id = "prod";
    project_.orgs = {org_};
    project_.lake.ns = "salesforce";
  }
  Result<std::vector<ObjectSpec>> Select(const Selection& selection) {
    return SelectObjects(Offered(), project_, org_, selection);
  }
  project::Project project_;
  project::Org org_;
};

TEST_F(SelectTest, AllTakesEveryObjectThatCanBeQueried) {
  auto specs = Select({.patterns = {"all"}});
  ASSERT_TRUE(specs) << specs.error().OneLine();
  EXPECT_EQ(specs->size(), 4U);
}

TEST_F(SelectTest, GlobAndNameTogetherNameAnObjectOnce) {
  auto specs = Select({.patterns = {"Invoice__c", "*__c"}});
  ASSERT_TRUE(specs);
  ASSERT_EQ(specs->size(), 2U);
  EXPECT_EQ((*specs)[0].object, "Invoice__c");
  EXPECT_EQ((*specs)[0].table, "salesforce.Invoice__c");
}

TEST_F(SelectTest, TypoIsAnErrorWithTheNearestName) {
  auto specs = Select({.patterns = {"Acount"}});
  ASSERT_FALSE(specs);
  EXPECT_EQ(specs.error().code(), "EXPORT-PLAN-001");
  EXPECT_NE(specs.error().hint().find("Account"), std::string::npos);
}

TEST_F(SelectTest, ObjectThatCannotBeQueriedIsNamed) {
  auto specs = Select({.patterns = {"AccountHistory"}});
  ASSERT_FALSE(specs);
  EXPECT_EQ(specs.error().code(), "EXPORT-PLAN-004");
}

TEST_F(SelectTest, ConditionBelongsToOneObject) {
  EXPECT_EQ(Select({.patterns = {"Account"}, .where = "Name != null"})->front().where,
            "Name != null");
  auto specs = Select({.patterns = {"all"}, .where = "Name != null"});
  ASSERT_FALSE(specs);
  EXPECT_EQ(specs.error().code(), "EXPORT-PLAN-003");
}

TEST_F(SelectTest, ProjectRulesGiveObjectsAndOptions) {
  project::ObjectRule rule;
  rule.name = "Contact";
  rule.where = "Email != null";
  rule.strict = true;
  rule.exclude = {"Fax"};
  project_.objects = {rule};
  auto specs = Select({});
  ASSERT_TRUE(specs) << specs.error().OneLine();
  ASSERT_EQ(specs->size(), 1U);
  EXPECT_EQ((*specs)[0].where, "Email != null");
  EXPECT_TRUE((*specs)[0].strict);
  EXPECT_EQ((*specs)[0].exclude, std::vector<std::string>{"Fax"});
}

TEST_F(SelectTest, FieldListAlwaysHasTheId) {
  auto specs = Select({.patterns = {"Account"}, .include = {"Name"}});
  ASSERT_TRUE(specs);
  EXPECT_NE(std::find((*specs)[0].include.begin(), (*specs)[0].include.end(), "Id"),
            (*specs)[0].include.end());
}

TEST_F(SelectTest, FieldsAreNamedForAnObjectAloneOrForSeveral) {
  EXPECT_TRUE(Select({.patterns = {"Account"}, .include = {"Name"}})->front().fields_named);
  EXPECT_FALSE(
      Select({.patterns = {"Account", "Contact"}, .exclude = {"Fax"}})->front().fields_named);
  project::ObjectRule rule;
  rule.name = "Contact";
  rule.include = {"Fax"};
  project_.objects = {rule};
  EXPECT_TRUE(Select({})->front().fields_named);
  project_.objects[0].name = "Cont*";
  EXPECT_FALSE(Select({})->front().fields_named);
}

TEST_F(SelectTest, SkippedObjectIsPassedOverByPatternsAndRefusedByName) {
  project::ObjectRule all;
  all.name = "all";
  project::ObjectRule rule;
  rule.name = "Contact";
  rule.skip = true;
  rule.where_in_file = "firn.yaml:7:5";
  project_.objects = {all, rule};
  const auto specs = Select({});
  ASSERT_TRUE(specs) << specs.error().OneLine();
  EXPECT_EQ(specs->size(), 3U);
  for (const ObjectSpec& spec : *specs) EXPECT_NE(spec.object, "Contact");
  const auto named = Select({.patterns = {"Contact"}});
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code(), "EXPORT-PLAN-007");
  EXPECT_EQ(named.error().where(), "firn.yaml:7:5");
}

TEST_F(SelectTest, ExceptLeavesObjectsOutAndRefusesATypo) {
  const auto specs = Select({.patterns = {"all"}, .except = {"*__c"}});
  ASSERT_TRUE(specs);
  EXPECT_EQ(specs->size(), 2U);
  EXPECT_EQ(Select({.patterns = {"all"}, .except = {"Contcat"}}).error().code(), "EXPORT-PLAN-001");
}

TEST_F(SelectTest, OnlyWhatAPatternChoseMayBeLeftOut) {
  const auto specs = Select({.patterns = {"Contact", "*__c"}});
  ASSERT_TRUE(specs);
  EXPECT_FALSE(specs->front().by_pattern);
  EXPECT_TRUE(specs->back().by_pattern);
}

TEST_F(SelectTest, MisspeltObjectOfARuleIsNamedWithItsPlace) {
  project::ObjectRule rule;
  rule.name = "Contcat";
  rule.where_in_file = "firn.yaml:7:11";
  project_.objects = {rule};
  EXPECT_EQ(Select({}).error().where(), "firn.yaml:7:11");
}

TEST(CallsFor, GrowsWithPagesAndTheirLists) {
  EXPECT_EQ(CallsFor(0, 50'000), CallsFor(50'000, 50'000));
  // Ten pages more, and two lists of five.
  EXPECT_EQ(CallsFor(500'000, 50'000) - CallsFor(50'000, 50'000), 9 + 2);
  EXPECT_EQ(CallsFor(std::nullopt, 50'000), CallsFor(1, 50'000));
}

TEST(Leftovers, OnlyUnknownFilesOfTheRunAreRemoved) {
  const TestFolder temporary;
  const std::filesystem::path folder = temporary.path();
  for (const char* name : {"run1-1-0-0.parquet", "run1-1-0-1.parquet", "run2-1-0-0.parquet"}) {
    std::ofstream(folder / name) << "rows";
  }
  const std::string known = "file://" + (folder / "run1-1-0-0.parquet").string();
  auto found = RemoveLeftovers("file://" + folder.string(), "run1-", {known});
  ASSERT_TRUE(found) << found.error().OneLine();
  ASSERT_EQ(found->removed.size(), 1U);
  EXPECT_NE(found->removed[0].find("run1-1-0-1"), std::string::npos);
  EXPECT_EQ(found->bytes, 4);
  EXPECT_TRUE(std::filesystem::exists(folder / "run1-1-0-0.parquet"));
  EXPECT_TRUE(std::filesystem::exists(folder / "run2-1-0-0.parquet"));
  std::filesystem::remove_all(folder);
  EXPECT_TRUE(RemoveLeftovers("file://" + folder.string(), "run1-", {})->removed.empty());
}

}  // namespace
}  // namespace firn::exports
