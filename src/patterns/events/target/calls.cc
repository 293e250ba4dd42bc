// Targets that take one event a call: Lambda functions, state machines and DynamoDB items.
#include "ends/aws/dynamodb.h"
#include "ends/aws/lambda.h"
#include "ends/aws/step_functions.h"
#include "patterns/events/target/kinds.h"

namespace firn::events {
namespace {

// Calls a target entry by entry.
class OneByOne : public Target {
 public:
  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) final {
    Outcomes outcomes;
    for (const TargetEntry& entry : entries) {
      auto done = DeliverOne(call, entry);
      outcomes.push_back(done ? std::optional<Error>() : std::move(done).error());
    }
    return outcomes;
  }

 private:
  virtual Result<void> DeliverOne(const Call& call, const TargetEntry& entry) = 0;
};

class FunctionTarget final : public OneByOne {
 public:
  FunctionTarget(project::RuleTarget target, aws::AwsClient* client)
      : target_(std::move(target)), client_(client) {}

  TargetLimits limits() const override {
    const bool waits = target_.wait_for_answer;
    // Calls without waiting are queued by the service, in no order.
    return {1, waits ? aws::kLambdaRequestBytesMax : aws::kLambdaEventBytesMax, waits};
  }

 private:
  Result<void> DeliverOne(const Call& call, const TargetEntry& entry) override {
    FIRN_CHECK(aws::Invoke(
        call, *client_,
        {.function = target_.arn, .payload = entry.input, .wait = target_.wait_for_answer}));
    return {};
  }

  project::RuleTarget target_;
  aws::AwsClient* client_;
};

class StateMachineTarget final : public OneByOne {
 public:
  StateMachineTarget(project::RuleTarget target, aws::AwsClient* client)
      : target_(std::move(target)), client_(client) {}

  TargetLimits limits() const override {
    return {1, aws::kExecutionInputBytesMax, target_.wait_for_answer};
  }

 private:
  Result<void> DeliverOne(const Call& call, const TargetEntry& entry) override {
    const aws::Execution execution = {target_.arn, entry.key, entry.input};
    FIRN_CHECK(target_.wait_for_answer ? aws::StartSyncExecution(call, *client_, execution)
                                       : aws::StartExecution(call, *client_, execution));
    return {};
  }

  project::RuleTarget target_;
  aws::AwsClient* client_;
};

class ItemTarget final : public OneByOne {
 public:
  ItemTarget(const project::RuleTarget& target, aws::AwsClient* client)
      : client_(client), operation_(target.item_operation), keys_(target.key_attributes) {
    table_ = target.parts.resource.substr(target.parts.resource.find('/') + 1);
  }

  TargetLimits limits() const override { return {1, aws::kItemBytesMax, true}; }

 private:
  Result<void> DeliverOne(const Call& call, const TargetEntry& entry) override {
    const aws::ItemCall item = {table_, entry.input, keys_};
    switch (operation_) {
      case project::ItemOperation::kUpdate:
        return aws::UpdateItem(call, *client_, item);
      case project::ItemOperation::kDelete:
        return aws::DeleteItem(call, *client_, item);
      case project::ItemOperation::kPut:
        break;
    }
    return aws::PutItem(call, *client_, item);
  }

  aws::AwsClient* client_;
  project::ItemOperation operation_;
  std::vector<std::string> keys_;
  std::string table_;
};

}  // namespace

MadeTarget NewFunctionTarget(const project::RuleTarget& target, const TargetParts& parts) {
  FIRN_TRY(aws::AwsClient * client, parts.aws->ForRegion(target.parts.region));
  return std::make_unique<FunctionTarget>(target, client);
}

MadeTarget NewStateMachineTarget(const project::RuleTarget& target, const TargetParts& parts) {
  FIRN_TRY(aws::AwsClient * client, parts.aws->ForRegion(target.parts.region));
  return std::make_unique<StateMachineTarget>(target, client);
}

MadeTarget NewItemTarget(const project::RuleTarget& target, const TargetParts& parts) {
  FIRN_TRY(aws::AwsClient * client, parts.aws->ForRegion(target.parts.region));
  return std::make_unique<ItemTarget>(target, client);
}

}  // namespace firn::events
