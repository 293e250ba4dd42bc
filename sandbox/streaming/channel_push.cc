#include "sandbox/streaming/channel_push.h"

#include <nlohmann/json.hpp>

#include "core/base/time_text.h"
#include "sandbox/events/event_bus.h"
#include "sandbox/streaming/event_printer.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kPayloadCharactersMax = 3000;
constexpr size_t kEventsMax = 1000;  // of one request: its bytes are bounded anyway

Answer Invalid(std::string_view message) { return ErrorAnswer(400, "JSON_PARSER_ERROR", message); }

// The data of an event as the log keeps it.
std::string DataOf(const ApiParts& parts, const std::string& payload, const json& users) {
  const std::string at =
      FormatUtc(std::chrono::floor<std::chrono::milliseconds>(parts.clock.Now()));
  ordered_json data = {{"event", {{"createdDate", at}}}, {"payload", payload}};
  if (!users.empty()) data["userIds"] = users;
  return data.dump(-1, ' ', false, json::error_handler_t::replace);
}

// What is told of one event: -1 of those listening when all were meant.
ordered_json ResultOf(const json& users, const std::set<std::string>& listening) {
  ordered_json online = ordered_json::object();
  int64_t fanout = listening.empty() ? 0 : -1;
  if (!users.empty()) fanout = 0;
  for (const json& user : users) {
    const bool there = listening.contains(user.get<std::string>());
    online[user.get<std::string>()] = there;
    if (there) ++fanout;
  }
  return {{"fanoutCount", fanout}, {"userOnlineStatus", std::move(online)}};
}

bool IsEvent(const json& event) {
  if (!event.is_object() || !event.contains("payload") || !event["payload"].is_string()) {
    return false;
  }
  if (!event.contains("userIds")) return true;
  const json& users = event["userIds"];
  return users.is_array() &&
         std::all_of(users.begin(), users.end(), [](const json& user) { return user.is_string(); });
}

Answer Push(ApiParts& parts, const ApiRequest& request, const std::string& channel) {
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object() || !body.contains("pushEvents") || !body["pushEvents"].is_array() ||
      body["pushEvents"].size() > kEventsMax) {
    return Invalid("The request body must have a list pushEvents");
  }
  const std::set<std::string> listening = parts.events.AudienceOf(channel);
  ordered_json results = ordered_json::array();
  std::vector<std::string> payloads;
  for (const json& event : body["pushEvents"]) {
    if (!IsEvent(event)) return Invalid("An event has a payload, a text, and a list userIds");
    const json users = event.value("userIds", json::array());
    const std::string payload = event["payload"];
    if (payload.size() > kPayloadCharactersMax) {
      return ErrorAnswer(400, "STRING_TOO_LONG",
                         "The payload cannot exceed 3000 single-byte characters");
    }
    payloads.push_back(DataOf(parts, payload, users));
    results.push_back(ResultOf(users, listening));
  }
  std::vector<EventBus::Publication> events;
  for (const std::string& payload : payloads) events.push_back({{}, payload});
  if (!events.empty()) {
    if (auto ids = parts.events.Publish(JsonStream(channel), events); !ids) {
      return ErrorAnswer(ids.error());
    }
  }
  return JsonAnswer(200, results.dump());
}

}  // namespace

Answer ChannelPush(ApiParts& parts, const ApiRequest& request) {
  const auto record = parts.org.Read("StreamingChannel", request.path[2], request.Options(false));
  if (!record) return ErrorAnswer(record.error());
  const FieldInfo* name = record->object->NameField();
  const std::string channel(
      record->values[static_cast<size_t>(name - record->object->fields.data())].text);
  if (request.method == "POST") return Push(parts, request, channel);
  if (request.method != "GET") return MethodNotAllowed(request.method, "GET,HEAD,POST");
  return JsonAnswer(200, ordered_json{{"OnlineUserIds", parts.events.AudienceOf(channel)},
                                      {"ChannelName", channel}}
                             .dump());
}

}  // namespace firn::sandbox
