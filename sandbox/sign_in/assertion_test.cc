// Clients spell assertions in ways of their own; one that is refused here never signs in.
#include "sandbox/sign_in/assertion.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"

namespace firn::sandbox {
namespace {

std::string Unsigned(const std::string& claims) {
  return Base64Url(R"({"alg":"RS256"})") + "." + Base64Url(claims) + "." + Base64Url("signature");
}

UtcMicros AtSeconds(int64_t seconds) { return UtcMicros(std::chrono::seconds(seconds)); }

TEST(Assertion, ReadsExpiryAsNumberOfSeconds) {
  const auto assertion =
      ParseAssertion(Unsigned(R"({"iss":"a","sub":"b","aud":"c","exp":1800000000})"));
  ASSERT_TRUE(assertion);
  EXPECT_EQ(assertion->issuer, "a");
  EXPECT_EQ(assertion->subject, "b");
  EXPECT_EQ(assertion->audiences, std::vector<std::string>{"c"});
  EXPECT_EQ(assertion->expires, AtSeconds(1'800'000'000));
}

TEST(Assertion, ReadsExpiryAsTextAsSimpleSalesforceSendsIt) {
  const auto assertion = ParseAssertion(Unsigned(R"({"exp":"1800000000"})"));
  ASSERT_TRUE(assertion);
  EXPECT_EQ(assertion->expires, AtSeconds(1'800'000'000));
}

TEST(Assertion, ReadsExpiryInMillisecondsWithAnAssertionsUsualLifeAsGrace) {
  const auto assertion = ParseAssertion(Unsigned(R"({"exp":1800000000300})"));
  ASSERT_TRUE(assertion);
  EXPECT_EQ(assertion->expires,
            AtSeconds(1'800'000'000) + std::chrono::milliseconds(300) + std::chrono::minutes(3));
}

TEST(Assertion, HasNoExpiryWhenItIsNoNumber) {
  for (const char* claims : {R"({"exp":"soon"})", R"({"exp":null})", R"({"exp":-5})", R"({})"}) {
    const auto assertion = ParseAssertion(Unsigned(claims));
    ASSERT_TRUE(assertion) << claims;
    EXPECT_FALSE(assertion->expires) << claims;
  }
}

TEST(Assertion, IsNotReadFromAnythingButThreePartsOfJson) {
  EXPECT_FALSE(ParseAssertion(""));
  EXPECT_FALSE(ParseAssertion("a.b"));
  EXPECT_FALSE(ParseAssertion("a.b.c.d"));
  EXPECT_FALSE(ParseAssertion(Base64Url("[]") + "." + Base64Url("{}") + ".AA"));
  EXPECT_FALSE(ParseAssertion(Base64Url("{}") + "." + Base64Url("{") + ".AA"));
}

TEST(Assertion, AudienceMayBeLoginAddressMyDomainOrTheAddressUsed) {
  const std::string used = "https://localhost:8443";
  EXPECT_TRUE(AudienceFits("https://login.salesforce.com", used));
  EXPECT_TRUE(AudienceFits("https://test.salesforce.com/", used));
  EXPECT_TRUE(AudienceFits("https://acme.my.salesforce.com", used));
  EXPECT_TRUE(AudienceFits("https://localhost:8443/", used));
  EXPECT_TRUE(AudienceFits("http://127.0.0.1:8080", used));
  EXPECT_FALSE(AudienceFits("https://example.com", used));
  EXPECT_FALSE(AudienceFits("https://salesforce.com.example.com", used));
  EXPECT_FALSE(AudienceFits("login.salesforce.com", used));
  EXPECT_FALSE(AudienceFits("", used));
}

}  // namespace
}  // namespace firn::sandbox
