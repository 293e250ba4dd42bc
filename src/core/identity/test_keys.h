// Keys and hand-made tokens for tests: fresh OpenSSL keys, and signing that lets a test write any
// header, so that what SignRs256 would never make can be tried too.
#pragma once

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <string>
#include <string_view>

#include "core/base/encoding.h"
#include "core/base/secret.h"

namespace firn::identity::testing {

inline std::string PemOf(EVP_PKEY* pkey) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, pkey, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free_all(bio);
  return pem;
}

inline Secret NewRsaPem(unsigned bits = 2048) {
  EVP_PKEY* pkey = EVP_RSA_gen(bits);
  std::string pem = PemOf(pkey);
  EVP_PKEY_free(pkey);
  return Secret(std::move(pem));
}

inline Secret NewEcPem(const char* curve = "P-256") {
  EVP_PKEY* pkey = EVP_EC_gen(curve);
  std::string pem = PemOf(pkey);
  EVP_PKEY_free(pkey);
  return Secret(std::move(pem));
}

// A token with exactly that header and payload; `pss` chooses RSA-PSS padding, an EC key gives the
// JWS form of ECDSA.
inline std::string SignAnything(const Secret& pem, std::string_view header, std::string_view claims,
                                bool pss = false) {
  const std::string text = Base64Url(header) + "." + Base64Url(claims);
  BIO* bio = BIO_new_mem_buf(pem.Reveal().data(), static_cast<int>(pem.Reveal().size()));
  EVP_PKEY* pkey = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free_all(bio);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* padding = nullptr;
  EVP_DigestSignInit(context, &padding, EVP_sha256(), nullptr, pkey);
  if (pss) {
    EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST);
  }
  size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  EVP_DigestSign(context, nullptr, &size, bytes, text.size());
  std::string signature(size, '\0');
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                 text.size());
  signature.resize(size);
  EVP_MD_CTX_free(context);
  if (EVP_PKEY_is_a(pkey, "EC")) {
    const auto* der = reinterpret_cast<const unsigned char*>(signature.data());
    ECDSA_SIG* parts = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(signature.size()));
    std::string raw(64, '\0');
    auto* out = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(parts), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(parts), out + 32, 32);
    ECDSA_SIG_free(parts);
    signature = raw;
  }
  EVP_PKEY_free(pkey);
  return text + "." + Base64Url(signature);
}

}  // namespace firn::identity::testing
