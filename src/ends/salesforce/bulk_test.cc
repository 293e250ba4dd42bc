// What could go wrong in production: a lost answer makes two jobs or takes a stranger's, a job is
// given up while it runs (R17), a page stalls for ever (R10), the last page is not seen as the
// last, or an object that Bulk refuses ends the run.
#include "ends/salesforce/bulk.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/net/inflate.h"
#include "ends/salesforce/internal/bulk_internal.h"
#include "ends/salesforce/testing/scripted_org.h"

namespace firn::salesforce {
namespace {

using Json = nlohmann::json;
using testing::Answer;
using testing::ConnectionBroke;
using testing::Has;
using testing::SmallOrg;
using testing::VendorRefusal;

Json JobJson(const std::string& id, const std::string& state) {
  return {{"id", id},
          {"operation", "query"},
          {"object", "Account"},
          {"createdById", "005000000000001AAA"},
          {"createdDate", "2026-11-18T11:06:41.000+0000"},
          {"systemModstamp", "2026-11-18T11:06:41.000+0000"},
          {"state", state},
          {"concurrencyMode", "Parallel"},
          {"contentType", "CSV"},
          {"apiVersion", 66.0},
          {"jobType", "V2Query"},
          {"lineEnding", "LF"},
          {"columnDelimiter", "COMMA"},
          {"numberRecordsProcessed", 1500},
          {"retries", 1},
          {"totalProcessingTime", 334}};
}

constexpr const char* kSoql = "SELECT Id FROM Account";
const QuerySpec kQuery{kSoql, false, "Account"};

TEST(BulkCreate, SendsTheQueryAndReadsTheJob) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    EXPECT_EQ(request.method, "POST");
    EXPECT_TRUE(request.url.ends_with("/services/data/v66.0/jobs/query")) << request.url;
    const Json body = Json::parse(request.body);
    EXPECT_EQ(body["operation"], "queryAll");
    EXPECT_EQ(body["query"], kSoql);
    return Answer(200, JobJson("750x", "UploadComplete").dump());
  });
  const auto opened = org.Open();
  const auto job = (*opened)->bulk().Create(org.call(), {kSoql, true, "Account"});
  ASSERT_TRUE(job) << job.error().OneLine();
  EXPECT_EQ(job->id, "750x");
  EXPECT_EQ(job->state, JobState::kUploadComplete);
  EXPECT_EQ(job->api_version, "66.0");
  EXPECT_EQ(job->records_processed, 1500);
  EXPECT_EQ((*opened)->budget().View(org.call())->jobs_this_run, 1);
}

// An org that loses the answer of the first create, after making the job or before.
struct LossyOrg {
  bool made = false;
  bool tells_query = true;
  int creates = 0;
  std::string list_query = kSoql;
  std::string list_user = "005000000000001AAA";
  bool list_fails = false;

  Result<net::Response> operator()(const net::Request& request) {
    if (request.method == "POST") {
      if (++creates == 1) return Fail(ConnectionBroke());
      return Answer(200, JobJson("750second", "UploadComplete").dump());
    }
    if (list_fails) return Fail(ConnectionBroke());
    Json records = Json::array();
    if (made) {
      Json job = JobJson("750first", "InProgress");
      if (tells_query) job["query"] = list_query;
      job["createdById"] = list_user;
      records.push_back(job);
    }
    Json old = JobJson("750old", "JobComplete");
    old["createdDate"] = "2026-11-18T10:00:00.000+0000";
    old["query"] = kSoql;
    records.push_back(old);
    return Answer(200,
                  Json{{"done", true}, {"records", records}, {"nextRecordsUrl", nullptr}}.dump());
  }
};

std::string CreatedBy(LossyOrg& lossy) {
  SmallOrg org([&](const net::Request& request) { return lossy(request); });
  const auto opened = org.Open();
  const auto job = (*opened)->bulk().Create(org.call(), kQuery);
  return job ? job->id : job.error().code();
}

TEST(BulkCreate, LostAnswerOfAJobThatWasMadeTakesThatJob) {
  LossyOrg lossy{.made = true};
  EXPECT_EQ(CreatedBy(lossy), "750first");
  EXPECT_EQ(lossy.creates, 1);
}

TEST(BulkCreate, LostRequestIsSentAgainAfterLooking) {
  LossyOrg lossy{.made = false};
  EXPECT_EQ(CreatedBy(lossy), "750second");
  EXPECT_EQ(lossy.creates, 2);
}

TEST(BulkCreate, JobOfAnotherQueryOrUserIsNeverTaken) {
  LossyOrg other_query{.made = true, .list_query = "SELECT Id FROM Account WHERE X = 1"};
  EXPECT_EQ(CreatedBy(other_query), "750second");
  LossyOrg other_user{.made = true, .list_user = "005000000000009AAA"};
  EXPECT_EQ(CreatedBy(other_user), "750second");
}

TEST(BulkCreate, JobThatDoesNotTellItsQueryIsLeftAlone) {
  LossyOrg silent{.made = true, .tells_query = false};
  EXPECT_EQ(CreatedBy(silent), "750second");
}

TEST(BulkCreate, NeitherAnswerNorListIsCommitUnknown) {
  LossyOrg dark{.list_fails = true};
  EXPECT_EQ(CreatedBy(dark), "SF-BULK-006");
  EXPECT_EQ(dark.creates, 1);
}

TEST(BulkCreate, ExpiredSessionIsRenewedAndTheJobMadeOnce) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    if (request.headers.GetOr("Authorization", "") == "Bearer T1") {
      return VendorRefusal(401, "INVALID_SESSION_ID", "Session expired or invalid");
    }
    return Answer(200, JobJson("750x", "UploadComplete").dump());
  });
  const auto opened = org.Open();
  EXPECT_TRUE((*opened)->bulk().Create(org.call(), kQuery));
}

TEST(BulkCreate, WhatBulkCannotReadIsUnsupportedSoThatRestCanTakeOver) {
  const std::pair<const char*, const char*> cases[] = {
      {"INVALIDENTITY", "Entity 'AcceptedEventRelation' is not supported by the Bulk API."},
      {"API_ERROR", "CaseStatus does not support query"},
      {"FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query"},
      {"FEATURENOTENABLED", "Bulk Query is not enabled"}};
  for (const auto& [code, message] : cases) {
    SmallOrg org([&, c = code, m = message](const net::Request&) -> Result<net::Response> {
      return VendorRefusal(400, c, m);
    });
    const auto opened = org.Open();
    const auto job = (*opened)->bulk().Create(org.call(), kQuery);
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().kind(), Kind::kUnsupported) << code;
    EXPECT_EQ(job.error().code(), "SF-BULK-002") << code;
  }
}

TEST(BulkCreate, WrongQueryAndUsedUpJobsAreTheirOwnErrors) {
  const std::tuple<int, const char*, const char*, const char*> cases[] = {
      {400, "MALFORMED_QUERY", "unexpected token", "SF-BULK-001"},
      {400, "API_ERROR", "Aggregate Relationship not supported", "SF-BULK-001"},
      {400, "LIMIT_EXCEEDED", "Max bulk v2 query jobs (10000) per 24 hrs has been reached",
       "SF-BULK-005"},
      {403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", "SF-LIMIT-005"}};
  for (const auto& [status, code, message, ours] : cases) {
    SmallOrg org(
        [&, s = status, c = code, m = message](const net::Request&) -> Result<net::Response> {
          return VendorRefusal(s, c, m);
        });
    const auto opened = org.Open();
    EXPECT_EQ((*opened)->bulk().Create(org.call(), kQuery).error().code(), ours);
    EXPECT_EQ(org.transport.Count("/jobs/query"), 1);
  }
}

TEST(BulkCreate, NoJobIsMadeWhenTheShareOfJobsIsUsedUp) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> { return Answer(200, "{}"); });
  org.jobs_used = 8000;
  const auto opened = org.Open();
  EXPECT_EQ((*opened)->bulk().Create(org.call(), kQuery).error().code(), "SF-LIMIT-003");
  EXPECT_EQ(org.transport.Count("/jobs/query"), 0);
}

TEST(BulkWait, PollsWithGrowingPausesFarBeyondTenMinutes) {
  int polls = 0;
  SmallOrg org([&](const net::Request&) -> Result<net::Response> {
    return Answer(200, JobJson("750x", ++polls < 300 ? "InProgress" : "JobComplete").dump());
  });
  const auto opened = org.Open();
  const SteadyTime before = org.clock.Steady();
  int heard = 0;
  const auto job = (*opened)->bulk().Wait(org.call(), "750x", [&](const Job&) { ++heard; });
  ASSERT_TRUE(job) << job.error().OneLine();
  EXPECT_EQ(heard, 300);
  EXPECT_GT(org.clock.Steady() - before, std::chrono::hours(2));
}

TEST(BulkWait, GivesUpAfterTheTimeAllowedAndSaysThatTheJobGoesOn) {
  SmallOrg org(
      [](const net::Request&) -> Result<net::Response> {
        return Answer(200, JobJson("750x", "InProgress").dump());
      },
      /*calls_max=*/1'000'000);
  const auto opened = org.Open();
  const auto job = (*opened)->bulk().Wait(org.call(), "750x", {});
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code(), "SF-BULK-007");
}

TEST(BulkWait, FailedJobTellsWhyAndMayBeUnsupported) {
  const std::pair<const char*, const char*> cases[] = {
      {"InvalidBatch : Failed to process query: FUNCTIONALITY_NOT_ENABLED: Selecting compound data "
       "not supported in Bulk Query",
       "SF-BULK-002"},
      {"InvalidBatch : Failed to process query: INVALID_FIELD: No such column 'X'", "SF-BULK-003"}};
  for (const auto& [message, code] : cases) {
    SmallOrg org([m = message](const net::Request&) -> Result<net::Response> {
      Json job = JobJson("750x", "Failed");
      job["errorMessage"] = m;
      return Answer(200, job.dump());
    });
    const auto opened = org.Open();
    const auto job = (*opened)->bulk().Wait(org.call(), "750x", {});
    ASSERT_FALSE(job);
    EXPECT_EQ(job.error().code(), code);
    EXPECT_NE(job.error().why().find(message), std::string::npos);
  }
}

TEST(BulkResults, PageCarriesItsNumbersAndTheLocatorNullIsTheEnd) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    EXPECT_EQ(request.headers.GetOr("Accept", ""), "text/csv");
    EXPECT_TRUE(request.own_connection);
    if (Has(request, "locator=MTAwMDA")) {
      return Answer(200, "\"Id\"\n\"2\"\n",
                    {{"Sforce-NumberOfRecords", "1"}, {"Sforce-Locator", "null"}});
    }
    EXPECT_TRUE(request.url.ends_with("/results?maxRecords=50000")) << request.url;
    return Answer(200, "\"Id\"\n\"1\"\n",
                  {{"Sforce-NumberOfRecords", "1"}, {"Sforce-Locator", "MTAwMDA"}});
  });
  const auto opened = org.Open();
  auto first = (*opened)->bulk().OpenResults(org.call(), "750x", "", 0);
  ASSERT_TRUE(first) << first.error().OneLine();
  EXPECT_EQ(first->rows, 1);
  EXPECT_EQ(first->next_locator, "MTAwMDA");
  auto second = (*opened)->bulk().OpenResults(org.call(), "750x", first->next_locator, 0);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->next_locator, "");
  EXPECT_EQ(second->locator, "MTAwMDA");
}

TEST(BulkResults, GzipIsAskedForAndInflatedAndACutOneIsAnError) {
  const std::string csv = "\"Id\"\n\"001000000000001AAA\"\n";
  std::string wire = net::Gzip(csv);
  SmallOrg org([&](const net::Request& request) -> Result<net::Response> {
    EXPECT_EQ(request.headers.GetOr("Accept-Encoding", ""), "gzip");
    return Answer(200, wire, {{"Content-Encoding", "gzip"}});
  });
  const auto opened = org.Open();
  const auto read = [&]() -> Result<std::string> {
    FIRN_TRY(const auto page, (*opened)->bulk().OpenResults(org.call(), "750x", "", 0));
    std::string text;
    for (;;) {
      FIRN_TRY(const std::string piece, page.body->Read(1 << 16));
      if (piece.empty()) return text;
      text += piece;
    }
  };
  EXPECT_EQ(read().value_or("broken"), csv);
  wire.resize(wire.size() - 5);
  EXPECT_FALSE(read());
}

TEST(BulkResults, StalledPageMakesTheNextOnesSmallerDownToTheLeast) {
  std::vector<std::string> asked;
  SmallOrg org([&](const net::Request& request) -> Result<net::Response> {
    asked.push_back(request.url.substr(request.url.find("maxRecords=")));
    return Answer(200, "\"Id\"\n");
  });
  org.transport.body_breaks_with = Error(Kind::kTimeout, "NET-HTTP-003", "no byte for 60s");
  const auto opened = org.Open();
  for (int i = 0; i < 8; ++i) {
    auto page = (*opened)->bulk().OpenResults(org.call(), "750x", "", 0);
    ASSERT_TRUE(page);
    Result<std::string> piece;
    do piece = page->body->Read(1 << 16);
    while (piece && !piece->empty());
    EXPECT_EQ(piece.error().kind(), Kind::kTimeout);
  }
  EXPECT_EQ(asked[0], "maxRecords=50000");
  EXPECT_EQ(asked[1], "maxRecords=25000");
  EXPECT_EQ(asked[7], "maxRecords=1000");
  EXPECT_EQ((*opened)->bulk().records_per_page(), 1000);
}

TEST(BulkResults, PagesThatStallTogetherHalveOnce) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> { return Answer(200, ""); });
  org.transport.body_breaks_with = Error(Kind::kTimeout, "NET-HTTP-003", "no byte for 60s");
  const auto opened = org.Open();
  auto first = (*opened)->bulk().OpenResults(org.call(), "750x", "", 0);
  auto second = (*opened)->bulk().OpenResults(org.call(), "750x", "A", 0);
  EXPECT_FALSE(first->body->Read(10));
  EXPECT_FALSE(second->body->Read(10));
  EXPECT_EQ((*opened)->bulk().records_per_page(), 25'000);
}

TEST(BulkResults, NotCompleteOtherVersionAndGoneAreTheirOwnErrors) {
  const std::pair<int, const char*> cases[] = {
      {412, "SF-BULK-008"}, {409, "SF-BULK-008"}, {404, "SF-BULK-004"}};
  for (const auto& [status, code] : cases) {
    SmallOrg org([s = status](const net::Request&) -> Result<net::Response> {
      return VendorRefusal(s, "JOB_NOT_COMPLETE", "no");
    });
    const auto opened = org.Open();
    EXPECT_EQ((*opened)->bulk().OpenResults(org.call(), "750x", "", 0).error().code(), code);
  }
}

TEST(BulkResults, SessionRevokedBetweenPagesIsRenewed) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    if (request.headers.GetOr("Authorization", "") == "Bearer T1") {
      return VendorRefusal(401, "INVALID_SESSION_ID", "Session expired or invalid");
    }
    return Answer(200, "\"Id\"\n", {{"Sforce-NumberOfRecords", "0"}});
  });
  const auto opened = org.Open();
  const auto page = (*opened)->bulk().OpenResults(org.call(), "750x", "", 0);
  ASSERT_TRUE(page) << page.error().OneLine();
  EXPECT_EQ(page->rows, 0);
}

TEST(BulkPages, BothSpellingsOfTheNextAddressAreRead) {
  for (const char* name : {"nextRecordUrl", "nextRecordsUrl"}) {
    const std::string body = Json{
        {"resultPages",
         {{{"resultUrl", "/services/data/v66.0/jobs/query/750x/results?locator=AAA%3D"}}}},
        {name, "/services/data/v66.0/jobs/query/750x/resultPages?x=1"},
        {"done", false}}.dump();
    const auto urls = ParsePageUrls("prod", body);
    ASSERT_TRUE(urls) << name;
    EXPECT_EQ(urls->pages.at(0).locator, "AAA=");
    EXPECT_EQ(urls->next, "/services/data/v66.0/jobs/query/750x/resultPages?x=1");
    EXPECT_FALSE(urls->done);
  }
  EXPECT_FALSE(ParsePageUrls("prod", R"({"resultPages":[],"done":false})"));
  EXPECT_FALSE(ParsePageUrls("prod", R"({"resultPages":[{}],"done":true})"));
  EXPECT_TRUE(ParsePageUrls("prod", R"({"resultPages":[],"done":true,"nextRecordsUrl":null})"));
}

TEST(BulkPages, OrgWithoutThemIsNotAnError) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    if (Has(request, "/resultPages")) return VendorRefusal(404, "NOT_FOUND", "no such resource");
    return Answer(200, JobJson("750x", "JobComplete").dump());
  });
  const auto opened = org.Open();
  const auto urls = (*opened)->bulk().ResultPages(org.call(), "750x", "");
  ASSERT_TRUE(urls) << urls.error().OneLine();
  EXPECT_FALSE(urls->offered);
}

TEST(BulkPages, MissingJobIsAnErrorAllTheSame) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> {
    return VendorRefusal(404, "NOT_FOUND", "no such job");
  });
  const auto opened = org.Open();
  EXPECT_EQ((*opened)->bulk().ResultPages(org.call(), "750x", "").error().code(), "SF-BULK-004");
}

TEST(BulkPages, VersionsBefore58AreNotAsked) {
  testing::ScriptedTransport transport;
  Connection connection({"prod", &transport, nullptr, nullptr, nullptr, {}, {}});
  const auto bulk = NewBulkClient({&connection, {}, "57.0"});
  const auto urls = bulk->ResultPages(Call{}, "750x", "");
  ASSERT_TRUE(urls);
  EXPECT_FALSE(urls->offered);
  EXPECT_TRUE(transport.requests().empty());
}

TEST(BulkJobs, ListIsPagedAndDeleteOfAGoneJobIsFine) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    if (request.method == "DELETE") return VendorRefusal(404, "NOT_FOUND", "gone");
    if (request.method == "PATCH") {
      EXPECT_EQ(request.body, R"({"state":"Aborted"})");
      return Answer(200, JobJson("750a", "Aborted").dump());
    }
    if (Has(request, "queryLocator=x")) {
      return Answer(200, Json{{"done", true}, {"records", {JobJson("750b", "Failed")}}}.dump());
    }
    return Answer(200, Json{{"done", false},
                            {"records", {JobJson("750a", "InProgress")}},
                            {"nextRecordsUrl", "/services/data/v66.0/jobs/query?queryLocator=x"}}
                           .dump());
  });
  const auto opened = org.Open();
  BulkClient& bulk = (*opened)->bulk();
  const auto first = bulk.List(org.call(), "");
  ASSERT_TRUE(first && !first->done);
  const auto second = bulk.List(org.call(), first->next);
  ASSERT_TRUE(second && second->done);
  EXPECT_EQ(second->jobs.at(0).state, JobState::kFailed);
  EXPECT_TRUE(bulk.Abort(org.call(), "750a"));
  EXPECT_TRUE(bulk.Delete(org.call(), "750a"));
}

}  // namespace
}  // namespace firn::salesforce
