// What could go wrong in production: a session that lives on after its user left or was shut out,
// a browser's session that opens the APIs, a logout that no audit sees.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "sandbox/api_rig_test.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

class LogoutTest : public ApiRig {
 protected:
  static constexpr const char* kLimits = "/services/data/v60.0/limits";

  int Status(const std::string& token) {
    net::Headers headers;
    headers.Set("Authorization", "Bearer " + token);
    return Get(kLimits, headers).status;
  }
  net::Response Browse(const std::string& method, const std::string& path, const std::string& sid,
                       const std::string& form = "") {
    net::Headers headers;
    headers.Set("Authorization", "none");
    headers.Set("Content-Type", "application/x-www-form-urlencoded");
    if (!sid.empty()) headers.Set("Cookie", "sid=" + sid);
    return Send(method, path, form, headers);
  }
  // A person's session: of the login page, told by its cookie.
  std::string Person() {
    const auto apps = json::parse(ReadFile(folder_ + "/apps.json").value());
    const std::string path = "/services/oauth2/authorize?" + AuthorizeQuery(apps["apps"][0]);
    const auto answer =
        Browse("POST", path, "", FormEncode({{"un", sandbox_->username()}, {"pw", "password"}}));
    const std::string cookie = answer.headers.GetOr("Set-Cookie", "");
    EXPECT_TRUE(cookie.starts_with("sid=")) << answer.status << answer.body;
    return cookie.substr(4, cookie.find(';') - 4);
  }
  static std::string AuthorizeQuery(const json& app) {
    return FormEncode({{"response_type", "code"},
                       {"client_id", app["client_id"]},
                       {"redirect_uri", app["redirect_uris"][0]}});
  }
  bool IsSignedIn(const std::string& sid) {
    const auto apps = json::parse(ReadFile(folder_ + "/apps.json").value());
    const auto answer =
        Browse("GET", "/services/oauth2/authorize?" + AuthorizeQuery(apps["apps"][0]), sid);
    return answer.headers.GetOr("Location", "").find("code=") != std::string::npos;
  }
  std::vector<std::string> LoggedTypes() {
    EXPECT_EQ(Send("POST", "/sandbox/event_logs").status, 204);
    const json rows = Parse(Send(
        "POST", "/sandbox/query",
        json{{"soql", "SELECT EventType FROM EventLogFile WHERE Interval = 'Hourly'"}}.dump()));
    std::vector<std::string> types;
    for (const json& row : rows["records"]) types.push_back(row["EventType"]);
    return types;
  }
  static bool Holds(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  }
  std::string Administrator() {
    const json rows = Parse(
        Send("POST", "/sandbox/query",
             json{{"soql", "SELECT Id FROM User WHERE Username = '" + sandbox_->username() + "'"}}
                 .dump()));
    return rows["records"][0]["Id"];
  }
};

TEST_F(LogoutTest, LogoutPageEndsTheBrowsersSessionAndTakesItsCookie) {
  const std::string sid = Person();
  ASSERT_TRUE(IsSignedIn(sid));
  const auto answer = Browse("GET", "/secur/logout.jsp", sid);
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(answer.headers.GetOr("Location", ""), "/");
  EXPECT_NE(answer.headers.GetOr("Set-Cookie", "").find("sid=; Path=/; Max-Age=0"),
            std::string::npos);
  EXPECT_FALSE(IsSignedIn(sid));
  EXPECT_EQ(Status(token_), 200) << "an app's token is not the browser's";
  EXPECT_EQ(Browse("GET", "/secur/logout.jsp", "").status, 302) << "also without a session";
  EXPECT_TRUE(Holds(LoggedTypes(), "Logout"));
}

TEST_F(LogoutTest, EndSessionEndpointOfDiscoveryEndsTheHintedTokenToo) {
  const std::string endpoint =
      GetJson("/.well-known/openid-configuration").value("end_session_endpoint", "");
  const std::string path = "/services/auth/idp/oidc/logout";
  EXPECT_TRUE(endpoint.ends_with(path)) << endpoint;
  const std::string sid = Person();
  const std::string other = sandbox_->NewAccessToken().value();
  const auto answer =
      Browse("GET",
             path + "?" +
                 FormEncode({{"id_token_hint", other},
                             {"post_logout_redirect_uri", "https://elsewhere.example"}}),
             sid);
  EXPECT_EQ(answer.headers.GetOr("Location", ""), "/") << "the caller's redirect is not followed";
  EXPECT_FALSE(IsSignedIn(sid));
  EXPECT_EQ(Status(other), 401);
  EXPECT_EQ(Status(token_), 200);
}

TEST_F(LogoutTest, BrowsersSessionOpensNoApi) {
  const std::string sid = Person();
  EXPECT_EQ(Status(sid), 401);
  net::Headers headers;
  headers.Set("X-SFDC-Session", sid);
  headers.Set("Authorization", "none");
  const auto answer = Send("POST", "/services/async/60.0/job",
                           R"({"operation":"query","object":"Account"})", headers);
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("InvalidSessionId"), std::string::npos) << answer.body;
}

TEST_F(LogoutTest, SoapLogoutIsAuditedAndASecondOneIsRefused) {
  const std::string body = "<Envelope><Header><SessionHeader><sessionId>" + token_ +
                           "</sessionId></SessionHeader></Header><Body><logout/></Body></Envelope>";
  EXPECT_EQ(Send("POST", "/services/Soap/u/60.0", body).status, 200);
  EXPECT_EQ(Status(token_), 401);
  const auto again = Send("POST", "/services/Soap/u/60.0", body);
  EXPECT_EQ(again.status, 500);
  EXPECT_NE(again.body.find("INVALID_SESSION_ID"), std::string::npos);
  EXPECT_TRUE(Holds(LoggedTypes(), "Logout"));
}

TEST_F(LogoutTest, SessionsEndWhenTheirUserIsDeactivated) {
  const std::string user = Administrator();
  const auto id = ParseId(user).value();
  ASSERT_TRUE(sandbox_->org().Update(id, {{"Title", "Chief"}}, {}));
  EXPECT_EQ(Status(token_), 200) << "a change of another field ends nothing";
  ASSERT_TRUE(sandbox_->org().Update(id, {{"IsActive", "false"}}, {}));
  const auto refused = Get(kLimits);
  EXPECT_EQ(ErrorOf(refused), "401 INVALID_SESSION_ID");
  ASSERT_TRUE(sandbox_->org().Update(id, {{"IsActive", "true"}}, {}));
  EXPECT_EQ(Status(token_), 401) << "the session is not back with the user";
  Start();
  EXPECT_EQ(Status(token_), 401) << "nor after a restart";
  EXPECT_EQ(Status(sandbox_->NewAccessToken().value()), 200);
}

TEST_F(LogoutTest, AFrontDoorAddressSignsABrowserInOnceAndOpensNoApi) {
  const json made = GetJson("/services/oauth2/singleaccess?redirect_uri=/lightning/page/home");
  const std::string uri = made["frontdoor_uri"];
  ASSERT_TRUE(uri.starts_with(sandbox_->http_url() + "/secur/frontdoor.jsp?otp=")) << uri;
  const std::string path = uri.substr(sandbox_->http_url().size());
  const auto opened = Browse("GET", path, "");
  EXPECT_EQ(opened.status, 302);
  EXPECT_EQ(opened.headers.GetOr("Location", ""), "/lightning/page/home");
  const std::string cookie = opened.headers.GetOr("Set-Cookie", "");
  ASSERT_TRUE(cookie.starts_with("sid=")) << cookie;
  const std::string sid = cookie.substr(4, cookie.find(';') - 4);
  EXPECT_TRUE(IsSignedIn(sid));
  EXPECT_EQ(Status(sid), 401);
  EXPECT_FALSE(Browse("GET", path, "").headers.Get("Set-Cookie")) << "once only";
  const auto older = Browse("POST", "/secur/frontdoor.jsp", "",
                            FormEncode({{"sid", token_}, {"retURL", "//elsewhere.example"}}));
  EXPECT_TRUE(older.headers.Get("Set-Cookie"));
  EXPECT_EQ(older.headers.GetOr("Location", ""), "/") << "to no other host";
  EXPECT_FALSE(Browse("GET", "/secur/frontdoor.jsp?sid=nothing", "").headers.Get("Set-Cookie"));
  EXPECT_EQ(Browse("GET", "/services/oauth2/singleaccess", "").status, 403);
}

}  // namespace
}  // namespace firn::sandbox
