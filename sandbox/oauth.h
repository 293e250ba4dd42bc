// Sign-in: the token endpoint and what stands around it (userinfo, revoke, introspect, identity).
//
// Stateless but for what it is given; any thread. It never tells a token, secret or assertion to a
// log. Source: Salesforce Help, "OAuth Authorization Flows" and "OAuth 2.0 Error Codes", read
// 2026-11.
#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/encoding.h"
#include "sandbox/answer.h"
#include "sandbox/apps.h"
#include "sandbox/sessions.h"
#include "sandbox/users.h"

namespace firn::sandbox {

// `https://localhost:8443`: the address that the client used, by its Host header.
[[nodiscard]] std::string BaseUrl(const net::ServerRequest& request);
// The same, but a login host becomes the org's My Domain: what `instance_url` says.
[[nodiscard]] std::string InstanceUrl(const net::ServerRequest& request);
// The session id of a request: `Authorization: Bearer ..` or `OAuth ..`. Empty: none.
[[nodiscard]] std::string BearerToken(const net::ServerRequest& request);

class OAuth {
 public:
  struct Parts {
    AppRegistry& apps;
    SessionStore& sessions;
    const UserDirectory& users;
    const Clock& clock;
    std::string org_id;
  };
  explicit OAuth(Parts parts) : parts_(std::move(parts)) {}

  // Answers `/services/oauth2/*` and `/id/*`. 404 for what else is asked.
  [[nodiscard]] Answer Handle(const net::ServerRequest& request);

 private:
  struct Grant {
    App app;
    User user;
    std::string scopes;
    std::string refresh_token;  // to be answered beside the access token
  };
  struct Client {
    std::string id;
    std::string secret;
  };
  [[nodiscard]] Answer Token(const net::ServerRequest& request);
  [[nodiscard]] Answer JwtBearer(const net::ServerRequest& request, const FormFields& form);
  [[nodiscard]] Answer ClientCredentials(const net::ServerRequest& request, const FormFields& form);
  [[nodiscard]] Answer RefreshToken(const net::ServerRequest& request, const FormFields& form);
  [[nodiscard]] Answer Password(const net::ServerRequest& request, const FormFields& form);
  [[nodiscard]] Answer Granted(const net::ServerRequest& request, const Grant& grant);
  [[nodiscard]] Answer Userinfo(const net::ServerRequest& request);
  [[nodiscard]] Answer Identity(const net::ServerRequest& request);
  [[nodiscard]] Answer Revoke(const net::ServerRequest& request);
  [[nodiscard]] Answer Introspect(const net::ServerRequest& request);

  [[nodiscard]] static Client ClientOf(const net::ServerRequest& request, const FormFields& form);
  // Nothing: `refusal` says why.
  [[nodiscard]] std::optional<App> Authenticate(const Client& client, bool secret_needed,
                                                Answer& refusal);

  const Parts parts_;
};

}  // namespace firn::sandbox
