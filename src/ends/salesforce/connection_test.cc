// What could go wrong in production: a job dies when its token does (R4), a 401 that is not expiry
// loops and locks the org (R5), maintenance ends a night's export, something is done twice, or the
// token follows an address to a stranger's host.
#include "ends/salesforce/internal/connection.h"

#include <gtest/gtest.h>

#include "core/base/log.h"
#include "core/net/inflate.h"
#include "ends/salesforce/testing/scripted_org.h"

namespace firn::salesforce {
namespace {

using testing::Answer;
using testing::ConnectionBroke;
using testing::Has;
using testing::SmallOrg;
using testing::VendorRefusal;

constexpr const char* kCountAnswer = R"({"totalSize":42,"done":true,"records":[]})";

std::string TokenOf(const net::Request& request) {
  return request.headers.GetOr("Authorization", "");
}

// Opens the org and counts accounts once.
Result<int64_t> CountOnce(SmallOrg& org) {
  FIRN_TRY(const auto opened, org.Open());
  return opened->rest().Count(org.call(), "SELECT COUNT() FROM Account", false);
}

TEST(Sessions, ExpiredInMidRunIsRenewedOnceAndTheRequestRepeated) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    if (TokenOf(request) == "Bearer T1") {
      return VendorRefusal(401, "INVALID_SESSION_ID", "Session expired or invalid");
    }
    return Answer(200, kCountAnswer);
  });
  const auto count = CountOnce(org);
  ASSERT_TRUE(count) << count.error().OneLine();
  EXPECT_EQ(*count, 42);
  EXPECT_EQ(org.tokens_given, 2);
}

TEST(Sessions, BulkV1ShapeOfAnExpiredSessionIsKnownToo) {
  SmallOrg org([](const net::Request& request) -> Result<net::Response> {
    if (TokenOf(request) == "Bearer T1") {
      return Answer(400, R"({"exceptionCode":"InvalidSessionId",)"
                         R"("exceptionMessage":"Invalid session id"})");
    }
    return Answer(200, kCountAnswer);
  });
  EXPECT_TRUE(CountOnce(org));
  EXPECT_EQ(org.tokens_given, 2);
}

TEST(Sessions, NewSessionRefusedTooEndsTheRequestAfterOneRenewal) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> {
    return VendorRefusal(401, "INVALID_SESSION_ID", "Session expired or invalid");
  });
  const auto count = CountOnce(org);
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code(), "SF-AUTH-007");
  EXPECT_EQ(count.error().kind(), Kind::kDenied);
  EXPECT_EQ(org.tokens_given, 2);
  EXPECT_EQ(org.transport.Count("/query"), 2);
}

TEST(Sessions, RefusalThatIsNotExpiryIsReportedWithItsCauseAndNotRenewed) {
  for (const char* text : {"This session is not valid for use with the REST API",
                           "Connected app is not attached to Agent"}) {
    SmallOrg org([&](const net::Request&) -> Result<net::Response> {
      return VendorRefusal(401, "INVALID_SESSION_ID", text);
    });
    const auto count = CountOnce(org);
    ASSERT_FALSE(count);
    EXPECT_EQ(count.error().code(), "SF-AUTH-007");
    EXPECT_NE(count.error().why().find(text), std::string::npos);
    EXPECT_EQ(org.tokens_given, 1);
  }
}

TEST(Retries, MaintenanceAndBrokenConnectionsAreTriedAgain) {
  int asked = 0;
  SmallOrg org([&](const net::Request&) -> Result<net::Response> {
    ++asked;
    if (asked == 1) return VendorRefusal(503, "SERVER_UNAVAILABLE", "down for maintenance");
    if (asked == 2) return Fail(ConnectionBroke());
    if (asked == 3) return Answer(429, "", {{"Retry-After", "7"}});
    return Answer(200, kCountAnswer);
  });
  const SteadyTime before = org.clock.Steady();
  EXPECT_TRUE(CountOnce(org));
  EXPECT_EQ(asked, 4);
  EXPECT_GE(org.clock.Steady() - before, std::chrono::seconds(7));
}

TEST(Retries, MaintenanceThatStaysIsReportedAfterSomeTries) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> {
    return Answer(503, "<html>maintenance</html>", {{"X-Request-Id", "q1"}});
  });
  const auto count = CountOnce(org);
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code(), "SF-REST-012");
  EXPECT_EQ(count.error().kind(), Kind::kUnreachable);
  EXPECT_EQ(count.error().remote().status, 503);
  EXPECT_EQ(count.error().remote().request_id, "q1");
  EXPECT_EQ(org.transport.Count("/query"), Backoff{}.attempts_max);
}

TEST(Retries, StoppedCallIsNotTriedAgain) {
  std::stop_source stop;
  SmallOrg org([&](const net::Request&) -> Result<net::Response> {
    stop.request_stop();
    return Fail(ConnectionBroke());
  });
  const auto opened = org.Open();
  ASSERT_TRUE(opened);
  Call call = org.call();
  call.stop = stop.get_token();
  const auto count = (*opened)->rest().Count(call, "SELECT COUNT() FROM Account", false);
  EXPECT_EQ(count.error().kind(), Kind::kCancelled);
  EXPECT_EQ(org.transport.Count("/query"), 1);
}

TEST(Limits, DaysCallsUsedUpIsLimitReachedAndNotRepeated) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> {
    return VendorRefusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
  });
  const auto count = CountOnce(org);
  EXPECT_EQ(count.error().code(), "SF-LIMIT-005");
  EXPECT_EQ(count.error().kind(), Kind::kLimitReached);
  EXPECT_EQ(org.transport.Count("/query"), 1);
}

TEST(Limits, TooManyRequestsAtOnceIsThrottlingAndTriedAgain) {
  int asked = 0;
  SmallOrg org([&](const net::Request&) -> Result<net::Response> {
    if (++asked == 1) {
      return VendorRefusal(403, "REQUEST_LIMIT_EXCEEDED",
                           "ConcurrentRequests (Concurrent API Requests) Limit exceeded.");
    }
    return Answer(200, kCountAnswer);
  });
  EXPECT_TRUE(CountOnce(org));
}

TEST(VendorErrors, EachIsTheKindThatSaysWhoMustAct) {
  const std::tuple<int, const char*, Kind, const char*> cases[] = {
      {400, "MALFORMED_QUERY", Kind::kBadInput, "SF-REST-001"},
      {400, "INVALID_FIELD", Kind::kBadInput, "SF-REST-001"},
      {400, "INVALID_TYPE", Kind::kBadInput, "SF-REST-001"},
      {400, "INVALID_QUERY_LOCATOR", Kind::kExpired, "SF-REST-007"},
      {400, "QUERY_TIMEOUT", Kind::kTimeout, "SF-REST-009"},
      {400, "EXCEEDED_ID_LIMIT", Kind::kLimitReached, "SF-REST-010"},
      {403, "API_CURRENTLY_DISABLED", Kind::kDenied, "SF-REST-003"},
      {403, "SOMETHING_NEW", Kind::kDenied, "SF-REST-003"},
      {404, "NOT_FOUND", Kind::kNotFound, "SF-REST-002"},
      {302, "MOVED", Kind::kUnsupported, "SF-REST-015"},
      {410, "GONE", Kind::kUnsupported, "SF-REST-004"},
      {414, "URI_TOO_LONG", Kind::kBadInput, "SF-REST-005"},
      {431, "", Kind::kBadInput, "SF-REST-005"},
      {400, "SOMETHING_NEW", Kind::kBadInput, "SF-REST-001"},
  };
  for (const auto& [status, vendor_code, kind, code] : cases) {
    SmallOrg org([&, s = status, v = vendor_code](const net::Request&) -> Result<net::Response> {
      return VendorRefusal(s, v, "the vendor's words");
    });
    const auto count = CountOnce(org);
    ASSERT_FALSE(count);
    EXPECT_EQ(count.error().kind(), kind) << vendor_code;
    EXPECT_EQ(count.error().code(), code) << vendor_code;
    EXPECT_NE(count.error().why().find("the vendor's words"), std::string::npos);
    EXPECT_EQ(count.error().remote().api_code, vendor_code);
    EXPECT_EQ(org.transport.Count("/query"), 1) << vendor_code;
  }
}

TEST(VendorErrors, LongMessageIsCutWithoutBreakingACharacter) {
  std::string message(499, 'x');
  message += "\xC3\xA4\xC3\xA4";
  const VendorError error =
      ParseVendorError(R"([{"errorCode":"A","message":")" + message + R"("}])");
  EXPECT_EQ(error.message, std::string(499, 'x'));
  EXPECT_EQ(ParseVendorError(R"({"error":"e","error_description":"d\u00e4"})").message,
            "d\xC3\xA4");
  EXPECT_TRUE(ParseVendorError("<html>").code.empty());
}

TEST(Addresses, TokenDoesNotFollowAnAddressToAnotherHost) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> {
    return Answer(200, R"({"totalSize":2,"done":false,"records":[],)"
                       R"("nextRecordsUrl":"https://evil.example/services/data/x"})");
  });
  const auto opened = org.Open();
  ASSERT_TRUE(opened);
  auto stream = (*opened)->rest().Query(org.call(), {"SELECT Id FROM Account"});
  ASSERT_TRUE(stream);
  EXPECT_EQ((*stream)->Next(org.call()).error().code(), "SF-REST-014");
  EXPECT_EQ(org.transport.Count("evil.example"), 0);
}

TEST(Addresses, LookalikeHostIsAnotherHost) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> {
    return Answer(200, R"({"totalSize":2,"done":false,"records":[],"nextRecordsUrl":)"
                       R"("https://acme.my.salesforce.com.evil.example/x"})");
  });
  const auto opened = org.Open();
  auto stream = (*opened)->rest().Query(org.call(), {"SELECT Id FROM Account"});
  EXPECT_EQ((*stream)->Next(org.call()).error().code(), "SF-REST-014");
}

TEST(Opening, VersionTheOrgDoesNotOfferIsRefusedWithTheNewest) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> { return Answer(200, "{}"); });
  OrgOptions options = org.Options();
  options.api_version = "45.0";
  const auto opened = org.Open(options);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), "SF-REST-004");
  EXPECT_NE(opened.error().why().find("retired"), std::string::npos);
  EXPECT_NE(opened.error().hint().find("67.0"), std::string::npos);
}

TEST(Opening, OldVersionIsAWarning) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> { return Answer(200, "{}"); });
  // Version 60.0 came in February 2024.
  org.clock.Advance(std::chrono::hours(24 * 120));
  OrgOptions options = org.Options();
  options.api_version = "v60";
  const auto opened = org.Open(options);
  ASSERT_TRUE(opened) << opened.error().OneLine();
  ASSERT_EQ((*opened)->warnings().size(), 1U);
  EXPECT_NE((*opened)->warnings()[0].find("older than three years"), std::string::npos);
  EXPECT_EQ((*opened)->version().pinned, "60.0");
}

TEST(Opening, VersionInUseIsNoWarning) {
  SmallOrg org([](const net::Request&) -> Result<net::Response> { return Answer(200, "{}"); });
  const auto opened = org.Open();
  ASSERT_TRUE(opened);
  EXPECT_TRUE((*opened)->warnings().empty());
  EXPECT_EQ((*opened)->org_id(), testing::kOrgId);
}

TEST(Versions, AreThreeYearsOldFromTheirReleaseOn) {
  const auto at = [](int year, unsigned month) {
    return UtcMicros(std::chrono::sys_days(std::chrono::year_month_day(
        std::chrono::year(year), std::chrono::month(month), std::chrono::day(28))));
  };
  const std::vector<ApiVersion> offered = {{"", "67.0"}, {"", "58.0"}, {"", "59.0"}};
  EXPECT_FALSE(CheckVersion("59.0", offered, at(2026, 9)).older_than_three_years);
  EXPECT_TRUE(CheckVersion("59.0", offered, at(2026, 10)).older_than_three_years);
  EXPECT_TRUE(CheckVersion("58.0", offered, at(2026, 9)).older_than_three_years);
  EXPECT_EQ(CheckVersion("58.0", offered, at(2026, 9)).offered.front().version, "58.0");
  const auto too_new = CheckVersion("99.0", offered, at(2026, 9));
  EXPECT_FALSE(too_new.is_offered);
  EXPECT_NE(too_new.warnings.at(0).find("yet"), std::string::npos);
}

}  // namespace
}  // namespace firn::salesforce
