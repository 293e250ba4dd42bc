// Publishing: what a PublishRequest must be, and what becomes of each of its events.
//
// Thread-safe as far as its parts are; no wire in it. Source: Pub/Sub API guide, 'Publish RPC
// Method', 'PublishStream RPC Method'; Platform Events Developer Guide, 'Allocations'; read
// 2026-11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sandbox/events/event_bus.h"
#include "sandbox/pubsub/rpc_error.h"
#include "sandbox/usage.h"

namespace firn::sandbox {

struct PublishedEvent {
  std::string_view id;
  std::string_view schema_id;
  std::string_view payload;
};

struct PublishOutcome {
  int64_t replay_id = 0;  // 0: it was not published, `message` says why
  std::string message;
  std::string correlation_key;
};

struct PublishAnswer {
  std::vector<PublishOutcome> outcomes;  // one for each event
  std::string schema_id;
};

class Publisher {
 public:
  Publisher(EventBus& bus, UsageMeter& usage) : bus_(bus), usage_(usage) {}
  // An event that does not fit fails alone; the others are published, in their order.
  [[nodiscard]] std::variant<PublishAnswer, RpcError> Publish(
      const std::string& topic, const std::vector<PublishedEvent>& events);

 private:
  // Empty when the event may be published.
  [[nodiscard]] std::string WhyNot(const PublishedEvent& event, const EventSchema& schema);
  EventBus& bus_;
  UsageMeter& usage_;
};

}  // namespace firn::sandbox
