// SQS queues, SNS topics and event buses.
#include <mutex>

#include "ends/aws/event_bridge.h"
#include "ends/aws/sns.h"
#include "ends/aws/sqs.h"
#include "patterns/events/target/kinds.h"

namespace firn::events {
namespace {

// FIFO queues and topics tell duplicates by this, at most 128 characters.
std::string DeduplicationId(const TargetEntry& entry) { return entry.key.substr(0, 128); }

// The group of FIFO queues and topics: as configured, else the record, else the event alone.
std::string GroupId(const project::RuleTarget& target, const TargetEntry& entry) {
  constexpr size_t kGroupBytesMax = 128;
  std::string group;
  if (target.message_group_id) {
    group = TextOrPath(*target.message_group_id, *entry.event).value_or("");
  }
  if (group.empty()) group = entry.event->record_id.empty() ? entry.key : entry.event->record_id;
  return group.substr(0, kGroupBytesMax);
}

class QueueTarget final : public Target {
 public:
  QueueTarget(project::RuleTarget target, aws::AwsClient* client)
      : target_(std::move(target)),
        client_(client),
        fifo_(target_.parts.resource.ends_with(".fifo")) {}

  TargetLimits limits() const override {
    return {aws::kSqsBatchMessagesMax, aws::kSqsBatchBytesMax, fifo_};
  }

  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    FIRN_TRY(const std::string url, Url(call));
    std::vector<aws::SqsMessage> messages;
    for (const TargetEntry& entry : entries) {
      aws::SqsMessage message;
      message.body = entry.input;
      if (fifo_) message.deduplication_id = DeduplicationId(entry);
      // Standard queues take groups too, for fair sharing among consumers.
      if (fifo_ || target_.message_group_id) message.group_id = GroupId(target_, entry);
      messages.push_back(std::move(message));
    }
    return aws::SendMessages(call, *client_, url, messages);
  }

 private:
  Result<std::string> Url(const Call& call) {
    {
      const std::lock_guard lock(mutex_);
      if (!url_.empty()) return url_;
    }
    FIRN_TRY(const std::string url,
             aws::GetQueueUrl(call, *client_,
                              {.name = target_.parts.resource, .account = target_.parts.account}));
    const std::lock_guard lock(mutex_);
    url_ = url;
    return url;
  }

  project::RuleTarget target_;
  aws::AwsClient* client_;
  bool fifo_;
  std::mutex mutex_;
  std::string url_;
};

class TopicTarget final : public Target {
 public:
  TopicTarget(project::RuleTarget target, aws::AwsClient* client)
      : target_(std::move(target)),
        client_(client),
        fifo_(target_.parts.resource.ends_with(".fifo")) {}

  TargetLimits limits() const override {
    return {aws::kSnsBatchMessagesMax, aws::kSnsBatchBytesMax, fifo_};
  }

  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    std::vector<aws::SnsMessage> messages;
    for (const TargetEntry& entry : entries) {
      aws::SnsMessage message;
      message.body = entry.input;
      if (fifo_) message.deduplication_id = DeduplicationId(entry);
      if (fifo_ || target_.message_group_id) message.group_id = GroupId(target_, entry);
      messages.push_back(std::move(message));
    }
    return aws::PublishMessages(call, *client_, target_.arn, messages);
  }

 private:
  project::RuleTarget target_;
  aws::AwsClient* client_;
  bool fifo_;
};

class EventBusTarget final : public Target {
 public:
  EventBusTarget(project::RuleTarget target, aws::AwsClient* client)
      : target_(std::move(target)), client_(client) {}

  TargetLimits limits() const override {
    // Entries carry source and type beside the input.
    return {aws::kPutEventsEntriesMax, aws::kPutEventsBytesMax - 20'000, false};
  }

  // An input that is the event itself goes on as its detail, as buses hand events to one another;
  // any other input becomes the detail of an event of the same source and type.
  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    static const expr::JsonPath kDetail = *expr::JsonPath::Parse("$.detail");
    std::vector<aws::PutEvent> events;
    for (const TargetEntry& entry : entries) {
      aws::PutEvent event = {.bus = target_.arn,
                             .source = entry.event->source,
                             .detail_type = entry.event->detail_type,
                             .detail = entry.input,
                             .time = entry.event->time};
      if (std::holds_alternative<std::monostate>(target_.input)) {
        expr::JsonText text;
        text.Load(entry.input);
        FIRN_TRY(const auto detail, text.Find(kDetail));
        if (detail) event.detail = *detail;
      }
      events.push_back(std::move(event));
    }
    return aws::PutEvents(call, *client_, events);
  }

 private:
  project::RuleTarget target_;
  aws::AwsClient* client_;
};

}  // namespace

MadeTarget NewQueueTarget(const project::RuleTarget& target, const TargetParts& parts) {
  FIRN_TRY(aws::AwsClient * client, parts.aws->ForRegion(target.parts.region));
  return std::make_unique<QueueTarget>(target, client);
}

MadeTarget NewTopicTarget(const project::RuleTarget& target, const TargetParts& parts) {
  FIRN_TRY(aws::AwsClient * client, parts.aws->ForRegion(target.parts.region));
  return std::make_unique<TopicTarget>(target, client);
}

MadeTarget NewEventBusTarget(const project::RuleTarget& target, const TargetParts& parts) {
  FIRN_TRY(aws::AwsClient * client, parts.aws->ForRegion(target.parts.region));
  return std::make_unique<EventBusTarget>(target, client);
}

}  // namespace firn::events
