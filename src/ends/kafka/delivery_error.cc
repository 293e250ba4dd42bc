// What became of a message, in Firn's words. Source: Apache Kafka documentation, "Protocol errors";
// librdkafka 2.0.2, rdkafka.h, "rd_kafka_resp_err_t"; read 2026-11.
#include <fmt/format.h>

#include "ends/kafka/internal/client.h"

namespace firn::kafka {
namespace {

constexpr size_t kReasonBytesMax = 300;

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (text.size() > kReasonBytesMax) text.resize(kReasonBytesMax);
  return text;
}

std::string Place(const Sent& sent) {
  return "Kafka cluster " + sent.cluster + (sent.topic.empty() ? "" : ", topic " + sent.topic);
}

Error Sketch(rd_kafka_resp_err_t code, const Sent& sent) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return {Kind::kDenied, "KAFKA-AUTH-002", "the user may not write to the topic"};
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return {Kind::kNotFound, "KAFKA-SEND-002", "there is no such topic"};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return {Kind::kBadInput, "KAFKA-SEND-003",
              fmt::format("a message of {} bytes is too large for the topic", sent.bytes)};
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
      return {Kind::kBadInput, "KAFKA-SEND-004", "the cluster refuses the message"};
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
    case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
      return Error(Kind::kThrottled, "KAFKA-SEND-005", "the cluster is too slow for what is sent")
          .RetryWithBackoff();
    case RD_KAFKA_RESP_ERR__FATAL:
      return Error(Kind::kUnreachable, "KAFKA-SEND-006", "the producer has to begin anew")
          .RetryWithBackoff();
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      // Silence, or brokers that say why they are not there.
      return Error(sent.trouble.empty() ? Kind::kTimeout : Kind::kUnreachable, "KAFKA-SEND-001",
                   "the cluster did not take the message in time")
          .RetryWithBackoff();
    default:
      return Error(Kind::kUnreachable, "KAFKA-SEND-001", "the cluster did not take the message")
          .RetryWithBackoff();
  }
}

}  // namespace

Error ErrorOf(rd_kafka_resp_err_t code, const Sent& sent) {
  std::string why = rd_kafka_err2str(code);
  if (!sent.trouble.empty()) why += ": " + sent.trouble;
  Error error = Sketch(code, sent);
  // The broker's own errors are positive; those of the library are about what lies before it. A
  // size is refused by either for the same reason.
  const int status = code > 0 ? static_cast<int>(code) : 0;
  return std::move(error)
      .At(Place(sent))
      .Because(OneLine(std::move(why)))
      .From({"kafka " + sent.cluster, status, rd_kafka_err2name(code), ""});
}

namespace {

// Older ones put their own half of the nonce twice; brokers before Kafka 4 let that pass
// (confluentinc/librdkafka pull request 4895, mended in 2.6.1).
constexpr int kScramMended = 0x020601ff;

}  // namespace

Error RefusedSignIn(const std::string& cluster, const std::string& why) {
  const bool may_be_old =
      why.find("SCRAM") != std::string::npos && rd_kafka_version() < kScramMended;
  // In the reason: a dead letter keeps no hint.
  std::string reason = OneLine(why);
  if (may_be_old) {
    reason += fmt::format(
        "; if user and password are right: Kafka 4 and later refuse SCRAM of librdkafka before "
        "2.6.1, and this is {}",
        rd_kafka_version_str());
  }
  Error error = Error(Kind::kDenied, "KAFKA-AUTH-001", "the cluster refuses the sign-in")
                    .At("Kafka cluster " + cluster)
                    .Because(std::move(reason))
                    .From({"kafka " + cluster, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
                           "SASL_AUTHENTICATION_FAILED", ""});
  if (!may_be_old) return error;
  return std::move(error).Hint(
      "put a newer librdkafka.so.1 where LD_LIBRARY_PATH finds it, or use PLAIN over TLS or a "
      "client certificate");
}

bool IsRefusal(rd_kafka_resp_err_t code, std::string_view reason) {
  return code == RD_KAFKA_RESP_ERR__AUTHENTICATION &&
         reason.find("Local: ") == std::string_view::npos;
}

}  // namespace firn::kafka
