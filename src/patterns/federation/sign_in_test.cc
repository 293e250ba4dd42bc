// What could go wrong in production: a token of somebody else, for somewhere else, or of yesterday
// is taken; or a principal reads what it may not.
#include "patterns/federation/sign_in.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/net/tls.h"
#include "tests/support/test_folder.h"

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::seconds;

constexpr const char* kFile = R"(
principals:
  spark:
    secret: ${file:spark.secret}
    grants:
      - {on: "*", may: manage}
  reader:
    secret: ${file:reader.secret}
    grants:
      - {on: sales.Deal}
      - {on: hr, may: write}
)";

class SignInTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder_ + "/principals.yaml") << kFile;
    std::ofstream(folder_ + "/spark.secret") << "s3cret\n";
    std::ofstream(folder_ + "/reader.secret") << "other\n";
    auto loaded = SignIn::Load(Call(), folder_ + "/principals.yaml");
    ASSERT_TRUE(loaded) << loaded.error().OneLine();
    sign_in_ = *std::move(loaded);
  }

  std::string TokenFor(const std::string& client, const std::string& secret) {
    const Answer answer = sign_in_->Token(
        {}, "grant_type=client_credentials&client_id=" + client + "&client_secret=" + secret, now_);
    return Json::parse(answer.body).value("access_token", "");
  }
  Result<const Principal*> With(const std::string& token, UtcMicros at) {
    return sign_in_->Authenticate({{"Authorization", "Bearer " + token}}, at);
  }

  UtcMicros now_ = UtcMicros(seconds(1'780'000'000));
  TestFolder temporary_;
  std::string folder_ = temporary_.path();
  std::unique_ptr<SignIn> sign_in_;
};

TEST_F(SignInTest, TokenOfAClientSignsItInForAnHour) {
  const std::string token = TokenFor("spark", "s3cret");
  ASSERT_FALSE(token.empty());
  const auto who = With(token, now_ + seconds(3599));
  ASSERT_TRUE(who);
  EXPECT_EQ((*who)->name(), "spark");
  const auto late = With(token, now_ + seconds(3600));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), "CAT-AUTH-002");
}

TEST_F(SignInTest, WrongSecretUnknownClientAndNoTokenAreRefused) {
  EXPECT_TRUE(TokenFor("spark", "other").empty());
  EXPECT_TRUE(TokenFor("nobody", "nobody").empty());
  EXPECT_TRUE(TokenFor("spark", "").empty());
  EXPECT_FALSE(sign_in_->Authenticate({}, now_));
  EXPECT_FALSE(With("", now_));
}

TEST_F(SignInTest, ForgedTokenIsRefused) {
  const std::string token = TokenFor("reader", "other");
  const size_t dot = token.find('.', 6);
  const std::string payload = token.substr(6, dot - 6);
  std::string claims = FromBase64Url(payload).value_or("");
  claims.replace(claims.find("reader"), 6, "spark");
  EXPECT_FALSE(With("firn1." + Base64Url(claims) + token.substr(dot), now_));
  // For somewhere else, even when signed by the same principal's neighbour in the format.
  EXPECT_FALSE(With("firn1." + payload + ".AAAA", now_));
  EXPECT_FALSE(With(token + "x", now_));
}

TEST_F(SignInTest, ExchangeRenewsATokenAndAnExpiredOneOnlyWithTheSecret) {
  const std::string token = TokenFor("spark", "s3cret");
  const std::string form =
      "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=" +
      token + "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token";
  const Answer renewed = sign_in_->Token({}, form, now_ + seconds(10));
  EXPECT_EQ(renewed.status, 200);
  EXPECT_EQ(Json::parse(renewed.body)["issued_token_type"],
            "urn:ietf:params:oauth:token-type:access_token");
  const UtcMicros late = now_ + seconds(4000);
  const Answer refused = sign_in_->Token({}, form, late);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(Json::parse(refused.body)["error"], "invalid_grant");
  const net::Headers basic = {{"Authorization", "Basic " + Base64("spark:s3cret")}};
  EXPECT_EQ(sign_in_->Token(basic, form, late).status, 200);
}

TEST_F(SignInTest, RightsHoldForWhatTheyNameAndBelow) {
  const auto who = With(TokenFor("reader", "other"), now_);
  ASSERT_TRUE(who);
  const Principal& reader = **who;
  EXPECT_TRUE(reader.May(Right::kRead, {"sales", "Deal"}));
  EXPECT_FALSE(reader.May(Right::kWrite, {"sales", "Deal"}));
  EXPECT_FALSE(reader.May(Right::kRead, {"sales", "Other"}));
  EXPECT_FALSE(reader.May(Right::kRead, {"sales"}));
  EXPECT_TRUE(reader.Sees({"sales"}));
  EXPECT_FALSE(reader.Sees({"sal"}));
  EXPECT_TRUE(reader.May(Right::kWrite, {"hr", "deep", "Table"}));
  EXPECT_FALSE(reader.May(Right::kManage, {"hr"}));
  EXPECT_FALSE(reader.Administers());
}

TEST_F(SignInTest, MistakesInTheFileAreNamedByLine) {
  std::ofstream(folder_ + "/bad.yaml") << "principals:\n  a:\n    secrt: ${env:X}\n";
  const auto loaded = SignIn::Load(Call(), folder_ + "/bad.yaml");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), Kind::kBadConfig);
  EXPECT_NE(loaded.error().where().find("bad.yaml:"), std::string::npos);
}

// Tokens of an issuer that the file trusts.
class TrustTest : public SignInTest {
 protected:
  void SetUp() override {
    SignInTest::SetUp();
    net::CertificateOptions options;
    options.common_name = "issuer";
    options.key = net::KeyKind::kRsa2048;
    options.not_before = now_;
    const auto pair = net::MintSelfSigned(options);
    ASSERT_TRUE(pair);
    key_ = identity::PrivateKeyFromPem(Secret(pair->key_pem));
    ASSERT_TRUE(key_);
    const identity::PublicKey open = key_->Public();
    const identity::KeySet set({{open.Thumbprint(), "RS256", open}});
    std::ofstream(folder_ + "/issuer.json") << set.ToJson();
    std::ofstream(folder_ + "/principals.yaml") << kFile << R"(
trust:
  - issuer: https://login.example.com
    audiences: [firn-catalog]
    keys: issuer.json
    principals: {"user-7": reader}
)";
    auto loaded = SignIn::Load(Call(), folder_ + "/principals.yaml");
    ASSERT_TRUE(loaded) << loaded.error().OneLine();
    sign_in_ = *std::move(loaded);
  }

  std::string Jwt(const std::string& audience, const std::string& subject, int64_t lives = 600) {
    const int64_t now = 1'780'000'000;
    const Json claims = {{"iss", "https://login.example.com"},
                         {"aud", audience},
                         {"sub", subject},
                         {"iat", now},
                         {"exp", now + lives}};
    const auto token = identity::SignRs256(*key_, claims.dump(), key_->Public().Thumbprint());
    return token ? token->Reveal() : "";
  }

  Result<identity::PrivateKey> key_ = Fail(Kind::kInternal, "CAT-AUTH-001", "not made yet");
};

TEST_F(TrustTest, ForeignTokenIsTakenAsItIsAndForExchange) {
  const std::string jwt = Jwt("firn-catalog", "user-7");
  const auto who = With(jwt, now_);
  ASSERT_TRUE(who) << who.error().OneLine();
  EXPECT_EQ((*who)->name(), "reader");
  const Answer answer = sign_in_->Token(
      {},
      "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=" + jwt +
          "&subject_token_type=urn:ietf:params:oauth:token-type:jwt",
      now_);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(With(Json::parse(answer.body)["access_token"], now_));
}

TEST_F(TrustTest, ExpiredWrongAudienceAndUnknownSubjectAreRefused) {
  EXPECT_EQ(With(Jwt("other", "user-7"), now_).error().code(), "CAT-AUTH-001");
  EXPECT_EQ(With(Jwt("firn-catalog", "user-8"), now_).error().code(), "CAT-AUTH-001");
  EXPECT_EQ(With(Jwt("firn-catalog", "user-7"), now_ + seconds(700)).error().code(),
            "CAT-AUTH-002");
}

}  // namespace
}  // namespace firn::federation
