// Who a token stands for, how it ends, and the keys that sign the org's tokens.
#include <nlohmann/json.hpp>

#include "sandbox/sign_in/oauth.h"
#include "sandbox/sign_in/oauth_text.h"
#include "sandbox/sign_in/user_changes.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

constexpr const char* kScopesSupported[] = {
    "id",           "api",         "full",           "web",
    "openid",       "profile",     "email",          "phone",
    "address",      "lightning",   "refresh_token",  "offline_access",
    "content",      "visualforce", "cdp_ingest_api", "cdp_profile_api",
    "cdp_query_api"};

ordered_json Urls(const std::string& base, const User& user, const std::string& org_id) {
  const std::string rest = base + "/services/data/v{version}/";
  return {{"enterprise", base + "/services/Soap/c/{version}/" + org_id},
          {"metadata", base + "/services/Soap/m/{version}/" + org_id},
          {"partner", base + "/services/Soap/u/{version}/" + org_id},
          {"rest", rest},
          {"sobjects", rest + "sobjects/"},
          {"search", rest + "search/"},
          {"query", rest + "query/"},
          {"recent", rest + "recent/"},
          {"tooling_soap", base + "/services/Soap/T/{version}/" + org_id},
          {"tooling_rest", rest + "tooling/"},
          {"profile", base + "/" + user.id},
          {"feeds", rest + "chatter/feeds"},
          {"groups", rest + "chatter/groups"},
          {"users", rest + "chatter/users"},
          {"feed_items", rest + "chatter/feed-items"},
          {"feed_elements", rest + "chatter/feed-elements"},
          {"custom_domain", base}};
}

ordered_json Photos(const std::string& base) {
  return {{"picture", base + "/profilephoto/005/F"}, {"thumbnail", base + "/profilephoto/005/T"}};
}

std::string ChangedAt(const UserDirectory& users, const std::string& id) {
  const auto* changes = dynamic_cast<const UserChanges*>(&users);
  return changes == nullptr ? "" : changes->ChangedAt(id);
}

std::string Dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

// Source: Salesforce Help, "Query for User Information" and "Identity URLs"; the members of the
// answers as client models list them (sf-toolkit's UserInfo wants every one), read 2026-11.
Answer OAuth::Userinfo(const net::ServerRequest& request) {
  const auto session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, BearerToken(request));
  const auto user = session ? parts_.users.ById(session->user_id) : std::nullopt;
  if (!user) return HtmlAnswer(403, "Bad_OAuth_Token");
  const std::string base = InstanceUrl(request);
  return JsonAnswer(200, Dump({{"sub", base + "/id/" + parts_.org_id + "/" + user->id},
                               {"user_id", user->id},
                               {"organization_id", parts_.org_id},
                               {"preferred_username", user->username},
                               {"nickname", user->alias},
                               {"name", user->name},
                               {"email", user->email},
                               {"email_verified", true},
                               {"given_name", user->first_name},
                               {"family_name", user->last_name},
                               {"zoneinfo", user->time_zone},
                               {"photos", Photos(base)},
                               {"profile", base + "/" + user->id},
                               {"picture", base + "/profilephoto/005/F"},
                               {"address", ordered_json::object()},
                               {"is_salesforce_integration_user", false},
                               {"urls", Urls(base, *user, parts_.org_id)},
                               {"active", user->active},
                               {"user_type", "STANDARD"},
                               {"language", user->language},
                               {"locale", user->locale},
                               {"utcOffset", -28800000},
                               {"updated_at", ChangedAt(parts_.users, user->id)}}));
}

Answer OAuth::Identity(const net::ServerRequest& request) {
  std::string token = BearerToken(request);
  const FormFields query = FormDecode(request.query).value_or(FormFields{});
  if (token.empty()) token = FieldOf(query, "oauth_token");
  if (token.empty()) return HtmlAnswer(403, "Missing_OAuth_Token");
  const auto session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, token);
  if (!session) return HtmlAnswer(403, "Bad_OAuth_Token");
  const std::string prefix = "/id/" + parts_.org_id + "/";
  if (!request.path.starts_with(prefix)) return HtmlAnswer(403, "Wrong_Org");
  const auto user = parts_.users.ById(request.path.substr(prefix.size()));
  if (!user) return HtmlAnswer(404, "Bad_Id");
  const std::string base = InstanceUrl(request);
  return JsonAnswer(200, Dump({{"id", base + prefix + user->id},
                               {"asserted_user", session->user_id == user->id},
                               {"user_id", user->id},
                               {"organization_id", parts_.org_id},
                               {"username", user->username},
                               {"nick_name", user->alias},
                               {"display_name", user->name},
                               {"email", user->email},
                               {"email_verified", true},
                               {"first_name", user->first_name},
                               {"last_name", user->last_name},
                               {"timezone", user->time_zone},
                               {"photos", Photos(base)},
                               {"addr_street", nullptr},
                               {"addr_city", nullptr},
                               {"addr_state", nullptr},
                               {"addr_country", nullptr},
                               {"addr_zip", nullptr},
                               {"mobile_phone", nullptr},
                               {"mobile_phone_verified", false},
                               {"is_lightning_login_user", false},
                               {"status", {{"created_date", nullptr}, {"body", nullptr}}},
                               {"last_modified_date", ChangedAt(parts_.users, user->id)},
                               {"active", user->active},
                               {"user_type", "STANDARD"},
                               {"language", user->language},
                               {"locale", user->locale},
                               {"utcOffset", -28800000},
                               {"urls", Urls(base, *user, parts_.org_id)}}));
}

// What an authorizer that is not Salesforce's own starts from; needs no session.
// Source: Salesforce Help, "Query for the OpenID Connect Configuration", read 2026-11.
Answer OAuth::Discovery(const net::ServerRequest& request) {
  const std::string base = InstanceUrl(request);
  const std::string oauth = base + "/services/oauth2/";
  return JsonAnswer(
      200, Dump({{"issuer", base},
                 {"authorization_endpoint", oauth + "authorize"},
                 {"token_endpoint", oauth + "token"},
                 {"revocation_endpoint", oauth + "revoke"},
                 {"userinfo_endpoint", oauth + "userinfo"},
                 {"end_session_endpoint", base + "/services/auth/idp/oidc/logout"},
                 {"jwks_uri", base + "/id/keys"},
                 {"introspection_endpoint", oauth + "introspect"},
                 {"scopes_supported", kScopesSupported},
                 {"response_types_supported", {"code", "token", "token id_token"}},
                 {"subject_types_supported", {"public"}},
                 {"id_token_signing_alg_values_supported", {"RS256"}},
                 {"frontchannel_logout_supported", true},
                 {"frontchannel_logout_session_supported", false},
                 {"display_values_supported", {"page", "popup", "touch"}},
                 {"token_endpoint_auth_methods_supported",
                  {"client_secret_post", "client_secret_basic", "private_key_jwt"}},
                 {"claims_supported",
                  {"active", "email", "email_verified", "family_name", "given_name", "language",
                   "locale", "name", "nickname", "organization_id", "preferred_username", "profile",
                   "sub", "urls", "user_id", "user_type", "utcOffset", "zoneinfo"}},
                 {"code_challenge_methods_supported", {"S256"}}}));
}

Answer OAuth::Keys() {
  auto keys = parts_.keys.Jwks();
  return keys ? JsonAnswer(200, *std::move(keys)) : ErrorAnswer(keys.error());
}

Result<std::string> OAuth::RevokeToken(const net::ServerRequest& request,
                                       const std::string& token) {
  using TokenKind = SessionStore::TokenKind;
  if (const auto access = parts_.sessions.Find(TokenKind::kAccess, token)) {
    FIRN_TRY(const bool ended, parts_.sessions.Revoke(TokenKind::kAccess, token));
    if (ended) parts_.TellEnd(request, {access->user_id, false});
    return std::string();
  }
  const auto refresh = parts_.sessions.Find(TokenKind::kRefresh, token);
  if (!refresh) return std::string("unsupported_token_type");
  FIRN_TRY(const bool revoked, parts_.sessions.Revoke(TokenKind::kRefresh, token));
  static_cast<void>(revoked);  // by whom does not matter
  FIRN_CHECK(parts_.sessions.EndOfGrant(refresh->grant));
  return std::string();
}

// An access token ends alone, as by a logout; a refresh token takes the access tokens along that
// stand on it, and no others of its app and user. By GET for scripts, with `callback` as JSONP.
// Source: Salesforce Help, "Revoke OAuth Tokens"; Salesforce Developers Blog, "Revoking OAuth 2.0
// Access Tokens and Refresh Tokens" (JSONP); read 2026-11.
Answer OAuth::Revoke(const net::ServerRequest& request) {
  const FormFields form = BodyAndQuery(request);
  const auto refused = RevokeToken(request, FieldOf(form, "token"));
  if (!refused) return ErrorAnswer(refused.error());
  const std::string callback = FieldOf(form, "callback");
  const bool script = request.method == "GET" && !callback.empty() &&
                      callback.find_first_not_of(
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
                          "xyz0123456789_$.") == std::string::npos;
  if (script) {
    Answer answer = HtmlAnswer(
        200, callback + (refused->empty() ? "({});" : R"(({"error":")" + *refused + "\"});"));
    answer.headers.Set("Content-Type", "text/javascript;charset=UTF-8");
    return answer;
  }
  if (!refused->empty()) return OAuthError(*refused, "this token type is not supported");
  return HtmlAnswer(200, "");
}

Answer OAuth::Introspect(const net::ServerRequest& request) {
  if (request.method != "POST") return OAuthError("invalid_request", "must use HTTP POST");
  const FormFields form = FormDecode(request.body).value_or(FormFields{});
  Answer refusal;
  const auto app = Authenticate(ClientOf(request, form), true, refusal);
  if (!app) return refusal;
  const std::string token = FieldOf(form, "token");
  bool access = true;
  auto session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, token);
  if (!session) {
    session = parts_.sessions.Find(SessionStore::TokenKind::kRefresh, token);
    access = false;
  }
  const auto user = session ? parts_.users.ById(session->user_id) : std::nullopt;
  if (!session || !user || session->client_id != app->client_id) {
    return JsonAnswer(200, R"({"active":false})");
  }
  const auto seconds = [](UtcMicros time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  };
  return JsonAnswer(200,
                    Dump({{"active", true},
                          {"scope", session->scopes},
                          {"client_id", session->client_id},
                          {"username", user->username},
                          {"sub", InstanceUrl(request) + "/id/" + parts_.org_id + "/" + user->id},
                          {"token_type", access ? "access_token" : "refresh_token"},
                          {"exp", seconds(session->expires)},
                          {"iat", seconds(session->issued)},
                          {"nbf", seconds(session->issued)}}));
}

}  // namespace firn::sandbox
