// Sign-in: the token endpoint, the authorize pages, and what stands around them (userinfo, revoke,
// introspect, identity, key set, discovery).
//
// Stateless but for what it is given; any thread. It never tells a token, secret or assertion to a
// log. Source: Salesforce Help, "OAuth Authorization Flows" and "OAuth 2.0 Error Codes", read
// 2026-11.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/sign_in/authorize_pages.h"
#include "sandbox/sign_in/sign_in_parts.h"
#include "sandbox/sign_in/token_maker.h"

namespace firn::sandbox {

// The session id of a request: `Authorization: Bearer ..` or `OAuth ..`. Empty: none.
[[nodiscard]] std::string BearerToken(const net::ServerRequest& request);

class OAuth {
 public:
  using Parts = SignInParts;
  explicit OAuth(Parts parts) : parts_(std::move(parts)), pages_(parts_) {}
  OAuth(const OAuth&) = delete;

  // Answers `/services/oauth2/*`, `/id/*` and `/.well-known/*`. 404 for what else is asked.
  [[nodiscard]] Answer Handle(const net::ServerRequest& request);
  // Whether a path is one of these.
  [[nodiscard]] static bool Owns(std::string_view path);

 private:
  struct Client {
    std::string id;
    std::string secret;
  };
  // sign_in/oauth.cc: the grants.
  [[nodiscard]] Answer Token(const net::ServerRequest& request);
  [[nodiscard]] Answer JwtBearer(const net::ServerRequest& request, const FormFields& form);
  [[nodiscard]] Answer ClientCredentials(const net::ServerRequest& request, const FormFields& form);
  [[nodiscard]] Answer RefreshToken(const net::ServerRequest& request, const FormFields& form);
  [[nodiscard]] Answer Password(const net::ServerRequest& request, const FormFields& form);
  [[nodiscard]] Answer AuthorizationCode(const net::ServerRequest& request, const FormFields& form);
  [[nodiscard]] Answer Granted(const net::ServerRequest& request, const TokenGrant& grant,
                               std::string_view sub_type);
  // A refusal that LoginHistory shows with `status`.
  [[nodiscard]] Answer Refused(const net::ServerRequest& request, const App& app,
                               const std::optional<User>& user, std::string_view sub_type,
                               std::string_view status, Answer answer) const;
  // sign_in/oauth_identity.cc: who a token stands for, and the org's keys.
  [[nodiscard]] Answer Userinfo(const net::ServerRequest& request);
  [[nodiscard]] Answer Identity(const net::ServerRequest& request);
  [[nodiscard]] Answer Revoke(const net::ServerRequest& request);
  // What kept the token from being revoked; empty: it is.
  [[nodiscard]] Result<std::string> RevokeToken(const net::ServerRequest& request,
                                                const std::string& token);
  [[nodiscard]] Answer Introspect(const net::ServerRequest& request);
  [[nodiscard]] Answer Keys();
  [[nodiscard]] static Answer Discovery(const net::ServerRequest& request);

  [[nodiscard]] static Client ClientOf(const net::ServerRequest& request, const FormFields& form);
  // Nothing: `refusal` says why.
  [[nodiscard]] std::optional<App> Authenticate(const Client& client, bool secret_needed,
                                                Answer& refusal);

  const Parts parts_;
  AuthorizePages pages_;
};

}  // namespace firn::sandbox
