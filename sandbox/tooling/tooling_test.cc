// The Tooling API as a client sees it.
#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

class Tooling : public ApiRig {
 protected:
  static constexpr const char* kRoot = "/services/data/v60.0/tooling";

  net::Response Create(const std::string& object, const std::string& name, const json& metadata) {
    return Send("POST", std::string(kRoot) + "/sobjects/" + object,
                json({{"FullName", name}, {"Metadata", metadata}}).dump());
  }
  std::string Id(const net::Response& response) {
    EXPECT_EQ(response.status, 201) << response.body;
    return Parse(response).value("id", "");
  }
  net::Response Query(const std::string& soql, const std::string& root = kRoot) {
    std::string encoded;
    for (const char c : soql) encoded += c == ' ' ? std::string("+") : std::string(1, c);
    return Get(root + "/query?q=" + encoded);
  }
  json Rows(const std::string& soql, const std::string& root = kRoot) {
    const auto response = Query(soql, root);
    EXPECT_EQ(response.status, 200) << response.body;
    return Parse(response)["records"];
  }
  json Events() { return GetJson("/sandbox/events"); }
};

TEST_F(Tooling, DescribesObjectsAsRows) {
  const json rows = Rows(
      "SELECT DurableId, QualifiedApiName, Label, KeyPrefix, IsCustomizable FROM EntityDefinition "
      "WHERE QualifiedApiName IN ('Account', 'Widget__c') ORDER BY QualifiedApiName");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["QualifiedApiName"], "Account");
  EXPECT_EQ(rows[0]["KeyPrefix"], "001");
  EXPECT_EQ(rows[1]["DurableId"], "Widget__c");
  EXPECT_NE(rows[0]["attributes"].value("url", "").find("/tooling/sobjects/EntityDefinition/"),
            std::string::npos);
  // The REST API has them too.
  EXPECT_EQ(
      Rows("SELECT Id FROM EntityDefinition WHERE DurableId = 'Account'", "/services/data/v60.0")
          .size(),
      1U);
}

TEST_F(Tooling, DescribesFieldsAsRowsOfTheirObject) {
  const json rows = Rows(
      "SELECT QualifiedApiName, DataType, EntityDefinition.QualifiedApiName, ReferenceTo FROM "
      "FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Contact' AND QualifiedApiName IN "
      "('AccountId', 'LastName') ORDER BY QualifiedApiName");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["DataType"], "Lookup(Account)");
  EXPECT_EQ(rows[0]["ReferenceTo"]["referenceTo"], json::array({"Account"}));
  EXPECT_EQ(rows[0]["EntityDefinition"]["QualifiedApiName"], "Contact");
  EXPECT_EQ(rows[1]["DataType"], "Text(80)");
  const json by_id = Rows(
      "SELECT DurableId FROM FieldDefinition WHERE EntityDefinitionId = 'Contact' AND "
      "DurableId = 'Contact.Email'");
  EXPECT_EQ(by_id.size(), 1U);
  const json nested = Rows(
      "SELECT QualifiedApiName, (SELECT QualifiedApiName FROM Fields LIMIT 3) FROM "
      "EntityDefinition WHERE DurableId = 'Contact'");
  ASSERT_EQ(nested.size(), 1U);
  EXPECT_EQ(nested[0]["Fields"]["records"].size(), 3U);
}

TEST_F(Tooling, SeesAFieldThatWasAdded) {
  const std::string soql =
      "SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinitionId = 'Account' AND "
      "QualifiedApiName = 'Depth__c'";
  EXPECT_EQ(Rows(soql).size(), 0U);
  ASSERT_TRUE(sandbox_->org().DefineYaml(
      "object: Account\nfields:\n  - {name: Depth__c, label: Depth, type: string, length: 9}\n"));
  EXPECT_EQ(Rows(soql).size(), 1U);
}

TEST_F(Tooling, DescribesItsOwnObjects) {
  const json describe = GetJson(std::string(kRoot) + "/sobjects/PlatformEventChannel/describe");
  EXPECT_EQ(describe["keyPrefix"], "0YL");
  const json all = GetJson(std::string(kRoot) + "/sobjects");
  EXPECT_EQ(all["sobjects"].size(), 6U);
  EXPECT_EQ(Get(std::string(kRoot) + "/sobjects/Nope").status, 404);
  EXPECT_EQ(GetJson(std::string(kRoot) + "/sobjects/EntityDefinition/Account")["Label"], "Account");
}

TEST_F(Tooling, LeavesOtherObjectsToTheOrg) {
  EXPECT_EQ(Rows("SELECT Name, InstanceName FROM Organization").size(), 1U);
  const auto unknown = Query("SELECT Id FROM SandboxProcess");
  EXPECT_EQ(ErrorOf(unknown), "400 INVALID_TYPE");
}

TEST_F(Tooling, MakesAChannelWhoseMembersFeedIt) {
  const std::string channel = Id(
      Create("PlatformEventChannel", "Sales__chn", {{"channelType", "data"}, {"label", "Sales"}}));
  const std::string member =
      Id(Create("PlatformEventChannelMember", "Sales_AccountChangeEvent",
                {{"eventChannel", "Sales__chn"}, {"selectedEntity", "AccountChangeEvent"}}));
  EXPECT_EQ(Events()["channels"], (json{{"Sales__chn", {"Account"}}}));
  const json rows = Rows(
      "SELECT Id, DeveloperName, MasterLabel, ChannelType FROM PlatformEventChannel WHERE "
      "DeveloperName = 'Sales'");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["Id"], channel);
  EXPECT_EQ(rows[0]["ChannelType"], "data");
  const json members =
      Rows("SELECT Id, SelectedEntity FROM PlatformEventChannelMember WHERE EventChannel = '" +
           channel + "'");
  ASSERT_EQ(members.size(), 1U);
  EXPECT_EQ(members[0]["Id"], member);
  EXPECT_EQ(members[0]["SelectedEntity"], "AccountChangeEvent");
  const json record =
      GetJson(std::string(kRoot) + "/sobjects/PlatformEventChannelMember/" + member);
  EXPECT_EQ(record["FullName"], "Sales_AccountChangeEvent");
  EXPECT_EQ(record["Metadata"]["eventChannel"], "Sales__chn");
  const std::string path = std::string(kRoot) + "/sobjects/PlatformEventChannelMember/" + member;
  EXPECT_EQ(Send("DELETE", path).status, 204);
  EXPECT_EQ(Get(path).status, 404);
  EXPECT_EQ(Events()["channels"], (json{{"Sales__chn", json::array()}}));
}

TEST_F(Tooling, SelectsObjectsOfTheStandardChannel) {
  Id(Create("PlatformEventChannelMember", "ChangeEvents_Widget_ChangeEvent",
            {{"eventChannel", "ChangeEvents"}, {"selectedEntity", "Widget__ChangeEvent"}}));
  EXPECT_EQ(Events()["selected"].back(), "Widget__c");
  EXPECT_EQ(
      Rows("SELECT Id FROM PlatformEventChannelMember WHERE EventChannel = 'ChangeEvents'").size(),
      6U);
}

TEST_F(Tooling, EnrichesAndFiltersMembers) {
  const json enriched = json::array({{{"name", "Industry"}}, {{"name", "ExternalKey__c"}}});
  const json metadata = {{"eventChannel", "ChangeEvents"},
                         {"selectedEntity", "Widget__ChangeEvent"},
                         {"filterExpression", "Name LIKE 'A%'"}};
  Id(Create("PlatformEventChannelMember", "ChangeEvents_Widget_ChangeEvent", metadata));
  Id(Create("PlatformEventChannel", "Sales__chn", {{"channelType", "data"}, {"label", "Sales"}}));
  const json sales = {{"eventChannel", "Sales__chn"},
                      {"selectedEntity", "AccountChangeEvent"},
                      {"enrichedFields", enriched}};
  const std::string member =
      Id(Create("PlatformEventChannelMember", "Sales_AccountChangeEvent", sales));
  const std::string path = std::string(kRoot) + "/sobjects/PlatformEventChannelMember/" + member;
  EXPECT_EQ(GetJson(path)["Metadata"]["enrichedFields"], enriched);
  const std::string soql = "SELECT Id, Field, ChannelMemberId FROM EnrichedField ORDER BY Field";
  const json rows = Rows(soql);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1]["Field"], "Industry");
  EXPECT_EQ(rows[1]["ChannelMemberId"], member);
  EXPECT_EQ(Events()["members"]["ChangeEvents"]["Widget__c"]["filter"], "Name LIKE 'A%'");

  json changed = sales;
  changed["enrichedFields"] = json::array({{{"name", "Phone"}}, {{"name", "Industry"}}});
  EXPECT_EQ(Send("PATCH", path, json({{"Metadata", changed}}).dump()).status, 204);
  const json now = Rows(soql);
  ASSERT_EQ(now.size(), 2U);
  EXPECT_EQ(now[0]["Id"], rows[1]["Id"]) << "Industry stays the record it was";
  const std::string field = std::string(kRoot) + "/sobjects/EnrichedField/";
  EXPECT_EQ(Send("DELETE", field + now[0]["Id"].get<std::string>()).status, 204);
  EXPECT_EQ(Rows(soql).size(), 1U);
  EXPECT_EQ(Send("POST", std::string(kRoot) + "/sobjects/EnrichedField", "{}").status, 405);
  EXPECT_EQ(Send("DELETE", path).status, 204);
  EXPECT_EQ(Rows(soql).size(), 0U);
}

TEST_F(Tooling, RefusesWhatCannotBe) {
  const auto refused = [&](const std::string& object, const std::string& name, const json& data) {
    return ErrorOf(Create(object, name, data));
  };
  const std::string channel = "PlatformEventChannel";
  const std::string member = "PlatformEventChannelMember";
  EXPECT_EQ(refused(channel, "Sales", {{"channelType", "data"}, {"label", "Sales"}}),
            "400 FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(refused(channel, "Sales__chn", {{"label", "Sales"}}), "400 REQUIRED_FIELD_MISSING");
  EXPECT_EQ(
      refused(member, "x", {{"eventChannel", "No__chn"}, {"selectedEntity", "AccountChangeEvent"}}),
      "400 FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(refused(member, "x",
                    {{"eventChannel", "ChangeEvents"}, {"selectedEntity", "AccountChangeEvent"}}),
            "400 DUPLICATE_VALUE");
  EXPECT_EQ(refused(member, "x",
                    {{"eventChannel", "ChangeEvents"}, {"selectedEntity", "NopeChangeEvent"}}),
            "400 FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(refused(member, "x",
                    {{"eventChannel", "ChangeEvents"},
                     {"selectedEntity", "Widget__ChangeEvent"},
                     {"enrichedFields", {{{"name", "Owner.Name"}}}}}),
            "400 FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(refused(member, "x",
                    {{"eventChannel", "ChangeEvents"},
                     {"selectedEntity", "Widget__ChangeEvent"},
                     {"filterExpression", "Owner.Name = 'x'"}}),
            "400 FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(ErrorOf(Send("POST", std::string(kRoot) + "/sobjects/" + channel, "[]")),
            "400 JSON_PARSER_ERROR");
  Id(Create(channel, "Sales__chn", {{"channelType", "event"}, {"label", "Sales"}}));
  EXPECT_EQ(refused(channel, "Sales__chn", {{"channelType", "data"}, {"label", "Sales"}}),
            "400 DUPLICATE_DEVELOPER_NAME");
}

TEST_F(Tooling, ManagesSubscriptions) {
  const json metadata = {{"label", "Orders"},
                         {"topicName", "/event/Order_Event__e"},
                         {"defaultReplay", "EARLIEST"},
                         {"errorRecoveryReplay", "LATEST"},
                         {"state", "RUN"}};
  const std::string id = Id(Create("ManagedEventSubscription", "Orders", metadata));
  EXPECT_TRUE(id.starts_with("18x")) << id;
  json managed = Events()["managed"][0];
  EXPECT_EQ(managed["id"], id);
  EXPECT_EQ(managed["from_earliest"], true);
  EXPECT_EQ(managed["recover_earliest"], false);
  const std::string path = std::string(kRoot) + "/sobjects/ManagedEventSubscription/" + id;
  json stopped = metadata;
  stopped["state"] = "STOP";
  EXPECT_EQ(Send("PATCH", path, json({{"Metadata", stopped}}).dump()).status, 204);
  EXPECT_EQ(Events()["managed"][0]["running"], false);
  EXPECT_EQ(GetJson(path)["State"], "STOP");
  stopped["topicName"] = "/data/AccountChangeEvent";
  EXPECT_EQ(ErrorOf(Send("PATCH", path, json({{"Metadata", stopped}}).dump())),
            "400 FIELD_INTEGRITY_EXCEPTION");
  json nowhere = metadata;
  nowhere["topicName"] = "/event/Nope__e";
  EXPECT_EQ(ErrorOf(Create("ManagedEventSubscription", "Other", nowhere)),
            "400 FIELD_INTEGRITY_EXCEPTION");
  EXPECT_EQ(Send("DELETE", path).status, 204);
  EXPECT_EQ(Events()["managed"].size(), 0U);
}

TEST_F(Tooling, GivesMetadataOfOneRecordAtATime) {
  for (const std::string name : {"A__chn", "B__chn"}) {
    Id(Create("PlatformEventChannel", name, {{"channelType", "data"}, {"label", name}}));
  }
  EXPECT_EQ(ErrorOf(Query("SELECT Id, Metadata FROM PlatformEventChannel")), "400 MALFORMED_QUERY");
  const json rows =
      Rows("SELECT FullName, Metadata FROM PlatformEventChannel WHERE DeveloperName = 'A'");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["Metadata"]["label"], "A__chn");
}

TEST_F(Tooling, KeepsIdsOverARestartAndForWhatTheAdministratorMade) {
  Send("POST", "/sandbox/events",
       R"({"channels":{"Made__chn":["Order_Event__e"]},"managed":[{"developer_name":"Own","topic":)"
       R"("/event/Order_Event__e"}]})");
  const std::string soql = "SELECT Id, ChannelType FROM PlatformEventChannel";
  const json before = Rows(soql);
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before[0]["ChannelType"], "event");
  EXPECT_EQ(Rows("SELECT Id FROM ManagedEventSubscription").size(), 1U);
  Start();
  EXPECT_EQ(Rows(soql), before);
}

}  // namespace
}  // namespace firn::sandbox
