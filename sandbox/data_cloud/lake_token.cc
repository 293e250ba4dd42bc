// `/services/a360/token`: an access token of the org becomes one of Data Cloud.
// Source: Data 360 Integration Guide, 'Get Started with Ingestion API'; Salesforce Help, 'Sample
// Exchange Access Token for Data 360 Token Request and Response'; read 2026-11.
#include <nlohmann/json.hpp>

#include "sandbox/data_cloud/lake_http.h"
#include "sandbox/sign_in/oauth_text.h"
#include "sandbox/sign_in/sign_in_parts.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kGrant = "urn:salesforce:grant-type:external:cdp";
constexpr std::string_view kTokenType = "urn:ietf:params:oauth:token-type:access_token";
constexpr std::string_view kTenantHost = "firn-sandbox.c360a.salesforce.com";
constexpr std::chrono::seconds kLengthMax{7200};

int64_t Seconds(UtcMicros time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// Those of the session that are Data Cloud's; empty: none.
std::string CloudScopes(std::string_view scopes) {
  std::string cloud;
  for (const char* scope : {"cdp_ingest_api", "cdp_profile_api", "cdp_query_api"}) {
    if (!HasScope(scopes, scope) && !HasScope(scopes, "full")) continue;
    cloud += (cloud.empty() ? "" : " ");
    cloud += scope;
  }
  return cloud;
}

// Without a scheme, as the vendor answers it.
std::string TenantHost(const net::ServerRequest& request) {
  const std::string host = request.headers.GetOr("Host", "localhost");
  return host.find("salesforce.com") == std::string::npos ? host : std::string(kTenantHost);
}

}  // namespace

Answer DataCloudToken(ApiParts& parts, const net::ServerRequest& request) {
  if (request.method != "POST") return OAuthError("invalid_request", "must use HTTP POST");
  const FormFields form = BodyAndQuery(request);
  if (FieldOf(form, "grant_type") != kGrant) {
    return OAuthError("unsupported_grant_type", "grant type not supported");
  }
  if (FieldOf(form, "subject_token_type") != kTokenType) {
    return OAuthError("invalid_request", "subject_token_type not supported");
  }
  const auto session =
      parts.sessions.Find(SessionStore::TokenKind::kAccess, FieldOf(form, "subject_token"));
  if (!session || HasScope(session->scopes, kCloudSession)) {
    return OAuthError("invalid_grant", "subject token is invalid or expired");
  }
  const std::string scopes = CloudScopes(session->scopes);
  if (scopes.empty()) {
    return OAuthError("invalid_scope", "the token's app has no scope of Data Cloud");
  }
  const UtcMicros now = parts.clock.Now();
  Session cloud = *session;
  cloud.scopes = std::string(kCloudSession) + " " + scopes;
  cloud.length = std::min(kLengthMax,
                          std::chrono::duration_cast<std::chrono::seconds>(session->expires - now));
  const std::string host = TenantHost(request);
  const ordered_json claims = {{"sub", "uid:" + session->user_id},
                               {"scp", scopes},
                               {"iss", InstanceUrl(request)},
                               {"orgId", parts.org.org_id()},
                               {"aud", host},
                               {"iat", Seconds(now)},
                               {"nbf", Seconds(now)},
                               {"exp", Seconds(now + cloud.length)},
                               {"client_id", session->client_id},
                               {"jti", NewUuid(SystemRandom())}};
  const auto token = parts.keys.Sign({claims.dump(), false});
  if (!token) return ErrorAnswer(token.error());
  if (const auto kept = parts.sessions.Adopt(*token, cloud); !kept) {
    return ErrorAnswer(kept.error());
  }
  Answer answer =
      JsonAnswer(200, ordered_json({{"access_token", *token},
                                    {"instance_url", host},
                                    {"token_type", "Bearer"},
                                    {"issued_token_type", "urn:ietf:params:oauth:token-type:jwt"},
                                    {"expires_in", cloud.length.count()}})
                          .dump());
  answer.headers.Set("Cache-Control", "no-store");
  return answer;
}

}  // namespace firn::sandbox
