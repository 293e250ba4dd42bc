#include "patterns/events/stream/cursor.h"

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"

namespace firn::events {
namespace {

using Json = nlohmann::json;

std::string TextOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int64_t NumberOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

// False for text that is no base64.
bool BytesOf(const Json& json, const char* key, std::string& bytes) {
  auto decoded = FromBase64(TextOf(json, key));
  if (!decoded) return false;
  bytes = *std::move(decoded);
  return true;
}

}  // namespace

std::string CursorText(const StreamCursor& cursor) {
  const Json json = {{"replay_id", Base64(cursor.replay_id)},
                     {"cycle", cursor.cycle},
                     {"org_id", cursor.org_id},
                     {"instance", cursor.instance},
                     {"event_ms", cursor.event_ms},
                     {"alive_ms", cursor.alive_ms},
                     {"known_ms", cursor.known_ms},
                     {"events_total", cursor.events_total},
                     {"events_since_ms", cursor.events_since_ms},
                     {"lost", cursor.lost},
                     {"managed", cursor.managed}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<StreamCursor> ParseCursor(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("cycle")) return std::nullopt;
  StreamCursor cursor;
  if (!BytesOf(json, "replay_id", cursor.replay_id)) return std::nullopt;
  cursor.cycle = NumberOf(json, "cycle");
  cursor.org_id = TextOf(json, "org_id");
  cursor.instance = TextOf(json, "instance");
  cursor.event_ms = NumberOf(json, "event_ms");
  cursor.alive_ms = NumberOf(json, "alive_ms");
  // Older versions did not tell it.
  cursor.known_ms = json.contains("known_ms") ? NumberOf(json, "known_ms") : cursor.event_ms;
  cursor.events_total = NumberOf(json, "events_total");
  cursor.events_since_ms = NumberOf(json, "events_since_ms");
  cursor.lost = TextOf(json, "lost");
  cursor.managed = TextOf(json, "managed");
  return cursor;
}

std::string MarkText(const TableMark& mark) {
  const Json json = {{"from", Base64(mark.from)}, {"last", Base64(mark.last)},
                     {"cycle", mark.cycle},       {"org_id", mark.org_id},
                     {"instance", mark.instance}, {"event_ms", mark.event_ms},
                     {"events", mark.events}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<TableMark> ParseMark(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("cycle")) return std::nullopt;
  TableMark mark;
  if (!BytesOf(json, "from", mark.from) || !BytesOf(json, "last", mark.last)) return std::nullopt;
  mark.cycle = NumberOf(json, "cycle");
  mark.org_id = TextOf(json, "org_id");
  mark.instance = TextOf(json, "instance");
  mark.event_ms = NumberOf(json, "event_ms");
  mark.events = NumberOf(json, "events");
  return mark;
}

std::string ConsumerOfTopic(std::string_view topic) { return "cdc:" + std::string(topic); }

}  // namespace firn::events
