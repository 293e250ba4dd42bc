// What could go wrong in production: calls in somebody else's name because a source was skipped in
// silence, a circle of profiles, keys that expire in mid-run, a token sent to a stranger.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/file.h"
#include "core/base/time_text.h"
#include "ends/aws/credentials.h"
#include "ends/aws/testing/scripted_transport.h"
#include "tests/support/test_folder.h"

namespace firn::aws {
namespace {

constexpr std::string_view kKeys =
    R"({"AccessKeyId":"AKM","SecretAccessKey":"S","Token":"T","Expiration":"2026-11-25T12:00:00Z"})";
constexpr std::string_view kAssumed =
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"
    "<SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>"
    "<Expiration>2026-11-25T11:00:00Z</Expiration></Credentials></AssumeRoleResult>"
    "</AssumeRoleResponse>";

class CredentialChain : public testing::Test {
 protected:
  CredentialChain() {
    std::filesystem::create_directories(home_ + "/.aws");
    Set("HOME", home_);
    Set("AWS_EC2_METADATA_DISABLED", "true");
    call_.clock = &clock_;
  }

  void Set(const std::string& name, std::string value) { variables_[name] = std::move(value); }
  void Config(const std::string& text) {
    ASSERT_TRUE(WriteFileDurably(home_ + "/.aws/config", text));
  }
  CredentialSource& Chain() {
    if (chain_) return *chain_;
    ChainOptions options;
    options.environment =
        Environment([this](const std::string& name) -> std::optional<std::string> {
          const auto found = variables_.find(name);
          if (found == variables_.end()) return std::nullopt;
          return found->second;
        });
    chain_ = NewCredentialChain(transport_, std::move(options));
    return *chain_;
  }

  TestFolder temporary_;
  std::string home_ = temporary_.path();
  std::map<std::string, std::string> variables_;
  ScriptedTransport transport_;
  ManualClock clock_{*ParseInstant("2026-11-25T10:00:00Z")};
  Call call_;
  std::unique_ptr<CredentialSource> chain_;
};

TEST_F(CredentialChain, EnvironmentComesFirstUnlessAProfileIsNamed) {
  Config("[profile team]\naws_access_key_id = P\naws_secret_access_key = S\n");
  Set("AWS_ACCESS_KEY_ID", "E");
  Set("AWS_SECRET_ACCESS_KEY", "S");
  EXPECT_EQ(Chain().Get(call_)->access_key_id, "E");
  chain_.reset();
  Set("AWS_PROFILE", "team");
  EXPECT_EQ(Chain().Get(call_)->access_key_id, "P");
}

TEST_F(CredentialChain, NothingConfiguredIsSaidWithWhatToDo) {
  const auto none = Chain().Get(call_);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code(), "AWS-CRED-001");
  EXPECT_FALSE(none.error().hint().empty());
}

TEST_F(CredentialChain, AProfileThatIsNotThereIsNamedAndNotReplaced) {
  Set("AWS_PROFILE", "tema");
  const auto none = Chain().Get(call_);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code(), "AWS-PROFILE-002");
}

TEST_F(CredentialChain, RolesAreAssumedThroughTheSourceProfile) {
  Config(
      "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\nexternal_id = a&b\n"
      "region = eu-west-1\n[profile base]\naws_access_key_id = B\naws_secret_access_key = S\n");
  transport_.Add(200, std::string(kAssumed));
  const auto given = Chain().Get(call_);
  ASSERT_TRUE(given.has_value()) << given.error().OneLine();
  EXPECT_EQ(given->access_key_id, "ASIA");
  const net::Request& request = transport_.requests().at(0);
  EXPECT_EQ(request.url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_NE(request.body.find("ExternalId=a%26b"), std::string::npos);
  EXPECT_NE(request.headers.GetOr("Authorization", "").find("Credential=B/"), std::string::npos);
}

TEST_F(CredentialChain, ACircleOfProfilesEnds) {
  Config(
      "[default]\nrole_arn = arn:r\nsource_profile = b\n"
      "[profile b]\nrole_arn = arn:q\nsource_profile = default\n");
  const auto none = Chain().Get(call_);
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code(), "AWS-CRED-002");
}

TEST_F(CredentialChain, ARefusedRoleIsToldInStsWords) {
  Config("[default]\nrole_arn = arn:r\ncredential_source = Environment\n");
  Set("AWS_ACCESS_KEY_ID", "");
  Set("AWS_PROFILE", "default");
  Set("AWS_ACCESS_KEY_ID", "E");
  Set("AWS_SECRET_ACCESS_KEY", "S");
  transport_.Add(403,
                 "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not yours</Message>"
                 "</Error></ErrorResponse>");
  const auto none = Chain().Get(call_);
  ASSERT_FALSE(none.has_value());
  EXPECT_NE(none.error().why().find("AccessDenied"), std::string::npos);
}

TEST_F(CredentialChain, WebIdentityIsReadFromItsFileAndSentUnsigned) {
  ASSERT_TRUE(WriteFileDurably(home_ + "/token", "jwt\n"));
  Set("AWS_WEB_IDENTITY_TOKEN_FILE", home_ + "/token");
  Set("AWS_ROLE_ARN", "arn:r");
  std::string answer(kAssumed);
  for (size_t at = 0; (at = answer.find("AssumeRoleRe", at)) != std::string::npos; at += 30) {
    answer.replace(at, 10, "AssumeRoleWithWebIdentity");
  }
  transport_.Add(200, answer);
  const auto given = Chain().Get(call_);
  ASSERT_TRUE(given.has_value()) << given.error().OneLine();
  const net::Request& request = transport_.requests().at(0);
  EXPECT_NE(request.body.find("WebIdentityToken=jwt"), std::string::npos);
  EXPECT_FALSE(request.headers.Get("Authorization").has_value());
}

TEST_F(CredentialChain, ContainersAreAskedWithTheirToken) {
  Set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials");
  Set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "bearer");
  transport_.Add(200, std::string(kKeys));
  const auto given = Chain().Get(call_);
  ASSERT_TRUE(given.has_value()) << given.error().OneLine();
  EXPECT_EQ(given->session_token.Reveal(), "T");
  EXPECT_EQ(transport_.requests().at(0).headers.GetOr("Authorization", ""), "bearer");
}

TEST_F(CredentialChain, AContainersTokenIsNeverSentToAStranger) {
  Set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.org/v1/credentials");
  Set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "bearer");
  ASSERT_FALSE(Chain().Get(call_).has_value());
  EXPECT_TRUE(transport_.requests().empty());
}

TEST_F(CredentialChain, InstancesAreAskedByTheSecondVersionOfTheirProtocol) {
  variables_.erase("AWS_EC2_METADATA_DISABLED");
  transport_.Add(200, "session");
  transport_.Add(200, "my-role");
  transport_.Add(200, std::string(kKeys));
  ASSERT_TRUE(Chain().Get(call_).has_value());
  ASSERT_EQ(transport_.requests().size(), 3U);
  EXPECT_EQ(transport_.requests()[0].method, "PUT");
  EXPECT_EQ(transport_.requests()[2].headers.GetOr("X-aws-ec2-metadata-token", ""), "session");
  EXPECT_TRUE(transport_.requests()[2].url.ends_with("/security-credentials/my-role"));
}

TEST_F(CredentialChain, KeysAreKeptAndRenewedBeforeTheyExpire) {
  Set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/role");
  transport_.Add(200, std::string(kKeys));
  ASSERT_TRUE(Chain().Get(call_).has_value());
  ASSERT_TRUE(Chain().Get(call_).has_value());
  EXPECT_EQ(transport_.requests().size(), 1U);
  clock_.Advance(std::chrono::minutes(116));
  // The endpoint is down: the old keys serve for their last minutes, and no longer.
  ASSERT_TRUE(Chain().Get(call_).has_value());
  EXPECT_EQ(transport_.requests().size(), 2U);
  clock_.Advance(std::chrono::minutes(5));
  EXPECT_FALSE(Chain().Get(call_).has_value());
}

TEST_F(CredentialChain, AProcessGivesKeysOrSaysWhyNot) {
  Config("[default]\ncredential_process = printf '%s' '" + std::string(kKeys) + "'\n");
  const auto given = Chain().Get(call_);
  ASSERT_TRUE(given.has_value()) << given.error().OneLine();
  EXPECT_EQ(given->access_key_id, "AKM");
  chain_.reset();
  Config("[default]\ncredential_process = false\n");
  const auto failed = Chain().Get(call_);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().why(), "`false` failed");
}

TEST_F(CredentialChain, AnSsoSignInIsUsedUntilItExpires) {
  Config(
      "[default]\nsso_session = main\nsso_account_id = 1\nsso_role_name = r\n"
      "[sso-session main]\nsso_region = eu-central-1\nsso_start_url = https://x\n");
  std::filesystem::create_directories(home_ + "/.aws/sso/cache");
  // SHA-1 of `main`.
  const std::string path = home_ + "/.aws/sso/cache/b28b7af69320201d1cf206ebf28373980add1451.json";
  ASSERT_TRUE(
      WriteFileDurably(path, R"({"accessToken":"tok","expiresAt":"2026-11-25T10:30:00Z"})"));
  transport_.Add(200, R"({"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"S",
                          "sessionToken":"T","expiration":1795606200000}})");
  const auto given = Chain().Get(call_);
  ASSERT_TRUE(given.has_value()) << given.error().OneLine();
  EXPECT_EQ(transport_.requests().at(0).headers.GetOr("x-amz-sso_bearer_token", ""), "tok");
  Chain().Forget();
  clock_.Advance(std::chrono::minutes(31));
  EXPECT_EQ(Chain().Get(call_).error().code(), "AWS-CRED-003");
}

}  // namespace
}  // namespace firn::aws
