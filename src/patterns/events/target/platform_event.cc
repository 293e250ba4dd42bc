// Platform events of an org: the input is a JSON object with the event's fields.
//
// The id of each event is made of its delivery, so one that is published again (its answer was
// lost, or this process died) has the id it had: subscribers tell it from a new one.
#include <fmt/format.h>
#include <openssl/sha.h>

#include <mutex>

#include "core/base/encoding.h"
#include "ends/salesforce/pubsub.h"
#include "patterns/events/target/event_encoder.h"
#include "patterns/events/target/kinds.h"

namespace firn::events {
namespace {

constexpr auto kSchemaLife = std::chrono::minutes(5);
// A field may have been added since: then the schema is asked for again, though not for each event.
constexpr auto kSchemaDoubted = std::chrono::seconds(10);
// Bytes of a request around each payload: schema id, event id, tags and lengths.
constexpr size_t kAroundEvent = 128;

struct TopicSchema {
  std::string id;
  EventEncoder encoder;
  SteadyTime read;
};

class PlatformEventTarget final : public Target {
 public:
  PlatformEventTarget(const project::RuleTarget& target, OrgPublishers& orgs)
      : orgs_(orgs), by_stream_(target.publish_by_stream) {
    const size_t slash = target.local.find('/');
    if (slash != std::string::npos) org_ = target.local.substr(0, slash);
    topic_ =
        "/event/" + (slash == std::string::npos ? target.local : target.local.substr(slash + 1));
  }

  TargetLimits limits() const override {
    return {salesforce::kPublishEventsMax, salesforce::kPublishBytesMax, true};
  }

  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    FIRN_TRY(salesforce::PubSub* const bus, orgs_.ForOrg(call, org_));
    FIRN_TRY(auto schema, SchemaOf(call, *bus, kSchemaLife));
    Authorship by;
    by.created = call.clock->Now();
    FIRN_TRY(by.user_id, bus->UserId(call));
    Outcomes outcomes(entries.size());
    std::vector<salesforce::OutgoingEvent> events;
    std::vector<size_t> places;
    size_t bytes = 0;
    const auto flush = [&]() -> Result<void> {
      if (events.empty()) return {};
      FIRN_CHECK(Publish(call, *bus, events, places, &outcomes));
      events.clear();
      places.clear();
      bytes = 0;
      return {};
    };
    for (size_t i = 0; i < entries.size(); ++i) {
      auto payload = schema->encoder.Encode(entries[i].input, by);
      if (!payload && call.clock->Steady() - schema->read > kSchemaDoubted) {
        FIRN_TRY(schema, SchemaOf(call, *bus, kSchemaDoubted));
        payload = schema->encoder.Encode(entries[i].input, by);
      }
      if (payload && payload->size() > salesforce::kEventBytesMax) {
        payload = Fail(TooLarge(topic_, payload->size(), salesforce::kEventBytesMax));
      }
      if (!payload) {
        outcomes[i] = std::move(payload).error();
        continue;
      }
      const size_t size = payload->size() + kAroundEvent;
      if (bytes + size > salesforce::kPublishBytesMax) FIRN_CHECK(flush());
      bytes += size;
      events.push_back({IdOf(entries[i].key), schema->id, *std::move(payload)});
      places.push_back(i);
    }
    FIRN_CHECK(flush());
    return outcomes;
  }

 private:
  // As a UUID of the kind that is made by hand (RFC 9562, version 8): the bus takes 36 characters.
  static std::string IdOf(const std::string& key) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest);
    std::string digits = Hex({reinterpret_cast<const char*>(digest), 16});
    digits[12] = '8';
    digits[16] = '8';
    return fmt::format("{}-{}-{}-{}-{}", digits.substr(0, 8), digits.substr(8, 4),
                       digits.substr(12, 4), digits.substr(16, 4), digits.substr(20));
  }

  Result<std::shared_ptr<const TopicSchema>> SchemaOf(const Call& call, salesforce::PubSub& bus,
                                                      SteadyTime::duration age_max) {
    const std::lock_guard lock(mutex_);  // one caller asks for all
    if (schema_ != nullptr && call.clock->Steady() - schema_->read <= age_max) return schema_;
    FIRN_TRY(const salesforce::TopicInfo topic, bus.Topic(call, topic_));
    if (!topic.can_publish) {
      return Fail(
          Error(Kind::kDenied, "EVENT-PUBLISH-004", "the user may not publish to `" + topic_ + "`")
              .Hint("give the integration user create access to the platform event"));
    }
    FIRN_TRY(const auto json, bus.Schema(call, topic.schema_id));
    FIRN_TRY(auto encoder, EventEncoder::Compile(*json));
    schema_ = std::make_shared<const TopicSchema>(
        TopicSchema{topic.schema_id, std::move(encoder), call.clock->Steady()});
    return schema_;
  }

  // An error of the request is one of each of its events: those before it stand.
  Result<void> Publish(const Call& call, salesforce::PubSub& bus,
                       std::span<const salesforce::OutgoingEvent> events,
                       std::span<const size_t> places, Outcomes* outcomes) {
    auto done =
        by_stream_ ? PublisherOf(bus).Publish(call, events) : bus.Publish(call, topic_, events);
    if (!done && done.error().kind() == Kind::kCancelled) return Fail(std::move(done).error());
    for (size_t i = 0; i < events.size(); ++i) {
      (*outcomes)[places[i]] = done ? (*done)[i].error : done.error();
    }
    return {};
  }

  salesforce::Publisher& PublisherOf(salesforce::PubSub& bus) {
    const std::lock_guard lock(mutex_);
    if (publisher_ == nullptr) publisher_ = bus.OpenPublisher(topic_);
    return *publisher_;
  }

  OrgPublishers& orgs_;
  const bool by_stream_;
  std::string org_;
  std::string topic_;
  std::mutex mutex_;
  std::shared_ptr<const TopicSchema> schema_;
  std::unique_ptr<salesforce::Publisher> publisher_;
};

}  // namespace

MadeTarget NewPlatformEventTarget(const project::RuleTarget& target, const TargetParts& parts) {
  if (parts.orgs == nullptr) {
    return Fail(
        Error(Kind::kUnsupported, "EVENT-PUBLISH-005", "no org can be published to from here"));
  }
  return std::make_unique<PlatformEventTarget>(target, *parts.orgs);
}

}  // namespace firn::events
