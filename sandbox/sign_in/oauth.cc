#include "sandbox/sign_in/oauth.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/crypto.h"
#include "sandbox/sign_in/assertion.h"
#include "sandbox/sign_in/oauth_text.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kMyDomain = "firn-sandbox-dev-ed.develop.my.salesforce.com";
constexpr const char* kLoginTypeOAuth = "Remote Access 2.0";
constexpr std::string_view kSubTypeJwt = "OauthJwtBearer";
constexpr std::string_view kSubTypePassword = "OauthUsernamePassword";

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
  const std::string scheme = LowerCase(header.substr(0, space));
  if (scheme != "bearer" && scheme != "oauth") return "";
  return header.substr(header.find_first_not_of(' ', space));
}

Answer OAuth::Handle(const net::ServerRequest& request) {
  const std::string& path = request.path;
  if (path == "/services/oauth2/token") return Token(request);
  if (path == "/services/oauth2/userinfo") return Userinfo(request);
  if (path == "/services/oauth2/revoke") return Revoke(request);
  if (path == "/services/oauth2/introspect") return Introspect(request);
  if (path == "/services/oauth2/authorize") return pages_.Handle(request);
  if (path == "/id/keys") return Keys();
  if (path == "/.well-known/openid-configuration") return Discovery(request);
  if (path.starts_with("/id/")) return Identity(request);
  return NotFoundAnswer();
}

Answer OAuth::Token(const net::ServerRequest& request) {
  if (request.method != "POST") return OAuthError("invalid_request", "must use HTTP POST");
  const FormFields form = BodyAndQuery(request);
  const std::string grant = FieldOf(form, "grant_type");
  if (grant == "urn:ietf:params:oauth:grant-type:jwt-bearer") return JwtBearer(request, form);
  if (grant == "client_credentials") return ClientCredentials(request, form);
  if (grant == "refresh_token") return RefreshToken(request, form);
  if (grant == "authorization_code") return AuthorizationCode(request, form);
  if (grant == "password") return Password(request, form);
  return OAuthError("unsupported_grant_type", "grant type not supported");
}

OAuth::Client OAuth::ClientOf(const net::ServerRequest& request, const FormFields& form) {
  const std::string header = request.headers.GetOr("Authorization", "");
  if (LowerCase(header.substr(0, 6)) == "basic ") {
    const auto text = FromBase64(header.substr(6));
    const size_t colon = text ? text->find(':') : std::string::npos;
    if (colon != std::string::npos) {
      // RFC 6749 section 2.3.1 has both percent-encoded; keys hold nothing that decoding harms.
      const std::string id = text->substr(0, colon);
      const std::string secret = text->substr(colon + 1);
      return {PercentDecode(id, true).value_or(id), PercentDecode(secret, true).value_or(secret)};
    }
  }
  return {FieldOf(form, "client_id"), FieldOf(form, "client_secret")};
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
  const auto assertion = ParseAssertion(FieldOf(form, "assertion"));
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
  const auto refused = [&](std::string_view status, std::string_view description) {
    return Refused(request, *app, user, kSubTypeJwt, status,
                   OAuthError("invalid_grant", description));
  };
  if (!user || !MayUse(*app, *user)) {
    return refused("Failed: Not approved for access", "user hasn't approved this consumer");
  }
  if (app->self_authorize) {
    const auto approved = parts_.codes.Approved(app->client_id, user->id);
    if (!approved) return ErrorAnswer(approved.error());
    if (!*approved) {
      return refused("Failed: Not approved for access", "user hasn't approved this consumer");
    }
  }
  if (!user->active) return refused("Failed: User Is Inactive", "inactive user");
  return Granted(request, {*app, *user, JoinScopes(app->scopes), "", "", ""}, kSubTypeJwt);
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
  return Granted(request, {*app, *user, JoinScopes(scopes), "", "", ""}, "OauthClientCredentials");
}

Answer OAuth::RefreshToken(const net::ServerRequest& request, const FormFields& form) {
  Answer refusal;
  const auto app = Authenticate(ClientOf(request, form), false, refusal);
  if (!app) return refusal;
  const std::string token = FieldOf(form, "refresh_token");
  const auto session = parts_.sessions.Find(SessionStore::TokenKind::kRefresh, token);
  if (!session || session->client_id != app->client_id) {
    return OAuthError("invalid_grant", "expired access/refresh token");
  }
  const auto user = parts_.users.ById(session->user_id);
  if (!user || !user->active) return OAuthError("invalid_grant", "inactive user");
  TokenGrant grant{*app, *user, session->scopes, "", "", session->grant};
  if (app->rotate_refresh_tokens) {
    // Single use: of two callers with one token only one finds it still there.
    const auto revoked = parts_.sessions.Revoke(SessionStore::TokenKind::kRefresh, token);
    if (!revoked) return ErrorAnswer(revoked.error());
    if (!*revoked) return OAuthError("invalid_grant", "expired access/refresh token");
    auto next = parts_.sessions.Issue(SessionStore::TokenKind::kRefresh, *session);
    if (!next) return ErrorAnswer(next.error());
    grant.refresh_token = *std::move(next);
  }
  return Granted(request, grant, "OauthRefreshToken");
}

Answer OAuth::Password(const net::ServerRequest& request, const FormFields& form) {
  Answer refusal;
  const auto app = Authenticate(ClientOf(request, form), true, refusal);
  if (!app) return refusal;
  if (!app->password_flow) return OAuthError("invalid_grant", "authentication failure");
  const auto user = parts_.users.ByUsername(FieldOf(form, "username"));
  const auto refused = [&](std::string_view status, std::string_view description) {
    return Refused(request, *app, user, kSubTypePassword, status,
                   OAuthError("invalid_grant", description));
  };
  const auto fits = user ? parts_.passwords.Fits(user->id, FieldOf(form, "password")) : false;
  if (!fits) return ErrorAnswer(fits.error());
  if (!*fits) return refused("Invalid Password", "authentication failure");
  if (!user->active) return refused("Failed: User Is Inactive", "inactive user");
  return Granted(request, {*app, *user, JoinScopes(app->scopes), "", "", ""}, kSubTypePassword);
}

// The second half of the web server flow. PKCE: a wrong verifier is `invalid_request`, one that is
// missing or comes without a challenge `invalid_grant`.
Answer OAuth::AuthorizationCode(const net::ServerRequest& request, const FormFields& form) {
  const Client client = ClientOf(request, form);
  const auto known = parts_.apps.Find(client.id);
  const std::string verifier = FieldOf(form, "code_verifier");
  Answer refusal;
  const auto app =
      Authenticate(client, !known || known->secret_required || verifier.empty(), refusal);
  if (!app) return refusal;
  const std::string code = FieldOf(form, "code");
  if (code.empty()) return OAuthError("invalid_request", "missing required code");
  const auto taken = parts_.codes.Take(code);
  if (!taken) return ErrorAnswer(taken.error());
  const std::optional<CodeGrant>& grant = *taken;
  if (!grant || grant->client_id != app->client_id) {
    const bool ours = code.starts_with("aPrx");
    return OAuthError("invalid_grant",
                      ours ? "expired authorization code" : "invalid authorization code");
  }
  if (FieldOf(form, "redirect_uri") != grant->redirect_uri) {
    return OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration");
  }
  if (verifier.empty() != grant->code_challenge.empty()) {
    return OAuthError("invalid_grant", "invalid code verifier");
  }
  if (!verifier.empty() && Base64Url(Sha256(verifier)) != grant->code_challenge) {
    return OAuthError("invalid_request", "invalid code verifier");
  }
  const auto user = parts_.users.ById(grant->user_id);
  if (!user || !user->active) return OAuthError("invalid_grant", "inactive user");
  TokenGrant tokens{*app, *user, grant->scopes, "", grant->nonce, ""};
  if (HasScope(grant->scopes, "refresh_token")) {
    Session session;
    session.user_id = user->id;
    session.client_id = app->client_id;
    session.scopes = grant->scopes;
    auto refresh = parts_.sessions.Issue(SessionStore::TokenKind::kRefresh, session);
    if (!refresh) return ErrorAnswer(refresh.error());
    tokens.refresh_token = *std::move(refresh);
    tokens.grant = parts_.sessions.GrantOf(tokens.refresh_token);
  }
  return Granted(request, tokens, "OauthAuthorizationCode");
}

Answer OAuth::Refused(const net::ServerRequest& request, const App& app,
                      const std::optional<User>& user, std::string_view sub_type,
                      std::string_view status, Answer answer) const {
  if (user) {
    parts_.Tell(request, {.user_id = user->id,
                          .username = user->username,
                          .application = app.name,
                          .login_type = kLoginTypeOAuth,
                          .sub_type = std::string(sub_type),
                          .status = std::string(status),
                          .api_version = ""});
  }
  return answer;
}

Answer OAuth::Granted(const net::ServerRequest& request, const TokenGrant& grant,
                      std::string_view sub_type) {
  const auto body = MakeTokens(parts_, request, grant);
  if (!body) return ErrorAnswer(body.error());
  parts_.Tell(request, {.user_id = grant.user.id,
                        .username = grant.user.username,
                        .application = grant.app.name,
                        .login_type = kLoginTypeOAuth,
                        .sub_type = std::string(sub_type),
                        .status = "Success",
                        .api_version = ""});
  Answer answer =
      JsonAnswer(200, body->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  answer.headers.Set("Cache-Control", "no-cache, no-store");
  answer.headers.Set("Pragma", "no-cache");
  return answer;
}

bool OAuth::Owns(std::string_view path) {
  return path.starts_with("/services/oauth2/") || path.starts_with("/id/") ||
         path.starts_with("/.well-known/");
}

}  // namespace firn::sandbox
