// The signatures behind jwt.h (RFC 7518 section 3), on OpenSSL. Private to the room; pure.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/identity/keys.h"

namespace firn::identity {

// RS256, PS256 or ES256.
[[nodiscard]] bool IsKnownAlgorithm(std::string_view algorithm);
// Whether a key of that kind may serve the algorithm.
[[nodiscard]] bool Fits(std::string_view algorithm, KeyKind kind);
// Errors: BadConfig ID-KEY-002 when the key is not RSA.
[[nodiscard]] Result<std::string> SignatureRs256(const PrivateKey& key, std::string_view text);
// False for anything but a right signature. The algorithm must fit the key.
[[nodiscard]] bool VerifySignature(std::string_view algorithm, const PublicKey& key,
                                   std::string_view text, std::string_view signature);

}  // namespace firn::identity
