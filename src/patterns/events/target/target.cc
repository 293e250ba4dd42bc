#include "patterns/events/target/target.h"

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "patterns/events/target/kinds.h"

namespace firn::events {
namespace {

class ClientsByRegion final : public AwsClients {
 public:
  ClientsByRegion(net::Transport& transport, aws::CredentialSource& credentials,
                  aws::Environment environment)
      : transport_(transport), credentials_(credentials), environment_(std::move(environment)) {}

  Result<aws::AwsClient*> ForRegion(const std::string& region) override {
    const std::lock_guard lock(mutex_);
    auto& client = clients_[region];
    if (!client) {
      aws::ClientParts parts;
      parts.transport = &transport_;
      parts.credentials = &credentials_;
      parts.environment = environment_;
      parts.region = region;
      if (region.empty()) {
        FIRN_TRY(parts.region, aws::FindRegion(environment_, ""));
      }
      client = std::make_unique<aws::AwsClient>(std::move(parts));
    }
    return client.get();
  }

 private:
  net::Transport& transport_;
  aws::CredentialSource& credentials_;
  aws::Environment environment_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<aws::AwsClient>> clients_;
};

}  // namespace

std::unique_ptr<AwsClients> NewAwsClients(net::Transport& transport,
                                          aws::CredentialSource& credentials,
                                          aws::Environment environment) {
  return std::make_unique<ClientsByRegion>(transport, credentials, std::move(environment));
}

Result<std::unique_ptr<Target>> NewTarget(const project::RuleTarget& target,
                                          const TargetParts& parts) {
  using project::TargetKind;
  switch (target.kind) {
    case TargetKind::kSqs:
      return NewQueueTarget(target, parts);
    case TargetKind::kSns:
      return NewTopicTarget(target, parts);
    case TargetKind::kEventBus:
      return NewEventBusTarget(target, parts);
    case TargetKind::kLambda:
      return NewFunctionTarget(target, parts);
    case TargetKind::kStateMachine:
      return NewStateMachineTarget(target, parts);
    case TargetKind::kDynamoDb:
      return NewItemTarget(target, parts);
    case TargetKind::kKinesis:
    case TargetKind::kFirehose:
      return NewStreamTarget(target, parts);
    case TargetKind::kLogGroup:
      return NewLogTarget(target, parts);
    case TargetKind::kS3:
      return NewBucketTarget(target, parts);
    case TargetKind::kApiDestination:
      return NewHttpTarget(target, parts);
    case TargetKind::kLakeTable:
      return NewLakeTarget(target, parts);
    case TargetKind::kPlatformEvent:
      return NewPlatformEventTarget(target, parts);
    case TargetKind::kKafka:
      return NewKafkaTarget(target, parts);
    case TargetKind::kCommand:
      break;
  }
  return NewCommandTarget(target, parts);
}

std::string TextOfJson(const std::string& value) {
  if (!value.starts_with('"')) return value;
  const auto text = nlohmann::json::parse(value, nullptr, false);
  return text.is_string() ? text.get<std::string>() : value;
}

std::optional<std::string> TextOrPath(const std::string& text, const RuleEvent& event) {
  if (!text.starts_with('$')) return text;
  const auto path = expr::JsonPath::Parse(text);
  if (!path) return std::nullopt;
  expr::JsonText json;
  json.Load(event.json);
  const auto found = json.Find(*path);
  if (!found || !*found || **found == "null") return std::nullopt;
  return TextOfJson(**found);
}

Error TooLarge(const std::string& where, size_t bytes, size_t bytes_max) {
  return Error(Kind::kBadInput, "EVENT-TARGET-001", "the input is too large for the target")
      .At(where)
      .Because("it has " + std::to_string(bytes) + " bytes, the target takes " +
               std::to_string(bytes_max))
      .From({where, 413, "", ""})
      .Hint("send a part of the event with InputPath or InputTransformer");
}

bool IsFinal(const Error& error) {
  if (error.retry().when != Retry::When::kNever) return false;
  switch (error.kind()) {
    case Kind::kNotFound:
    case Kind::kDenied:
    case Kind::kBadInput:
    case Kind::kBadConfig:
    case Kind::kConflict:
    case Kind::kUnsupported:
      return true;
    default:
      return false;
  }
}

std::string_view DeliveryErrorCode(const Error& error) {
  switch (error.kind()) {
    case Kind::kDenied:
      return "NO_PERMISSIONS";
    case Kind::kNotFound:
      return "NO_RESOURCE";
    case Kind::kThrottled:
      return "THROTTLING";
    case Kind::kTimeout:
      return "TIMEOUT";
    case Kind::kUnreachable:
      return error.remote().status == 0 ? "CONNECTION_FAILURE" : "ERROR_FROM_TARGET";
    case Kind::kBadInput:
      return error.remote().status == 0 ? "INVALID_JSON" : "INVALID_PARAMETER";
    case Kind::kBadConfig:
    case Kind::kUnsupported:
      return "SDK_CLIENT_ERROR";
    case Kind::kConflict:
      return "RESOURCE_MODIFICATION_COLLISION";
    case Kind::kLimitReached:
      return "RESOURCE_LIMIT_EXCEEDED";
    case Kind::kInternal:
      return "INTERNAL_ERROR";
    default:
      return "UNKNOWN";
  }
}

}  // namespace firn::events
