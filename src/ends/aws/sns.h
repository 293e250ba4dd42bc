// Amazon Simple Notification Service: messages to topics. Query protocol.
//
// Any thread may call. Source: Amazon SNS API Reference (2010-03-31), "PublishBatch" (10 messages,
// 256 KiB in all unless the topic takes more), read 2026-11.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "ends/aws/batch.h"
#include "ends/aws/client.h"

namespace firn::aws {

inline constexpr size_t kSnsBatchMessagesMax = 10;
inline constexpr size_t kSnsBatchBytesMax = 262'144;

struct SnsMessage {
  std::string body;
  std::string group_id;          // FIFO topics
  std::string deduplication_id;  // likewise
};
[[nodiscard]] Result<EntryOutcomes> PublishMessages(const Call& call, AwsClient& client,
                                                    const std::string& topic_arn,
                                                    std::span<const SnsMessage> messages);

}  // namespace firn::aws
