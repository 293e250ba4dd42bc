// Kafka clusters of a project folder: `kafka/NAME.json`, which rules name as `firn:kafka/NAME`.
// Definitions only; values. No secret is resolved and nothing remote is touched.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/field.h"
#include "core/config/secret_ref.h"

namespace firn::project {

struct KafkaCluster {
  std::string name;
  std::vector<std::string> brokers;  // `host:port`
  bool tls = true;
  std::string ca_file;           // absolute; empty: the system's authorities
  std::string certificate_file;  // absolute; empty: the client shows none
  config::SecretRef key;
  config::SecretRef key_password;
  std::string mechanism;  // PLAIN, SCRAM-SHA-256, SCRAM-SHA-512; empty: no sign-in
  std::string user;
  config::SecretRef password;
  std::string compression;
  std::chrono::milliseconds linger{0};
  int64_t batch_bytes_max = 0;
  int64_t message_bytes_max = 0;
  std::string where;  // file:line:col
};

[[nodiscard]] std::span<const config::Field> KafkaFields();

// 1 to 249 letters, digits, `.`, `_` and `-`, and neither `.` nor `..`. Source: Apache Kafka,
// "org.apache.kafka.common.internals.Topic", read 2026-11.
[[nodiscard]] bool IsKafkaTopic(std::string_view name);

}  // namespace firn::project
