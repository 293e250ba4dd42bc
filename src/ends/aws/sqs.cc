#include "ends/aws/sqs.h"

#include <nlohmann/json.hpp>

#include "ends/aws/internal/json_api.h"

namespace firn::aws {
namespace {

using nlohmann::json;

constexpr Service kSqs{"SQS", "sqs", "sqs", "1.0"};
constexpr size_t kAttributeTypeBytes = 6;  // `String`

json Entry(const SqsMessage& message, const std::string& id) {
  json entry = {{"Id", id}, {"MessageBody", message.body}};
  if (!message.group_id.empty()) entry["MessageGroupId"] = message.group_id;
  if (!message.deduplication_id.empty()) {
    entry["MessageDeduplicationId"] = message.deduplication_id;
  }
  for (const auto& [name, value] : message.attributes) {
    entry["MessageAttributes"][name] = {{"DataType", "String"}, {"StringValue", value}};
  }
  return entry;
}

}  // namespace

size_t SqsMessage::Bytes() const {
  size_t bytes = body.size();
  for (const auto& [name, value] : attributes) {
    bytes += name.size() + value.size() + kAttributeTypeBytes;
  }
  return bytes;
}

Result<std::string> GetQueueUrl(const Call& call, AwsClient& client, const QueueName& queue) {
  json body = {{"QueueName", queue.name}};
  if (!queue.account.empty()) body["QueueOwnerAWSAccountId"] = queue.account;
  FIRN_TRY(const json answer, AskJson(call, client, kSqs, "AmazonSQS.GetQueueUrl", body));
  return Reading(kSqs, [&]() -> Result<std::string> {
    std::string url = answer.value("QueueUrl", "");
    if (url.empty()) return Fail(UnreadableAnswer(kSqs));
    return url;
  });
}

Result<EntryOutcomes> SendMessages(const Call& call, AwsClient& client,
                                   const std::string& queue_url,
                                   std::span<const SqsMessage> messages) {
  FIRN_ASSERT(messages.size() <= kSqsBatchMessagesMax);
  json entries = json::array();
  for (const SqsMessage& message : messages) {
    entries.push_back(Entry(message, std::to_string(entries.size())));
  }
  FIRN_TRY(const json answer, AskJson(call, client, kSqs, "AmazonSQS.SendMessageBatch",
                                      {{"QueueUrl", queue_url}, {"Entries", entries}}));
  return Reading(kSqs, [&]() -> Result<EntryOutcomes> {
    EntryOutcomes outcomes(messages.size());
    std::vector<bool> told(messages.size());
    for (const json& sent : answer.value("Successful", json::array())) {
      const size_t place = std::stoul("0" + sent.value("Id", ""));
      if (place < told.size()) told[place] = true;
    }
    for (const json& failed : answer.value("Failed", json::array())) {
      const size_t place = std::stoul("0" + failed.value("Id", ""));
      if (place >= outcomes.size()) continue;
      told[place] = true;
      outcomes[place] = EntryError(kSqs, failed.value("Code", ""), failed.value("Message", ""),
                                   failed.value("SenderFault", false));
    }
    for (size_t i = 0; i < told.size(); ++i) {
      if (!told[i]) outcomes[i] = UnreadableAnswer(kSqs);
    }
    return outcomes;
  });
}

Result<std::vector<ReceivedMessage>> ReceiveMessages(const Call& call, AwsClient& client,
                                                     const std::string& queue_url,
                                                     const ReceiveOptions& options) {
  FIRN_TRY(const json answer, AskJson(call, client, kSqs, "AmazonSQS.ReceiveMessage",
                                      {{"QueueUrl", queue_url},
                                       {"MaxNumberOfMessages", options.messages_max},
                                       {"WaitTimeSeconds", options.wait.count()},
                                       {"MessageAttributeNames", {"All"}}}));
  return Reading(kSqs, [&]() -> Result<std::vector<ReceivedMessage>> {
    std::vector<ReceivedMessage> messages;
    for (const json& each : answer.value("Messages", json::array())) {
      ReceivedMessage message;
      message.id = each.value("MessageId", "");
      message.receipt = each.value("ReceiptHandle", "");
      message.body = each.value("Body", "");
      const json attributes = each.value("MessageAttributes", json::object());
      for (const auto& [name, attribute] : attributes.items()) {
        message.attributes[name] = attribute.value("StringValue", "");
      }
      messages.push_back(std::move(message));
    }
    return messages;
  });
}

Result<void> DeleteMessage(const Call& call, AwsClient& client, const std::string& queue_url,
                           const std::string& receipt) {
  FIRN_CHECK(AskJson(call, client, kSqs, "AmazonSQS.DeleteMessage",
                     {{"QueueUrl", queue_url}, {"ReceiptHandle", receipt}}));
  return {};
}

}  // namespace firn::aws
