// Sign-in as real clients do it: each refusal must carry the vendor's own error, since clients and
// their users act on these texts.
#include "sandbox/sign_in/oauth.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "sandbox/crypto.h"
#include "tests/support/test_folder.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

constexpr const char* kOrgId = "00D5g000000FirnEAQ";

class OneUser final : public UserDirectory {
 public:
  std::optional<User> ByUsername(std::string_view username) const override {
    return username == user.username ? std::optional<User>(user) : std::nullopt;
  }
  std::optional<User> ById(std::string_view id) const override {
    return id == user.id ? std::optional<User>(user) : std::nullopt;
  }
  User user{"0055g000000AAAAAA2", "ada@firn.example", "Ada", "Admin",
            "Ada Admin",          "ada@firn.example", "ada"};
};

class OAuthTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    oauth_.reset();
    sessions_.reset();
    apps_.reset();
    db_.reset();
    db_ = ApiDb::Open(folder_).value();
    apps_ = AppRegistry::Open(folder_, users_.user.username, clock_, *random_).value();
    sessions_ = SessionStore::Open(*db_, clock_, *random_, kOrgId).value();
    keys_ = std::make_unique<SigningKeys>(folder_, kOrgId, clock_);
    codes_ = std::make_unique<AuthCodes>(*db_, clock_, *random_);
    passwords_ = std::make_unique<Passwords>(*db_, *random_);
    oauth_ = std::make_unique<OAuth>(
        OAuth::Parts{*apps_, *sessions_, users_, clock_, *random_, *keys_, *codes_, *passwords_,
                     kOrgId, [this](const net::ServerRequest&, const SignInAttempt& attempt) {
                       attempts_.push_back(attempt);
                     }});
  }
  App FirstApp() { return apps_->All().front(); }
  // The tokens of one authorization by code.
  json Authorized() {
    return json::parse(
        Post("/services/oauth2/token", {{"grant_type", "authorization_code"},
                                        {"client_id", FirstApp().client_id},
                                        {"client_secret", FirstApp().client_secret.Reveal()},
                                        {"redirect_uri", FirstApp().redirect_uris.front()},
                                        {"code", CodeFor({})}})
            .body);
  }
  Answer Refresh(const std::string& token) {
    return Post("/services/oauth2/token", {{"grant_type", "refresh_token"},
                                           {"client_id", FirstApp().client_id},
                                           {"client_secret", FirstApp().client_secret.Reveal()},
                                           {"refresh_token", token}});
  }
  bool Lives(const std::string& token) {
    return sessions_->Find(SessionStore::TokenKind::kAccess, token).has_value();
  }
  int64_t NowSeconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(clock_.Now().time_since_epoch())
        .count();
  }
  json Claims() {
    return {{"iss", FirstApp().client_id},
            {"sub", users_.user.username},
            {"aud", "https://login.salesforce.com"},
            {"exp", NowSeconds() + 180}};
  }
  std::string Sign(const json& claims, const std::string& key_pem) {
    const std::string input =
        Base64Url(R"({"alg":"RS256","typ":"JWT"})") + "." + Base64Url(claims.dump());
    return input + "." + Base64Url(SignRs256(key_pem, input).value());
  }
  std::string DemoKey() { return ReadFile(folder_ + "/keys/demo.key").value(); }
  Answer Post(const std::string& path, const FormFields& form,
              const std::string& authorization = "", const std::string& host = "localhost:8443") {
    net::ServerRequest request;
    request.method = "POST";
    request.path = path;
    request.target = path;
    request.tls = true;
    request.body = FormEncode(form);
    request.headers.Set("Host", host);
    if (!authorization.empty()) request.headers.Set("Authorization", authorization);
    return oauth_->Handle(request);
  }
  Answer Get(const std::string& path, const FormFields& query = {}) {
    net::ServerRequest request;
    request.method = "GET";
    request.path = path;
    request.query = FormEncode(query);
    request.target = path + "?" + request.query;
    request.tls = true;
    request.headers.Set("Host", "localhost:8443");
    return oauth_->Handle(request);
  }
  // A step of the authorize pages.
  Answer Ask(const std::string& method, const std::string& query, const FormFields& form,
             const std::string& sid) {
    net::ServerRequest request;
    request.method = method;
    request.path = "/services/oauth2/authorize";
    request.query = query;
    request.target = request.path + "?" + query;
    request.tls = true;
    request.body = FormEncode(form);
    request.headers.Set("Host", "localhost:8443");
    if (!sid.empty()) request.headers.Set("Cookie", "other=1; sid=" + sid);
    return oauth_->Handle(request);
  }
  std::string AuthorizeQuery(const FormFields& more) {
    FormFields query = {{"response_type", "code"},
                        {"client_id", FirstApp().client_id},
                        {"redirect_uri", FirstApp().redirect_uris.front()},
                        {"state", "a b&c"}};
    query.insert(query.end(), more.begin(), more.end());
    return FormEncode(query);
  }
  // The cookie that the sign-in page gives.
  std::string SignedIn() {
    const Answer answer =
        Ask("POST", AuthorizeQuery({}), {{"un", users_.user.username}, {"pw", "any"}}, "");
    const std::string cookie = answer.headers.GetOr("Set-Cookie", "");
    return cookie.substr(4, cookie.find(';') - 4);
  }
  // The code that a signed-in person's browser is sent back with; empty when a page stands before.
  std::string CodeFor(const FormFields& more) {
    const Answer answer = Ask("GET", AuthorizeQuery(more), {}, SignedIn());
    const std::string to = answer.headers.GetOr("Location", "");
    const size_t at = to.find("code=");
    if (at == std::string::npos) return "";
    EXPECT_NE(to.find("&state=a"), std::string::npos) << to;
    return PercentDecode(to.substr(at + 5, to.find('&', at) - at - 5), true).value();
  }
  Answer Bearer(const json& claims, const std::string& key_pem) {
    return Post("/services/oauth2/token",
                {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                 {"assertion", Sign(claims, key_pem)}});
  }
  static std::string ErrorOf(const Answer& answer) {
    const json body = json::parse(answer.body);
    return std::to_string(answer.status) + " " + body.value("error", "") + ": " +
           body.value("error_description", "");
  }

  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  ManualClock clock_{SystemClock().Now()};
  std::unique_ptr<Random> random_ = SeededRandom(7);
  OneUser users_;
  std::unique_ptr<ApiDb> db_;
  std::unique_ptr<AppRegistry> apps_;
  std::unique_ptr<SessionStore> sessions_;
  std::unique_ptr<SigningKeys> keys_;
  std::unique_ptr<AuthCodes> codes_;
  std::unique_ptr<Passwords> passwords_;
  std::unique_ptr<OAuth> oauth_;
  std::vector<SignInAttempt> attempts_;
};

TEST_F(OAuthTest, JwtBearerAnswersWhatClientsNeed) {
  const Answer answer = Bearer(Claims(), DemoKey());
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json body = json::parse(answer.body);
  EXPECT_EQ(body["token_type"], "Bearer");
  EXPECT_EQ(body["instance_url"], "https://localhost:8443");
  EXPECT_EQ(body["id"], "https://localhost:8443/id/" + std::string(kOrgId) + "/" + users_.user.id);
  EXPECT_TRUE(body["access_token"].get<std::string>().starts_with("00D5g000000Firn!"));
  EXPECT_FALSE(body.contains("refresh_token"));
  EXPECT_TRUE(
      sessions_->Find(SessionStore::TokenKind::kAccess, body["access_token"].get<std::string>()));
}

TEST_F(OAuthTest, LoginHostIsAnsweredWithTheMyDomainAddress) {
  const Answer answer = Post("/services/oauth2/token",
                             {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                              {"assertion", Sign(Claims(), DemoKey())}},
                             "", "login.salesforce.com");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto instance = json::parse(answer.body)["instance_url"].get<std::string>();
  EXPECT_TRUE(instance.ends_with(".my.salesforce.com")) << instance;
}

TEST_F(OAuthTest, JwtBearerRefusalsCarryTheVendorsTexts) {
  const auto other = MintAppKey("other", clock_.Now()).value();
  const auto with = [&](const char* claim, const json& value) {
    json claims = Claims();
    claims[claim] = value;
    return ErrorOf(Bearer(claims, DemoKey()));
  };
  EXPECT_EQ(ErrorOf(Bearer(Claims(), other.key_pem)), "400 invalid_grant: invalid assertion");
  EXPECT_EQ(with("iss", "nobody"), "400 invalid_client_id: client identifier invalid");
  EXPECT_EQ(with("aud", "https://example.com"), "400 invalid_grant: audience is invalid");
  EXPECT_EQ(with("exp", NowSeconds() - 1), "400 invalid_grant: expired authorization code");
  EXPECT_EQ(with("sub", "eve@firn.example"),
            "400 invalid_grant: user hasn't approved this consumer");
  EXPECT_EQ(ErrorOf(Post("/services/oauth2/token", {{"grant_type", "magic"}})),
            "400 unsupported_grant_type: grant type not supported");
}

TEST_F(OAuthTest, UserWhomNobodyApprovedIsRefused) {
  App app = FirstApp();
  app.users = {"somebody@firn.example"};
  ASSERT_TRUE(apps_->Put(app));
  EXPECT_EQ(ErrorOf(Bearer(Claims(), DemoKey())),
            "400 invalid_grant: user hasn't approved this consumer");
}

TEST_F(OAuthTest, BothKeysServeWhileTwoCertificatesAreThere) {
  const auto next = MintAppKey("next", clock_.Now()).value();
  const std::string id = FirstApp().client_id;
  ASSERT_TRUE(apps_->AddCertificate(id, {"next", next.certificate_pem}));
  EXPECT_EQ(Bearer(Claims(), DemoKey()).status, 200);
  EXPECT_EQ(Bearer(Claims(), next.key_pem).status, 200);
  ASSERT_TRUE(apps_->RemoveCertificate(id, "demo"));
  EXPECT_EQ(ErrorOf(Bearer(Claims(), DemoKey())), "400 invalid_grant: invalid assertion");
  EXPECT_EQ(Bearer(Claims(), next.key_pem).status, 200);
}

TEST_F(OAuthTest, AssertionSignedWithAnotherAlgorithmIsRefused) {
  const std::string input = Base64Url(R"({"alg":"none"})") + "." + Base64Url(Claims().dump());
  EXPECT_EQ(ErrorOf(Post("/services/oauth2/token",
                         {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                          {"assertion", input + "."}})),
            "400 invalid_grant: invalid assertion");
}

TEST_F(OAuthTest, ClientCredentialsComeByHeaderOrBody) {
  const App app = FirstApp();
  const std::string secret = app.client_secret.Reveal();
  const Answer body = Post("/services/oauth2/token", {{"grant_type", "client_credentials"},
                                                      {"client_id", app.client_id},
                                                      {"client_secret", secret}});
  EXPECT_EQ(body.status, 200) << body.body;
  const Answer header = Post("/services/oauth2/token", {{"grant_type", "client_credentials"}},
                             "Basic " + Base64(app.client_id + ":" + secret));
  EXPECT_EQ(header.status, 200) << header.body;
  EXPECT_EQ(ErrorOf(Post("/services/oauth2/token", {{"grant_type", "client_credentials"},
                                                    {"client_id", app.client_id},
                                                    {"client_secret", "wrong"}})),
            "400 invalid_client: invalid client credentials");
  EXPECT_EQ(ErrorOf(Post("/services/oauth2/token", {{"grant_type", "client_credentials"}},
                         "Basic " + Base64(app.client_id + ":" + secret), "login.salesforce.com")),
            "400 invalid_grant: request not supported on this domain");
}

TEST_F(OAuthTest, ClientCredentialsNeedARunAsUser) {
  App app = FirstApp();
  app.run_as.clear();
  ASSERT_TRUE(apps_->Put(app));
  EXPECT_EQ(
      ErrorOf(Post("/services/oauth2/token", {{"grant_type", "client_credentials"},
                                              {"client_id", app.client_id},
                                              {"client_secret", app.client_secret.Reveal()}})),
      "400 invalid_grant: no client credentials user enabled");
}

TEST_F(OAuthTest, RotatedRefreshTokenServesOnce) {
  App app = FirstApp();
  app.rotate_refresh_tokens = true;
  ASSERT_TRUE(apps_->Put(app));
  Session session;
  session.user_id = users_.user.id;
  session.client_id = app.client_id;
  session.scopes = "api refresh_token";
  const auto token = sessions_->Issue(SessionStore::TokenKind::kRefresh, session).value();
  const auto refresh = [&](const std::string& with) {
    return Post(
        "/services/oauth2/token",
        {{"grant_type", "refresh_token"}, {"client_id", app.client_id}, {"refresh_token", with}});
  };
  const Answer first = refresh(token);
  ASSERT_EQ(first.status, 200) << first.body;
  const auto next = json::parse(first.body)["refresh_token"].get<std::string>();
  EXPECT_NE(next, token);
  EXPECT_EQ(ErrorOf(refresh(token)), "400 invalid_grant: expired access/refresh token");
  EXPECT_EQ(refresh(next).status, 200);
}

TEST_F(OAuthTest, RefreshTokenWithoutRotationServesAgainAndAgain) {
  Session session;
  session.user_id = users_.user.id;
  session.client_id = FirstApp().client_id;
  session.scopes = "api";
  const auto token = sessions_->Issue(SessionStore::TokenKind::kRefresh, session).value();
  for (int i = 0; i < 2; ++i) {
    const Answer answer = Post("/services/oauth2/token", {{"grant_type", "refresh_token"},
                                                          {"client_id", session.client_id},
                                                          {"refresh_token", token}});
    ASSERT_EQ(answer.status, 200);
    EXPECT_FALSE(json::parse(answer.body).contains("refresh_token"));
  }
}

TEST_F(OAuthTest, SessionsSurviveARestartAndEndByTime) {
  const auto token =
      json::parse(Bearer(Claims(), DemoKey()).body)["access_token"].get<std::string>();
  Open();
  EXPECT_TRUE(sessions_->Find(SessionStore::TokenKind::kAccess, token));
  clock_.Advance(std::chrono::hours(3));
  EXPECT_FALSE(sessions_->Find(SessionStore::TokenKind::kAccess, token));
}

TEST_F(OAuthTest, SessionIsRenewedByUseInItsSecondHalf) {
  const auto token =
      json::parse(Bearer(Claims(), DemoKey()).body)["access_token"].get<std::string>();
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(std::chrono::minutes(70));
    EXPECT_TRUE(sessions_->Find(SessionStore::TokenKind::kAccess, token)) << i;
  }
}

TEST_F(OAuthTest, RevokedTokenIsIntrospectedAsInactive) {
  const auto token =
      json::parse(Bearer(Claims(), DemoKey()).body)["access_token"].get<std::string>();
  const App app = FirstApp();
  const auto introspect = [&] {
    return json::parse(
        Post("/services/oauth2/introspect", {{"token", token},
                                             {"client_id", app.client_id},
                                             {"client_secret", app.client_secret.Reveal()}})
            .body);
  };
  const json active = introspect();
  EXPECT_EQ(active["active"], true);
  EXPECT_EQ(active["username"], users_.user.username);
  EXPECT_EQ(Post("/services/oauth2/revoke", {{"token", token}}).status, 200);
  EXPECT_EQ(introspect()["active"], false);
}

TEST_F(OAuthTest, TokensAndSecretsAreNotInTheDatabase) {
  const auto token =
      json::parse(Bearer(Claims(), DemoKey()).body)["access_token"].get<std::string>();
  sessions_.reset();
  std::string bytes;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().filename().string().starts_with("api.db")) {
      bytes += ReadFile(entry.path()).value();
    }
  }
  ASSERT_FALSE(bytes.empty());
  EXPECT_EQ(bytes.find(token), std::string::npos);
}

TEST_F(OAuthTest, AppThatIssuesJwtTokensAnswersOneThatItsKeySetVerifies) {
  App app = FirstApp();
  app.jwt_tokens = true;
  ASSERT_TRUE(apps_->Put(app));
  const json body = json::parse(Bearer(Claims(), DemoKey()).body);
  const auto token = body["access_token"].get<std::string>();
  const size_t dot = token.find('.');
  const json header = json::parse(FromBase64Url(token.substr(0, dot)).value());
  EXPECT_EQ(header["alg"], "RS256");
  EXPECT_EQ(header["typ"], "JWT");
  EXPECT_EQ(header["tty"], "sfdc-core-token");
  EXPECT_EQ(header["ver"], "1.0");
  EXPECT_TRUE(header.contains("tnk"));
  const json claims =
      json::parse(FromBase64Url(token.substr(dot + 1, token.rfind('.') - dot - 1)).value());
  EXPECT_EQ(claims["iss"], "https://localhost:8443");
  EXPECT_EQ(claims["aud"], json::array({"https://localhost:8443"}));
  EXPECT_EQ(claims["sub"], "uid:" + users_.user.id);
  EXPECT_EQ(claims["client_id"], app.client_id);
  EXPECT_EQ(claims["exp"].get<int64_t>() - claims["iat"].get<int64_t>(), 7200);
  EXPECT_TRUE(sessions_->Find(SessionStore::TokenKind::kAccess, token));
  EXPECT_TRUE(keys_->Verifies(token).value());
  std::string forged = token;
  forged[dot + 5] = forged[dot + 5] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(keys_->Verifies(forged).value());
  EXPECT_FALSE(sessions_->Find(SessionStore::TokenKind::kAccess, forged));
}

TEST_F(OAuthTest, RotatedSigningKeyStaysPublishedUntilItIsDropped) {
  App app = FirstApp();
  app.jwt_tokens = true;
  ASSERT_TRUE(apps_->Put(app));
  const auto token =
      json::parse(Bearer(Claims(), DemoKey()).body)["access_token"].get<std::string>();
  const std::string next = keys_->Rotate().value();
  Open();  // keys survive a restart
  const json set = json::parse(Get("/id/keys").body);
  ASSERT_EQ(set["keys"].size(), 2U);
  EXPECT_EQ(set["keys"][0]["kid"], next);
  EXPECT_TRUE(keys_->Verifies(token).value());
  EXPECT_EQ(keys_->DropOld().value(), 1U);
  EXPECT_FALSE(keys_->Verifies(token).value());
}

TEST_F(OAuthTest, JwtTokenEndsWhenItSaysAndIsNotRenewedByUse) {
  App app = FirstApp();
  app.jwt_tokens = true;
  app.session_length = std::chrono::minutes(10);
  ASSERT_TRUE(apps_->Put(app));
  const auto token =
      json::parse(Bearer(Claims(), DemoKey()).body)["access_token"].get<std::string>();
  clock_.Advance(std::chrono::minutes(9));
  EXPECT_TRUE(sessions_->Find(SessionStore::TokenKind::kAccess, token));
  clock_.Advance(std::chrono::minutes(2));
  EXPECT_FALSE(sessions_->Find(SessionStore::TokenKind::kAccess, token));
}

TEST_F(OAuthTest, DiscoveryNamesTheEndpointsAtTheAddressThatWasAsked) {
  const json found = json::parse(Get("/.well-known/openid-configuration").body);
  EXPECT_EQ(found["issuer"], "https://localhost:8443");
  EXPECT_EQ(found["jwks_uri"], "https://localhost:8443/id/keys");
  EXPECT_EQ(found["token_endpoint"], "https://localhost:8443/services/oauth2/token");
}

TEST_F(OAuthTest, OpenidScopeBringsAnIdTokenThatNamesTheUser) {
  const json body = json::parse(Bearer(Claims(), DemoKey()).body);
  const auto token = body["id_token"].get<std::string>();
  const size_t dot = token.find('.');
  const json claims =
      json::parse(FromBase64Url(token.substr(dot + 1, token.rfind('.') - dot - 1)).value());
  EXPECT_EQ(claims["aud"], FirstApp().client_id);
  EXPECT_EQ(claims["sub"], body["id"]);
  EXPECT_EQ(claims["preferred_username"], users_.user.username);
  EXPECT_EQ(claims["at_hash"],
            Base64Url(Sha256(body["access_token"].get<std::string>()).substr(0, 16)));
}

TEST_F(OAuthTest, CodeFlowWithPkceSignsInAndServesTheCodeOnce) {
  const std::string verifier = "a-verifier-of-at-least-forty-three-characters-x";
  const std::string code = CodeFor({{"code_challenge", Base64Url(Sha256(verifier))}});
  ASSERT_FALSE(code.empty());
  const FormFields form = {{"grant_type", "authorization_code"},
                           {"client_id", FirstApp().client_id},
                           {"client_secret", FirstApp().client_secret.Reveal()},
                           {"redirect_uri", FirstApp().redirect_uris.front()},
                           {"code_verifier", verifier},
                           {"code", code}};
  const Answer answer = Post("/services/oauth2/token", form);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json body = json::parse(answer.body);
  EXPECT_TRUE(body.contains("refresh_token"));
  EXPECT_TRUE(body.contains("id_token"));
  EXPECT_EQ(ErrorOf(Post("/services/oauth2/token", form)),
            "400 invalid_grant: expired authorization code");
}

TEST_F(OAuthTest, CodeFlowRefusalsCarryTheVendorsTexts) {
  const std::string verifier = "a-verifier-of-at-least-forty-three-characters-x";
  const auto exchange = [&](const std::string& challenge, const FormFields& more,
                            const std::string& redirect) {
    FormFields asked;
    if (!challenge.empty()) asked.emplace_back("code_challenge", challenge);
    FormFields form = {{"grant_type", "authorization_code"},
                       {"client_id", FirstApp().client_id},
                       {"client_secret", FirstApp().client_secret.Reveal()},
                       {"redirect_uri", redirect},
                       {"code", CodeFor(asked)}};
    form.insert(form.end(), more.begin(), more.end());
    return ErrorOf(Post("/services/oauth2/token", form));
  };
  const std::string home = FirstApp().redirect_uris.front();
  const std::string challenge = Base64Url(Sha256(verifier));
  EXPECT_EQ(exchange(challenge, {{"code_verifier", "another"}}, home),
            "400 invalid_request: invalid code verifier");
  EXPECT_EQ(exchange(challenge, {}, home), "400 invalid_grant: invalid code verifier");
  EXPECT_EQ(exchange("", {{"code_verifier", verifier}}, home),
            "400 invalid_grant: invalid code verifier");
  EXPECT_EQ(exchange("", {}, "http://localhost:9/other"),
            "400 redirect_uri_mismatch: redirect_uri must match configuration");
}

TEST_F(OAuthTest, CodeIsTooOldAfterAQuarterOfAnHour) {
  const std::string code = CodeFor({});
  clock_.Advance(std::chrono::minutes(16));
  EXPECT_EQ(
      ErrorOf(Post("/services/oauth2/token", {{"grant_type", "authorization_code"},
                                              {"client_id", FirstApp().client_id},
                                              {"client_secret", FirstApp().client_secret.Reveal()},
                                              {"redirect_uri", FirstApp().redirect_uris.front()},
                                              {"code", code}})),
      "400 invalid_grant: expired authorization code");
}

TEST_F(OAuthTest, ForeignCallbackIsNeverRedirectedTo) {
  const Answer answer =
      Get("/services/oauth2/authorize", {{"response_type", "code"},
                                         {"client_id", FirstApp().client_id},
                                         {"redirect_uri", "https://evil.example/steal"}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_FALSE(answer.headers.Get("Location"));
  EXPECT_NE(answer.body.find("redirect_uri_mismatch"), std::string::npos);
}

TEST_F(OAuthTest, SelfAuthorizedAppNeedsTheUsersApprovalBeforeJwtBearer) {
  App app = FirstApp();
  app.self_authorize = true;
  ASSERT_TRUE(apps_->Put(app));
  EXPECT_EQ(ErrorOf(Bearer(Claims(), DemoKey())),
            "400 invalid_grant: user hasn't approved this consumer");
  EXPECT_TRUE(CodeFor({}).empty());  // the approval page stands before the code
  const std::string sid = SignedIn();
  const std::string query = AuthorizeQuery({});
  const Answer page = Ask("GET", query, {}, sid);
  const size_t at = page.body.find("name=\"seal\" value=\"") + 19;
  const std::string seal = page.body.substr(at, page.body.find('"', at) - at);
  // Without the page's seal nobody approves, whatever cookie the browser sends.
  EXPECT_EQ(Ask("POST", query, {{"decision", "allow"}, {"seal", "guess"}}, sid).status, 200);
  const Answer denied = Ask("POST", query, {{"decision", "deny"}, {"seal", seal}}, sid);
  EXPECT_NE(denied.headers.GetOr("Location", "").find("error=access_denied"), std::string::npos);
  const Answer allowed = Ask("POST", query, {{"decision", "allow"}, {"seal", seal}}, sid);
  EXPECT_NE(allowed.headers.GetOr("Location", "").find("code="), std::string::npos);
  EXPECT_EQ(Bearer(Claims(), DemoKey()).status, 200);
  Open();
  EXPECT_EQ(Bearer(Claims(), DemoKey()).status, 200);
}

TEST_F(OAuthTest, SilentRequestWithoutASessionIsSentBack) {
  const Answer answer = Ask("GET", AuthorizeQuery({{"prompt", "none"}}), {}, "");
  EXPECT_EQ(answer.status, 302);
  EXPECT_NE(answer.headers.GetOr("Location", "").find("error=immediate_unsuccessful"),
            std::string::npos);
}

TEST_F(OAuthTest, ScopeThatTheAppHasNotIsRefused) {
  const Answer answer = Ask("GET", AuthorizeQuery({{"scope", "api wave_api"}}), {}, SignedIn());
  EXPECT_NE(answer.headers.GetOr("Location", "").find("error=invalid_scope"), std::string::npos);
}

TEST_F(OAuthTest, PasswordOnceSetMustBeGivenWithItsSecurityToken) {
  App app = FirstApp();
  app.password_flow = true;
  ASSERT_TRUE(apps_->Put(app));
  const auto with = [&](const std::string& password) {
    return Post("/services/oauth2/token", {{"grant_type", "password"},
                                           {"client_id", app.client_id},
                                           {"client_secret", app.client_secret.Reveal()},
                                           {"username", users_.user.username},
                                           {"password", password}});
  };
  EXPECT_EQ(with("anything").status, 200);
  ASSERT_TRUE(passwords_->Set(users_.user.id, "s3cretTOKEN"));
  EXPECT_EQ(ErrorOf(with("s3cret")), "400 invalid_grant: authentication failure");
  EXPECT_EQ(with("s3cretTOKEN").status, 200);
  EXPECT_EQ(attempts_[1].status, "Invalid Password");
  EXPECT_EQ(attempts_[2].status, "Success");
}

TEST_F(OAuthTest, RevokedRefreshTokenEndsItsAccessTokensToo) {
  const json body = Authorized();
  EXPECT_EQ(Post("/services/oauth2/revoke", {{"token", body["refresh_token"]}}).status, 200);
  EXPECT_FALSE(
      sessions_->Find(SessionStore::TokenKind::kAccess, body["access_token"].get<std::string>()));
  EXPECT_EQ(ErrorOf(Post("/services/oauth2/revoke", {{"token", "nonsense"}})),
            "400 unsupported_token_type: this token type is not supported");
}

TEST_F(OAuthTest, RevokedRefreshTokenLeavesOtherAuthorizationsOfTheAppAlone) {
  const json first = Authorized();
  const json second = Authorized();
  const auto refreshed = json::parse(Refresh(first["refresh_token"]).body);
  Open();  // what belongs together is known after a restart too
  EXPECT_EQ(Post("/services/oauth2/revoke", {{"token", first["refresh_token"]}}).status, 200);
  EXPECT_FALSE(Lives(first["access_token"]));
  EXPECT_FALSE(Lives(refreshed["access_token"])) << "made by the refresh token";
  EXPECT_TRUE(Lives(second["access_token"]));
  EXPECT_EQ(Refresh(second["refresh_token"]).status, 200);
  EXPECT_EQ(ErrorOf(Refresh(first["refresh_token"])),
            "400 invalid_grant: expired access/refresh token");
}

TEST_F(OAuthTest, RevokedAccessTokenLeavesItsRefreshToken) {
  const json body = Authorized();
  EXPECT_EQ(Post("/services/oauth2/revoke", {{"token", body["access_token"]}}).status, 200);
  EXPECT_FALSE(Lives(body["access_token"]));
  EXPECT_EQ(ErrorOf(Post("/services/oauth2/revoke", {{"token", body["access_token"]}})),
            "400 unsupported_token_type: this token type is not supported");
  EXPECT_EQ(Refresh(body["refresh_token"]).status, 200);
}

TEST_F(OAuthTest, RevokesByGetAndForScripts) {
  const json body = Authorized();
  EXPECT_EQ(Get("/services/oauth2/revoke", {{"token", body["access_token"]}}).status, 200);
  const Answer done =
      Get("/services/oauth2/revoke", {{"token", body["refresh_token"]}, {"callback", "app.done"}});
  EXPECT_EQ(done.body, "app.done({});");
  const Answer again =
      Get("/services/oauth2/revoke", {{"token", body["refresh_token"]}, {"callback", "app.done"}});
  EXPECT_EQ(again.body, R"(app.done({"error":"unsupported_token_type"});)");
  const Answer script =
      Get("/services/oauth2/revoke", {{"token", "x"}, {"callback", "alert(1)//"}});
  EXPECT_EQ(script.body.find("alert"), std::string::npos) << "a callback is a name";
}

TEST_F(OAuthTest, KeyAndAppFileAreForTheOwnerOnly) {
  ASSERT_TRUE(keys_->Ids());
  for (const char* name : {"/apps.json", "/keys/demo.key", "/keys/signing.json"}) {
    const auto mode = std::filesystem::status(folder_ + name).permissions();
    EXPECT_EQ(mode & std::filesystem::perms(0077), std::filesystem::perms::none) << name;
  }
}

}  // namespace
}  // namespace firn::sandbox
