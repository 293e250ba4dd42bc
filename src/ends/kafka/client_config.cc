// The options of a producer as properties of librdkafka.
#include <fmt/format.h>

#include <algorithm>

#include "ends/kafka/internal/client.h"

namespace firn::kafka {
namespace {

// Bounds of what waits for the brokers, over all callers.
constexpr int kWaitingMessagesMax = 100'000;
constexpr int kWaitingKilobytesMax = 131'072;
constexpr int kReconnectMillisMax = 2'000;

std::string_view ProtocolOf(const ProducerOptions& options) {
  const bool sasl = options.mechanism != Mechanism::kNone;
  if (options.tls) return sasl ? "sasl_ssl" : "ssl";
  return sasl ? "sasl_plaintext" : "plaintext";
}

std::string_view NameOf(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::kPlain:
      return "PLAIN";
    case Mechanism::kScramSha256:
      return "SCRAM-SHA-256";
    case Mechanism::kScramSha512:
      return "SCRAM-SHA-512";
    case Mechanism::kNone:
      break;
  }
  return "";
}

class Setter {
 public:
  explicit Setter(std::string cluster) : cluster_(std::move(cluster)) {}

  // The library's own message may quote the value, which may be a secret.
  void Set(const char* name, std::string_view value) {
    if (error_ || value.empty()) return;
    char ignored[256];
    const std::string text(value);
    if (rd_kafka_conf_set(config_.get(), name, text.c_str(), ignored, sizeof ignored) ==
        RD_KAFKA_CONF_OK) {
      return;
    }
    error_ = Error(Kind::kBadConfig, "KAFKA-CONFIG-001",
                   "the client of Kafka cluster `" + cluster_ + "` cannot be set up")
                 .At("kafka/" + cluster_ + ".json")
                 .Because("the library refuses its value of `" + std::string(name) + "`");
  }
  void Set(const char* name, int64_t value) { Set(name, std::to_string(value)); }

  Result<Config> Take() && {
    if (error_) return Fail(*std::move(error_));
    return std::move(config_);
  }

 private:
  std::string cluster_;
  Config config_{rd_kafka_conf_new()};
  std::optional<Error> error_;
};

void SetSecurity(const ProducerOptions& options, Setter* to) {
  to->Set("security.protocol", ProtocolOf(options));
  if (options.mechanism != Mechanism::kNone) {
    to->Set("sasl.mechanisms", NameOf(options.mechanism));
    to->Set("sasl.username", options.user);
    to->Set("sasl.password", options.password.Reveal());
  }
  if (!options.tls) return;
  to->Set("ssl.ca.location", options.ca_file);
  to->Set("ssl.certificate.location", options.certificate_file);
  to->Set("ssl.key.pem", options.key.Reveal());
  to->Set("ssl.key.password", options.key_password.Reveal());
}

}  // namespace

Result<Config> ConfigOf(const ProducerOptions& options) {
  Setter setter(options.cluster);
  std::string brokers;
  for (const std::string& broker : options.brokers) {
    brokers += (brokers.empty() ? "" : ",") + broker;
  }
  setter.Set("bootstrap.servers", brokers);
  setter.Set("client.id", "firn");
  SetSecurity(options, &setter);
  setter.Set("enable.idempotence", "true");
  setter.Set("acks", "all");
  // The Java client's: a key is in the partition where other producers put it.
  setter.Set("partitioner", "murmur2_random");
  setter.Set("compression.type", options.compression);
  setter.Set("linger.ms", options.linger.count());
  setter.Set("message.max.bytes", static_cast<int64_t>(options.message_bytes_max));
  setter.Set("batch.size",
             static_cast<int64_t>(std::min(options.batch_bytes_max, options.message_bytes_max)));
  setter.Set("queue.buffering.max.messages", kWaitingMessagesMax);
  setter.Set("queue.buffering.max.kbytes", kWaitingKilobytesMax);
  const int64_t time = options.delivery_time.count();
  setter.Set("message.timeout.ms", time);
  setter.Set("request.timeout.ms", std::min<int64_t>(time, 30'000));
  // A topic that was just made is not known to every broker at once.
  setter.Set("topic.metadata.propagation.max.ms", std::max<int64_t>(time / 2, 100));
  setter.Set("reconnect.backoff.max.ms", kReconnectMillisMax);
  setter.Set("socket.keepalive.enable", "true");
  return std::move(setter).Take();
}

}  // namespace firn::kafka
