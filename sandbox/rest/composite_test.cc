// Requests that carry several records or several requests. What could go wrong: a record written
// that the answer calls failed, or one left behind by a call that was to stand or fall as one.
#include "core/base/encoding.h"
#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

constexpr char kRoot[] = "/services/data/v60.0";

class CompositeTest : public ApiRig {
 protected:
  json Post(const std::string& path, const json& body, int status = 200) {
    return Ask("POST", path, body, status);
  }
  json Ask(const std::string& method, const std::string& path, const json& body, int status = 200) {
    const auto response = Send(method, kRoot + path, body.dump());
    EXPECT_EQ(response.status, status) << response.body;
    return Parse(response);
  }
  int64_t Count(const std::string& soql) {
    return GetJson(kRoot + std::string("/query?q=") + PercentEncode(soql))["totalSize"];
  }
  static json Account(const std::string& name) {
    return {{"attributes", {{"type", "Account"}}}, {"Name", name}};
  }
};

TEST_F(CompositeTest, LaterSubrequestsUseWhatEarlierOnesAnswered) {
  const json answer = Post("/composite", json::parse(R"({"compositeRequest":[
        {"method":"POST","url":"/services/data/v60.0/sobjects/Account","referenceId":"acme",
         "body":{"Name":"Acme"}},
        {"method":"POST","url":"/services/data/v60.0/sobjects/Contact","referenceId":"ann",
         "body":{"LastName":"Ann","AccountId":"@{acme.id}"}},
        {"method":"GET","url":"/services/data/v60.0/query?q=SELECT+Name,Account.Name+FROM+Contact+WHERE+Id='@{ann.id}'",
         "referenceId":"read"},
        {"method":"GET","url":"/services/data/v60.0/sobjects/Account/@{read.records[0].Account.Name}",
         "referenceId":"wrong"},
        {"method":"GET","url":"/services/data/v60.0/sobjects/Account/@{nobody.id}",
         "referenceId":"dangling"}]})"));
  const json& parts = answer["compositeResponse"];
  ASSERT_EQ(parts.size(), 5u) << answer.dump();
  EXPECT_EQ(parts[0]["httpStatusCode"], 201);
  EXPECT_EQ(parts[0]["referenceId"], "acme");
  EXPECT_EQ(parts[0]["httpHeaders"]["Location"],
            "/services/data/v60.0/sobjects/Account/" + parts[0]["body"]["id"].get<std::string>());
  EXPECT_EQ(parts[2]["body"]["records"][0]["Account"]["Name"], "Acme");
  EXPECT_EQ(parts[3]["httpStatusCode"], 404);
  EXPECT_EQ(parts[4]["httpStatusCode"], 400);
  EXPECT_EQ(parts[4]["body"][0]["errorCode"], "PROCESSING_HALTED");
}

TEST_F(CompositeTest, AllOrNoneLeavesNothingBehind) {
  const auto kept = sandbox_->org().Insert("Account", {{"Name", "kept"}, {"Phone", "1"}}, {});
  ASSERT_TRUE(kept);
  const json answer =
      Post("/composite",
           {{"allOrNone", true},
            {"compositeRequest",
             {{{"method", "POST"},
               {"url", "/services/data/v60.0/sobjects/Account"},
               {"referenceId", "a"},
               {"body", {{"Name", "new"}}}},
              {{"method", "PATCH"},
               {"url", "/services/data/v60.0/sobjects/Account/" + IdText(*kept)},
               {"referenceId", "b"},
               {"body", {{"Phone", "2"}, {"Site", "x"}}}},
              {{"method", "POST"},
               {"url", "/services/data/v60.0/sobjects/Account"},
               {"referenceId", "c"},
               {"body", {{"Nope", "x"}}}},
              {{"method", "GET"}, {"url", "/services/data/v60.0/limits"}, {"referenceId", "d"}}}}});
  const json& parts = answer["compositeResponse"];
  EXPECT_EQ(parts[0]["httpStatusCode"], 400);
  EXPECT_EQ(parts[0]["body"][0]["errorCode"], "PROCESSING_HALTED");
  EXPECT_EQ(parts[2]["body"][0]["errorCode"], "INVALID_FIELD");
  EXPECT_EQ(parts[3]["body"][0]["errorCode"], "PROCESSING_HALTED");
  EXPECT_EQ(Count("SELECT COUNT() FROM Account WHERE Name = 'new'"), 0);
  EXPECT_EQ(Count("SELECT COUNT() FROM Account WHERE Name = 'kept' AND Phone = '1' AND Site = "
                  "null"),
            1);
}

TEST_F(CompositeTest, CompositeRefusesWhatIsNotOne) {
  const json one = {{"method", "GET"}, {"url", "/services/data/v60.0/limits"}};
  Post("/composite", {{"compositeRequest", {one}}}, 400);
  json named = one;
  named["referenceId"] = "a";
  Post("/composite", {{"compositeRequest", {named, named}}}, 400);
  json many = json::array();
  for (int i = 0; i < 26; ++i) {
    named["referenceId"] = "r" + std::to_string(i);
    many.push_back(named);
  }
  Post("/composite", {{"compositeRequest", many}}, 400);
  json nested = named;
  nested["url"] = "/services/data/v60.0/composite";
  const json answer = Post("/composite", {{"compositeRequest", {nested}}});
  EXPECT_EQ(answer["compositeResponse"][0]["httpStatusCode"], 400);
}

TEST_F(CompositeTest, CollectionsWriteEachRecordByItself) {
  const json made =
      Post("/composite/sobjects", {{"records",
                                    {Account("one"),
                                     {{"attributes", {{"type", "Account"}}}, {"Nope", 1}},
                                     {{"attributes", {{"type", "Contact"}}}, {"LastName", "c"}}}}});
  ASSERT_EQ(made.size(), 3u) << made.dump();
  EXPECT_EQ(made[0]["success"], true);
  EXPECT_EQ(made[0]["errors"], json::array());
  EXPECT_EQ(made[1]["success"], false);
  EXPECT_EQ(made[1]["errors"][0]["statusCode"], "INVALID_FIELD");
  EXPECT_FALSE(made[1].contains("id"));
  EXPECT_EQ(made[2]["success"], true);
  const std::string id = made[0]["id"];
  const json changed = Ask("PATCH", "/composite/sobjects",
                           {{"records",
                             {{{"attributes", {{"type", "Account"}}}, {"id", id}, {"Phone", "7"}},
                              {{"attributes", {{"type", "Account"}}}, {"Phone", "8"}}}}});
  EXPECT_EQ(changed[0]["success"], true);
  EXPECT_EQ(changed[1]["success"], false);
  const json read =
      Post("/composite/sobjects/Account",
           {{"ids", {id, "001000000000000AAA", id}}, {"fields", {"Name", "Phone"}}}, 200);
  ASSERT_EQ(read.size(), 3u) << read.dump();
  EXPECT_EQ(read[0]["Phone"], "7");
  EXPECT_TRUE(read[1].is_null());
  EXPECT_EQ(read[2]["Name"], "one");
  const json got = GetJson(kRoot + ("/composite/sobjects/Account?fields=Name&ids=" + id));
  EXPECT_EQ(got[0]["Name"], "one");
  const json gone =
      Parse(Send("DELETE", kRoot + ("/composite/sobjects?ids=" + id + ",001000000000000AAA")));
  EXPECT_EQ(gone[0]["success"], true);
  EXPECT_EQ(gone[1]["success"], false);
}

TEST_F(CompositeTest, CollectionsAllOrNoneRollsBack) {
  const json made =
      Post("/composite/sobjects",
           {{"allOrNone", true},
            {"records", {Account("one"), {{"attributes", {{"type", "Account"}}}, {"Nope", 1}}}}});
  EXPECT_EQ(made[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
  EXPECT_EQ(made[1]["errors"][0]["statusCode"], "INVALID_FIELD");
  EXPECT_EQ(Count("SELECT COUNT() FROM Account"), 0);
  json many = json::array();
  for (int i = 0; i < 201; ++i) many.push_back(Account("x"));
  const auto refused =
      Send("POST", kRoot + std::string("/composite/sobjects"), json{{"records", many}}.dump());
  EXPECT_EQ(ErrorOf(refused), "400 EXCEEDED_ID_LIMIT");
}

TEST_F(CompositeTest, CollectionsUpsertByExternalId) {
  const json record = {
      {"attributes", {{"type", "Account"}}}, {"Name", "keyed"}, {"ExternalKey__c", "k1"}};
  const std::string path = "/composite/sobjects/Account/ExternalKey__c";
  const json first = Ask("PATCH", path, {{"records", {record}}});
  EXPECT_EQ(first[0]["created"], true) << first.dump();
  const json second = Ask("PATCH", path, {{"records", {record}}});
  EXPECT_EQ(second[0]["created"], false);
  EXPECT_EQ(second[0]["id"], first[0]["id"]);
  EXPECT_EQ(Send("PATCH", "/services/data/v45.0" + path, json{{"records", {record}}}.dump()).status,
            404);
}

TEST_F(CompositeTest, FailedUpsertsTellWhetherTheRecordWasThere) {
  const json good = {
      {"attributes", {{"type", "Account"}}}, {"Name", "keyed"}, {"ExternalKey__c", "k1"}};
  json bad = good;
  bad["ExternalKey__c"] = "k2";
  bad["OwnerId"] = "INVALID_OWNER";
  const std::string path = "/composite/sobjects/Account/ExternalKey__c";
  const json both = Ask("PATCH", path, {{"allOrNone", true}, {"records", {good, bad}}});
  EXPECT_EQ(both[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
  EXPECT_EQ(both[0]["created"], true) << both.dump();
  EXPECT_EQ(both[1]["errors"][0]["statusCode"], "MALFORMED_ID");
  EXPECT_EQ(both[1]["created"], true) << both.dump();
}

TEST_F(CompositeTest, TreeMakesParentsBeforeChildren) {
  const json tree = json::parse(R"({"records":[
      {"attributes":{"type":"Account","referenceId":"a1"},"Name":"A1",
       "Contacts":{"records":[{"attributes":{"type":"Contact","referenceId":"c1"},"LastName":"C1"},
                              {"attributes":{"type":"Contact","referenceId":"c2"},"LastName":"C2"}]}},
      {"attributes":{"type":"Account","referenceId":"a2"},"Name":"A2"}]})");
  const json made = Post("/composite/tree/Account", tree, 201);
  EXPECT_EQ(made["hasErrors"], false);
  ASSERT_EQ(made["results"].size(), 4u) << made.dump();
  EXPECT_EQ(made["results"][0]["referenceId"], "a1");
  EXPECT_EQ(Count("SELECT COUNT() FROM Contact WHERE Account.Name = 'A1'"), 2);
  json bad = tree;
  bad["records"][0]["Contacts"]["records"][1].erase("LastName");
  const json refused = Post("/composite/tree/Account", bad, 400);
  EXPECT_EQ(refused["hasErrors"], true);
  EXPECT_EQ(refused["results"][0]["referenceId"], "c2");
  EXPECT_EQ(refused["results"][0]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(Count("SELECT COUNT() FROM Account"), 2);
  EXPECT_EQ(Count("SELECT COUNT() FROM Contact"), 2);
}

TEST_F(CompositeTest, BatchHaltsWhenAskedTo) {
  const json answer = Post(
      "/composite/batch",
      {{"haltOnError", true},
       {"batchRequests",
        {{{"method", "POST"}, {"url", "v60.0/sobjects/Account"}, {"richInput", {{"Name", "b"}}}},
         {{"method", "GET"}, {"url", "v60.0/sobjects/Nope/describe"}},
         {{"method", "GET"}, {"url", "v50.0/limits"}}}}});
  EXPECT_EQ(answer["hasErrors"], true);
  EXPECT_EQ(answer["results"][0]["statusCode"], 201);
  EXPECT_EQ(answer["results"][1]["statusCode"], 404);
  EXPECT_EQ(answer["results"][2]["statusCode"], 412);
  EXPECT_EQ(answer["results"][2]["result"][0]["errorCode"], "BATCH_PROCESSING_HALTED");
}

TEST_F(CompositeTest, UpsertOfOneRecordAnswersByVersion) {
  const std::string path = "/sobjects/Account/ExternalKey__c/k%2F7";
  const auto made = Send("PATCH", kRoot + path, R"({"Name":"k"})");
  EXPECT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(Parse(made)["created"], true);
  const auto again = Send("PATCH", kRoot + path, R"({"Name":"k2"})");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(Parse(again)["created"], false);
  EXPECT_EQ(Send("PATCH", "/services/data/v45.0" + path, R"({"Name":"k3"})").status, 204);
  EXPECT_EQ(GetJson(kRoot + path)["Name"], "k3");
  EXPECT_EQ(
      Send("PATCH", kRoot + std::string("/sobjects/Account/ExternalKey__c/no?updateOnly=true"),
           R"({"Name":"k"})")
          .status,
      404);
}

TEST_F(CompositeTest, LongChildListsHavePagesOfTheirOwn) {
  const auto account = sandbox_->org().Insert("Account", {{"Name", "big"}}, {});
  ASSERT_TRUE(account);
  for (int i = 0; i < 450; ++i) {
    ASSERT_TRUE(sandbox_->org().Insert(
        "Contact", {{"LastName", std::to_string(i)}, {"AccountId", IdText(*account)}}, {}));
  }
  MakeAccounts(2);
  const std::string soql =
      "SELECT Name, (SELECT LastName FROM Contacts ORDER BY Id) FROM Account ORDER BY Id";
  const json page = Parse(Get(kRoot + ("/query?q=" + PercentEncode(soql)),
                              {{"Sforce-Query-Options", "batchSize=200"}}));
  EXPECT_EQ(page["totalSize"], 3);
  EXPECT_EQ(page["done"], false);
  ASSERT_EQ(page["records"].size(), 1u);  // one parent with 200 children fills the page
  const json& children = page["records"][0]["Contacts"];
  EXPECT_EQ(children["totalSize"], 450);
  std::vector<std::string> names;
  json list = children;
  while (true) {
    for (const json& each : list["records"]) names.push_back(each["LastName"]);
    if (list["done"] == true) break;
    ASSERT_LE(names.size(), 450u);
    list = GetJson(list["nextRecordsUrl"]);
  }
  ASSERT_EQ(names.size(), 450u);
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(names[i], std::to_string(i));
  const json rest = GetJson(page["nextRecordsUrl"]);
  EXPECT_EQ(rest["records"].size(), 2u);
  EXPECT_EQ(rest["done"], true);
  EXPECT_TRUE(rest["records"][0]["Contacts"].is_null());
}

TEST_F(CompositeTest, GraphsStandOrFallEachByItself) {
  const auto node = [](const std::string& method, const std::string& url, const std::string& id,
                       const json& fields) {
    return json{{"method", method},
                {"url", "/services/data/v60.0/sobjects/" + url},
                {"referenceId", id},
                {"body", fields}};
  };
  const json good = {
      {"graphId", "g1"},
      {"compositeRequest",
       {node("POST", "Account", "a", {{"Name", "kept"}}),
        node("POST", "Contact", "c", {{"LastName", "kept"}, {"AccountId", "@{a.id}"}}),
        node("PATCH", "Account/@{a.id}", "u", {{"Site", "here"}})}}};
  const json bad = {{"graphId", "g2"},
                    {"compositeRequest",
                     {node("POST", "Account", "a", {{"Name", "lost"}}),
                      node("POST", "Contact", "c", {{"FirstName", "no last name"}}),
                      node("POST", "Account", "z", {{"Name", "lost"}})}}};
  const json answer = Post("/composite/graph", {{"graphs", {good, bad}}});
  ASSERT_EQ(answer["graphs"].size(), 2U) << answer.dump();
  EXPECT_EQ(answer["graphs"][0]["graphId"], "g1");
  EXPECT_EQ(answer["graphs"][0]["isSuccessful"], true);
  const json& made = answer["graphs"][0]["graphResponse"]["compositeResponse"];
  EXPECT_EQ(made[0]["httpStatusCode"], 201);
  EXPECT_EQ(made[2]["httpStatusCode"], 204);
  EXPECT_EQ(answer["graphs"][1]["isSuccessful"], false);
  const json& lost = answer["graphs"][1]["graphResponse"]["compositeResponse"];
  EXPECT_EQ(lost[0]["body"][0]["errorCode"], "PROCESSING_HALTED");
  EXPECT_EQ(lost[1]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(lost[2]["body"][0]["errorCode"], "PROCESSING_HALTED");
  EXPECT_EQ(Count("SELECT COUNT() FROM Account WHERE Name = 'lost'"), 0);
  EXPECT_EQ(Count("SELECT COUNT() FROM Contact WHERE Account.Site = 'here'"), 1);
  Post("/composite/graph", {{"graphs", {good, good}}}, 400);
  Post("/composite/graph", {{"graphs", json::array()}}, 400);
  EXPECT_EQ(
      Send("POST", "/services/data/v49.0/composite/graph", json{{"graphs", {good}}}.dump()).status,
      404);
}

}  // namespace
}  // namespace firn::sandbox
