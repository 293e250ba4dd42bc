#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/identity/key_handle.h"
#include "core/identity/keys.h"

namespace firn::identity {
namespace {

using Json = nlohmann::json;
using OwnedNumber = std::unique_ptr<BIGNUM, Releaser<BN_free>>;
using OwnedParams = std::unique_ptr<OSSL_PARAM, Releaser<OSSL_PARAM_free>>;
using OwnedParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Releaser<OSSL_PARAM_BLD_free>>;

constexpr size_t kJwksBytesMax = 1 << 20;
constexpr size_t kP256CoordinateBytes = 32;
constexpr size_t kRsaModulusBytesMax = 2048;  // 16,384 bits: larger ones only burn time

Error Damaged(std::string_view why) {
  ERR_clear_error();
  return Error(Kind::kBadInput, "ID-KEY-003", "the key set is damaged").Because(std::string(why));
}

std::string NumberParam(const EVP_PKEY* pkey, const char* name) {
  BIGNUM* raw = nullptr;
  FIRN_ASSERT(EVP_PKEY_get_bn_param(pkey, name, &raw) == 1);
  const OwnedNumber number(raw);
  std::string bytes(static_cast<size_t>(BN_num_bytes(raw)), '\0');
  BN_bn2bin(raw, reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

std::string CoordinateParam(const EVP_PKEY* pkey, const char* name) {
  BIGNUM* raw = nullptr;
  FIRN_ASSERT(EVP_PKEY_get_bn_param(pkey, name, &raw) == 1);
  const OwnedNumber number(raw);
  std::string bytes(kP256CoordinateBytes, '\0');
  BN_bn2binpad(raw, reinterpret_cast<unsigned char*>(bytes.data()), kP256CoordinateBytes);
  return bytes;
}

// Only the members that RFC 7638 section 3.2 hashes, which are also all that a public JWK needs.
Json Members(const PublicKey& key) {
  const EVP_PKEY* pkey = key.handle().pkey.get();
  if (key.kind() == KeyKind::kRsa) {
    return {{"e", Base64Url(NumberParam(pkey, OSSL_PKEY_PARAM_RSA_E))},
            {"kty", "RSA"},
            {"n", Base64Url(NumberParam(pkey, OSSL_PKEY_PARAM_RSA_N))}};
  }
  return {{"crv", "P-256"},
          {"kty", "EC"},
          {"x", Base64Url(CoordinateParam(pkey, OSSL_PKEY_PARAM_EC_PUB_X))},
          {"y", Base64Url(CoordinateParam(pkey, OSSL_PKEY_PARAM_EC_PUB_Y))}};
}

Result<std::string> BytesOf(const Json& jwk, const char* name) {
  const auto found = jwk.find(name);
  if (found == jwk.end() || !found->is_string()) {
    return Fail(Damaged(std::string("a key has no text `") + name + "`"));
  }
  auto bytes = FromBase64Url(found->get_ref<const std::string&>());
  if (!bytes || bytes->empty()) return Fail(Damaged(std::string("`") + name + "` is no base64url"));
  return bytes;
}

OwnedPkey BuildKey(const char* type, OSSL_PARAM_BLD* builder) {
  const OwnedParams params(OSSL_PARAM_BLD_to_param(builder));
  const OwnedPkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* pkey = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &pkey, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return OwnedPkey(pkey);
}

Result<std::shared_ptr<KeyHandle>> RsaFrom(const Json& jwk) {
  FIRN_TRY(const std::string n, BytesOf(jwk, "n"));
  FIRN_TRY(const std::string e, BytesOf(jwk, "e"));
  if (n.size() > kRsaModulusBytesMax || e.size() > sizeof(uint64_t)) {
    return Fail(Damaged("an RSA key is absurdly large"));
  }
  const auto number = [](const std::string& bytes) {
    return OwnedNumber(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                 static_cast<int>(bytes.size()), nullptr));
  };
  const OwnedNumber n_number = number(n);
  const OwnedNumber e_number = number(e);
  const OwnedParamBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n_number.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e_number.get());
  std::shared_ptr<KeyHandle> handle = Accept(BuildKey("RSA", builder.get()));
  if (handle == nullptr) return Fail(Damaged("an RSA key is shorter than 2048 bits or no key"));
  return handle;
}

Result<std::shared_ptr<KeyHandle>> P256From(const Json& jwk) {
  FIRN_TRY(const std::string x, BytesOf(jwk, "x"));
  FIRN_TRY(const std::string y, BytesOf(jwk, "y"));
  if (x.size() != kP256CoordinateBytes || y.size() != kP256CoordinateBytes) {
    return Fail(Damaged("a P-256 coordinate is not 32 bytes"));
  }
  const std::string point = "\x04" + x + y;  // uncompressed form, SEC1 section 2.3.3
  const OwnedParamBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  std::shared_ptr<KeyHandle> handle = Accept(BuildKey("EC", builder.get()));
  if (handle == nullptr) return Fail(Damaged("an EC key is not on P-256"));
  return handle;
}

std::string TextOr(const Json& jwk, const char* name) {
  const auto found = jwk.find(name);
  return found != jwk.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string PublicKey::Thumbprint() const {
  const std::string text = Members(*this).dump();  // keys sorted, no spaces: RFC 7638 section 3
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return Base64Url(digest);
}

Result<KeySet> KeySet::Parse(std::string_view jwks_json) {
  if (jwks_json.size() > kJwksBytesMax) return Fail(Damaged("it is larger than 1 MiB"));
  const Json document = Json::parse(jwks_json, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("keys") || !document["keys"].is_array()) {
    return Fail(Damaged("it is no JSON object with an array `keys`"));
  }
  std::vector<JsonWebKey> keys;
  for (const Json& jwk : document["keys"]) {
    if (!jwk.is_object()) return Fail(Damaged("an entry of `keys` is no object"));
    const std::string use = TextOr(jwk, "use");
    if (!use.empty() && use != "sig") continue;
    const std::string type = TextOr(jwk, "kty");
    std::shared_ptr<KeyHandle> handle;
    if (type == "RSA") {
      FIRN_TRY(handle, RsaFrom(jwk));
    } else if (type == "EC" && TextOr(jwk, "crv") == "P-256") {
      FIRN_TRY(handle, P256From(jwk));
    } else {
      continue;
    }
    keys.push_back({TextOr(jwk, "kid"), TextOr(jwk, "alg"), PublicKey(std::move(handle))});
  }
  return KeySet(std::move(keys));
}

std::string KeySet::ToJson() const {
  Json keys = Json::array();
  for (const JsonWebKey& key : keys_) {
    Json jwk = Members(key.key);
    jwk["use"] = "sig";
    if (!key.key_id.empty()) jwk["kid"] = key.key_id;
    if (!key.algorithm.empty()) jwk["alg"] = key.algorithm;
    keys.push_back(std::move(jwk));
  }
  return Json{{"keys", std::move(keys)}}.dump();
}

}  // namespace firn::identity
