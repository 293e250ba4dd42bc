#include "core/identity/signature.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "core/identity/key_handle.h"

namespace firn::identity {
namespace {

const unsigned char* Raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

constexpr size_t kP256Half = 32;

// JWS carries r and s side by side, OpenSSL wants them in DER (RFC 7518 section 3.4).
std::string DerOfP256(std::string_view signature) {
  if (signature.size() != 2 * kP256Half) return "";
  const std::unique_ptr<ECDSA_SIG, Releaser<ECDSA_SIG_free>> parts(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(Raw(signature), kP256Half, nullptr);
  BIGNUM* s = BN_bin2bn(Raw(signature) + kP256Half, kP256Half, nullptr);
  if (ECDSA_SIG_set0(parts.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return "";
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  if (size <= 0) return "";
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace

bool IsKnownAlgorithm(std::string_view algorithm) {
  return algorithm == "RS256" || algorithm == "PS256" || algorithm == "ES256";
}

bool Fits(std::string_view algorithm, KeyKind kind) {
  return IsKnownAlgorithm(algorithm) && (algorithm == "ES256") == (kind == KeyKind::kP256);
}

Result<std::string> SignatureRs256(const PrivateKey& key, std::string_view text) {
  if (key.kind() != KeyKind::kRsa) {
    return Fail(Kind::kBadConfig, "ID-KEY-002", "RS256 needs an RSA key of 2048 bits or more");
  }
  const OwnedMdContext context(EVP_MD_CTX_new());
  size_t size = 0;
  EVP_PKEY* pkey = key.handle().pkey.get();
  bool ok = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, pkey) == 1 &&
            EVP_DigestSign(context.get(), nullptr, &size, Raw(text), text.size()) == 1;
  std::string signature(size, '\0');
  ok = ok && EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                            &size, Raw(text), text.size()) == 1;
  ERR_clear_error();
  if (!ok) return Fail(Kind::kInternal, "ID-KEY-004", "OpenSSL could not sign with the key");
  signature.resize(size);
  return signature;
}

bool VerifySignature(std::string_view algorithm, const PublicKey& key, std::string_view text,
                     std::string_view signature) {
  FIRN_ASSERT(Fits(algorithm, key.kind()));
  std::string der;
  if (algorithm == "ES256") {
    der = DerOfP256(signature);
    if (der.empty()) return false;
    signature = der;
  }
  const OwnedMdContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;
  bool ok = EVP_DigestVerifyInit(context.get(), &padding, EVP_sha256(), nullptr,
                                 key.handle().pkey.get()) == 1;
  if (ok && algorithm == "PS256") {
    ok = EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  ok = ok && EVP_DigestVerify(context.get(), Raw(signature), signature.size(), Raw(text),
                              text.size()) == 1;
  ERR_clear_error();
  return ok;
}

}  // namespace firn::identity
