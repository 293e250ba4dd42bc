// RSA signatures, digests and X.509 minting on OpenSSL: what sign-in and the TLS door stand on.
// The sandbox's own, apart from Firn's client, so that a misreading of one shows in the other.
//
// Pure functions; any thread. Private keys leave here only as PEM text for the caller to store.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace firn::sandbox {

struct KeyAndCertificate {
  std::string key_pem;
  std::string certificate_pem;
};

// SHA-256, 32 raw bytes.
[[nodiscard]] std::string Sha256(std::string_view bytes);
// HMAC-SHA-256, 32 raw bytes.
[[nodiscard]] std::string HmacSha256(std::string_view key, std::string_view bytes);

// A 2,048-bit RSA key with a self-signed certificate of ten years, as an administrator makes for a
// connected app. Errors: Internal (SBX-CRYPTO-001).
[[nodiscard]] Result<KeyAndCertificate> MintAppKey(const std::string& common_name, UtcMicros now);

struct TlsMaterial {
  std::string ca_pem;
  std::string ca_key_pem;
  std::string chain_pem;  // server certificate, then the CA's
  std::string key_pem;
};
// A CA (EC P-256, ten years) and a server certificate (one year) with these DNS names and
// 127.0.0.1.
[[nodiscard]] Result<TlsMaterial> MintTls(const std::vector<std::string>& dns_names, UtcMicros now);

// One RS256 signature over `text` (RFC 7518 section 3.3). Errors: BadInput (SBX-CRYPTO-002) for a
// key that cannot be read.
[[nodiscard]] Result<std::string> SignRs256(const std::string& key_pem, std::string_view text);
// True when `signature` over `text` was made by the key of this certificate (or bare public key).
[[nodiscard]] bool VerifyRs256(const std::string& certificate_pem, std::string_view text,
                               std::string_view signature);
// The public half of a PEM RSA private key as a JWK carries it: modulus and exponent, big-endian
// bytes. Errors: BadInput (SBX-CRYPTO-002).
struct RsaPublic {
  std::string modulus;
  std::string exponent;
};
[[nodiscard]] Result<RsaPublic> RsaPublicOf(const std::string& key_pem);
// The public key of a PEM private key, as a PEM PUBLIC KEY block. Errors: as above.
[[nodiscard]] Result<std::string> PublicKeyPem(const std::string& key_pem);
// Colon-free upper-case SHA-256 fingerprint of a PEM certificate. Errors: BadInput
// (SBX-CRYPTO-003).
[[nodiscard]] Result<std::string> CertificateFingerprint(const std::string& certificate_pem);
// Whether the certificate's life holds `now`. A bare public key always does.
[[nodiscard]] bool CertificateIsCurrent(const std::string& certificate_pem, UtcMicros now);

}  // namespace firn::sandbox
