// What could go wrong in production: records of a page are lost or changed on the way, a page that
// is no page is taken for the end, a record is put together from two of its versions (R15), or
// describes eat the quota (R12).
#include "ends/salesforce/rest.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/net/inflate.h"
#include "core/state/shared_state.h"
#include "ends/salesforce/internal/rest_internal.h"
#include "ends/salesforce/testing/scripted_org.h"

namespace firn::salesforce {
namespace {

using Json = nlohmann::json;
using testing::Answer;
using testing::Has;
using testing::SmallOrg;
using testing::VendorRefusal;

std::string SoqlIn(const net::Request& request) {
  const size_t at = request.url.find("?q=");
  if (at == std::string::npos) return "";
  return PercentDecode(request.url.substr(at + 3), true).value_or("");
}

Result<std::vector<std::string>> All(const Call& call, RecordStream& stream) {
  std::vector<std::string> records;
  for (;;) {
    FIRN_TRY(const auto record, stream.Next(call));
    if (!record) return records;
    records.emplace_back(*record);
  }
}

TEST(Query, HandsOnEachRecordAsTheOrgWroteIt) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    if (Has(request, "-2000")) {
      return Answer(200, R"({"records":[{"Id":"3"}],"done":true,"totalSize":3})");
    }
    EXPECT_EQ(SoqlIn(request), "SELECT Id, Amount FROM Opportunity");
    EXPECT_EQ(request.headers.GetOr("Sforce-Query-Options", ""), "batchSize=500");
    return Answer(
        200,
        R"({"totalSize":3,"done":false,"nextRecordsUrl":"/services/data/v66.0/query/0r8x-2000",)"
        R"("records":[ {"attributes":{"type":"O"},"Amount": 1.100000000000000001,"N":"\u00e4]}"} , )"
        R"({"Id":"2","A":null}]})");
  });
  const auto opened = org.Open();
  ASSERT_TRUE(opened);
  auto stream =
      (*opened)->rest().Query(org.call(), {"SELECT Id, Amount FROM Opportunity", false, 500});
  ASSERT_TRUE(stream) << stream.error().OneLine();
  EXPECT_EQ((*stream)->total(), 3);
  const auto records = All(org.call(), **stream);
  ASSERT_TRUE(records) << records.error().OneLine();
  EXPECT_EQ(*records,
            (std::vector<std::string>{
                R"({"attributes":{"type":"O"},"Amount": 1.100000000000000001,"N":"\u00e4]}"})",
                R"({"Id":"2","A":null})", R"({"Id":"3"})"}));
  EXPECT_EQ((*stream)->received(), 3);
}

TEST(Query, AllRowsGoToQueryAllAndGzipIsInflated) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    EXPECT_TRUE(Has(request, "/queryAll?q="));
    EXPECT_EQ(request.headers.GetOr("Accept-Encoding", ""), "gzip");
    return Answer(200, net::Gzip(R"({"totalSize":1,"done":true,"records":[{"Id":"1"}]})"),
                  {{"Content-Encoding", "gzip"}});
  });
  const auto opened = org.Open();
  auto stream = (*opened)->rest().Query(org.call(), {"SELECT Id FROM Account", true});
  ASSERT_TRUE(stream);
  EXPECT_EQ(All(org.call(), **stream)->size(), 1U);
}

TEST(Query, AnswerThatIsNoPageIsAnErrorNeverTheEnd) {
  const char* bodies[] = {"",
                          "<html>",
                          "[]",
                          R"({"totalSize":1})",
                          R"({"totalSize":1,"records":[{"Id":"1"}]})",
                          R"({"totalSize":1,"done":true,"records":[{"Id":"1"})",
                          R"({"totalSize":1,"done":true,"records":[{"Id":"1"}]} x)",
                          R"({"totalSize":1,"done":true,"records":[7]})",
                          R"({"totalSize":9,"done":false,"records":[{"Id":"1"}]})"};
  for (const char* body : bodies) {
    SmallOrg org([&](const net::Request&) -> Result<net::Response> { return Answer(200, body); });
    const auto opened = org.Open();
    const auto stream = (*opened)->rest().Query(org.call(), {"SELECT Id FROM Account"});
    ASSERT_FALSE(stream) << body;
    EXPECT_EQ(stream.error().code(), "SF-REST-006") << body;
  }
}

TEST(Query, PagesThatLeadInACircleEnd) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> {
    return Answer(200, R"({"totalSize":9,"done":false,"records":[{"Id":"1"}],)"
                       R"("nextRecordsUrl":"/services/data/v66.0/query/same"})");
  });
  const auto opened = org.Open();
  auto stream = (*opened)->rest().Query(org.call(), {"SELECT Id FROM Account"});
  EXPECT_EQ(All(org.call(), **stream).error().code(), "SF-REST-006");
}

TEST(Query, SessionExpiringBetweenPagesLosesNothing) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    if (!Has(request, "-2000")) {
      return Answer(200, R"({"totalSize":2,"done":false,"records":[{"Id":"1"}],)"
                         R"("nextRecordsUrl":"/services/data/v66.0/query/0r8x-2000"})");
    }
    if (request.headers.GetOr("Authorization", "") == "Bearer T1") {
      return VendorRefusal(401, "INVALID_SESSION_ID", "Session expired or invalid");
    }
    return Answer(200, R"({"totalSize":2,"done":true,"records":[{"Id":"2"}]})");
  });
  const auto opened = org.Open();
  auto stream = (*opened)->rest().Query(org.call(), {"SELECT Id FROM Account"});
  EXPECT_EQ(All(org.call(), **stream)->size(), 2U);
}

TEST(Query, TooLongForAnAddressIsSaidBeforeAsking) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> { return Answer(200, "{}"); });
  const auto opened = org.Open();
  const auto stream = (*opened)->rest().Query(org.call(), {std::string(16'000, 'x')});
  EXPECT_EQ(stream.error().code(), "SF-REST-005");
  EXPECT_EQ(org.transport.Count("/query"), 0);
}

// An org of records whose field values name the version they belong to; `touch` may change one
// between two requests.
class WideOrg {
 public:
  WideOrg() {
    for (int i = 0; i < 600; ++i) query_.fields.push_back("A_rather_long_field_" + Name(i) + "__c");
    query_.object = "Wide__c";
    for (int i = 0; i < 5; ++i) versions_["a0" + std::to_string(i)] = 1;
  }

  Result<net::Response> Serve(const net::Request& request) {
    const std::string soql = SoqlIn(request);
    EXPECT_LT(request.url.size(), 16'384U);
    const size_t from = soql.find(" FROM ");
    std::vector<std::string> fields;
    std::string list = soql.substr(7, from - 7) + ",";
    for (size_t at = 0; at < list.size(); at = list.find(',', at) + 1) {
      fields.push_back(list.substr(at, list.find(',', at) - at));
    }
    Json records = Json::array();
    for (const auto& [id, version] : versions_) {
      const bool one = soql.find("Id = '") != std::string::npos;
      if (one && soql.find("Id = '" + id + "'") == std::string::npos) continue;
      Json record = {{"attributes", {{"type", "Wide__c"}}}};
      for (const std::string& field : fields) {
        record[field] = field == "Id" ? Json(id) : Json(version);
        if (field == "SystemModstamp") record[field] = "stamp" + std::to_string(version);
      }
      records.push_back(record);
    }
    const auto total = records.size();
    ++queries_;
    if (touch) touch(*this);
    return Answer(200, Json{{"totalSize", total}, {"done", true}, {"records", records}}.dump());
  }

  Result<std::vector<std::string>> ReadAll() {
    SmallOrg org([this](const net::Request& request) { return Serve(request); });
    const auto opened = org.Open();
    FIRN_TRY(const auto stream, (*opened)->rest().QueryWide(org.call(), query_));
    return All(org.call(), *stream);
  }

  static std::string Name(int i) { return std::to_string(1000 + i); }

  WideQuery query_;
  std::map<std::string, int> versions_;
  int queries_ = 0;
  std::function<void(WideOrg&)> touch;
};

TEST(WideQuery, ManyFieldsAreReadInPartsAndMergedById) {
  WideOrg org;
  const auto records = org.ReadAll();
  ASSERT_TRUE(records) << records.error().OneLine();
  EXPECT_GT(org.queries_, 1);
  ASSERT_EQ(records->size(), 5U);
  for (const std::string& text : *records) {
    const Json record = Json::parse(text, nullptr, false);
    ASSERT_TRUE(record.is_object()) << text.substr(0, 100);
    for (const std::string& field : org.query_.fields)
      EXPECT_EQ(record.value(field, 0), 1) << field;
  }
}

TEST(WideQuery, RecordThatChangedBetweenPartsIsReadAgainWhole) {
  WideOrg org;
  org.touch = [](WideOrg& self) {
    if (self.queries_ == 1) self.versions_["a02"] = 2;
  };
  const auto records = org.ReadAll();
  ASSERT_TRUE(records) << records.error().OneLine();
  const Json record = Json::parse(records->at(2));
  for (const std::string& field : org.query_.fields) EXPECT_EQ(record[field], 2) << field;
}

TEST(WideQuery, RecordDeletedBetweenPartsIsLeftOutAndANewOneIsWhole) {
  WideOrg org;
  org.touch = [](WideOrg& self) {
    if (self.queries_ != 1) return;
    self.versions_.erase("a01");
    self.versions_["a07"] = 1;
  };
  const auto records = org.ReadAll();
  ASSERT_TRUE(records) << records.error().OneLine();
  std::vector<std::string> ids;
  for (const std::string& text : *records) ids.push_back(Json::parse(text)["Id"]);
  EXPECT_EQ(ids, (std::vector<std::string>{"a00", "a02", "a03", "a04", "a07"}));
  EXPECT_EQ(Json::parse(records->back()).size(), org.query_.fields.size() + 3);
}

TEST(WideQuery, RecordThatNeverStandsStillIsAConflict) {
  WideOrg org;
  org.touch = [](WideOrg& self) { ++self.versions_["a02"]; };
  EXPECT_EQ(org.ReadAll().error().code(), "SF-REST-008");
}

TEST(WideQuery, FewFieldsNeedOneQuery) {
  WideOrg org;
  org.query_.fields.resize(3);
  EXPECT_EQ(org.ReadAll()->size(), 5U);
  EXPECT_EQ(org.queries_, 1);
}

TEST(WideQuery, WhereIsKeptAndInParenthesesBesideTheId) {
  WideQuery query;
  query.object = "Account";
  query.where = "A = 1 OR B = 2";
  EXPECT_EQ(SoqlOf(query, {"Id", "X"}, "", " ORDER BY Id"),
            "SELECT Id,X FROM Account WHERE A = 1 OR B = 2 ORDER BY Id");
  EXPECT_EQ(SoqlOf(query, {"Id"}, "Id = 'x'", ""),
            "SELECT Id FROM Account WHERE Id = 'x' AND (A = 1 OR B = 2)");
  query.where.assign(13'000, 'x');
  query.fields = {"Name"};
  EXPECT_EQ(SplitFields(query).error().code(), "SF-REST-005");
}

TEST(Describe, IsAskedWithIfModifiedSinceAndServedFromTheCacheOn304) {
  auto shared = state::SharedState::Open(":memory:");
  ASSERT_TRUE(shared);
  const auto cache = NewDescribeCache(*shared);
  int described = 0;
  SmallOrg org([&](const net::Request& request) -> Result<net::Response> {
    EXPECT_TRUE(Has(request, "/sobjects/Account/describe"));
    ++described;
    if (request.headers.GetOr("If-Modified-Since", "") == "Wed, 18 Nov 2026 11:00:00 GMT") {
      return Answer(304, "");
    }
    return Answer(200, R"({"name":"Account"})",
                  {{"Last-Modified", "Wed, 18 Nov 2026 11:00:00 GMT"}});
  });
  org.describe_cache = cache.get();
  for (int run = 0; run < 2; ++run) {
    const auto opened = org.Open();
    const auto description = (*opened)->rest().Describe(org.call(), "Account");
    ASSERT_TRUE(description) << description.error().OneLine();
    EXPECT_EQ(description->json, R"({"name":"Account"})");
    EXPECT_EQ(description->from_cache, run == 1);
  }
  EXPECT_EQ(described, 2);
}

TEST(Describe, AsYoungAsItsChangeIsNotKeptBecauseASecondChangeWouldNotShow) {
  auto shared = state::SharedState::Open(":memory:");
  ASSERT_TRUE(shared);
  const auto cache = NewDescribeCache(*shared);
  int fields = 0;
  SmallOrg org([&](const net::Request& request) -> Result<net::Response> {
    EXPECT_FALSE(request.headers.Get("If-Modified-Since"));
    return Answer(200, std::to_string(++fields),
                  {{"Last-Modified", "Wed, 18 Nov 2026 11:06:40 GMT"},
                   {"Date", "Wed, 18 Nov 2026 11:06:41 GMT"}});
  });
  org.describe_cache = cache.get();
  const auto opened = org.Open();
  EXPECT_EQ((*opened)->rest().Describe(org.call(), "Account")->json, "1");
  EXPECT_EQ((*opened)->rest().Describe(org.call(), "Account")->json, "2");
}

TEST(Describe, GlobalListGivesWhatPlanningNeeds) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> {
    return Answer(200, R"({"encoding":"UTF-8","sobjects":[{"name":"Account","label":"Account",)"
                       R"("keyPrefix":"001","queryable":true,"retrieveable":true,"custom":false},)"
                       R"({"name":"AccountHistory","keyPrefix":null}]})");
  });
  const auto opened = org.Open();
  const auto objects = (*opened)->rest().DescribeGlobal(org.call());
  ASSERT_TRUE(objects && objects->size() == 2);
  EXPECT_EQ(objects->at(0).key_prefix, "001");
  EXPECT_TRUE(objects->at(0).queryable);
  EXPECT_EQ(objects->at(1).key_prefix, "");
  EXPECT_FALSE(objects->at(1).queryable);
}

TEST(Limits, AreReadAndFeedTheBudget) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> { return Answer(200, "{}"); });
  org.jobs_used = 1234;
  const auto opened = org.Open();
  const auto limits = (*opened)->rest().FetchLimits(org.call());
  ASSERT_TRUE(limits);
  EXPECT_EQ(limits->at("DailyApiRequests").max, 15'000);
  const auto view = (*opened)->budget().View(org.call());
  EXPECT_EQ(view->calls_used, 2);
  EXPECT_EQ(view->jobs_used, 1234);
  EXPECT_EQ(view->jobs_share, 8000);
}

TEST(Blob, IsStreamedAndACutBodyIsAnError) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    EXPECT_TRUE(Has(request, "/sobjects/ContentVersion/068x/VersionData"));
    return Answer(200, "0123456789", {{"Content-Length", "10"}, {"Content-Type", "image/png"}});
  });
  const auto opened = org.Open();
  auto blob = (*opened)->rest().OpenBlob(org.call(), "ContentVersion", "068x", "VersionData");
  ASSERT_TRUE(blob);
  EXPECT_EQ(blob->bytes, 10);
  EXPECT_EQ(blob->content_type, "image/png");
  const std::string first = blob->body->Read(100).value_or("");
  EXPECT_EQ(first + blob->body->Read(100).value_or(""), "0123456789");
  org.transport.body_breaks_with = testing::ConnectionBroke();
  blob = (*opened)->rest().OpenBlob(org.call(), "ContentVersion", "068x", "VersionData");
  ASSERT_TRUE(blob);
  ASSERT_TRUE(blob->body->Read(100));
  ASSERT_TRUE(blob->body->Read(100));
  EXPECT_FALSE(blob->body->Read(100));
}

TEST(Replication, UpdatedAndDeletedListsAreRead) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    EXPECT_TRUE(Has(request, "start=2026-11-18T11%3A06%3A40Z&end=2026-11-18T12%3A06%3A40Z"))
        << request.url;
    if (Has(request, "/updated/")) {
      return Answer(200, R"({"ids":["001a","001b"],"latestDateCovered":"2026-11-18T12:00:00Z"})");
    }
    return Answer(200, R"({"deletedRecords":[{"id":"001c","deletedDate":"2026-11-18T11:30:00Z"}],)"
                       R"("earliestDateAvailable":"2026-11-01T00:00:00Z",)"
                       R"("latestDateCovered":"2026-11-18T12:00:00Z"})");
  });
  const auto opened = org.Open();
  const TimeWindow window{testing::kTestStart, testing::kTestStart + std::chrono::hours(1)};
  const auto updated = (*opened)->rest().Updated(org.call(), "Account", window);
  ASSERT_TRUE(updated);
  EXPECT_EQ(updated->ids.size(), 2U);
  EXPECT_EQ(updated->latest_date_covered, "2026-11-18T12:00:00Z");
  const auto deleted = (*opened)->rest().Deleted(org.call(), "Account", window);
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->records.at(0).id, "001c");
}

}  // namespace
}  // namespace firn::salesforce
