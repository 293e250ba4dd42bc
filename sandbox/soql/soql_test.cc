// What could go wrong: a row that should be there is not (nulls, case, dates), or an error a client
// matches on has another code or text.
#include <gtest/gtest.h>

#include "sandbox/query.h"
#include "sandbox/soql/distinct.h"
#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

class SoqlTest : public ::testing::Test {
 protected:
  SoqlTest() {
    Add({{"Name", "Alpha"},
         {"Industry", "Energy"},
         {"AnnualRevenue", "100"},
         {"Region__c", "North;East"}});
    Add({{"Name", "beta"},
         {"NumberOfEmployees", "5"},
         {"AnnualRevenue", "20000000"},
         {"Region__c", "South"}});
    Add({{"Name", "Gamma_100%"}, {"Industry", "energy"}, {"Site", "it's \\ here"}});
    Add({{"Name", "Дельта"}, {"Industry", "Banking"}, {"Description", "line\none"}});
    Contact("Ann", "Árnason", ids_[0]);
    Contact("Bob", "Bauer", ids_[0]);
    Contact("Cy", "Chen", 0);
  }
  void Add(const std::vector<FieldText>& fields) {
    org_.clock().Advance(std::chrono::hours(24));
    auto id = org_->Insert("Account", fields, {});
    ASSERT_TRUE(id) << id.error().OneLine();
    ids_.push_back(*id);
  }
  void Contact(const std::string& first, const std::string& last, int64_t account) {
    std::vector<FieldText> fields = {{"FirstName", first}, {"LastName", last}};
    if (account != 0) fields.push_back({"AccountId", IdText(account)});
    ASSERT_TRUE(org_->Insert("Contact", fields, {}));
  }
  std::string Names(const std::string& where) {
    return org_.One("SELECT Name FROM Account WHERE " + where + " ORDER BY Id");
  }

  TestOrg org_;
  std::vector<int64_t> ids_;
};

TEST_F(SoqlTest, TextComparesWithoutCase) {
  EXPECT_EQ(Names("Name = 'ALPHA'"), "Alpha");
  EXPECT_EQ(Names("Name = 'дельта'"), "Дельта");
  EXPECT_EQ(Names("Industry = 'Energy'"), "Alpha\nGamma_100%");
}

TEST_F(SoqlTest, NotEqualIncludesNulls) {
  EXPECT_EQ(Names("Industry != 'Energy'"), "beta\nДельта");
  EXPECT_EQ(Names("Industry NOT IN ('Energy')"), "beta\nДельта");
  EXPECT_EQ(Names("Industry = null"), "beta");
  EXPECT_EQ(Names("Industry <> NULL"), "Alpha\nGamma_100%\nДельта");
}

TEST_F(SoqlTest, LikeKnowsWildcardsAndEscapes) {
  EXPECT_EQ(Names("Name LIKE 'a%'"), "Alpha");
  EXPECT_EQ(Names("Name LIKE '_eta'"), "beta");
  EXPECT_EQ(Names("Name LIKE '%\\%'"), "Gamma_100%");
  EXPECT_EQ(Names("Name LIKE 'gamma\\_%'"), "Gamma_100%");
  EXPECT_EQ(Names("Name LIKE 'дель_а'"), "Дельта");
  EXPECT_EQ(Names("(NOT Name LIKE '%a')"), "Gamma_100%\nДельта");
}

TEST_F(SoqlTest, EscapedStringsAreWhatTheySay) {
  EXPECT_EQ(Names("Site = 'it\\'s \\\\ here'"), "Gamma_100%");
  EXPECT_EQ(Names("Name = '\\u0041lpha'"), "Alpha");
}

TEST_F(SoqlTest, NumbersCompareExactly) {
  EXPECT_EQ(Names("AnnualRevenue >= 100.0 AND AnnualRevenue < 2e7"), "Alpha");
  EXPECT_EQ(Names("AnnualRevenue > USD100"), "beta");
  EXPECT_EQ(Names("NumberOfEmployees < 5.5"), "beta");
}

TEST_F(SoqlTest, MultipicklistKnowsIncludes) {
  EXPECT_EQ(Names("Region__c INCLUDES ('North;East', 'South')"), "Alpha\nbeta");
  EXPECT_EQ(Names("Region__c INCLUDES ('North;South')"), "");
  EXPECT_EQ(Names("Region__c EXCLUDES ('South')"), "Alpha\nGamma_100%\nДельта");
}

TEST_F(SoqlTest, DateLiteralsCountFromTheOrgsClock) {
  EXPECT_EQ(Names("CreatedDate = TODAY"), "Дельта");
  EXPECT_EQ(Names("CreatedDate = YESTERDAY"), "Gamma_100%");
  EXPECT_EQ(Names("CreatedDate = LAST_N_DAYS:2"), "beta\nGamma_100%\nДельта");
  EXPECT_EQ(Names("CreatedDate < LAST_N_DAYS:2"), "Alpha");
  EXPECT_EQ(Names("CreatedDate >= 2026-11-27T00:00:00.000+0000 AND CreatedDate < "
                  "2026-11-28T00:00:00Z"),
            "Gamma_100%");
  EXPECT_EQ(Names("CreatedDate >= 2026-11-27T00:00:00.000 00:00 AND CreatedDate < "
                  "2026-11-28T00:00:00.000-00:00"),
            "Gamma_100%");
  EXPECT_EQ(Names("DAY_IN_MONTH(CreatedDate) = 25"), "Alpha");
}

TEST_F(SoqlTest, NullsSortFirstUnlessAsked) {
  EXPECT_EQ(org_.One("SELECT Name FROM Account ORDER BY Industry, Name"),
            "beta\nДельта\nAlpha\nGamma_100%");
  EXPECT_EQ(org_.One("SELECT Name FROM Account ORDER BY Industry NULLS LAST, Name DESC"),
            "Дельта\nGamma_100%\nAlpha\nbeta");
  EXPECT_EQ(org_.One("SELECT Name FROM Account ORDER BY AnnualRevenue DESC NULLS LAST LIMIT 1"),
            "beta");
  EXPECT_EQ(org_.One("SELECT Name FROM Account ORDER BY Name LIMIT 2 OFFSET 1"),
            "beta\nGamma_100%");
}

TEST_F(SoqlTest, ParentPathsReachOverNulls) {
  EXPECT_EQ(org_.One("SELECT LastName, Account.Name, Account.Owner.Alias FROM Contact ORDER BY Id"),
            "Árnason|Alpha|aadmin\nBauer|Alpha|aadmin\nChen||");
  EXPECT_EQ(org_.One("SELECT LastName FROM Contact WHERE Account.Name = null"), "Chen");
  EXPECT_EQ(org_.One("SELECT c.LastName FROM Contact c WHERE c.Account.Industry = 'energy' AND "
                     "Contact.FirstName = 'bob'"),
            "Bauer");
}

TEST_F(SoqlTest, PolymorphicParentsHaveANameAndAType) {
  auto problem = org_->Insert("Case", {{"Subject", "s"}}, {});
  ASSERT_TRUE(problem) << problem.error().OneLine();
  for (const int64_t what : {ids_[0], *problem}) {
    auto task = org_->Insert(
        "Task", {{"Subject", "t"}, {"WhatId", IdText(what)}, {"Status", "Not Started"}}, {});
    ASSERT_TRUE(task) << task.error().OneLine();
  }
  EXPECT_EQ(org_.One("SELECT What.Type, What.Name FROM Task ORDER BY Id"),
            "Account|Alpha\nCase|00001000");
  EXPECT_EQ(org_.One("SELECT What.Name FROM Task WHERE What.Type = 'case'"), "00001000");
}

TEST_F(SoqlTest, SemiAndAntiJoinsSelectById) {
  EXPECT_EQ(Names("Id IN (SELECT AccountId FROM Contact WHERE FirstName = 'Ann')"), "Alpha");
  EXPECT_EQ(Names("Id NOT IN (SELECT AccountId FROM Contact)"), "beta\nGamma_100%\nДельта");
}

TEST_F(SoqlTest, IdsMatchInBothLengths) {
  const std::string id = IdText(ids_[1]);
  EXPECT_EQ(Names("Id = '" + id + "'"), "beta");
  EXPECT_EQ(Names("Id IN ('" + id.substr(0, 15) + "', '" + IdText(ids_[0]) + "')"), "Alpha\nbeta");
  EXPECT_EQ(Names("Id = '001000000000000AAA'"), "");
  EXPECT_EQ(org_.Failure("SELECT Id FROM Account WHERE Id = 'nope'"),
            "INVALID_QUERY_FILTER_OPERATOR");
}

TEST_F(SoqlTest, CountsWithAndWithoutFilter) {
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Account"), "4");
  EXPECT_EQ(org_.One("select count() from account where industry = 'ENERGY'"), "2");
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Account WHERE SystemModstamp >= YESTERDAY"), "2");
}

TEST_F(SoqlTest, AggregatesGroupAndName) {
  EXPECT_EQ(org_.One("SELECT COUNT(Id), MIN(AnnualRevenue), MAX(Name), SUM(AnnualRevenue) "
                     "FROM Account"),
            "4|100.0|Дельта|2.00001E7");
  EXPECT_EQ(org_.One("SELECT Account.Name n, COUNT(Id) FROM Contact GROUP BY Account.Name "
                     "HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC"),
            "Alpha|2");
  auto cursor = org_->Query(
      "SELECT Industry, COUNT(Id), COUNT(Name) total FROM Account GROUP BY Industry", {});
  ASSERT_TRUE(cursor) << cursor.error().what();
  EXPECT_EQ((*cursor)->columns()[1].name, "expr0");
  EXPECT_EQ((*cursor)->columns()[2].name, "total");
}

TEST_F(SoqlTest, JsonNestsParentsAndChildren) {
  auto cursor = org_->Query(
      "SELECT Name, Owner.Alias, (SELECT LastName FROM Contacts ORDER BY LastName DESC) FROM "
      "Account WHERE Name IN ('Alpha', 'beta') ORDER BY Name",
      {});
  ASSERT_TRUE(cursor) << cursor.error().what();
  ASSERT_TRUE(*(*cursor)->Next());
  std::string json;
  AppendJsonRow(**cursor, 60, json);
  EXPECT_NE(json.find(R"({"attributes":{"type":"Account","url":"/services/data/v60.0/sobjects/)"
                      "Account/" +
                      IdText(ids_[0]) + "\"},\"Name\":\"Alpha\",\"Owner\":{"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find(R"("Contacts":{"totalSize":2,"done":true,"records":[{"attributes")"),
            std::string::npos)
      << json;
  EXPECT_LT(json.find("Bauer"), json.size());
  ASSERT_TRUE(*(*cursor)->Next());
  json.clear();
  AppendJsonRow(**cursor, 60, json);
  EXPECT_NE(json.find(R"("Contacts":null)"), std::string::npos) << json;
}

TEST_F(SoqlTest, ErrorsHaveTheVendorsCodesAndPlace) {
  EXPECT_EQ(org_.FailureText("SELECT Foo FROM Account"),
            "\nSELECT Foo FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on "
            "entity 'Account'. If you are attempting to use a custom field, be sure to append the "
            "'__c' after the custom field name. Please reference your WSDL or the describe call "
            "for the appropriate names.");
  EXPECT_EQ(org_.Failure("SELECT Id FROM Nope"), "INVALID_TYPE");
  EXPECT_EQ(org_.Failure("SELECT Id FRO Account"), "MALFORMED_QUERY");
  EXPECT_EQ(org_.Failure("SELECT Id FROM Account WHERE"), "MALFORMED_QUERY");
  EXPECT_EQ(org_.Failure("SELECT Id FROM Account WHERE Name = 'a' AND Site = 'b' OR Id = null"),
            "MALFORMED_QUERY");
  EXPECT_EQ(org_.Failure("SELECT Foo.Name FROM Account"), "INVALID_FIELD");
  EXPECT_EQ(org_.Failure("SELECT Id FROM Account WHERE CreatedDate = '2026-01-01'"),
            "INVALID_FIELD");
  EXPECT_EQ(org_.Failure("SELECT Id FROM Account WHERE Description = 'x'"), "INVALID_FIELD");
  EXPECT_EQ(org_.Failure("SELECT Id, Id FROM Account"), "INVALID_FIELD");
  EXPECT_EQ(org_.Failure("SELECT FIELDS(ALL) FROM Account"), "MALFORMED_QUERY");
  EXPECT_EQ(org_.Failure("SELECT FIELDS(ALL) FROM Account LIMIT 200"), "");
}

TEST_F(SoqlTest, BulkRefusesWhatTheVendorRefuses) {
  const auto catalogue = org_->catalogue();
  for (const char* soql :
       {"SELECT COUNT() FROM Account", "SELECT COUNT(Id) FROM Account",
        "SELECT Id FROM Account LIMIT 5 OFFSET 1", "SELECT BillingAddress FROM Account",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
        "SELECT Name FROM Account GROUP BY Name", "SELECT FIELDS(ALL) FROM Account LIMIT 10",
        "SELECT VersionData FROM ContentVersion"}) {
    EXPECT_TRUE(BulkRefusal(soql, *catalogue)) << soql;
  }
  EXPECT_FALSE(BulkRefusal("SELECT Id, Account.Name FROM Contact ORDER BY Id LIMIT 5", *catalogue));
}

TEST_F(SoqlTest, CsvQuotesEverything) {
  auto cursor = org_->Query(
      "SELECT Name, Industry, Description, IsDeleted, CreatedDate, Site FROM "
      "Account WHERE Name IN ('Gamma_100%', 'Дельта') ORDER BY Id",
      {});
  ASSERT_TRUE(cursor) << cursor.error().what();
  std::string csv;
  AppendCsvHeader(**cursor, {}, csv);
  while (*(*cursor)->Next()) AppendCsvRow(**cursor, {}, csv);
  EXPECT_EQ(
      csv,
      "\"Name\",\"Industry\",\"Description\",\"IsDeleted\",\"CreatedDate\",\"Site\"\n"
      "\"Gamma_100%\",\"energy\",\"\",\"false\",\"2026-11-27T02:56:02.000Z\",\"it's \\ here\"\n"
      "\"Дельта\",\"Banking\",\"line\none\",\"false\",\"2026-11-28T02:56:02.000Z\",\"\"\n");
}

TEST(Distinct, CountsEachKeyOnce) {
  soql::Distinct distinct;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5000; ++i) distinct.Add("key " + std::to_string(i));
    distinct.Add("");
  }
  EXPECT_EQ(distinct.Count(), 5001U);
}

}  // namespace
}  // namespace firn::sandbox
