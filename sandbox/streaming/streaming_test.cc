#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

class StreamingTest : public ApiRig {
 protected:
  json Post(const json& messages, const std::string& path = "/cometd/60.0") {
    return Parse(Send("POST", path, messages.dump()));
  }
  json Say(const std::string& channel, json more = json::object()) {
    more["channel"] = channel;
    more["clientId"] = client_;
    return Post(json::array({more}));
  }
  void Join() {
    client_ = Post({{{"channel", "/meta/handshake"}}})[0].value("clientId", "");
    ASSERT_FALSE(client_.empty());
    ASSERT_TRUE(Connect()[0]["successful"]);
  }
  // A poll that is never held.
  json Connect() {
    return Say("/meta/connect", {{"connectionType", "long-polling"}, {"advice", {{"timeout", 0}}}});
  }
  // Empty when it was taken.
  std::string Subscribe(const std::string& channel, int64_t replay = -1) {
    return Say("/meta/subscribe",
               {{"subscription", channel}, {"ext", {{"replay", {{channel, replay}}}}}})[0]
        .value("error", "");
  }
  // The data of what comes now.
  json Received() {
    json data = json::array();
    for (const json& message : Connect()) {
      if (message.contains("data")) data.push_back(message["data"]);
    }
    return data;
  }
  net::Response MakeTopic(const std::string& query, json more = json::object()) {
    more["Query"] = query;
    if (!more.contains("Name")) more["Name"] = "T";
    more["ApiVersion"] = 60.0;
    return Send("POST", "/services/data/v60.0/sobjects/PushTopic", more.dump());
  }
  std::string MakeAccount(const json& fields) {
    const auto made = Send("POST", "/services/data/v60.0/sobjects/Account", fields.dump());
    EXPECT_EQ(made.status, 201) << made.body;
    return Parse(made)["id"];
  }
  void Change(const std::string& id, const json& fields) {
    EXPECT_EQ(Send("PATCH", "/services/data/v60.0/sobjects/Account/" + id, fields.dump()).status,
              204);
  }

  std::string client_;
};

TEST_F(StreamingTest, VersionsOfTheAddressAreChecked) {
  const json handshake = {{{"channel", "/meta/handshake"}, {"id", "1"}}};
  const auto without = Send("POST", "/cometd", handshake.dump());
  EXPECT_EQ(without.status, 400);
  EXPECT_EQ(Parse(without)[0]["error"],
            "400::API version in the URI is mandatory. URI format: '/cometd/67.0'");
  for (const char* version : {"36.0", "99.0", "x"}) {
    const auto wrong = Send("POST", std::string("/cometd/") + version, handshake.dump());
    EXPECT_EQ(wrong.status, 400) << version;
    EXPECT_TRUE(Parse(wrong)[0].value("error", "").starts_with("400::Unsupported API version."));
  }
  EXPECT_TRUE(Post(handshake, "/cometd/60.0/handshake")[0]["successful"]);
  EXPECT_EQ(Send("GET", "/cometd/60.0").status, 405);
}

TEST_F(StreamingTest, HandshakesNeedASession) {
  const std::string body = R"([{"channel":"/meta/handshake","id":"1"}])";
  net::Headers none;
  none.Set("Authorization", "Basic x");
  const json missing = Parse(Send("POST", "/cometd/60.0", body, none));
  EXPECT_EQ(missing[0]["error"], "403::Handshake denied");
  EXPECT_EQ(missing[0]["ext"]["sfdc"]["failureReason"], "401::Request requires authentication");
  EXPECT_EQ(missing[0]["advice"]["reconnect"], "none");
  net::Headers wrong;
  wrong.Set("Authorization", "OAuth nobody");
  EXPECT_EQ(Parse(Send("POST", "/cometd/60.0", body, wrong))[0]["ext"]["sfdc"]["failureReason"],
            "401::Authentication invalid");
}

TEST_F(StreamingTest, MessagesThatAreNoneAreRefused) {
  EXPECT_EQ(Send("POST", "/cometd/60.0", "{").status, 400);
  EXPECT_EQ(Send("POST", "/cometd/60.0", "[]").status, 400);
  EXPECT_EQ(Send("POST", "/cometd/60.0", "[7]").status, 400);
  EXPECT_EQ(Send("POST", "/cometd/60.0", std::string(40'000, ' ') + "[]").status, 413);
  net::Headers form;
  form.Set("Content-Type", "application/x-www-form-urlencoded");
  const json answer = Parse(Send("POST", "/cometd/60.0",
                                 "message=%7B%22channel%22%3A%22%2Fmeta%2Fhandshake%22%7D", form));
  EXPECT_TRUE(answer[0]["successful"]) << answer;
}

TEST_F(StreamingTest, ClientsThatAreNotThereAreSentToShakeHands) {
  client_ = "nobody";
  const json unknown = Connect();
  EXPECT_EQ(unknown[0]["error"], "403::Unknown client");
  EXPECT_EQ(unknown[0]["advice"]["reconnect"], "handshake");
  client_ = "";
  EXPECT_EQ(Connect()[0]["error"], "403::Client has not completed handshake");
  Join();
  EXPECT_EQ(Say("/meta/connect", {{"connectionType", "websocket"}})[0]["error"],
            "400::Invalid connection type websocket");
  EXPECT_EQ(Say("/event/Order_Event__e", {{"data", 1}})[0]["error"],
            "403:denied_by_security_policy:publish_denied");
  EXPECT_TRUE(Say("/meta/disconnect")[0]["successful"]);
  EXPECT_EQ(Connect()[0]["error"], "403::Unknown client");
}

TEST_F(StreamingTest, ClientsThatStayAwayAreForgotten) {
  ASSERT_EQ(Send("POST", "/sandbox/events", R"({"client_timeout_ms":1})").status / 100, 2);
  client_ = Post({{{"channel", "/meta/handshake"}}})[0].value("clientId", "");
  std::string error;
  for (int i = 0; i < 20'000 && error.empty(); ++i) {
    // Not a connect, which would tell that the client is there.
    error =
        Say("/meta/subscribe", {{"subscription", "/systemTopic/Logging"}})[0].value("error", "");
  }
  EXPECT_EQ(error, "403::Unknown client");
}

TEST_F(StreamingTest, ChannelsThatCannotBeFollowedAreNamed) {
  Join();
  const std::string none = "400::The channel you requested to subscribe to does not exist {";
  EXPECT_EQ(Subscribe("/event/Nope__e"), none + "/event/Nope__e}");
  EXPECT_EQ(Subscribe("/data/SolutionChangeEvent"), none + "/data/SolutionChangeEvent}");
  EXPECT_EQ(Subscribe("/topic/Nope"), none + "/topic/Nope}");
  EXPECT_EQ(Subscribe("/u/nope"), "404::Unknown channel");
  EXPECT_EQ(Subscribe("event"), "400::Channel subscriptions must start with a leading '/'");
  EXPECT_EQ(Subscribe(""), "400::Channel name not specified");
  EXPECT_EQ(Subscribe("/meta/connect"), "403::Restricted channel");
  const json both =
      Say("/meta/subscribe", {{"subscription", {"/data/ChangeEvents", "/event/Nope__e"}}});
  ASSERT_EQ(both.size(), 2U);
  EXPECT_TRUE(both[0]["successful"]);
  EXPECT_FALSE(both[1]["successful"]);
  sandbox_->SetUsed(Allotment::kDeliveredEvents, 1'000'000'000);
  EXPECT_EQ(Subscribe("/data/ChangeEvents"), "403::Organization total events daily limit exceeded");
}

TEST_F(StreamingTest, ChangesTellTheirFieldsByName) {
  Join();
  ASSERT_EQ(Subscribe("/data/AccountChangeEvent"), "");
  const std::string id =
      MakeAccount({{"Name", "A"}, {"AnnualRevenue", 2.5}, {"BillingCity", "Oslo"}});
  Change(id, {{"BillingCity", nullptr}, {"NumberOfEmployees", 7}});
  const json data = Received();
  ASSERT_EQ(data.size(), 2U) << data;
  const json& made = data[0]["payload"];
  EXPECT_EQ(made["ChangeEventHeader"]["changeType"], "CREATE");
  EXPECT_EQ(made["ChangeEventHeader"]["recordIds"], json::array({id}));
  EXPECT_EQ(made["AnnualRevenue"], 2.5);
  EXPECT_EQ(made["BillingAddress"], (json{{"City", "Oslo"}}));
  EXPECT_TRUE(made.value("CreatedDate", "").ends_with("Z")) << made;
  EXPECT_FALSE(made.contains("Phone"));
  const json& changed = data[1]["payload"];
  EXPECT_EQ(changed.value("BillingAddress", json(1)), json()) << changed;
  EXPECT_EQ(changed.value("NumberOfEmployees", 0), 7);
  EXPECT_FALSE(changed.contains("Name"));
  EXPECT_EQ(changed["ChangeEventHeader"]["changedFields"],
            (json{"BillingAddress.City", "NumberOfEmployees", "LastModifiedDate"}));
}

TEST_F(StreamingTest, TopicsTellWhatTheirQuerySelectsOfWhatChanged) {
  ASSERT_EQ(MakeTopic("SELECT Id, Name FROM Account WHERE NumberOfEmployees > 10").status, 201);
  Join();
  ASSERT_EQ(Subscribe("/topic/T"), "");
  MakeAccount({{"Name", "small"}, {"NumberOfEmployees", 1}});
  const std::string id = MakeAccount({{"Name", "large"}, {"NumberOfEmployees", 20}});
  Change(id, {{"Phone", "1"}});
  Change(id, {{"NumberOfEmployees", 30}});
  ASSERT_EQ(Send("DELETE", "/services/data/v60.0/sobjects/Account/" + id).status, 204);
  const json data = Received();
  ASSERT_EQ(data.size(), 3U) << data;
  EXPECT_EQ(data[0]["event"]["type"], "created");
  EXPECT_EQ(data[0]["sobject"], (json{{"Id", id}, {"Name", "large"}}));
  EXPECT_EQ(data[1]["event"]["type"], "updated");
  EXPECT_EQ(data[2]["event"]["type"], "deleted");
  EXPECT_EQ(data[2]["sobject"], (json{{"Id", id}}));
  EXPECT_LT(data[0]["event"]["replayId"], data[1]["event"]["replayId"]);
  // And again from a place, after a restart.
  Start();
  Join();
  ASSERT_EQ(Subscribe("/topic/T", data[0]["event"]["replayId"]), "");
  EXPECT_EQ(Received().size(), 2U);
}

TEST_F(StreamingTest, TopicsTakeTheOperationsAndFieldsTheyAreToldTo) {
  ASSERT_EQ(MakeTopic("SELECT Id, Name FROM Account WHERE NumberOfEmployees > 10",
                      {{"NotifyForFields", "Select"}, {"NotifyForOperationCreate", false}})
                .status,
            201);
  Join();
  ASSERT_EQ(Subscribe("/topic/T"), "");
  ASSERT_EQ(Subscribe("/topic/T?Name=second"), "");
  const std::string id = MakeAccount({{"Name", "first"}, {"NumberOfEmployees", 20}});
  Change(id, {{"NumberOfEmployees", 30}});
  Change(id, {{"Name", "second"}});
  Change(id, {{"Name", "third"}});
  EXPECT_EQ(Received().size(), 3U) << "two of the topic, one of its filtered channel";
  EXPECT_EQ(Subscribe("/topic/T?Nope=1"),
            "400::Query fields {Nope} do not exist on the topic entity");
}

TEST_F(StreamingTest, TopicsWhoseQueryCannotBeFollowedAreNotSaved) {
  EXPECT_EQ(ErrorOf(MakeTopic("SELECT Id FROM Nope")), "400 INVALID_TYPE");
  EXPECT_EQ(ErrorOf(MakeTopic("SELECT Id FROM")), "400 MALFORMED_QUERY");
  for (const char* query :
       {"SELECT Name FROM Account", "SELECT Id, Nope FROM Account", "SELECT COUNT() FROM Account",
        "SELECT Id, Owner.Name FROM Account", "SELECT Id FROM Account LIMIT 1",
        "SELECT Id FROM Account ORDER BY Name", "SELECT Id FROM Account WHERE NOT Name = 'a'",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
        "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)",
        "SELECT Id FROM Account WHERE Description = 'a'",
        "SELECT Id, BillingAddress FROM Account"}) {
    EXPECT_EQ(ErrorOf(MakeTopic(query)), "400 INVALID_FIELD") << query;
  }
}

TEST_F(StreamingTest, GenericChannelsAreForAllOrForSome) {
  const auto refused =
      Send("POST", "/services/data/v60.0/sobjects/StreamingChannel", R"({"Name":"news"})");
  EXPECT_EQ(ErrorOf(refused), "400 FIELD_INTEGRITY_EXCEPTION");
  const auto made =
      Send("POST", "/services/data/v60.0/sobjects/StreamingChannel", R"({"Name":"/u/news"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string push =
      "/services/data/v60.0/sobjects/StreamingChannel/" + Parse(made).value("id", "") + "/push";
  const json all = {{"pushEvents", {{{"payload", "to all"}, {"userIds", json::array()}}}}};
  EXPECT_EQ(Parse(Send("POST", push, all.dump()))[0]["fanoutCount"], 0);
  Join();
  EXPECT_EQ(Subscribe("/u/News"), "404::channel names may not vary only by case");
  ASSERT_EQ(Subscribe("/u/news"), "");
  const json online = GetJson(push);
  EXPECT_EQ(online["ChannelName"], "/u/news");
  const std::string user = online["OnlineUserIds"][0];
  const std::string other = "005000000000000AAA";
  const json some = {{"pushEvents",
                      {{{"payload", "to me"}, {"userIds", {user}}},
                       {{"payload", "to another"}, {"userIds", {other}}}}}};
  EXPECT_EQ(Parse(Send("POST", push, all.dump()))[0]["fanoutCount"], -1);
  const json told = Parse(Send("POST", push, some.dump()));
  EXPECT_EQ(told[0], (json{{"fanoutCount", 1}, {"userOnlineStatus", {{user, true}}}}));
  EXPECT_EQ(told[1], (json{{"fanoutCount", 0}, {"userOnlineStatus", {{other, false}}}}));
  const json data = Received();
  ASSERT_EQ(data.size(), 2U) << data;
  EXPECT_EQ(data[0]["payload"], "to all");
  EXPECT_EQ(data[1]["payload"], "to me");
  EXPECT_FALSE(data[1].contains("userIds"));
  EXPECT_EQ(Send("POST", push, R"({"pushEvents":[{"payload":1}]})").status, 400);
}

}  // namespace
}  // namespace firn::sandbox
