// `event/eventSchema/{id}` and `sobjects/{event}/eventSchema`: what Pub/Sub's GetSchema tells, by
// REST. Source: REST API Developer Guide, "Platform Event Schema by Schema ID", "Platform Event
// Schema by Event Name", read 2026-11. The expanded form is as the guide shows it for Low_Ink__e.
#include <nlohmann/json.hpp>

#include "sandbox/events/event_bus.h"
#include "sandbox/rest/rest.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

constexpr int kFormatSince = 43;

// Dates are text outside of Avro.
ordered_json ExpandedField(ordered_json field) {
  const std::string doc = field.value("doc", "");
  if (doc.find("DateTime") != std::string::npos && field["type"] == "long")
    field["type"] = "string";
  return field;
}

// The message as streaming clients get it: schema id, payload and replay id under `data`.
ordered_json Expanded(const ordered_json& compact) {
  ordered_json payload = ordered_json::array();
  for (const ordered_json& field : compact.value("fields", ordered_json::array())) {
    payload.push_back(ExpandedField(field));
  }
  const auto record = [](const char* name, ordered_json fields) {
    return ordered_json{{"type", "record"}, {"name", name}, {"fields", std::move(fields)}};
  };
  const auto field = [](const char* name, ordered_json type) {
    return ordered_json{{"name", name}, {"type", std::move(type)}};
  };
  ordered_json event = ordered_json::array({field("replayId", "long")});
  ordered_json data = ordered_json::array({field("schema", "string"),
                                           field("payload", record("Payload", std::move(payload))),
                                           field("event", record("Event", std::move(event)))});
  ordered_json fields = ordered_json::array(
      {field("data", record("Data", std::move(data))), field("channel", "string")});
  return {{"name", compact.value("name", "")},
          {"namespace", compact.value("namespace", "")},
          {"type", "expanded-record"},
          {"fields", std::move(fields)},
          {"uuid", compact.value("uuid", "")}};
}

Answer SchemaAnswer(const ApiRequest& request, const std::string& json) {
  const std::string format = request.Query("payloadFormat");
  const bool known = format.empty() || format == "EXPANDED" || format == "COMPACT";
  if (!known || (!format.empty() && request.version < kFormatSince)) {
    return ErrorAnswer(400, "INVALID_PARAMETER_VALUE",
                       "payloadFormat must be EXPANDED or COMPACT (API version 43.0 and later)");
  }
  const bool compact = format == "COMPACT" || (format.empty() && request.version < kFormatSince);
  if (compact) return JsonAnswer(200, json);
  return JsonAnswer(200, Expanded(ordered_json::parse(json, nullptr, false)).dump());
}

}  // namespace

Answer EventSchemaById(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET") return MethodNotAllowed(request.method, "GET,HEAD");
  const auto json = parts.events.SchemaJson(request.path[2]);
  if (!json) return ErrorAnswer(json.error());
  return *json ? SchemaAnswer(request, **json) : NotFoundAnswer();
}

Answer EventSchemaByName(ApiParts& parts, const ApiRequest& request) {
  if (request.method != "GET") return MethodNotAllowed(request.method, "GET,HEAD");
  const std::string& name = request.path[1];
  const bool change = name.ends_with("ChangeEvent");
  const auto topic = parts.events.FindTopic((change ? "/data/" : "/event/") + name);
  return topic && topic->schema ? SchemaAnswer(request, topic->schema->json) : NotFoundAnswer();
}

}  // namespace firn::sandbox
