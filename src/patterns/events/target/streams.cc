// Targets that take many events a call: Kinesis and Firehose streams, log groups, objects of S3.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/time_text.h"
#include "ends/aws/cloudwatch_logs.h"
#include "ends/aws/kinesis.h"
#include "ends/aws/s3.h"
#include "patterns/events/target/kinds.h"

namespace firn::events {
namespace {

constexpr auto kObjectLinger = std::chrono::seconds(10);

class StreamTarget final : public Target {
 public:
  StreamTarget(project::RuleTarget target, aws::AwsClient* client)
      : target_(std::move(target)), client_(client) {}

  TargetLimits limits() const override {
    return {aws::kStreamRecordsMax,
            IsFirehose() ? aws::kFirehoseBatchBytesMax : aws::kKinesisBatchBytesMax, false};
  }

  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    std::vector<aws::StreamRecord> records;
    for (const TargetEntry& entry : entries) {
      // Firehose puts records together as they come; a line each keeps them apart.
      records.push_back({entry.input + (IsFirehose() ? "\n" : ""), PartitionKey(entry)});
    }
    if (!IsFirehose()) return aws::PutKinesisRecords(call, *client_, target_.arn, records);
    const std::string name = target_.parts.resource.substr(target_.parts.resource.find('/') + 1);
    return aws::PutFirehoseRecords(call, *client_, name, records);
  }

 private:
  bool IsFirehose() const { return target_.kind == project::TargetKind::kFirehose; }
  std::string PartitionKey(const TargetEntry& entry) const {
    constexpr size_t kKeyBytesMax = 256;
    std::string key;
    if (target_.partition_key) {
      key = TextOrPath(target_.partition_key->text(), *entry.event).value_or("");
    }
    return (key.empty() ? entry.key : key).substr(0, kKeyBytesMax);
  }

  project::RuleTarget target_;
  aws::AwsClient* client_;
};

class LogTarget final : public Target {
 public:
  LogTarget(const project::RuleTarget& target, aws::AwsClient* client) : client_(client) {
    // arn:..:log-group:NAME, with or without `:*` behind it.
    group_ = target.parts.resource.substr(target.parts.resource.find(':') + 1);
    if (group_.ends_with(":*")) group_.resize(group_.size() - 2);
    stream_ = "firn-" + target.id;
  }

  TargetLimits limits() const override {
    constexpr size_t kEntries = 1000;
    return {kEntries, aws::kLogBatchBytesMax - kEntries * aws::kLogEventOverheadBytes, false};
  }

  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    std::vector<aws::LogEvent> events;
    for (const TargetEntry& entry : entries) events.push_back({entry.event->time, entry.input});
    return aws::PutLogEvents(call, *client_, {group_, stream_}, events);
  }

 private:
  aws::AwsClient* client_;
  std::string group_;
  std::string stream_;
};

// One object of JSON lines a call; its name is made of the first and last entry, so that trying the
// same again replaces it.
class BucketTarget final : public Target {
 public:
  BucketTarget(const project::RuleTarget& target, aws::AwsClient* client) : client_(client) {
    const std::string& resource = target.parts.resource;
    const size_t slash = resource.find('/');
    bucket_ = resource.substr(0, slash);
    if (slash != std::string::npos) prefix_ = resource.substr(slash + 1);
    if (prefix_.ends_with('*')) prefix_.pop_back();
    if (!prefix_.empty() && !prefix_.ends_with('/')) prefix_ += '/';
  }

  TargetLimits limits() const override { return {5000, 8U << 20, false, kObjectLinger}; }

  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    aws::NewObject object;
    object.bucket = bucket_;
    const std::string day = FormatUtc(entries.front().event->time, 0).substr(0, 10);
    object.key = fmt::format("{}dt={}/{}-{}-{}.jsonl", prefix_, day, entries.front().key,
                             entries.back().key, entries.size());
    object.content_type = "application/x-ndjson";
    for (const TargetEntry& entry : entries) object.body += entry.input + "\n";
    FIRN_CHECK(aws::PutObject(call, *client_, object));
    return Outcomes(entries.size());
  }

 private:
  aws::AwsClient* client_;
  std::string bucket_;
  std::string prefix_;
};

}  // namespace

MadeTarget NewStreamTarget(const project::RuleTarget& target, const TargetParts& parts) {
  FIRN_TRY(aws::AwsClient * client, parts.aws->ForRegion(target.parts.region));
  return std::make_unique<StreamTarget>(target, client);
}

MadeTarget NewLogTarget(const project::RuleTarget& target, const TargetParts& parts) {
  FIRN_TRY(aws::AwsClient * client, parts.aws->ForRegion(target.parts.region));
  return std::make_unique<LogTarget>(target, client);
}

MadeTarget NewBucketTarget(const project::RuleTarget& target, const TargetParts& parts) {
  FIRN_TRY(aws::AwsClient * client, parts.aws->ForRegion(target.parts.region));
  return std::make_unique<BucketTarget>(target, client);
}

}  // namespace firn::events
