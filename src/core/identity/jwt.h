// JSON Web Tokens: signing (RS256) and strict verification (RS256, PS256, ES256).
//
// Verification never trusts the token about how to check it: the algorithm must be one the caller
// allows *and* the one the key is for, so `none`, HMAC with a public key and key-type confusion are
// refused before any signature is looked at. Pure functions over values; any thread. Tokens and
// keys never appear in an error.
//
// Source: RFC 7515 (JWS), RFC 7519 (JWT), RFC 8725 (JWT best current practices).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/secret.h"
#include "core/identity/keys.h"

namespace firn::identity {

// `claims_json` is the payload, a JSON object. The header is {"alg":"RS256","typ":"JWT"} with `kid`
// when it is not empty. Errors: BadConfig when the key is no RSA private key of 2048 bits or more
// (ID-KEY-002).
[[nodiscard]] Result<Secret> SignRs256(const PrivateKey& key, std::string_view claims_json,
                                       std::string_view kid);

struct VerifyOptions {
  std::vector<std::string> issuers;    // `iss` must be one of these; empty: not checked
  std::vector<std::string> audiences;  // `aud` must name one of these; empty: `aud` must be absent
  bool any_audience = false;           // `aud` is not checked
  std::chrono::seconds leeway{60};
  std::chrono::seconds life_max{0};  // `exp` no further ahead than this; 0: not checked
  std::vector<std::string> algorithms = {"RS256", "PS256", "ES256"};
  bool subject_required = false;
};

struct VerifiedToken {
  std::string header_json;
  std::string claims_json;
  std::string algorithm;
  std::string key_id;
  std::string issuer;
  std::string subject;
  std::vector<std::string> audiences;
  UtcMicros expires;
};

// Checks form, algorithm, signature, then `exp` (required), `nbf`, `iat`, `iss`, `aud`. A token
// with `kid` is checked with that key only; without, with each key that fits its algorithm. Errors:
// BadInput ID-JWT-001 (no JWT), Denied -002 (algorithm), -003 (no such key), -004 (signature),
// Expired -005, Denied -006 (not yet valid), -007 (issuer), -008 (audience), -009 (claims of the
// wrong type, or missing).
[[nodiscard]] Result<VerifiedToken> VerifyJwt(std::string_view token, const KeySet& keys,
                                              const VerifyOptions& options, UtcMicros now);

}  // namespace firn::identity
