// Producer: messages into the topics of one Kafka cluster, each with the cluster's own word on it.
//
// Idempotent and acknowledged by all in-sync replicas: what the cluster took stands in the topic
// once and in the order of its key, whatever was sent again underneath. A Producer connects when it
// first sends, and may be used from any thread. It tries again by itself until the delivery time is
// over; beyond that the caller decides. Passwords, keys and messages reach no log and no error.
// Source: librdkafka 2.0.2, INTRODUCTION.md, "Idempotent Producer"; CONFIGURATION.md; read 2026-11.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/base/secret.h"

namespace firn::kafka {

enum class Mechanism { kNone, kPlain, kScramSha256, kScramSha512 };

struct ProducerOptions {
  std::string cluster;               // the project's word for it, for messages
  std::vector<std::string> brokers;  // `host:port`, to find the others by
  bool tls = true;
  std::string ca_file;           // PEM; empty: the system's authorities
  std::string certificate_file;  // PEM, of a client that shows one
  Secret key;                    // PEM, of the certificate
  Secret key_password;           // may be empty
  Mechanism mechanism = Mechanism::kNone;
  std::string user;
  Secret password;
  std::string compression = "lz4";  // none, gzip, snappy, lz4, zstd
  std::chrono::milliseconds linger{5};
  size_t batch_bytes_max = 1'000'000;
  size_t message_bytes_max = 1'000'000;  // before compression
  std::chrono::milliseconds delivery_time{30'000};
};

struct Message {
  std::string topic;
  std::string key;         // chooses the partition, as the Java client does
  std::string_view value;  // valid during Send
  std::vector<std::pair<std::string, std::string>> headers;
};

// One for each message: nothing when all in-sync replicas have it.
using Outcomes = std::vector<std::optional<Error>>;

class Producer {
 public:
  virtual ~Producer() = default;  // what was not taken yet is given up
  // Errors: BadConfig KAFKA-CONFIG-001 for options that the library refuses.
  [[nodiscard]] static Result<std::unique_ptr<Producer>> Open(const ProducerOptions& options);

  // Waits for the outcome of each message. Of a message: Denied KAFKA-AUTH-001 (sign-in), -002
  // (topic); NotFound KAFKA-SEND-002; BadInput -003 (too large), -004; Unreachable or Timeout -001;
  // Throttled -005; Unreachable -006. Of the call: Cancelled; what was handed over may still
  // arrive.
  [[nodiscard]] virtual Result<Outcomes> Send(const Call& call,
                                              std::span<const Message> messages) = 0;
  // Sends nothing any more: the cluster refused the sign-in, or the order of what was sent cannot
  // be vouched for. Open another.
  [[nodiscard]] virtual bool broken() const = 0;
};

}  // namespace firn::kafka
