// What could go wrong: a misspelt `exclude` gives away the field that it was to keep back, or a
// field that was dropped from the org stops the nightly run for ever.
#include "patterns/exports/names.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/random.h"
#include "patterns/exports/choose.h"
#include "patterns/exports/fake_rest.h"
#include "patterns/exports/gone_objects.h"
#include "patterns/exports/scheduled_names.h"
#include "tests/support/test_folder.h"

namespace firn::exports {
namespace {

std::string DescribeOf(const std::vector<std::string>& names) {
  std::string fields;
  for (const std::string& name : names) {
    fields += (fields.empty() ? "" : ",") + (R"({"name":")" + name + R"(","type":"string"})");
  }
  return R"({"name":"X","fields":[)" + fields + "]}";
}

salesforce::ObjectInfo Info(const std::string& name) {
  salesforce::ObjectInfo info;
  info.name = name;
  info.queryable = true;
  return info;
}

class NamesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto lake = lake::Lake::Open({.warehouse = (folder_ / "lake").string()});
    ASSERT_TRUE(lake) << lake.error().OneLine();
    lake_ = *std::move(lake);
    auto shared = state::SharedState::Open(":memory:");
    ASSERT_TRUE(shared);
    shared_ = *std::move(shared);
    org_.id = "prod";
    project_.orgs = {org_};
    project_.lake.ns = "salesforce";
    rest_.describes = {{"Account", DescribeOf({"Id", "Name", "SSN__c"})},
                       {"Contact", DescribeOf({"Id", "Name", "Fax"})}};
    offered_ = {Info("Account"), Info("Contact")};
    parts_ = {.org = "prod",
              .org_id = "00D000000000001AAA",
              .api_version = "66.0",
              .rest = &rest_,
              .lake = lake_.get(),
              .shared = shared_.get()};
  }

  project::ObjectRule& AddRule(const std::string& name, std::vector<std::string> exclude) {
    project::ObjectRule rule;
    rule.name = name;
    rule.where_in_file = "firn.yaml:9:11";
    for (size_t i = 0; i < exclude.size(); ++i) {
      rule.exclude_where.push_back("firn.yaml:10:" + std::to_string(15 + i));
    }
    rule.exclude = std::move(exclude);
    project_.objects.push_back(std::move(rule));
    return project_.objects.back();
  }

  Result<std::vector<std::string>> Check(const Selection& selection = {}) {
    FIRN_TRY(const auto specs, SelectObjects(offered_, project_, org_, selection));
    return CheckNames(
        call_, parts_,
        {.project = project_, .org = org_, .offered = offered_, .selection = selection}, specs);
  }
  std::string Code(const Selection& selection = {}) {
    const auto checked = Check(selection);
    return checked ? "none" : checked.error().code();
  }

  TestFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
  FakeRest rest_;
  std::unique_ptr<lake::Lake> lake_;
  std::shared_ptr<state::SharedState> shared_;
  std::vector<salesforce::ObjectInfo> offered_;
  project::Project project_;
  project::Org org_;
  ExportParts parts_;
  Call call_;
};

TEST_F(NamesTest, MisspeltExcludeIsRefusedAtItsPlaceWithTheNearestName) {
  AddRule("Account", {"SSN_c"});
  const auto checked = Check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), "EXPORT-PLAN-006");
  EXPECT_EQ(checked.error().kind(), Kind::kBadInput);
  EXPECT_EQ(checked.error().where(), "firn.yaml:10:15");
  EXPECT_EQ(checked.error().hint(), "did you mean `SSN__c`?");
  EXPECT_NE(checked.error().what().find("`Account`"), std::string::npos);
}

TEST_F(NamesTest, FieldThatIsDroppedLaterDoesNotStopTheNightlyRun) {
  AddRule("Account", {"SSN__c"});
  ASSERT_EQ(Code(), "none");
  rest_.describes["Account"] = DescribeOf({"Id", "Name"});
  EXPECT_EQ(Code(), "none");
  const auto specs = SelectObjects(offered_, project_, org_, {});
  EXPECT_EQ(UnfittingNames(specs->front(), rest_.describes["Account"]).size(), 1U);
}

TEST_F(NamesTest, WhatIsRememberedOfOneOrgIsNotTakenForAnother) {
  AddRule("Account", {"SSN__c"});
  ASSERT_EQ(Code(), "none");
  rest_.describes["Account"] = DescribeOf({"Id", "Name"});
  parts_.org_id = "00D000000000002AAA";
  EXPECT_EQ(Code(), "EXPORT-PLAN-006");
}

TEST_F(NamesTest, NameThatIsRememberedCostsNoCall) {
  AddRule("Account", {"SSN__c"});
  ASSERT_EQ(Code(), "none");
  const int described = rest_.described;
  ASSERT_EQ(Code(), "none");
  EXPECT_EQ(rest_.described, described);
}

TEST_F(NamesTest, PatternThatKeepsFieldsOutMayFitNothing) {
  AddRule("Account", {"Salary__c*"});
  EXPECT_EQ(Code(), "none");
}

TEST_F(NamesTest, PatternThatChoosesNothingIsRefused) {
  AddRule("Account", {}).include = {"Nmae*"};
  EXPECT_EQ(Code(), "EXPORT-PLAN-006");
}

TEST_F(NamesTest, FormulaListIsCheckedToo) {
  AddRule("Account", {}).refresh_fields = {"Nmae"};
  EXPECT_EQ(Code(), "EXPORT-PLAN-006");
}

TEST_F(NamesTest, RuleOfManyObjectsMayNameAFieldOfAnyOfThem) {
  AddRule("all", {"Fax", "SSN__c"});
  EXPECT_EQ(Code(), "none");
}

TEST_F(NamesTest, NameThatNoObjectOfARuleHasIsRefused) {
  AddRule("all", {"SSN_c"});
  const auto checked = Check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), "EXPORT-PLAN-006");
  EXPECT_EQ(checked.error().hint(), "did you mean `SSN__c`?");
}

TEST_F(NamesTest, PartOfARulesObjectsIsNoProofThatANameIsWrong) {
  AddRule("all", {"Fax"});
  EXPECT_EQ(Check({.patterns = {"Account"}})->size(), 0U);  // it is of Contact
  project_.objects[0].exclude = {"Nmae"};
  EXPECT_EQ(Check({.patterns = {"Account"}})->size(), 1U);
}

TEST_F(NamesTest, TypedNamesMustFitOneOfTheObjects) {
  EXPECT_EQ(Code({.patterns = {"Account", "Contact"}, .exclude = {"Fax"}}), "none");
  EXPECT_EQ(Code({.patterns = {"Account", "Contact"}, .exclude = {"Fxa"}}), "EXPORT-PLAN-006");
  EXPECT_EQ(Code({.patterns = {"Account"}, .include = {"Nmae"}}), "EXPORT-PLAN-006");
}

TEST_F(NamesTest, RuleForAMisspeltObjectIsRefusedWhereAPatternWouldTakeIt) {
  AddRule("all", {});
  AddRule("Acount", {"SSN__c"});
  EXPECT_EQ(Code({.patterns = {"Contact"}}), "none");
  const auto checked = Check({.patterns = {"all"}});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), "EXPORT-PLAN-001");
  EXPECT_EQ(checked.error().where(), "firn.yaml:9:11");
  EXPECT_EQ(checked.error().hint(), "did you mean `Account`?");
}

TEST_F(NamesTest, SkippedObjectThatIsGoneFromTheOrgIsAWarning) {
  AddRule("all", {});
  AddRule("Contact", {}).skip = true;
  ASSERT_EQ(Check()->size(), 0U);
  offered_.pop_back();
  const auto checked = Check();
  ASSERT_TRUE(checked) << checked.error().OneLine();
  ASSERT_EQ(checked->size(), 1U);
  EXPECT_NE(checked->front().find("`Contact`"), std::string::npos);
}

TEST_F(NamesTest, ConfigCheckKnowsWhatWasDescribedTheLastTime) {
  AddRule("Account", {"Name"});
  ASSERT_EQ(Code(), "none");
  project_.objects[0].exclude = {"Nmae"};
  EXPECT_TRUE(CheckNamesOffline(project_, *shared_, std::nullopt).empty());  // never described
  ASSERT_TRUE(salesforce::NewDescribeCache(shared_)->Save(
      parts_.org_id, "66.0/Account", {rest_.describes["Account"], "yesterday", false}));
  const auto problems = CheckNamesOffline(project_, *shared_, std::nullopt);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].hint(), "did you mean `Name`?");
}

// A schedule and a mirror with these names.
void AddDaemonNames(project::Project& project, const std::string& object,
                    const std::string& table) {
  project::ScheduledJob job;
  job.name = "nightly";
  job.org = "prod";
  job.objects = {object};
  job.where_in_file = "firn.yaml:20:5";
  project.schedules.push_back(job);
  project::MirrorSettings mirror;
  mirror.name = "glue";
  mirror.tables = {table};
  mirror.where = "firn.yaml:30:7";
  project.catalogs.mirrors.push_back(mirror);
}

TEST_F(NamesTest, NamesOfSchedulesAndMirrorsAreToldByEveryPlanAndRun) {
  AddDaemonNames(project_, "Acount", "salesforce.Contcat");
  const auto chosen = ChooseObjects(call_, parts_,
                                    {.project = project_,
                                     .org = org_,
                                     .offered = offered_,
                                     .selection = {.patterns = {"Account"}}});
  ASSERT_TRUE(chosen) << chosen.error().OneLine();
  ASSERT_EQ(chosen->warnings.size(), 2U);
  EXPECT_NE(chosen->warnings[0].find("did you mean `Account`?"), std::string::npos);
  EXPECT_NE(chosen->warnings[0].find("firn.yaml:20:5"), std::string::npos);
  EXPECT_NE(chosen->warnings[1].find("did you mean `salesforce.Contact`?"), std::string::npos);
  EXPECT_NE(chosen->warnings[1].find("firn.yaml:30:7"), std::string::npos);
}

TEST_F(NamesTest, NamesOfSchedulesAndMirrorsAreHeldAgainstWhatTheOrgOfferedTheLastTime) {
  AddDaemonNames(project_, "Acount", "salesforce.Contcat");
  const std::vector<std::string> tables = {"salesforce.Account"};
  EXPECT_TRUE(CheckNamesOffline(project_, *shared_, tables).empty());  // never asked
  ASSERT_TRUE(KeepOffered(shared_.get(), "prod", {"Account", "Contact"}));
  const auto problems = CheckNamesOffline(project_, *shared_, tables);
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].code(), "EXPORT-PLAN-001");
  EXPECT_EQ(problems[1].code(), "EXPORT-PLAN-008");
  project_.schedules[0].objects = {"Account", "Cont*"};
  project_.catalogs.mirrors[0].tables = {"salesforce.Contact", "published.Contcat", "sales*.*"};
  EXPECT_TRUE(CheckNamesOffline(project_, *shared_, tables).empty());
}

TEST_F(NamesTest, AnObjectThatWasExportedAndIsGoneIsPassedOverAndToldWithItsTable) {
  AddRule("Account", {});
  AddRule("Contact", {});
  ASSERT_TRUE(lake_->CreateNamespace("salesforce"));
  record::Schema schema;
  schema.fields = {{1, "Id", true, {.id = record::TypeId::kString}, ""}};
  ASSERT_TRUE(lake_->Create(call_, {"salesforce", "Contact"}, schema,
                            {{"firn.object", "Contact"}, {"firn.org", parts_.org_id}}));
  offered_.pop_back();
  const NamesAsked asked{.project = project_, .org = org_, .offered = offered_, .selection = {}};
  const auto chosen = ChooseObjects(call_, parts_, asked);
  ASSERT_TRUE(chosen) << chosen.error().OneLine();
  ASSERT_EQ(chosen->specs.size(), 1U);
  ASSERT_EQ(chosen->warnings.size(), 1U);
  EXPECT_NE(chosen->warnings[0].find("table salesforce.Contact stays"), std::string::npos);
  EXPECT_TRUE(*WasGone(shared_.get(), parts_.org_id, "Contact"));
  ASSERT_TRUE(NoteBack(shared_.get(), parts_.org_id, "Contact"));
  EXPECT_FALSE(*WasGone(shared_.get(), parts_.org_id, "Contact"));
  // Of another org's table nothing is said.
  parts_.org_id = "00D000000000002AAA";
  EXPECT_FALSE(ChooseObjects(call_, parts_, asked));
}

}  // namespace
}  // namespace firn::exports
