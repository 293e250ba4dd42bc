// The wider language: TYPEOF, sub-selects, functions, time zones, subtotals. What could go wrong:
// an answer of another shape than the vendor's, or a day that is counted in the wrong place.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sandbox/query.h"
#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

class SoqlLanguageTest : public ::testing::Test {
 protected:
  int64_t Add(const std::string& object, const std::vector<FieldText>& fields) {
    auto id = org_->Insert(object, fields, {{}, true});
    EXPECT_TRUE(id) << id.error().OneLine();
    return id.value_or(0);
  }
  json Rows(const std::string& soql, QueryOptions options = {}) {
    auto cursor = org_->Query(soql, options);
    if (!cursor) return cursor.error().what();
    std::string text = "[";
    for (;;) {
      auto more = (*cursor)->Next();
      EXPECT_TRUE(more) << more.error().OneLine();
      if (!more || !*more) break;
      if (text.size() > 1) text += ',';
      AppendJsonRow(**cursor, options.api_version, text);
    }
    return json::parse(text + "]");
  }
  std::string FailureAt(int version, const std::string& soql) {
    QueryOptions options;
    options.api_version = version;
    auto cursor = org_->Query(soql, options);
    return cursor ? std::string() : PartsOf(cursor.error()).code;
  }
  std::string User(const std::string& zone) {
    return IdText(Add("User", {{"Username", zone + "@firn.sandbox"},
                               {"LastName", "Zone"},
                               {"Alias", "zone"},
                               {"CommunityNickname", zone},
                               {"Email", "zone@firn.sandbox"},
                               {"IsActive", "true"},
                               {"TimeZoneSidKey", zone},
                               {"ProfileId", org_.One("SELECT Id FROM Profile LIMIT 1")},
                               {"LocaleSidKey", "en_US"},
                               {"LanguageLocaleKey", "en_US"},
                               {"EmailEncodingKey", "UTF-8"}}));
  }
  TestOrg org_;
};

TEST_F(SoqlLanguageTest, TypeofPicksTheBranchOfTheRecordsObject) {
  const int64_t account = Add("Account", {{"Name", "A"}, {"Phone", "1"}});
  const int64_t problem = Add("Case", {{"Subject", "s"}});
  for (const std::string& what : {IdText(account), IdText(problem), std::string()}) {
    std::vector<FieldText> fields = {{"Subject", "t"}, {"Status", "Not Started"}};
    if (!what.empty()) fields.push_back({"WhatId", what});
    Add("Task", fields);
  }
  const json rows = Rows(
      "SELECT Id, TYPEOF What WHEN Account THEN Phone, Owner.Alias ELSE Id, Name END FROM Task "
      "ORDER BY Id");
  ASSERT_EQ(rows.size(), 3u) << rows.dump();
  EXPECT_EQ(rows[0]["What"]["attributes"]["type"], "Account");
  EXPECT_EQ(rows[0]["What"]["Phone"], "1");
  EXPECT_EQ(rows[0]["What"]["Owner"]["Alias"], "aadmin");
  EXPECT_FALSE(rows[0]["What"].contains("Name"));
  EXPECT_EQ(rows[1]["What"]["attributes"]["type"], "Case");
  EXPECT_EQ(rows[1]["What"]["Id"], IdText(problem));
  EXPECT_TRUE(rows[2]["What"].is_null());
  const json no_else = Rows("SELECT TYPEOF What WHEN Account THEN Phone END FROM Task ORDER BY Id");
  EXPECT_TRUE(no_else[1]["What"].is_null());
  EXPECT_EQ(org_.Failure("SELECT TYPEOF Owner WHEN User THEN Id END FROM Account"),
            "MALFORMED_QUERY");
  EXPECT_EQ(org_.Failure("SELECT TYPEOF What WHEN Account THEN Nope END FROM Task"),
            "INVALID_FIELD");
  EXPECT_EQ(org_.Failure("SELECT TYPEOF What WHEN User THEN Id END FROM Task"), "INVALID_TYPE");
}

TEST_F(SoqlLanguageTest, PolymorphicParentsShowOnlyWhatEveryOneHas) {
  const int64_t account = Add("Account", {{"Name", "A"}});
  Add("Task", {{"Subject", "t"}, {"Status", "Not Started"}, {"WhatId", IdText(account)}});
  const json rows = Rows("SELECT What.Name, What.Type FROM Task");
  EXPECT_EQ(rows[0]["What"]["attributes"]["type"], "Name");
  EXPECT_EQ(rows[0]["What"]["Name"], "A");
  EXPECT_EQ(rows[0]["What"]["Type"], "Account");
  EXPECT_EQ(org_.Failure("SELECT What.AnnualRevenue FROM Task"), "INVALID_FIELD");
  EXPECT_NE(org_.FailureText("SELECT What.AnnualRevenue FROM Task").find("on entity 'Name'"),
            std::string::npos);
}

TEST_F(SoqlLanguageTest, NullsComeFirstInBothDirections) {
  Add("Account", {{"Name", "none"}});
  Add("Account", {{"Name", "one"}, {"NumberOfEmployees", "1"}});
  Add("Account", {{"Name", "two"}, {"NumberOfEmployees", "2"}});
  EXPECT_EQ(org_.One("SELECT Name FROM Account ORDER BY NumberOfEmployees"), "none\none\ntwo");
  EXPECT_EQ(org_.One("SELECT Name FROM Account ORDER BY NumberOfEmployees DESC"), "none\ntwo\none");
  EXPECT_EQ(org_.One("SELECT Name FROM Account ORDER BY NumberOfEmployees DESC NULLS LAST"),
            "two\none\nnone");
}

// Failure mode: a day counted in UTC where the user's own was meant.
TEST_F(SoqlLanguageTest, DateLiteralsAreDaysOfTheUsersZone) {
  const std::string tokyo = User("Asia/Tokyo");
  // The clock stands at 2026-11-24T02:56Z: in Tokyo 11:56 of the same day, begun at 15:00Z before.
  Add("Account", {{"Name", "evening"}, {"CreatedDate", "2026-11-23T14:59:59Z"}});
  Add("Account", {{"Name", "night"}, {"CreatedDate", "2026-11-23T15:00:00Z"}});
  QueryOptions options;
  options.user_id = tokyo;
  const std::string today = "SELECT Name FROM Account WHERE CreatedDate = TODAY";
  EXPECT_EQ(org_.One(today, options), "night");
  EXPECT_EQ(org_.One(today), "");
  options.user_id = User("America/Los_Angeles");  // there it is still the 23rd, until 08:00Z
  EXPECT_EQ(org_.One(today, options), "evening\nnight");
}

TEST_F(SoqlLanguageTest, DateFunctionsCountInUtcUnlessConverted) {
  Add("Account", {{"Name", "a"}, {"CreatedDate", "2026-03-31T23:30:00Z"}});
  QueryOptions options;
  options.user_id = User("Asia/Kolkata");  // 05:00 of April the first
  EXPECT_EQ(org_.One("SELECT CALENDAR_MONTH(CreatedDate) m, HOUR_IN_DAY(convertTimezone("
                     "CreatedDate)) h, COUNT(Id) FROM Account GROUP BY "
                     "CALENDAR_MONTH(CreatedDate), HOUR_IN_DAY(convertTimezone(CreatedDate))",
                     options),
            "3|5|1");
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Account WHERE "
                     "DAY_ONLY(convertTimezone(CreatedDate)) = 2026-04-01",
                     options),
            "1");
  EXPECT_EQ(
      org_.One("SELECT COUNT() FROM Account WHERE DAY_ONLY(CreatedDate) = 2026-03-31", options),
      "1");
  EXPECT_EQ(org_.Failure("SELECT CALENDAR_YEAR(Name) FROM Account GROUP BY CALENDAR_YEAR(Name)"),
            "MALFORMED_QUERY");
  EXPECT_EQ(org_.Failure("SELECT CALENDAR_YEAR(CreatedDate) FROM Account"), "MALFORMED_QUERY");
}

TEST_F(SoqlLanguageTest, FiscalLiteralsFollowTheOrgsFiscalYear) {
  const std::string org = org_.One("SELECT Id FROM Organization");
  ASSERT_TRUE(org_->Update(*ParseId(org), {{"FiscalYearStartMonth", "4"}}, {{}, true}));
  for (const char* day : {"2026-03-31", "2026-04-01", "2026-09-30", "2026-10-01", "2027-03-31"}) {
    Add("Opportunity", {{"Name", day}, {"StageName", "Prospecting"}, {"CloseDate", day}});
  }
  const auto names = [&](const std::string& literal) {
    return org_.One("SELECT Name FROM Opportunity WHERE CloseDate = " + literal + " ORDER BY Id");
  };
  EXPECT_EQ(names("THIS_FISCAL_YEAR"), "2026-04-01\n2026-09-30\n2026-10-01\n2027-03-31");
  EXPECT_EQ(names("LAST_FISCAL_YEAR"), "2026-03-31");
  EXPECT_EQ(names("N_FISCAL_YEARS_AGO:1"), "2026-03-31");
  EXPECT_EQ(names("THIS_FISCAL_QUARTER"), "2026-10-01");
  EXPECT_EQ(names("LAST_N_FISCAL_QUARTERS:2"), "2026-04-01\n2026-09-30");
  EXPECT_EQ(names("N_FISCAL_QUARTERS_AGO:1"), "2026-09-30");
  EXPECT_EQ(names("NEXT_N_FISCAL_QUARTERS:1"), "2027-03-31");
  EXPECT_EQ(names("THIS_YEAR"), "2026-03-31\n2026-04-01\n2026-09-30\n2026-10-01");
  EXPECT_EQ(org_.One("SELECT FISCAL_YEAR(CloseDate), COUNT(Id) FROM Opportunity GROUP BY "
                     "FISCAL_YEAR(CloseDate)"),
            "2026|1\n2027|4");
}

TEST_F(SoqlLanguageTest, RollupAndCubeAddSubtotals) {
  for (const auto& [industry, rating] : std::vector<std::pair<const char*, const char*>>{
           {"Energy", "Hot"}, {"Energy", "Warm"}, {"Banking", "Hot"}, {"Banking", "Hot"}}) {
    Add("Account", {{"Name", "a"}, {"Industry", industry}, {"Rating", rating}});
  }
  EXPECT_EQ(org_.One("SELECT Industry, Rating, GROUPING(Industry), GROUPING(Rating) r, COUNT(Id) "
                     "FROM Account GROUP BY ROLLUP(Industry, Rating)"),
            "Banking|Hot|0|0|2\nBanking||0|1|2\nEnergy|Hot|0|0|1\nEnergy|Warm|0|0|1\n"
            "Energy||0|1|2\n||1|1|4");
  EXPECT_EQ(org_.One("SELECT Rating, COUNT(Id) FROM Account GROUP BY CUBE(Industry, Rating) "
                     "HAVING GROUPING(Industry) = 1"),
            "Hot|3\nWarm|1\n|4");
  EXPECT_EQ(org_.Failure("SELECT GROUPING(Industry) FROM Account GROUP BY Industry"),
            "MALFORMED_QUERY");
}

TEST_F(SoqlLanguageTest, HavingComparesEveryType) {
  Add("Account", {{"Name", "a"}, {"Industry", "Energy"}, {"CreatedDate", "2026-01-05T00:00:00Z"}});
  Add("Account", {{"Name", "b"}, {"Industry", "Banking"}, {"CreatedDate", "2026-02-05T00:00:00Z"}});
  EXPECT_EQ(org_.One("SELECT Industry FROM Account GROUP BY Industry HAVING MAX(CreatedDate) >= "
                     "2026-02-01T00:00:00Z"),
            "Banking");
  EXPECT_EQ(org_.One("SELECT Industry FROM Account GROUP BY Industry HAVING Industry LIKE 'e%' "
                     "AND COUNT(Id) IN (1, 2)"),
            "Energy");
  EXPECT_EQ(org_.Failure("SELECT Name FROM Account HAVING COUNT(Id) > 1"), "MALFORMED_QUERY");
  EXPECT_EQ(org_.Failure("SELECT COUNT(), Name FROM Account GROUP BY Name"), "MALFORMED_QUERY");
  EXPECT_EQ(org_.Failure("SELECT SUM(Name) FROM Account"), "MALFORMED_QUERY");
  EXPECT_EQ(org_.Failure("SELECT Id FROM Account WHERE COUNT(Id) > 1"), "MALFORMED_QUERY");
}

TEST_F(SoqlLanguageTest, FormatAndLabelDressValues) {
  Add("Opportunity", {{"Name", "o"},
                      {"StageName", "Prospecting"},
                      {"CloseDate", "2026-04-01"},
                      {"Amount", "1234567.5"}});
  EXPECT_EQ(org_.One("SELECT FORMAT(Amount) a, FORMAT(CloseDate) d, toLabel(StageName), "
                     "FORMAT(convertCurrency(Amount)) c FROM Opportunity"),
            "$1,234,567.50|4/1/2026|Prospecting|$1,234,567.50");
  EXPECT_EQ(org_.One("SELECT FORMAT(MAX(Amount)) m FROM Opportunity"), "$1,234,567.50");
  EXPECT_EQ(org_.One("SELECT COUNT() FROM Opportunity WHERE toLabel(StageName) = 'prospecting'"),
            "1");
  EXPECT_EQ(org_.Failure("SELECT Name n FROM Opportunity"), "MALFORMED_QUERY");
}

TEST_F(SoqlLanguageTest, DistanceFiltersAndSorts) {
  Add("Account",
      {{"Name", "Berlin"}, {"BillingLatitude", "52.52"}, {"BillingLongitude", "13.405"}});
  Add("Account",
      {{"Name", "Paris"}, {"BillingLatitude", "48.8566"}, {"BillingLongitude", "2.3522"}});
  Add("Account", {{"Name", "Nowhere"}});
  const std::string from_berlin = "DISTANCE(BillingAddress, GEOLOCATION(52.5, 13.4), 'km')";
  EXPECT_EQ(org_.One("SELECT Name FROM Account WHERE " + from_berlin + " < 100"), "Berlin");
  EXPECT_EQ(org_.One("SELECT Name FROM Account ORDER BY " + from_berlin + " DESC NULLS LAST"),
            "Paris\nBerlin\nNowhere");
  const json rows = Rows("SELECT " + from_berlin + " d FROM Account WHERE Name = 'Paris'");
  EXPECT_NEAR(rows[0]["d"].get<double>(), 876, 3);
  EXPECT_EQ(org_.Failure("SELECT Id FROM Account WHERE " + from_berlin + " = 100"),
            "INVALID_QUERY_FILTER_OPERATOR");
}

TEST_F(SoqlLanguageTest, ScopeMineIsTheUsersOwn) {
  const std::string user = User("Europe/Berlin");
  Add("Account", {{"Name", "mine"}, {"OwnerId", user}});
  Add("Account", {{"Name", "other"}});
  QueryOptions options;
  options.user_id = user;
  EXPECT_EQ(org_.One("SELECT Name FROM Account USING SCOPE mine", options), "mine");
  EXPECT_EQ(org_.One("SELECT Name FROM Account USING SCOPE everything ORDER BY Id", options),
            "mine\nother");
  EXPECT_EQ(org_.Failure("SELECT Name FROM Account USING SCOPE nonsense"), "MALFORMED_QUERY");
}

TEST_F(SoqlLanguageTest, AliasesOfObjectsAndPathsAreTaken) {
  const int64_t account = Add("Account", {{"Name", "A"}});
  Add("Contact", {{"LastName", "C"}, {"AccountId", IdText(account)}});
  EXPECT_EQ(org_.One("SELECT c.LastName, a.Name FROM Contact c, c.Account a WHERE a.Name = 'a'"),
            "C|A");
}

TEST_F(SoqlLanguageTest, ChildSubselectsFilterSortLimitAndNest) {
  const int64_t account = Add("Account", {{"Name", "A"}});
  for (const char* name : {"x", "y", "z"}) {
    const int64_t contact = Add("Contact", {{"LastName", name}, {"AccountId", IdText(account)}});
    Add("Case", {{"Subject", name}, {"ContactId", IdText(contact)}});
  }
  const json rows = Rows(
      "SELECT Name, (SELECT LastName, (SELECT Subject FROM Cases) FROM Contacts WHERE LastName != "
      "'x' ORDER BY LastName DESC LIMIT 1) FROM Account");
  const json& contacts = rows[0]["Contacts"];
  EXPECT_EQ(contacts["totalSize"], 1);
  EXPECT_EQ(contacts["records"][0]["LastName"], "z");
  EXPECT_EQ(contacts["records"][0]["Cases"]["records"][0]["Subject"], "z");
  const std::string nested =
      "SELECT (SELECT Id, (SELECT Id FROM Cases) FROM Contacts) FROM Account";
  EXPECT_EQ(FailureAt(57, nested), "MALFORMED_QUERY");
  EXPECT_EQ(FailureAt(58, nested), "");
  EXPECT_EQ(org_.Failure("SELECT (SELECT COUNT(Id) FROM Contacts) FROM Account"),
            "MALFORMED_QUERY");
  EXPECT_EQ(org_.Failure("SELECT (SELECT Id FROM Nonsense) FROM Account"), "INVALID_TYPE");
}

TEST_F(SoqlLanguageTest, LongChildListsGoOnElsewhere) {
  const int64_t account = Add("Account", {{"Name", "A"}});
  for (int i = 0; i < 5; ++i) {
    Add("Contact", {{"LastName", std::to_string(i)}, {"AccountId", IdText(account)}});
  }
  QueryOptions options;
  options.child_rows_max = 2;
  uint64_t kept = 0;
  options.keep_rest = [&](RowCursor& rest, uint64_t shown) -> Result<KeptRows> {
    EXPECT_EQ(shown, 2u);
    while (*rest.Next()) ++kept;
    return KeptRows{"0r8x-2", kept};
  };
  const json rows =
      Rows("SELECT (SELECT LastName FROM Contacts ORDER BY Id) FROM Account", options);
  EXPECT_EQ(kept, 3u);
  EXPECT_EQ(rows[0]["Contacts"]["totalSize"], 5);
  EXPECT_EQ(rows[0]["Contacts"]["done"], false);
  EXPECT_EQ(rows[0]["Contacts"]["nextRecordsUrl"], "/services/data/v67.0/query/0r8x-2");
  EXPECT_EQ(rows[0]["Contacts"]["records"].size(), 2u);
}

TEST_F(SoqlLanguageTest, SemiJoinsAreRefusedWhereTheVendorRefusesThem) {
  const auto fails = [&](const std::string& where) {
    return org_.Failure("SELECT Id FROM Account WHERE " + where);
  };
  EXPECT_EQ(fails("Id IN (SELECT AccountId FROM Contact) OR Name = 'x'"), "MALFORMED_QUERY");
  EXPECT_EQ(fails("(NOT Id IN (SELECT AccountId FROM Contact))"), "MALFORMED_QUERY");
  EXPECT_EQ(fails("Name IN (SELECT LastName FROM Contact)"), "MALFORMED_QUERY");
  EXPECT_EQ(fails("Id IN (SELECT LastName FROM Contact)"), "MALFORMED_QUERY");
  EXPECT_EQ(fails("Id IN (SELECT AccountId FROM Contact WHERE Id IN (SELECT ContactId FROM Case))"),
            "MALFORMED_QUERY");
  EXPECT_EQ(fails("Id IN (SELECT AccountId FROM Contact) AND Id NOT IN (SELECT AccountId FROM "
                  "Opportunity)"),
            "");
}

TEST_F(SoqlLanguageTest, FieldsFunctionNeedsItsVersion) {
  EXPECT_EQ(FailureAt(50, "SELECT FIELDS(STANDARD) FROM Account"), "MALFORMED_QUERY");
  EXPECT_EQ(FailureAt(51, "SELECT FIELDS(STANDARD) FROM Account"), "");
  EXPECT_EQ(FailureAt(60, "SELECT FIELDS(CUSTOM), Name FROM Account LIMIT 200"), "");
  EXPECT_EQ(FailureAt(60, "SELECT FIELDS(STANDARD), Name FROM Account"), "INVALID_FIELD");
}

TEST_F(SoqlLanguageTest, ClausesOfSecurityAndUseAreTaken) {
  Add("Account", {{"Name", "a"}});
  for (const char* tail :
       {" WITH SECURITY_ENFORCED", " WITH USER_MODE LIMIT 1", " FOR VIEW", " FOR REFERENCE",
        " LIMIT 1 FOR UPDATE", " ALL ROWS", " ORDER BY Name UPDATE VIEWSTAT"}) {
    EXPECT_EQ(org_.One(std::string("SELECT Name FROM Account") + tail), "a") << tail;
  }
}

TEST_F(SoqlLanguageTest, MistakesAreToldInTheVendorsWords) {
  EXPECT_EQ(org_.FailureText("SELECT * FROM Account"),
            "\nSELECT * FROM Account\n       ^\nERROR at Row:1:Column:8\nunexpected token: '*'");
  EXPECT_EQ(org_.FailureText("SELECT Id FROM Account WHERE Name = :name"),
            "\nSELECT Id FROM Account WHERE Name = :name\n                                    ^\n"
            "ERROR at Row:1:Column:37\nBind variables only allowed in Apex code");
  EXPECT_EQ(org_.FailureText("SELECT Id FROM Account WHERE Name ? 'x'"),
            "line 1:34 no viable alternative at character '?'");
  EXPECT_NE(org_.FailureText("SELECT Id FROM Account WHERE (Name = 'x'")
                .find("expecting a right parentheses, found '<EOF>'"),
            std::string::npos);
  EXPECT_NE(org_.FailureText("SELECT Id FROM Account WHERE CreatedDate > '2026-01-01'")
                .find("value of filter criterion for field 'CreatedDate' must be of type dateTime "
                      "and should not be enclosed in quotes"),
            std::string::npos);
  EXPECT_NE(org_.FailureText("SELECT Name, COUNT(Id) FROM Account")
                .find("Field must be grouped or aggregated: Name"),
            std::string::npos);
}

}  // namespace
}  // namespace firn::sandbox
