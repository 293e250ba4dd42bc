// SignIn: who a request comes from. Reads the principals file, gives out access tokens for client
// credentials and for other tokens, and checks the token of every request.
//
// An access token is signed with its principal's own secret: it outlives a restart of the server
// and ends with the secret. Immutable once loaded; any thread. Secrets and tokens are never logged
// or repeated in an error. Errors: Denied (CAT-AUTH-001), Expired (CAT-AUTH-002).
// Source: REST catalog spec, `/v1/oauth/tokens`; RFC 6749 section 4.4; RFC 8693, read 2026-11.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/secret.h"
#include "core/config/field.h"
#include "core/config/secret_ref.h"
#include "core/identity/jwt.h"
#include "core/net/http.h"
#include "patterns/federation/access.h"
#include "patterns/federation/exchange.h"

namespace firn::federation {

class SignIn {
 public:
  // Everybody is the same principal and may do everything.
  [[nodiscard]] static std::unique_ptr<SignIn> Open();
  // Errors: those of reading YAML, every problem of the file (BadConfig, the first one), NotFound
  // for secrets; BadConfig (CAT-AUTH-004) for a trusted issuer's keys.
  [[nodiscard]] static Result<std::unique_ptr<SignIn>> Load(const Call& call,
                                                            const std::string& path);

  [[nodiscard]] Result<const Principal*> Authenticate(const net::Headers& headers,
                                                      UtcMicros now) const;
  // `form`: the body of a token request. Answers errors in OAuth's form.
  [[nodiscard]] Answer Token(const net::Headers& headers, std::string_view form,
                             UtcMicros now) const;

 private:
  struct Account {
    Principal principal;
    Secret secret;
  };
  // An issuer whose tokens are taken.
  struct Trust {
    std::string issuer;
    std::vector<std::string> audiences;
    identity::KeySet keys;
    std::map<std::string, std::string> principals;  // by subject
  };
  Result<const Account*> FromToken(std::string_view token, UtcMicros now, bool expired_too) const;
  Result<const Account*> FromJwt(std::string_view token, UtcMicros now) const;
  const Account* FromSecret(const std::string& client, std::string_view secret) const;
  Answer Granted(const Account& account, UtcMicros now, bool exchanged) const;
  Answer ByCredentials(const net::Headers& headers, std::map<std::string, std::string>& fields,
                       UtcMicros now) const;
  Answer ByExchange(const net::Headers& headers, std::map<std::string, std::string>& fields,
                    UtcMicros now) const;
  Result<void> AddAccount(const Call& call, config::SecretResolver& secrets,
                          const std::string& name, const config::Group& group);
  Result<void> AddTrust(const std::string& folder, const config::Group& group);

  bool open_ = false;
  std::map<std::string, Account> accounts_;
  std::vector<Trust> trusts_;
};

}  // namespace firn::federation
