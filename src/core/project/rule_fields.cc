// The field tables of rules and API destinations.
#include "core/project/rules.h"

namespace firn::project {
namespace {

using config::Field;
using config::FieldType;

// The third is of CloudTrail's events; to rules that watch Salesforce it is the first.
constexpr std::string_view kStates[] = {"ENABLED", "DISABLED",
                                        "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"};
constexpr std::string_view kInvocations[] = {"FIRE_AND_FORGET", "REQUEST_RESPONSE"};
constexpr std::string_view kOperations[] = {"PutItem", "UpdateItem", "DeleteItem"};
constexpr std::string_view kPublishMethods[] = {"PUBLISH_STREAM", "PUBLISH"};
constexpr std::string_view kMethods[] = {"GET",    "POST", "PUT",    "PATCH",
                                         "DELETE", "HEAD", "OPTIONS"};
constexpr std::string_view kTokenMethods[] = {"GET", "POST", "PUT"};
constexpr std::string_view kAuthTypes[] = {"BASIC", "API_KEY", "OAUTH_CLIENT_CREDENTIALS", "NONE"};

constexpr Field kTransformer[] = {
    {.name = "InputPathsMap",
     .type = FieldType::kTextMap,
     .help = "names for parts of the event, at most 100",
     .example = R"({"amount": "$.detail.payload.Amount"})"},
    {.name = "InputTemplate",
     .help = "the target's input, with `<name>` where a part goes",
     .example = R"("{\"amount\": <amount>}")",
     .required = true},
};
constexpr Field kRetry[] = {
    {.name = "MaximumEventAgeInSeconds",
     .type = FieldType::kInteger,
     .help = "how long an event is tried",
     .unit = "seconds",
     .default_value = "86400",
     .example = "3600",
     .min = 60,
     .max = 86'400},
    {.name = "MaximumRetryAttempts",
     .type = FieldType::kInteger,
     .help = "how often an event is tried again",
     .default_value = "185",
     .example = "10",
     .min = 0,
     .max = 185},
};
constexpr Field kDeadLetter[] = {
    {.name = "Arn",
     .help =
         "standard SQS queue that gets what could not be delivered; the local store keeps it too",
     .example = "arn:aws:sqs:eu-central-1:123456789012:dead-letters"},
};
constexpr Field kSqs[] = {
    {.name = "MessageGroupId",
     .help = "FIFO queues and topics: the group, a text or a path into the event; absent: the "
             "record's id",
     .example = "$.detail.payload.AccountId"},
};
constexpr Field kHttp[] = {
    {.name = "PathParameterValues",
     .type = FieldType::kTextList,
     .help = "for each `*` of the endpoint a text, or a path into the event",
     .example = R"(["$.detail.payload.Id"])"},
    {.name = "HeaderParameters",
     .type = FieldType::kTextMap,
     .help = "headers: texts, or paths into the event",
     .example = R"({"X-Event": "$.id"})"},
    {.name = "QueryStringParameters",
     .type = FieldType::kTextMap,
     .help = "query parameters: texts, or paths into the event",
     .example = R"({"source": "firn"})"},
};
constexpr Field kKinesis[] = {
    {.name = "PartitionKeyPath",
     .help = "path of the partition key in the event",
     .example = "$.detail.payload.ChangeEventHeader.recordIds[0]",
     .required = true},
};
constexpr Field kLambda[] = {
    {.name = "InvocationType",
     .type = FieldType::kWord,
     .help = "whether to wait for the function's answer; an error of the function then counts as "
             "one of the target",
     .default_value = "FIRE_AND_FORGET",
     .example = "REQUEST_RESPONSE",
     .words = kInvocations},
};
constexpr Field kStateMachine[] = {
    {.name = "InvocationType",
     .type = FieldType::kWord,
     .help = "whether to wait for the execution's end (express state machines only)",
     .default_value = "FIRE_AND_FORGET",
     .example = "REQUEST_RESPONSE",
     .words = kInvocations},
};
constexpr Field kDynamoDb[] = {
    {.name = "Operation",
     .type = FieldType::kWord,
     .help = "what becomes of the item; the target's input is a JSON object with its attributes",
     .default_value = "PutItem",
     .example = "UpdateItem",
     .words = kOperations},
    {.name = "KeyAttributes",
     .type = FieldType::kTextList,
     .help = "the table's key attributes, for UpdateItem and DeleteItem",
     .example = R"(["Id"])"},
};
constexpr Field kCommand[] = {
    {.name = "Command",
     .type = FieldType::kTextList,
     .help = "program and arguments, without a shell; the input comes on standard input, in the "
             "project's folder",
     .example = R"(["./notify.sh", "--urgent"])",
     .required = true},
};
constexpr Field kPlatformEvent[] = {
    {.name = "Method",
     .type = FieldType::kWord,
     .help = "by a stream that stays open, or by one call for each batch",
     .default_value = "PUBLISH_STREAM",
     .example = "PUBLISH",
     .words = kPublishMethods},
};
constexpr Field kKafka[] = {
    {.name = "Topic",
     .help = "the topic: a text, a path into the event, or a text with paths in braces",
     .example = "salesforce.{$.detail.payload.ChangeEventHeader.entityName}",
     .required = true},
    {.name = "Key",
     .help = "the message's key, written likewise; absent: the record's id",
     .example = "$.detail.payload.AccountId"},
    {.name = "Headers",
     .type = FieldType::kTextMap,
     .help = "headers, written likewise, beside `firn-delivery-id`; one that finds nothing is left "
             "out",
     .example = R"({"type": "$.detail-type"})"},
};
constexpr Field kDelivery[] = {
    {.name = "Concurrency",
     .type = FieldType::kInteger,
     .help = "calls of the target at once",
     .default_value = "4",
     .example = "1",
     .min = 1,
     .max = 64},
    {.name = "BatchSize",
     .type = FieldType::kInteger,
     .help = "events in one call; absent: as many as the target takes",
     .example = "1",
     .min = 1,
     .max = 10'000},
    {.name = "Ordered",
     .type = FieldType::kBool,
     .help = "whether events of one record wait for each other; absent: where the target keeps an "
             "order itself",
     .example = "false"},
    {.name = "TimeoutSeconds",
     .type = FieldType::kNumber,
     .help = "how long one call may take; absent: 5 for API destinations, 30 for Kafka, 60 for the "
             "others",
     .unit = "seconds",
     .example = "10",
     .min = 0.05,
     .max = 900},
};

constexpr Field kTarget[] = {
    {.name = "Id", .help = "the target's name in the rule", .example = "queue", .required = true},
    {.name = "Arn",
     .help = "the target: an ARN of AWS, `firn:api-destination/NAME`, `firn:kafka/CLUSTER`, "
             "`firn:lake/TABLE`, `firn:platform-event/NAME__e` or `firn:command/NAME`",
     .example = "arn:aws:sqs:eu-central-1:123456789012:orders",
     .required = true},
    {.name = "RoleArn", .help = "of deployments; Firn calls with its own credentials"},
    {.name = "Input", .help = "JSON text that the target gets instead of the event"},
    {.name = "InputPath",
     .help = "the part of the event that the target gets",
     .example = "$.detail"},
    {.name = "InputTransformer",
     .type = FieldType::kGroup,
     .help = "what is made of the event before the target gets it",
     .fields = kTransformer},
    {.name = "RetryPolicy",
     .type = FieldType::kGroup,
     .help = "how long and how often a delivery is tried again",
     .fields = kRetry},
    {.name = "DeadLetterConfig",
     .type = FieldType::kGroup,
     .help = "where undeliverable events go, beside the local store",
     .fields = kDeadLetter},
    {.name = "SqsParameters",
     .type = FieldType::kGroup,
     .help = "of SQS queues and SNS topics",
     .fields = kSqs},
    {.name = "HttpParameters",
     .type = FieldType::kGroup,
     .help = "of API destinations",
     .fields = kHttp},
    {.name = "KinesisParameters",
     .type = FieldType::kGroup,
     .help = "of Kinesis streams",
     .fields = kKinesis},
    {.name = "LambdaFunctionParameters",
     .type = FieldType::kGroup,
     .help = "of Lambda functions",
     .fields = kLambda},
    {.name = "StateMachineParameters",
     .type = FieldType::kGroup,
     .help = "of Step Functions state machines",
     .fields = kStateMachine},
    {.name = "DynamoDbParameters",
     .type = FieldType::kGroup,
     .help = "of DynamoDB tables",
     .fields = kDynamoDb},
    {.name = "CommandParameters",
     .type = FieldType::kGroup,
     .help = "of local commands",
     .fields = kCommand},
    {.name = "PlatformEventParameters",
     .type = FieldType::kGroup,
     .help = "of platform events",
     .fields = kPlatformEvent},
    {.name = "KafkaParameters",
     .type = FieldType::kGroup,
     .help = "of Kafka clusters",
     .fields = kKafka},
    {.name = "DeliveryParameters",
     .type = FieldType::kGroup,
     .help = "how Firn calls the target",
     .fields = kDelivery},
};

constexpr Field kRule[] = {
    {.name = "Name", .help = "the rule's name; absent: the file's", .example = "order-closed"},
    {.name = "Description", .help = "for people"},
    {.name = "State",
     .type = FieldType::kWord,
     .help = "a disabled rule sees no events",
     .default_value = "ENABLED",
     .example = "DISABLED",
     .words = kStates},
    {.name = "EventBusName", .help = "the bus, for `aws.events.rule-arn` and deployments"},
    {.name = "RoleArn", .help = "of deployments"},
    {.name = "EventPattern",
     .help = "the events the rule is for: a JSON object, or a text that holds one",
     .example = R"({"detail-type": ["OpportunityChangeEvent"]})",
     .required = true},
    {.name = "Targets",
     .type = FieldType::kGroupList,
     .help = "where the events go",
     .example = R"([{"Id": "queue", "Arn": ".."}])",
     .required = true,
     .fields = kTarget},
};

constexpr Field kValue[] = {
    {.name = "Key", .help = "name of the parameter", .example = "routing_key", .required = true},
    {.name = "Value", .help = "its value"},
    {.name = "SecretValue",
     .type = FieldType::kSecret,
     .help = "its value, by reference",
     .example = "${env:PAGERDUTY_ROUTING_KEY}"},
    {.name = "IsValueSecret", .type = FieldType::kBool, .help = "of deployments"},
};
constexpr Field kValues[] = {
    {.name = "HeaderParameters",
     .type = FieldType::kGroupList,
     .help = "added headers",
     .fields = kValue},
    {.name = "BodyParameters",
     .type = FieldType::kGroupList,
     .help = "members added to a JSON body",
     .fields = kValue},
    {.name = "QueryStringParameters",
     .type = FieldType::kGroupList,
     .help = "added query parameters",
     .fields = kValue},
};
constexpr Field kBasic[] = {
    {.name = "Username", .help = "user name", .example = "firn", .required = true},
    {.name = "Password",
     .type = FieldType::kSecret,
     .help = "by reference",
     .example = "${env:PASSWORD}",
     .required = true},
};
constexpr Field kApiKey[] = {
    {.name = "ApiKeyName",
     .help = "header that carries the key",
     .example = "X-Api-Key",
     .required = true},
    {.name = "ApiKeyValue",
     .type = FieldType::kSecret,
     .help = "by reference",
     .example = "${env:API_KEY}",
     .required = true},
};
constexpr Field kClient[] = {
    {.name = "ClientID", .help = "client id", .example = "firn", .required = true},
    {.name = "ClientSecret",
     .type = FieldType::kSecret,
     .help = "by reference",
     .example = "${env:CLIENT_SECRET}",
     .required = true},
};
constexpr Field kOAuth[] = {
    {.name = "AuthorizationEndpoint",
     .help = "where tokens are asked for",
     .example = "https://login.example.com/oauth/token",
     .required = true},
    {.name = "HttpMethod",
     .type = FieldType::kWord,
     .help = "how tokens are asked for",
     .default_value = "POST",
     .words = kTokenMethods},
    {.name = "ClientParameters",
     .type = FieldType::kGroup,
     .help = "who asks",
     .required = true,
     .fields = kClient},
    {.name = "OAuthHttpParameters",
     .type = FieldType::kGroup,
     .help = "added to the call for a token",
     .fields = kValues},
};
constexpr Field kAuth[] = {
    {.name = "BasicAuthParameters", .type = FieldType::kGroup, .help = "BASIC", .fields = kBasic},
    {.name = "ApiKeyAuthParameters",
     .type = FieldType::kGroup,
     .help = "API_KEY",
     .fields = kApiKey},
    {.name = "OAuthParameters",
     .type = FieldType::kGroup,
     .help = "OAUTH_CLIENT_CREDENTIALS",
     .fields = kOAuth},
    {.name = "InvocationHttpParameters",
     .type = FieldType::kGroup,
     .help = "added to every call",
     .fields = kValues},
};
constexpr Field kConnection[] = {
    {.name = "AuthorizationType",
     .type = FieldType::kWord,
     .help = "how calls are authorized",
     .example = "API_KEY",
     .required = true,
     .words = kAuthTypes},
    {.name = "AuthParameters",
     .type = FieldType::kGroup,
     .help = "what the kind of authorization needs",
     .fields = kAuth},
};
constexpr Field kDestination[] = {
    {.name = "Name", .help = "the destination's name; absent: the file's", .example = "pagerduty"},
    {.name = "Description", .help = "for people"},
    {.name = "InvocationEndpoint",
     .help = "URL; `*` is filled from HttpParameters.PathParameterValues",
     .example = "https://events.pagerduty.com/v2/enqueue",
     .required = true},
    {.name = "HttpMethod",
     .type = FieldType::kWord,
     .help = "method of the calls",
     .example = "POST",
     .required = true,
     .words = kMethods},
    {.name = "InvocationRateLimitPerSecond",
     .type = FieldType::kInteger,
     .help = "calls a second at most",
     .default_value = "300",
     .example = "10",
     .min = 1,
     .max = 10'000},
    {.name = "Connection",
     .type = FieldType::kGroup,
     .help = "how calls are authorized",
     .fields = kConnection},
};

}  // namespace

std::span<const Field> RuleFields() { return kRule; }
std::span<const Field> DestinationFields() { return kDestination; }

}  // namespace firn::project
