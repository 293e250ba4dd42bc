#include "ends/kafka/error_codes.h"

namespace firn::kafka {
namespace {

constexpr ErrorCode kCodes[] = {
    {"KAFKA-CONFIG-001", "the client of a Kafka cluster cannot be set up",
     "A setting of `kafka/NAME.json` is refused by the client library: a CA or certificate file "
     "that cannot be read, a key that does not fit its certificate.",
     "Mend the setting that the message names."},
    {"KAFKA-AUTH-001", "a Kafka cluster refuses the sign-in",
     "User or password are wrong, or the broker does not offer the SASL mechanism. Kafka 4 and "
     "later refuse SCRAM of librdkafka before 2.6.1, such as Debian 12's.",
     "Mend `SaslMechanism`, `SaslUsername` or the secret, or put a newer librdkafka.so.1 where "
     "LD_LIBRARY_PATH finds it; then `firn events dlq redrive`. The secret is read again with the "
     "next event."},
    {"KAFKA-AUTH-002", "a Kafka cluster does not allow the user to write",
     "The user lacks the right Write (or IdempotentWrite, on clusters older than 2.8) to the "
     "topic.",
     "Run `kafka-acls --add --allow-principal User:NAME --producer --topic TOPIC`, then redrive."},
    {"KAFKA-SEND-001", "a Kafka cluster did not take a message in time",
     "No broker could be reached, TLS failed, or too few replicas are in sync.",
     "Do nothing: it is tried again. The message says what the brokers last answered."},
    {"KAFKA-SEND-002", "a Kafka topic is not there",
     "The cluster has no such topic and makes none by itself.",
     "Run `kafka-topics --create --topic TOPIC`, then redrive the dead letter."},
    {"KAFKA-SEND-003", "a message is too large for a Kafka topic",
     "It is larger than `MessageBytesMax` of the cluster's file, or than `max.message.bytes` of "
     "the topic.",
     "Send a part of the event with InputPath or InputTransformer, or raise both limits; then "
     "redrive."},
    {"KAFKA-SEND-004", "a Kafka cluster refuses a message",
     "The topic's name or the message breaks a rule of the cluster, which the message names.",
     "Mend the rule's target, then redrive."},
    {"KAFKA-SEND-005", "a Kafka cluster asks to slow down",
     "A quota of the cluster is used up, or more waits for the brokers than is kept in memory.",
     "Do nothing: it is tried again."},
    {"KAFKA-SEND-006", "the order of messages to a Kafka cluster could not be kept",
     "The cluster lost track of this producer, for instance because a topic was made anew.",
     "Do nothing: a new producer begins, and what was not confirmed is sent again."},
};

}  // namespace

std::span<const ErrorCode> ErrorCodes() { return kCodes; }

}  // namespace firn::kafka
