// Keys: private keys from PEM, public keys as JWK and JWKS (RFC 7517, RFC 7518 section 6).
//
// Values share the OpenSSL key and may be used from any thread. A private key has no way out: it
// can sign, and give its public half.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/secret.h"

namespace firn::identity {

enum class KeyKind { kRsa, kP256 };

struct KeyHandle;  // an OpenSSL key; internal

class PublicKey {
 public:
  explicit PublicKey(std::shared_ptr<KeyHandle> handle) : handle_(std::move(handle)) {}
  [[nodiscard]] KeyKind kind() const;
  [[nodiscard]] int bits() const;
  // RFC 7638 thumbprint, SHA-256, base64url: the usual `kid`.
  [[nodiscard]] std::string Thumbprint() const;
  [[nodiscard]] const KeyHandle& handle() const { return *handle_; }

 private:
  std::shared_ptr<KeyHandle> handle_;
};

class PrivateKey {
 public:
  explicit PrivateKey(std::shared_ptr<KeyHandle> handle) : handle_(std::move(handle)) {}
  [[nodiscard]] KeyKind kind() const;
  [[nodiscard]] int bits() const;
  [[nodiscard]] PublicKey Public() const;
  [[nodiscard]] const KeyHandle& handle() const { return *handle_; }

 private:
  std::shared_ptr<KeyHandle> handle_;
};

// PKCS#8 or PKCS#1/SEC1 PEM without pass phrase. Errors: BadConfig ID-KEY-001 (no readable key),
// ID-KEY-002 (neither RSA of 2048 bits or more nor P-256).
[[nodiscard]] Result<PrivateKey> PrivateKeyFromPem(const Secret& pem);

struct JsonWebKey {
  std::string key_id;     // may be empty
  std::string algorithm;  // `alg`; empty: any that fits the kind
  PublicKey key;
};

class KeySet {
 public:
  KeySet() = default;
  explicit KeySet(std::vector<JsonWebKey> keys) : keys_(std::move(keys)) {}
  // A JWKS document. Keys that are not for signatures or of unknown kind are passed over, as RFC
  // 7517 section 5 says. Errors: BadInput ID-KEY-003 when it is no JWKS or a known key is damaged.
  [[nodiscard]] static Result<KeySet> Parse(std::string_view jwks_json);
  [[nodiscard]] std::string ToJson() const;
  [[nodiscard]] const std::vector<JsonWebKey>& keys() const { return keys_; }

 private:
  std::vector<JsonWebKey> keys_;
};

}  // namespace firn::identity
