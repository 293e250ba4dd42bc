#include "core/net/tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

namespace firn::net {
namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* part) const {
    Free(part);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

tl::unexpected<Error> Failed(std::string what) {
  char text[256] = "";
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  ERR_clear_error();
  return Fail(Error(Kind::kInternal, "NET-TLS-003", std::move(what)).Because(text));
}

Result<Key> NewKey(KeyKind kind) {
  Key key(kind == KeyKind::kRsa2048 ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
  if (!key) return Failed("a key cannot be made");
  return key;
}

std::string Text(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<size_t>(size)};
}

Result<Certificate> ToPem(X509* certificate, EVP_PKEY* key) {
  const BioPtr certificate_out(BIO_new(BIO_s_mem()));
  const BioPtr key_out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_out.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(key_out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return Failed("a certificate cannot be written");
  }
  return Certificate{Text(certificate_out.get()), Text(key_out.get())};
}

X509Ptr ReadCertificate(const std::string& pem) {
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509Ptr certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  if (!certificate) ERR_clear_error();
  return certificate;
}

Key ReadKey(const std::string& pem) {
  const BioPtr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  if (!key) ERR_clear_error();
  return key;
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// `DNS:a,IP:127.0.0.1`. A name with a comma in it would add names of its own.
Result<std::string> AlternativeNames(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    if (name.empty() || name.find_first_of(",: \n") != std::string::npos) {
      unsigned char address[16];
      if (inet_pton(AF_INET6, name.c_str(), address) != 1) {
        return Fail(Kind::kBadInput, "NET-TLS-004", "`" + name + "` is not a host name");
      }
    }
    unsigned char address[16];
    const bool ip = inet_pton(AF_INET, name.c_str(), address) == 1 ||
                    inet_pton(AF_INET6, name.c_str(), address) == 1;
    if (!text.empty()) text += ',';
    text += (ip ? "IP:" : "DNS:") + name;
  }
  return text;
}

enum class Use { kAuthority, kServer, kClient, kSelfSigned };

bool AddUses(X509* certificate, X509* issuer, Use use) {
  if (use == Use::kAuthority) {
    return AddExtension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE") &&
           AddExtension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           AddExtension(certificate, issuer, NID_subject_key_identifier, "hash");
  }
  if (!AddExtension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE")) return false;
  if (use == Use::kSelfSigned) return true;
  return AddExtension(certificate, issuer, NID_ext_key_usage,
                      use == Use::kServer ? "serverAuth" : "clientAuth") &&
         AddExtension(certificate, issuer, NID_authority_key_identifier, "keyid");
}

Result<Certificate> Mint(const Certificate* authority, const CertificateOptions& options, Use use) {
  X509Ptr issuer;
  Key issuer_key;
  if (authority != nullptr) {
    issuer = ReadCertificate(authority->certificate_pem);
    issuer_key = ReadKey(authority->key_pem);
    if (!issuer || !issuer_key) {
      return Fail(Kind::kBadConfig, "NET-TLS-002", "the authority's certificate cannot be used");
    }
  }
  FIRN_TRY(const Key key, NewKey(options.key));
  FIRN_TRY(const std::string names, AlternativeNames(options.names));
  const X509Ptr certificate(X509_new());
  X509* made = certificate.get();
  unsigned char serial[16];
  const auto begins = std::chrono::floor<std::chrono::seconds>(options.not_before);
  const auto ends = begins + options.lifetime;
  bool good = made != nullptr && RAND_bytes(serial, sizeof serial) == 1;
  if (!good) return Failed("a certificate cannot be made");
  serial[0] &= 0x7F;  // positive (RFC 5280, 4.1.2.2)
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  good = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made)) != nullptr;
  BN_free(number);
  X509_NAME* subject = X509_get_subject_name(made);
  good =
      good && X509_set_version(made, 2) == 1 && X509_set_pubkey(made, key.get()) == 1 &&
      ASN1_TIME_set(X509_getm_notBefore(made), begins.time_since_epoch().count()) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(made), ends.time_since_epoch().count()) != nullptr &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(options.common_name.data()),
                                 static_cast<int>(options.common_name.size()), -1, 0) == 1;
  X509* signer = issuer ? issuer.get() : made;
  good = good && X509_set_issuer_name(made, X509_get_subject_name(signer)) == 1 &&
         AddUses(made, signer, use) &&
         (names.empty() || AddExtension(made, signer, NID_subject_alt_name, names)) &&
         X509_sign(made, issuer_key ? issuer_key.get() : key.get(), EVP_sha256()) > 0;
  if (!good) return Failed("a certificate cannot be made");
  return ToPem(made, key.get());
}

}  // namespace

Result<Certificate> MintAuthority(const CertificateOptions& options) {
  return Mint(nullptr, options, Use::kAuthority);
}

Result<Certificate> MintServerCertificate(const Certificate& authority,
                                          const CertificateOptions& options) {
  return Mint(&authority, options, Use::kServer);
}

Result<Certificate> MintClientCertificate(const Certificate& authority,
                                          const CertificateOptions& options) {
  return Mint(&authority, options, Use::kClient);
}

Result<Certificate> MintSelfSigned(const CertificateOptions& options) {
  return Mint(nullptr, options, Use::kSelfSigned);
}

Result<UtcMicros> CertificateEnd(const std::string& certificate_pem) {
  const X509Ptr certificate = ReadCertificate(certificate_pem);
  std::tm ends{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &ends) != 1) {
    return Fail(Kind::kBadInput, "NET-TLS-004", "this is not a PEM certificate");
  }
  return UtcMicros(std::chrono::seconds(timegm(&ends)));
}

}  // namespace firn::net
