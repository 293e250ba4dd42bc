// What the callers of the Pub/Sub API share on gRPC's side. Private to the room.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "ends/salesforce/internal/pubsub_stream.h"
#include "pubsub_api.grpc.pb.h"

namespace firn::salesforce {

// The three headers of every call.
void AddMetadata(grpc::ClientContext& context, const Session& session, const std::string& tenant);
[[nodiscard]] StreamEnd EndOf(const grpc::Status& status, const grpc::ClientContext& context);

// What the publishers of a PubSub stand on; everything outlives them.
struct PublisherParts {
  std::string org;
  std::string tenant_id;
  std::chrono::milliseconds request_timeout{30'000};
  eventbus::v1::PubSub::Stub* stub = nullptr;
  TokenSource* tokens = nullptr;
};
[[nodiscard]] std::unique_ptr<Publisher> NewStreamPublisher(PublisherParts parts,
                                                            std::string topic);

[[nodiscard]] eventbus::v1::PublishRequest RequestOf(const std::string& topic,
                                                     std::span<const OutgoingEvent> events);
// One for each event, in its order. Errors: Corrupt SF-STREAM-014 when the answer is of other
// events.
[[nodiscard]] Result<PublishOutcomes> OutcomesOf(const eventbus::v1::PublishResponse& response,
                                                 std::span<const OutgoingEvent> events,
                                                 const PublishedTo& place);

}  // namespace firn::salesforce
