// What could go wrong in production: a team loads its own data and schema, takes a snapshot before
// a test run and puts it back after, and the org is not what it was.
#include <gtest/gtest.h>

#include "sandbox/api_rig_test.h"
#include "sandbox/life/load.h"
#include "sandbox/life/snapshot.h"

namespace firn::sandbox {
namespace {

class AdminLifeTest : public ApiRig {
 protected:
  json Rows(const std::string& soql) {
    return Parse(Send("POST", "/sandbox/query", json{{"soql", soql}}.dump()))["records"];
  }
  int64_t Count(const std::string& object) {
    return Parse(Send("POST", "/sandbox/query",
                      json{{"soql", "SELECT COUNT() FROM " + object}}.dump()))
        .value("count", int64_t{-1});
  }
};

TEST_F(AdminLifeTest, CsvIsLoadedAndBadRowsAreTold) {
  const std::string csv =
      "Name,Phone,CreatedDate,Industry\r\n\"Ac\"\"me, Inc\n\",+1,2020-01-02T03:04:05Z,\r\n"
      ",+2,,\r\nBeta,#N/A,,Energy";
  const json report = Parse(Send("POST", "/sandbox/load?format=csv&object=Account", csv));
  EXPECT_EQ(report["loaded"], 2);
  EXPECT_EQ(report["failed"], 1);
  EXPECT_NE(report["errors"][0].get<std::string>().find("row 3: REQUIRED_FIELD_MISSING"),
            std::string::npos)
      << report.dump();
  const json rows = Rows("SELECT Name, CreatedDate FROM Account WHERE Phone = '+1'");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["Name"], "Ac\"me, Inc");  // the org cuts blanks at the ends
  EXPECT_EQ(rows[0]["CreatedDate"], "2020-01-02T03:04:05.000+0000");
  EXPECT_EQ(Send("POST", "/sandbox/load?format=csv&object=Account", "Name\n\"open").status, 400);
  EXPECT_EQ(Send("POST", "/sandbox/load?format=csv&object=Account", "Name\na,b").status, 400);
}

TEST_F(AdminLifeTest, ExportTreeAndPlanKeepTheirReferences) {
  const json plan = {{"plan",
                      {{{"sobject", "Account"},
                        {"records",
                         {{{"attributes", {{"type", "Account"}, {"referenceId", "AccountRef1"}}},
                           {"Name", "Parent"}}}}},
                       {{"sobject", "Contact"},
                        {"records",
                         {{{"attributes", {{"type", "Contact"}, {"referenceId", "ContactRef1"}}},
                           {"LastName", "Child"},
                           {"AccountId", "@AccountRef1"}}}}}}}};
  EXPECT_EQ(Parse(Send("POST", "/sandbox/load?format=json", plan.dump()))["loaded"], 2);
  const json tree = {{"records",
                      {{{"attributes", {{"type", "Account"}, {"referenceId", "r1"}}},
                        {"Name", "Tree"},
                        {"Contacts",
                         {{"records",
                           {{{"attributes", {{"type", "Contact"}, {"referenceId", "r2"}}},
                             {"LastName", "Leaf"}}}}}}}}}};
  EXPECT_EQ(Parse(Send("POST", "/sandbox/load?format=json", tree.dump()))["loaded"], 2);
  const json rows = Rows("SELECT LastName, Account.Name FROM Contact ORDER BY LastName");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["Account"]["Name"], "Parent");
  EXPECT_EQ(rows[1]["Account"]["Name"], "Tree");
  EXPECT_EQ(Send("POST", "/sandbox/load?format=json", "{\"x\":1}").status, 400);
}

TEST_F(AdminLifeTest, SchemaIsClonedFromADescribeAnswer) {
  const json describe = {
      {"name", "Ship__c"},
      {"label", "Ship"},
      {"labelPlural", "Ships"},
      {"keyPrefix", "a7Q"},
      {"fields",
       {{{"name", "Id"}, {"type", "id"}, {"nillable", false}, {"createable", false}},
        {{"name", "Name"}, {"type", "string"}, {"length", 80}, {"nameField", true}},
        {{"name", "Tonnage__c"}, {"type", "double"}, {"precision", 10}, {"scale", 3}},
        {{"name", "Flag__c"},
         {"type", "picklist"},
         {"length", 255},
         {"picklistValues", {{{"value", "NO"}, {"active", true}}, {{"value", "SE"}}}}},
        {{"name", "Owner__c"},
         {"type", "reference"},
         {"referenceTo", {"Account"}},
         {"relationshipName", "Owner__r"}},
        {{"name", "Odd__c"}, {"type", "somethingNew"}, {"length", 10}}}}};
  const auto answer = Send("POST", "/sandbox/load?format=describe", describe.dump());
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json told = GetJson("/services/data/v60.0/sobjects/Ship__c/describe");
  std::map<std::string, std::string> types;
  for (const json& field : told["fields"]) types[field["name"]] = field["type"];
  EXPECT_EQ(types["Tonnage__c"], "double");
  EXPECT_EQ(types["Owner__c"], "reference");
  EXPECT_EQ(types["Odd__c"], "string");
  EXPECT_EQ(told["keyPrefix"], "a7Q");
  EXPECT_EQ(Parse(Send("POST", "/sandbox/load?format=csv&object=Ship__c",
                       "Name,Tonnage__c,Flag__c\nFram,402.125,NO\n"))["loaded"],
            1);
  EXPECT_EQ(Send("POST", "/sandbox/load?format=describe", "[1]").status, 400);
}

TEST_F(AdminLifeTest, TrafficIsTheSameUnderOneSeed) {
  sandbox_->org().Seed({.scale = 0.003}).value();
  const auto snapshot = folder_ + "_traffic";
  std::filesystem::remove_all(snapshot);
  ASSERT_EQ(Send("POST", "/sandbox/snapshot", json{{"to", snapshot}}.dump()).status, 204);
  std::string told[2];
  for (std::string& each : told) {
    const auto answer = Send("POST", "/sandbox/traffic", R"({"changes": 120, "seed": 5})");
    ASSERT_EQ(answer.status, 200) << answer.body;
    each = answer.body + Rows("SELECT Name, StageName FROM Opportunity ORDER BY Id").dump() +
           Rows("SELECT Subject, Status FROM Case ORDER BY Id").dump();
    sandbox_.reset();
    ASSERT_TRUE(RestoreSnapshot(snapshot, folder_));
    Start();
  }
  EXPECT_EQ(told[0], told[1]);
  const json kinds = json::parse(told[0].substr(0, told[0].find("}}") + 2))["kinds"];
  EXPECT_TRUE(kinds.contains("opportunity_moved")) << kinds.dump();
  EXPECT_TRUE(kinds.contains("lead_converted")) << kinds.dump();
  EXPECT_FALSE(kinds.contains("refused")) << kinds.dump();
  std::filesystem::remove_all(snapshot);
}

TEST_F(AdminLifeTest, SnapshotBringsBackRecordsAppsAndSessions) {
  MakeAccounts(3);
  const auto snapshot = folder_ + "_snapshot";
  std::filesystem::remove_all(snapshot);
  ASSERT_EQ(Send("POST", "/sandbox/snapshot", json{{"to", snapshot}}.dump()).status, 204);
  EXPECT_EQ(Send("POST", "/sandbox/snapshot", json{{"to", snapshot}}.dump()).status, 400);
  const std::string client = sandbox_->client_id();
  MakeAccounts(2);
  Send("DELETE", "/sandbox/apps/" + client);
  EXPECT_FALSE(RestoreSnapshot(snapshot, folder_));  // the org runs
  sandbox_.reset();
  ASSERT_TRUE(RestoreSnapshot(snapshot, folder_));
  Start();
  EXPECT_EQ(Count("Account"), 3);
  EXPECT_EQ(sandbox_->client_id(), client);
  EXPECT_EQ(Get("/services/data/v60.0/limits").status, 200);  // the token still serves
  std::filesystem::remove_all(snapshot);
}

TEST_F(AdminLifeTest, PageIsServedAndItsQueryBoxTellsTheVendorsError) {
  const auto page = Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("<title>Firn sandbox</title>"), std::string::npos);
  const auto bad = Send("POST", "/sandbox/query", R"({"soql": "SELECT Nope FROM Account"})");
  EXPECT_EQ(bad.status, 400);
  EXPECT_NE(bad.body.find("INVALID_FIELD"), std::string::npos);
}

TEST_F(AdminLifeTest, MigrationByAFaultRenamesTheInstanceToo) {
  ASSERT_EQ(Send("POST", "/sandbox/faults", R"({"effect":"migrate_org","path":"*/limits"})").status,
            204);
  EXPECT_EQ(Get("/services/data/v60.0/limits").status, 200);
  EXPECT_EQ(Rows("SELECT InstanceName FROM Organization")[0]["InstanceName"], "FIRN2");
}

TEST_F(AdminLifeTest, OrgMigrationEndsSessionsAndRenamesTheInstance) {
  EXPECT_EQ(Get("/services/data/v60.0/limits").status, 200);
  ASSERT_EQ(Send("POST", "/sandbox/migrate").status, 204);
  EXPECT_EQ(Get("/services/data/v60.0/limits").status, 401);
  EXPECT_EQ(Rows("SELECT InstanceName FROM Organization")[0]["InstanceName"], "FIRN2");
}

}  // namespace
}  // namespace firn::sandbox
