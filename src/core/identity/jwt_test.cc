// What could go wrong in production: a forged token is let in (`none`, HMAC with our public key, a
// key of another kind, a header that picks its own rules), an honest one is kept out, or a token
// counts past its time or for somebody else.
#include "core/identity/jwt.h"

#include <gtest/gtest.h>
#include <openssl/hmac.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/identity/test_keys.h"

namespace firn::identity {
namespace {

using testing::NewEcPem;
using testing::NewRsaPem;
using testing::SignAnything;
using Json = nlohmann::json;

constexpr int64_t kNow = 1'795'000'000;
const UtcMicros kNowMicros{std::chrono::seconds(kNow)};

const Secret& RsaPem() {
  static const Secret pem = NewRsaPem();
  return pem;
}
const Secret& EcPem() {
  static const Secret pem = NewEcPem();
  return pem;
}

JsonWebKey WebKey(const Secret& pem, std::string kid = "", std::string algorithm = "") {
  return {std::move(kid), std::move(algorithm), PrivateKeyFromPem(pem)->Public()};
}

KeySet BothKeys() { return KeySet({WebKey(RsaPem(), "rsa"), WebKey(EcPem(), "ec")}); }

Json GoodClaims() {
  return {{"iss", "https://issuer.example"},
          {"sub", "ada"},
          {"aud", "firn"},
          {"exp", kNow + 120},
          {"nbf", kNow - 10},
          {"iat", kNow - 10}};
}

VerifyOptions GoodOptions() {
  VerifyOptions options;
  options.issuers = {"https://issuer.example"};
  options.audiences = {"firn"};
  return options;
}

Result<VerifiedToken> Verify(const std::string& token, const KeySet& keys = BothKeys(),
                             const VerifyOptions& options = GoodOptions()) {
  return VerifyJwt(token, keys, options, kNowMicros);
}

std::string CodeOf(const Result<VerifiedToken>& result) {
  return result ? "accepted" : result.error().code();
}

std::string SignedWith(const Json& claims, const char* header = R"({"alg":"RS256","kid":"rsa"})") {
  return SignAnything(RsaPem(), header, claims.dump());
}

TEST(Jwt, SignedTokenVerifiesAndGivesItsClaims) {
  const auto token = SignRs256(*PrivateKeyFromPem(RsaPem()), GoodClaims().dump(), "rsa");
  ASSERT_TRUE(token);
  const auto verified = Verify(token->Reveal());
  ASSERT_TRUE(verified) << verified.error().OneLine();
  EXPECT_EQ(verified->issuer, "https://issuer.example");
  EXPECT_EQ(verified->subject, "ada");
  EXPECT_EQ(verified->audiences, std::vector<std::string>{"firn"});
  EXPECT_EQ(verified->key_id, "rsa");
  EXPECT_EQ(Json::parse(verified->claims_json), GoodClaims());
}

TEST(Jwt, ExampleOfRfc7515AppendixA2Verifies) {
  const auto keys = KeySet::Parse(
      R"({"keys":[{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}]})");
  ASSERT_TRUE(keys);
  VerifyOptions options;
  options.issuers = {"joe"};
  const auto verified = VerifyJwt(
      "eyJhbGciOiJSUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
      "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSj"
      "tQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6Ie"
      "YI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
      *keys, options, UtcMicros(std::chrono::seconds(1'300'819'000)));
  EXPECT_TRUE(verified) << verified.error().OneLine();
}

TEST(Jwt, ExampleOfRfc7515AppendixA3VerifiesWithTheEcKey) {
  const auto keys = KeySet::Parse(
      R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})");
  ASSERT_TRUE(keys);
  const auto verified = VerifyJwt(
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
      *keys, VerifyOptions{}, UtcMicros(std::chrono::seconds(1'300'819'000)));
  EXPECT_TRUE(verified) << verified.error().OneLine();
}

TEST(Jwt, PssAndEcSignaturesVerifyUnderTheirOwnNames) {
  const std::string claims = GoodClaims().dump();
  EXPECT_EQ(CodeOf(Verify(SignAnything(RsaPem(), R"({"alg":"PS256"})", claims, true))), "accepted");
  EXPECT_EQ(CodeOf(Verify(SignAnything(EcPem(), R"({"alg":"ES256"})", claims))), "accepted");
  EXPECT_EQ(CodeOf(Verify(SignAnything(RsaPem(), R"({"alg":"RS256"})", claims, true))),
            "ID-JWT-004");
}

TEST(Jwt, AlgorithmNoneIsRefusedInEverySpelling) {
  for (const char* name : {"none", "None", "NONE", ""}) {
    const std::string head = Json{{"alg", name}}.dump();
    const std::string token = Base64Url(head) + "." + Base64Url(GoodClaims().dump()) + ".";
    EXPECT_EQ(CodeOf(Verify(token)), "ID-JWT-002") << name;
  }
}

TEST(Jwt, HmacWithThePublicKeyAsSecretIsRefused) {
  const std::string jwks = BothKeys().ToJson();
  const std::string text =
      Base64Url(R"({"alg":"HS256","kid":"rsa"})") + "." + Base64Url(GoodClaims().dump());
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), jwks.data(), static_cast<int>(jwks.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  const std::string mac(reinterpret_cast<char*>(digest), size);
  EXPECT_EQ(CodeOf(Verify(text + "." + Base64Url(mac))), "ID-JWT-002");
}

TEST(Jwt, KeyOfAnotherKindOrAlgorithmIsNeverTried) {
  const std::string claims = GoodClaims().dump();
  EXPECT_EQ(CodeOf(Verify(SignAnything(RsaPem(), R"({"alg":"ES256","kid":"rsa"})", claims))),
            "ID-JWT-003");
  const KeySet only_pss({WebKey(RsaPem(), "rsa", "PS256")});
  EXPECT_EQ(CodeOf(Verify(SignedWith(GoodClaims()), only_pss)), "ID-JWT-003");
  VerifyOptions narrow = GoodOptions();
  narrow.algorithms = {"ES256"};
  EXPECT_EQ(CodeOf(Verify(SignedWith(GoodClaims()), BothKeys(), narrow)), "ID-JWT-002");
}

TEST(Jwt, AllowingAnUnknownAlgorithmDoesNotLetItIn) {
  VerifyOptions careless = GoodOptions();
  careless.algorithms = {"none", "HS256"};
  const std::string token =
      Base64Url(R"({"alg":"none"})") + "." + Base64Url(GoodClaims().dump()) + ".";
  EXPECT_EQ(CodeOf(Verify(token, BothKeys(), careless)), "ID-JWT-002");
}

TEST(Jwt, AlteredPayloadOrStrangersKeyIsRefused) {
  const std::string token = SignedWith(GoodClaims());
  Json other = GoodClaims();
  other["sub"] = "eve";
  const size_t first = token.find('.');
  const size_t second = token.rfind('.');
  EXPECT_EQ(
      CodeOf(Verify(token.substr(0, first + 1) + Base64Url(other.dump()) + token.substr(second))),
      "ID-JWT-004");
  EXPECT_EQ(CodeOf(Verify(SignAnything(NewRsaPem(), R"({"alg":"RS256"})", other.dump()))),
            "ID-JWT-004");
  EXPECT_EQ(CodeOf(Verify(SignedWith(other, R"({"alg":"RS256","kid":"gone"})"))), "ID-JWT-003");
}

TEST(Jwt, CriticalExtensionsAndDoubledNamesAreRefused) {
  EXPECT_EQ(CodeOf(Verify(SignedWith(GoodClaims(), R"({"alg":"RS256","crit":["b64"]})"))),
            "ID-JWT-002");
  EXPECT_EQ(CodeOf(Verify(
                SignAnything(RsaPem(), R"({"alg":"RS256","alg":"none"})", GoodClaims().dump()))),
            "ID-JWT-001");
  EXPECT_EQ(CodeOf(Verify(SignAnything(RsaPem(), R"({"alg":"RS256"})",
                                       R"({"exp":1895000000,"sub":"ada","sub":"eve"})"))),
            "ID-JWT-001");
}

TEST(Jwt, TimesCountWithTheLeewayOnBothSides) {
  Json claims = GoodClaims();
  claims["exp"] = kNow - 59;
  EXPECT_EQ(CodeOf(Verify(SignedWith(claims))), "accepted");
  claims["exp"] = kNow - 60;
  EXPECT_EQ(CodeOf(Verify(SignedWith(claims))), "ID-JWT-005");
  claims = GoodClaims();
  claims["nbf"] = kNow + 60;
  EXPECT_EQ(CodeOf(Verify(SignedWith(claims))), "accepted");
  claims["nbf"] = kNow + 61;
  EXPECT_EQ(CodeOf(Verify(SignedWith(claims))), "ID-JWT-006");
  claims = GoodClaims();
  claims["iat"] = kNow + 3600;
  EXPECT_EQ(CodeOf(Verify(SignedWith(claims))), "ID-JWT-006");
}

TEST(Jwt, LifeLongerThanAllowedIsRefused) {
  VerifyOptions options = GoodOptions();
  options.life_max = std::chrono::seconds(300);
  Json claims = GoodClaims();
  claims["exp"] = kNow + 3600;
  EXPECT_EQ(CodeOf(Verify(SignedWith(claims), BothKeys(), options)), "ID-JWT-009");
}

TEST(Jwt, ClaimsOfTheWrongTypeAreRefused) {
  const std::pair<const char*, Json> cases[] = {{"exp", "1895000000"},
                                                {"exp", nullptr},
                                                {"exp", 1e300},
                                                {"nbf", "now"},
                                                {"iss", 7},
                                                {"sub", true},
                                                {"aud", Json{{"firn", 1}}},
                                                {"aud", {"firn", 7}}};
  for (const auto& [name, value] : cases) {
    Json claims = GoodClaims();
    claims[name] = value;
    EXPECT_EQ(CodeOf(Verify(SignedWith(claims))), "ID-JWT-009") << name << "=" << value;
  }
  Json claims = GoodClaims();
  claims.erase("exp");
  EXPECT_EQ(CodeOf(Verify(SignedWith(claims))), "ID-JWT-009");
  claims = GoodClaims();
  claims.erase("sub");
  VerifyOptions options = GoodOptions();
  options.subject_required = true;
  EXPECT_EQ(CodeOf(Verify(SignedWith(claims), BothKeys(), options)), "ID-JWT-009");
}

TEST(Jwt, AnotherIssuerOrAudienceIsRefused) {
  Json claims = GoodClaims();
  claims["iss"] = "https://issuer.example/";
  EXPECT_EQ(CodeOf(Verify(SignedWith(claims))), "ID-JWT-007");
  claims = GoodClaims();
  claims["aud"] = {"other", "firn"};
  EXPECT_EQ(CodeOf(Verify(SignedWith(claims))), "accepted");
  claims["aud"] = "fir";
  EXPECT_EQ(CodeOf(Verify(SignedWith(claims))), "ID-JWT-008");
  claims.erase("aud");
  EXPECT_EQ(CodeOf(Verify(SignedWith(claims))), "ID-JWT-008");
  VerifyOptions nobody = GoodOptions();
  nobody.audiences.clear();
  EXPECT_EQ(CodeOf(Verify(SignedWith(GoodClaims()), BothKeys(), nobody)), "ID-JWT-008");
}

TEST(Jwt, TextThatIsNoTokenIsBadInputWithoutQuotingIt) {
  for (const char* text : {"", ".", "..", "a.b", "a.b.c.d", "!!.!!.!!", "e30.e30."}) {
    const auto result = Verify(text);
    ASSERT_FALSE(result) << text;
    EXPECT_TRUE(result.error().code() == "ID-JWT-001" || result.error().code() == "ID-JWT-002");
  }
  const auto huge = Verify(std::string(100'000, 'a') + ".b.c");
  EXPECT_EQ(CodeOf(huge), "ID-JWT-001");
  EXPECT_EQ(huge.error().OneLine().find("aaaa"), std::string::npos);
}

RC_GTEST_PROP(Jwt, AnyChangedByteOfTheSignedPartsIsRefused, ()) {
  static const std::string token = SignedWith(GoodClaims());
  // The last character of a base64url part may carry unused bits, so the end is left alone.
  const auto at = *rc::gen::inRange<size_t>(0, token.size() - 1);
  const auto with = *rc::gen::inRange<int>(33, 126);
  RC_PRE(token[at] != static_cast<char>(with));
  std::string changed = token;
  changed[at] = static_cast<char>(with);
  RC_ASSERT(!Verify(changed).has_value());
}

}  // namespace
}  // namespace firn::identity
