#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "core/identity/jwt.h"
#include "ends/salesforce/internal/grant.h"

namespace firn::salesforce {
namespace {

constexpr std::string_view kJwtGrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";

Error Missing(const std::string& org, const std::string& what) {
  return Error(Kind::kBadConfig, "SF-AUTH-011", "signing in needs " + what).At("org `" + org + "`");
}

// Refusals that no other key could turn into a success, so that one wrong setting does not cost two
// sign-ins each time.
bool IsAboutTheKey(const Error& error) {
  return error.remote().api_code == "invalid_grant" && error.code() != "SF-AUTH-002" &&
         error.code() != "SF-AUTH-003" && error.code() != "SF-AUTH-008";
}

struct JwtKey {
  identity::PrivateKey key;
  std::string name;
};

// One key or two.
Result<std::vector<JwtKey>> KeysOf(const std::string& org, const SignInKeys& pems) {
  if (pems.current_key_pem.empty()) return Fail(Missing(org, "a private key"));
  std::vector<JwtKey> keys;
  for (const auto& [pem, name] : {std::pair(&pems.current_key_pem, "current key"),
                                  std::pair(&pems.next_key_pem, "next key")}) {
    if (pem->empty()) continue;
    auto key = identity::PrivateKeyFromPem(*pem);
    if (!key || key->kind() != identity::KeyKind::kRsa) {
      return Fail(Error(Kind::kBadConfig, "SF-AUTH-010",
                        std::string("the ") + name + " is no RSA key of 2048 bits or more")
                      .At("org `" + org + "`")
                      .Because(key ? "it is an EC key" : key.error().what()));
    }
    keys.push_back({*std::move(key), name});
  }
  return keys;
}

class JwtGrant final : public Grant {
 public:
  JwtGrant(std::string org, const SignIn& sign_in, TokenEndpoint endpoint, std::vector<JwtKey> keys)
      : org_(std::move(org)),
        client_id_(sign_in.client_id),
        username_(sign_in.username),
        audience_(sign_in.audience.empty() ? AudienceOf(sign_in.login_url) : sign_in.audience),
        life_(sign_in.assertion_life),
        fresh_keys_(sign_in.fresh_keys),
        endpoint_(std::move(endpoint)),
        keys_(std::move(keys)) {}

  Result<Session> Fetch(const Call& call) override {
    auto served = TryKeys(call);
    if (served || !IsAboutTheKey(served.error()) || !ReadKeysAnew(call)) return served;
    return TryKeys(call);
  }

 private:
  Result<Session> TryKeys(const Call& call) {
    auto first = Ask(call, keys_[preferred_]);
    if (first || keys_.size() < 2 || !IsAboutTheKey(first.error())) return first;
    const size_t other = 1 - preferred_;
    auto second = Ask(call, keys_[other]);
    if (!second) {
      return Fail(std::move(first).error().Doing("trying the " + keys_[preferred_].name +
                                                 " and the " + keys_[other].name +
                                                 " (both refused)"));
    }
    log::Warn("signed in with the other key",
              {{"refused", keys_[preferred_].name}, {"served", keys_[other].name}});
    preferred_ = other;
    return second;
  }

  // False when there is nothing new to try.
  bool ReadKeysAnew(const Call& call) {
    if (!fresh_keys_) return false;
    const auto pems = fresh_keys_(call);
    if (!pems) {
      log::Warn("keys.not_read", {{"org", org_}, {"error", pems.error().OneLine()}});
      return false;
    }
    auto fresh = KeysOf(org_, *pems);
    if (!fresh) return false;
    const bool all_known = std::ranges::all_of(*fresh, [this](const JwtKey& key) {
      return std::ranges::any_of(keys_, [&](const JwtKey& known) {
        return known.key.Public().Thumbprint() == key.key.Public().Thumbprint();
      });
    });
    if (all_known) return false;
    log::Info("keys.read_anew", {{"org", org_}});
    keys_ = *std::move(fresh);
    preferred_ = 0;
    return true;
  }

  Result<Session> Ask(const Call& call, const JwtKey& key) {
    const auto now = std::chrono::floor<std::chrono::seconds>(call.clock->Now());
    const nlohmann::json claims = {{"iss", client_id_},
                                   {"sub", username_},
                                   {"aud", audience_},
                                   {"exp", (now + life_).time_since_epoch().count()}};
    FIRN_TRY(const Secret assertion, identity::SignRs256(key.key, claims.dump(), ""));
    auto answer = endpoint_.Ask(
        call, {{"grant_type", std::string(kJwtGrantType)}, {"assertion", assertion.Reveal()}},
        Secret());
    if (!answer) return Fail(std::move(answer).error());
    answer->session.served_by = key.name;
    return std::move(answer->session);
  }

  const std::string org_;
  const std::string client_id_;
  const std::string username_;
  const std::string audience_;
  const std::chrono::seconds life_;
  const std::function<Result<SignInKeys>(const Call& call)> fresh_keys_;
  const TokenEndpoint endpoint_;
  std::vector<JwtKey> keys_;  // one or two
  size_t preferred_ = 0;      // the key that served last
};

class ClientCredentialsGrant final : public Grant {
 public:
  ClientCredentialsGrant(const SignIn& sign_in, TokenEndpoint endpoint)
      : client_secret_(sign_in.client_secret), endpoint_(std::move(endpoint)) {}

  Result<Session> Fetch(const Call& call) override {
    auto answer = endpoint_.Ask(call, {{"grant_type", "client_credentials"}}, client_secret_);
    if (!answer) return Fail(std::move(answer).error());
    answer->session.served_by = "client credentials";
    return std::move(answer->session);
  }

 private:
  const Secret client_secret_;
  const TokenEndpoint endpoint_;
};

class RefreshTokenGrant final : public Grant {
 public:
  RefreshTokenGrant(std::string org, const SignIn& sign_in, TokenEndpoint endpoint,
                    TokenStore& store)
      : org_(std::move(org)),
        client_id_(sign_in.client_id),
        client_secret_(sign_in.client_secret),
        configured_(sign_in.refresh_token),
        endpoint_(std::move(endpoint)),
        store_(store) {}

  Result<Session> Fetch(const Call& call) override {
    FIRN_TRY(const std::shared_ptr<void> held, store_.Hold(call, org_));
    FIRN_TRY(const auto stored, store_.Load(org_));
    auto session = Ask(call, stored ? *stored : configured_);
    const bool other = stored && !configured_.empty() && stored->Reveal() != configured_.Reveal();
    if (session || !other || session.error().code() != "SF-AUTH-009") return session;
    // The stored one is spent: the app was authorized again and the configuration holds the newer.
    return Ask(call, configured_);
  }

 private:
  Result<Session> Ask(const Call& call, const Secret& token) {
    FormFields form = {{"grant_type", "refresh_token"},
                       {"client_id", client_id_},
                       {"refresh_token", token.Reveal()}};
    auto answer = endpoint_.Ask(call, form, client_secret_);
    if (!answer) return Fail(std::move(answer).error());
    if (!answer->refresh_token.empty() && answer->refresh_token.Reveal() != token.Reveal()) {
      FIRN_FAULT_POINT("salesforce.token.rotated");
      FIRN_CHECK(store_.Save(org_, answer->refresh_token));
      FIRN_FAULT_POINT("salesforce.token.saved");
    }
    answer->session.served_by = "refresh token";
    return std::move(answer->session);
  }

  const std::string org_;
  const std::string client_id_;
  const Secret client_secret_;
  const Secret configured_;
  const TokenEndpoint endpoint_;
  TokenStore& store_;
};

Result<std::unique_ptr<Grant>> NewJwtGrant(const std::string& org, const SignIn& sign_in,
                                           TokenEndpoint endpoint) {
  if (sign_in.username.empty()) return Fail(Missing(org, "a username"));
  FIRN_TRY(auto keys, KeysOf(org, {sign_in.current_key_pem, sign_in.next_key_pem}));
  return std::make_unique<JwtGrant>(org, sign_in, std::move(endpoint), std::move(keys));
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

std::string AudienceOf(std::string_view login_url) {
  std::string url(login_url);
  while (!url.empty() && url.back() == '/') url.pop_back();
  if (EndsWith(url, ".sandbox.my.salesforce.com")) return "https://test.salesforce.com";
  if (EndsWith(url, ".my.salesforce.com")) return "https://login.salesforce.com";
  return url;
}

Result<std::unique_ptr<Grant>> NewGrant(const std::string& org, const SignIn& sign_in,
                                        net::Transport& transport, TokenStore* store) {
  if (sign_in.login_url.empty()) return Fail(Missing(org, "a `login_url`"));
  if (sign_in.client_id.empty()) return Fail(Missing(org, "a client id"));
  TokenEndpoint endpoint(org, sign_in, transport);
  if (sign_in.kind == SignIn::Kind::kJwtBearer) {
    return NewJwtGrant(org, sign_in, std::move(endpoint));
  }
  if (sign_in.kind == SignIn::Kind::kClientCredentials) {
    if (sign_in.client_secret.empty()) return Fail(Missing(org, "a client secret"));
    return std::make_unique<ClientCredentialsGrant>(sign_in, std::move(endpoint));
  }
  if (store == nullptr) return Fail(Missing(org, "a place to keep renewed refresh tokens"));
  if (sign_in.refresh_token.empty()) return Fail(Missing(org, "a refresh token"));
  return std::make_unique<RefreshTokenGrant>(org, sign_in, std::move(endpoint), *store);
}

}  // namespace firn::salesforce
