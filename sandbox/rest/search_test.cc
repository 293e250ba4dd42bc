// Text searches over REST. What could go wrong: a record that does not match, one that the user may
// not see, a clause of RETURNING that is not applied.
#include "core/base/encoding.h"
#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

const std::string kRoot = "/services/data/v60.0";

class SearchTest : public ApiRig {
 protected:
  std::string Insert(const std::string& object, std::vector<FieldText> fields) {
    const auto id = sandbox_->org().Insert(object, fields, Org::Change{});
    EXPECT_TRUE(id) << id.error().OneLine();
    return IdText(id.value_or(0));
  }
  json Search(const std::string& sosl, const std::string& root = kRoot) {
    return GetJson(root + "/search/?q=" + PercentEncode(sosl));
  }
  static std::vector<std::string> Names(const json& answer) {
    std::vector<std::string> names;
    for (const json& record : answer["searchRecords"]) {
      names.push_back(record["attributes"]["type"].get<std::string>() + " " +
                      record.value("Name", ""));
    }
    return names;
  }
};

TEST_F(SearchTest, FindsRecordsOfAllSearchableObjects) {
  const std::string account = Insert("Account", {{"Name", "Acme Rockets"}});
  const std::string contact =
      Insert("Contact", {{"LastName", "Smith"}, {"Description", "buys from ACME"}});
  Insert("Account", {{"Name", "Acmeist"}});
  const json answer = Search("FIND {acme}");
  ASSERT_EQ(answer["searchRecords"].size(), 2U) << answer.dump();
  EXPECT_EQ(
      answer["searchRecords"][0],
      (json{{"attributes", {{"type", "Account"}, {"url", kRoot + "/sobjects/Account/" + account}}},
            {"Id", account}}));
  EXPECT_EQ(answer["searchRecords"][1]["Id"], contact);
  EXPECT_EQ(Search("FIND {acme}", "/services/data/v36.0").size(), 2U) << "a list before v37.0";
  EXPECT_EQ(Search("FIND {nothing at all}")["searchRecords"], json::array());
}

TEST_F(SearchTest, ReturningPicksFieldsRowsAndOrder) {
  for (const char* name : {"Acme B", "Acme C", "Acme A", "Acme D"}) {
    Insert("Account", {{"Name", name}, {"Industry", name[5] == 'D' ? "Energy" : "Banking"}});
  }
  Insert("Contact", {{"FirstName", "Wile"}, {"LastName", "Acme"}, {"Email", "w@acme.com"}});
  EXPECT_EQ(Names(Search("FIND {acme} IN ALL FIELDS RETURNING Account(Name, Industry WHERE "
                         "Industry = 'Banking' ORDER BY Name DESC LIMIT 2 OFFSET 1), "
                         "Contact(Id, Name, Account.Name)")),
            (std::vector<std::string>{"Account Acme B", "Account Acme A", "Contact Wile Acme"}));
  EXPECT_EQ(Names(Search("FIND {acme} IN EMAIL FIELDS RETURNING Account(Name), Contact(Name)")),
            (std::vector<std::string>{"Contact Wile Acme"}));
  EXPECT_EQ(
      Search("FIND {acme} RETURNING Account(Name), Contact(Name) LIMIT 2")["searchRecords"].size(),
      2U);
  EXPECT_EQ(Names(Search("FIND {acme} RETURNING Account(Name), Contact(Name) LIMIT 2"))[1],
            "Contact Wile Acme")
      << "shares are even";
}

TEST_F(SearchTest, WrongSearchesAreRefused) {
  const auto error = [&](const std::string& sosl) {
    return ErrorOf(Get(kRoot + "/search?q=" + PercentEncode(sosl)));
  };
  EXPECT_EQ(error("FIND acme"), "400 MALFORMED_SEARCH");
  EXPECT_EQ(error("FIND {acme"), "400 MALFORMED_SEARCH");
  EXPECT_EQ(error("SELECT Id FROM Account"), "400 MALFORMED_SEARCH");
  EXPECT_EQ(error("FIND {acme} IN SOME FIELDS"), "400 MALFORMED_SEARCH");
  EXPECT_EQ(error("FIND {acme} RETURNING Nope(Id)"), "400 INVALID_TYPE");
  EXPECT_EQ(error("FIND {acme} RETURNING AccountHistory(Id)"), "400 INVALID_TYPE");
  EXPECT_EQ(error("FIND {acme} RETURNING Account(Nope)"), "400 INVALID_FIELD");
  EXPECT_EQ(error("FIND {acme} RETURNING Account(Id"), "400 MALFORMED_SEARCH");
  EXPECT_EQ(error("FIND {acme} RETURNING Account(Id WHERE )"), "400 MALFORMED_SEARCH");
  EXPECT_EQ(error("FIND {acme} RETURNING Account(Id WHERE Name)"), "400 MALFORMED_SEARCH");
  EXPECT_EQ(error("FIND {acme} WITH SNIPPET"), "400 MALFORMED_SEARCH");
  EXPECT_EQ(error(""), "400 MALFORMED_SEARCH");
  EXPECT_EQ(Send("POST", kRoot + "/search", "{}").status, 405);
}

TEST_F(SearchTest, ParametersSearchAsWell) {
  Insert("Account", {{"Name", "Acme and Sons"}, {"Phone", "415 555"}});
  Insert("Account", {{"Name", "Acme Sons"}});
  Insert("Contact", {{"LastName", "Acme"}});
  const json all = GetJson(kRoot + "/parameterizedSearch/?q=Acme");
  EXPECT_EQ(all["searchRecords"].size(), 3U);
  const json some = GetJson(kRoot +
                            "/parameterizedSearch?q=acme+and&sobject=Account&Account.fields=id,"
                            "name&Account.limit=10&metadata=LABELS");
  ASSERT_EQ(some["searchRecords"].size(), 1U) << "`and` is a word here";
  EXPECT_EQ(some["searchRecords"][0]["Name"], "Acme and Sons");
  EXPECT_EQ(some["metadata"]["entityetadata"][0]["fieldMetadata"][1]["label"], "Account Name");
  const json posted = Parse(Send("POST", kRoot + "/parameterizedSearch", R"({"q":"Acme",
      "in":"NAME","fields":["Id","Name"],"overallLimit":5,"defaultLimit":1,
      "sobjects":[{"name":"Account","where":"Phone = '415 555'","orderBy":["Name ASC"],"limit":2},
                  {"name":"Contact"}]})"));
  EXPECT_EQ(Names(posted), (std::vector<std::string>{"Account Acme and Sons", "Contact Acme"}));
  EXPECT_EQ(Get(kRoot + "/parameterizedSearch").status, 400);
  EXPECT_EQ(Get("/services/data/v35.0/parameterizedSearch?q=Acme").status, 404);
}

TEST_F(SearchTest, WhatAUserMayNotSeeIsNotFound) {
  Insert("Account", {{"Name", "Open"}, {"Site", "hidden words"}});
  ASSERT_EQ(Search("FIND {hidden} RETURNING Account")["searchRecords"].size(), 1U);
  ASSERT_TRUE(sandbox_->org().HideField("Account", "Site", true));
  EXPECT_EQ(Search("FIND {hidden} RETURNING Account")["searchRecords"].size(), 0U);
}

TEST_F(SearchTest, SearchBoxesGetOrderColumnsAndSuggestions) {
  for (int i = 0; i < 7; ++i)
    Insert("Account", {{"Name", "National Utility " + std::to_string(i)}});
  Insert("Account", {{"Name", "International"}, {"Description", "National Utility"}});
  const json order = GetJson(kRoot + "/search/scopeOrder");
  EXPECT_EQ(order[0], (json{{"type", "Account"}, {"url", kRoot + "/sobjects/Account/describe"}}));
  const json layouts = GetJson(kRoot + "/search/layout/?q=Account,Contact");
  ASSERT_EQ(layouts.size(), 2U);
  EXPECT_EQ(layouts[0]["label"], "Search Results");
  EXPECT_EQ(layouts[0]["searchColumns"][0], (json{{"field", "Account.Name"},
                                                  {"format", nullptr},
                                                  {"label", "Account Name"},
                                                  {"name", "Name"}}));
  const json some = GetJson(kRoot + "/search/suggestions?q=national+u&sobject=Account");
  EXPECT_EQ(some["autoSuggestResults"].size(), 5U);
  EXPECT_EQ(some["hasMoreResults"], true);
  EXPECT_EQ(some["autoSuggestResults"][0]["Name"], "National Utility 0");
  const json all = GetJson(kRoot + "/search/suggestions?q=national+u&sobject=Account&limit=20");
  EXPECT_EQ(all["autoSuggestResults"].size(), 7U) << "names only";
  EXPECT_EQ(all["hasMoreResults"], false);
  EXPECT_EQ(Get(kRoot + "/search/suggestions?q=x").status, 400);
}

}  // namespace
}  // namespace firn::sandbox
