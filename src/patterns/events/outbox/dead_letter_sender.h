// DeadLetterSender: takes dead letters that have a queue (DeadLetterConfig) to it, with the
// attributes that EventBridge gives them. The local store keeps them until they are looked after.
//
// One thread. A queue that cannot be reached is tried again later; nothing is lost meanwhile.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/base/call.h"
#include "ends/aws/sqs.h"
#include "patterns/events/outbox/outbox_store.h"
#include "patterns/events/target/target.h"

namespace firn::events {

class DeadLetterSender {
 public:
  DeadLetterSender(std::shared_ptr<OutboxStore> outbox, AwsClients* aws)
      : outbox_(std::move(outbox)), aws_(aws) {}

  // Sends what waits, at most 100 letters. The number that went. Errors: of the outbox, Cancelled.
  [[nodiscard]] Result<int> Step(const Call& call);

 private:
  Result<void> Send(const Call& call, const std::string& queue_arn,
                    const std::vector<DeadLetter>& letters, std::vector<int64_t>* sent);

  std::shared_ptr<OutboxStore> outbox_;
  AwsClients* aws_;
  std::map<std::string, std::string> urls_;  // by queue ARN
  std::map<std::string, SteadyTime> not_before_;
};

// The message that a queue gets: the event, and RULE_ARN, TARGET_ARN, ERROR_CODE, ERROR_MESSAGE,
// EXHAUSTED_RETRY_CONDITION, RETRY_ATTEMPTS. Source: EventBridge User Guide, "Using dead-letter
// queues to process undelivered events", read 2026-11.
[[nodiscard]] aws::SqsMessage MessageOf(const DeadLetter& letter);

}  // namespace firn::events
