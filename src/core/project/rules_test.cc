// What could go wrong in production: a rule that quietly is another rule, one bad file that stops
// all the others, or a mistake that is told without its place.
#include "core/project/rules.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/test_folder.h"

namespace firn::project {
namespace {

constexpr std::string_view kRule = R"({
  "Description": "closed orders go to fulfilment",
  "EventPattern": {"detail-type": ["OpportunityChangeEvent"],
                   "detail": {"payload": {"StageName": ["Closed Won"]}}},
  "Targets": [
    {"Id": "queue", "Arn": "arn:aws:sqs:eu-central-1:123456789012:orders.fifo",
     "InputTransformer": {"InputPathsMap": {"id": "$.detail.payload.Id"},
                          "InputTemplate": "{\"id\": <id>}"},
     "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 4},
     "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-central-1:123456789012:dead"},
     "SqsParameters": {"MessageGroupId": "$.detail.payload.AccountId"}},
    {"Id": "tell", "Arn": "firn:command/tell", "CommandParameters": {"Command": ["./tell.sh"]}}
  ]})";

class RuleFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "rules");
    std::filesystem::create_directories(folder_ / "destinations");
  }

  void Write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ / name) << text;
  }
  RuleSet Load() {
    problems_.clear();
    LoadOptions options;
    options.variables = [](const std::string& name) {
      return name == "ACCOUNT" ? "123456789012" : nullptr;
    };
    return LoadRules(folder_.string(), options, &problems_);
  }
  // `code where what; why` of the only problem, with `from` of the good rule replaced.
  std::string Problem(std::string_view from, std::string_view to) {
    std::string text(kRule);
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    Write("rules/r.json", text.replace(at, from.size(), to));
    const RuleSet set = Load();
    EXPECT_TRUE(set.rules.empty());
    if (problems_.size() != 1) return std::to_string(problems_.size()) + " problems";
    const Error& error = problems_.front();
    return error.code() + " " + error.where() + " " + error.what() + "; " + error.why() +
           error.hint();
  }

  TestFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
  config::Problems problems_;
};

TEST_F(RuleFolder, ARuleIsReadInEventBridgesWords) {
  Write("rules/order-closed.json", kRule);
  const RuleSet set = Load();
  ASSERT_TRUE(problems_.empty()) << problems_.front().OneLine();
  ASSERT_EQ(set.rules.size(), 1U);
  const Rule& rule = set.rules[0];
  EXPECT_EQ(rule.name, "order-closed");
  EXPECT_TRUE(rule.enabled);
  ASSERT_EQ(rule.targets.size(), 2U);
  const RuleTarget& queue = rule.targets[0];
  EXPECT_EQ(queue.kind, TargetKind::kSqs);
  EXPECT_EQ(queue.parts.region, "eu-central-1");
  EXPECT_EQ(queue.parts.resource, "orders.fifo");
  EXPECT_EQ(queue.policy.age_max, std::chrono::seconds(3600));
  EXPECT_EQ(queue.policy.retries_max, 4);
  EXPECT_EQ(*queue.message_group_id, "$.detail.payload.AccountId");
  EXPECT_TRUE(std::holds_alternative<expr::InputTransform>(queue.input));
  EXPECT_EQ(rule.targets[1].kind, TargetKind::kCommand);
  EXPECT_EQ(rule.targets[1].policy.retries_max, 185);
  EXPECT_EQ(rule.targets[1].policy.age_max, std::chrono::hours(24));
}

TEST_F(RuleFolder, ABadPatternIsRefusedWithItsPositionAndTheOthersRun) {
  Write("rules/a.json", kRule);
  Write("rules/b.json",
        "{\n  \"EventPattern\": {\"source\":\n    [{\"prefx\": \"a\"}]},\n"
        "  \"Targets\": [{\"Id\": \"t\", \"Arn\": \"firn:lake/t\"}]}");
  const RuleSet set = Load();
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_EQ(problems_[0].code(), "PROJECT-RULE-001");
  EXPECT_EQ(problems_[0].what(), "Event pattern is not valid");
  EXPECT_EQ(problems_[0].where().substr(0, 15), "rules/b.json:3:");
  EXPECT_NE(problems_[0].why().find("prefx"), std::string::npos) << problems_[0].why();
  ASSERT_EQ(set.rules.size(), 1U);
  EXPECT_EQ(set.rules[0].name, "a");
}

TEST_F(RuleFolder, APatternMayBeATextAndMayHoldAnyCharacters) {
  Write("rules/r.json", R"({"EventPattern": "{\"a\": [\"${x}\"]}", "Targets": [{"Id": "t",
      "Arn": "arn:aws:sqs:eu-central-1:${env:ACCOUNT}:q"}]})");
  const RuleSet set = Load();
  ASSERT_TRUE(problems_.empty()) << problems_.front().OneLine();
  EXPECT_EQ(set.rules[0].pattern_text, R"({"a": ["${x}"]})");
  EXPECT_EQ(set.rules[0].targets[0].parts.account, "123456789012");
}

TEST_F(RuleFolder, UnknownAndDuplicateKeysAreErrorsWithTheNearestName) {
  EXPECT_EQ(
      Problem("\"Description\"", "\"Descripton\""),
      "CONFIG-KEY-001 rules/r.json:2:3 unknown key `Descripton`; did you mean `Description`?");
  EXPECT_EQ(Problem("\"RetryPolicy\": {\"MaximumEventAgeInSeconds\"",
                    "\"RetryPolicy\": {\"MaximumEventAgeInSecond\""),
            "CONFIG-KEY-001 rules/r.json:9:22 unknown key `MaximumEventAgeInSecond`; did you mean "
            "`MaximumEventAgeInSeconds`?");
  EXPECT_EQ(Problem("\"Description\"", "\"Targets\": [], \"Description\"").substr(0, 46),
            "CONFIG-YAML-002 rules/r.json:5:3 duplicate key");
}

TEST_F(RuleFolder, LimitsAreTheVendors) {
  EXPECT_EQ(Problem("3600", "59").substr(0, 38), "CONFIG-VALUE-002 rules/r.json:9:50 `Ma");
  EXPECT_EQ(Problem("\"MaximumRetryAttempts\": 4", "\"MaximumRetryAttempts\": 186").substr(0, 16),
            "CONFIG-VALUE-002");
  EXPECT_EQ(Problem("12:dead", "12:dead.fifo").substr(0, 16), "PROJECT-RULE-002");
}

TEST_F(RuleFolder, InputsAreCheckedBeforeAnyEventComes) {
  EXPECT_EQ(Problem("<id>", "<nobody>"),
            "PROJECT-RULE-003 rules/r.json:8:44 InputTemplate for target queue contains invalid "
            "placeholder nobody.; line 1, column 8define it in InputPathsMap");
  EXPECT_EQ(Problem("$.detail.payload.Id", "detail").substr(0, 34),
            "PROJECT-RULE-003 rules/r.json:7:44");
  EXPECT_EQ(Problem("\"InputTransformer\"", "\"InputPath\": \"$.detail\", \"InputTransformer\"")
                .substr(0, 101),
            "PROJECT-RULE-003 rules/r.json:7:19 Only one of Input, InputPath, or InputTransformer "
            "must be provided");
}

TEST_F(RuleFolder, TargetsThatCannotBeAreNamed) {
  EXPECT_EQ(Problem("firn:command/tell", "firn:comand/tell").substr(0, 34),
            "PROJECT-RULE-002 rules/r.json:12:2");
  EXPECT_EQ(Problem("arn:aws:sqs:eu-central-1:123456789012:orders.fifo", "orders").substr(0, 16),
            "PROJECT-RULE-002");
  EXPECT_EQ(Problem("arn:aws:sqs:eu-central-1:123456789012:orders.fifo",
                    "arn:aws:ecs:eu-central-1:123456789012:cluster/x")
                .substr(0, 16),
            "PROJECT-RULE-002");
  EXPECT_EQ(Problem("\"Id\": \"tell\"", "\"Id\": \"queue\"").substr(0, 16), "PROJECT-RULE-004");
  EXPECT_EQ(Problem("\"CommandParameters\": {\"Command\": [\"./tell.sh\"]}", "\"RoleArn\": \"x\"")
                .substr(0, 16),
            "PROJECT-RULE-002");
  EXPECT_EQ(Problem("\"SqsParameters\": {\"MessageGroupId\"",
                    "\"KinesisParameters\": {\"PartitionKeyPath\"")
                .substr(0, 16),
            "PROJECT-RULE-002");
}

TEST_F(RuleFolder, DestinationsKeepSecretsByReference) {
  Write("destinations/pagerduty.json", R"({
    "InvocationEndpoint": "https://events.pagerduty.com/v2/enqueue", "HttpMethod": "POST",
    "Connection": {"AuthorizationType": "API_KEY", "AuthParameters": {
      "ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "${env:KEY}"},
      "InvocationHttpParameters": {"BodyParameters": [
        {"Key": "routing_key", "SecretValue": "${aws-secret:pagerduty}"}]}}}})");
  Write("rules/r.json", R"({"EventPattern": {"a": [1]}, "Targets": [{"Id": "t",
      "Arn": "arn:aws:events:eu-central-1:123456789012:api-destination/pagerduty/7a1c"}]})");
  const RuleSet set = Load();
  ASSERT_TRUE(problems_.empty()) << problems_.front().OneLine();
  const ApiDestination* found = set.FindDestination("pagerduty");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->rate_per_second, 300);
  EXPECT_EQ(found->connection.kind, Connection::Kind::kApiKey);
  EXPECT_EQ(found->connection.secret.Text(), "${env:KEY}");
  ASSERT_EQ(found->connection.body.size(), 1U);
  EXPECT_EQ(found->connection.body[0].secret.Text(), "${aws-secret:pagerduty}");
  EXPECT_EQ(set.rules[0].targets[0].local, "pagerduty");
}

TEST_F(RuleFolder, ADestinationThatCannotWorkIsRefusedAndSoAreItsRules) {
  Write("destinations/d.json",
        R"({"InvocationEndpoint": "http://example.com/x", "HttpMethod": "POST",
    "Connection": {"AuthorizationType": "BASIC"}})");
  Write(
      "rules/r.json",
      R"({"EventPattern": {"a": [1]}, "Targets": [{"Id": "t", "Arn": "firn:api-destination/d"}]})");
  const RuleSet set = Load();
  EXPECT_TRUE(set.rules.empty());
  ASSERT_EQ(problems_.size(), 3U);
  EXPECT_EQ(problems_[0].code(), "PROJECT-DESTINATION-001");
  EXPECT_EQ(problems_[1].code(), "PROJECT-DESTINATION-001");
  EXPECT_EQ(problems_[2].code(), "PROJECT-RULE-002");
}

TEST_F(RuleFolder, ANameThatStandsTwiceIsRefused) {
  Write("rules/a.json", kRule);
  std::string other(kRule);
  Write("rules/b.json", other.insert(1, "\"Name\": \"a\","));
  const RuleSet set = Load();
  EXPECT_EQ(set.rules.size(), 1U);
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_EQ(problems_[0].code(), "PROJECT-RULE-004");
}

}  // namespace
}  // namespace firn::project
