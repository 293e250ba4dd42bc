// Topics of a Kafka cluster. Each target has a producer of its own: one that hangs holds up no
// other, and what it has in its hands is bounded by what its lane gives it.
#include <algorithm>
#include <mutex>

#include "ends/kafka/producer.h"
#include "patterns/events/target/kinds.h"

namespace firn::events {
namespace {

constexpr size_t kEntriesMax = 1'000;
constexpr size_t kBytesMax = 8U << 20;
constexpr auto kDeliveryTime = std::chrono::seconds(30);
// By this consumers tell a message that came twice (a process that died before it heard).
constexpr const char* kDeliveryHeader = "firn-delivery-id";

kafka::Mechanism MechanismOf(const std::string& name) {
  if (name == "PLAIN") return kafka::Mechanism::kPlain;
  if (name == "SCRAM-SHA-256") return kafka::Mechanism::kScramSha256;
  return name.empty() ? kafka::Mechanism::kNone : kafka::Mechanism::kScramSha512;
}

// What the text is for this event; nothing when one of its paths finds nothing.
std::optional<std::string> TextFor(const project::EventText& text, expr::JsonText& event) {
  std::string made;
  for (const project::EventText::Piece& piece : text.pieces()) {
    if (const auto* constant = std::get_if<std::string>(&piece)) {
      made += *constant;
      continue;
    }
    const auto found = event.Find(std::get<expr::JsonPath>(piece));
    if (!found || !*found || **found == "null") return std::nullopt;
    made += TextOfJson(**found);
  }
  return made;
}

class KafkaTarget final : public Target {
 public:
  KafkaTarget(project::RuleTarget target, project::KafkaCluster cluster,
              config::SecretResolver& secrets)
      : target_(std::move(target)), cluster_(std::move(cluster)), secrets_(secrets) {}

  TargetLimits limits() const override {
    const auto message = static_cast<size_t>(cluster_.message_bytes_max);
    return {kEntriesMax, std::max(kBytesMax, 2 * message), true};
  }

  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    FIRN_TRY(const std::shared_ptr<kafka::Producer> producer, ProducerNow(call));
    Outcomes outcomes(entries.size());
    std::vector<kafka::Message> messages;
    std::vector<size_t> places;
    for (size_t i = 0; i < entries.size(); ++i) {
      auto message = MessageOf(entries[i]);
      if (!message) {
        outcomes[i] = std::move(message).error();
        continue;
      }
      messages.push_back(*std::move(message));
      places.push_back(i);
    }
    if (messages.empty()) return outcomes;
    auto sent = producer->Send(call, messages);
    if (producer->broken()) Forget(producer);
    if (!sent) return Fail(std::move(sent).error());
    for (size_t i = 0; i < places.size(); ++i) outcomes[places[i]] = std::move((*sent)[i]);
    return outcomes;
  }

 private:
  std::string Where() const { return "Kafka cluster " + cluster_.name; }

  Result<kafka::Message> MessageOf(const TargetEntry& entry) const {
    expr::JsonText event;
    event.Load(entry.event->json);
    kafka::Message message;
    const auto topic = TextFor(target_.kafka.topic, event);
    if (!topic) return Fail(Missing("Topic"));
    if (!project::IsKafkaTopic(*topic)) {
      return Fail(Error(Kind::kBadInput, "EVENT-KAFKA-001", "the event makes no name of a topic")
                      .At(Where())
                      .Because("`Topic` of KafkaParameters gives " + std::to_string(topic->size()) +
                               " characters, of which some cannot be in a topic's name")
                      .From({Where(), kInvalidTopic, "INVALID_TOPIC_EXCEPTION", ""}));
    }
    message.topic = *topic;
    if (target_.kafka.key) {
      const auto key = TextFor(*target_.kafka.key, event);
      if (!key) return Fail(Missing("Key"));
      message.key = *key;
    } else {
      message.key = entry.event->record_id.empty() ? entry.key : entry.event->record_id;
    }
    message.headers.emplace_back(kDeliveryHeader, entry.key);
    for (const auto& [name, text] : target_.kafka.headers) {
      if (auto value = TextFor(text, event)) message.headers.emplace_back(name, *std::move(value));
    }
    message.value = entry.input;
    return message;
  }

  Error Missing(const std::string& field) const {
    return Error(Kind::kBadInput, "EVENT-TARGET-002", "the event lacks what the call needs")
        .At(Where())
        .Because("`" + field + "` of KafkaParameters finds nothing in it");
  }

  // Secrets are resolved with each producer: after a refusal they may have been changed.
  Result<std::shared_ptr<kafka::Producer>> ProducerNow(const Call& call) {
    const std::lock_guard lock(mutex_);  // one caller opens for all
    if (producer_ != nullptr) return producer_;
    kafka::ProducerOptions options;
    options.cluster = cluster_.name;
    options.brokers = cluster_.brokers;
    options.tls = cluster_.tls;
    options.ca_file = cluster_.ca_file;
    options.certificate_file = cluster_.certificate_file;
    options.mechanism = MechanismOf(cluster_.mechanism);
    options.user = cluster_.user;
    options.compression = cluster_.compression;
    options.linger = cluster_.linger;
    options.batch_bytes_max = static_cast<size_t>(cluster_.batch_bytes_max);
    options.message_bytes_max = static_cast<size_t>(cluster_.message_bytes_max);
    // A lane gives a call twice the time of its target.
    options.delivery_time = target_.timeout.count() > 0 ? target_.timeout : kDeliveryTime;
    FIRN_CHECK(Resolve(call, cluster_.password, &options.password));
    FIRN_CHECK(Resolve(call, cluster_.key, &options.key));
    FIRN_CHECK(Resolve(call, cluster_.key_password, &options.key_password));
    FIRN_TRY(producer_, kafka::Producer::Open(options));
    return producer_;
  }

  Result<void> Resolve(const Call& call, const config::SecretRef& ref, Secret* secret) {
    if (ref.empty()) return {};
    FIRN_TRY(*secret, secrets_.Resolve(call, ref));
    return {};
  }

  void Forget(const std::shared_ptr<kafka::Producer>& producer) {
    const std::lock_guard lock(mutex_);
    if (producer_ == producer) producer_.reset();
  }

  static constexpr int kInvalidTopic = 17;  // Apache Kafka, "Protocol errors"

  const project::RuleTarget target_;
  const project::KafkaCluster cluster_;
  config::SecretResolver& secrets_;
  std::mutex mutex_;
  std::shared_ptr<kafka::Producer> producer_;
};

}  // namespace

MadeTarget NewKafkaTarget(const project::RuleTarget& target, const TargetParts& parts) {
  const project::KafkaCluster* cluster = parts.rules->FindCluster(target.local);
  FIRN_ASSERT(cluster != nullptr);  // rules that name none are left out when they are read
  return std::make_unique<KafkaTarget>(target, *cluster, *parts.secrets);
}

}  // namespace firn::events
