// Grant: one way of asking the token endpoint for a session. Private to the room.
//
// A grant is called by one thread at a time (its TokenSource sees to that); it repeats what is safe
// to repeat and turns every refusal into its cause.
#pragma once

#include <memory>
#include <string>

#include "core/base/call.h"
#include "core/base/encoding.h"
#include "core/base/error.h"
#include "core/net/client.h"
#include "ends/salesforce/auth.h"

namespace firn::salesforce {

class Grant {
 public:
  virtual ~Grant() = default;
  [[nodiscard]] virtual Result<Session> Fetch(const Call& call) = 0;
};

// What the token endpoint answered: a session, and the new refresh token if there was one.
struct TokenAnswer {
  Session session;
  Secret refresh_token;
};

// POST of a form to LOGIN_URL/services/oauth2/token, with retries of what passes.
class TokenEndpoint {
 public:
  TokenEndpoint(std::string org, const SignIn& sign_in, net::Transport& transport);
  // `client_secret` goes into a Basic header, not into the form, when it is not empty.
  [[nodiscard]] Result<TokenAnswer> Ask(const Call& call, const FormFields& form,
                                        const Secret& client_secret) const;

 private:
  std::string org_;
  std::string url_;
  std::string client_id_;
  std::string instance_url_;
  net::Transport& transport_;
};

[[nodiscard]] Result<std::unique_ptr<Grant>> NewGrant(const std::string& org, const SignIn& sign_in,
                                                      net::Transport& transport, TokenStore* store);

// `aud` of an assertion for that login URL: itself, except that a My Domain stands for its login
// host. Source: Salesforce Help, "OAuth 2.0 JWT Bearer Flow", step "Create a JWT".
[[nodiscard]] std::string AudienceOf(std::string_view login_url);

// An OAuth refusal with its cause. `skew`: how far our clock is ahead, when the answer told.
struct OauthRefusal {
  std::string_view org;
  int status = 0;
  const net::Headers* headers = nullptr;
  std::string_view body;
  UtcMicros now;
};
[[nodiscard]] Error OauthError(const OauthRefusal& refusal);

}  // namespace firn::salesforce
