// Bulk API 2.0 query: rows lost between pages, or a page that changes when it is read again, is
// what our promise of no silent loss is tested against.
#include "core/base/encoding.h"
#include "core/net/inflate.h"
#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

constexpr const char* kJobs = "/services/data/v60.0/jobs/query";
constexpr const char* kByName = "SELECT Name FROM Account ORDER BY Id";

class BulkTest : public ApiRig {
 protected:
  std::string Results(const std::string& job) {
    return std::string(kJobs) + "/" + job + "/results";
  }
  net::Response Create(const json& wish) { return Send("POST", kJobs, wish.dump()); }
  static std::string Expected(int first, int count) {
    std::string text = "\"Name\"\n";
    for (int i = first; i < first + count; ++i) text += "\"Account " + std::to_string(i) + "\"\n";
    return text;
  }
};

TEST_F(BulkTest, JobTellsWhatTheDocumentsPromise) {
  MakeAccounts(3);
  const json made = Parse(Create({{"operation", "query"}, {"query", kByName}}));
  EXPECT_EQ(made["state"], "UploadComplete");
  EXPECT_TRUE(made["id"].get<std::string>().starts_with("750"));
  EXPECT_EQ(made["object"], "Account");
  EXPECT_EQ(made["contentType"], "CSV");
  EXPECT_EQ(made["apiVersion"].dump(), "60.0");
  EXPECT_EQ(made["columnDelimiter"], "COMMA");
  EXPECT_EQ(made["lineEnding"], "LF");
  const json done = WaitForJob(made["id"]);
  EXPECT_EQ(done["state"], "JobComplete");
  EXPECT_EQ(done["jobType"], "V2Query");
  EXPECT_EQ(done["numberRecordsProcessed"], 3);
  EXPECT_EQ(done["retries"], 0);
}

TEST_F(BulkTest, PagesAreSlicesWithAHeaderEachAndLocatorsReadAgain) {
  MakeAccounts(250);
  const std::string job = RunJob(kByName);
  std::string locator;
  int first = 0;
  for (const int count : {100, 100, 50}) {
    const std::string path = Results(job) + (locator.empty() ? "" : "?locator=" + locator);
    for (int again = 0; again < 2; ++again) {
      const auto page = Get(path);
      ASSERT_EQ(page.status, 200) << page.body;
      EXPECT_EQ(page.body, Expected(first, count));
      EXPECT_EQ(page.headers.GetOr("Sforce-NumberOfRecords", ""), std::to_string(count));
      if (again == 1) locator = page.headers.GetOr("Sforce-Locator", "");
    }
    first += count;
  }
  EXPECT_EQ(locator, "null");
}

TEST_F(BulkTest, MaxRecordsDecidesThePage) {
  MakeAccounts(10);
  const std::string job = RunJob(kByName);
  const auto page = Get(Results(job) + "?maxRecords=7");
  EXPECT_EQ(page.body, Expected(0, 7));
  const std::string locator = page.headers.GetOr("Sforce-Locator", "");
  const auto rest = Get(Results(job) + "?maxRecords=7&locator=" + locator);
  EXPECT_EQ(rest.body, Expected(7, 3));
  EXPECT_EQ(rest.headers.GetOr("Sforce-Locator", ""), "null");
}

TEST_F(BulkTest, EmptyResultIsItsHeaderRow) {
  const auto page = Get(Results(RunJob(kByName)));
  EXPECT_EQ(page.body, "\"Name\"\n");
  EXPECT_EQ(page.headers.GetOr("Sforce-NumberOfRecords", ""), "0");
  EXPECT_EQ(page.headers.GetOr("Sforce-Locator", ""), "null");
}

TEST_F(BulkTest, DelimiterAndLineEndingAreAsAsked) {
  MakeAccounts(1);
  const std::string job = RunJob("SELECT Name, Site FROM Account",
                                 {{"columnDelimiter", "SEMICOLON"}, {"lineEnding", "CRLF"}});
  EXPECT_EQ(Get(Results(job)).body, "\"Name\";\"Site\"\r\n\"Account 0\";\"\"\r\n");
}

TEST_F(BulkTest, ResultPagesNameFiveDisjointPagesAtATime) {
  MakeAccounts(650);
  const std::string job = RunJob(kByName);
  std::string url = std::string(kJobs) + "/" + job + "/resultPages";
  std::vector<size_t> sizes;
  std::string all;
  while (!url.empty()) {
    const json answer = GetJson(url);
    sizes.push_back(answer["resultPages"].size());
    for (const json& page : answer["resultPages"]) {
      const auto response = Get(page["resultUrl"].get<std::string>());
      all += response.body.substr(response.body.find('\n') + 1);
    }
    EXPECT_EQ(answer["done"] == true, !answer.contains("nextRecordUrl"));
    EXPECT_EQ(answer.value("nextRecordUrl", ""), answer.value("nextRecordsUrl", ""));
    url = answer.value("nextRecordUrl", "");
  }
  EXPECT_EQ(sizes, (std::vector<size_t>{5, 2}));
  EXPECT_EQ("\"Name\"\n" + all, Expected(0, 650));
}

TEST_F(BulkTest, ResultPagesAreNotOfferedBeforeVersion58) {
  const std::string job = RunJob(kByName, json::object(), "v57.0");
  EXPECT_EQ(Get("/services/data/v57.0/jobs/query/" + job + "/resultPages").status, 404);
}

TEST_F(BulkTest, ResultsOfAnotherVersionConflict) {
  const std::string job = RunJob(kByName);
  EXPECT_EQ(Get("/services/data/v61.0/jobs/query/" + job + "/results").status, 409);
}

TEST_F(BulkTest, ResultStaysAsItWasWhenTheJobRan) {
  MakeAccounts(2);
  const std::string job = RunJob(kByName);
  MakeAccounts(5);
  Start();
  EXPECT_EQ(Get(Results(job)).body, Expected(0, 2));
}

TEST_F(BulkTest, BadWishesAreRefused) {
  EXPECT_EQ(ErrorOf(Create({{"operation", "query"}, {"query", "SELEC"}})), "400 MALFORMED_QUERY");
  EXPECT_EQ(ErrorOf(Create({{"operation", "query"}})), "400 INVALIDJOB");
  EXPECT_EQ(ErrorOf(Create({{"operation", "insert"}, {"query", kByName}})),
            "400 JSON_PARSER_ERROR");
  EXPECT_EQ(ErrorOf(Create({{"operation", "query"}, {"query", kByName}, {"columnDelimiter", "X"}})),
            "400 JSON_PARSER_ERROR");
  EXPECT_EQ(
      Create({{"operation", "query"}, {"query", "SELECT COUNT(Id) FROM Account GROUP BY Name"}})
          .status,
      400);
  EXPECT_EQ(ErrorOf(Get(Results("750000000000000AAA"))), "404 NOT_FOUND");
  EXPECT_EQ(ErrorOf(Get(Results(RunJob(kByName)) + "?locator=zzzz")), "400 INVALID_QUERY_LOCATOR");
}

TEST_F(BulkTest, AllotmentOfJobsIsEnforced) {
  sandbox_->SetUsed(Allotment::kBulkQueryJobs, 10'000);
  const auto refused = Create({{"operation", "query"}, {"query", kByName}});
  EXPECT_EQ(ErrorOf(refused), "400 LIMIT_EXCEEDED");
  EXPECT_NE(refused.body.find("Max bulk v2 query jobs (10000)"), std::string::npos);
}

TEST_F(BulkTest, EndedJobCannotBeAbortedAndCanBeDeleted) {
  const std::string job = RunJob(kByName);
  const std::string path = std::string(kJobs) + "/" + job;
  EXPECT_EQ(ErrorOf(Send("PATCH", path, R"({"state":"Aborted"})")), "400 INVALIDJOBSTATE");
  EXPECT_EQ(Send("DELETE", path).status, 204);
  EXPECT_EQ(Get(path).status, 404);
}

TEST_F(BulkTest, ListKnowsJobsByType) {
  const std::string job = RunJob(kByName);
  const json list = GetJson(std::string(kJobs) + "?jobType=V2Query");
  EXPECT_EQ(list["done"], true);
  ASSERT_EQ(list["records"].size(), 1u);
  EXPECT_EQ(list["records"][0]["id"], job);
  EXPECT_EQ(GetJson(std::string(kJobs) + "?jobType=Classic")["records"].size(), 0u);
}

TEST_F(BulkTest, CompressedPageInflatesToThePage) {
  MakeAccounts(60);
  const auto page = Get(Results(RunJob(kByName)), {{"Accept-Encoding", "gzip"}});
  ASSERT_EQ(page.headers.GetOr("Content-Encoding", ""), "gzip");
  EXPECT_EQ(net::InflateBody("gzip", page.body).value_or(""), Expected(0, 60));
}

TEST_F(BulkTest, ShortPageLacksRowsThatItsHeaderCounts) {
  MakeAccounts(10);
  ASSERT_TRUE(sandbox_->AddFaults(R"({"effect":"short_page","rows":3,"path":"*/results"})"));
  const auto page = Get(Results(RunJob(kByName)));
  EXPECT_EQ(page.body, Expected(0, 7));
  EXPECT_EQ(page.headers.GetOr("Sforce-NumberOfRecords", ""), "10");
}

TEST_F(BulkTest, ExtraRowRepeatsTheLast) {
  MakeAccounts(3);
  ASSERT_TRUE(sandbox_->AddFaults(R"({"effect":"extra_row","path":"*/results"})"));
  EXPECT_EQ(Get(Results(RunJob(kByName))).body, Expected(0, 3) + "\"Account 2\"\n");
}

TEST_F(BulkTest, OddBytesAreInTheFirstRowOnly) {
  MakeAccounts(2);
  const std::string job = RunJob(kByName);
  ASSERT_TRUE(sandbox_->AddFaults(R"([{"effect":"bad_utf8","path":"*/results","nth":1},
                                      {"effect":"nul","path":"*/results","nth":2}])"));
  EXPECT_EQ(Get(Results(job)).body, "\"Name\"\n\"Account 0\xC3\"\n\"Account 1\"\n");
  EXPECT_EQ(Get(Results(job)).body, std::string("\"Name\"\n\"Account 0\0\"\n\"Account 1\"\n", 32));
}

TEST_F(BulkTest, DroppedConnectionBreaksThePage) {
  MakeAccounts(50);
  const std::string job = RunJob(kByName);
  ASSERT_TRUE(sandbox_->AddFaults(R"({"effect":"drop","at_byte":100,"path":"*/results","nth":1})"));
  EXPECT_FALSE(Try("GET", Results(job)));
  EXPECT_EQ(Get(Results(job)).body, Expected(0, 50));
}

TEST_F(BulkTest, StalledPageRunsIntoTheClientsTimeout) {
  MakeAccounts(50);
  const std::string job = RunJob(kByName);
  ASSERT_TRUE(
      sandbox_->AddFaults(R"({"effect":"stall","at_byte":100,"path":"*/results","nth":1})"));
  idle_timeout_ = std::chrono::milliseconds(300);
  const auto stalled = Try("GET", Results(job));
  ASSERT_FALSE(stalled);
  EXPECT_EQ(stalled.error().kind(), Kind::kTimeout) << stalled.error().OneLine();
}

class SlowBulkTest : public BulkTest {
  SandboxOptions Options() override {
    SandboxOptions options = BulkTest::Options();
    options.job_time_min = std::chrono::seconds(30);
    return options;
  }
};

TEST_F(SlowBulkTest, RunningJobHasNoResultsCannotBeDeletedAndCanBeAborted) {
  const json made = Parse(Create({{"operation", "query"}, {"query", kByName}}));
  const std::string path = std::string(kJobs) + "/" + made["id"].get<std::string>();
  EXPECT_EQ(ErrorOf(Get(path + "/results")), "412 JOB_NOT_COMPLETE");
  EXPECT_EQ(ErrorOf(Send("DELETE", path)), "400 INVALIDJOBSTATE");
  EXPECT_EQ(Parse(Send("PATCH", path, R"({"state":"Aborted"})"))["state"], "Aborted");
  Start();
  EXPECT_EQ(GetJson(path)["state"], "Aborted");
  EXPECT_EQ(Send("DELETE", path).status, 204);
}

TEST_F(SlowBulkTest, JobThatRanWhenTheSandboxStoppedRunsAgain) {
  MakeAccounts(2);
  const json made = Parse(Create({{"operation", "query"}, {"query", kByName}}));
  Start();
  const auto state =
      GetJson(std::string(kJobs) + "/" + made["id"].get<std::string>())["state"].get<std::string>();
  EXPECT_TRUE(state == "UploadComplete" || state == "InProgress") << state;
}

}  // namespace
}  // namespace firn::sandbox
