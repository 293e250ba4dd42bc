// What a successful sign-in is answered with: access token (opaque or JWT), id_token, and the
// fields around them.
//
// Pure but for the session it opens; any thread. Source: Salesforce Help, "OAuth 2.0 Web Server
// Flow" (response parameters), "JWT-Based Access Tokens", "OpenID Connect"; read 2026-11.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sandbox/sign_in/sign_in_parts.h"

namespace firn::sandbox {

struct TokenGrant {
  App app;
  User user;
  std::string scopes;
  std::string refresh_token;  // to be answered beside the access token; empty: none
  std::string nonce;          // for the id_token
  std::string grant;          // of the refresh token behind it; empty: none
};

// The token endpoint's answer in its order. Errors: Internal, what the stores refuse.
[[nodiscard]] Result<nlohmann::ordered_json> MakeTokens(const SignInParts& parts,
                                                        const net::ServerRequest& request,
                                                        const TokenGrant& grant);

}  // namespace firn::sandbox
