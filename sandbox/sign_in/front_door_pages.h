// From an API session into a browser's: the UI Bridge API and frontdoor.jsp.
//
// `/services/oauth2/singleaccess` answers an address that signs a browser in once, and
// `/secur/frontdoor.jsp` is that address: it takes the one-time password (or a session id, as older
// clients send it), gives the browser a session of its own and leads on to a page of the org.
// Stateless; any thread. Source: Salesforce Help, "Generate a Frontdoor URL to Bridge into UI
// Sessions", "Using Frontdoor.jsp to Bridge an Existing Session Into Salesforce", read 2026-11.
#pragma once

#include <string_view>
#include <utility>

#include "core/base/encoding.h"
#include "sandbox/answer.h"
#include "sandbox/sign_in/sign_in_parts.h"

namespace firn::sandbox {

class FrontDoorPages {
 public:
  explicit FrontDoorPages(SignInParts parts) : parts_(std::move(parts)) {}
  [[nodiscard]] static bool Owns(std::string_view path);
  [[nodiscard]] Answer Handle(const net::ServerRequest& request) const;

 private:
  [[nodiscard]] Answer SingleAccess(const net::ServerRequest& request) const;
  [[nodiscard]] Answer FrontDoor(const net::ServerRequest& request) const;
  // Of whom the password or session id is; nothing: of nobody.
  [[nodiscard]] Result<std::string> UserOf(const FormFields& form) const;
  const SignInParts parts_;
};

}  // namespace firn::sandbox
