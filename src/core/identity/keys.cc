#include "core/identity/keys.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstring>

#include "core/identity/key_handle.h"

namespace firn::identity {
namespace {

// OpenSSL asks for a pass phrase on the terminal unless told otherwise.
int NoPassPhrase(char*, int, int, void*) { return -1; }

OwnedBio Reader(std::string_view text) {
  return OwnedBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Error NoKey(std::string_view what) {
  ERR_clear_error();
  return Error(Kind::kBadConfig, "ID-KEY-001", std::string(what))
      .Hint("give PEM text, unencrypted, whole, with its BEGIN and END lines");
}

Error WrongKey() {
  return Error(Kind::kBadConfig, "ID-KEY-002",
               "the key is neither RSA of 2048 bits or more nor an EC key on P-256");
}

bool IsP256(EVP_PKEY* pkey) {
  char group[64] = {};
  size_t size = 0;
  return EVP_PKEY_get_group_name(pkey, group, sizeof group, &size) == 1 &&
         std::strcmp(group, "prime256v1") == 0;
}

}  // namespace

std::shared_ptr<KeyHandle> Accept(OwnedPkey pkey) {
  if (pkey == nullptr) return nullptr;
  KeyKind kind = KeyKind::kRsa;
  if (EVP_PKEY_is_a(pkey.get(), "RSA") == 1) {
    if (EVP_PKEY_get_bits(pkey.get()) < kRsaBitsMin) return nullptr;
  } else if (EVP_PKEY_is_a(pkey.get(), "EC") == 1 && IsP256(pkey.get())) {
    kind = KeyKind::kP256;
  } else {
    return nullptr;
  }
  return std::make_shared<KeyHandle>(KeyHandle{std::move(pkey), kind});
}

KeyKind PublicKey::kind() const { return handle_->kind; }
int PublicKey::bits() const { return EVP_PKEY_get_bits(handle_->pkey.get()); }
KeyKind PrivateKey::kind() const { return handle_->kind; }
int PrivateKey::bits() const { return EVP_PKEY_get_bits(handle_->pkey.get()); }

PublicKey PrivateKey::Public() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(handle_->pkey.get(), &der);
  FIRN_ASSERT(size > 0);
  const unsigned char* at = der;
  OwnedPkey pkey(d2i_PUBKEY(nullptr, &at, size));
  OPENSSL_free(der);
  std::shared_ptr<KeyHandle> handle = Accept(std::move(pkey));
  FIRN_ASSERT(handle != nullptr);
  return PublicKey(std::move(handle));
}

Result<PrivateKey> PrivateKeyFromPem(const Secret& pem) {
  const OwnedBio bio = Reader(pem.Reveal());
  OwnedPkey pkey(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassPhrase, nullptr));
  if (pkey == nullptr) return Fail(NoKey("the text holds no readable private key"));
  std::shared_ptr<KeyHandle> handle = Accept(std::move(pkey));
  if (handle == nullptr) return Fail(WrongKey());
  return PrivateKey(std::move(handle));
}

}  // namespace firn::identity
