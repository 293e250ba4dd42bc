// Reads one target of a rule.
#include <algorithm>
#include <cctype>

#include "core/base/nearest.h"
#include "core/config/json_document.h"
#include "core/project/internal/rule_parts.h"

namespace firn::project::internal {
namespace {

using config::Group;
using config::Problems;

constexpr size_t kInputBytesMax = 8192;
constexpr size_t kArnBytesMax = 1600;

struct Service {
  std::string_view name;
  std::string_view resource;  // what the resource begins with
  TargetKind kind;
};
constexpr Service kServices[] = {
    {"events", "event-bus/", TargetKind::kEventBus},
    {"events", "api-destination/", TargetKind::kApiDestination},
    {"sqs", "", TargetKind::kSqs},
    {"sns", "", TargetKind::kSns},
    {"lambda", "function:", TargetKind::kLambda},
    {"states", "stateMachine:", TargetKind::kStateMachine},
    {"dynamodb", "table/", TargetKind::kDynamoDb},
    {"kinesis", "stream/", TargetKind::kKinesis},
    {"firehose", "deliverystream/", TargetKind::kFirehose},
    {"logs", "log-group:", TargetKind::kLogGroup},
    {"s3", "", TargetKind::kS3},
};
constexpr Service kLocal[] = {
    {"firn", "api-destination/", TargetKind::kApiDestination},
    {"firn", "lake/", TargetKind::kLakeTable},
    {"firn", "command/", TargetKind::kCommand},
    {"firn", "platform-event/", TargetKind::kPlatformEvent},
    {"firn", "kafka/", TargetKind::kKafka},
};

class TargetReader {
 public:
  TargetReader(const Group& group, const RuleSet& known, Problems* problems)
      : group_(group), known_(known), problems_(problems) {}

  std::optional<RuleTarget> Read() {
    const size_t before = problems_->size();
    target_.where = group_.Where("Id");
    target_.id = group_.Text("Id");
    if (!IsRuleName(target_.id)) {
      Wrong("PROJECT-RULE-002", "`" + target_.id + "` cannot be a target's Id", "Id", "",
            "1 to 64 letters, digits, `.`, `-` and `_`");
    }
    const size_t before_arn = problems_->size();
    ReadArn();
    const bool kind_known = problems_->size() == before_arn;
    ReadInput();
    ReadPolicy();
    ReadParameters();
    if (kind_known) CheckParameters();
    if (problems_->size() > before) return std::nullopt;
    return std::move(target_);
  }

 private:
  void Wrong(std::string_view code, std::string what, std::string_view field, std::string why,
             std::string hint = {}) {
    AddProblem(problems_, code, std::move(what), group_.Where(field), std::move(why),
               std::move(hint));
  }

  void ReadArn() {
    target_.arn = group_.Text("Arn");
    if (target_.arn.starts_with("firn:")) {
      const std::string rest = target_.arn.substr(5);
      for (const Service& local : kLocal) {
        if (!rest.starts_with(local.resource) || rest.size() == local.resource.size()) continue;
        target_.kind = local.kind;
        target_.local = rest.substr(local.resource.size());
        if (local.kind == TargetKind::kApiDestination) CheckDestination();
        if (local.kind == TargetKind::kPlatformEvent) CheckPlatformEvent();
        if (local.kind == TargetKind::kKafka) CheckCluster();
        return;
      }
      Wrong("PROJECT-RULE-002", "`" + target_.arn + "` is no target of Firn's own", "Arn", "",
            "`firn:api-destination/NAME`, `firn:kafka/CLUSTER`, `firn:lake/TABLE`, "
            "`firn:platform-event/NAME__e` or `firn:command/NAME`");
      return;
    }
    const auto arn = ParseArn(target_.arn);
    if (!arn || target_.arn.size() > kArnBytesMax) {
      Wrong("PROJECT-RULE-002",
            "Parameter " + target_.arn.substr(0, 100) +
                " is not valid. Reason: Provided Arn is not in "
                "correct format.",
            "Arn", "", "for example `arn:aws:sqs:eu-central-1:123456789012:orders`");
      return;
    }
    target_.parts = *arn;
    for (const Service& service : kServices) {
      if (arn->service != service.name || !arn->resource.starts_with(service.resource)) continue;
      target_.kind = service.kind;
      if (service.kind == TargetKind::kApiDestination) {
        // arn:..:api-destination/NAME/UNIQUE-ID
        const std::string name = arn->resource.substr(service.resource.size());
        target_.local = name.substr(0, name.find('/'));
        CheckDestination();
      }
      return;
    }
    Wrong("PROJECT-RULE-002", "Firn has no target for `" + arn->service + ":" + arn->resource + "`",
          "Arn", "",
          "event buses, SQS, SNS, Lambda, Step Functions, DynamoDB, Kinesis, Firehose, log groups, "
          "S3 and API destinations are known");
  }

  // `Order_Placed__e`, with the org's id and a slash before it where the project has several.
  void CheckPlatformEvent() {
    const size_t slash = target_.local.find('/');
    const std::string name =
        slash == std::string::npos ? target_.local : target_.local.substr(slash + 1);
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    });
    if (plain && name.size() > 3 && name.ends_with("__e") && slash != 0) return;
    Wrong("PROJECT-RULE-002", "`" + name + "` cannot be a platform event", "Arn",
          "API names of platform events have letters, digits and `_` and end in `__e`",
          "for example `firn:platform-event/Order_Placed__e`");
  }

  void CheckDestination() {
    if (known_.FindDestination(target_.local) != nullptr) return;
    std::vector<std::string> names;
    for (const ApiDestination& each : known_.destinations) names.push_back(each.name);
    const auto near = Nearest(target_.local, names);
    Wrong("PROJECT-RULE-002", "there is no API destination `" + target_.local + "`", "Arn", "",
          near ? "did you mean `" + *near + "`?"
               : "write it to `destinations/" + target_.local + ".json`");
  }

  void CheckCluster() {
    if (known_.FindCluster(target_.local) != nullptr) return;
    std::vector<std::string> names;
    for (const KafkaCluster& each : known_.clusters) names.push_back(each.name);
    const auto near = Nearest(target_.local, names);
    Wrong(
        "PROJECT-RULE-002", "there is no Kafka cluster `" + target_.local + "`", "Arn", "",
        near ? "did you mean `" + *near + "`?" : "write it to `kafka/" + target_.local + ".json`");
  }

  void ReadInput() {
    const int ways = static_cast<int>(group_.Has("Input")) +
                     static_cast<int>(group_.Has("InputPath")) +
                     static_cast<int>(group_.Has("InputTransformer"));
    if (ways > 1) {
      Wrong("PROJECT-RULE-003",
            "Only one of Input, InputPath, or InputTransformer must be provided for target " +
                target_.id + ".",
            "InputPath", "");
    }
    if (group_.Has("Input")) {
      const std::string& input = group_.Text("Input");
      if (input.size() > kInputBytesMax || !config::ParseJson(input, "Input")) {
        Wrong("PROJECT-RULE-003", "Input for target " + target_.id + " is not a valid JSON text.",
              "Input", "it must be JSON of at most 8192 characters");
      }
      target_.input = input;
    }
    if (group_.Has("InputPath")) {
      if (auto path = PathOf("InputPath", group_.Text("InputPath"), group_.Where("InputPath"))) {
        target_.input = *std::move(path);
      }
    }
    if (group_.Has("InputTransformer")) {
      const Group group = group_.Sub("InputTransformer");
      auto transform = expr::InputTransform::Parse(group.TextMap("InputPathsMap"),
                                                   group.Text("InputTemplate"), target_.id);
      if (transform) {
        target_.input = *std::move(transform);
      } else {
        const Error& error = transform.error();
        std::string why = error.why();
        if (!error.where().empty()) why = error.where() + (why.empty() ? "" : ": " + why);
        for (const std::string& doing : error.doing()) why += " (" + doing + ")";
        const bool in_template = error.code() == "EXPR-TRANSFORM-001";
        AddProblem(problems_, "PROJECT-RULE-003", error.what(),
                   group.Where(in_template ? "InputTemplate" : "InputPathsMap"), std::move(why),
                   error.hint());
      }
    }
  }

  std::optional<expr::JsonPath> PathOf(std::string_view name, const std::string& text,
                                       const std::string& where) {
    auto path = expr::JsonPath::Parse(text);
    if (path) return *std::move(path);
    AddProblem(problems_, "PROJECT-RULE-003",
               "Invalid " + std::string(name) + " for target " + target_.id, where,
               path.error().why(), path.error().hint());
    return std::nullopt;
  }

  // Texts that begin with `$` are paths into the event.
  void CheckPaths(const Group& group, std::string_view field, const std::string& text) {
    if (text.starts_with('$')) (void)PathOf(field, text, group.Where(field));
  }

  EventText TextOf(const Group& group, std::string_view field, const std::string& text) {
    auto parsed = EventText::Parse(text);
    if (parsed) return *std::move(parsed);
    AddProblem(problems_, "PROJECT-RULE-003",
               "Invalid " + std::string(field) + " for target " + target_.id, group.Where(field),
               parsed.error().why(), "`{$.detail.payload.Id}` takes a part of the event");
    return {};
  }

  void ReadKafka() {
    const Group kafka = group_.Sub("KafkaParameters");
    target_.kafka.topic = TextOf(kafka, "Topic", kafka.Text("Topic"));
    if (kafka.Has("Key")) target_.kafka.key = TextOf(kafka, "Key", kafka.Text("Key"));
    for (const auto& [name, text] : kafka.TextMap("Headers")) {
      target_.kafka.headers.emplace_back(name, TextOf(kafka, "Headers", text));
    }
    if (target_.kafka.topic.constant() && kafka.Has("Topic") &&
        !IsKafkaTopic(kafka.Text("Topic"))) {
      AddProblem(problems_, "PROJECT-RULE-002",
                 "`" + kafka.Text("Topic") + "` cannot be a topic of Kafka", kafka.Where("Topic"),
                 "", "1 to 249 letters, digits, `.`, `-` and `_`");
    }
  }

  void ReadPolicy() {
    const Group retry = group_.Sub("RetryPolicy");
    target_.policy.age_max = std::chrono::seconds(retry.Integer("MaximumEventAgeInSeconds"));
    target_.policy.retries_max = static_cast<int>(retry.Integer("MaximumRetryAttempts"));
    const Group letters = group_.Sub("DeadLetterConfig");
    target_.policy.dead_letter_arn = letters.Text("Arn");
    if (letters.Has("Arn")) {
      const auto arn = ParseArn(target_.policy.dead_letter_arn);
      if (!arn || arn->service != "sqs" || arn->resource.ends_with(".fifo")) {
        AddProblem(problems_, "PROJECT-RULE-002",
                   "`" + target_.policy.dead_letter_arn + "` cannot take dead letters",
                   letters.Where("Arn"), "only standard SQS queues are supported",
                   "for example `arn:aws:sqs:eu-central-1:123456789012:dead-letters`");
      }
    }
    const Group delivery = group_.Sub("DeliveryParameters");
    target_.policy.concurrency = static_cast<int>(delivery.Integer("Concurrency"));
    target_.policy.batch_max = static_cast<int>(delivery.Integer("BatchSize"));
    if (delivery.Has("Ordered")) target_.policy.ordered = delivery.Bool("Ordered");
    target_.timeout =
        std::chrono::milliseconds(static_cast<int64_t>(delivery.Number("TimeoutSeconds") * 1000));
  }

  void ReadParameters() {
    const Group sqs = group_.Sub("SqsParameters");
    if (sqs.Has("MessageGroupId")) {
      target_.message_group_id = sqs.Text("MessageGroupId");
      CheckPaths(sqs, "MessageGroupId", *target_.message_group_id);
    }
    const Group http = group_.Sub("HttpParameters");
    target_.http = {.path_values = http.TextList("PathParameterValues"),
                    .headers = http.TextMap("HeaderParameters"),
                    .query = http.TextMap("QueryStringParameters")};
    for (const std::string& text : target_.http.path_values) {
      CheckPaths(http, "PathParameterValues", text);
    }
    for (const auto& [name, text] : target_.http.headers)
      CheckPaths(http, "HeaderParameters", text);
    for (const auto& [name, text] : target_.http.query) {
      CheckPaths(http, "QueryStringParameters", text);
    }
    const Group kinesis = group_.Sub("KinesisParameters");
    if (kinesis.Has("PartitionKeyPath")) {
      target_.partition_key = PathOf("PartitionKeyPath", kinesis.Text("PartitionKeyPath"),
                                     kinesis.Where("PartitionKeyPath"));
    }
    const std::string_view waits =
        target_.kind == TargetKind::kLambda ? "LambdaFunctionParameters" : "StateMachineParameters";
    target_.wait_for_answer = group_.Sub(waits).Text("InvocationType") == "REQUEST_RESPONSE";
    const Group table = group_.Sub("DynamoDbParameters");
    const std::string& operation = table.Text("Operation");
    target_.item_operation = operation == "UpdateItem"   ? ItemOperation::kUpdate
                             : operation == "DeleteItem" ? ItemOperation::kDelete
                                                         : ItemOperation::kPut;
    target_.key_attributes = table.TextList("KeyAttributes");
    target_.command = group_.Sub("CommandParameters").TextList("Command");
    target_.publish_by_stream = group_.Sub("PlatformEventParameters").Text("Method") != "PUBLISH";
    ReadKafka();
  }

  void CheckParameters() {
    struct Rule {
      std::string_view field;
      std::vector<TargetKind> kinds;
    };
    static const std::vector<Rule> kRules = {
        {"SqsParameters", {TargetKind::kSqs, TargetKind::kSns}},
        {"HttpParameters", {TargetKind::kApiDestination}},
        {"KinesisParameters", {TargetKind::kKinesis}},
        {"LambdaFunctionParameters", {TargetKind::kLambda}},
        {"StateMachineParameters", {TargetKind::kStateMachine}},
        {"DynamoDbParameters", {TargetKind::kDynamoDb}},
        {"CommandParameters", {TargetKind::kCommand}},
        {"PlatformEventParameters", {TargetKind::kPlatformEvent}},
        {"KafkaParameters", {TargetKind::kKafka}},
    };
    for (const Rule& rule : kRules) {
      if (!group_.Has(rule.field)) continue;
      if (std::find(rule.kinds.begin(), rule.kinds.end(), target_.kind) != rule.kinds.end())
        continue;
      Wrong("PROJECT-RULE-002",
            "a target of kind " + std::string(TargetKindName(target_.kind)) + " takes no `" +
                std::string(rule.field) + "`",
            rule.field, "", "remove it");
    }
    if (target_.kind == TargetKind::kCommand && target_.command.empty()) {
      Wrong("PROJECT-RULE-002", "a command needs `CommandParameters.Command`", "Arn", "",
            R"(for example `"CommandParameters": {"Command": ["./notify.sh"]}`)");
    }
    if (target_.kind == TargetKind::kKafka && !group_.Has("KafkaParameters")) {
      Wrong("PROJECT-RULE-002", "a Kafka target needs `KafkaParameters.Topic`", "Arn", "",
            R"(for example `"KafkaParameters": {"Topic": "orders"}`)");
    }
    if (target_.kind == TargetKind::kDynamoDb && target_.item_operation != ItemOperation::kPut &&
        target_.key_attributes.empty()) {
      Wrong("PROJECT-RULE-002", "UpdateItem and DeleteItem need `KeyAttributes`",
            "DynamoDbParameters", "", R"(for example `"KeyAttributes": ["Id"]`)");
    }
  }

  const Group& group_;
  const RuleSet& known_;
  Problems* problems_;
  RuleTarget target_;
};

}  // namespace

std::optional<RuleTarget> ReadTarget(const Group& group, const RuleSet& known, Problems* problems) {
  return TargetReader(group, known, problems).Read();
}

}  // namespace firn::project::internal
