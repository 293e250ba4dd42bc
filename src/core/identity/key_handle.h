// The OpenSSL key behind PublicKey and PrivateKey; only this room's sources see it.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>

#include <memory>
#include <string_view>

#include "core/identity/keys.h"

namespace firn::identity {

template <auto Free>
struct Releaser {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using OwnedPkey = std::unique_ptr<EVP_PKEY, Releaser<EVP_PKEY_free>>;
using OwnedBio = std::unique_ptr<BIO, Releaser<BIO_free_all>>;
using OwnedMdContext = std::unique_ptr<EVP_MD_CTX, Releaser<EVP_MD_CTX_free>>;
using OwnedPkeyContext = std::unique_ptr<EVP_PKEY_CTX, Releaser<EVP_PKEY_CTX_free>>;

struct KeyHandle {
  OwnedPkey pkey;
  KeyKind kind = KeyKind::kRsa;
};

inline constexpr int kRsaBitsMin = 2048;

// RSA of 2048 bits or more, or P-256; nullptr for anything else.
[[nodiscard]] std::shared_ptr<KeyHandle> Accept(OwnedPkey pkey);

}  // namespace firn::identity
