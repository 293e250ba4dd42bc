// What could go wrong in production: a key in a log, an endpoint that is called more often than it
// allows, a token that is used past its life, or an answer cut short that counts as success.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <mutex>

#include "core/base/time_text.h"
#include "core/net/server.h"
#include "patterns/events/target/target.h"
#include "tests/support/test_folder.h"

namespace firn::events {
namespace {

class FixedSecrets final : public config::SecretResolver {
 public:
  Result<Secret> Resolve(const Call&, const config::SecretRef& ref) override {
    return Secret("secret-" + ref.name);
  }
};

// A server of the test's own, and a target that calls it.
class HttpTargetTest : public testing::Test {
 protected:
  HttpTargetTest() {
    auto server =
        net::Listen({}, [this](net::ServerRequest request, const Call&, net::Reply reply) {
          net::ServerResponse response;
          {
            const std::lock_guard lock(mutex_);
            response = answer_ ? answer_(request) : net::ServerResponse{};
            requests_.push_back(std::move(request));
          }
          std::move(reply).Answer(std::move(response));
        });
    if (!server) throw std::runtime_error(server.error().OneLine());
    server_ = *std::move(server);
    transport_ = *net::NewHttpClient({.proxy = "none"});
  }

  // `connection` and `target` are members of the JSON files.
  void OpenWith(const std::string& connection, const std::string& target = "",
                const std::string& endpoint = "/hook", const std::string& more = "") {
    for (const char* name : {"rules", "destinations"}) {
      std::filesystem::create_directories(folder_.path() + "/" + name);
    }
    const std::string url = "http://127.0.0.1:" + std::to_string(server_->port());
    std::string text = R"({"InvocationEndpoint":")" + url + endpoint + R"(","HttpMethod":"POST")" +
                       more + (connection.empty() ? "" : R"(,"Connection":)" + connection) + "}";
    for (size_t at = 0; (at = text.find("{url}")) != std::string::npos;) text.replace(at, 5, url);
    std::ofstream(folder_.path() + "/destinations/d.json") << text;
    std::ofstream(folder_.path() + "/rules/r.json")
        << R"({"EventPattern":{"a":[1]},"Targets":[{"Id":"t","Arn":"firn:api-destination/d")"
        << target << "}]}";
    config::Problems problems;
    rules_ = project::LoadRules(folder_.path(), {}, &problems);
    ASSERT_TRUE(problems.empty()) << problems.front().OneLine();
    TargetParts parts;
    parts.transport = transport_.get();
    parts.secrets = &secrets_;
    parts.rules = &rules_;
    target_ = *NewTarget(rules_.rules[0].targets[0], parts);
  }
  std::optional<Error> Deliver(const std::string& input = R"({"n":1.50})") {
    const TargetEntry entry = {&event_, input, "", "key"};
    auto outcomes = target_->Deliver(call_, std::span(&entry, 1));
    if (!outcomes) return outcomes.error();
    return outcomes->at(0);
  }
  void AnswerWith(int status, net::Headers headers = {}) {
    answer_ = [=](const net::ServerRequest&) {
      net::ServerResponse response;
      response.status = status;
      response.headers = headers;
      return response;
    };
  }
  net::ServerRequest Last() {
    const std::lock_guard lock(mutex_);
    net::ServerRequest copy;
    const net::ServerRequest& last = requests_.back();
    copy.method = last.method;
    copy.target = last.target;
    copy.headers = last.headers;
    copy.body = last.body;
    return copy;
  }
  std::string Header(std::string_view name) { return Last().headers.GetOr(name, ""); }

  Call call_;
  RuleEvent event_ = *ParseRuleEvent(
      R"({"id":"e1","source":"s","detail-type":"d","detail":{"Id":"001 A","n":7}})");
  TestFolder folder_;
  FixedSecrets secrets_;
  project::RuleSet rules_;
  std::mutex mutex_;
  std::function<net::ServerResponse(const net::ServerRequest&)> answer_;
  std::vector<net::ServerRequest> requests_;
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<net::Transport> transport_;
  std::unique_ptr<Target> target_;
};

constexpr char kNone[] = R"({"AuthorizationType":"NONE"})";

TEST_F(HttpTargetTest, SendsTheInputWithEventBridgesHeaders) {
  OpenWith(kNone);
  ASSERT_FALSE(Deliver());
  EXPECT_EQ(Last().method, "POST");
  EXPECT_EQ(Last().body, R"({"n":1.50})");
  EXPECT_EQ(Header("User-Agent"), "Amazon/EventBridge/ApiDestinations");
  EXPECT_EQ(Header("Content-Type"), "application/json; charset=utf-8");
}

TEST_F(HttpTargetTest, AuthorizesByBasicAndByApiKey) {
  OpenWith(R"({"AuthorizationType":"BASIC","AuthParameters":{"BasicAuthParameters":)"
           R"({"Username":"firn","Password":"${env:P}"}}})");
  ASSERT_FALSE(Deliver());
  EXPECT_EQ(Header("Authorization"), "Basic ZmlybjpzZWNyZXQtUA==");
  OpenWith(R"({"AuthorizationType":"API_KEY","AuthParameters":{"ApiKeyAuthParameters":)"
           R"({"ApiKeyName":"X-Key","ApiKeyValue":"${env:K}"}}})");
  ASSERT_FALSE(Deliver());
  EXPECT_EQ(Header("X-Key"), "secret-K");
}

TEST_F(HttpTargetTest, GetsOneTokenForManyCallsAndANewOneWhenItIsRefused) {
  OpenWith(R"({"AuthorizationType":"OAUTH_CLIENT_CREDENTIALS","AuthParameters":{"OAuthParameters":)"
           R"({"AuthorizationEndpoint":"{url}/token","ClientParameters":)"
           R"({"ClientID":"me","ClientSecret":"${env:C}"}}}})");
  int tokens = 0;
  bool refuse = false;
  answer_ = [&](const net::ServerRequest& request) {
    net::ServerResponse response;
    if (request.path == "/token") {
      response.body =
          R"({"access_token":"t)" + std::to_string(++tokens) + R"(","expires_in":3600})";
      EXPECT_NE(request.body.find("client_secret=secret-C"), std::string::npos);
    } else if (refuse) {
      response.status = 401;
    }
    return response;
  };
  ASSERT_FALSE(Deliver());
  ASSERT_FALSE(Deliver());
  EXPECT_EQ(tokens, 1);
  EXPECT_EQ(Header("Authorization"), "Bearer t1");
  refuse = true;
  const auto refused = Deliver();
  ASSERT_TRUE(refused);
  EXPECT_FALSE(IsFinal(*refused)) << "401 is tried again, with a new token";
  refuse = false;
  ASSERT_FALSE(Deliver());
  EXPECT_EQ(Header("Authorization"), "Bearer t2");
}

TEST_F(HttpTargetTest, ATokenEndpointThatRefusesIsToldWithoutTheSecret) {
  OpenWith(R"({"AuthorizationType":"OAUTH_CLIENT_CREDENTIALS","AuthParameters":{"OAuthParameters":)"
           R"({"AuthorizationEndpoint":"{url}/token","ClientParameters":)"
           R"({"ClientID":"me","ClientSecret":"${env:C}"}}}})");
  AnswerWith(400);
  const auto error = Deliver();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), "EVENT-HTTP-002");
  EXPECT_TRUE(IsFinal(*error));
  EXPECT_EQ(error->OneLine().find("secret"), std::string::npos);
}

TEST_F(HttpTargetTest, FillsPathHeadersQueryAndBody) {
  OpenWith(R"({"AuthorizationType":"NONE","AuthParameters":{"InvocationHttpParameters":{)"
           R"("BodyParameters":[{"Key":"routing_key","SecretValue":"${env:R}"}],)"
           R"("QueryStringParameters":[{"Key":"v","Value":"2"}]}}})",
           R"(,"HttpParameters":{"PathParameterValues":["$.detail.Id"],)"
           R"("HeaderParameters":{"X-Event":"$.id"},"QueryStringParameters":{"n":"$.detail.n"}})",
           "/records/*/close");
  ASSERT_FALSE(Deliver());
  EXPECT_EQ(Last().target, "/records/001%20A/close?n=7&v=2");
  EXPECT_EQ(Header("X-Event"), "e1");
  EXPECT_EQ(Last().body, R"({"n":1.50,"routing_key":"secret-R"})");
}

TEST_F(HttpTargetTest, AnEventWithoutWhatTheCallNeedsIsFinal) {
  OpenWith(kNone, R"(,"HttpParameters":{"HeaderParameters":{"X":"$.detail.gone"}})");
  const auto error = Deliver();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), "EVENT-TARGET-002");
  EXPECT_TRUE(IsFinal(*error));
}

TEST_F(HttpTargetTest, ALineBreakInTheEventAddsNoHeaderAndIsFinal) {
  OpenWith(kNone, R"(,"HttpParameters":{"HeaderParameters":{"X-Name":"$.detail.Name"}})");
  event_ = *ParseRuleEvent(
      R"({"id":"e2","source":"s","detail-type":"d","detail":{"Name":"A\r\nX-Admin: yes"}})");
  const auto refused = Deliver();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code(), "EVENT-HTTP-003");
  EXPECT_TRUE(IsFinal(*refused));
  EXPECT_EQ(refused->OneLine().find("X-Admin"), std::string::npos);
  EXPECT_TRUE(requests_.empty());
}

TEST_F(HttpTargetTest, TriesAgainAfter429And500AndNotAfter400Or403) {
  OpenWith(kNone);
  for (const int status : {401, 407, 409, 429, 500, 502, 503}) {
    AnswerWith(status);
    EXPECT_FALSE(IsFinal(*Deliver())) << status;
  }
  for (const int status : {302, 400, 403, 404, 410, 422}) {
    AnswerWith(status);
    EXPECT_TRUE(IsFinal(*Deliver())) << status;
  }
  AnswerWith(403);
  EXPECT_EQ(DeliveryErrorCode(*Deliver()), "NO_PERMISSIONS");
  AnswerWith(500);
  EXPECT_EQ(DeliveryErrorCode(*Deliver()), "ERROR_FROM_TARGET");
}

TEST_F(HttpTargetTest, RetryAfterIsHeededAndANegativeOneEndsIt) {
  OpenWith(kNone);
  AnswerWith(503, {{"Retry-After", "120"}});
  EXPECT_EQ(Deliver()->retry().after, std::chrono::seconds(120));
  AnswerWith(429, {{"Retry-After", "-1"}});
  EXPECT_TRUE(IsFinal(*Deliver()));
}

TEST_F(HttpTargetTest, AnEndpointThatDoesNotAnswerTimesOut) {
  OpenWith(kNone, R"(,"DeliveryParameters":{"TimeoutSeconds":0.2})");
  answer_ = [](const net::ServerRequest&) {
    net::ServerResponse response;
    response.body = "never to be read to its end";
    response.stall_after_bytes = 3;
    return response;
  };
  const auto error = Deliver();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kTimeout);
  EXPECT_FALSE(IsFinal(*error));
  EXPECT_EQ(DeliveryErrorCode(*error), "TIMEOUT");
}

TEST_F(HttpTargetTest, AHalfBodyIsNoSuccess) {
  OpenWith(kNone);
  answer_ = [](const net::ServerRequest&) {
    net::ServerResponse response;
    response.body = std::string(10'000, 'x');
    response.drop_after_bytes = 100;
    return response;
  };
  const auto error = Deliver();
  ASSERT_TRUE(error);
  EXPECT_FALSE(IsFinal(*error));
  EXPECT_EQ(DeliveryErrorCode(*error), "CONNECTION_FAILURE");
  EXPECT_EQ(error->OneLine().find("hook"), std::string::npos) << "a URL may hold a key";
}

TEST_F(HttpTargetTest, CallsAreNoMoreThanTheInvocationRate) {
  OpenWith(kNone, "", "/hook", R"(,"InvocationRateLimitPerSecond":2)");
  ManualClock clock(*ParseInstant("2026-11-26T02:00:00Z"));
  call_.clock = &clock;
  const SteadyTime start = clock.Steady();
  // The clock moves only by the waits for a turn: five calls take four halves of a second.
  const TargetEntry entry = {&event_, "{}", "", "key"};
  const std::vector<TargetEntry> entries(5, entry);
  std::vector<std::chrono::nanoseconds> times;
  answer_ = [&](const net::ServerRequest&) {
    times.emplace_back(clock.Steady() - start);
    return net::ServerResponse{};
  };
  ASSERT_TRUE(target_->Deliver(call_, entries));
  ASSERT_EQ(times.size(), 5U);
  EXPECT_GE(times.back(), std::chrono::seconds(2));
  EXPECT_LT(times.back(), std::chrono::milliseconds(2600));
}

}  // namespace
}  // namespace firn::events
