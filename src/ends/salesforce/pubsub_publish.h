// Publishing: events of ours onto the bus of an org.
//
// A Publisher belongs to one topic and may be used from any thread; it ends with its PubSub.
// Publishing is at least once: an answer that got lost is not told from an event that did. Every
// event carries an id of the publisher's choice, which subscribers see, so that they tell the one
// that came twice. Payloads reach no log and no error.
//
// Source: Pub/Sub API Developer Guide, "Publish RPC Method", "PublishStream RPC Method", "Pub/Sub
// API Allocations"; Platform Events Developer Guide, "Platform Event Error Status Codes"; read
// 2026-11.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"

namespace firn::salesforce {

inline constexpr size_t kEventBytesMax = 1U << 20;  // of one event
inline constexpr size_t kPublishEventsMax = 200;    // of one request, as recommended
// Recommended too; gRPC's own bound is 4 MB.
inline constexpr size_t kPublishBytesMax = 3'000'000;
inline constexpr size_t kEventIdCharactersMax = 36;

struct OutgoingEvent {
  std::string id;  // comes back as its correlation key; unique among those under way
  std::string schema_id;
  std::string payload;  // Avro, without a container
};

struct PublishOutcome {
  std::string replay_id;       // where it is on the bus; empty when refused
  std::optional<Error> error;  // the event's own
};
using PublishOutcomes = std::vector<PublishOutcome>;

class Publisher {
 public:
  virtual ~Publisher() = default;
  // One request of at most kPublishEventsMax events and kPublishBytesMax bytes; waits for its
  // answer. Answers one outcome for each event, in its order. Errors of the request (any of its
  // events may be on the bus all the same): as PubSub::Publish.
  [[nodiscard]] virtual Result<PublishOutcomes> Publish(const Call& call,
                                                        std::span<const OutgoingEvent> events) = 0;
};

// Where an outcome comes from, for messages.
struct PublishedTo {
  std::string org;
  std::string topic;
};
// What the org says of one event. Errors: BadInput SF-STREAM-012 (final); LimitReached -013 (the
// hour's publishing is used up: try again in a while); Unreachable -001 (try again).
[[nodiscard]] Error ErrorOfPublishing(const PublishedTo& place, const std::string& message);

}  // namespace firn::salesforce
