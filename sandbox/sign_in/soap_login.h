// The SOAP API's login() and logout() calls, and nothing else of SOAP: what older clients sign in
// by.
//
// `/services/Soap/{c|u}/NN.0[/..]`, answered for versions 31.0 to 64.0; from 65.0 on the call is
// gone, as the vendor announced. Stateless; any thread. Source: SOAP API Developer Guide,
// 'login()', 'logout()', 'LoginFault'; release notes on the retirement of login(); read 2026-11.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sandbox/answer.h"
#include "sandbox/sign_in/sign_in_parts.h"

namespace firn::sandbox {

// What of a SOAP envelope the shim needs. Texts are decoded.
struct SoapCall {
  std::string operation;  // local name of the body's first element: `login`
  std::string username;
  std::string password;
  std::string session_id;  // of the SessionHeader
};
// Nothing when the bytes are no SOAP envelope with an element in its body.
[[nodiscard]] std::optional<SoapCall> ParseSoapCall(std::string_view xml);

class SoapLogin {
 public:
  explicit SoapLogin(SignInParts parts) : parts_(std::move(parts)) {}
  [[nodiscard]] Answer Handle(const net::ServerRequest& request);

 private:
  [[nodiscard]] Answer Login(const net::ServerRequest& request, const SoapCall& call,
                             const std::string& version);
  const SignInParts parts_;
};

}  // namespace firn::sandbox
