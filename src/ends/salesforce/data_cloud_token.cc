#include "ends/salesforce/internal/data_cloud_token.h"

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/net/inflate.h"
#include "ends/salesforce/internal/json_fields.h"
#include "ends/salesforce/internal/vendor_error.h"

namespace firn::salesforce {
namespace {

constexpr std::chrono::seconds kAskTimeout{60};
constexpr uint64_t kAnswerBytesMax = 1 << 20;
// A token is renewed so long before its end.
constexpr std::chrono::seconds kMargin{60};
// Of an answer that does not tell.
constexpr std::chrono::seconds kLifeDefault{900};
const Backoff kAskBackoff{.first = std::chrono::milliseconds(500), .attempts_max = 5};

// Vendor samples name the instance with a scheme or without one.
std::string WithScheme(std::string url, const std::string& org_url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  if (url.empty() || url.find("://") != std::string::npos) return url;
  return (org_url.starts_with("http://") ? "http://" : "https://") + url;
}

Error Refused(const std::string& org, const net::Response& response, const std::string& body) {
  const VendorError vendor = ParseVendorError(body);
  return Error(Kind::kDenied, "SF-CLOUD-001", "the org gives no Data Cloud token for this session")
      .At("org `" + org + "`")
      .Because(vendor.code.empty() ? "status " + std::to_string(response.status)
                                   : "Salesforce says `" + vendor.code + "`: " + vendor.message)
      .From(RemoteOf({org, response.status, &response.headers, body}, vendor))
      .Hint(
          "give the app the scopes `cdp_ingest_api` and `api`, and its user a Data Cloud "
          "permission set");
}

}  // namespace

Result<net::Response> CloudTokens::Ask(const Call& call, const Session& session) {
  net::Request request;
  request.method = "POST";
  request.url = session.instance_url + "/services/a360/token";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  request.body =
      FormEncode({{"grant_type", "urn:salesforce:grant-type:external:cdp"},
                  {"subject_token", session.access_token.Reveal()},
                  {"subject_token_type", "urn:ietf:params:oauth:token-type:access_token"}});
  request.body_bytes_max = kAnswerBytesMax;
  return WithRetries(call, kAskBackoff, [&]() -> Result<net::Response> {
    auto sent = transport_.Send(call.Within(kAskTimeout), request);
    if (!sent) {
      FIRN_CHECK(call.Check());
      return Fail(std::move(sent)
                      .error()
                      .Doing("asking org `" + org_ + "` for a Data Cloud token")
                      .RetryWithBackoff());
    }
    FIRN_TRY(sent->body, net::InflateBody(sent->headers.GetOr("Content-Encoding", ""),
                                          std::move(sent->body), kAnswerBytesMax));
    if (sent->status == 429 || sent->status >= 500)
      return Fail(ApiError({org_, sent->status, &sent->headers, sent->body}));
    return sent;
  });
}

Result<void> CloudTokens::Exchange(const Call& call) {
  FIRN_TRY(Session session, sessions_.Get(call));
  FIRN_TRY(net::Response answer, Ask(call, session));
  if (answer.status == 400 || answer.status == 401) {
    // The session itself may be past its life: another one, once.
    FIRN_TRY(session, sessions_.Renew(call, session));
    FIRN_TRY(answer, Ask(call, session));
  }
  if (answer.status != 200) return Fail(Refused(org_, answer, answer.body));
  const Json body = ParseOrDiscard(answer.body);
  CloudToken token;
  if (body.is_object()) {
    token.access_token = Secret(TextOf(body, "access_token"));
    token.instance_url = WithScheme(TextOf(body, "instance_url"), session.instance_url);
  }
  if (token.access_token.empty() || token.instance_url.empty())
    return Fail(Error(Kind::kCorrupt, "SF-AUTH-016",
                      "the answer of the Data Cloud token exchange cannot be read")
                    .At("org `" + org_ + "`"));
  const int64_t life = NumberOf(body, "expires_in");
  token.expires_at =
      call.clock->Now() + (life > 0 ? std::chrono::seconds(life) : kLifeDefault) - kMargin;
  token.serial = token_.serial + 1;
  token_ = std::move(token);
  return {};
}

Result<CloudToken> CloudTokens::Get(const Call& call) {
  const std::lock_guard lock(mutex_);
  if (token_.serial == 0 || call.clock->Now() >= token_.expires_at) FIRN_CHECK(Exchange(call));
  return token_;
}

Result<CloudToken> CloudTokens::Renew(const Call& call, const CloudToken& refused) {
  const std::lock_guard lock(mutex_);
  if (token_.serial == refused.serial) FIRN_CHECK(Exchange(call));
  return token_;
}

}  // namespace firn::salesforce
