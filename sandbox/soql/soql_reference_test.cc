// Queries in the form in which the vendor's reference and its users write them. What could go
// wrong: a query that the vendor answers is refused here, or one that it refuses is answered.
// Source: SOQL and SOSL Reference, 'Using Relationship Queries', 'Date Functions', 'Comparison
// Operators', 'LIMIT', 'GROUP BY', read 2026-11; what the documents leave open: the grammar of the
// vendor's own editor (forcedotcom/soql-tooling) and error texts that users quote.
#include <gtest/gtest.h>

#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

class SoqlReferenceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const int64_t account = Add("Account", {{"Name", "Acme"}, {"Industry", "Energy"}});
    Add("Account", {{"Name", "Beta"}, {"ParentId", IdText(account)}});
    Add("Contact", {{"LastName", "Lee"}, {"AccountId", IdText(account)}});
    for (const char* day : {"2025-01-10", "2025-03-31", "2026-02-01"}) {
      Add("Opportunity",
          {{"Name", day}, {"StageName", "Prospecting"}, {"CloseDate", day}, {"Amount", "10"}});
    }
  }
  int64_t Add(const std::string& object, const std::vector<FieldText>& fields) {
    auto id = org_->Insert(object, fields, {{}, true});
    EXPECT_TRUE(id) << id.error().OneLine();
    return id.value_or(0);
  }
  // The last line of an error's text; empty for a query that is answered.
  std::string Refusal(const std::string& soql) {
    const std::string text = org_.FailureText(soql);
    return text.substr(text.rfind('\n') + 1);
  }
  TestOrg org_;
};

TEST_F(SoqlReferenceTest, ASubSelectMayNameTheOuterObjectOrItsAlias) {
  EXPECT_EQ(Refusal("SELECT Account.Name, (SELECT Contact.LastName FROM Account.Contacts) FROM "
                    "Account"),
            "");
  EXPECT_EQ(Refusal("SELECT a.Id, (SELECT a2.Id FROM a.ChildAccounts a2) FROM Account a"), "");
  EXPECT_EQ(Refusal("SELECT Name, (SELECT FIELDS(ALL) FROM Account.Contacts LIMIT 200) FROM "
                    "Account"),
            "");
  EXPECT_NE(Refusal("SELECT Id, (SELECT Id FROM Lead.Contacts) FROM Account"), "");
}

TEST_F(SoqlReferenceTest, NotStandsAloneOrInParentheses) {
  EXPECT_EQ(Refusal("SELECT Id FROM Account WHERE NOT Name = 'a'"), "");
  EXPECT_EQ(Refusal("SELECT Id FROM Account WHERE (NOT Name = 'a') AND Id != null"), "");
  EXPECT_EQ(Refusal("SELECT Id FROM Account WHERE Id != null AND (NOT Name LIKE 'a%')"), "");
  EXPECT_EQ(Refusal("SELECT Id FROM Account WHERE Id != null AND NOT Name = 'a'"),
            "unexpected token: 'NOT'");
  EXPECT_EQ(Refusal("SELECT Id FROM Account WHERE NOT Name = 'a' AND Id != null"),
            "unexpected token: 'AND'");
}

TEST_F(SoqlReferenceTest, ADateFunctionMayBeOfAGroupedDate) {
  EXPECT_EQ(org_.One("SELECT CALENDAR_YEAR(CloseDate) FROM Opportunity GROUP BY CloseDate ORDER BY "
                     "CloseDate DESC LIMIT 1"),
            "2026");
  EXPECT_EQ(Refusal("SELECT CALENDAR_YEAR(CreatedDate) FROM Opportunity GROUP BY CreatedDate"),
            "field 'CreatedDate' can not be grouped in a query call");
}

TEST_F(SoqlReferenceTest, OverallAggregatesTakeNoLimit) {
  EXPECT_EQ(Refusal("SELECT MAX(CreatedDate) FROM Account LIMIT 1"),
            "Non-grouped query that uses overall aggregate functions cannot also use LIMIT");
  EXPECT_EQ(Refusal("SELECT COUNT(Id) FROM Account OFFSET 1"),
            "Non-grouped query that uses overall aggregate functions cannot also use OFFSET");
  EXPECT_EQ(Refusal("SELECT COUNT() FROM Account LIMIT 1"), "");
  EXPECT_EQ(Refusal("SELECT Name, COUNT(Id) FROM Account GROUP BY Name LIMIT 1"), "");
}

TEST_F(SoqlReferenceTest, EveryTextIsGreaterThanTheEmptyOne) {
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Contact WHERE Account.Name > ''"), "1");
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Account WHERE Industry >= ''"), "1");
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Account WHERE Industry < ''"), "0");
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Account WHERE Industry = ''"), "1");
}

TEST_F(SoqlReferenceTest, CountOfEveryRowTakesNoAlias) {
  EXPECT_EQ(Refusal("SELECT COUNT() number FROM Account"), "unexpected token: 'number'");
  EXPECT_EQ(Refusal("SELECT COUNT(Id) number FROM Account"), "");
}

TEST_F(SoqlReferenceTest, CountOfEveryRowIsNeitherGroupedNorOrdered) {
  EXPECT_EQ(Refusal("SELECT COUNT() FROM Account ORDER BY Name"),
            "Ordered field must be grouped or aggregated: Name");
  EXPECT_EQ(Refusal("SELECT COUNT() FROM Account GROUP BY Name"),
            "COUNT() cannot be used with GROUP BY: use COUNT(fieldName)");
}

TEST_F(SoqlReferenceTest, ASubSelectTakesAnOffsetBelowOneParentOnly) {
  const std::string children =
      "SELECT Name, (SELECT LastName FROM Contacts LIMIT 5 OFFSET 1) FROM ";
  EXPECT_EQ(Refusal(children + "Account LIMIT 1"), "");
  EXPECT_EQ(Refusal(children + "Account LIMIT 2"),
            "A sub-query can use OFFSET only if the parent query has LIMIT 1");
}

TEST_F(SoqlReferenceTest, AnAliasOfAPathLeadsToAParent) {
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Contact c, c.Account a, a.Owner o WHERE o.Name != null"),
            "1");
  EXPECT_NE(Refusal("SELECT Id FROM Account a, a.Contacts c"), "");
}

TEST_F(SoqlReferenceTest, AGroupedFieldIsNotAggregated) {
  EXPECT_EQ(Refusal("SELECT Industry, COUNT(Industry) FROM Account GROUP BY Industry"),
            "Grouped field should not be aggregated: Industry");
  EXPECT_EQ(Refusal("SELECT Industry, COUNT(Id) FROM Account GROUP BY Industry"), "");
  EXPECT_EQ(Refusal("SELECT Id, (SELECT COUNT(Id) FROM Contacts) FROM Account"),
            "only root queries support aggregate expressions");
}

TEST_F(SoqlReferenceTest, SemiJoinsHaveTheVendorsLimits) {
  const auto refusal = [&](const std::string& condition) {
    return Refusal("SELECT Id FROM Account WHERE " + condition);
  };
  EXPECT_EQ(refusal("Id IN (SELECT ParentId FROM Account)"),
            "The inner and outer selects should not be on the same object type");
  EXPECT_EQ(refusal("Id IN (SELECT AccountId FROM Contact LIMIT 1)"), "missing value at 'LIMIT'");
  EXPECT_EQ(refusal("Id IN (SELECT AccountId FROM Contact GROUP BY AccountId)"),
            "missing value at 'GROUP'");
  EXPECT_EQ(refusal("Id IN (SELECT LastName FROM Contact)"),
            "semi join sub-selects can only query id fields, cannot use: 'LastName'");
  EXPECT_EQ(refusal("(Name = 'a' AND Id IN (SELECT AccountId FROM Contact)) AND Name != 'b'"),
            "Semi join sub-selects are only allowed at the top level WHERE expressions and not in "
            "nested WHERE expressions");
  EXPECT_EQ(refusal("Id IN (SELECT AccountId FROM Contact) AND Id IN (SELECT AccountId FROM Case) "
                    "AND Id IN (SELECT AccountId FROM Opportunity)"),
            "Maximum 2 semi join sub-selects are allowed");
}

TEST_F(SoqlReferenceTest, RecordsMayBeMarkedAsViewedAndReferenced) {
  EXPECT_EQ(Refusal("SELECT Id FROM Account FOR VIEW, REFERENCE"), "");
  EXPECT_EQ(Refusal("SELECT Id FROM Account FOR VIEW UPDATE TRACKING, VIEWSTAT"), "");
  EXPECT_EQ(Refusal("SELECT Id FROM Account FOR UPDATE, REFERENCE"), "unexpected token: ','");
  EXPECT_EQ(Refusal("SELECT Id FROM Account FOR"), "unexpected token: '<EOF>'");
}

TEST_F(SoqlReferenceTest, DataCategoriesAreOfArticlesOnlyAndTheOrgHasNone) {
  const auto refusal = [&](const std::string& object, const std::string& filter) {
    return Refusal("SELECT Title FROM " + object +
                   " WHERE PublishStatus = 'Online' WITH DATA "
                   "CATEGORY " +
                   filter);
  };
  const std::string unknown = "Data category group 'Geography__c' does not exist";
  EXPECT_EQ(refusal("Knowledge__kav", "Geography__c ABOVE usa__c"), unknown);
  EXPECT_EQ(refusal("Knowledge__kav", "Geography__c AT (usa__c, uk__c) AND P__c BELOW d__c"),
            unknown);
  EXPECT_EQ(refusal("Knowledge__kav", "Geography__c NEAR usa__c"), "unexpected token: 'NEAR'");
  EXPECT_EQ(refusal("Knowledge__kav", "Geography__c AT usa__c OR P__c AT d__c"),
            "unexpected token: 'OR'");
  EXPECT_EQ(Refusal("SELECT Id FROM Account WITH DATA CATEGORY Geography__c AT usa__c"),
            "WITH DATA CATEGORY is not supported on Account");
}

TEST_F(SoqlReferenceTest, SumsOfACurrencyMayBeNegative) {
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Opportunity WHERE Amount > USD-500"), "3");
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Opportunity WHERE Amount IN (usd10.00, USD600)"), "3");
  EXPECT_EQ(Refusal("SELECT Id FROM Opportunity WHERE Amount > USD"), "unexpected token: 'USD'");
}

TEST_F(SoqlReferenceTest, DelegatedTasksAreThoseOfOthersThatTheUserMade) {
  QueryOptions options;
  options.user_id = org_.One("SELECT Id FROM User WHERE Username = 'admin@firn.sandbox'");
  const std::string other =
      org_.One("SELECT Id FROM User WHERE Username = 'restricted@firn.sandbox'");
  const auto task = [&](const std::string& subject, const std::string& owner) {
    const auto id =
        org_->Insert("Task", {{"Subject", subject}, {"Status", "Not Started"}, {"OwnerId", owner}},
                     {options.user_id, false});
    EXPECT_TRUE(id) << id.error().OneLine();
  };
  task("own", options.user_id);
  task("given", other);
  EXPECT_EQ(org_.One("SELECT Subject FROM Task USING SCOPE delegated", options), "given");
  EXPECT_EQ(org_.One("SELECT Subject FROM Task USING SCOPE Mine WHERE Subject != null", options),
            "own");
  EXPECT_EQ(Refusal("SELECT Id FROM Account USING SCOPE delegated"),
            "Using scope 'DELEGATED' is not supported on Account");
}

}  // namespace
}  // namespace firn::sandbox
