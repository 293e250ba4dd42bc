// What could go wrong in production: a FIFO queue that takes one event for two, an item under
// another key, or a command that hangs and takes its lane with it.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "ends/aws/testing/scripted_transport.h"
#include "ends/lake/read/rows.h"
#include "patterns/events/outbox/dead_letter_sender.h"
#include "patterns/events/target/target.h"
#include "tests/support/test_folder.h"

namespace firn::events {
namespace {

using nlohmann::json;

class TargetKinds : public testing::Test {
 protected:
  TargetKinds() {
    credentials_ =
        aws::FixedCredentials({.access_key_id = "AK", .secret_access_key = Secret("SK")});
    clients_ = NewAwsClients(
        transport_, *credentials_, aws::Environment([](const std::string& name) {
          return name == "AWS_REGION" ? std::optional<std::string>("r") : std::nullopt;
        }));
    // As the program does: a command that does not read its input must not end us.
    ::signal(SIGPIPE, SIG_IGN);
  }
  std::unique_ptr<Target> Open(const std::string& target) {
    std::filesystem::create_directories(folder_.path() + "/rules");
    std::ofstream(folder_.path() + "/rules/r.json")
        << R"({"EventPattern":{"a":[1]},"Targets":[{"Id":"t",)" << target << "}]}";
    config::Problems problems;
    rules_ = project::LoadRules(folder_.path(), {}, &problems);
    if (!problems.empty()) throw std::runtime_error(problems.front().OneLine());
    TargetParts parts;
    parts.transport = &transport_;
    parts.aws = clients_.get();
    parts.rules = &rules_;
    parts.lake = lake_.get();
    parts.lake_namespace = "org";
    parts.project_folder = folder_.path();
    auto made = NewTarget(rules_.rules[0].targets[0], parts);
    if (!made) throw std::runtime_error(made.error().OneLine());
    return *std::move(made);
  }
  TargetEntry Entry(std::string input = "{}", std::string key = "k1") {
    return {&event_, std::move(input), "", std::move(key)};
  }
  std::optional<Error> One(Target& target, const TargetEntry& entry) {
    auto outcomes = target.Deliver(call_, std::span(&entry, 1));
    return outcomes ? outcomes->at(0) : outcomes.error();
  }
  json Sent() { return json::parse(transport_.requests().back().body); }

  Call call_;
  RuleEvent event_ =
      *ParseRuleEvent(R"({"id":"e1","source":"s","detail-type":"d","account":"1","region":"r",)"
                      R"("time":"2026-11-26T02:00:00Z","detail":{"payload":{"ChangeEventHeader":)"
                      R"({"recordIds":["001A"]},"AccountId":"001P"}}})");
  TestFolder folder_;
  aws::ScriptedTransport transport_;
  std::unique_ptr<aws::CredentialSource> credentials_;
  std::unique_ptr<AwsClients> clients_;
  std::unique_ptr<lake::Lake> lake_;
  project::RuleSet rules_;
};

TEST_F(TargetKinds, AFifoQueueGetsGroupAndDeduplicationId) {
  const auto target = Open(R"("Arn":"arn:aws:sqs:eu-central-1:1:q.fifo")");
  EXPECT_TRUE(target->limits().keeps_order);
  transport_.Add(200, R"({"QueueUrl":"https://sqs/1/q.fifo"})");
  transport_.Add(200, R"({"Successful":[{"Id":"0"}]})");
  ASSERT_FALSE(One(*target, Entry()));
  EXPECT_EQ(Sent()["Entries"][0]["MessageGroupId"], "001A");
  EXPECT_EQ(Sent()["Entries"][0]["MessageDeduplicationId"], "k1");
  transport_.Add(200, R"({"Successful":[{"Id":"0"}]})");
  ASSERT_FALSE(One(*target, Entry())) << "the queue's URL is asked for once";
}

TEST_F(TargetKinds, AGroupMayComeFromTheEvent) {
  const auto target = Open(R"("Arn":"arn:aws:sqs:eu-central-1:1:q.fifo",)"
                           R"("SqsParameters":{"MessageGroupId":"$.detail.payload.AccountId"})");
  transport_.Add(200, R"({"QueueUrl":"u"})");
  transport_.Add(200, R"({"Successful":[{"Id":"0"}]})");
  ASSERT_FALSE(One(*target, Entry()));
  EXPECT_EQ(Sent()["Entries"][0]["MessageGroupId"], "001P");
}

TEST_F(TargetKinds, AQueueThatIsNotThereIsFinal) {
  const auto target = Open(R"("Arn":"arn:aws:sqs:eu-central-1:1:q")");
  transport_.Add(400, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"})");
  const auto error = One(*target, Entry());
  ASSERT_TRUE(error);
  EXPECT_TRUE(IsFinal(*error));
  EXPECT_EQ(DeliveryErrorCode(*error), "NO_RESOURCE");
}

TEST_F(TargetKinds, ABusGetsTheDetailUnderTheEventsOwnSourceAndType) {
  const auto target = Open(R"("Arn":"arn:aws:events:eu-central-1:1:event-bus/orders")");
  transport_.Add(200, R"({"FailedEntryCount":0,"Entries":[{"EventId":"x"}]})");
  ASSERT_FALSE(One(*target, Entry(event_.json)));
  const json entry = Sent()["Entries"][0];
  EXPECT_EQ(entry["Source"], "s");
  EXPECT_EQ(entry["DetailType"], "d");
  EXPECT_EQ(entry["EventBusName"], "arn:aws:events:eu-central-1:1:event-bus/orders");
  EXPECT_EQ(json::parse(entry["Detail"].get<std::string>())["payload"]["AccountId"], "001P");
}

TEST_F(TargetKinds, AnExecutionIsNamedByTheDelivery) {
  const auto target = Open(R"("Arn":"arn:aws:states:eu-central-1:1:stateMachine:m")");
  transport_.Add(200, R"({"executionArn":"a"})");
  ASSERT_FALSE(One(*target, Entry("{}", "e1-001A-abcd")));
  EXPECT_EQ(Sent()["name"], "e1-001A-abcd");
}

TEST_F(TargetKinds, ATableGetsTheItemTheRuleMade) {
  const auto target =
      Open(R"("Arn":"arn:aws:dynamodb:eu-central-1:1:table/Orders",)"
           R"("DynamoDbParameters":{"Operation":"DeleteItem","KeyAttributes":["Id"]})");
  transport_.Add(200, "{}");
  ASSERT_FALSE(One(*target, Entry(R"({"Id":"1","more":2})")));
  EXPECT_EQ(Sent()["TableName"], "Orders");
  EXPECT_EQ(Sent()["Key"], json::parse(R"({"Id":{"S":"1"}})"));
  EXPECT_TRUE(IsFinal(*One(*target, Entry("[]"))));
}

TEST_F(TargetKinds, AStreamGetsItsPartitionKeyFromTheEvent) {
  const auto target =
      Open(R"("Arn":"arn:aws:kinesis:eu-central-1:1:stream/s",)"
           R"("KinesisParameters":{"PartitionKeyPath":"$.detail.payload.AccountId"})");
  transport_.Add(200, R"({"FailedRecordCount":0,"Records":[{"SequenceNumber":"1"}]})");
  ASSERT_FALSE(One(*target, Entry()));
  EXPECT_EQ(Sent()["Records"][0]["PartitionKey"], "001P");
}

TEST_F(TargetKinds, ABucketGetsOneObjectOfLinesUnderTheSameNameWhenItIsTriedAgain) {
  const auto target = Open(R"("Arn":"arn:aws:s3:::bucket/events")");
  const std::vector<TargetEntry> entries = {Entry("{\"n\":1}", "k1"), Entry("{\"n\":2}", "k2")};
  for (int i = 0; i < 2; ++i) {
    transport_.Add(200, "");
    ASSERT_TRUE(target->Deliver(call_, entries));
    EXPECT_NE(transport_.requests().back().url.find("/bucket/events/dt%3D2026-11-26/k1-k2-2.jsonl"),
              std::string::npos);
    EXPECT_EQ(transport_.requests().back().body, "{\"n\":1}\n{\"n\":2}\n");
  }
}

TEST_F(TargetKinds, ACommandGetsTheInputAndItsExitTellsWhatToDo) {
  const std::string out = folder_.path() + "/out";
  const auto run = [&](const std::string& script) {
    const auto target = Open(R"("Arn":"firn:command/c","CommandParameters":{"Command":)"
                             R"(["/bin/sh","-c",)" +
                             json(script).dump() + "]}");
    return One(*target, Entry(R"({"n":1})"));
  };
  EXPECT_FALSE(run("cat > out"));
  EXPECT_EQ(*ReadFile(out), R"({"n":1})") << "it runs in the project's folder";
  EXPECT_FALSE(IsFinal(*run("exit 75")));
  EXPECT_TRUE(IsFinal(*run("exit 65")));
  EXPECT_EQ(DeliveryErrorCode(*run("exit 77")), "NO_PERMISSIONS");
  EXPECT_FALSE(run("true")) << "one that does not read its input may still succeed";
  EXPECT_FALSE(IsFinal(*run("kill -9 $$")));
}

TEST_F(TargetKinds, ACommandThatIsNotThereIsFinalAndOneThatHangsIsEnded) {
  auto missing = Open(R"("Arn":"firn:command/c","CommandParameters":{"Command":["./nowhere"]})");
  EXPECT_TRUE(IsFinal(*One(*missing, Entry())));
  auto hanging = Open(R"("Arn":"firn:command/c","CommandParameters":{"Command":["sleep","600"]},)"
                      R"("DeliveryParameters":{"TimeoutSeconds":0.1})");
  const auto error = One(*hanging, Entry());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kTimeout);
  EXPECT_FALSE(IsFinal(*error));
}

TEST_F(TargetKinds, ALakeTableHasEachDeliveryOnceHoweverOftenItComes) {
  lake_ = *lake::Lake::Open({.warehouse = folder_.path() + "/lake"});
  const auto target = Open(R"("Arn":"firn:lake/order_events")");
  const std::vector<TargetEntry> entries = {Entry("{\"n\":1}", "k1"), Entry("{\"n\":2}", "k2")};
  for (int i = 0; i < 2; ++i) {
    const auto outcomes = target->Deliver(call_, entries);
    ASSERT_TRUE(outcomes) << outcomes.error().OneLine();
  }
  const auto table = lake_->Load({"org", "order_events"});
  ASSERT_TRUE(table) << table.error().OneLine();
  EXPECT_EQ(table->current_snapshot()->summary.at("total-records"), "2");
}

TEST_F(TargetKinds, ALetterCarriesEventBridgesAttributes) {
  DeadLetter letter;
  letter.event_json = "{}";
  letter.rule_arn = "arn:rule";
  letter.target_arn = "arn:target";
  letter.code = "TIMEOUT";
  letter.message = "slow";
  letter.condition = "MaximumRetryAttempts";
  letter.tries = 4;
  const aws::SqsMessage message = MessageOf(letter);
  EXPECT_EQ(message.body, "{}");
  const std::map<std::string, std::string> expected = {
      {"RULE_ARN", "arn:rule"},  {"TARGET_ARN", "arn:target"},
      {"ERROR_CODE", "TIMEOUT"}, {"ERROR_MESSAGE", "slow"},
      {"RETRY_ATTEMPTS", "3"},   {"EXHAUSTED_RETRY_CONDITION", "MaximumRetryAttempts"}};
  EXPECT_EQ(message.attributes, expected);
}

}  // namespace
}  // namespace firn::events
