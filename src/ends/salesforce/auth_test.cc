// What could go wrong in production: a refusal is reported without its cause, a rotated key or
// refresh token is lost, a crowd of callers signs in all at once, or a token reaches a message.
#include "ends/salesforce/auth.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "core/base/time_text.h"
#include "core/identity/jwt.h"
#include "core/identity/test_keys.h"
#include "ends/salesforce/internal/grant.h"
#include "ends/salesforce/testing/scripted_org.h"
#include "tests/support/test_folder.h"

namespace firn::salesforce {
namespace {

using identity::testing::NewEcPem;
using identity::testing::NewRsaPem;
using testing::Answer;
using testing::ConnectionBroke;
using testing::kTestStart;
using testing::ScriptedTransport;
using testing::TestCall;
using testing::TokenAnswerOf;

const Secret& KeyA() {
  static const Secret pem = NewRsaPem();
  return pem;
}
const Secret& KeyB() {
  static const Secret pem = NewRsaPem();
  return pem;
}

SignIn JwtSignIn() {
  SignIn sign_in;
  sign_in.login_url = "https://login.salesforce.com";
  sign_in.client_id = "3MVG9.key";
  sign_in.username = "ada@example.com";
  sign_in.current_key_pem = KeyA();
  return sign_in;
}

std::string FieldOf(const net::Request& request, const std::string& name) {
  const auto fields = FormDecode(request.body);
  for (const auto& [key, value] : *fields) {
    if (key == name) return value;
  }
  return "";
}

net::Response OauthRefused(const std::string& error, const std::string& description,
                           net::Headers headers = {}) {
  return Answer(400, nlohmann::json{{"error", error}, {"error_description", description}}.dump(),
                std::move(headers));
}

// An org that knows the certificates of some keys.
ScriptedTransport::Script OrgThatKnows(std::vector<Secret> pems) {
  return [pems](const net::Request& request) -> Result<net::Response> {
    std::vector<identity::JsonWebKey> keys;
    for (const Secret& pem : pems) {
      keys.push_back({"", "", identity::PrivateKeyFromPem(pem)->Public()});
    }
    identity::VerifyOptions options;
    options.issuers = {"3MVG9.key"};
    options.audiences = {"https://login.salesforce.com"};
    const auto verified = identity::VerifyJwt(
        FieldOf(request, "assertion"), identity::KeySet(std::move(keys)), options, kTestStart);
    if (!verified) return OauthRefused("invalid_grant", "invalid assertion");
    EXPECT_EQ(verified->subject, "ada@example.com");
    EXPECT_EQ(verified->expires, kTestStart + std::chrono::seconds(180));
    return TokenAnswerOf("T1");
  };
}

Result<Session> SignInOnce(const SignIn& sign_in, ScriptedTransport& transport) {
  ManualClock clock(kTestStart);
  auto source = NewTokenSource("prod", sign_in, transport, nullptr);
  if (!source) return Fail(std::move(source).error());
  return (*source)->Get(TestCall(clock));
}

Error RefusalOf(const net::Response& response) {
  ScriptedTransport transport([&](const net::Request&) { return response; });
  auto session = SignInOnce(JwtSignIn(), transport);
  EXPECT_FALSE(session);
  return session ? Error(Kind::kInternal, "none", "") : session.error();
}

TEST(Auth, KeysThatWereRotatedSinceAreReadAnewAndNoSignInFails) {
  ScriptedTransport transport(OrgThatKnows({KeyB()}));
  SignIn sign_in = JwtSignIn();
  int asked = 0;
  sign_in.fresh_keys = [&](const Call&) -> Result<SignInKeys> {
    ++asked;
    return SignInKeys{KeyB(), Secret()};
  };
  const auto session = SignInOnce(sign_in, transport);
  ASSERT_TRUE(session) << session.error().OneLine();
  EXPECT_EQ(session->served_by, "current key");
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(transport.requests().size(), 2U);
}

TEST(Auth, KeysThatAreTheSameAreNotTriedAgain) {
  ScriptedTransport transport(OrgThatKnows({}));
  SignIn sign_in = JwtSignIn();
  sign_in.fresh_keys = [](const Call&) -> Result<SignInKeys> {
    return SignInKeys{KeyA(), Secret()};
  };
  const auto session = SignInOnce(sign_in, transport);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind(), Kind::kDenied);
  EXPECT_EQ(transport.requests().size(), 1U);
}

TEST(Auth, JwtBearerSignsInAndReadsTheSession) {
  ScriptedTransport transport(OrgThatKnows({KeyA()}));
  const auto session = SignInOnce(JwtSignIn(), transport);
  ASSERT_TRUE(session) << session.error().OneLine();
  EXPECT_EQ(session->access_token.Reveal(), "T1");
  EXPECT_EQ(session->instance_url, "https://acme.my.salesforce.com");
  EXPECT_EQ(session->org_id, testing::kOrgId);
  EXPECT_EQ(session->user_id, "005000000000001AAA");
  EXPECT_EQ(session->served_by, "current key");
  EXPECT_EQ(session->issued_at, UtcMicros(std::chrono::milliseconds(1'795'000'000'000)));
  const auto request = transport.requests().at(0);
  EXPECT_EQ(request.url, "https://login.salesforce.com/services/oauth2/token");
  EXPECT_EQ(FieldOf(request, "grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
}

TEST(Auth, OldKeyRefusedFallsOverToTheNextAndStaysThere) {
  ScriptedTransport transport(OrgThatKnows({KeyB()}));
  SignIn sign_in = JwtSignIn();
  sign_in.next_key_pem = KeyB();
  ManualClock clock(kTestStart);
  const auto source = NewTokenSource("prod", sign_in, transport, nullptr);
  ASSERT_TRUE(source);
  const auto first = (*source)->Get(TestCall(clock));
  ASSERT_TRUE(first) << first.error().OneLine();
  EXPECT_EQ(first->served_by, "next key");
  EXPECT_EQ(transport.requests().size(), 2U);
  const auto second = (*source)->Renew(TestCall(clock), *first);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->served_by, "next key");
  EXPECT_EQ(transport.requests().size(), 3U);  // the key that served is asked first
}

TEST(Auth, BothKeysRefusedNamesBothAndTheFirstCause) {
  ScriptedTransport transport(OrgThatKnows({}));
  SignIn sign_in = JwtSignIn();
  sign_in.next_key_pem = KeyB();
  const auto session = SignInOnce(sign_in, transport);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code(), "SF-AUTH-005");
  EXPECT_NE(session.error().OneLine().find("current key and the next key"), std::string::npos);
}

TEST(Auth, RefusalsThatNoKeyCouldChangeDoNotTryTheOther) {
  for (const char* text :
       {"user hasn't approved this consumer", "audience is invalid", "inactive user"}) {
    ScriptedTransport transport([&](const net::Request&) -> Result<net::Response> {
      return OauthRefused("invalid_grant", text);
    });
    SignIn sign_in = JwtSignIn();
    sign_in.next_key_pem = KeyB();
    ASSERT_FALSE(SignInOnce(sign_in, transport));
    EXPECT_EQ(transport.requests().size(), 1U) << text;
  }
}

TEST(Auth, EachRefusalTextIsReportedWithItsCause) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"invalid_grant", "user hasn't approved this consumer", "SF-AUTH-002"},
      {"invalid_grant", "audience is invalid", "SF-AUTH-003"},
      {"invalid_grant", "expired authorization code", "SF-AUTH-004"},
      {"invalid_grant", "invalid assertion", "SF-AUTH-005"},
      {"invalid_grant", "inactive user", "SF-AUTH-008"},
      {"invalid_grant", "user is locked", "SF-AUTH-008"},
      {"invalid_grant", "expired access/refresh token", "SF-AUTH-009"},
      {"invalid_client_id", "client identifier invalid", "SF-AUTH-012"},
      {"invalid_client", "invalid client credentials", "SF-AUTH-012"},
      {"invalid_grant", "no client credentials user enabled", "SF-AUTH-013"},
      {"invalid_grant", "authentication failure", "SF-AUTH-001"},
  };
  for (const auto& [error, text, code] : cases) {
    const Error refusal = RefusalOf(OauthRefused(error, text));
    EXPECT_EQ(refusal.code(), code) << text;
    EXPECT_EQ(refusal.kind(), Kind::kDenied) << text;
    EXPECT_EQ(refusal.remote().status, 400);
    EXPECT_EQ(refusal.remote().api_code, error);
    EXPECT_NE(refusal.why().find(text), std::string::npos);
  }
}

TEST(Auth, ExpiredAssertionTellsHowFarTheClockIsOff) {
  const std::pair<int, const char*> cases[] = {
      {-420, "this machine's clock is 7 min ahead of the org's"},
      {90, "this machine's clock is 90 s behind the org's"}};
  const char* dates[] = {"Wed, 18 Nov 2026 10:59:40 GMT", "Wed, 18 Nov 2026 11:08:10 GMT"};
  // kTestStart is 2026-11-18T11:06:40Z.
  ASSERT_EQ(FormatUtc(kTestStart, 0), "2026-11-18T11:06:40Z");
  for (int i = 0; i < 2; ++i) {
    const Error refusal = RefusalOf(
        OauthRefused("invalid_grant", "expired authorization code", {{"Date", dates[i]}}));
    EXPECT_EQ(refusal.code(), "SF-AUTH-004");
    EXPECT_NE(refusal.why().find(cases[i].second), std::string::npos) << refusal.why();
  }
  const Error in_time = RefusalOf(OauthRefused("invalid_grant", "expired authorization code",
                                               {{"Date", "Wed, 18 Nov 2026 11:06:45 GMT"}}));
  EXPECT_EQ(in_time.why().find("clock"), std::string::npos);
}

TEST(Auth, RequestIdOfTheRefusalIsKept) {
  const Error refusal =
      RefusalOf(OauthRefused("invalid_grant", "inactive user", {{"X-Request-Id", "5f2c1e"}}));
  EXPECT_EQ(refusal.remote().request_id, "5f2c1e");
}

TEST(Auth, NeitherTokenNorAssertionNorKeyReachesAMessage) {
  std::string assertion;
  ScriptedTransport transport([&](const net::Request& request) -> Result<net::Response> {
    assertion = FieldOf(request, "assertion");
    return OauthRefused("invalid_grant", "invalid assertion");
  });
  const auto session = SignInOnce(JwtSignIn(), transport);
  ASSERT_FALSE(session);
  ASSERT_GT(assertion.size(), 100U);
  EXPECT_EQ(session.error().OneLine().find(assertion.substr(0, 20)), std::string::npos);
}

TEST(Auth, MaintenanceAndBrokenConnectionsAreTriedAgain) {
  int asked = 0;
  ScriptedTransport transport([&](const net::Request&) -> Result<net::Response> {
    ++asked;
    if (asked == 1) return Answer(503, "<html>maintenance</html>");
    if (asked == 2) return Fail(ConnectionBroke());
    return TokenAnswerOf("T1");
  });
  EXPECT_TRUE(SignInOnce(JwtSignIn(), transport));
  EXPECT_EQ(asked, 3);
}

TEST(Auth, RefusalsAreNotTriedAgain) {
  ScriptedTransport transport([](const net::Request&) -> Result<net::Response> {
    return OauthRefused("invalid_grant", "authentication failure");
  });
  EXPECT_FALSE(SignInOnce(JwtSignIn(), transport));
  EXPECT_EQ(transport.requests().size(), 1U);
}

TEST(Auth, AnswerOfSomethingElseThanALoginHostIsNamed) {
  ScriptedTransport transport(
      [](const net::Request&) -> Result<net::Response> { return Answer(200, "<html>"); });
  const auto session = SignInOnce(JwtSignIn(), transport);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code(), "SF-AUTH-016");
}

TEST(Auth, IncompleteOrUnusableSettingsAreConfigurationErrors) {
  ScriptedTransport transport;
  SignIn no_user = JwtSignIn();
  no_user.username.clear();
  EXPECT_EQ(SignInOnce(no_user, transport).error().code(), "SF-AUTH-011");
  SignIn ec_key = JwtSignIn();
  ec_key.current_key_pem = NewEcPem();
  EXPECT_EQ(SignInOnce(ec_key, transport).error().code(), "SF-AUTH-010");
  SignIn broken_key = JwtSignIn();
  broken_key.current_key_pem = Secret("no key");
  EXPECT_EQ(SignInOnce(broken_key, transport).error().code(), "SF-AUTH-010");
  SignIn no_secret = JwtSignIn();
  no_secret.kind = SignIn::Kind::kClientCredentials;
  EXPECT_EQ(SignInOnce(no_secret, transport).error().code(), "SF-AUTH-011");
}

TEST(Auth, AudienceOfMyDomainIsItsLoginHost) {
  EXPECT_EQ(AudienceOf("https://login.salesforce.com/"), "https://login.salesforce.com");
  EXPECT_EQ(AudienceOf("https://acme.my.salesforce.com"), "https://login.salesforce.com");
  EXPECT_EQ(AudienceOf("https://acme--uat.sandbox.my.salesforce.com"),
            "https://test.salesforce.com");
  EXPECT_EQ(AudienceOf("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
}

TEST(Auth, ClientCredentialsGoIntoABasicHeader) {
  SignIn sign_in = JwtSignIn();
  sign_in.kind = SignIn::Kind::kClientCredentials;
  sign_in.client_secret = Secret("shh");
  ScriptedTransport transport([](const net::Request& request) -> Result<net::Response> {
    EXPECT_EQ(request.headers.GetOr("Authorization", ""), "Basic " + Base64("3MVG9.key:shh"));
    EXPECT_EQ(FieldOf(request, "grant_type"), "client_credentials");
    EXPECT_EQ(request.body.find("shh"), std::string::npos);
    return TokenAnswerOf("T1");
  });
  EXPECT_TRUE(SignInOnce(sign_in, transport));
}

class RefreshTokens : public ::testing::Test {
 protected:
  RefreshTokens() {
    sign_in_.kind = SignIn::Kind::kRefreshToken;
    sign_in_.client_id = "3MVG9.key";
    sign_in_.refresh_token = Secret("R1");
  }

  // Each refresh token is good once; the next stands in the answer.
  ScriptedTransport::Script RotatingOrg() {
    return [this](const net::Request& request) -> Result<net::Response> {
      if (FieldOf(request, "refresh_token") != "R" + std::to_string(good_)) {
        return OauthRefused("invalid_grant", "expired access/refresh token");
      }
      ++good_;
      net::Response answer = TokenAnswerOf("T" + std::to_string(good_));
      answer.body.insert(1, R"("refresh_token":"R)" + std::to_string(good_) + R"(",)");
      return answer;
    };
  }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  SignIn sign_in_;
  int good_ = 1;
  ManualClock clock_{kTestStart};
};

TEST_F(RefreshTokens, RotatedTokenIsDurableBeforeItsSessionIsUsed) {
  ScriptedTransport transport(RotatingOrg());
  const auto store = NewFileTokenStore(folder_ + "/tokens");
  for (int process = 0; process < 3; ++process) {
    const auto source = NewTokenSource("prod", sign_in_, transport, store.get());
    ASSERT_TRUE(source);
    const auto session = (*source)->Get(TestCall(clock_));
    ASSERT_TRUE(session) << session.error().OneLine();
    EXPECT_EQ(session->served_by, "refresh token");
    EXPECT_EQ(store->Load("prod").value()->Reveal(), "R" + std::to_string(good_));
  }
  const auto mode = std::filesystem::status(folder_ + "/tokens/prod.refresh-token").permissions();
  EXPECT_EQ(static_cast<unsigned>(mode) & 0777U, 0600U);
}

TEST_F(RefreshTokens, NewlyConfiguredTokenServesWhenTheStoredOneIsSpent) {
  ScriptedTransport transport(RotatingOrg());
  const auto store = NewFileTokenStore(folder_);
  ASSERT_TRUE(store->Save("prod", Secret("spent")));
  const auto source = NewTokenSource("prod", sign_in_, transport, store.get());
  EXPECT_TRUE((*source)->Get(TestCall(clock_)));
}

TEST_F(RefreshTokens, SpentTokenIsNamed) {
  good_ = 9;
  ScriptedTransport transport(RotatingOrg());
  const auto store = NewFileTokenStore(folder_);
  const auto source = NewTokenSource("prod", sign_in_, transport, store.get());
  EXPECT_EQ((*source)->Get(TestCall(clock_)).error().code(), "SF-AUTH-009");
}

TEST_F(RefreshTokens, TokenThatCannotBeSavedIsAnErrorNotASession) {
  ScriptedTransport transport(RotatingOrg());
  class FullDisk final : public TokenStore {
   public:
    Result<std::optional<Secret>> Load(const std::string&) override {
      return std::optional<Secret>();
    }
    Result<void> Save(const std::string&, const Secret&) override {
      return Fail(Error(Kind::kLimitReached, "BASE-FILE-003", "disk full"));
    }
    Result<std::shared_ptr<void>> Hold(const Call&, const std::string&) override {
      return std::shared_ptr<void>();
    }
  } store;
  const auto source = NewTokenSource("prod", sign_in_, transport, &store);
  EXPECT_EQ((*source)->Get(TestCall(clock_)).error().code(), "BASE-FILE-003");
}

TEST(SingleFlight, ManyCallersFetchOneToken) {
  std::atomic<int> asked{0};
  ScriptedTransport transport([&](const net::Request&) -> Result<net::Response> {
    ++asked;
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    return TokenAnswerOf("T1");
  });
  SignIn sign_in = JwtSignIn();
  const auto source = NewTokenSource("prod", sign_in, transport, nullptr);
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 16; ++i) {
      callers.emplace_back([&] {
        Call call;
        if ((*source)->Get(call)) ++good;
      });
    }
  }
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(good, 16);
}

TEST(SingleFlight, ManyCallersWithTheSameDeadSessionRenewOnce) {
  std::atomic<int> asked{0};
  ScriptedTransport transport([&](const net::Request&) -> Result<net::Response> {
    return TokenAnswerOf("T" + std::to_string(++asked));
  });
  const auto source = NewTokenSource("prod", JwtSignIn(), transport, nullptr);
  const auto dead = (*source)->Get(Call{});
  ASSERT_TRUE(dead);
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 16; ++i) {
      callers.emplace_back([&] {
        const auto renewed = (*source)->Renew(Call{}, *dead);
        EXPECT_TRUE(renewed && renewed->serial != dead->serial);
      });
    }
  }
  EXPECT_EQ(asked, 2);
}

TEST(SingleFlight, RefusalIsSharedAndNotAskedForAgainAtOnce) {
  ManualClock clock(kTestStart);
  ScriptedTransport transport([](const net::Request&) -> Result<net::Response> {
    return OauthRefused("invalid_grant", "user is locked");
  });
  const auto source = NewTokenSource("prod", JwtSignIn(), transport, nullptr);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ((*source)->Get(TestCall(clock)).error().code(), "SF-AUTH-008");
  }
  EXPECT_EQ(transport.requests().size(), 1U);
  clock.Advance(std::chrono::seconds(11));
  EXPECT_FALSE((*source)->Get(TestCall(clock)));
  EXPECT_EQ(transport.requests().size(), 2U);
}

TEST(SingleFlight, WaiterKeepsItsOwnStop) {
  std::atomic<bool> release{false};
  ScriptedTransport transport([&](const net::Request&) -> Result<net::Response> {
    while (!release) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return TokenAnswerOf("T1");
  });
  const auto source = NewTokenSource("prod", JwtSignIn(), transport, nullptr);
  std::jthread fetcher([&] { EXPECT_TRUE((*source)->Get(Call{})); });
  while (transport.requests().empty()) std::this_thread::yield();
  std::stop_source stop;
  stop.request_stop();
  Call stopped;
  stopped.stop = stop.get_token();
  EXPECT_EQ((*source)->Get(stopped).error().kind(), Kind::kCancelled);
  release = true;
}

TEST(ClockSkewOf, IsReadFromHttpDatesOnly) {
  EXPECT_EQ(ClockSkew("Wed, 18 Nov 2026 11:06:40 GMT", kTestStart), std::chrono::seconds(0));
  for (const char* text : {"", "yesterday", "Wed, 18 Nov 2026 11:06:40 UTC",
                           "Wed, 99 Nov 2026 06:26:40 GMT", "Wed, 18 Foo 2026 06:26:40 GMT"}) {
    EXPECT_FALSE(ClockSkew(text, kTestStart)) << text;
  }
}

}  // namespace
}  // namespace firn::salesforce
