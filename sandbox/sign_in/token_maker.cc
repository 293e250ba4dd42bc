#include "sandbox/sign_in/token_maker.h"

#include <nlohmann/json.hpp>

#include "sandbox/crypto.h"
#include "sandbox/sign_in/oauth_text.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

// The vendor's id_tokens live two minutes: they prove a sign-in, they are no session.
constexpr int64_t kIdTokenSeconds = 120;
// Allows for a verifier whose clock is a little behind.
constexpr int64_t kNotBeforeGraceSeconds = 15;

int64_t Seconds(UtcMicros time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string Dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Result<std::string> JwtAccessToken(const SignInParts& parts, const std::string& base,
                                   const TokenGrant& grant, std::chrono::seconds length) {
  const int64_t now = Seconds(parts.clock.Now());
  const ordered_json claims = {{"scp", grant.scopes},
                               {"aud", {base}},
                               {"sub", "uid:" + grant.user.id},
                               {"nbf", now - kNotBeforeGraceSeconds},
                               {"mty", "oauth"},
                               {"sfi", Hex(parts.random.Bytes(32))},
                               {"roles", ordered_json::array()},
                               {"iss", base},
                               {"hsc", false},
                               {"exp", now + length.count()},
                               {"iat", now},
                               {"client_id", grant.app.client_id}};
  return parts.keys.Sign({Dump(claims), true});
}

Result<std::string> IdToken(const SignInParts& parts, const std::string& base,
                            const TokenGrant& grant, const std::string& access_token) {
  const User& user = grant.user;
  const int64_t now = Seconds(parts.clock.Now());
  // OpenID Connect Core 3.1.3.6: the left half of the access token's digest.
  ordered_json claims = {{"at_hash", Base64Url(Sha256(access_token).substr(0, 16))},
                         {"sub", base + "/id/" + parts.org_id + "/" + user.id}};
  if (!grant.nonce.empty()) claims["nonce"] = grant.nonce;
  claims["aud"] = grant.app.client_id;
  claims["iss"] = base;
  claims["exp"] = now + kIdTokenSeconds;
  claims["iat"] = now;
  const bool all = HasScope(grant.scopes, "full");
  if (all || HasScope(grant.scopes, "profile") || HasScope(grant.scopes, "id")) {
    claims["name"] = user.name;
    claims["given_name"] = user.first_name;
    claims["family_name"] = user.last_name;
    claims["preferred_username"] = user.username;
    claims["nickname"] = user.alias;
    claims["zoneinfo"] = user.time_zone;
    claims["locale"] = user.locale;
    claims["profile"] = base + "/" + user.id;
  }
  if (all || HasScope(grant.scopes, "email") || HasScope(grant.scopes, "id")) {
    claims["email"] = user.email;
    claims["email_verified"] = true;
  }
  return parts.keys.Sign({Dump(claims), false});
}

Result<std::string> AccessToken(const SignInParts& parts, const std::string& base,
                                const TokenGrant& grant) {
  Session session;
  session.user_id = grant.user.id;
  session.client_id = grant.app.client_id;
  session.scopes = grant.scopes;
  session.grant = grant.grant;
  session.length = grant.app.session_length;
  if (!grant.app.jwt_tokens) return parts.sessions.Issue(SessionStore::TokenKind::kAccess, session);
  FIRN_TRY(std::string token, JwtAccessToken(parts, base, grant, session.length));
  FIRN_CHECK(parts.sessions.Adopt(token, session));
  return token;
}

}  // namespace

Result<ordered_json> MakeTokens(const SignInParts& parts, const net::ServerRequest& request,
                                const TokenGrant& grant) {
  const std::string base = InstanceUrl(request);
  FIRN_TRY(const std::string token, AccessToken(parts, base, grant));
  const std::string id = base + "/id/" + parts.org_id + "/" + grant.user.id;
  const std::string issued_at = std::to_string(
      std::chrono::duration_cast<std::chrono::milliseconds>(parts.clock.Now().time_since_epoch())
          .count());
  ordered_json body = {{"access_token", token}};
  if (!grant.refresh_token.empty()) body["refresh_token"] = grant.refresh_token;
  body["signature"] = Base64(HmacSha256(grant.app.client_secret.Reveal(), id + issued_at));
  body["scope"] = grant.scopes;
  if (HasScope(grant.scopes, "openid")) {
    FIRN_TRY(body["id_token"], IdToken(parts, base, grant, token));
  }
  body["instance_url"] = base;
  body["id"] = id;
  body["token_type"] = "Bearer";
  body["issued_at"] = issued_at;
  if (grant.app.jwt_tokens) body["token_format"] = "jwt";
  return body;
}

}  // namespace firn::sandbox
