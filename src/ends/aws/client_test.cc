// What could go wrong in production: a storm of retries, a clock that makes every call fail, a
// token that ran out in mid-run, a secret in an error.
#include "ends/aws/client.h"

#include <gtest/gtest.h>

#include "core/base/time_text.h"
#include "ends/aws/secrets_manager.h"
#include "ends/aws/sts.h"
#include "ends/aws/testing/scripted_transport.h"

namespace firn::aws {
namespace {

class CountingSource final : public CredentialSource {
 public:
  Result<Credentials> Get(const Call&) override {
    Credentials credentials;
    credentials.access_key_id = "AK" + std::to_string(forgotten);
    credentials.secret_access_key = Secret("SK");
    return credentials;
  }
  void Forget() override { ++forgotten; }
  int forgotten = 0;
};

class AwsClientTest : public testing::Test {
 protected:
  AwsClientTest() { call_.clock = &clock_; }
  std::shared_ptr<AwsClient> New() {
    ClientParts parts;
    parts.transport = &transport_;
    parts.credentials = &source_;
    parts.environment = Environment([](const std::string&) { return std::nullopt; });
    parts.region = "eu-central-1";
    return std::make_shared<AwsClient>(std::move(parts));
  }
  ManualClock clock_{*ParseInstant("2026-11-25T10:00:00Z")};
  Call call_;
  ScriptedTransport transport_;
  CountingSource source_;
};

TEST_F(AwsClientTest, ThrottledCallsAreTriedAgainAndThenToldAsSuch) {
  const auto client = New();
  transport_.Add(400, R"({"__type":"com.x#ThrottlingException","message":"slow"})");
  transport_.Add(200, R"({"SecretString":"value","VersionId":"v1"})");
  const auto secret = GetSecretValue(call_, *client, "name");
  ASSERT_TRUE(secret.has_value()) << secret.error().OneLine();
  EXPECT_EQ(secret->value.Reveal(), "value");
  EXPECT_EQ(transport_.requests().at(0).url, "https://secretsmanager.eu-central-1.amazonaws.com/");
  for (int i = 0; i < 10; ++i) transport_.Add(429, "{}");
  EXPECT_EQ(GetSecretValue(call_, *client, "name").error().code(), "AWS-CALL-003");
}

TEST_F(AwsClientTest, RetryTokensRunOutWhenAServiceIsDown) {
  RetryTokens tokens;
  int taken = 0;
  while (tokens.Take(5)) ++taken;
  EXPECT_EQ(taken, 100);
  tokens.GiveBack(5);
  EXPECT_TRUE(tokens.Take(5));
  EXPECT_FALSE(tokens.Take(5));
}

TEST_F(AwsClientTest, AWrongClockIsCorrectedFromTheAnswer) {
  const auto client = New();
  transport_.Add(403, R"({"__type":"InvalidSignatureException","message":"Signature expired"})",
                 {{"Date", "Wed, 25 Nov 2026 11:00:00 GMT"}});
  transport_.Add(200, R"({"SecretString":"value"})");
  ASSERT_TRUE(GetSecretValue(call_, *client, "name").has_value());
  EXPECT_EQ(client->clock_skew(), std::chrono::hours(1));
  EXPECT_EQ(transport_.requests().at(1).headers.GetOr("X-Amz-Date", ""), "20261125T110000Z");
}

TEST_F(AwsClientTest, ASignatureThatIsWrongForAnotherReasonIsNotTriedForEver) {
  const auto client = New();
  for (int i = 0; i < 5; ++i) {
    transport_.Add(403, R"({"__type":"SignatureDoesNotMatch","message":"no"})",
                   {{"Date", "Wed, 25 Nov 2026 10:00:01 GMT"}});
  }
  EXPECT_EQ(GetSecretValue(call_, *client, "name").error().code(), "AWS-CALL-002");
  EXPECT_EQ(transport_.requests().size(), 1U);
}

TEST_F(AwsClientTest, AnExpiredTokenIsFetchedAnewOnce) {
  const auto client = New();
  transport_.Add(400, R"({"__type":"ExpiredTokenException","message":"expired"})");
  transport_.Add(400, R"({"__type":"ExpiredTokenException","message":"expired"})");
  EXPECT_EQ(GetSecretValue(call_, *client, "name").error().kind(), Kind::kDenied);
  EXPECT_EQ(source_.forgotten, 1);
  EXPECT_EQ(transport_.requests().size(), 2U);
}

TEST_F(AwsClientTest, QueryErrorsAreReadFromXml) {
  const auto client = New();
  transport_.Add(403,
                 "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>who?</Message>"
                 "</Error><RequestId>r-1</RequestId></ErrorResponse>");
  const auto identity = GetCallerIdentity(call_, *client);
  ASSERT_FALSE(identity.has_value());
  EXPECT_EQ(identity.error().remote().api_code, "InvalidClientTokenId");
  EXPECT_EQ(identity.error().remote().request_id, "r-1");
}

TEST_F(AwsClientTest, ReferencesTakeAMemberAndAStageAndNeverShowTheValue) {
  const auto client = New();
  const auto resolver = SecretsManagerSecrets(client, config::LocalSecrets("/"));
  transport_.Add(200, R"({"SecretString":"{\"key\":\"pem\\n\",\"other\":5}"})");
  const auto ref =
      config::ParseSecretRef("${aws-secret:prod/firn#key@AWSPENDING}", "firn.yaml:3:5");
  ASSERT_TRUE(ref.has_value());
  EXPECT_EQ(resolver->Resolve(call_, *ref)->Reveal(), "pem");
  EXPECT_EQ(transport_.requests().at(0).body,
            R"({"SecretId":"prod/firn","VersionStage":"AWSPENDING"})");
  transport_.Add(200, R"({"SecretString":"hunter2"})");
  const auto missing = resolver->Resolve(call_, *ref);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code(), "CONFIG-SECRET-001");
  EXPECT_EQ(missing.error().OneLine().find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace firn::aws
