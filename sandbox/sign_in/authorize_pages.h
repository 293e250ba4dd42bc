// The pages a person sees while an app asks for access: sign in, then approve.
//
// `/services/oauth2/authorize`, for `response_type=code` (with PKCE) and `token`. The person's own
// session is a cookie (`sid`) whose token serves nothing but these pages. Stateless; any thread.
// Source: Salesforce Help, "OAuth 2.0 Web Server Flow for Web App Integration", "OAuth 2.0
// User-Agent Flow" and "OAuth 2.0 Authorization Errors", read 2026-11.
#pragma once

#include "core/base/encoding.h"
#include "sandbox/answer.h"
#include "sandbox/sign_in/sign_in_parts.h"

namespace firn::sandbox {

class AuthorizePages {
 public:
  explicit AuthorizePages(const SignInParts& parts) : parts_(parts) {}
  [[nodiscard]] Answer Handle(const net::ServerRequest& request);

 private:
  // What the app asked for, checked against what it is.
  struct Ask {
    App app;
    std::string response_type;
    std::string redirect_uri;
    std::string scopes;
    std::string state;
    std::string challenge;
    std::string nonce;
    std::string login_hint;
    bool silent = false;   // `prompt=none` or `immediate=true`: no page may be shown
    bool sign_in = false;  // `prompt=login`: even with a session
    bool consent = false;  // `prompt=consent`: even when approved
  };
  // Nothing: `refusal` says why.
  [[nodiscard]] std::optional<Ask> Read(const net::ServerRequest& request, Answer& refusal) const;
  [[nodiscard]] Answer SignIn(const net::ServerRequest& request, const Ask& ask);
  [[nodiscard]] Answer Decide(const net::ServerRequest& request, const Ask& ask, const User& user);
  [[nodiscard]] Answer Redirect(const net::ServerRequest& request, const Ask& ask,
                                const User& user);
  [[nodiscard]] static Answer Back(const Ask& ask, FormFields fields);

  const SignInParts& parts_;
};

}  // namespace firn::sandbox
