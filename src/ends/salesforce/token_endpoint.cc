#include <charconv>
#include <nlohmann/json.hpp>

#include "core/net/inflate.h"
#include "ends/salesforce/internal/grant.h"
#include "ends/salesforce/internal/ids.h"

namespace firn::salesforce {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kAskTimeout{60};
constexpr uint64_t kAnswerBytesMax = 1 << 20;
const Backoff kAskBackoff{.first = std::chrono::milliseconds(500), .attempts_max = 5};

std::string TextOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string WithoutSlash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

Result<TokenAnswer> ReadAnswer(const std::string& org, const std::string& body, UtcMicros now) {
  const Json answer = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  TokenAnswer read;
  if (answer.is_object()) {
    read.session.access_token = Secret(TextOf(answer, "access_token"));
    read.session.instance_url = WithoutSlash(TextOf(answer, "instance_url"));
    read.session.identity_url = TextOf(answer, "id");
    read.refresh_token = Secret(TextOf(answer, "refresh_token"));
  }
  if (read.session.access_token.empty()) {
    return Fail(Error(Kind::kCorrupt, "SF-AUTH-016", "the token answer holds no access token")
                    .At("org `" + org + "`")
                    .Hint("check that `login_url` is the address of a Salesforce login host"));
  }
  const IdentityIds ids = IdsOfIdentityUrl(read.session.identity_url);
  read.session.org_id = ids.org_id;
  read.session.user_id = ids.user_id;
  read.session.issued_at = now;
  const std::string issued = TextOf(answer, "issued_at");  // milliseconds, as text
  int64_t milliseconds = 0;
  const auto parsed = std::from_chars(issued.data(), issued.data() + issued.size(), milliseconds);
  if (parsed.ec == std::errc() && milliseconds > 0) {
    read.session.issued_at = UtcMicros(std::chrono::milliseconds(milliseconds));
  }
  return read;
}

}  // namespace

TokenEndpoint::TokenEndpoint(std::string org, const SignIn& sign_in, net::Transport& transport)
    : org_(std::move(org)),
      url_(WithoutSlash(sign_in.login_url) + "/services/oauth2/token"),
      client_id_(sign_in.client_id),
      instance_url_(WithoutSlash(sign_in.instance_url)),
      transport_(transport) {}

Result<TokenAnswer> TokenEndpoint::Ask(const Call& call, const FormFields& form,
                                       const Secret& client_secret) const {
  net::Request request;
  request.method = "POST";
  request.url = url_;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  if (!client_secret.empty()) {
    request.headers.Set("Authorization",
                        "Basic " + Base64(client_id_ + ":" + client_secret.Reveal()));
  }
  request.body = FormEncode(form);
  request.body_bytes_max = kAnswerBytesMax;
  return WithRetries(call, kAskBackoff, [&]() -> Result<TokenAnswer> {
    auto sent = transport_.Send(call.Within(kAskTimeout), request);
    if (!sent) {
      FIRN_CHECK(call.Check());
      Error error = std::move(sent).error().Doing("signing in to org `" + org_ + "`");
      const bool passes = error.kind() == Kind::kUnreachable || error.kind() == Kind::kTimeout;
      return Fail(passes ? std::move(error).RetryWithBackoff() : std::move(error));
    }
    FIRN_TRY(const std::string body, net::InflateBody(sent->headers.GetOr("Content-Encoding", ""),
                                                      std::move(sent->body), kAnswerBytesMax));
    const UtcMicros now = call.clock->Now();
    if (sent->status != 200) {
      return Fail(OauthError({org_, sent->status, &sent->headers, body, now}));
    }
    FIRN_TRY(TokenAnswer answer, ReadAnswer(org_, body, now));
    if (!instance_url_.empty()) answer.session.instance_url = instance_url_;
    return answer;
  });
}

}  // namespace firn::salesforce
