// What could go wrong in production: a weak or encrypted key is taken, a key is printed, or a key
// set that others publish is misread.
#include "core/identity/keys.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/identity/test_keys.h"

namespace firn::identity {
namespace {

using testing::NewEcPem;
using testing::NewRsaPem;

TEST(Keys, ThumbprintIsThatOfRfc7638) {
  const auto keys = KeySet::Parse(
      R"({"keys":[{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}]})");
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->keys().at(0).key.Thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  EXPECT_EQ(keys->keys().at(0).key_id, "2011-04-29");
}

TEST(Keys, KeySetSurvivesItsOwnJson) {
  const auto rsa = PrivateKeyFromPem(NewRsaPem());
  const auto ec = PrivateKeyFromPem(NewEcPem());
  ASSERT_TRUE(rsa && ec);
  const KeySet before({{"a", "RS256", rsa->Public()}, {"b", "", ec->Public()}});
  const auto after = KeySet::Parse(before.ToJson());
  ASSERT_TRUE(after) << after.error().OneLine();
  ASSERT_EQ(after->keys().size(), 2U);
  EXPECT_EQ(after->keys()[0].key.Thumbprint(), rsa->Public().Thumbprint());
  EXPECT_EQ(after->keys()[1].key.Thumbprint(), ec->Public().Thumbprint());
  EXPECT_EQ(after->keys()[0].algorithm, "RS256");
}

TEST(Keys, PublishedKeySetHoldsNothingPrivate) {
  const auto rsa = PrivateKeyFromPem(NewRsaPem());
  const auto jwk = nlohmann::json::parse(KeySet({{"a", "", rsa->Public()}}).ToJson())["keys"][0];
  for (const char* name : {"d", "p", "q", "dp", "dq", "qi"}) EXPECT_FALSE(jwk.contains(name));
}

TEST(Keys, ShortRsaAndOtherCurvesAreRefused) {
  EXPECT_EQ(PrivateKeyFromPem(NewRsaPem(1024)).error().code(), "ID-KEY-002");
  EXPECT_EQ(PrivateKeyFromPem(NewEcPem("P-384")).error().code(), "ID-KEY-002");
}

TEST(Keys, DamagedPemIsAConfigurationErrorThatDoesNotQuoteIt) {
  std::string pem = NewRsaPem().Reveal();
  const std::string middle = pem.substr(200, 20);
  pem.erase(300, 40);
  const auto key = PrivateKeyFromPem(Secret(pem));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code(), "ID-KEY-001");
  EXPECT_EQ(key.error().kind(), Kind::kBadConfig);
  EXPECT_EQ(key.error().OneLine().find(middle), std::string::npos);
  EXPECT_EQ(PrivateKeyFromPem(Secret("")).error().code(), "ID-KEY-001");
}

TEST(Keys, EncryptedPemIsRefusedWithoutAskingOnTheTerminal) {
  EVP_PKEY* pkey = EVP_RSA_gen(2048);
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, pkey, EVP_aes_128_cbc(), "pw", 2, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  const Secret pem(std::string(data, static_cast<size_t>(size)));
  BIO_free_all(bio);
  EVP_PKEY_free(pkey);
  EXPECT_EQ(PrivateKeyFromPem(pem).error().code(), "ID-KEY-001");
}

TEST(Keys, KeysForEncryptionOrOfUnknownKindArePassedOver) {
  const auto keys = KeySet::Parse(
      R"({"keys":[{"kty":"oct","k":"AAAA"},{"kty":"RSA","use":"enc"},{"kty":"OKP","crv":"Ed25519","x":"AA"}]})");
  ASSERT_TRUE(keys);
  EXPECT_TRUE(keys->keys().empty());
}

TEST(Keys, DamagedKeySetsAreRefused) {
  for (
      const char* text :
      {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[7]})", R"({"keys":[{"kty":"RSA"}]})",
       R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]})",
       R"({"keys":[{"kty":"RSA","n":"***","e":"AQAB"}]})",
       R"({"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]})",
       R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}]})"}) {
    const auto keys = KeySet::Parse(text);
    ASSERT_FALSE(keys) << text;
    EXPECT_EQ(keys.error().code(), "ID-KEY-003") << text;
  }
}

}  // namespace
}  // namespace firn::identity
