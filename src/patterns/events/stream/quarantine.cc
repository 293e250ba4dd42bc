#include "patterns/events/stream/quarantine.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "core/base/time_text.h"
#include "core/net/digest.h"

namespace firn::events {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kSuffix = ".event.json";
constexpr uint64_t kFileBytesMax = 8U << 20;

std::string TextOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool IsName(std::string_view file) {
  return file.ends_with(kSuffix) && file.find('/') == std::string_view::npos;
}

Error NotThere(const std::string& file) {
  return Error(Kind::kNotFound, "EVENT-QUARANTINE-001", "no event `" + file + "` is in quarantine")
      .Hint("`firn events quarantine list` lists them");
}

}  // namespace

Result<void> Quarantine::Keep(const QuarantinedEvent& event) {
  FIRN_CHECK(MakeFolders(folder_, 0700));
  const Json json = {{"topic", event.topic},
                     {"event_id", event.event_id},
                     {"schema_id", event.schema_id},
                     {"reason", event.reason},
                     {"received", event.received},
                     {"replay_id", Base64(event.replay_id)},
                     {"payload", Base64(event.payload)}};
  // Event ids come from outside: the name is made of its hash, and of its place.
  const std::string name =
      Hex(net::Sha256(event.topic + "\n" + event.event_id + "\n" + event.replay_id)).substr(0, 24) +
      std::string(kSuffix);
  return WriteFileDurably(folder_ + "/" + name,
                          json.dump(-1, ' ', false, Json::error_handler_t::replace), 0600);
}

Result<QuarantinedEvent> Quarantine::Show(const std::string& file) const {
  const std::string path = folder_ + "/" + file;
  if (!IsName(file) || !FileExists(path)) return Fail(NotThere(file));
  FIRN_TRY(const std::string text, ReadFile(path, kFileBytesMax));
  const Json json = Json::parse(text, nullptr, false);
  QuarantinedEvent event;
  event.file = file;
  if (!json.is_object()) {
    event.reason = "the file is damaged";
    return event;
  }
  event.topic = TextOf(json, "topic");
  event.event_id = TextOf(json, "event_id");
  event.schema_id = TextOf(json, "schema_id");
  event.reason = TextOf(json, "reason");
  event.received = TextOf(json, "received");
  FIRN_TRY(event.replay_id, FromBase64(TextOf(json, "replay_id")));
  FIRN_TRY(event.payload, FromBase64(TextOf(json, "payload")));
  return event;
}

Result<std::vector<QuarantinedEvent>> Quarantine::List() const {
  std::vector<QuarantinedEvent> events;
  if (!FileExists(folder_)) return events;
  FIRN_TRY(const auto names, ListFolder(folder_));
  for (const std::string& name : names) {
    if (!IsName(name)) continue;
    FIRN_TRY(auto event, Show(name));
    events.push_back(std::move(event));
  }
  std::sort(events.begin(), events.end(),
            [](const auto& a, const auto& b) { return a.received < b.received; });
  return events;
}

Result<void> Quarantine::Remove(const std::string& file) {
  const std::string path = folder_ + "/" + file;
  if (!IsName(file) || !FileExists(path)) return Fail(NotThere(file));
  return RemoveFile(path);
}

Result<int64_t> Quarantine::RemoveBefore(UtcMicros time) {
  FIRN_TRY(const auto events, List());
  int64_t removed = 0;
  for (const QuarantinedEvent& event : events) {
    const auto received = ParseInstant(event.received);
    if (!received || *received >= time) continue;
    FIRN_CHECK(Remove(event.file));
    ++removed;
  }
  return removed;
}

}  // namespace firn::events
