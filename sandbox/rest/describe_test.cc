// Layouts, query plans and event schemas: what tools ask besides data.
#include "core/base/encoding.h"
#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

constexpr char kRoot[] = "/services/data/v60.0";

class DescribeTest : public ApiRig {
 protected:
  json At(const std::string& path) { return GetJson(kRoot + path); }
  json Explain(const std::string& soql) { return At("/query?explain=" + PercentEncode(soql)); }
};

TEST_F(DescribeTest, LayoutNamesEveryEditableFieldOnceAndItsRecordType) {
  const json answer = At("/sobjects/Account/describe/layouts");
  const json& sections = answer["layouts"][0]["editLayoutSections"];
  std::map<std::string, int> seen;
  for (const json& row : sections[0]["layoutRows"]) {
    for (const json& item : row["layoutItems"]) {
      ++seen[item["layoutComponents"][0]["value"].get<std::string>()];
    }
  }
  EXPECT_EQ(seen["Name"], 1);
  EXPECT_EQ(seen["Industry"], 1);
  EXPECT_EQ(seen.count("SystemModstamp"), 0u);
  const std::string type = answer["recordTypeMappings"][0]["recordTypeId"];
  EXPECT_EQ(type, "012000000000000AAA");
  EXPECT_EQ(At("/sobjects/Account/describe/layouts/" + type)["id"], answer["layouts"][0]["id"]);
  EXPECT_EQ(Get(std::string(kRoot) + "/sobjects/Nope/describe/layouts").status, 404);
}

TEST_F(DescribeTest, CompactLayoutBeginsWithTheName) {
  const json one = At("/sobjects/Contact/describe/compactLayouts");
  const json& items = one["compactLayouts"][0]["fieldItems"];
  EXPECT_EQ(items[0]["layoutComponents"][0]["value"], "Name");
  const json list = At("/compactLayouts?q=Account,Contact");
  EXPECT_EQ(list.size(), 2u);
  EXPECT_TRUE(At("/sobjects/Account/describe/approvalLayouts")["approvalLayouts"].empty());
}

TEST_F(DescribeTest, PlanTellsTheIndexOfASelectiveQueryAndAScanOtherwise) {
  MakeAccounts(20);
  const json by_name = Explain("SELECT Id FROM Account WHERE Name = 'Account 3'");
  ASSERT_EQ(by_name["plans"].size(), 2u) << by_name.dump();
  EXPECT_EQ(by_name["plans"][0]["leadingOperationType"], "Index");
  EXPECT_EQ(by_name["plans"][0]["fields"], json::array({"Name"}));
  EXPECT_EQ(by_name["plans"][0]["cardinality"], 1);
  EXPECT_EQ(by_name["plans"][0]["sobjectCardinality"], 20);
  const json scan = Explain("SELECT Id FROM Account WHERE Industry = 'Energy'");
  EXPECT_EQ(scan["plans"][0]["leadingOperationType"], "TableScan");
  EXPECT_GT(scan["plans"][0]["relativeCost"], 1.0);
  EXPECT_EQ(ErrorOf(Get(std::string(kRoot) + "/query?explain=SELECT+x")), "400 MALFORMED_QUERY");
}

TEST_F(DescribeTest, EventSchemaIsToldByNameAndByIdInBothForms) {
  const json compact = At("/sobjects/Order_Event__e/eventSchema?payloadFormat=COMPACT");
  EXPECT_EQ(compact["type"], "record");
  EXPECT_EQ(compact["fields"][0]["name"], "CreatedDate");
  EXPECT_EQ(compact["fields"][0]["type"], "long");
  const std::string id = compact["uuid"];
  EXPECT_EQ(At("/event/eventSchema/" + id + "?payloadFormat=COMPACT"), compact);
  const json expanded = At("/event/eventSchema/" + id);
  EXPECT_EQ(expanded["type"], "expanded-record");
  const json& data = expanded["fields"][0]["type"]["fields"];
  EXPECT_EQ(data[1]["name"], "payload");
  EXPECT_EQ(data[1]["type"]["fields"][0]["type"], "string");
  EXPECT_EQ(data[2]["type"]["fields"][0]["name"], "replayId");
  EXPECT_EQ(At("/sobjects/AccountChangeEvent/eventSchema")["name"], "AccountChangeEvent");
}

TEST_F(DescribeTest, EventSchemaRefusesUnknownIdsAndFormats) {
  EXPECT_EQ(Get(std::string(kRoot) + "/event/eventSchema/none").status, 404);
  EXPECT_EQ(Get(std::string(kRoot) + "/sobjects/Nope__e/eventSchema").status, 404);
  const std::string path = "/sobjects/Order_Event__e/eventSchema?payloadFormat=";
  EXPECT_EQ(Get(kRoot + path + "WIDE").status, 400);
  EXPECT_EQ(Get("/services/data/v42.0" + path + "COMPACT").status, 400);
}

TEST_F(DescribeTest, UsersChooseAmongAllZonesLocalesLanguagesAndEncodings) {
  const json describe = GetJson("/services/data/v60.0/sobjects/User/describe");
  const auto values = [&](const std::string& name) {
    std::map<std::string, std::string> labels;
    for (const json& field : describe["fields"]) {
      if (field["name"] != name) continue;
      for (const json& value : field["picklistValues"]) labels[value["value"]] = value["label"];
    }
    return labels;
  };
  const auto zones = values("TimeZoneSidKey");
  EXPECT_GT(zones.size(), 400U);
  EXPECT_EQ(zones.at("America/Los_Angeles"),
            "(GMT-08:00) Pacific Standard Time (America/Los_Angeles)");
  EXPECT_EQ(zones.at("GMT"), "(GMT+00:00) Greenwich Mean Time (GMT)");
  const auto locales = values("LocaleSidKey");
  EXPECT_GT(locales.size(), 180U);
  EXPECT_EQ(locales.at("de_AT"), "German (Austria)");
  EXPECT_EQ(locales.at("zh_CN_PINYIN"), "Chinese (China, Pinyin Ordering)");
  EXPECT_EQ(values("LanguageLocaleKey").at("pt_BR"), "Portuguese (Brazil)");
  EXPECT_EQ(values("EmailEncodingKey").at("UTF-8"), "Unicode (UTF-8)");
}

}  // namespace
}  // namespace firn::sandbox
