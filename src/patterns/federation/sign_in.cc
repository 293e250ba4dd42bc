#include "patterns/federation/sign_in.h"

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/net/digest.h"
#include "patterns/federation/routes.h"

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr const char* kAccessTokenType = "urn:ietf:params:oauth:token-type:access_token";
constexpr std::string_view kTokenStart = "firn1.";
constexpr std::string_view kAudience = "catalog";
constexpr std::chrono::seconds kTokenLife{3600};
constexpr std::chrono::seconds kForeignTokenLifeMax{24 * 3600};

tl::unexpected<Error> NotAuthorized(std::string what) {
  return Fail(Error(Kind::kDenied, "CAT-AUTH-001", std::move(what)));
}

Answer OAuthError(int status, const char* error, const std::string& description) {
  Answer answer = JsonAnswer({{"error", error}, {"error_description", description}});
  answer.status = status;
  answer.headers.Set("Cache-Control", "no-store");
  return answer;
}

int64_t Seconds(UtcMicros time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string SignatureOf(std::string_view payload, const Secret& secret) {
  // The secret itself signs nothing, so that a token says nothing about it by chosen text.
  const std::string key = net::HmacSha256(secret.Reveal(), "firn catalog access token");
  return Base64Url(net::HmacSha256(key, payload));
}

// Name and secret of a Basic header, form-decoded as RFC 6749 section 2.3.1 has it.
bool BasicCredentials(const net::Headers& headers, std::string& name, std::string& secret) {
  const auto header = headers.Get("Authorization");
  if (!header || !header->starts_with("Basic ")) return false;
  const auto decoded = FromBase64(header->substr(6));
  if (!decoded) return false;
  const size_t colon = decoded->find(':');
  if (colon == std::string::npos) return false;
  name = Decoded(decoded->substr(0, colon));
  secret = Decoded(decoded->substr(colon + 1));
  return true;
}

}  // namespace

std::unique_ptr<SignIn> SignIn::Open() {
  std::unique_ptr<SignIn> sign_in(new SignIn());
  sign_in->open_ = true;
  Account account;
  account.principal = Principal("anonymous", {{{}, Right::kManage}});
  account.secret = Secret("anonymous");
  sign_in->accounts_.emplace("anonymous", std::move(account));
  return sign_in;
}

Result<const Principal*> SignIn::Authenticate(const net::Headers& headers, UtcMicros now) const {
  if (open_) return &accounts_.begin()->second.principal;
  const auto header = headers.Get("Authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (!header || !header->starts_with(kBearer))
    return NotAuthorized("the request has no bearer token");
  FIRN_TRY(const Account* account, FromToken(header->substr(kBearer.size()), now, false));
  return &account->principal;
}

Result<const SignIn::Account*> SignIn::FromToken(std::string_view token, UtcMicros now,
                                                 bool expired_too) const {
  if (!token.starts_with(kTokenStart)) return FromJwt(token, now);
  const std::string_view rest = token.substr(kTokenStart.size());
  const size_t dot = rest.find('.');
  const auto invalid = [] { return NotAuthorized("the token is not one of this catalog"); };
  if (dot == std::string_view::npos) return invalid();
  const auto payload = FromBase64Url(rest.substr(0, dot));
  if (!payload) return invalid();
  const Json claims = Json::parse(*payload, nullptr, false);
  if (!claims.is_object()) return invalid();
  const Json subject = claims.value("sub", Json());
  const Json expires = claims.value("exp", Json());
  if (!subject.is_string() || !expires.is_number_integer()) return invalid();
  const auto account = accounts_.find(subject.get<std::string>());
  if (account == accounts_.end()) return invalid();
  const std::string expected = SignatureOf(rest.substr(0, dot), account->second.secret);
  if (!net::EqualInConstantTime(expected, rest.substr(dot + 1))) return invalid();
  if (claims.value("aud", Json()) != kAudience) return invalid();
  if (!expired_too && expires.get<int64_t>() <= Seconds(now))
    return Fail(Error(Kind::kExpired, "CAT-AUTH-002", "the token has expired"));
  return &account->second;
}

Result<const SignIn::Account*> SignIn::FromJwt(std::string_view token, UtcMicros now) const {
  Error last(Kind::kDenied, "CAT-AUTH-001", "the token is not one of this catalog");
  for (const Trust& trust : trusts_) {
    identity::VerifyOptions options;
    options.issuers = {trust.issuer};
    options.audiences = trust.audiences;
    options.life_max = kForeignTokenLifeMax;
    options.subject_required = true;
    const auto verified = identity::VerifyJwt(token, trust.keys, options, now);
    if (verified) {
      const auto name = trust.principals.find(verified->subject);
      if (name == trust.principals.end())
        return NotAuthorized("no principal belongs to the token's subject");
      return &accounts_.at(name->second);
    }
    if (verified.error().kind() == Kind::kExpired)
      return Fail(Error(Kind::kExpired, "CAT-AUTH-002", "the token has expired"));
    last = Error(Kind::kDenied, "CAT-AUTH-001", "the token is refused")
               .Because(verified.error().what());
  }
  return Fail(std::move(last));
}

const SignIn::Account* SignIn::FromSecret(const std::string& client,
                                          std::string_view secret) const {
  if (open_) return &accounts_.begin()->second;
  if (secret.empty()) return nullptr;
  const auto account = accounts_.find(client);
  // Names that are not there take as long as those that are.
  const std::string& expected =
      account == accounts_.end() ? client : account->second.secret.Reveal();
  const bool same = net::EqualInConstantTime(net::Sha256(expected), net::Sha256(secret));
  return same && account != accounts_.end() ? &account->second : nullptr;
}

Answer SignIn::Granted(const Account& account, UtcMicros now, bool exchanged) const {
  const Json claims = {{"sub", account.principal.name()},
                       {"aud", kAudience},
                       {"iat", Seconds(now)},
                       {"exp", Seconds(now) + kTokenLife.count()}};
  const std::string payload = Base64Url(claims.dump());
  Json body = {{"access_token",
                std::string(kTokenStart) + payload + "." + SignatureOf(payload, account.secret)},
               {"token_type", "bearer"},
               {"expires_in", kTokenLife.count()}};
  if (exchanged) body["issued_token_type"] = kAccessTokenType;
  Answer answer = JsonAnswer(body);
  answer.headers.Set("Cache-Control", "no-store");
  return answer;
}

Answer SignIn::Token(const net::Headers& headers, std::string_view form, UtcMicros now) const {
  auto fields = QueryParams(form);
  const std::string grant = fields["grant_type"];
  if (grant == "client_credentials") return ByCredentials(headers, fields, now);
  if (grant == kExchangeGrant) return ByExchange(headers, fields, now);
  if (grant.empty()) return OAuthError(400, "invalid_request", "`grant_type` is missing");
  return OAuthError(400, "unsupported_grant_type",
                    "client_credentials and token exchange are supported");
}

Answer SignIn::ByCredentials(const net::Headers& headers,
                             std::map<std::string, std::string>& fields, UtcMicros now) const {
  std::string client = fields["client_id"];
  std::string secret = fields["client_secret"];
  BasicCredentials(headers, client, secret);
  const Account* account = FromSecret(client, secret);
  if (account == nullptr)
    return OAuthError(401, "invalid_client", "unknown client, or its secret is wrong");
  return Granted(*account, now, false);
}

Answer SignIn::ByExchange(const net::Headers& headers, std::map<std::string, std::string>& fields,
                          UtcMicros now) const {
  const std::string token = fields["subject_token"];
  if (token.empty()) return OAuthError(400, "invalid_request", "`subject_token` is missing");
  if (open_) return Granted(accounts_.begin()->second, now, true);
  // A client that shows its secret may hand in a token that has run out: that is how it renews it.
  std::string client;
  std::string secret;
  const Account* shown =
      BasicCredentials(headers, client, secret) ? FromSecret(client, secret) : nullptr;
  const auto account = FromToken(token, now, shown != nullptr);
  if (!account) return OAuthError(400, "invalid_grant", account.error().what());
  return Granted(**account, now, true);
}

}  // namespace firn::federation
