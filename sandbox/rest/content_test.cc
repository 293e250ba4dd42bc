// Files by REST. What could go wrong: bytes that come back changed, a version without its document,
// an old version that still counts as the newest.
#include "core/base/encoding.h"
#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

constexpr char kVersions[] = "/services/data/v60.0/sobjects/ContentVersion";

class ContentTest : public ApiRig {
 protected:
  json One(const std::string& soql) {
    const json answer = GetJson("/services/data/v60.0/query?q=" + PercentEncode(soql));
    EXPECT_EQ(answer.value("totalSize", 0), 1) << answer.dump();
    return answer["records"].empty() ? json() : answer["records"][0];
  }
  net::Response PutParts(const std::string& path, const std::string& fields,
                         const std::string& field, const std::string& bytes) {
    const std::string body =
        "--boundary\r\nContent-Disposition: form-data; name=\"entity_content\";\r\n"
        "Content-Type: application/json\r\n\r\n" +
        fields + "\r\n--boundary\r\nContent-Type: application/octet-stream\r\n" +
        "Content-Disposition: form-data; name=\"" + field + "\"; filename=\"f.bin\"\r\n\r\n" +
        bytes + "\r\n--boundary--\r\n";
    return Send("POST", path, body,
                {{"Content-Type", "multipart/form-data; boundary=\"boundary\""}});
  }
};

TEST_F(ContentTest, FirstVersionMakesItsDocumentAndLinksItToOwnerAndRecord) {
  MakeAccounts(1);
  const std::string account = One("SELECT Id FROM Account")["Id"];
  const auto made = Send("POST", kVersions,
                         json{{"PathOnClient", "plans/Big Plan.txt"},
                              {"VersionData", Base64("hello")},
                              {"FirstPublishLocationId", account}}
                             .dump());
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string id = Parse(made)["id"];
  const json version =
      One("SELECT Title, FileExtension, FileType, ContentSize, IsLatest, VersionNumber, "
          "ContentDocumentId, ContentDocument.LatestPublishedVersionId FROM ContentVersion");
  EXPECT_EQ(version["Title"], "Big Plan");
  EXPECT_EQ(version["FileExtension"], "txt");
  EXPECT_EQ(version["FileType"], "TEXT");
  EXPECT_EQ(version["ContentSize"], 5);
  EXPECT_EQ(version["IsLatest"], true);
  EXPECT_EQ(version["VersionNumber"], "1");
  EXPECT_EQ(version["ContentDocument"]["LatestPublishedVersionId"], id);
  EXPECT_EQ(One("SELECT ShareType FROM ContentDocumentLink WHERE LinkedEntityId = '" + account +
                "'")["ShareType"],
            "V");
  EXPECT_EQ(Get(std::string(kVersions) + "/" + id + "/VersionData").body, "hello");
}

TEST_F(ContentTest, LinksAreReadByFileByRecordOrById) {
  MakeAccounts(1);
  const std::string account = One("SELECT Id FROM Account")["Id"];
  ASSERT_EQ(Send("POST", kVersions,
                 json{{"PathOnClient", "a.txt"},
                      {"VersionData", Base64("a")},
                      {"FirstPublishLocationId", account}}
                     .dump())
                .status,
            201);
  const auto query = [&](const std::string& rest, const std::string& version = "v60.0") {
    return Get("/services/data/" + version +
               "/query?q=" + PercentEncode("SELECT Id FROM ContentDocumentLink" + rest));
  };
  const auto set_all_files = [&](const char* on) {
    ASSERT_TRUE(sandbox_->org().Update(
        *ParseId(One("SELECT Id FROM Profile WHERE Name = 'System Administrator'")["Id"]
                     .get<std::string>()),
        {{"PermissionsQueryAllFiles", on}}, Org::Change{}));
  };
  EXPECT_EQ(Parse(query(""))["totalSize"], 2) << "with Query All Files";
  EXPECT_EQ(ErrorOf(query("", "v58.0")), "400 MALFORMED_QUERY") << "which older versions lack";
  set_all_files("false");
  const std::string by = "LinkedEntityId = '" + account + "'";
  EXPECT_EQ(Parse(query(" WHERE " + by))["totalSize"], 1);
  EXPECT_EQ(Parse(query(" WHERE ShareType = 'V' AND " + by))["totalSize"], 1);
  EXPECT_EQ(Parse(query(" WHERE LinkedEntityId IN (SELECT Id FROM Account)"))["totalSize"], 1);
  for (const std::string refused :
       {"", " WHERE ShareType = 'V'", " WHERE ContentDocumentId != null", " LIMIT 1"}) {
    EXPECT_EQ(ErrorOf(query(refused)), "400 MALFORMED_QUERY") << refused;
  }
  EXPECT_EQ(ErrorOf(query(" WHERE ShareType = 'V' OR " + by)), "400 MALFORMED_QUERY");
  EXPECT_EQ(Parse(query(""))[0]["message"],
            "Implementation restriction: ContentDocumentLink requires a filter by a single Id on "
            "ContentDocumentId or LinkedEntityId using the equals operator or multiple Id's using "
            "the IN operator.");
}

TEST_F(ContentTest, AnAttachmentMayHaveNoBytesButNotNoBody) {
  MakeAccounts(1);
  const std::string account = One("SELECT Id FROM Account")["Id"];
  const std::string path = "/services/data/v60.0/sobjects/Attachment";
  const json fields = {{"Name", "empty.txt"}, {"ParentId", account}};
  EXPECT_EQ(ErrorOf(Send("POST", path, fields.dump())), "400 REQUIRED_FIELD_MISSING");
  const auto made = PutParts(path, fields.dump(), "Body", "");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(One("SELECT BodyLength FROM Attachment")["BodyLength"], 0);
  const auto body = Get(path + "/" + Parse(made)["id"].get<std::string>() + "/Body");
  EXPECT_EQ(body.status, 200);
  EXPECT_EQ(body.body, "");
}

TEST_F(ContentTest, LaterVersionBecomesTheNewestAndDeletingTheDocumentTakesAll) {
  const auto first =
      Send("POST", kVersions, json{{"PathOnClient", "a.csv"}, {"VersionData", "YQ=="}}.dump());
  ASSERT_EQ(first.status, 201) << first.body;
  const std::string document =
      One("SELECT ContentDocumentId FROM ContentVersion")["ContentDocumentId"];
  const auto second =
      Send("POST", kVersions,
           json{{"PathOnClient", "b.csv"}, {"VersionData", "YWI="}, {"ContentDocumentId", document}}
               .dump());
  ASSERT_EQ(second.status, 201) << second.body;
  const json latest =
      One("SELECT VersionNumber, ContentSize FROM ContentVersion WHERE IsLatest = true");
  EXPECT_EQ(latest["VersionNumber"], "2");
  EXPECT_EQ(latest["ContentSize"], 2);
  EXPECT_EQ(Send("DELETE", "/services/data/v60.0/sobjects/ContentDocument/" + document).status,
            204);
  for (const std::string object : {"ContentVersion", "ContentDocumentLink"}) {
    const json left = GetJson("/services/data/v60.0/query?q=" +
                              PercentEncode("SELECT COUNT() FROM " + object +
                                            " WHERE ContentDocumentId = '" + document + "'"));
    EXPECT_EQ(left["totalSize"], 0) << object;
  }
}

TEST_F(ContentTest, MultipartBytesComeBackAsTheyWere) {
  std::string bytes("\0\r\n--bound\xFF\x80 \"", 13);
  const auto made = PutParts(kVersions, R"({"PathOnClient":"raw.bin"})", "VersionData", bytes);
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string id = Parse(made)["id"];
  EXPECT_EQ(Get(std::string(kVersions) + "/" + id + "/VersionData").body, bytes);
  EXPECT_EQ(One("SELECT ContentSize FROM ContentVersion")["ContentSize"], bytes.size());
}

TEST_F(ContentTest, AttachmentTakesMultipartAndTellsItsLength) {
  MakeAccounts(1);
  const std::string account = One("SELECT Id FROM Account")["Id"];
  const auto made =
      PutParts("/services/data/v60.0/sobjects/Attachment",
               json{{"Name", "note.txt"}, {"ParentId", account}}.dump(), "Body", "twelve bytes");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(One("SELECT BodyLength FROM Attachment")["BodyLength"], 12);
}

// As Salesforce's own command line sends a file.
TEST_F(ContentTest, TheFieldsMayStandBehindTheBytes) {
  const std::string body =
      "--boundary\r\nContent-Disposition: form-data; name=\"VersionData\"; filename=\"a.csv\"\r\n"
      "Content-Type: text/csv\r\n\r\nA,B\r\n--boundary\r\nContent-Disposition: form-data; "
      "name=\"entity_content\"\r\nContent-Type: application/json\r\n\r\n"
      R"({"PathOnClient":"a.csv","Title":"hello"})"
      "\r\n--boundary--\r\n";
  const auto made =
      Send("POST", kVersions, body, {{"Content-Type", "multipart/form-data; boundary=boundary"}});
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(One("SELECT Title, ContentSize FROM ContentVersion")["ContentSize"], 3);
}

TEST_F(ContentTest, AttachmentsAndActivitiesHangOnCustomObjectsToo) {
  const auto widget = sandbox_->org().Insert("Widget__c", {}, {{}, true});
  ASSERT_TRUE(widget) << widget.error().OneLine();
  const std::string parent = IdText(*widget);
  const auto made = Send("POST", "/services/data/v60.0/sobjects/Attachment",
                         json{{"Name", "n"}, {"ParentId", parent}, {"Body", "YQ=="}}.dump());
  EXPECT_EQ(made.status, 201) << made.body;
  const auto task = Send("POST", "/services/data/v60.0/sobjects/Task",
                         json{{"Subject", "Call"}, {"WhatId", parent}}.dump());
  EXPECT_EQ(task.status, 201) << task.body;
  EXPECT_EQ(One("SELECT What.Type FROM Task")["What"]["Type"], "Widget__c");
}

TEST_F(ContentTest, PricesAndLinesTakeNamesAndTotalsFromTheirProduct) {
  const std::string base = "/services/data/v60.0/sobjects/";
  const auto make = [&](const std::string& object, const json& fields) -> std::string {
    const auto made = Send("POST", base + object, fields.dump());
    EXPECT_EQ(made.status, 201) << made.body;
    return Parse(made).value("id", "");
  };
  const std::string product = make("Product2", {{"Name", "Soap"}, {"ProductCode", "S1"}});
  const std::string book = make("Pricebook2", {{"Name", "Book"}, {"IsActive", true}});
  const std::string entry = make(
      "PricebookEntry",
      {{"Product2Id", product}, {"Pricebook2Id", book}, {"UnitPrice", 80}, {"IsActive", true}});
  EXPECT_EQ(One("SELECT Name, ProductCode FROM PricebookEntry")["Name"], "Soap");
  const std::string deal = make(
      "Opportunity", {{"Name", "Deal"}, {"StageName", "Prospecting"}, {"CloseDate", "2026-12-01"}});
  make(
      "OpportunityLineItem",
      {{"OpportunityId", deal}, {"PricebookEntryId", entry}, {"Quantity", 3}, {"UnitPrice", 70.5}});
  const json line =
      One("SELECT Name, ProductCode, Product2Id, ListPrice, TotalPrice FROM OpportunityLineItem");
  EXPECT_EQ(line["Name"], "Deal Soap");
  EXPECT_EQ(line["ProductCode"], "S1");
  EXPECT_EQ(line["Product2Id"], product);
  EXPECT_EQ(line["ListPrice"], 80);
  EXPECT_EQ(line["TotalPrice"], 211.5);
}

TEST_F(ContentTest, MultipartThatIsNotWellFormedIsRefused) {
  const auto broken = Send("POST", kVersions, "--other\r\nnothing",
                           {{"Content-Type", "multipart/form-data; boundary=boundary"}});
  EXPECT_EQ(ErrorOf(broken), "400 INVALID_MULTIPART_REQUEST");
  const auto unnamed = PutParts(kVersions, R"({"PathOnClient":"x"})", "", "x");
  EXPECT_EQ(ErrorOf(unnamed), "400 INVALID_MULTIPART_REQUEST");
}

TEST_F(ContentTest, CollectionTakesTheBytesOfItsRecordsFromPartsThatTheyName) {
  MakeAccounts(1);
  const std::string account = One("SELECT Id FROM Account")["Id"];
  const auto record = [&](const std::string& name, const std::string& part) {
    return json{
        {"attributes",
         {{"type", "Attachment"}, {"binaryPartName", part}, {"binaryPartNameAlias", "Body"}}},
        {"Name", name},
        {"ParentId", account}};
  };
  const auto send = [&](const json& records) {
    const std::string part = "\r\n--boundary\r\nContent-Type: application/octet-stream\r\n";
    const std::string body =
        "--boundary\r\nContent-Disposition: form-data; name=\"collection\"\r\n"
        "Content-Type: application/json\r\n\r\n" +
        json{{"allOrNone", true}, {"records", records}}.dump() + part +
        "Content-Disposition: form-data; name=\"one\"; filename=\"1.txt\"\r\n\r\nfirst" + part +
        "Content-Disposition: form-data; name=\"two\"; filename=\"2.txt\"\r\n\r\nsec\r\nond"
        "\r\n--boundary--\r\n";
    return Send("POST", "/services/data/v60.0/composite/sobjects", body,
                {{"Content-Type", "multipart/form-data; boundary=boundary"}});
  };
  const auto made = send({record("1.txt", "one"), record("2.txt", "two")});
  ASSERT_EQ(made.status, 200) << made.body;
  const json saved = Parse(made);
  ASSERT_EQ(saved.size(), 2U);
  ASSERT_EQ(saved[1]["success"], true) << made.body;
  const auto body = [&](const json& one) {
    return Get("/services/data/v60.0/sobjects/Attachment/" + one.value("id", "") + "/Body").body;
  };
  EXPECT_EQ(body(saved[0]), "first");
  EXPECT_EQ(body(saved[1]), "sec\r\nond");
  EXPECT_EQ(ErrorOf(send(json::array({record("3.txt", "three")}))),
            "400 INVALID_MULTIPART_REQUEST");
}

}  // namespace
}  // namespace firn::sandbox
