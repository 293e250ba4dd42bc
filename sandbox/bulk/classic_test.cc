// The first Bulk API: old clients parse its XML and its epoch datetimes, and break on anything
// else.
#include "sandbox/api_rig_test.h"
#include "sandbox/bulk/classic_xml.h"
#include "sandbox/bulk/pk_chunks.h"

namespace firn::sandbox {
namespace {

constexpr const char* kJob = "/services/async/60.0/job";

class ClassicTest : public ApiRig {
 protected:
  net::Response Ask(const std::string& method, const std::string& path, const std::string& body,
                    const std::string& type, net::Headers headers = {}) {
    net::Request request;
    request.method = method;
    request.url = sandbox_->http_url() + path;
    request.body = body;
    request.headers = std::move(headers);
    request.headers.Set("X-SFDC-Session", session_.empty() ? token_ : session_);
    if (!type.empty()) request.headers.Set("Content-Type", type);
    auto response = transport_->Send(Call{}, request);
    EXPECT_TRUE(response) << response.error().OneLine();
    return response ? *std::move(response) : net::Response{};
  }
  json Json(const std::string& method, const std::string& path, const std::string& body = "",
            net::Headers headers = {}) {
    return Parse(Ask(method, path, body, "application/json", std::move(headers)));
  }
  std::string Open(const std::string& object, const std::string& operation,
                   const std::string& content = "JSON", net::Headers headers = {}) {
    const json job =
        Json("POST", kJob,
             json{{"operation", operation},
                  {"object", object},
                  {"concurrencyMode", 0},
                  {"externalIdFieldName", operation == "upsert" ? "ExternalKey__c" : ""},
                  {"contentType", content}}
                 .dump(),
             std::move(headers));
    EXPECT_EQ(job.value("state", ""), "Open") << job;
    return std::string(kJob) + "/" + job.value("id", "");
  }
  // What is told of batches: JSON of a JSON job, XML of others, whatever the request calls itself.
  static json InfoOf(std::string_view text) {
    if (!text.starts_with('<')) return json::parse(text, nullptr, false);
    json info = json::object();
    for (const auto& [name, value] : LeafElements(text)) {
      const bool number = !value.empty() && value.find_first_not_of("0123456789") == value.npos;
      info[name] = number ? json(std::stoll(value)) : json(value);
    }
    return info;
  }
  std::vector<json> BatchesOf(const std::string& job) {
    const std::string body = Ask("GET", job + "/batch", "", "application/json").body;
    std::vector<json> batches;
    for (size_t at = body.find("<batchInfo>"); at != std::string::npos;) {
      const size_t next = body.find("<batchInfo>", at + 1);
      batches.push_back(InfoOf(body.substr(at, next - at)));
      at = next;
    }
    return batches;
  }
  json WaitFor(const std::string& batch) {
    json info;
    for (int i = 0; i < 20'000; ++i) {
      info = InfoOf(Ask("GET", batch, "", "application/json").body);
      const std::string state = info.value("state", "");
      if (state != "Queued" && state != "InProgress") break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return info;
  }
  std::string session_;
};

TEST_F(ClassicTest, JsonQueryGivesRecordsWithDatesAsMilliseconds) {
  MakeAccounts(1);
  const std::string job = Open("Account", "query");
  const json batch =
      Json("POST", job + "/batch", "SELECT Id, Name, CreatedDate, Owner.Name FROM Account");
  const std::string path = job + "/batch/" + batch["id"].get<std::string>();
  EXPECT_EQ(WaitFor(path)["state"], "Completed");
  const json results = Json("GET", path + "/result");
  ASSERT_EQ(results.size(), 1U);
  const json rows = Json("GET", path + "/result/" + results[0].get<std::string>());
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["Name"], "Account 0");
  EXPECT_EQ(rows[0]["attributes"]["type"], "Account");
  EXPECT_TRUE(rows[0]["CreatedDate"].is_number_integer());
  EXPECT_EQ(rows[0]["Owner"]["Name"], "Ada Admin");
  EXPECT_EQ(Json("POST", job, R"({"state":"Closed"})")["state"], "Closed");
  EXPECT_EQ(Json("GET", job)["numberBatchesCompleted"], 1);
}

TEST_F(ClassicTest, CsvBatchesAreToldInXmlAndTheirResultsNameTheirCharset) {
  MakeAccounts(1);
  const std::string job = Open("Account", "query", "CSV");
  const auto made = Ask("POST", job + "/batch", "SELECT Name FROM Account", "text/csv");
  EXPECT_EQ(made.status, 201);
  EXPECT_NE(
      made.body.find("<batchInfo\n   xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\">"),
      std::string::npos);
  const std::string batch = job + "/batch/" + LeafElements(made.body)["id"];
  EXPECT_EQ(WaitFor(batch)["state"], "Completed");
  const auto list = Ask("GET", job + "/batch", "", "text/csv");
  EXPECT_NE(list.body.find("<batchInfoList"), std::string::npos);
  EXPECT_EQ(LeafElements(list.body)["state"], "Completed");
  const auto results = Ask("GET", batch + "/result", "", "text/csv");
  const std::string result = LeafElements(results.body)["result"];
  EXPECT_TRUE(result.starts_with("752")) << results.body;
  const auto rows = Ask("GET", batch + "/result/" + result, "", "text/csv");
  EXPECT_EQ(rows.body, "\"Name\"\n\"Account 0\"\n");
  EXPECT_NE(rows.headers.GetOr("Content-Type", "").find("charset=UTF-8"), std::string::npos);
}

TEST_F(ClassicTest, JobsAreMadeAndClosedInXmlToo) {
  const auto made = Ask("POST", kJob,
                        "<?xml version=\"1.0\"?><jobInfo xmlns=\"http://www.force.com/2009/06/"
                        "asyncapi/dataload\"><operation>insert</operation><object>Account</object>"
                        "<contentType>CSV</contentType></jobInfo>",
                        "application/xml; charset=UTF-8");
  EXPECT_EQ(made.status, 201) << made.body;
  auto job = LeafElements(made.body);
  EXPECT_EQ(job["state"], "Open");
  const std::string path = std::string(kJob) + "/" + job["id"];
  const auto batch = Ask("POST", path + "/batch", "Name,Site\nA,\nB,x\n,y\n", "text/csv");
  const std::string at = path + "/batch/" + LeafElements(batch.body)["id"];
  EXPECT_EQ(WaitFor(at)["numberRecordsFailed"], 1);
  const auto results = Ask("GET", at + "/result", "", "text/csv");
  EXPECT_TRUE(results.body.starts_with("\"Id\",\"Success\",\"Created\",\"Error\"\n\"001"));
  EXPECT_NE(results.body.find("\"\",\"false\",\"false\",\"REQUIRED_FIELD_MISSING:"),
            std::string::npos);
  EXPECT_EQ(Ask("GET", at + "/request", "", "text/csv").body, "Name,Site\nA,\nB,x\n,y\n");
  const auto closed =
      Ask("POST", path, "<jobInfo><state>Closed</state></jobInfo>", "application/xml");
  EXPECT_EQ(LeafElements(closed.body)["state"], "Closed");
}

TEST_F(ClassicTest, JsonRowsAreWrittenAndAnsweredInTheirOrder) {
  const std::string job = Open("Account", "upsert");
  const json batch = Json("POST", job + "/batch",
                          R"([{"ExternalKey__c":"k","Name":"A","Site":null},{"Name":"No key"},
                              {"ExternalKey__c":"l","Name":"B","Parent":{"ExternalKey__c":"k"}}])");
  const std::string path = job + "/batch/" + batch["id"].get<std::string>();
  EXPECT_EQ(WaitFor(path)["numberRecordsProcessed"], 3);
  const json results = Json("GET", path + "/result");
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0]["success"], true);
  EXPECT_EQ(results[0]["created"], true);
  EXPECT_EQ(results[1]["success"], false);
  EXPECT_EQ(results[1]["errors"][0]["statusCode"], "MISSING_ARGUMENT");
  EXPECT_EQ(results[2]["success"], true);
  const auto record = sandbox_->org().Read("Account", results[2]["id"].get<std::string>(), {});
  ASSERT_TRUE(record);
}

TEST_F(ClassicTest, XmlRowsAreWrittenAndReadBack) {
  const auto made = Ask("POST", kJob,
                        "<jobInfo><operation>upsert</operation><object>Account</object>"
                        "<externalIdFieldName>ExternalKey__c</externalIdFieldName>"
                        "<contentType>XML</contentType></jobInfo>",
                        "application/xml");
  const std::string job = std::string(kJob) + "/" + LeafElements(made.body)["id"];
  const auto batch = Ask(
      "POST", job + "/batch",
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
      "<sObjects xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
      "<sObject><type>Account</type><ExternalKey__c>k</ExternalKey__c><Name>A &amp; B</Name>"
      "<Site xsi:nil=\"true\"/></sObject>"
      "<sObject><Name>No key</Name></sObject>"
      "<sObject><ExternalKey__c>l</ExternalKey__c><Name>C</Name>"
      "<Parent><sObject><ExternalKey__c>k</ExternalKey__c></sObject></Parent></sObject></sObjects>",
      "application/xml");
  const std::string path = job + "/batch/" + LeafElements(batch.body)["id"];
  EXPECT_EQ(WaitFor(path)["numberRecordsFailed"], 1);
  const auto results = Ask("GET", path + "/result", "", "");
  EXPECT_EQ(*results.headers.Get("Content-Type"), "application/xml");
  EXPECT_NE(results.body.find("<success>true</success><created>true</created></result><result>"
                              "<errors><message>"),
            std::string::npos)
      << results.body;

  const auto asked = Ask("POST", kJob,
                         "<jobInfo><operation>query</operation><object>Account</object>"
                         "<contentType>XML</contentType></jobInfo>",
                         "application/xml");
  const std::string query = std::string(kJob) + "/" + LeafElements(asked.body)["id"];
  const auto sent =
      Ask("POST", query + "/batch", "SELECT Name, Parent.Name, Site FROM Account ORDER BY Name",
          "application/xml");
  const std::string read = query + "/batch/" + LeafElements(sent.body)["id"];
  EXPECT_EQ(WaitFor(read)["numberRecordsProcessed"], 2);
  const std::string result = LeafElements(Ask("GET", read + "/result", "", "").body)["result"];
  const std::string rows = Ask("GET", read + "/result/" + result, "", "").body;
  EXPECT_NE(rows.find("<records xsi:type=\"sObject\"><type>Account</type><Id xsi:nil=\"true\"/>"
                      "<Name>C</Name><Parent xsi:type=\"sObject\"><type>Account</type>"
                      "<Id xsi:nil=\"true\"/><Name>A &amp; B</Name></Parent>"
                      "<Site xsi:nil=\"true\"/></records>\n</queryResult>"),
            std::string::npos)
      << rows;
}

TEST_F(ClassicTest, XmlThatIsBrokenFailsItsBatch) {
  const auto made =
      Ask("POST", kJob, "<jobInfo><operation>insert</operation><object>Account</object></jobInfo>",
          "application/xml");
  const std::string job = std::string(kJob) + "/" + LeafElements(made.body)["id"];
  const auto batch = Ask("POST", job + "/batch", "<sObjects><sObject><Name>A</sObject></sObjects>",
                         "application/xml");
  const json done = WaitFor(job + "/batch/" + LeafElements(batch.body)["id"]);
  EXPECT_EQ(done["state"], "Failed");
  EXPECT_NE(done["stateMessage"].get<std::string>().find("Unable to parse XML"), std::string::npos);
}

TEST_F(ClassicTest, EmptyBatchIsRefused) {
  const std::string job = Open("Account", "insert");
  EXPECT_EQ(Json("POST", job + "/batch", "")["exceptionCode"], "ClientInputError");
}

TEST_F(ClassicTest, DeadSessionHasItsOwnShape) {
  session_ = "00Dnonsense!x";
  const auto refused = Ask("POST", kJob, "{}", "application/json");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Parse(refused)["exceptionCode"], "InvalidSessionId");
  EXPECT_EQ(Parse(refused)["exceptionMessage"], "Invalid session id");
}

TEST_F(ClassicTest, PkChunksReadEveryRowOnceAndTheirQueryIsNotProcessed) {
  MakeAccounts(250);
  const std::string job =
      Open("Account", "query", "CSV", {{"Sforce-Enable-PKChunking", "chunkSize=100"}});
  const auto made =
      Ask("POST", job + "/batch", "SELECT Name FROM Account WHERE Name LIKE 'A%'", "text/csv");
  const std::string first = LeafElements(made.body)["id"];
  const std::vector<json> all = BatchesOf(job);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0]["id"], first);
  EXPECT_EQ(all[0]["state"], "NotProcessed");
  int rows = 0;
  for (size_t i = 1; i < all.size(); ++i) {
    rows += WaitFor(job + "/batch/" + all[i]["id"].get<std::string>())
                .value("numberRecordsProcessed", 0);
  }
  EXPECT_EQ(rows, 250);
}

TEST_F(ClassicTest, QueryThatBulkCannotRunFailsItsBatchWithAMessage) {
  const std::string job = Open("Account", "query");
  const json batch = Json("POST", job + "/batch", "SELECT Nope FROM Account");
  const json done = WaitFor(job + "/batch/" + batch["id"].get<std::string>());
  EXPECT_EQ(done["state"], "Failed");
  EXPECT_NE(done["stateMessage"].get<std::string>().find("InvalidBatch"), std::string::npos);
}

TEST_F(ClassicTest, JobsSurviveARestart) {
  const std::string job = Open("Account", "insert");
  const json batch = Json("POST", job + "/batch", R"([{"Name":"A"}])");
  const std::string path = job + "/batch/" + batch["id"].get<std::string>();
  WaitFor(path);
  Start();
  EXPECT_EQ(WaitFor(path)["state"], "Completed");
  EXPECT_EQ(Json("GET", path + "/result").size(), 1U);
  EXPECT_EQ(*sandbox_->org().Count("Account", true), 1U);
}

TEST(PkChunksTest, ConditionsStayInParenthesesAndClausesStayBehind) {
  const int64_t first = MakeId("001", 10);
  const auto chunks =
      PkChunks("SELECT Id FROM Account WHERE Name = 'where (' OR Site = 'x' ALL ROWS", first,
               first + 12, 10);
  ASSERT_EQ(chunks.size(), 2U);
  EXPECT_EQ(chunks[0], "SELECT Id FROM Account  WHERE Id >= '" + IdText(first) + "' AND Id < '" +
                           IdText(first + 10) +
                           "' AND ( Name = 'where (' OR Site = 'x' ) ALL ROWS");
  EXPECT_EQ(chunks[1], "SELECT Id FROM Account  WHERE Id >= '" + IdText(first + 10) +
                           "' AND ( Name = 'where (' OR Site = 'x' ) ALL ROWS");
  EXPECT_EQ(PkChunkRowsOf("chunkSize=300000"), std::nullopt);
  EXPECT_EQ(PkChunkRowsOf("chunkSize=250000; startRow=001"), 250'000U);
  EXPECT_EQ(PkChunkRowsOf("true"), kPkChunkRowsDefault);
  EXPECT_EQ(PkChunkRowsOf("FALSE"), 0U);
}

}  // namespace
}  // namespace firn::sandbox
