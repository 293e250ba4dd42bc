// What could go wrong in production: older clients (simple-salesforce with a security token, Data
// Loader) cannot sign in, or hostile XML gets further than a refusal.
#include "sandbox/sign_in/soap_login.h"

#include <gtest/gtest.h>

#include "sandbox/api_rig_test.h"

namespace firn::sandbox {
namespace {

std::string Envelope(const std::string& body, const std::string& header = "") {
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?><env:Envelope "
         "xmlns:env=\"http://schemas.xmlsoap.org/soap/envelope/\"><env:Header>" +
         header + "</env:Header><env:Body>" + body + "</env:Body></env:Envelope>";
}

std::string LoginBody(const std::string& username, const std::string& password) {
  return "<n1:login xmlns:n1=\"urn:partner.soap.sforce.com\"><n1:username>" + username +
         "</n1:username><n1:password>" + password + "</n1:password></n1:login>";
}

TEST(SoapEnvelope, TextsAreDecodedWhateverThePrefix) {
  const auto envelope =
      ParseEnvelope(Envelope(LoginBody("a&amp;b@x.example", "<![CDATA[p<w]]>&#x41;&#66;")));
  ASSERT_TRUE(envelope);
  const XmlNode& login = envelope->Child("Body")->children.at(0);
  EXPECT_EQ(login.name, "login");
  EXPECT_EQ(login.TextOf("username"), "a&b@x.example");
  EXPECT_EQ(login.TextOf("password"), "p<wAB");
}

TEST(SoapEnvelope, BrokenOrHostileXmlIsRefused) {
  EXPECT_FALSE(ParseEnvelope(""));
  EXPECT_FALSE(ParseEnvelope("<Envelope><Body><login></Body></Envelope>"));
  EXPECT_FALSE(ParseEnvelope("<html><body>x</body></html>"));
  EXPECT_FALSE(ParseEnvelope("<!DOCTYPE a [<!ENTITY b \"c\">]>" + Envelope(LoginBody("a", "b"))));
  EXPECT_FALSE(ParseEnvelope(Envelope(LoginBody("a", "&unknown;"))));
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "<Envelope>";
  EXPECT_FALSE(ParseEnvelope(deep));
}

class SoapLoginTest : public ApiRig {
 protected:
  net::Response Soap(const std::string& version, const std::string& body) {
    return Send("POST", "/services/Soap/u/" + version, body);
  }
};

TEST_F(SoapLoginTest, SessionOfLoginServesTheRestApi) {
  const auto answer = Soap("59.0", Envelope(LoginBody(sandbox_->username(), "password+token")));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto text = [&](const std::string& name) {
    const size_t at = answer.body.find("<" + name + ">") + name.size() + 2;
    return answer.body.substr(at, answer.body.find("</" + name + ">") - at);
  };
  EXPECT_EQ(text("serverUrl"), sandbox_->http_url() + "/services/Soap/u/59.0/" +
                                   sandbox_->org().org_id().substr(0, 15));
  EXPECT_EQ(text("userName"), sandbox_->username());
  token_ = text("sessionId");
  EXPECT_EQ(Send("GET", "/services/data/v60.0/limits").status, 200);
  const std::string logout =
      Envelope("<logout xmlns=\"urn:partner.soap.sforce.com\"/>",
               "<SessionHeader><sessionId>" + token_ + "</sessionId></SessionHeader>");
  EXPECT_EQ(Soap("59.0", logout).status, 200);
  EXPECT_EQ(Send("GET", "/services/data/v60.0/limits").status, 401);
}

TEST_F(SoapLoginTest, UnknownUserIsAFaultWithTheVendorsCode) {
  const auto answer = Soap("59.0", Envelope(LoginBody("nobody@x.example", "p")));
  EXPECT_EQ(answer.status, 500);
  EXPECT_NE(answer.body.find("<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>"),
            std::string::npos);
}

TEST_F(SoapLoginTest, LoginIsGoneFromVersion65AndRetiredBefore31) {
  const std::string body = Envelope(LoginBody(sandbox_->username(), "p"));
  EXPECT_EQ(Soap("64.0", body).status, 200);
  EXPECT_EQ(Soap("31.0", body).status, 200);
  EXPECT_NE(Soap("65.0", body).body.find("No operation available for request"), std::string::npos);
  EXPECT_NE(Soap("30.0", body).body.find("UNSUPPORTED_API_VERSION"), std::string::npos);
}

}  // namespace
}  // namespace firn::sandbox
