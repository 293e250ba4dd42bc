// Certificates made here: an authority of one's own and server certificates signed by it, as PEM in
// memory. For the sandbox's TLS and for tests; never for production endpoints. Pure but for
// OpenSSL's randomness.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace firn::net {

struct Certificate {
  std::string certificate_pem;
  std::string key_pem;  // PKCS#8, not encrypted: the caller keeps it in a file of mode 0600
};

enum class KeyKind { kEcP256, kRsa2048 };

struct CertificateOptions {
  std::string common_name;
  // DNS names and IP addresses, for server certificates.
  std::vector<std::string> names;
  KeyKind key = KeyKind::kEcP256;
  UtcMicros not_before;
  std::chrono::hours lifetime{24 * 365};
};

// Errors: Internal (NET-TLS-003) when OpenSSL fails.
[[nodiscard]] Result<Certificate> MintAuthority(const CertificateOptions& options);
// Errors: BadConfig (NET-TLS-002) when the authority cannot be read, Internal (NET-TLS-003).
[[nodiscard]] Result<Certificate> MintServerCertificate(const Certificate& authority,
                                                        const CertificateOptions& options);
[[nodiscard]] Result<Certificate> MintClientCertificate(const Certificate& authority,
                                                        const CertificateOptions& options);
// A key pair alone, self-signed: what a connected app takes for JWT sign-in.
[[nodiscard]] Result<Certificate> MintSelfSigned(const CertificateOptions& options);
// When it ends. Errors: BadInput (NET-TLS-004) when it is no PEM certificate.
[[nodiscard]] Result<UtcMicros> CertificateEnd(const std::string& certificate_pem);

}  // namespace firn::net
