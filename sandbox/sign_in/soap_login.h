// The SOAP API's login() and logout() calls: what older clients sign in by.
//
// login() is answered for versions 31.0 to 64.0; from 65.0 on the call is gone, as the vendor
// announced. Stateless; any thread. Source: SOAP API Developer Guide, 'login()', 'logout()',
// 'LoginFault'; release notes on the retirement of login(); read 2026-11.
#pragma once

#include <string>

#include "sandbox/answer.h"
#include "sandbox/sign_in/sign_in_parts.h"
#include "sandbox/soap/soap_wire.h"

namespace firn::sandbox {

struct SoapCall {
  std::string operation;  // `login` or `logout`
  std::string username;
  std::string password;
  std::string session_id;  // of the SessionHeader
};

class SoapLogin {
 public:
  explicit SoapLogin(SignInParts parts) : parts_(std::move(parts)) {}
  [[nodiscard]] Answer Handle(const net::ServerRequest& request, const SoapPath& path,
                              const SoapCall& call) const;

 private:
  [[nodiscard]] Answer Login(const net::ServerRequest& request, const SoapPath& path,
                             const SoapCall& call) const;
  const SignInParts parts_;
};

}  // namespace firn::sandbox
