// Signing in to an org: JWT bearer with two keys, client credentials, refresh token with rotation.
//
// A TokenSource belongs to an Org and may be called from any thread: however many callers wait, one
// token is fetched at a time. Tokens and assertions are Secret and never logged. Username-password
// and SOAP login are not here and will not be: Salesforce retires both.
//
// Source: Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration", "OAuth 2.0
// Client Credentials Flow", "OAuth 2.0 Refresh Token Flow", "OpenID Connect Token Introspection",
// read 2026-11.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/call.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/secret.h"
#include "core/net/client.h"

namespace firn::salesforce {

struct Session {
  std::string instance_url;  // without a slash at the end
  Secret access_token;
  std::string identity_url;  // https://login.salesforce.com/id/00D../005..
  std::string org_id;        // 18 characters, from the identity URL; empty if there was none
  std::string user_id;
  UtcMicros issued_at;    // by the org's clock
  std::string served_by;  // `current key`, `next key`, `client credentials`, `refresh token`
  uint64_t serial = 0;    // counts the sessions of one TokenSource
};

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // The session in use; signs in when there is none. Errors: Denied SF-AUTH-001.. with the vendor's
  // error text and its cause; Throttled, Unreachable, Timeout (retry safe).
  [[nodiscard]] virtual Result<Session> Get(const Call& call) = 0;
  // A session other than `refused`, which the org no longer accepts. When another caller has
  // already replaced it, that one; otherwise signs in again.
  [[nodiscard]] virtual Result<Session> Renew(const Call& call, const Session& refused) = 0;
};

// Keeps the newest refresh token of an org: with rotation each is good for one use, so the new one
// must be durable before the access token it came with is used.
class TokenStore {
 public:
  virtual ~TokenStore() = default;
  // Nothing when none was ever saved. Errors: of the file or database.
  [[nodiscard]] virtual Result<std::optional<Secret>> Load(const std::string& org) = 0;
  // Durable when it returns.
  [[nodiscard]] virtual Result<void> Save(const std::string& org, const Secret& token) = 0;
  // Held while one process loads, uses and saves: two must not spend the same token. Waits within
  // the call's deadline; released when the last copy goes.
  [[nodiscard]] virtual Result<std::shared_ptr<void>> Hold(const Call& call,
                                                           const std::string& org) = 0;
};
// Files `<org>.refresh-token`, mode 0600, in `folder` (made when missing).
[[nodiscard]] std::unique_ptr<TokenStore> NewFileTokenStore(std::string folder);

// The two keys of JWT bearer sign-in, RSA, PEM.
struct SignInKeys {
  Secret current_key_pem;
  Secret next_key_pem;  // empty when no rotation is under way
};

struct SignIn {
  enum class Kind { kJwtBearer, kClientCredentials, kRefreshToken };
  Kind kind = Kind::kJwtBearer;
  // Where tokens come from: https://login.salesforce.com, https://test.salesforce.com or the org's
  // My Domain (needed by client credentials).
  std::string login_url = "https://login.salesforce.com";
  std::string client_id;   // consumer key
  std::string username;    // JWT bearer
  Secret current_key_pem;  // JWT bearer: RSA private key, PEM
  Secret next_key_pem;     // JWT bearer: empty when no rotation is under way
  // JWT bearer: asked when the org refuses every key at hand; they may have been rotated since they
  // were read. Null: they are what they are.
  std::function<Result<SignInKeys>(const Call& call)> fresh_keys;
  std::string audience;      // JWT bearer; empty: login_url, or its salesforce.com login host
  Secret client_secret;      // client credentials; optional with a refresh token
  Secret refresh_token;      // refresh token: the first one; the store's is preferred
  std::string instance_url;  // empty: as the token answer says
  std::chrono::seconds assertion_life{180};
};

// Checks the options (a key that is no RSA key: SF-AUTH-010, BadConfig; a missing part:
// SF-AUTH-011) and makes the source. `org` names it in messages and in the store.
[[nodiscard]] Result<std::unique_ptr<TokenSource>> NewTokenSource(const std::string& org,
                                                                  const SignIn& sign_in,
                                                                  net::Transport& transport,
                                                                  TokenStore* store);

// How far this machine's clock is from the `Date` of an answer: positive = ahead of the org.
// Nothing when the header is missing or no HTTP date.
[[nodiscard]] std::optional<std::chrono::seconds> ClockSkew(std::string_view date_header,
                                                            UtcMicros now);

}  // namespace firn::salesforce
