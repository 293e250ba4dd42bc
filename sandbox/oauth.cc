#include "sandbox/oauth.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/assertion.h"
#include "sandbox/crypto.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kMyDomain = "firn-sandbox-dev-ed.develop.my.salesforce.com";

std::string Field(const FormFields& form, std::string_view name) {
  for (const auto& [key, value] : form) {
    if (key == name) return value;
  }
  return "";
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return lower;
}

bool IsLoginHost(std::string_view host) {
  host = host.substr(0, host.find(':'));
  return host == "login.salesforce.com" || host == "test.salesforce.com";
}

// Compares in a time that does not depend on where the texts differ.
bool SecretsEqual(std::string_view a, std::string_view b) { return Sha256(a) == Sha256(b); }

std::string JoinScopes(const std::vector<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

bool MayUse(const App& app, const User& user) {
  if (app.users.empty()) return true;
  return std::any_of(app.users.begin(), app.users.end(),
                     [&](const std::string& name) { return Lower(name) == Lower(user.username); });
}

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

std::string Dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

std::string BaseUrl(const net::ServerRequest& request) {
  const std::string host = request.headers.GetOr("Host", "localhost");
  return (request.tls ? "https://" : "http://") + host;
}

std::string InstanceUrl(const net::ServerRequest& request) {
  const std::string host = request.headers.GetOr("Host", "localhost");
  if (!IsLoginHost(host)) return BaseUrl(request);
  return (request.tls ? "https://" : "http://") + std::string(kMyDomain);
}

std::string BearerToken(const net::ServerRequest& request) {
  const std::string header = request.headers.GetOr("Authorization", "");
  const size_t space = header.find(' ');
  if (space == std::string::npos) return "";
  const std::string scheme = Lower(header.substr(0, space));
  if (scheme != "bearer" && scheme != "oauth") return "";
  return header.substr(header.find_first_not_of(' ', space));
}

Answer OAuth::Handle(const net::ServerRequest& request) {
  const std::string& path = request.path;
  if (path == "/services/oauth2/token") return Token(request);
  if (path == "/services/oauth2/userinfo") return Userinfo(request);
  if (path == "/services/oauth2/revoke") return Revoke(request);
  if (path == "/services/oauth2/introspect") return Introspect(request);
  if (path.starts_with("/id/")) return Identity(request);
  return NotFoundAnswer();
}

Answer OAuth::Token(const net::ServerRequest& request) {
  if (request.method != "POST" && request.method != "GET") {
    return OAuthError("invalid_request", "must use HTTP POST");
  }
  // Parameters in the URL are taken as well, as the vendor does for POST.
  FormFields form = FormDecode(request.body).value_or(FormFields{});
  for (auto& field : FormDecode(request.query).value_or(FormFields{})) {
    form.push_back(std::move(field));
  }
  if (request.method == "GET") return OAuthError("invalid_request", "must use HTTP POST");
  const std::string grant = Field(form, "grant_type");
  if (grant == "urn:ietf:params:oauth:grant-type:jwt-bearer") return JwtBearer(request, form);
  if (grant == "client_credentials") return ClientCredentials(request, form);
  if (grant == "refresh_token") return RefreshToken(request, form);
  if (grant == "password") return Password(request, form);
  return OAuthError("unsupported_grant_type", "grant type not supported");
}

OAuth::Client OAuth::ClientOf(const net::ServerRequest& request, const FormFields& form) {
  const std::string header = request.headers.GetOr("Authorization", "");
  if (Lower(header.substr(0, 6)) == "basic ") {
    const auto text = FromBase64(header.substr(6));
    const size_t colon = text ? text->find(':') : std::string::npos;
    if (colon != std::string::npos) {
      // RFC 6749 section 2.3.1 has both percent-encoded; keys hold nothing that decoding harms.
      const std::string id = text->substr(0, colon);
      const std::string secret = text->substr(colon + 1);
      return {PercentDecode(id, true).value_or(id), PercentDecode(secret, true).value_or(secret)};
    }
  }
  return {Field(form, "client_id"), Field(form, "client_secret")};
}

std::optional<App> OAuth::Authenticate(const Client& client, bool secret_needed, Answer& refusal) {
  auto app = parts_.apps.Find(client.id);
  if (!app) {
    refusal = OAuthError("invalid_client_id", "client identifier invalid");
    return std::nullopt;
  }
  const bool given = !client.secret.empty();
  if ((secret_needed || given) && !SecretsEqual(client.secret, app->client_secret.Reveal())) {
    refusal = OAuthError("invalid_client", "invalid client credentials");
    return std::nullopt;
  }
  return app;
}

Answer OAuth::JwtBearer(const net::ServerRequest& request, const FormFields& form) {
  const auto assertion = ParseAssertion(Field(form, "assertion"));
  if (!assertion) return OAuthError("invalid_grant", "invalid assertion");
  const auto app = parts_.apps.Find(assertion->issuer);
  if (!app) return OAuthError("invalid_client_id", "client identifier invalid");
  const UtcMicros now = parts_.clock.Now();
  const bool signed_well =
      assertion->algorithm == "RS256" &&
      std::any_of(app->certificates.begin(), app->certificates.end(),
                  [&](const AppCertificate& certificate) {
                    return CertificateIsCurrent(certificate.pem, now) &&
                           VerifyRs256(certificate.pem, assertion->signing_input,
                                       assertion->signature);
                  });
  if (!signed_well) return OAuthError("invalid_grant", "invalid assertion");
  const std::string base = BaseUrl(request);
  const bool for_us =
      std::any_of(assertion->audiences.begin(), assertion->audiences.end(),
                  [&](const std::string& audience) { return AudienceFits(audience, base); });
  if (!for_us) return OAuthError("invalid_grant", "audience is invalid");
  if (!assertion->expires) return OAuthError("invalid_grant", "invalid assertion");
  if (*assertion->expires <= now) return OAuthError("invalid_grant", "expired authorization code");
  const auto user = parts_.users.ByUsername(assertion->subject);
  if (!user || !MayUse(*app, *user)) {
    return OAuthError("invalid_grant", "user hasn't approved this consumer");
  }
  if (!user->active) return OAuthError("invalid_grant", "inactive user");
  return Granted(request, {*app, *user, JoinScopes(app->scopes), ""});
}

Answer OAuth::ClientCredentials(const net::ServerRequest& request, const FormFields& form) {
  if (IsLoginHost(request.headers.GetOr("Host", ""))) {
    return OAuthError("invalid_grant", "request not supported on this domain");
  }
  Answer refusal;
  const auto app = Authenticate(ClientOf(request, form), true, refusal);
  if (!app) return refusal;
  if (app->run_as.empty()) {
    return OAuthError("invalid_grant", "no client credentials user enabled");
  }
  const auto user = parts_.users.ByUsername(app->run_as);
  if (!user || !user->active) {
    return OAuthError("invalid_grant", "no client credentials user enabled");
  }
  if (app->scopes.empty()) return OAuthError("invalid_grant", "no valid scopes defined");
  // This flow issues no refresh token, so that scope is not answered.
  std::vector<std::string> scopes = app->scopes;
  std::erase(scopes, "refresh_token");
  return Granted(request, {*app, *user, JoinScopes(scopes), ""});
}

Answer OAuth::RefreshToken(const net::ServerRequest& request, const FormFields& form) {
  Answer refusal;
  const auto app = Authenticate(ClientOf(request, form), false, refusal);
  if (!app) return refusal;
  const std::string token = Field(form, "refresh_token");
  const auto session = parts_.sessions.Find(SessionStore::TokenKind::kRefresh, token);
  if (!session || session->client_id != app->client_id) {
    return OAuthError("invalid_grant", "expired access/refresh token");
  }
  const auto user = parts_.users.ById(session->user_id);
  if (!user || !user->active) return OAuthError("invalid_grant", "inactive user");
  Grant grant{*app, *user, session->scopes, ""};
  if (app->rotate_refresh_tokens) {
    // Single use: of two callers with one token only one finds it still there.
    const auto revoked = parts_.sessions.Revoke(SessionStore::TokenKind::kRefresh, token);
    if (!revoked) return ErrorAnswer(revoked.error());
    if (!*revoked) return OAuthError("invalid_grant", "expired access/refresh token");
    auto next = parts_.sessions.Issue(SessionStore::TokenKind::kRefresh, *session);
    if (!next) return ErrorAnswer(next.error());
    grant.refresh_token = *std::move(next);
  }
  return Granted(request, grant);
}

Answer OAuth::Password(const net::ServerRequest& request, const FormFields& form) {
  Answer refusal;
  const auto app = Authenticate(ClientOf(request, form), true, refusal);
  if (!app) return refusal;
  if (!app->password_flow) return OAuthError("invalid_grant", "authentication failure");
  const auto user = parts_.users.ByUsername(Field(form, "username"));
  // Users of the sandbox have no passwords of their own: any that is not empty will do.
  if (!user || Field(form, "password").empty()) {
    return OAuthError("invalid_grant", "authentication failure");
  }
  if (!user->active) return OAuthError("invalid_grant", "inactive user");
  return Granted(request, {*app, *user, JoinScopes(app->scopes), ""});
}

Answer OAuth::Granted(const net::ServerRequest& request, const Grant& grant) {
  Session session;
  session.user_id = grant.user.id;
  session.client_id = grant.app.client_id;
  session.scopes = grant.scopes;
  session.length = grant.app.session_length;
  const auto token = parts_.sessions.Issue(SessionStore::TokenKind::kAccess, session);
  if (!token) return ErrorAnswer(token.error());
  const std::string id = InstanceUrl(request) + "/id/" + parts_.org_id + "/" + grant.user.id;
  const std::string issued_at = std::to_string(
      std::chrono::duration_cast<std::chrono::milliseconds>(parts_.clock.Now().time_since_epoch())
          .count());
  ordered_json body = {{"access_token", *token}};
  if (!grant.refresh_token.empty()) body["refresh_token"] = grant.refresh_token;
  body["signature"] = Base64(HmacSha256(grant.app.client_secret.Reveal(), id + issued_at));
  body["scope"] = grant.scopes;
  body["instance_url"] = InstanceUrl(request);
  body["id"] = id;
  body["token_type"] = "Bearer";
  body["issued_at"] = issued_at;
  Answer answer = JsonAnswer(200, Dump(body));
  answer.headers.Set("Cache-Control", "no-cache, no-store");
  answer.headers.Set("Pragma", "no-cache");
  return answer;
}

Answer OAuth::Userinfo(const net::ServerRequest& request) {
  const auto session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, BearerToken(request));
  const auto user = session ? parts_.users.ById(session->user_id) : std::nullopt;
  if (!user) {
    Answer answer;
    answer.status = 403;
    answer.headers.Set("Content-Type", "text/html;charset=UTF-8");
    answer.body = "Bad_OAuth_Token";
    return answer;
  }
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
                               {"profile", base + "/" + user->id},
                               {"user_type", "STANDARD"},
                               {"language", user->language},
                               {"locale", user->locale},
                               {"utcOffset", -28800000},
                               {"active", user->active},
                               {"urls", Urls(base, *user, parts_.org_id)}}));
}

Answer OAuth::Identity(const net::ServerRequest& request) {
  std::string token = BearerToken(request);
  if (token.empty()) {
    token = Field(FormDecode(request.query).value_or(FormFields{}), "oauth_token");
  }
  const auto text_answer = [](int status, std::string text) {
    Answer answer;
    answer.status = status;
    answer.headers.Set("Content-Type", "text/html;charset=UTF-8");
    answer.body = std::move(text);
    return answer;
  };
  if (token.empty()) return text_answer(403, "Missing_OAuth_Token");
  const auto session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, token);
  if (!session) return text_answer(403, "Bad_OAuth_Token");
  const std::string prefix = "/id/" + parts_.org_id + "/";
  if (!request.path.starts_with(prefix)) return text_answer(403, "Wrong_Org");
  const auto user = parts_.users.ById(request.path.substr(prefix.size()));
  if (!user) return text_answer(404, "Bad_Id");
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
                               {"active", user->active},
                               {"user_type", "STANDARD"},
                               {"language", user->language},
                               {"locale", user->locale},
                               {"utcOffset", -28800000},
                               {"urls", Urls(base, *user, parts_.org_id)}}));
}

Answer OAuth::Revoke(const net::ServerRequest& request) {
  FormFields form = FormDecode(request.body).value_or(FormFields{});
  for (auto& field : FormDecode(request.query).value_or(FormFields{})) {
    form.push_back(std::move(field));
  }
  const std::string token = Field(form, "token");
  bool revoked = false;
  for (const auto kind : {SessionStore::TokenKind::kAccess, SessionStore::TokenKind::kRefresh}) {
    const auto one = parts_.sessions.Revoke(kind, token);
    if (!one) return ErrorAnswer(one.error());
    revoked = revoked || *one;
  }
  if (!revoked) return OAuthError("invalid_token", "the token is unknown or was revoked");
  Answer answer;
  answer.headers.Set("Content-Type", "text/html;charset=UTF-8");
  return answer;
}

Answer OAuth::Introspect(const net::ServerRequest& request) {
  if (request.method != "POST") return OAuthError("invalid_request", "must use HTTP POST");
  const FormFields form = FormDecode(request.body).value_or(FormFields{});
  Answer refusal;
  const auto app = Authenticate(ClientOf(request, form), true, refusal);
  if (!app) return refusal;
  const std::string token = Field(form, "token");
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
