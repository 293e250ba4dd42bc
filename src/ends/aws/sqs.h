// Amazon Simple Queue Service: queues by name, messages in and out. JSON protocol.
//
// Any thread may call. Source: Amazon SQS API Reference (2012-11-05), "SendMessageBatch" (10
// messages, 1 MiB in all), "ReceiveMessage", read 2026-11.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ends/aws/batch.h"
#include "ends/aws/client.h"

namespace firn::aws {

inline constexpr size_t kSqsBatchMessagesMax = 10;
inline constexpr size_t kSqsBatchBytesMax = 1'048'576;  // bodies and attributes together

struct SqsMessage {
  std::string body;
  std::string group_id;          // FIFO queues
  std::string deduplication_id;  // likewise
  std::map<std::string, std::string> attributes;

  // As the service counts it.
  [[nodiscard]] size_t Bytes() const;
};

struct QueueName {
  std::string name;
  std::string account;  // empty: the caller's own
};
// Errors: NotFound (AWS-CALL-005), others of AwsClient.
[[nodiscard]] Result<std::string> GetQueueUrl(const Call& call, AwsClient& client,
                                              const QueueName& queue);
// At most kSqsBatchMessagesMax messages and kSqsBatchBytesMax bytes.
[[nodiscard]] Result<EntryOutcomes> SendMessages(const Call& call, AwsClient& client,
                                                 const std::string& queue_url,
                                                 std::span<const SqsMessage> messages);

struct ReceivedMessage {
  std::string id;
  std::string receipt;
  std::string body;
  std::map<std::string, std::string> attributes;
};
struct ReceiveOptions {
  int messages_max = 10;
  std::chrono::seconds wait{0};  // at most 20 s
};
[[nodiscard]] Result<std::vector<ReceivedMessage>> ReceiveMessages(const Call& call,
                                                                   AwsClient& client,
                                                                   const std::string& queue_url,
                                                                   const ReceiveOptions& options);
[[nodiscard]] Result<void> DeleteMessage(const Call& call, AwsClient& client,
                                         const std::string& queue_url, const std::string& receipt);

}  // namespace firn::aws
