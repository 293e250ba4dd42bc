// Where browsers sign out: the org's own logout page and the OpenID Connect end-session endpoint.
//
// Both end the session of the `sid` cookie, take the cookie away and lead to the org's page; an
// access token given as hint ends too. OAuth tokens of apps stay: they end by `revoke`. Stateless;
// any thread. Source: Salesforce Help, "Single Logout", "Configure OpenID Connect Single Logout
// with Salesforce as the OpenID Connect Provider" (front channel only, the caller's redirect is not
// followed), read 2026-11.
#pragma once

#include <string_view>
#include <utility>

#include "sandbox/answer.h"
#include "sandbox/sign_in/sign_in_parts.h"

namespace firn::sandbox {

class LogoutPages {
 public:
  explicit LogoutPages(SignInParts parts) : parts_(std::move(parts)) {}
  [[nodiscard]] static bool Owns(std::string_view path);
  [[nodiscard]] Answer Handle(const net::ServerRequest& request);

 private:
  // Errors: what the store refuses.
  [[nodiscard]] Result<void> End(const net::ServerRequest& request, const std::string& token,
                                 bool browser);
  const SignInParts parts_;
};

}  // namespace firn::sandbox
