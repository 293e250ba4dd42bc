#include "sandbox/crypto.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <memory>

#include "core/base/encoding.h"

namespace firn::sandbox {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* thing) const {
    Free(thing);
  }
};
using Pkey = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;

constexpr long kDaySeconds = 86'400;

tl::unexpected<Error> CryptoFailed(std::string what) {
  return Fail(Kind::kInternal, "SBX-CRYPTO-001", std::move(what));
}

Bio ReadBio(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string BioText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

std::string KeyPem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return BioText(bio.get());
}

std::string CertificatePem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return BioText(bio.get());
}

Certificate ParseCertificate(std::string_view pem) {
  const Bio bio = ReadBio(pem);
  return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

// A certificate's public key, or a bare PUBLIC KEY block; null when it is neither.
Pkey ParsePublicKey(std::string_view pem) {
  if (const Certificate certificate = ParseCertificate(pem)) {
    return Pkey(X509_get_pubkey(certificate.get()));
  }
  const Bio bio = ReadBio(pem);
  return Pkey(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
}

Result<Pkey> ParsePrivateKey(const std::string& key_pem) {
  const Bio bio = ReadBio(key_pem);
  Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!key) return Fail(Kind::kBadInput, "SBX-CRYPTO-002", "the private key is not readable PEM");
  return key;
}

Result<std::string> NumberOf(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) {
    return Fail(Kind::kBadInput, "SBX-CRYPTO-002", "the private key is not an RSA key");
  }
  std::string bytes(static_cast<size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(number);
  return bytes;
}

time_t UnixSeconds(UtcMicros time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

struct CertificateSpec {
  std::string common_name;
  UtcMicros now;
  long days = 365;
  bool ca = false;
  std::string alternative_names;  // `DNS:a,IP:b`, empty: none
};

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

void SetNamesAndLife(X509* certificate, const CertificateSpec& spec) {
  unsigned char serial[16];
  RAND_bytes(serial, sizeof serial);
  serial[0] &= 0x7f;
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  X509_set_version(certificate, X509_VERSION_3);
  // An hour of grace backwards: a clock that was moved must not make the certificate unborn.
  ASN1_TIME_set(X509_getm_notBefore(certificate), UnixSeconds(spec.now) - 3600);
  ASN1_TIME_set(X509_getm_notAfter(certificate), UnixSeconds(spec.now) + spec.days * kDaySeconds);
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto add = [&](const char* field, const std::string& value) {
    X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
  };
  add("O", "Firn sandbox");
  add("CN", spec.common_name);
}

// Signed by `issuer_key` in the name of `issuer`; both null: self-signed.
Result<Certificate> MakeCertificate(const CertificateSpec& spec, EVP_PKEY* key, X509* issuer,
                                    EVP_PKEY* issuer_key) {
  Certificate certificate(X509_new());
  SetNamesAndLife(certificate.get(), spec);
  X509_set_pubkey(certificate.get(), key);
  X509* signer = issuer == nullptr ? certificate.get() : issuer;
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  bool ok = AddExtension(certificate.get(), signer, NID_basic_constraints,
                         spec.ca ? "critical,CA:TRUE" : "CA:FALSE");
  ok = ok && AddExtension(certificate.get(), signer, NID_subject_key_identifier, "hash");
  ok = ok && AddExtension(certificate.get(), signer, NID_authority_key_identifier, "keyid:always");
  if (spec.ca) {
    ok = ok &&
         AddExtension(certificate.get(), signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    ok = ok && AddExtension(certificate.get(), signer, NID_key_usage, "critical,digitalSignature");
  }
  if (!spec.alternative_names.empty()) {
    ok =
        ok && AddExtension(certificate.get(), signer, NID_subject_alt_name, spec.alternative_names);
    ok = ok && AddExtension(certificate.get(), signer, NID_ext_key_usage, "serverAuth");
  }
  if (!ok) return CryptoFailed("cannot add an extension to a certificate");
  if (X509_sign(certificate.get(), issuer_key == nullptr ? key : issuer_key, EVP_sha256()) == 0) {
    return CryptoFailed("cannot sign a certificate");
  }
  return certificate;
}

}  // namespace

std::string Sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
             EVP_sha256(), nullptr);
  return digest;
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::string digest(32, '\0');
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &size);
  return digest;
}

Result<KeyAndCertificate> MintAppKey(const std::string& common_name, UtcMicros now) {
  const Pkey key(EVP_RSA_gen(2048));
  if (!key) return CryptoFailed("cannot make an RSA key");
  FIRN_TRY(const Certificate certificate,
           MakeCertificate({.common_name = common_name, .now = now, .days = 3650}, key.get(),
                           nullptr, nullptr));
  return KeyAndCertificate{KeyPem(key.get()), CertificatePem(certificate.get())};
}

Result<TlsMaterial> MintTls(const std::vector<std::string>& dns_names, UtcMicros now) {
  const Pkey ca_key(EVP_EC_gen("P-256"));
  const Pkey key(EVP_EC_gen("P-256"));
  if (!ca_key || !key) return CryptoFailed("cannot make an EC key");
  FIRN_TRY(const Certificate ca,
           MakeCertificate({.common_name = "Firn sandbox CA", .now = now, .days = 3650, .ca = true},
                           ca_key.get(), nullptr, nullptr));
  std::string names = "IP:127.0.0.1";
  for (const std::string& name : dns_names) names += ",DNS:" + name;
  FIRN_TRY(const Certificate server,
           MakeCertificate({.common_name = "localhost", .now = now, .alternative_names = names},
                           key.get(), ca.get(), ca_key.get()));
  TlsMaterial tls;
  tls.ca_pem = CertificatePem(ca.get());
  tls.ca_key_pem = KeyPem(ca_key.get());
  tls.chain_pem = CertificatePem(server.get()) + tls.ca_pem;
  tls.key_pem = KeyPem(key.get());
  return tls;
}

Result<std::string> SignRs256(const std::string& key_pem, std::string_view text) {
  FIRN_TRY(const Pkey key, ParsePrivateKey(key_pem));
  const DigestContext context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1) {
    return CryptoFailed("cannot sign");
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes, text.size()) != 1) {
    return CryptoFailed("cannot sign");
  }
  signature.resize(size);
  return signature;
}

bool VerifyRs256(const std::string& certificate_pem, std::string_view text,
                 std::string_view signature) {
  const Pkey key = ParsePublicKey(certificate_pem);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return false;
  const DigestContext context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

Result<RsaPublic> RsaPublicOf(const std::string& key_pem) {
  FIRN_TRY(const Pkey key, ParsePrivateKey(key_pem));
  RsaPublic half;
  FIRN_TRY(half.modulus, NumberOf(key.get(), OSSL_PKEY_PARAM_RSA_N));
  FIRN_TRY(half.exponent, NumberOf(key.get(), OSSL_PKEY_PARAM_RSA_E));
  return half;
}

Result<std::string> PublicKeyPem(const std::string& key_pem) {
  FIRN_TRY(const Pkey key, ParsePrivateKey(key_pem));
  const Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PUBKEY(bio.get(), key.get()) != 1) return CryptoFailed("cannot write a key");
  return BioText(bio.get());
}

Result<std::string> CertificateFingerprint(const std::string& certificate_pem) {
  const Certificate certificate = ParseCertificate(certificate_pem);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!certificate || X509_digest(certificate.get(), EVP_sha256(), digest, &size) != 1) {
    return Fail(Kind::kBadInput, "SBX-CRYPTO-003", "the certificate is not readable PEM");
  }
  std::string hex = Hex({reinterpret_cast<const char*>(digest), size});
  for (char& c : hex) c = static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
  return hex;
}

bool CertificateIsCurrent(const std::string& certificate_pem, UtcMicros now) {
  const Certificate certificate = ParseCertificate(certificate_pem);
  if (!certificate) return true;
  time_t at = UnixSeconds(now);
  return X509_cmp_time(X509_get0_notBefore(certificate.get()), &at) < 0 &&
         X509_cmp_time(X509_get0_notAfter(certificate.get()), &at) > 0;
}

}  // namespace firn::sandbox
