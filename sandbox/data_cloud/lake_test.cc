// The Ingestion API of Data Cloud as a client sees it.
#include "sandbox/api_rig_test.h"
#include "sandbox/data_cloud/lake_job.h"
#include "sandbox/data_cloud/lake_jobs.h"

namespace firn::sandbox {
namespace {

constexpr const char* kSchema = R"(openapi: 3.0.3
components:
  schemas:
    orders:
      type: object
      properties:
        id: {type: string}
        contact_name: {type: string}
        total: {type: number}
    visits:
      type: object
      x-record-modified: seen
      properties:
        id: {type: string}
        seen: {type: string, format: date-time}
)";

class DataCloud : public ApiRig {
 protected:
  void SetUp() override {
    ApiRig::SetUp();
    ASSERT_EQ(Send("PUT", "/sandbox/data_cloud/sources/shop", kSchema).status, 204);
    SignIn();
  }
  void SignIn() {
    const auto response =
        Send("POST", "/services/a360/token",
             "grant_type=urn:salesforce:grant-type:external:cdp&subject_token_type="
             "urn:ietf:params:oauth:token-type:access_token&subject_token=" +
                 token_);
    ASSERT_EQ(response.status, 200) << response.body;
    exchange_ = Parse(response);
    core_token_ = token_;
    token_ = exchange_.value("access_token", "");
  }
  std::string NewJob(const std::string& operation = "upsert",
                     const std::string& object = "orders") {
    const auto response =
        Send("POST", "/api/v1/ingest/jobs",
             json({{"object", object}, {"sourceName", "shop"}, {"operation", operation}}).dump());
    EXPECT_EQ(response.status, 201) << response.body;
    return Parse(response).value("id", "");
  }
  int Put(const std::string& id, const std::string& csv) {
    return Send("PUT", "/api/v1/ingest/jobs/" + id + "/batches", csv,
                {{"Content-Type", "text/csv"}})
        .status;
  }
  net::Response Close(const std::string& id, const std::string& state = "UploadComplete") {
    return Send("PATCH", "/api/v1/ingest/jobs/" + id, json({{"state", state}}).dump());
  }
  json Wait(const std::string& id) {
    json job;
    for (int i = 0; i < 20'000; ++i) {
      job = GetJson("/api/v1/ingest/jobs/" + id);
      const std::string state = job.value("state", "");
      if (state != "UploadComplete" && state != "InProgress") break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return job;
  }
  json Run(const std::string& id, const std::string& csv) {
    EXPECT_EQ(Put(id, csv), 202);
    EXPECT_EQ(Close(id).status, 200);
    return Wait(id);
  }
  json Rows(const std::string& object = "orders") {
    return GetJson("/sandbox/data_cloud/rows?source=shop&object=" + object);
  }

  json exchange_;
  std::string core_token_;
};

TEST_F(DataCloud, TradesATokenOfTheOrgForOneOfDataCloud) {
  EXPECT_EQ(exchange_["token_type"], "Bearer");
  EXPECT_EQ(exchange_["issued_token_type"], "urn:ietf:params:oauth:token-type:jwt");
  EXPECT_EQ("http://" + exchange_.value("instance_url", ""), sandbox_->http_url());
  EXPECT_GT(exchange_.value("expires_in", 0), 0);
  // Neither token is good for the other side.
  EXPECT_EQ(Get("/services/data/v60.0/limits").status, 401);
  token_ = core_token_;
  EXPECT_EQ(Get("/api/v1/ingest/jobs").status, 401);
  EXPECT_EQ(Send("POST", "/services/a360/token", "grant_type=password").status, 400);
}

TEST_F(DataCloud, UpsertsTheRowsOfAllFilesOfAJob) {
  const std::string id = NewJob();
  EXPECT_EQ(Put(id, "id,contact_name,total\na,Ann,1.5\nb,\"B, ob\",\n"), 202);
  const json job = Run(id, "total,id,contact_name,ignored\r\n7,a,Eve,x\r\n");
  EXPECT_EQ(job["state"], "JobComplete") << job;
  EXPECT_EQ(job["apiVersion"], "v1");
  const json rows = Rows();
  ASSERT_EQ(rows["count"], 2);
  EXPECT_EQ(rows["rows"][0], (json{{"id", "a"}, {"contact_name", "Eve"}, {"total", 7}}));
  EXPECT_EQ(rows["rows"][1], (json{{"id", "b"}, {"contact_name", "B, ob"}, {"total", nullptr}}));
}

TEST_F(DataCloud, LeavesRowsOutThatDoNotFitAndTellsTheAdministrator) {
  const json job = Run(NewJob(), "id,contact_name,total\na,Ann,much\n,Bob,1\nc,Cid,1\nd,Dan\n");
  EXPECT_EQ(job["state"], "JobComplete");
  EXPECT_EQ(Rows()["count"], 1);
  const json problems = GetJson("/sandbox/data_cloud/problems?source=shop&object=orders");
  ASSERT_EQ(problems["problems"].size(), 3U);
  EXPECT_EQ(problems["problems"][2]["what"], "field total is no number");
  EXPECT_EQ(GetJson("/sandbox/data_cloud/jobs")["jobs"][0]["bad_rows"], 3);
}

TEST_F(DataCloud, FailsAJobWhoseHeaderLacksAField) {
  const json job = Run(NewJob(), "id,total\na,1\n");
  EXPECT_EQ(job["state"], "Failed");
  EXPECT_NE(job.value("errorMessage", "").find("contact_name"), std::string::npos);
  EXPECT_EQ(Rows()["count"], 0);
}

TEST_F(DataCloud, DeletesByFilesWithoutAHeader) {
  Run(NewJob(), "id,contact_name,total\na,Ann,1\nb,Bob,2\n");
  EXPECT_EQ(Run(NewJob("delete"), "\"a\"\n")["state"], "JobComplete");
  EXPECT_EQ(Rows()["count"], 1);
}

TEST_F(DataCloud, KeepsTheNewerOfTwoRecords) {
  const std::string head = "id,seen\n";
  Run(NewJob("upsert", "visits"), head + "a,2026-05-01T00:00:00.000Z\n");
  Run(NewJob("upsert", "visits"), head + "a,2025-05-01T00:00:00.000Z\n");
  EXPECT_EQ(Rows("visits")["rows"][0]["seen"], "2026-05-01T00:00:00.000Z");
  Run(NewJob("delete", "visits"), "a,2026-04-01T00:00:00.000Z\n");
  EXPECT_EQ(Rows("visits")["count"], 1) << "the deletion is older than the record";
  Run(NewJob("delete", "visits"), "a,2026-06-01T00:00:00.000Z\n");
  EXPECT_EQ(Rows("visits")["count"], 0);
}

TEST_F(DataCloud, HasOneJobOfAnObjectAtATime) {
  const std::string id = NewJob();
  const auto second = Send("POST", "/api/v1/ingest/jobs",
                           R"({"object":"orders","sourceName":"shop","operation":"upsert"})");
  EXPECT_EQ(second.status, 409);
  const json error = Parse(second);
  EXPECT_EQ(error["error"], "Conflict");
  EXPECT_EQ(error["path"], "uri=/api/v1/ingest/jobs");
  EXPECT_EQ(Close(id, "Aborted").status, 200);
  EXPECT_EQ(Put(id, "id\n"), 409);
  EXPECT_EQ(Close(id).status, 409);
  NewJob();
}

TEST_F(DataCloud, RefusesWhatItDoesNotKnow) {
  const auto create = [&](const json& body) {
    return Send("POST", "/api/v1/ingest/jobs", body.dump()).status;
  };
  EXPECT_EQ(create({{"object", "nope"}, {"sourceName", "shop"}, {"operation", "upsert"}}), 404);
  EXPECT_EQ(create({{"object", "orders"}, {"sourceName", "no"}, {"operation", "upsert"}}), 404);
  EXPECT_EQ(create({{"object", "orders"}, {"sourceName", "shop"}, {"operation", "insert"}}), 400);
  EXPECT_EQ(create({{"sourceName", "shop"}, {"operation", "upsert"}}), 400);
  EXPECT_EQ(Get("/api/v1/ingest/jobs/00000000-0000-4000-8000-000000000000").status, 404);
  EXPECT_EQ(Send("PATCH", "/api/v1/ingest/jobs/" + NewJob(), R"({"state":"Open"})").status, 400);
  EXPECT_EQ(Send("PUT", "/sandbox/data_cloud/sources/shop", "openapi: 3.0.0\n").status, 400);
  EXPECT_EQ(Send("DELETE", "/sandbox/data_cloud/sources/none").status, 404);
}

TEST_F(DataCloud, ListsAndDeletesJobs) {
  const std::string first = NewJob();
  EXPECT_EQ(Send("DELETE", "/api/v1/ingest/jobs/" + first).status, 409);
  Close(first, "Aborted");
  const std::string second = NewJob();
  EXPECT_EQ(GetJson("/api/v1/ingest/jobs")["data"].size(), 2U);
  EXPECT_EQ(GetJson("/api/v1/ingest/jobs/?limit=1&offset=1&orderBy=createdDate")["data"][0]["id"],
            second);
  const json open = GetJson("/api/v1/ingest/jobs?states=Open,Failed")["data"];
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0]["id"], second);
  EXPECT_EQ(Get("/api/v1/ingest/jobs?limit=101").status, 400);
  EXPECT_EQ(Send("DELETE", "/api/v1/ingest/jobs/" + first).status, 204);
  EXPECT_EQ(Get("/api/v1/ingest/jobs/" + first).status, 404);
}

TEST_F(DataCloud, BoundsTheJobsOfAnHour) {
  Send("POST", "/sandbox/data_cloud/limits", R"({"jobs_per_hour":2})");
  Close(NewJob(), "Aborted");
  Close(NewJob(), "Aborted");
  const std::string wish = R"({"object":"orders","sourceName":"shop","operation":"upsert"})";
  EXPECT_EQ(Send("POST", "/api/v1/ingest/jobs", wish).status, 429);
  Send("POST", "/sandbox/clock", R"({"advance_seconds":3601})");
  EXPECT_EQ(Send("POST", "/api/v1/ingest/jobs", wish).status, 201);
}

TEST_F(DataCloud, TakesStreamedRecordsAndDeletesThem) {
  const std::string path = "/api/v1/ingest/sources/shop/orders";
  const auto sent = Send("POST", path,
                         R"({"data":[{"id":"s1","contact_name":"Joe","total":3},)"
                         R"({"id":"s2","contact_name":"","total":null},{"id":"s3"}]})");
  EXPECT_EQ(sent.status, 202);
  EXPECT_EQ(Parse(sent), (json{{"accepted", true}}));
  EXPECT_EQ(Rows()["count"], 2);
  EXPECT_EQ(Send("DELETE", path + "?ids=s1").status, 202);
  EXPECT_EQ(Send("DELETE", path, R"({"ids":["s2"]})").status, 202);
  EXPECT_EQ(Rows()["count"], 0);
  EXPECT_EQ(Send("DELETE", path).status, 400);
  EXPECT_EQ(Send("POST", path, "{").status, 400);
  EXPECT_EQ(Send("POST", path, R"({"data":[],"x":")" + std::string(200'001, 'x') + "\"}").status,
            413);
  EXPECT_EQ(Send("POST", "/api/v1/ingest/sources/shop/nope", R"({"data":[]})").status, 404);
}

TEST_F(DataCloud, ValidatesRecordsWithoutKeepingThem) {
  const std::string path = "/api/v1/ingest/sources/shop/orders/actions/test";
  const auto bad = Send("POST", path, R"({"data":[{"id":"a","contact_name":"J","total":"3"}]})");
  EXPECT_EQ(bad.status, 400);
  const json error = Parse(bad);
  EXPECT_EQ(error["message"],
            "Bad Request: JSON is properly formatted but has a mismatch with Schema.");
  EXPECT_EQ(error["validationReport"][0]["recordNumber"], 1);
  EXPECT_EQ(Send("POST", path, R"({"data":[{"id":"a","contact_name":"J","total":3}]})").status,
            200);
  EXPECT_EQ(Rows()["count"], 0);
}

TEST_F(DataCloud, BoundsTheRequestsOfASecond) {
  Send("POST", "/sandbox/data_cloud/limits", R"({"requests_per_second":0})");
  EXPECT_EQ(Send("POST", "/api/v1/ingest/sources/shop/orders", R"({"data":[]})").status, 429);
}

TEST_F(DataCloud, KeepsConnectorsJobsAndRowsOverARestart) {
  Run(NewJob(), "id,contact_name,total\na,Ann,1\n");
  const std::string open = NewJob();
  EXPECT_EQ(Put(open, "id,contact_name,total\nb,Bob,2\n"), 202);
  Start();
  EXPECT_EQ(Rows()["count"], 1);
  EXPECT_EQ(Close(open).status, 200);
  EXPECT_EQ(Wait(open)["state"], "JobComplete");
  EXPECT_EQ(Rows()["count"], 2);
  EXPECT_EQ(Send("DELETE", "/sandbox/data_cloud/sources/shop").status, 204);
  EXPECT_EQ(Rows()["count"], 0);
}

TEST(LakeJob, IsReadBackAsItWasWritten) {
  LakeJob job;
  job.number = 7;
  job.id = "an-id";
  job.state = "Failed";
  job.error = "why";
  job.files = 3;
  const auto read = LakeJobOf(ToText(job));
  ASSERT_TRUE(read);
  EXPECT_EQ(ToText(*read), ToText(job));
  const auto broken = LakeJobOf("{}");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code(), "SBX-CLOUD-003");
}

}  // namespace
}  // namespace firn::sandbox
