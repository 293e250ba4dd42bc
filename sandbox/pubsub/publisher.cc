#include "sandbox/pubsub/publisher.h"

#include "sandbox/events/avro_check.h"
#include "sandbox/events/replay_id.h"

namespace firn::sandbox {

std::string Publisher::WhyNot(const PublishedEvent& event, const EventSchema& schema) {
  const EventSettings settings = bus_.settings();
  if (event.payload.size() > static_cast<size_t>(settings.event_bytes_max)) {
    return "The event message exceeds the maximum size of " +
           std::to_string(settings.event_bytes_max) + " bytes.";
  }
  std::optional<std::string> older;
  if (event.schema_id != schema.id) {
    // A publisher may still know the schema before the last change of the event's fields.
    const auto stream = bus_.log().StreamOfSchema(event.schema_id);
    if (!stream || *stream != schema.name) {
      return "The schema ID does not belong to the topic.";
    }
    if (auto json = bus_.SchemaJson(event.schema_id)) older = *std::move(json);
  }
  const auto fits = CheckAvro(older ? *older : schema.json, event.payload);
  return fits ? "" : "The event payload can't be decoded with its schema: " + fits.error().why();
}

std::variant<PublishAnswer, RpcError> Publisher::Publish(
    const std::string& name, const std::vector<PublishedEvent>& events) {
  if (name.empty()) {
    return RpcError{RpcStatus::kInvalidArgument, "publish.topic.validation.empty",
                    "The topic name can't be blank."};
  }
  const auto topic = bus_.FindTopic(name);
  if (!topic) {
    return RpcError{RpcStatus::kNotFound, "topic.not.found",
                    "The topic " + name +
                        " was not found. Ensure the topic name is correct and "
                        "that the topic exists."};
  }
  if (!topic->can_publish) {
    return RpcError{RpcStatus::kPermissionDenied, "topic.meta.permission",
                    "Events can't be published on the topic " + name + "."};
  }
  if (events.empty()) {
    return RpcError{RpcStatus::kInvalidArgument, "publish.event.count.invalid",
                    "A publish request must have at least one event."};
  }
  PublishAnswer answer;
  answer.schema_id = topic->schema->id;
  std::vector<EventBus::Publication> good;
  std::vector<size_t> places;
  int64_t left =
      usage_.limits().Max(Allotment::kPublishedEvents) - usage_.Used(Allotment::kPublishedEvents);
  for (const PublishedEvent& event : events) {
    PublishOutcome outcome;
    outcome.correlation_key = event.id;
    outcome.message = WhyNot(event, *topic->schema);
    if (outcome.message.empty() && left-- <= 0) {
      outcome.message = "LIMIT_EXCEEDED: the limit of published events was reached.";
    }
    if (outcome.message.empty()) {
      good.push_back({event.id, event.payload});
      places.push_back(answer.outcomes.size());
    }
    answer.outcomes.push_back(std::move(outcome));
  }
  if (good.empty()) return answer;
  const auto ids = bus_.Publish(*topic->schema, good);
  if (!ids) {
    return RpcError{RpcStatus::kUnavailable, "service.unavailable",
                    "The service is unavailable. Try again later."};
  }
  usage_.Add(Allotment::kPublishedEvents, static_cast<int64_t>(good.size()));
  for (size_t i = 0; i < ids->size(); ++i) {
    PublishOutcome& outcome = answer.outcomes[places[i]];
    outcome.replay_id = (*ids)[i];
    if (outcome.correlation_key.empty()) outcome.correlation_key = EventUuidOf((*ids)[i]);
  }
  return answer;
}

}  // namespace firn::sandbox
