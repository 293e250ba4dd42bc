#include "core/identity/error_codes.h"

namespace firn::identity {
namespace {

constexpr ErrorCode kCodes[] = {
    {"ID-KEY-001", "no readable key",
     "The text is no PEM, is cut short, or asks for a pass phrase.",
     "Give the whole unencrypted PEM text; `openssl pkey -in FILE` must read it."},
    {"ID-KEY-002", "the key is of a kind or size that is not accepted",
     "It is neither RSA of 2048 bits or more nor an EC key on P-256; RS256 needs RSA.",
     "Make one: `openssl genrsa -out key.pem 2048`."},
    {"ID-KEY-003", "the key set is damaged",
     "The answer is no JWKS document, or a key in it does not hold what its type says.",
     "Look at what the issuer's jwks_uri answers."},
    {"ID-KEY-004", "signing failed inside OpenSSL", "An inconsistent key or a fault of ours.",
     "Check the key with `openssl pkey -check`; else report it."},
    {"ID-JWT-001", "not a signed JSON Web Token",
     "The text does not have three base64url parts with JSON objects of unique names.",
     "Send the whole token as the issuer gave it."},
    {"ID-JWT-002", "algorithm not accepted",
     "The token says `none`, an HMAC, another algorithm, or a critical extension.",
     "Have the issuer sign with RS256, PS256 or ES256."},
    {"ID-JWT-003", "no known key fits the token",
     "Its `kid` is not in the key set, or the key there is for another algorithm.",
     "Fetch the issuer's keys again; check that issuer and key set belong together."},
    {"ID-JWT-004", "wrong signature", "The token was altered, or signed with another key.",
     "Get a new token; if it stays, compare the keys of both sides."},
    {"ID-JWT-005", "token expired", "`exp` lies in the past, beyond the leeway.",
     "Get a new token; check both clocks."},
    {"ID-JWT-006", "token not valid yet", "`nbf` or `iat` lies in the future, beyond the leeway.",
     "Check both clocks."},
    {"ID-JWT-007", "another issuer", "`iss` is not one of those configured.",
     "Add the issuer to the configuration if it is to be trusted."},
    {"ID-JWT-008", "another audience", "`aud` does not name this service.",
     "Have the token issued for this service."},
    {"ID-JWT-009", "claims missing or of the wrong type",
     "`exp` is missing, a claim has another type, no subject, or the life is too long.",
     "Have the issuer follow RFC 7519."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::identity
