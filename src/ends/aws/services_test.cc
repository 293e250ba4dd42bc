// What could go wrong in production: a batch of which a part was refused counts as sent whole, or
// as failed whole; a number that loses digits on its way into a table; a customer's words in an
// error.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ends/aws/cloudwatch_logs.h"
#include "ends/aws/dynamodb.h"
#include "ends/aws/event_bridge.h"
#include "ends/aws/kinesis.h"
#include "ends/aws/lambda.h"
#include "ends/aws/s3.h"
#include "ends/aws/sns.h"
#include "ends/aws/sqs.h"
#include "ends/aws/step_functions.h"
#include "ends/aws/testing/scripted_client.h"

namespace firn::aws {
namespace {

using nlohmann::json;

class Services : public ScriptedClientTest {
 protected:
  json Sent(size_t request = 0) { return json::parse(transport_.requests().at(request).body); }
  std::string Header(std::string_view name) {
    return transport_.requests().back().headers.GetOr(name, "");
  }
};

TEST_F(Services, SqsTellsOfEachMessageWhatBecameOfIt) {
  transport_.Add(200, R"({"Successful":[{"Id":"0","MessageId":"m"}],"Failed":[
    {"Id":"1","Code":"InvalidMessageContents","Message":"bad","SenderFault":true},
    {"Id":"2","Code":"InternalError","Message":"later","SenderFault":false}]})");
  const std::vector<SqsMessage> messages = {
      {.body = "a", .group_id = "g", .deduplication_id = "d", .attributes = {{"RULE_ARN", "r"}}},
      {.body = "b"},
      {.body = "c"},
      {.body = "d"}};
  const auto outcomes = SendMessages(call_, *client_, "https://q", messages);
  ASSERT_TRUE(outcomes) << outcomes.error().OneLine();
  EXPECT_FALSE((*outcomes)[0]);
  EXPECT_EQ((*outcomes)[1]->kind(), Kind::kBadInput);
  EXPECT_EQ((*outcomes)[1]->retry().when, Retry::When::kNever);
  EXPECT_EQ((*outcomes)[2]->retry().when, Retry::When::kBackoff);
  ASSERT_TRUE((*outcomes)[3]) << "a message that the answer does not name is not taken for sent";
  EXPECT_EQ(Header("X-Amz-Target"), "AmazonSQS.SendMessageBatch");
  EXPECT_EQ(Header("Content-Type"), "application/x-amz-json-1.0");
  EXPECT_EQ(Sent()["Entries"][0]["MessageGroupId"], "g");
  EXPECT_EQ(Sent()["Entries"][0]["MessageAttributes"]["RULE_ARN"]["StringValue"], "r");
  EXPECT_EQ(messages[0].Bytes(), 1U + 8 + 1 + 6);
}

TEST_F(Services, SqsReceivesAndDeletes) {
  transport_.Add(200, R"({"Messages":[{"MessageId":"m","ReceiptHandle":"r","Body":"b",
    "MessageAttributes":{"ERROR_CODE":{"DataType":"String","StringValue":"TIMEOUT"}}}]})");
  const auto messages = ReceiveMessages(call_, *client_, "https://q", {});
  ASSERT_TRUE(messages);
  EXPECT_EQ(messages->at(0).attributes.at("ERROR_CODE"), "TIMEOUT");
  transport_.Add(200, R"({"Messages":7})");
  EXPECT_EQ(ReceiveMessages(call_, *client_, "https://q", {}).error().code(), "AWS-CALL-004");
  transport_.Add(200, "");
  EXPECT_TRUE(DeleteMessage(call_, *client_, "https://q", "r"));
  transport_.Add(400, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"})");
  EXPECT_EQ(GetQueueUrl(call_, *client_, {.name = "q"}).error().kind(), Kind::kNotFound);
}

TEST_F(Services, SnsTellsOfEachMessageWhatBecameOfIt) {
  transport_.Add(200, R"(<PublishBatchResponse><PublishBatchResult><Successful><member><Id>1</Id>
    </member></Successful><Failed><member><Id>0</Id><Code>AuthorizationError</Code><Message>no
    </Message><SenderFault>true</SenderFault></member></Failed></PublishBatchResult>
    </PublishBatchResponse>)");
  const std::vector<SnsMessage> messages = {{.body = "a&b"}, {.body = "c"}};
  const auto outcomes = PublishMessages(call_, *client_, "arn:t", messages);
  ASSERT_TRUE(outcomes) << outcomes.error().OneLine();
  EXPECT_EQ((*outcomes)[0]->kind(), Kind::kDenied);
  EXPECT_FALSE((*outcomes)[1]);
  EXPECT_NE(transport_.requests()[0].body.find("PublishBatchRequestEntries.member.1.Message=a%26b"),
            std::string::npos);
}

TEST_F(Services, EventBridgeFailuresAreHandledPerEntry) {
  transport_.Add(200, R"({"FailedEntryCount":2,"Entries":[{"EventId":"e"},
    {"ErrorCode":"InternalFailure","ErrorMessage":"x"},{"ErrorCode":"MalformedDetail"}]})");
  const std::vector<PutEvent> events(
      3, {.bus = "b", .source = "s", .detail_type = "d", .detail = "{}", .time = clock_.Now()});
  const auto outcomes = PutEvents(call_, *client_, events);
  ASSERT_TRUE(outcomes) << outcomes.error().OneLine();
  EXPECT_FALSE((*outcomes)[0]);
  EXPECT_EQ((*outcomes)[1]->retry().when, Retry::When::kBackoff);
  EXPECT_EQ((*outcomes)[2]->retry().when, Retry::When::kNever);
  EXPECT_EQ(Sent()["Entries"][0]["Time"], 1795658400);
  EXPECT_EQ(events[0].Bytes(), 14U + 1 + 1 + 2);
}

TEST_F(Services, ALambdaFunctionsFailureIsAnErrorThatDoesNotRepeatItsMessage) {
  transport_.Add(200, R"({"errorType":"KeyError","errorMessage":"jane@example.com"})",
                 {{"X-Amz-Function-Error", "Unhandled"}});
  const auto failed =
      Invoke(call_, *client_, {.function = "arn:aws:lambda:f:1", .payload = "{}", .wait = true});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), "AWS-LAMBDA-001");
  EXPECT_EQ(failed.error().OneLine().find("jane"), std::string::npos);
  EXPECT_EQ(failed.error().retry().when, Retry::When::kBackoff);
  EXPECT_EQ(Header("X-Amz-Invocation-Type"), "RequestResponse");
  EXPECT_NE(transport_.requests()[0].url.find("/functions/arn%3Aaws%3Alambda%3Af%3A1/invocations"),
            std::string::npos);
  transport_.Add(202, "");
  EXPECT_TRUE(Invoke(call_, *client_, {.function = "f", .payload = "{}"}));
  EXPECT_EQ(Header("X-Amz-Invocation-Type"), "Event");
}

TEST_F(Services, AnExecutionThatExistsByItsNameCountsAsStarted) {
  transport_.Add(400, R"({"__type":"ExecutionAlreadyExists","message":"there"})");
  EXPECT_TRUE(StartExecution(call_, *client_, {"arn:m", "a/b:" + std::string(90, 'x'), "{}"}));
  EXPECT_EQ(Sent()["name"], "a-b-" + std::string(76, 'x'));
  transport_.Add(200, R"({"status":"FAILED","error":"Boom","cause":"jane@example.com"})");
  const auto failed = StartSyncExecution(call_, *client_, {"arn:m", "n", "{}"});
  EXPECT_EQ(failed.error().code(), "AWS-SFN-001");
  EXPECT_EQ(failed.error().OneLine().find("jane"), std::string::npos);
}

TEST_F(Services, DynamoDbItemsKeepTheDigitsOfTheirNumbers) {
  EXPECT_EQ(*AttributesOf(
                R"({"a":1250.10,"b":12345678901234567890123,"c":[true,null,"x"],"d":{"e":-7}})"),
            R"({"a":{"N":"1250.10"},"b":{"N":"12345678901234567890123"},)"
            R"("c":{"L":[{"BOOL":true},{"NULL":true},{"S":"x"}]},"d":{"M":{"e":{"N":"-7"}}}})");
  EXPECT_EQ(AttributesOf("7").error().code(), "AWS-DYNAMODB-001");
  EXPECT_EQ(AttributesOf("[1]").error().code(), "AWS-DYNAMODB-001");
}

TEST_F(Services, DynamoDbUpdatesTouchOnlyWhatTheyName) {
  transport_.Add(200, "{}");
  ASSERT_TRUE(UpdateItem(call_, *client_,
                         {.table = "t", .item = R"({"Id":"1","a":2})", .key_attributes = {"Id"}}));
  EXPECT_EQ(Sent()["Key"], json::parse(R"({"Id":{"S":"1"}})"));
  EXPECT_EQ(Sent()["UpdateExpression"], "SET #a0 = :v0");
  EXPECT_EQ(Sent()["ExpressionAttributeNames"]["#a0"], "a");
  const auto no_key =
      DeleteItem(call_, *client_, {.table = "t", .item = "{}", .key_attributes = {"Id"}});
  EXPECT_EQ(no_key.error().code(), "AWS-DYNAMODB-001");
}

TEST_F(Services, StreamsTellOfEachRecordWhatBecameOfIt) {
  transport_.Add(200, R"({"FailedRecordCount":1,"Records":[{"SequenceNumber":"1"},
    {"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"x"}]})");
  const std::vector<StreamRecord> records = {{"a", "k"}, {"b", "k"}};
  const auto kinesis = PutKinesisRecords(call_, *client_, "arn:s", records);
  ASSERT_TRUE(kinesis);
  EXPECT_EQ((*kinesis)[1]->kind(), Kind::kThrottled);
  EXPECT_EQ(Sent()["Records"][0]["Data"], "YQ==");
  transport_.Add(200, R"({"FailedPutCount":0,"RequestResponses":[{"RecordId":"1"}]})");
  EXPECT_EQ(PutFirehoseRecords(call_, *client_, "s", records).error().code(), "AWS-CALL-004");
}

TEST_F(Services, LogEventsGoInOrderOfTheirTimesIntoAStreamThatIsMadeAtNeed) {
  transport_.Add(400, R"({"__type":"ResourceNotFoundException","message":"no stream"})");
  transport_.Add(200, "{}");
  transport_.Add(200, R"({"rejectedLogEventsInfo":{"tooOldLogEventEndIndex":1}})");
  const std::vector<LogEvent> events = {{clock_.Now(), "late"},
                                        {clock_.Now() - std::chrono::hours(500), "early"}};
  const auto outcomes = PutLogEvents(call_, *client_, {"g", "s"}, events);
  ASSERT_TRUE(outcomes) << outcomes.error().OneLine();
  EXPECT_EQ(Sent(2)["logEvents"][0]["message"], "early");
  EXPECT_FALSE((*outcomes)[0]);
  EXPECT_EQ((*outcomes)[1]->kind(), Kind::kBadInput);
}

TEST_F(Services, S3KeysAreEncodedOnce) {
  transport_.Add(200, "");
  ASSERT_TRUE(PutObject(call_, *client_, {"bucket", "a/dt=2026/b c.jsonl", "text/plain", "x"}));
  EXPECT_EQ(transport_.requests()[0].url,
            "https://s3.eu-central-1.amazonaws.com/bucket/a/dt%3D2026/b%20c.jsonl");
  EXPECT_EQ(transport_.requests()[0].method, "PUT");
}

}  // namespace
}  // namespace firn::aws
