// What could go wrong in production: a token that ends in mid-upload loses the part, a lost answer
// makes a second job or hides the first, a half upload counts as done, a quota ends the run, or a
// failed job is taken for a finished one.
#include "ends/salesforce/data_cloud.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "ends/salesforce/testing/scripted_org.h"

namespace firn::salesforce {
namespace {

using Json = nlohmann::json;
using testing::Answer;
using testing::ConnectionBroke;
using testing::Has;
using testing::SmallOrg;

constexpr const char* kJobId = "4d5a4477-e27f-4bc1-a219-31e79407eade";
const IngestSpec kSpec{"lake", "profile", IngestOperation::kUpsert};

Json JobJson(const std::string& state) {
  return {{"id", kJobId},
          {"operation", "upsert"},
          {"object", "profile"},
          {"sourceName", "lake"},
          {"createdDate", "2026-11-18T11:06:41.000Z"},
          {"systemModstamp", "2026-11-18T11:06:41.000Z"},
          {"state", state},
          {"contentType", "CSV"},
          {"apiVersion", "v1"},
          {"contentUrl", "api/v1/ingest/jobs/" + std::string(kJobId) + "/batches"}};
}

// An org whose Data Cloud tokens are `C1`, `C2` ..; what they are used for is up to `jobs`.
struct CloudDesk {
  explicit CloudDesk(testing::ScriptedTransport::Script jobs)
      : org([this, jobs](const net::Request& request) -> Result<net::Response> {
          if (!Has(request, "/services/a360/token")) return jobs(request);
          forms.push_back(*FormDecode(request.body));
          if (refuse_exchange > 0) {
            --refuse_exchange;
            return Answer(400, R"({"error":"invalid_grant","error_description":"no such token"})");
          }
          return Answer(200, Json{{"access_token", "C" + std::to_string(++exchanges)},
                                  {"instance_url", instance_url},
                                  {"token_type", "Bearer"},
                                  {"issued_token_type", "urn:ietf:params:oauth:token-type:jwt"},
                                  {"expires_in", 7200}}
                                 .dump());
        }) {
    auto made = org.Open();
    opened = std::move(*made);
    DataCloudOptions options;
    options.org = "prod";
    options.backoff.attempts_max = 3;
    cloud = DataCloud::New(options, opened->tokens(), org.transport);
  }
  Call call() { return org.call(); }

  std::string instance_url = "acme.c360a.salesforce.com";
  int refuse_exchange = 0;
  int exchanges = 0;
  std::vector<FormFields> forms;
  SmallOrg org;
  std::unique_ptr<Org> opened;
  std::unique_ptr<DataCloud> cloud;
};

// A part on disk that goes away with it.
class PartFile {
 public:
  explicit PartFile(const std::string& text) {
    std::string name =
        std::string(std::getenv("TMPDIR") ? std::getenv("TMPDIR") : "/tmp") + "/firn-part-XXXXXX";
    const Fd fd(mkstemp(name.data()));
    EXPECT_EQ(write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    part = {name, static_cast<int64_t>(text.size())};
  }
  ~PartFile() { unlink(part.path.c_str()); }
  IngestPart part;
};

std::string BodyOf(const net::Request& request) {
  std::string body;
  for (;;) {
    const auto piece = request.body_stream->Read(5);
    if (!piece || piece->empty()) return body;
    body += *piece;
  }
}

std::string BearerOf(const net::Request& request) {
  return request.headers.GetOr("Authorization", "");
}

TEST(DataCloudToken, TheSessionIsExchangedForATokenOfTheInstance) {
  CloudDesk desk([](const net::Request& request) -> Result<net::Response> {
    EXPECT_EQ(request.url,
              "https://acme.c360a.salesforce.com/api/v1/ingest/jobs/" + std::string(kJobId));
    EXPECT_EQ(BearerOf(request), "Bearer C1");
    return Answer(200, JobJson("Open").dump());
  });
  ASSERT_TRUE(desk.cloud->Get(desk.call(), kJobId));
  ASSERT_TRUE(desk.cloud->Get(desk.call(), kJobId));
  EXPECT_EQ(desk.exchanges, 1);
  const FormFields expected = {
      {"grant_type", "urn:salesforce:grant-type:external:cdp"},
      {"subject_token", "T1"},
      {"subject_token_type", "urn:ietf:params:oauth:token-type:access_token"}};
  EXPECT_EQ(desk.forms.front(), expected);
}

TEST(DataCloudToken, ASpentSessionIsRenewedOnceForTheExchange) {
  CloudDesk desk([](const net::Request&) { return Answer(200, JobJson("Open").dump()); });
  desk.refuse_exchange = 1;
  ASSERT_TRUE(desk.cloud->Get(desk.call(), kJobId));
  EXPECT_EQ(desk.forms.back()[1].second, "T2");
}

TEST(DataCloudToken, ARefusedExchangeNamesTheScope) {
  CloudDesk desk([](const net::Request&) { return Answer(200, "{}"); });
  desk.refuse_exchange = 5;
  const auto job = desk.cloud->Get(desk.call(), kJobId);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code(), "SF-CLOUD-001");
  EXPECT_EQ(job.error().kind(), Kind::kDenied);
  EXPECT_NE(job.error().hint().find("cdp_ingest_api"), std::string::npos);
  EXPECT_EQ(job.error().OneLine().find("T2"), std::string::npos);
}

TEST(DataCloudJobs, AreMadeFilledAndClosedAsDocumented) {
  std::vector<std::string> seen;
  CloudDesk desk([&](const net::Request& request) -> Result<net::Response> {
    seen.push_back(request.method + " " + request.url.substr(request.url.find("/api")));
    if (request.method == "POST") {
      EXPECT_EQ(Json::parse(request.body),
                (Json{{"object", "profile"}, {"sourceName", "lake"}, {"operation", "upsert"}}));
      return Answer(201, JobJson("Open").dump());
    }
    if (request.method == "PUT") {
      EXPECT_EQ(BodyOf(request), "Id\n1\n");
      EXPECT_EQ(request.body_stream_bytes, 5);
      EXPECT_EQ(request.headers.GetOr("Content-Type", ""), "text/csv");
      return Answer(202, "");
    }
    if (request.method == "PATCH") {
      const std::string state = Json::parse(request.body)["state"];
      return Answer(200, JobJson(state).dump());
    }
    return Answer(200, JobJson("JobComplete").dump());
  });
  const PartFile file("Id\n1\n");
  const auto job = desk.cloud->Create(desk.call(), kSpec);
  ASSERT_TRUE(job) << job.error().OneLine();
  EXPECT_EQ(job->state, IngestState::kOpen);
  EXPECT_EQ(job->connector, "lake");
  ASSERT_TRUE(desk.cloud->Upload(desk.call(), job->id, file.part));
  EXPECT_EQ(desk.cloud->Close(desk.call(), job->id)->state, IngestState::kUploadComplete);
  EXPECT_EQ(desk.cloud->Wait(desk.call(), job->id, {})->state, IngestState::kJobComplete);
  const std::string path = "/api/v1/ingest/jobs/" + std::string(kJobId);
  const std::vector<std::string> expected = {"POST /api/v1/ingest/jobs", "PUT " + path + "/batches",
                                             "PATCH " + path, "GET " + path};
  EXPECT_EQ(seen, expected);
}

TEST(DataCloudJobs, ATokenThatEndsInMidUploadIsRenewedAndThePartSentWhole) {
  std::vector<std::string> bodies;
  CloudDesk desk([&](const net::Request& request) -> Result<net::Response> {
    bodies.push_back(BearerOf(request) + " " + BodyOf(request));
    if (bodies.size() == 1) return Answer(401, R"({"error":"Unauthorized","message":"expired"})");
    return Answer(202, "");
  });
  const PartFile file("Id\n1\n2\n");
  const auto done = desk.cloud->Upload(desk.call(), kJobId, file.part);
  ASSERT_TRUE(done) << done.error().OneLine();
  const std::vector<std::string> expected = {"Bearer C1 Id\n1\n2\n", "Bearer C2 Id\n1\n2\n"};
  EXPECT_EQ(bodies, expected);
}

TEST(DataCloudJobs, AHalfUploadIsSentAgainFromItsBeginning) {
  int tries = 0;
  std::string last;
  CloudDesk desk([&](const net::Request& request) -> Result<net::Response> {
    if (++tries == 1) {
      (void)request.body_stream->Read(3);
      return Fail(ConnectionBroke());
    }
    last = BodyOf(request);
    return Answer(202, "");
  });
  const PartFile file("Id\n1\n2\n");
  ASSERT_TRUE(desk.cloud->Upload(desk.call(), kJobId, file.part));
  EXPECT_EQ(last, "Id\n1\n2\n");
}

TEST(DataCloudJobs, ALostAnswerToCreateIsNotRepeated) {
  int creates = 0;
  CloudDesk desk([&](const net::Request&) -> Result<net::Response> {
    ++creates;
    return Fail(ConnectionBroke());
  });
  const auto job = desk.cloud->Create(desk.call(), kSpec);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().kind(), Kind::kCommitUnknown);
  EXPECT_EQ(job.error().code(), "SF-CLOUD-004");
  EXPECT_EQ(creates, 1);
}

TEST(DataCloudJobs, AQuotaIsWaitedForAndThenSaid) {
  int asked = 0;
  CloudDesk desk([&](const net::Request&) -> Result<net::Response> {
    ++asked;
    return Answer(429, R"({"error":"Too Many Requests","message":"Bulk request limit exceeded"})",
                  {{"Retry-After", "30"}});
  });
  const UtcMicros before = desk.org.clock.Now();
  const auto job = desk.cloud->Create(desk.call(), kSpec);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().kind(), Kind::kThrottled);
  EXPECT_NE(job.error().why().find("Bulk request limit exceeded"), std::string::npos);
  EXPECT_GT(asked, 1);
  EXPECT_GE(desk.org.clock.Now() - before, std::chrono::seconds(30));
}

TEST(DataCloudJobs, ARejectedJobIsSaidWithDataCloudsWords) {
  CloudDesk desk([&](const net::Request&) -> Result<net::Response> {
    return Answer(400, R"({"error":"Bad Request","message":"Object profile not found",)"
                       R"("internalErrorCode":"400_OBJ"})");
  });
  const auto job = desk.cloud->Create(desk.call(), kSpec);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code(), "SF-CLOUD-002");
  EXPECT_NE(job.error().why().find("Object profile not found"), std::string::npos);
}

TEST(DataCloudJobs, AFailedOrAbortedJobIsAnErrorOfWait) {
  for (const char* state : {"Failed", "Aborted"}) {
    CloudDesk desk([&](const net::Request&) { return Answer(200, JobJson(state).dump()); });
    const auto job = desk.cloud->Wait(desk.call(), kJobId, {});
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().code(), "SF-CLOUD-007");
    EXPECT_NE(job.error().what().find(state), std::string::npos);
  }
}

TEST(DataCloudJobs, AnotherJobInTheWayIsAConflict) {
  CloudDesk desk([&](const net::Request&) {
    return Answer(409, R"({"error":"Conflict","message":"a job is open"})");
  });
  const auto job = desk.cloud->Create(desk.call(), kSpec);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code(), "SF-CLOUD-005");
  EXPECT_EQ(job.error().kind(), Kind::kConflict);
}

TEST(DataCloudJobs, AJobThatIsGoneIsFineToDelete) {
  CloudDesk desk([&](const net::Request&) { return Answer(404, "{}"); });
  EXPECT_TRUE(desk.cloud->Delete(desk.call(), kJobId));
  EXPECT_EQ(desk.cloud->Get(desk.call(), kJobId).error().code(), "SF-CLOUD-003");
}

TEST(DataCloudJobs, AreListedPageByPage) {
  CloudDesk desk([&](const net::Request& request) {
    EXPECT_TRUE(Has(request, "states=Open"));
    Json data = Json::array();
    const int rows = Has(request, "offset=0&") ? 100 : 3;
    for (int i = 0; i < rows; ++i) data.push_back(JobJson("Open"));
    return Answer(200, Json{{"data", data}}.dump());
  });
  const auto jobs = desk.cloud->List(desk.call(), IngestState::kOpen);
  ASSERT_TRUE(jobs);
  EXPECT_EQ(jobs->size(), 103u);
}

TEST(DataCloudJobs, APartAboveTheLimitIsNotSent) {
  CloudDesk desk([](const net::Request&) { return Answer(202, ""); });
  const auto sent = desk.cloud->Upload(desk.call(), kJobId, {"big.csv", kIngestPartBytesMax + 1});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), "SF-CLOUD-006");
  EXPECT_EQ(desk.org.transport.Count("/batches"), 0);
}

TEST(DataCloudStreaming, RecordsArePostedAndKeysDeletedAsDocumented) {
  std::vector<std::string> seen;
  CloudDesk desk([&](const net::Request& request) -> Result<net::Response> {
    seen.push_back(request.method + " " + request.url.substr(request.url.find("/api")) + " " +
                   request.body);
    EXPECT_EQ(request.headers.GetOr("Content-Type", ""), "application/json");
    EXPECT_EQ(BearerOf(request), "Bearer C1");
    return Answer(202, R"({"accepted":true})");
  });
  const std::string rows = R"({"data":[{"Id":"1"}]})";
  const std::string keys = R"({"ids":["1"]})";
  ASSERT_TRUE(desk.cloud->Check(desk.call(), kSpec, rows));
  ASSERT_TRUE(desk.cloud->Stream(desk.call(), kSpec, rows));
  ASSERT_TRUE(desk.cloud->Stream(desk.call(), {"lake", "profile", IngestOperation::kDelete}, keys));
  const std::string path = "/api/v1/ingest/sources/lake/profile";
  EXPECT_EQ(seen,
            (std::vector<std::string>{"POST " + path + "/actions/test " + rows,
                                      "POST " + path + " " + rows, "DELETE " + path + " " + keys}));
}

TEST(DataCloudStreaming, ARequestWhoseAnswerWasLostOrThrottledIsSentAgain) {
  int asked = 0;
  CloudDesk desk([&](const net::Request&) -> Result<net::Response> {
    if (++asked == 1) return Fail(ConnectionBroke());
    if (asked == 2) return Answer(429, "{}", {{"Retry-After", "1"}});
    return Answer(202, R"({"accepted":true})");
  });
  ASSERT_TRUE(desk.cloud->Stream(desk.call(), kSpec, R"({"data":[]})"));
  EXPECT_EQ(asked, 3);
}

TEST(DataCloudStreaming, ATokenThatEndsIsRenewed) {
  std::vector<std::string> bearers;
  CloudDesk desk([&](const net::Request& request) -> Result<net::Response> {
    bearers.push_back(BearerOf(request));
    return Answer(bearers.size() == 1 ? 401 : 202, "{}");
  });
  ASSERT_TRUE(desk.cloud->Stream(desk.call(), kSpec, R"({"data":[]})"));
  EXPECT_EQ(bearers, (std::vector<std::string>{"Bearer C1", "Bearer C2"}));
}

TEST(DataCloudStreaming, RecordsThatDoNotFitAreSaidWithoutTheirValues) {
  CloudDesk desk([&](const net::Request&) {
    return Answer(400, R"({"error":"Bad Request","message":"mismatch with Schema",)"
                       R"("internalErrorCode":"COMMON_ERROR_GENERIC",)"
                       R"("validationReport":[{"record":{"Name":"Rachel"}}]})");
  });
  const auto checked = desk.cloud->Check(desk.call(), kSpec, R"({"data":[]})");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), "SF-CLOUD-002");
  EXPECT_NE(checked.error().why().find("mismatch with Schema"), std::string::npos);
  EXPECT_EQ(checked.error().OneLine().find("Rachel"), std::string::npos);
}

TEST(DataCloudStreaming, ARequestOfTwoHundredKilobytesIsNotSent) {
  CloudDesk desk([](const net::Request&) { return Answer(202, "{}"); });
  const auto sent = desk.cloud->Stream(desk.call(), kSpec, std::string(200'000, ' '));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code(), "SF-CLOUD-006");
  EXPECT_EQ(desk.org.transport.Count("/sources/"), 0);
}

}  // namespace
}  // namespace firn::salesforce
