// What apps with pages ask for beside records. What could go wrong: a list whose rows are not those
// of its query, a record made by an action in the wrong place, a password that anybody may set.
#include "core/base/encoding.h"
#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

const std::string kRoot = "/services/data/v60.0";

class AppPagesTest : public ApiRig {
 protected:
  std::string Id(const std::string& soql) {
    const json answer = GetJson(kRoot + "/query?q=" + PercentEncode(soql));
    return answer["records"].empty() ? "" : answer["records"][0]["Id"].get<std::string>();
  }
};

TEST_F(AppPagesTest, TabsAndThemesNameObjectsWithTheirIconsAndColors) {
  const json tabs = GetJson(kRoot + "/tabs");
  ASSERT_TRUE(tabs.is_array());
  const auto account = std::find_if(
      tabs.begin(), tabs.end(), [](const json& tab) { return tab["name"] == "standard-Account"; });
  ASSERT_NE(account, tabs.end());
  EXPECT_EQ((*account)["label"], "Accounts");
  EXPECT_EQ((*account)["sobjectName"], "Account");
  EXPECT_EQ((*account)["custom"], false);
  EXPECT_EQ((*account)["url"], sandbox_->http_url() + "/001/o");
  EXPECT_EQ((*account)["icons"].size(), 3U);
  const auto theme = Get(kRoot + "/theme");
  EXPECT_EQ(Parse(theme)["themeItems"].size(), tabs.size());
  const std::string modified = theme.headers.GetOr("Last-Modified", "");
  EXPECT_EQ(Get(kRoot + "/theme", {{"If-Modified-Since", modified}}).status, 304);
  EXPECT_EQ(Send("POST", kRoot + "/tabs", "{}").status, 405);
}

TEST_F(AppPagesTest, ListViewsDescribeAndRunTheirQueries) {
  MakeAccounts(30);
  const std::string base = kRoot + "/sobjects/Account/listviews";
  const json list = GetJson(base);
  EXPECT_EQ(list["sobjectType"], "Account");
  EXPECT_EQ(list["done"], true);
  ASSERT_EQ(list["size"], 3);
  const json& all = list["listviews"][0];
  EXPECT_EQ(all["developerName"], "AllAccounts");
  EXPECT_EQ(all["label"], "All Accounts");
  EXPECT_EQ(GetJson(all["url"]), all);
  const json described = GetJson(all["describeUrl"]);
  EXPECT_EQ(described["columns"][0]["fieldNameOrPath"], "Name");
  EXPECT_EQ(described["columns"][0]["sortDirection"], "ascending");
  EXPECT_EQ(described["columns"].back()["hidden"], true);
  const std::string query = described["query"];
  EXPECT_NE(query.find("FROM Account ORDER BY Name ASC NULLS FIRST"), std::string::npos) << query;
  EXPECT_EQ(GetJson(kRoot + "/query?q=" + PercentEncode(query))["totalSize"], 30);
  const json explained = GetJson(kRoot + "/query?explain=" + all["id"].get<std::string>());
  EXPECT_EQ(explained["plans"][0]["sobjectType"], "Account") << explained.dump();
  const json first = GetJson(all["resultsUrl"]);
  EXPECT_EQ(first["size"], 25) << "by default";
  EXPECT_EQ(first["done"], false);
  EXPECT_EQ(first["records"][0]["columns"].size(), first["columns"].size());
  EXPECT_EQ(first["records"][0]["columns"][0]["value"], "Account 0");
  const json rest = GetJson(all["resultsUrl"].get<std::string>() + "?limit=10&offset=25");
  EXPECT_EQ(rest["size"], 5);
  EXPECT_EQ(rest["done"], true);
  const json mine = GetJson(list["listviews"][1]["describeUrl"]);
  EXPECT_EQ(mine["scope"], "mine");
  const json recent = GetJson(list["listviews"][2]["describeUrl"]);
  EXPECT_EQ(recent["whereCondition"]["values"][0], "THIS_WEEK");
  EXPECT_EQ(GetJson(list["listviews"][2]["resultsUrl"])["size"], 25);
  EXPECT_EQ(ErrorOf(Get(base + "/00BHn0000000000AAA")), "404 NOT_FOUND");
  EXPECT_EQ(Get(all["resultsUrl"].get<std::string>() + "?limit=2001").status, 400);
}

TEST_F(AppPagesTest, EveryListViewOfEveryObjectRuns) {
  const json objects = GetJson(kRoot + "/sobjects");
  size_t views_run = 0;
  for (const json& object : objects["sobjects"]) {
    if (!object["urls"].contains("listviews")) continue;
    const json views = GetJson(object["urls"]["listviews"]);
    for (const json& view : views["listviews"]) {
      EXPECT_EQ(Get(view["resultsUrl"]).status, 200) << view.dump();
      ++views_run;
    }
  }
  EXPECT_GT(views_run, 0U);
}

TEST_F(AppPagesTest, QuickActionsAreListedAndMakeRecordsWhereTheyWereStarted) {
  MakeAccounts(1);
  const std::string account = Id("SELECT Id FROM Account");
  const json actions = GetJson(kRoot + "/quickActions");
  EXPECT_EQ(actions[0]["name"], "LogACall");
  EXPECT_EQ(actions[0]["type"], "LogACall");
  const json describe = GetJson(actions[0]["urls"]["describe"]);
  EXPECT_EQ(describe["targetSobjectType"], "Task");
  EXPECT_EQ(describe["urls"], actions[0]["urls"]);
  const std::string defaults = actions[0]["urls"]["defaultValues"];
  EXPECT_EQ(GetJson(defaults)["Status"], "Completed");
  EXPECT_TRUE(GetJson(defaults)["WhatId"].is_null());
  EXPECT_TRUE(GetJson(defaults).contains("Description"));
  EXPECT_EQ(GetJson(defaults + "/" + account)["WhatId"], account);
  EXPECT_EQ(GetJson(kRoot + "/sobjects/Account/quickActions").size(), actions.size());
  const json wish = {{"contextId", account}, {"record", {{"LastName", "Smith"}}}};
  const auto made = Send("POST", kRoot + "/sobjects/Account/quickActions/NewContact", wish.dump());
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(Parse(made)["success"], true);
  EXPECT_EQ(Id("SELECT Id FROM Contact WHERE AccountId = '" + account + "'"),
            Parse(made)["ids"][0]);
  EXPECT_EQ(Parse(made)["id"], Parse(made)["ids"][0]);
  EXPECT_EQ(Parse(made)["feedItemIds"], json::array());
  const auto bare = Send("POST", kRoot + "/quickActions/NewContact", R"({"record":{}})");
  EXPECT_EQ(ErrorOf(bare), "400 REQUIRED_FIELD_MISSING");
  EXPECT_EQ(ErrorOf(Get(kRoot + "/quickActions/Nope")), "404 NOT_FOUND");
}

TEST_F(AppPagesTest, NamedLayoutsAreThoseThatDescribeNames) {
  const json user = GetJson(kRoot + "/sobjects/User/describe");
  ASSERT_EQ(user["namedLayoutInfos"].size(), 1U);
  const json layout = GetJson(user["namedLayoutInfos"][0]["urls"]["layout"]);
  EXPECT_EQ(layout["layouts"].size(), 1U);
  const std::string named = kRoot + "/sobjects/Account/describe/namedLayouts/Nope";
  EXPECT_EQ(ErrorOf(Get(named)), "404 NOT_FOUND");
}

TEST_F(AppPagesTest, PasswordsAreSetResetAndToldToHaveExpired) {
  const std::string user = Id("SELECT Id FROM User WHERE IsActive = true LIMIT 1");
  const std::string path = kRoot + "/sobjects/User/" + user + "/password";
  EXPECT_EQ(GetJson(path), json({{"isExpired", false}}));
  EXPECT_EQ(ErrorOf(Send("POST", path, R"({"NewPassword":"short1"})")), "400 INVALID_NEW_PASSWORD");
  EXPECT_EQ(ErrorOf(Send("POST", path, R"({"NewPassword":"only letters"})")),
            "400 INVALID_NEW_PASSWORD");
  EXPECT_EQ(Send("POST", path, R"({"NewPassword":"myNewPassword1234"})").status, 204);
  const auto reset = Send("DELETE", path);
  ASSERT_EQ(reset.status, 200) << reset.body;
  EXPECT_GE(Parse(reset)["NewPassword"].get<std::string>().size(), 8U);
  EXPECT_EQ(GetJson(path)["isExpired"], true) << "what was made up must be changed";
  EXPECT_EQ(Send("POST", path, R"({"NewPassword":"myNewPassword1234"})").status, 204);
  EXPECT_EQ(GetJson(path)["isExpired"], false);
  EXPECT_NE(Id("SELECT Id FROM SetupAuditTrail WHERE Action = 'resetpassword' AND Section = "
               "'Manage Users' LIMIT 1"),
            "");
  EXPECT_EQ(ErrorOf(Get(kRoot + "/sobjects/User/005Hn0000000000AAA/password")), "404 NOT_FOUND");
}

TEST_F(AppPagesTest, HeadAnswersWhatGetDoesWithoutABody) {
  for (const char* path : {"/limits", "/limits/recordCount", "/recent", "/tabs", "/sobjects",
                           "/sobjects/Account", "/sobjects/Account/describe", "/quickActions"}) {
    const auto head = Send("HEAD", kRoot + path);
    EXPECT_EQ(head.status, 200) << path;
    EXPECT_EQ(head.body, "") << path;
    EXPECT_TRUE(head.headers.Get("Sforce-Limit-Info")) << path;
  }
}

TEST_F(AppPagesTest, AnOrgWithoutProcessesSaysSo) {
  MakeAccounts(1);
  const std::string id = Id("SELECT Id FROM Account");
  EXPECT_EQ(GetJson(kRoot + "/process/rules"), (json{{"rules", json::object()}}));
  EXPECT_EQ(GetJson(kRoot + "/process/approvals"), (json{{"approvals", json::object()}}));
  const json triggered =
      Parse(Send("POST", kRoot + "/process/rules", json{{"contextIds", {id}}}.dump()));
  EXPECT_EQ(triggered, (json{{"errors", nullptr}, {"success", true}}));
  const auto wish = [](const std::string& record) {
    return json{{"requests", {{{"actionType", "Submit"}, {"contextId", record}}}}}.dump();
  };
  EXPECT_EQ(ErrorOf(Send("POST", kRoot + "/process/approvals", wish(id))),
            "400 NO_APPLICABLE_PROCESS");
  EXPECT_EQ(ErrorOf(Send("POST", kRoot + "/process/approvals", wish("001000000000000AAA"))),
            "400 INVALID_CROSS_REFERENCE_KEY");
  EXPECT_EQ(Send("POST", kRoot + "/process/rules", "{}").status, 400);
  EXPECT_EQ(Send("DELETE", kRoot + "/process/rules").status, 405);
}

}  // namespace
}  // namespace firn::sandbox
