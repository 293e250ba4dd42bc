// The REST surface as clients use it: an answer of another shape than the vendor's breaks clients
// in the field, or lets ours pass here and fail there.
#include "core/base/encoding.h"
#include "core/base/file.h"
#include "core/base/time_text.h"
#include "core/net/inflate.h"
#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

class RestTest : public ApiRig {};

std::string Q(const std::string& soql) {
  return "/services/data/v60.0/query?q=" + PercentEncode(soql);
}

TEST_F(RestTest, VersionsNeedNoSessionAndTellNameAddressAndNumber) {
  const auto response = Get("/services/data", {{"Authorization", "none"}});
  ASSERT_EQ(response.status, 200);
  const json versions = Parse(response);
  EXPECT_EQ(versions.front(),
            json({{"label", "Summer '14"}, {"url", "/services/data/v31.0"}, {"version", "31.0"}}));
  EXPECT_EQ(versions.back()["version"], "67.0");
  EXPECT_EQ(versions.back()["label"], "Summer '26");
}

TEST_F(RestTest, RetiredUnknownAndMalformedVersionsDiffer) {
  EXPECT_EQ(Get("/services/data/v30.0/limits").status, 410);
  EXPECT_EQ(ErrorOf(Get("/services/data/v68.0/limits")), "404 NOT_FOUND");
  EXPECT_EQ(ErrorOf(Get("/services/data/v60/limits")), "404 NOT_FOUND");
  EXPECT_EQ(Get("/services/data/v50.0/limits").status, 200);
}

TEST_F(RestTest, RequestWithoutSessionIsToldSo) {
  const auto response = Get("/services/data/v60.0/limits", {{"Authorization", "Bearer nonsense"}});
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(Parse(response),
            json::parse(
                R"([{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}])"));
}

TEST_F(RestTest, EveryAnswerTellsUsageAndTheOrgsDate) {
  const auto one = Get("/services/data/v60.0/limits");
  const auto two = Get("/services/data/v60.0/nothing");
  EXPECT_EQ(one.headers.GetOr("Sforce-Limit-Info", ""), "api-usage=1/115000");
  EXPECT_EQ(two.headers.GetOr("Sforce-Limit-Info", ""), "api-usage=2/115000");
  EXPECT_TRUE(one.headers.Get("Date"));
}

TEST_F(RestTest, DailyLimitIsEnforced) {
  sandbox_->SetUsed(Allotment::kApiRequests, 114'999);
  EXPECT_EQ(Get("/services/data/v60.0/limits").status, 200);
  EXPECT_EQ(ErrorOf(Get("/services/data/v60.0/limits")), "403 REQUEST_LIMIT_EXCEEDED");
}

TEST_F(RestTest, DescribeIsNotSentAgainWhenNothingChanged) {
  const std::string path = "/services/data/v60.0/sobjects/Account/describe";
  const auto first = Get(path);
  ASSERT_EQ(first.status, 200);
  const json describe = Parse(first);
  EXPECT_EQ(describe["name"], "Account");
  EXPECT_EQ(describe["keyPrefix"], "001");
  const std::string modified = first.headers.GetOr("Last-Modified", "");
  ASSERT_FALSE(modified.empty());
  EXPECT_EQ(Get(path, {{"If-Modified-Since", modified}}).status, 304);
  EXPECT_EQ(Get(path, {{"If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"}}).status, 200);
}

TEST_F(RestTest, GlobalDescribeListsObjectsAndIsNotSentAgain) {
  const auto first = Get("/services/data/v60.0/sobjects");
  const json body = Parse(first);
  EXPECT_EQ(body["encoding"], "UTF-8");
  EXPECT_GE(body["sobjects"].size(), 15u);
  const std::string modified = first.headers.GetOr("Last-Modified", "");
  EXPECT_EQ(Get("/services/data/v60.0/sobjects", {{"If-Modified-Since", modified}}).status, 304);
}

TEST_F(RestTest, HiddenFieldLeavesDescribeAndQuery) {
  ASSERT_EQ(Get(Q("SELECT Fax FROM Account")).status, 200);
  ASSERT_TRUE(sandbox_->AddFaults(
      R"({"effect":"hide_field","object":"Account","field":"Fax","path":"*describe"})"));
  const json describe = GetJson("/services/data/v60.0/sobjects/Account/describe");
  for (const json& field : describe["fields"]) EXPECT_NE(field["name"], "Fax");
  EXPECT_EQ(ErrorOf(Get(Q("SELECT Fax FROM Account"))), "400 INVALID_FIELD");
}

TEST_F(RestTest, QueryPagesAreWholeAndDisjointAndOutliveChangesAndRestart) {
  MakeAccounts(450);
  const auto first =
      Get(Q("SELECT Name FROM Account ORDER BY Id"), {{"Sforce-Query-Options", "batchSize=200"}});
  json page = Parse(first);
  ASSERT_EQ(page["totalSize"], 450);
  ASSERT_EQ(page["done"], false);
  MakeAccounts(1);
  std::vector<std::string> names;
  size_t pages = 1;
  while (true) {
    for (const json& record : page["records"]) names.push_back(record["Name"]);
    if (page["done"] == true) break;
    Start();
    page = GetJson(page["nextRecordsUrl"].get<std::string>());
    ++pages;
    ASSERT_LE(pages, 3u);
  }
  EXPECT_FALSE(page.contains("nextRecordsUrl"));
  ASSERT_EQ(names.size(), 450u);
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(names[i], "Account " + std::to_string(i));
}

TEST_F(RestTest, QueryLocatorIsRefusedWhenUnknown) {
  EXPECT_EQ(ErrorOf(Get("/services/data/v60.0/query/0r8AAAAAAAAAAAAAAA-2000")),
            "400 INVALID_QUERY_LOCATOR");
}

TEST_F(RestTest, QueryTakesTrailingSlashAndPlusForSpace) {
  MakeAccounts(1);
  const json page = GetJson("/services/data/v60.0/query/?q=SELECT+Name+FROM+Account");
  EXPECT_EQ(page["records"][0]["Name"], "Account 0");
}

TEST_F(RestTest, CountAnswersTotalAndNoRecords) {
  MakeAccounts(3);
  EXPECT_EQ(GetJson(Q("SELECT COUNT() FROM Account")),
            json::parse(R"({"totalSize":3,"done":true,"records":[]})"));
}

TEST_F(RestTest, ColumnsAreTold) {
  const json answer = GetJson(Q("SELECT Id, Owner.Name FROM Account") + "&columns=true");
  EXPECT_EQ(answer["entityName"], "Account");
  ASSERT_EQ(answer["columnMetadata"].size(), 2u);
  EXPECT_EQ(answer["columnMetadata"][1]["columnName"], "Owner");
  EXPECT_EQ(answer["columnMetadata"][1]["joinColumns"][0]["columnName"], "Name");
}

TEST_F(RestTest, RecordIsCreatedReadChangedAndDeleted) {
  const auto made = Send("POST", "/services/data/v60.0/sobjects/Account",
                         R"({"Name":"Acme","NumberOfEmployees":7})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string id = Parse(made)["id"];
  const std::string path = "/services/data/v60.0/sobjects/Account/" + id;
  const json record = GetJson(path);
  EXPECT_EQ(record["Name"], "Acme");
  EXPECT_EQ(record["NumberOfEmployees"], 7);
  EXPECT_EQ(record["attributes"]["url"], path);
  EXPECT_EQ(Send("PATCH", path, R"({"Name":"Acme 2","NumberOfEmployees":null})").status, 204);
  const json chosen = GetJson(path + "?fields=Name,NumberOfEmployees");
  EXPECT_EQ(chosen["Name"], "Acme 2");
  EXPECT_TRUE(chosen["NumberOfEmployees"].is_null());
  EXPECT_FALSE(chosen.contains("Phone"));
  EXPECT_EQ(Send("DELETE", path).status, 204);
  EXPECT_EQ(ErrorOf(Get(path)), "404 ENTITY_IS_DELETED");
}

TEST_F(RestTest, UserinfoAndIdentityHaveEveryMemberThatClientModelsWant) {
  const json info = GetJson("/services/oauth2/userinfo");
  for (const char* member :
       {"sub",        "user_id",     "organization_id", "preferred_username",
        "nickname",   "name",        "email",           "email_verified",
        "given_name", "family_name", "zoneinfo",        "photos",
        "profile",    "picture",     "address",         "is_salesforce_integration_user",
        "urls",       "active",      "user_type",       "language",
        "locale",     "utcOffset",   "updated_at"}) {
    EXPECT_TRUE(info.contains(member)) << member;
  }
  const json user = GetJson("/services/data/v60.0/sobjects/User/" +
                            info["user_id"].get<std::string>() + "?fields=LastModifiedDate");
  EXPECT_EQ(info["updated_at"], user["LastModifiedDate"]);
  const json identity = GetJson("/id/" + info["organization_id"].get<std::string>() + "/" +
                                info["user_id"].get<std::string>());
  EXPECT_EQ(identity["last_modified_date"], user["LastModifiedDate"]);
  EXPECT_EQ(identity["mobile_phone_verified"], false);
  EXPECT_TRUE(identity["status"].is_object()) << identity.dump();
}

TEST_F(RestTest, WrongObjectsIdsMethodsAndBodiesAreRefusedInTheVendorsWords) {
  EXPECT_EQ(ErrorOf(Get("/services/data/v60.0/sobjects/Nope/describe")), "404 NOT_FOUND");
  EXPECT_EQ(ErrorOf(Get("/services/data/v60.0/sobjects/Account/001000000000000AAA")),
            "404 NOT_FOUND");
  EXPECT_EQ(ErrorOf(Get("/services/data/v60.0/sobjects/Account/abc")), "404 NOT_FOUND");
  EXPECT_EQ(ErrorOf(Send("DELETE", "/services/data/v60.0/sobjects/Account/001000000000000AAA")),
            "404 INVALID_CROSS_REFERENCE_KEY");
  EXPECT_EQ(ErrorOf(Send("POST", "/services/data/v60.0/sobjects/Contact",
                         R"({"LastName":"x","AccountId":"001000000000000AAA"})")),
            "400 INVALID_CROSS_REFERENCE_KEY");
  EXPECT_EQ(ErrorOf(Send("POST", "/services/data/v60.0/sobjects/Contact",
                         R"({"LastName":"x","AccountId":"001000000000000AAB"})")),
            "400 MALFORMED_ID");
  EXPECT_EQ(ErrorOf(Send("PUT", "/services/data/v60.0/query")), "405 METHOD_NOT_ALLOWED");
  EXPECT_EQ(ErrorOf(Send("POST", "/services/data/v60.0/sobjects/Account", "{")),
            "400 JSON_PARSER_ERROR");
  EXPECT_EQ(ErrorOf(Get("/services/data/v60.0/query")), "400 MALFORMED_QUERY");
}

TEST_F(RestTest, LongAddressIsRefused) {
  EXPECT_EQ(Get(Q("SELECT Id FROM Account WHERE Name = '" + std::string(17'000, 'x') + "'")).status,
            414);
}

TEST_F(RestTest, AnswerIsCompressedWhenAsked) {
  const auto response =
      Get("/services/data/v60.0/sobjects/Account/describe", {{"Accept-Encoding", "gzip"}});
  ASSERT_EQ(response.headers.GetOr("Content-Encoding", ""), "gzip");
  const auto text = net::InflateBody("gzip", response.body);
  ASSERT_TRUE(text);
  EXPECT_EQ(json::parse(*text)["name"], "Account");
}

TEST_F(RestTest, UpdatedAndDeletedIdsLieInTheirWindow) {
  MakeAccounts(2);
  const auto gone = sandbox_->org().Insert("Account", {{"Name", "gone"}}, Org::Change{});
  ASSERT_TRUE(gone);
  ASSERT_TRUE(sandbox_->org().Delete(*gone, Org::Change{}));
  const UtcMicros now = SystemClock().Now();
  const std::string window = "?start=" + PercentEncode(FormatUtc(now - std::chrono::hours(1))) +
                             "&end=" + PercentEncode(FormatUtc(now + std::chrono::minutes(2)));
  const std::string base = "/services/data/v60.0/sobjects/Account/";
  EXPECT_EQ(GetJson(base + "updated" + window)["ids"].size(), 2u);
  const json deleted = GetJson(base + "deleted" + window);
  ASSERT_EQ(deleted["deletedRecords"].size(), 1u) << deleted.dump();
  EXPECT_EQ(deleted["deletedRecords"][0]["id"], IdText(*gone));
  EXPECT_EQ(ErrorOf(Get(base + "deleted?start=2020-01-01T00:00:00Z&end=2020-01-02T00:00:00Z")),
            "400 INVALID_REPLICATION_DATE");
}

TEST_F(RestTest, BatchAnswersEachSubrequest) {
  const auto response =
      Send("POST", "/services/data/v60.0/composite/batch",
           R"({"batchRequests":[{"method":"GET","url":"v60.0/sobjects/Account/describe"},
                                 {"method":"GET","url":"v60.0/sobjects/Nope/describe"}]})");
  const json body = Parse(response);
  ASSERT_EQ(body["results"].size(), 2u) << response.body;
  EXPECT_EQ(body["hasErrors"], true);
  EXPECT_EQ(body["results"][0]["result"]["name"], "Account");
  EXPECT_EQ(body["results"][1]["statusCode"], 404);
}

TEST_F(RestTest, StatusFaultAndExpiredTokensStrike) {
  ASSERT_TRUE(sandbox_->AddFaults(
      R"([{"effect":"status","status":503,"code":"SERVER_UNAVAILABLE","path":"*/limits","nth":1},
          {"effect":"expire_tokens","path":"*/limits","nth":3}])"));
  EXPECT_EQ(ErrorOf(Get("/services/data/v60.0/limits")), "503 SERVER_UNAVAILABLE");
  EXPECT_EQ(Get("/services/data/v60.0/limits").status, 200);
  EXPECT_EQ(ErrorOf(Get("/services/data/v60.0/limits")), "401 INVALID_SESSION_ID");
}

TEST_F(RestTest, ClockSkewMovesTheDateHeader) {
  ASSERT_TRUE(
      sandbox_->AddFaults(R"({"effect":"clock_skew","seconds":-864000,"path":"*/limits"})"));
  const auto response = Get("/services/data/v60.0/limits");
  const json clock = GetJson("/sandbox/clock");
  EXPECT_EQ(clock["offset_seconds"], -864000.0);
  EXPECT_TRUE(response.headers.Get("Date"));
}

TEST_F(RestTest, LateCommitStampsARecordBelowNow) {
  MakeAccounts(1);
  const std::string soql = "SELECT Id, SystemModstamp FROM Account";
  ASSERT_TRUE(sandbox_->AddFaults(
      R"({"effect":"late_commit","object":"Account","seconds":600,"path":"*/query*"})"));
  const json before = GetJson(Q(soql));
  const json after = GetJson(Q(soql));
  EXPECT_LT(after["records"][0]["SystemModstamp"].get<std::string>(),
            before["records"][0]["SystemModstamp"].get<std::string>());
}

TEST_F(RestTest, LogTellsRequestsWithoutTokens) {
  Get("/services/data/v60.0/limits");
  const auto log = Get("/sandbox/log");
  EXPECT_EQ(log.body.find(token_), std::string::npos);
  const json line = Parse(log)["requests"].back();
  EXPECT_EQ(line["path"], "/services/data/v60.0/limits");
  EXPECT_EQ(line["status"], 200);
  EXPECT_EQ(line["cost"], 1);
  EXPECT_EQ(line["client"], "demo");
}

TEST_F(RestTest, AdminIsClosedToPagesOfOtherOrigins) {
  EXPECT_EQ(Get("/sandbox/status", {{"Origin", "https://evil.example"}}).status, 403);
  EXPECT_EQ(Get("/sandbox/status").status, 200);
}

TEST_F(RestTest, UsageAndSessionSurviveARestart) {
  Get("/services/data/v60.0/limits");
  Start();
  const auto response = Get("/services/data/v60.0/limits");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.GetOr("Sforce-Limit-Info", ""), "api-usage=2/115000");
}

TEST_F(RestTest, RelationshipsAreFollowedByFriendlyAddresses) {
  MakeAccounts(2);
  const json accounts = GetJson(Q("SELECT Id FROM Account ORDER BY Name"))["records"];
  const std::string account = accounts[0]["Id"];
  for (const char* name : {"Ada", "Bob"}) {
    Send("POST", "/services/data/v60.0/sobjects/Contact",
         json({{"LastName", name}, {"AccountId", account}}).dump());
  }
  const std::string root = "/services/data/v60.0/sobjects/";
  const json children = GetJson(root + "Account/" + account + "/Contacts?fields=Id,LastName");
  ASSERT_EQ(children["totalSize"], 2) << children.dump();
  EXPECT_EQ(children["records"][1]["LastName"], "Bob");
  EXPECT_FALSE(children["records"][0].contains("Email"));
  const std::string contact = children["records"][0]["Id"];
  const json parent = GetJson(root + "Contact/" + contact + "/Account?fields=Name");
  EXPECT_EQ(parent["Name"], "Account 0");
  EXPECT_EQ(parent["attributes"]["url"], root + "Account/" + account);
  EXPECT_EQ(GetJson(root + "Contact/" + contact + "/Owner")["attributes"]["type"], "User");
  EXPECT_EQ(Send("PATCH", root + "Contact/" + contact + "/Account", R"({"Site":"North"})").status,
            204);
  EXPECT_EQ(GetJson(root + "Account/" + account)["Site"], "North");
  EXPECT_EQ(ErrorOf(Get(root + "Contact/" + contact + "/ReportsTo")), "404 NOT_FOUND");
  EXPECT_EQ(ErrorOf(Get(root + "Account/" + account + "/Nope")), "404 NOT_FOUND");
  EXPECT_EQ(Send("DELETE", root + "Account/" + account + "/Contacts").status, 405);
  EXPECT_EQ(
      GetJson(root + "Account/" + accounts[1]["Id"].get<std::string>() + "/Contacts")["totalSize"],
      0);
}

TEST_F(RestTest, AddressesWithDoubledSlashesAreTheSame) {
  EXPECT_EQ(Get("//services/data/v60.0/limits").status, 200);
  EXPECT_EQ(Get("//services//data/v60.0//query?q=SELECT+Id+FROM+Account+WHERE+Site='//x'").status,
            200);
  EXPECT_EQ(Get("//services/data/v60.0/nothing").status, 404);
}

}  // namespace
}  // namespace firn::sandbox
