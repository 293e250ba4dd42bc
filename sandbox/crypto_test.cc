// Sign-in stands on these: a signature accepted under the wrong key would let anybody in.
#include "sandbox/crypto.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"

namespace firn::sandbox {
namespace {

UtcMicros Now() { return SystemClock().Now(); }

TEST(Crypto, SignatureVerifiesOnlyUnderItsOwnCertificateAndText) {
  const auto one = MintAppKey("one", Now());
  const auto two = MintAppKey("two", Now());
  ASSERT_TRUE(one && two);
  const auto signature = SignRs256(one->key_pem, "text");
  ASSERT_TRUE(signature);
  EXPECT_TRUE(VerifyRs256(one->certificate_pem, "text", *signature));
  EXPECT_FALSE(VerifyRs256(two->certificate_pem, "text", *signature));
  EXPECT_FALSE(VerifyRs256(one->certificate_pem, "tEXt", *signature));
  EXPECT_FALSE(VerifyRs256(one->certificate_pem, "text", ""));
  EXPECT_FALSE(VerifyRs256("not a certificate", "text", *signature));
}

TEST(Crypto, DigestsAreTheStandardsOwnExamples) {
  // FIPS 180-4 example "abc"; RFC 4231 test case 2.
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Crypto, CertificateIsCurrentOnlyWithinItsLife) {
  const auto key = MintAppKey("one", Now());
  ASSERT_TRUE(key);
  EXPECT_TRUE(CertificateIsCurrent(key->certificate_pem, Now()));
  EXPECT_FALSE(CertificateIsCurrent(key->certificate_pem, Now() + std::chrono::days(3651)));
  EXPECT_FALSE(CertificateIsCurrent(key->certificate_pem, Now() - std::chrono::days(1)));
}

TEST(Crypto, FingerprintOfSomethingElseIsAnError) {
  const auto print = CertificateFingerprint("-----BEGIN NOTHING-----");
  ASSERT_FALSE(print);
  EXPECT_EQ(print.error().code(), "SBX-CRYPTO-003");
}

TEST(Crypto, TlsMaterialHasChainOfServerThenAuthority) {
  const auto tls = MintTls({"localhost", "*.salesforce.com"}, Now());
  ASSERT_TRUE(tls);
  EXPECT_TRUE(tls->chain_pem.ends_with(tls->ca_pem));
  EXPECT_NE(tls->key_pem.find("PRIVATE KEY"), std::string::npos);
}

}  // namespace
}  // namespace firn::sandbox
