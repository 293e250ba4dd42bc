// Event rules, API destinations and Kafka clusters of a project folder: `rules/*.json` in the words
// of EventBridge's PutRule and PutTargets, `destinations/*.json` in those of CreateApiDestination
// and CreateConnection, `kafka/*.json` in Kafka's. Read and checked; definitions only, no
// behaviour; values.
//
// A rule that is wrong is left out and named with file, line and column; the others stand. Nothing
// remote is touched and no secret is resolved. Sources: EventBridge API Reference, "PutRule",
// "Target", "CreateApiDestination", "CreateConnection"; EventBridge Pipes, target parameters of
// Lambda and Step Functions; read 2026-11.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/config/field.h"
#include "core/config/secret_ref.h"
#include "core/expr/event_pattern.h"
#include "core/expr/input_transform.h"
#include "core/expr/json_path.h"
#include "core/project/arn.h"
#include "core/project/event_text.h"
#include "core/project/kafka_cluster.h"
#include "core/project/project.h"

namespace firn::project {

enum class TargetKind {
  kEventBus,
  kSqs,
  kSns,
  kLambda,
  kStateMachine,
  kDynamoDb,
  kKinesis,
  kFirehose,
  kLogGroup,
  kS3,
  kApiDestination,  // arn:..:events:..:api-destination/NAME or firn:api-destination/NAME
  kLakeTable,       // firn:lake/[NAMESPACE.]TABLE
  kCommand,         // firn:command/NAME
  kPlatformEvent,   // firn:platform-event/[ORG/]NAME__e
  kKafka,           // firn:kafka/CLUSTER
};
[[nodiscard]] std::string_view TargetKindName(TargetKind kind);

// What the target gets: the event itself, a constant, a part of the event, or what a transformer
// makes of it.
using TargetInput = std::variant<std::monostate, std::string, expr::JsonPath, expr::InputTransform>;

struct DeliveryPolicy {
  std::chrono::seconds age_max{86'400};  // 60 s to 24 h
  int retries_max = 185;                 // 0 to 185
  std::string dead_letter_arn;           // of a standard SQS queue; empty: only the local store
  int concurrency = 4;                   // calls at once
  int batch_max = 0;                     // events a call; 0: as many as the target takes
  std::optional<bool> ordered;           // absent: where the target keeps an order itself
};

struct HttpParameters {
  std::vector<std::string> path_values;  // literal texts or paths into the event, one for each `*`
  std::map<std::string, std::string> headers;
  std::map<std::string, std::string> query;
};

struct KafkaParameters {
  EventText topic;
  std::optional<EventText> key;  // absent: the record's id
  std::vector<std::pair<std::string, EventText>> headers;
};

enum class ItemOperation { kPut, kUpdate, kDelete };

struct RuleTarget {
  std::string id;
  std::string arn;    // as written
  Arn parts;          // empty for Firn's own kinds
  std::string local;  // what follows the kind of Firn's own: a table, command, ..
  TargetKind kind = TargetKind::kSqs;
  TargetInput input;
  DeliveryPolicy policy;
  std::optional<std::string> message_group_id;         // kSqs, kSns; a path or a literal text
  HttpParameters http;                                 // kApiDestination
  std::optional<expr::JsonPath> partition_key;         // kKinesis; absent: the event's id
  bool wait_for_answer = false;                        // kLambda, kStateMachine: REQUEST_RESPONSE
  ItemOperation item_operation = ItemOperation::kPut;  // kDynamoDb
  std::vector<std::string> key_attributes;             // kDynamoDb: update and delete
  std::vector<std::string> command;                    // kCommand: program and arguments
  bool publish_by_stream = true;                       // kPlatformEvent: PublishStream
  KafkaParameters kafka;                               // kKafka
  std::chrono::milliseconds timeout{0};                // 0: the target kind's own
  std::string where;                                   // file:line:col
};

struct Rule {
  std::string name;
  std::string description;
  std::string bus;  // EventBusName; for `aws.events.rule-arn` and deployment
  bool enabled = true;
  expr::EventPattern pattern;
  std::string pattern_text;
  std::vector<RuleTarget> targets;
  std::string where;  // file:line:col
};

// A value that is written out, or a reference to a secret.
struct ConnectionValue {
  std::string name;
  std::string text;
  config::SecretRef secret;  // counts when it is not empty
};

struct Connection {
  enum class Kind { kNone, kBasic, kApiKey, kOAuth };
  Kind kind = Kind::kNone;
  std::string user;          // kBasic: user name; kOAuth: client id; kApiKey: name of the header
  config::SecretRef secret;  // kBasic: password; kOAuth: client secret; kApiKey: value
  std::string token_url;     // kOAuth
  std::string token_method;  // kOAuth: POST, PUT or GET
  std::vector<ConnectionValue> token_headers, token_body, token_query;  // kOAuth
  std::vector<ConnectionValue> headers, body, query;                    // added to every call
};

struct ApiDestination {
  std::string name;
  std::string endpoint;  // may hold `*`, filled from HttpParameters; may itself be secret
  std::string method;
  int rate_per_second = 300;
  Connection connection;
  std::string where;
};

struct RuleSet {
  std::vector<Rule> rules;  // by name
  std::vector<ApiDestination> destinations;
  std::vector<KafkaCluster> clusters;

  [[nodiscard]] const ApiDestination* FindDestination(std::string_view name) const;
  [[nodiscard]] const KafkaCluster* FindCluster(std::string_view name) const;
};

// Reads `<folder>/rules/*.json`, `<folder>/destinations/*.json` and `<folder>/kafka/*.json`; a
// missing folder is an empty one. Problems are BadConfig with file:line:col: CONFIG-*,
// PROJECT-RULE-001 pattern, -002 target, -003 input, -004 a name that stands twice,
// PROJECT-DESTINATION-001, PROJECT-KAFKA-001.
[[nodiscard]] RuleSet LoadRules(const std::string& folder, const LoadOptions& options,
                                config::Problems* problems);

// The field tables of both kinds of files, for the reference pages.
[[nodiscard]] std::span<const config::Field> RuleFields();
[[nodiscard]] std::span<const config::Field> DestinationFields();

}  // namespace firn::project
