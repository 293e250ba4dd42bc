// Bulk API 2.0 ingest: a row written twice, lost, or reported in the wrong file is what clients of
// the real thing must never see.
#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

constexpr const char* kJobs = "/services/data/v60.0/jobs/ingest";

class IngestTest : public ApiRig {
 protected:
  net::Response Create(const json& wish) { return Send("POST", kJobs, wish.dump()); }
  static std::string At(const std::string& job) { return std::string(kJobs) + "/" + job; }
  net::Response Put(const std::string& job, const std::string& csv, net::Headers headers = {}) {
    net::Request request;
    request.method = "PUT";
    request.url = sandbox_->http_url() + At(job) + "/batches";
    request.body = csv;
    request.headers = std::move(headers);
    request.headers.Set("Authorization", "Bearer " + token_);
    request.headers.Set("Content-Type", "text/csv");
    auto response = transport_->Send(Call{}, request);
    EXPECT_TRUE(response) << response.error().OneLine();
    return response ? *std::move(response) : net::Response{};
  }
  std::string Open(const std::string& object, const std::string& operation,
                   const json& more = json::object()) {
    json wish = {{"object", object}, {"operation", operation}};
    wish.update(more);
    const auto made = Create(wish);
    EXPECT_EQ(made.status, 200) << made.body;
    return Parse(made).value("id", "");
  }
  json Close(const std::string& job) {
    const auto closed = Send("PATCH", At(job), R"({"state":"UploadComplete"})");
    EXPECT_EQ(closed.status, 200) << closed.body;
    return Parse(closed);
  }
  json Wait(const std::string& job) {
    json info;
    for (int i = 0; i < 20'000; ++i) {
      info = GetJson(At(job));
      const std::string state = info.value("state", "");
      if (state != "UploadComplete" && state != "InProgress") break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return info;
  }
  // The id of the job, ended.
  std::string Run(const std::string& object, const std::string& operation, const std::string& csv,
                  const json& more = json::object()) {
    const std::string job = Open(object, operation, more);
    EXPECT_EQ(Put(job, csv).status, 201);
    Close(job);
    info_ = Wait(job);
    return job;
  }
  std::string Successful(const std::string& job) {
    return Get(At(job) + "/successfulResults").body;
  }
  std::string Failed(const std::string& job) { return Get(At(job) + "/failedResults").body; }
  std::string Unprocessed(const std::string& job) {
    return Get(At(job) + "/unprocessedrecords").body;
  }
  // `a|b` of the first row; all of them by line.
  std::string Query(const std::string& soql) {
    auto cursor = sandbox_->org().Query(soql, {});
    if (!cursor) return "error: " + cursor.error().what();
    std::string text;
    while (*(*cursor)->Next()) {
      if (!text.empty()) text += '\n';
      for (const Value& value : (*cursor)->row()) {
        if (&value != &(*cursor)->row().front()) text += '|';
        AppendPlain(value, text);
      }
    }
    return text;
  }
  std::string IdOf(const std::string& object, const std::string& name) {
    return Query("SELECT Id FROM " + object + " WHERE Name = '" + name + "'");
  }
  json info_;
};

TEST_F(IngestTest, JobTellsWhatTheDocumentsPromise) {
  const json made = Parse(Create({{"object", "account"}, {"operation", "insert"}}));
  const std::string id = made["id"];
  EXPECT_TRUE(id.starts_with("750"));
  EXPECT_EQ(made["state"], "Open");
  EXPECT_EQ(made["object"], "Account");
  EXPECT_EQ(made["contentUrl"], "services/data/v60.0/jobs/ingest/" + id + "/batches");
  EXPECT_EQ(made["apiVersion"].dump(), "60.0");
  EXPECT_EQ(made["lineEnding"], "LF");
  EXPECT_EQ(made["columnDelimiter"], "COMMA");
  EXPECT_EQ(made["concurrencyMode"], "Parallel");
  EXPECT_EQ(Put(id, "Name\nA\n").status, 201);
  EXPECT_EQ(Close(id)["state"], "UploadComplete");
  const json done = Wait(id);
  EXPECT_EQ(done["state"], "JobComplete");
  EXPECT_EQ(done["jobType"], "V2Ingest");
  EXPECT_EQ(done["numberRecordsProcessed"], 1);
  EXPECT_EQ(done["numberRecordsFailed"], 0);
  EXPECT_EQ(done["retries"], 0);
  EXPECT_TRUE(done.contains("totalProcessingTime"));
  EXPECT_TRUE(done.contains("apiActiveProcessingTime"));
  EXPECT_TRUE(done.contains("apexProcessingTime"));
}

TEST_F(IngestTest, GoodRowsStandInSuccessfulResultsAndBadOnesInFailed) {
  const std::string job = Run("Contact", "insert", "FirstName,LastName\nAnn,Ice\nBob,\n");
  EXPECT_EQ(info_["numberRecordsProcessed"], 2);
  EXPECT_EQ(info_["numberRecordsFailed"], 1);
  const std::string id = Query("SELECT Id FROM Contact");
  EXPECT_EQ(Successful(job), "\"sf__Id\",\"sf__Created\",\"FirstName\",\"LastName\"\n\"" + id +
                                 "\",\"true\",\"Ann\",\"Ice\"\n");
  EXPECT_EQ(Failed(job),
            "\"sf__Id\",\"sf__Error\",\"FirstName\",\"LastName\"\n\"\",\"REQUIRED_FIELD_MISSING:"
            "Required fields are missing: [LastName]:LastName --\",\"Bob\",\"\"\n");
  EXPECT_EQ(Unprocessed(job), "FirstName,LastName\n");
  EXPECT_EQ(Get(At(job) + "/unprocessedRecords").status, 200);
}

TEST_F(IngestTest, EmptyCellLeavesTheFieldAndTheNullWordEmptiesIt) {
  Run("Account", "insert", "Name,Site,Phone\nA,x,1\n");
  Run("Account", "update", "Id,Site,Phone\n" + IdOf("Account", "A") + ",,#N/A\n");
  EXPECT_EQ(info_["numberRecordsFailed"], 0);
  EXPECT_EQ(Query("SELECT Site, Phone FROM Account"), "x|");
}

TEST_F(IngestTest, UpsertTellsCreatedFromUpdated) {
  const json more = {{"externalIdFieldName", "ExternalKey__c"}};
  Run("Account", "upsert", "ExternalKey__c,Name\nk1,A\n", more);
  const std::string job = Run("Account", "upsert", "ExternalKey__c,Name\nk1,A2\nk2,B\n,C\n", more);
  EXPECT_EQ(Query("SELECT Name FROM Account ORDER BY Name"), "A2\nB");
  EXPECT_NE(Successful(job).find("\"false\",\"k1\""), std::string::npos);
  EXPECT_NE(Successful(job).find("\"true\",\"k2\""), std::string::npos);
  EXPECT_NE(Failed(job).find("MISSING_ARGUMENT:ExternalKey__c not specified:--"),
            std::string::npos);
}

TEST_F(IngestTest, ParentsAreNamedByTheirExternalIds) {
  Run("Account", "insert", "Name,ExternalKey__c\nParent,p1\n");
  const std::string job = Run("Contact", "insert",
                              "LastName,Account.ExternalKey__c,User:Owner.Username\n"
                              "Child,p1,restricted@firn.sandbox\nOrphan,nobody,\n");
  EXPECT_EQ(Query("SELECT Account.Name, Owner.Name FROM Contact"), "Parent|Rosa Restricted");
  EXPECT_NE(Failed(job).find("INVALID_FIELD:Foreign key external ID: nobody not found for field "
                             "ExternalKey__c in entity Account:--"),
            std::string::npos);
}

TEST_F(IngestTest, DeleteGoesToTheBinAndHardDeletePastIt) {
  Run("Account", "insert", "Name\nA\nB\n");
  const std::string a = IdOf("Account", "A");
  const std::string b = IdOf("Account", "B");
  Run("Account", "delete", "Id\n" + a + "\n001000000000000AAA\n");
  EXPECT_EQ(info_["numberRecordsFailed"], 1);
  Run("Account", "hardDelete", "Id\n" + b + "\n");
  EXPECT_EQ(info_["state"], "JobComplete") << info_;
  EXPECT_EQ(Query("SELECT Name FROM Account ALL ROWS"), "A");
}

TEST_F(IngestTest, HardDeleteNeedsItsPermission) {
  const std::string profile = Query("SELECT Id FROM Profile WHERE Name = 'System Administrator'");
  ASSERT_TRUE(sandbox_->org().Update(*ParseId(profile), {{"PermissionsBulkApiHardDelete", "false"}},
                                     {{}, true}));
  const auto refused = Create({{"object", "Account"}, {"operation", "hardDelete"}});
  EXPECT_EQ(ErrorOf(refused), "400 FEATURENOTENABLED");
}

TEST_F(IngestTest, DelimiterAndLineEndingAreThoseOfTheJobInDataAndResults) {
  const std::string job = Run("Account", "insert", "Name;Site\r\nA;\"x\r\ny;z\"\r\n",
                              {{"columnDelimiter", "SEMICOLON"}, {"lineEnding", "CRLF"}});
  const std::string id = IdOf("Account", "A");
  EXPECT_EQ(Successful(job), "\"sf__Id\";\"sf__Created\";\"Name\";\"Site\"\r\n\"" + id +
                                 "\";\"true\";\"A\";\"x\r\ny;z\"\r\n");
}

TEST_F(IngestTest, DataThatDoesNotFitTheJobFailsItAndStaysUnprocessed) {
  const std::string unknown = Run("Account", "insert", "Name,Nope\nA,1\n");
  EXPECT_EQ(info_["state"], "Failed");
  EXPECT_EQ(info_["errorMessage"], "InvalidBatch : Field name not found : Nope");
  EXPECT_EQ(Unprocessed(unknown), "Name,Nope\nA,1\n");
  Run("Account", "insert", "Name\r\nA\r\n");
  EXPECT_EQ(info_["errorMessage"],
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is "
            "LF");
  Run("Account", "insert", "Name;Site\nA;x\n");
  EXPECT_EQ(info_["errorMessage"], "InvalidBatch : Field name not found : Name;Site");
  Run("Account", "delete", "Id,Name\n");
  EXPECT_EQ(info_["state"], "Failed");
  EXPECT_EQ(Query("SELECT Name FROM Account"), "");
}

TEST_F(IngestTest, NoDataAtAllIsNoMistake) {
  const std::string job = Run("Account", "insert", "");
  EXPECT_EQ(info_["state"], "JobComplete");
  EXPECT_EQ(info_["numberRecordsProcessed"], 0);
  EXPECT_EQ(Successful(job), "\"sf__Id\",\"sf__Created\"\n");
  EXPECT_EQ(Failed(job), "\"sf__Id\",\"sf__Error\"\n");
}

TEST_F(IngestTest, RowsThatAreNoCsvFailAloneWithTheirReason) {
  const std::string job = Run("Account", "insert", "Name,Site\nA,x\nB, \"y\"\nC\nD,z,more\nE,x\n");
  EXPECT_EQ(info_["numberRecordsProcessed"], 5);
  EXPECT_EQ(info_["numberRecordsFailed"], 3);
  EXPECT_EQ(Query("SELECT Name FROM Account ORDER BY Name"), "A\nE");
}

TEST_F(IngestTest, WrongTypesAreToldAsBulkTellsThem) {
  const std::string job = Run("Account", "insert", "Name,NumberOfEmployees\nA,many\n");
  EXPECT_NE(Failed(job).find("INVALID_TYPE_ON_FIELD_IN_RECORD:"), std::string::npos);
  EXPECT_NE(Failed(job).find("value not of required type: many:NumberOfEmployees --"),
            std::string::npos);
}

TEST_F(IngestTest, FractionDigitsBeyondTheScaleComeBackByEveryWay) {
  Run("Account", "insert", "Name,AnnualRevenue\nfine,1234.56789\nplain,1234.5\n");
  const std::string soql = "SELECT AnnualRevenue FROM Account WHERE Name = 'fine'";
  EXPECT_EQ(Query(soql), "1234.56789");
  const std::string path = "/services/data/v60.0/jobs/query/" + RunJob(soql) + "/results";
  EXPECT_EQ(Get(path).body, "\"AnnualRevenue\"\n\"1234.56789\"\n");
  const std::string record = "/services/data/v60.0/sobjects/Account/" + IdOf("Account", "fine");
  EXPECT_EQ(GetJson(record + "?fields=AnnualRevenue")["AnnualRevenue"], 1234.56789);
  EXPECT_EQ(Send("PATCH", record, R"({"AnnualRevenue": 0.005})").status, 204);
  EXPECT_EQ(GetJson(record + "?fields=AnnualRevenue")["AnnualRevenue"], 0.005);
  EXPECT_EQ(Send("PATCH", record, R"({"AnnualRevenue": 0.30000000000000004})").status, 204);
  EXPECT_NE(Get(record).body.find("\"AnnualRevenue\":0.30000000000000004"), std::string::npos);
}

TEST_F(IngestTest, CreateRefusesWhatTheDocumentsForbid) {
  EXPECT_EQ(ErrorOf(Create({{"operation", "insert"}})), "400 INVALIDJOB");
  EXPECT_EQ(ErrorOf(Create({{"object", "Account"}})), "400 INVALIDJOB");
  EXPECT_EQ(ErrorOf(Create({{"object", "Nope__c"}, {"operation", "insert"}})), "400 INVALIDENTITY");
  EXPECT_EQ(ErrorOf(Create({{"object", "Account"}, {"operation", "query"}})),
            "400 JSON_PARSER_ERROR");
  EXPECT_EQ(ErrorOf(Create({{"object", "Account"}, {"operation", "upsert"}})), "400 INVALIDJOB");
  EXPECT_EQ(ErrorOf(Create(
                {{"object", "Account"}, {"operation", "upsert"}, {"externalIdFieldName", "Site"}})),
            "400 INVALIDJOB");
  EXPECT_EQ(ErrorOf(Create({{"object", "Account"}, {"operation", "insert"}, {"colour", "red"}})),
            "400 JSON_PARSER_ERROR");
  EXPECT_EQ(ErrorOf(Create(
                {{"object", "Account"}, {"operation", "insert"}, {"columnDelimiter", "SPACE"}})),
            "400 JSON_PARSER_ERROR");
  EXPECT_EQ(ErrorOf(Send("POST", kJobs, "[1]")), "400 JSON_PARSER_ERROR");
}

TEST_F(IngestTest, MultipartCreateRunsAtOnce) {
  const std::string body =
      "--B\r\nContent-Type: application/json\r\nContent-Disposition: form-data; "
      "name=\"job\"\r\n\r\n"
      "{\"object\":\"Account\",\"operation\":\"insert\",\"contentType\":\"CSV\"}\r\n--B\r\n"
      "Content-Type: text/csv\r\nContent-Disposition: form-data; name=\"content\"; "
      "filename=\"content\"\r\n\r\nName\nMulti\n\r\n--B--\r\n";
  net::Request request;
  request.method = "POST";
  request.url = sandbox_->http_url() + kJobs;
  request.body = body;
  request.headers.Set("Authorization", "Bearer " + token_);
  request.headers.Set("Content-Type", "multipart/form-data; boundary=B");
  const auto made = transport_->Send(Call{}, request);
  ASSERT_TRUE(made) << made.error().OneLine();
  EXPECT_EQ(Parse(*made)["state"], "UploadComplete") << made->body;
  EXPECT_EQ(Wait(Parse(*made)["id"])["numberRecordsProcessed"], 1);
}

TEST_F(IngestTest, DataIsTakenOnceAndOnlyWhileTheJobIsOpen) {
  const std::string job = Open("Account", "insert");
  EXPECT_EQ(ErrorOf(Get(At(job) + "/successfulResults")), "400 INVALIDJOBSTATE");
  EXPECT_EQ(Put(job, "Name\nA\n").status, 201);
  const auto again = Put(job, "Name\nB\n");
  EXPECT_EQ(ErrorOf(again), "400 INVALIDJOBSTATE");
  EXPECT_NE(again.body.find("only do 'PUT' once"), std::string::npos);
  EXPECT_EQ(ErrorOf(Send("DELETE", At(job))), "400 INVALIDJOBSTATE");
  EXPECT_EQ(Parse(Send("PATCH", At(job), R"({"state":"Aborted"})"))["state"], "Aborted");
  EXPECT_EQ(ErrorOf(Put(job, "Name\nB\n")), "400 INVALIDJOBSTATE");
  EXPECT_EQ(ErrorOf(Send("PATCH", At(job), R"({"state":"UploadComplete"})")),
            "400 INVALIDJOBSTATE");
  EXPECT_EQ(Unprocessed(job), "Name\nA\n");
  EXPECT_EQ(Send("DELETE", At(job)).status, 204);
  EXPECT_EQ(ErrorOf(Get(At(job))), "404 NOT_FOUND");
}

TEST_F(IngestTest, ListTellsJobsInOrderAndHonoursItsFilters) {
  const std::string first = Open("Account", "insert");
  const std::string second = Open("Contact", "update");
  const json list = GetJson(kJobs);
  EXPECT_EQ(list["done"], true);
  ASSERT_EQ(list["records"].size(), 2U);
  EXPECT_EQ(list["records"][0]["id"], first);
  EXPECT_EQ(list["records"][1]["id"], second);
  EXPECT_EQ(list["records"][1]["jobType"], "V2Ingest");
  EXPECT_EQ(GetJson(std::string(kJobs) + "?jobType=Classic")["records"].size(), 0U);
  EXPECT_EQ(GetJson(std::string(kJobs) + "?jobType=V2Ingest")["records"].size(), 2U);
}

TEST_F(IngestTest, BatchThatBreaksOffIsRetriedWithoutWritingRowsTwice) {
  ASSERT_TRUE(sandbox_->AddFaults(R"({"effect":"batch_failure","rows":2000,"times":2})"));
  std::string csv = "Name\n";
  for (int i = 0; i < 5000; ++i) csv += "n" + std::to_string(i) + "\n";
  Run("Account", "insert", csv);
  EXPECT_EQ(info_["state"], "JobComplete") << info_;
  EXPECT_EQ(info_["retries"], 2);
  EXPECT_EQ(*sandbox_->org().Count("Account", true), 5000U);
}

TEST_F(IngestTest, BatchThatNeverSucceedsFailsTheJobAndKeepsItsRest) {
  ASSERT_TRUE(
      sandbox_->AddFaults(R"({"effect":"batch_failure","path":"/jobs/ingest/*/batches/1"})"));
  std::string csv = "Name\n";
  for (int i = 0; i < 10'003; ++i) csv += "n" + std::to_string(i) + "\n";
  const std::string job = Run("Account", "insert", csv);
  EXPECT_EQ(info_["state"], "Failed");
  EXPECT_EQ(info_["numberRecordsProcessed"], 10'000);
  EXPECT_EQ(Unprocessed(job), "Name\nn10000\nn10001\nn10002\n");
  EXPECT_EQ(*sandbox_->org().Count("Account", true), 10'000U);
}

TEST_F(IngestTest, LockErrorsStrikeAtTheirRate) {
  ASSERT_TRUE(
      sandbox_->AddFaults(R"({"effect":"lock","object":"Account","probability":0.5,"seed":7})"));
  std::string csv = "Name\n";
  for (int i = 0; i < 400; ++i) csv += "n" + std::to_string(i) + "\n";
  const std::string job = Run("Account", "insert", csv);
  const int failed = info_["numberRecordsFailed"];
  EXPECT_GT(failed, 100);
  EXPECT_LT(failed, 300);
  EXPECT_NE(Failed(job).find("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access"),
            std::string::npos);
}

TEST_F(IngestTest, SchemaChangedUnderARunningJobFailsItsNextBatch) {
  ASSERT_TRUE(sandbox_->AddFaults(R"({"effect":"vanish_field","method":"BATCH",
    "path":"/jobs/ingest/*/batches/1","object":"Account","field":"Site"})"));
  std::string csv = "Name,Site\n";
  for (int i = 0; i < 10'002; ++i) csv += "n" + std::to_string(i) + ",x\n";
  const std::string job = Run("Account", "insert", csv);
  EXPECT_EQ(info_["state"], "Failed");
  EXPECT_EQ(info_["errorMessage"], "InvalidBatch : Field name not found : Site");
  EXPECT_EQ(Unprocessed(job), "Name,Site\nn10000,x\nn10001,x\n");
}

TEST_F(IngestTest, MaintenanceAnswers503) {
  ASSERT_TRUE(sandbox_->AddFaults(R"({"effect":"maintenance","path":"*/jobs/*","times":1})"));
  EXPECT_EQ(ErrorOf(Create({{"object", "Account"}, {"operation", "insert"}})),
            "503 SERVER_UNAVAILABLE");
  EXPECT_EQ(Create({{"object", "Account"}, {"operation", "insert"}}).status, 200);
}

TEST_F(IngestTest, AllotmentOfBatchesIsCountedAndEnforced) {
  Run("Account", "insert", "Name\nA\n");
  const json limits = GetJson("/services/data/v60.0/limits")["DailyBulkApiBatches"];
  EXPECT_EQ(limits["Max"], 15'000);
  EXPECT_EQ(limits["Remaining"], 14'999);
  sandbox_->SetUsed(Allotment::kBulkBatches, 15'000);
  EXPECT_EQ(ErrorOf(Create({{"object", "Account"}, {"operation", "insert"}})), "400 EXCEEDEDQUOTA");
  sandbox_->SetUsed(Allotment::kBulkBatches, 0);
  sandbox_->SetUsed(Allotment::kBulkRows, 150'000'000);
  const std::string job = Run("Account", "insert", "Name\nB\n");
  EXPECT_EQ(info_["state"], "Failed");
  EXPECT_EQ(Unprocessed(job), "Name\nB\n");
}

TEST_F(IngestTest, JobsSurviveARestart) {
  const std::string done = Run("Account", "insert", "Name\nA\n");
  const std::string open = Open("Account", "insert");
  ASSERT_EQ(Put(open, "Name\nB\n").status, 201);
  Start();
  EXPECT_EQ(GetJson(At(done))["state"], "JobComplete");
  EXPECT_NE(Successful(done).find("\"A\""), std::string::npos);
  Close(open);
  EXPECT_EQ(Wait(open)["state"], "JobComplete");
  EXPECT_EQ(*sandbox_->org().Count("Account", true), 2U);
}

TEST_F(IngestTest, JobsOfSeveralClientsAtOnceLoseNoRow) {
  static constexpr int kClients = 4;
  static constexpr int kRows = 900;
  std::vector<std::string> jobs;
  for (int client = 0; client < kClients; ++client) jobs.push_back(Open("Account", "insert"));
  {
    std::vector<std::jthread> clients;
    for (int client = 0; client < kClients; ++client) {
      clients.emplace_back([this, client, job = jobs[client]] {
        std::string csv = "Name\n";
        for (int i = 0; i < kRows; ++i) {
          csv += "c" + std::to_string(client) + " " + std::to_string(i) + "\n";
        }
        EXPECT_EQ(Put(job, csv).status, 201);
        Close(job);
        EXPECT_EQ(GetJson(kJobs)["records"].size(), static_cast<size_t>(kClients));
        EXPECT_EQ(Wait(job)["numberRecordsProcessed"], kRows);
      });
    }
    clients.emplace_back([this] {
      for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(Get("/services/data/v60.0/query?q=SELECT+Name+FROM+Account+LIMIT+50").status,
                  200);
        EXPECT_TRUE(sandbox_->org().Insert("Contact", {{"LastName", "between"}}, {}));
      }
    });
  }
  EXPECT_EQ(*sandbox_->org().Count("Account", false), static_cast<uint64_t>(kClients * kRows));
  EXPECT_EQ(*sandbox_->org().Count("Contact", false), 20U);
}

}  // namespace
}  // namespace firn::sandbox
