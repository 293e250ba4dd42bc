#include "sandbox/events/event_settings.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace firn::sandbox {
namespace {

using nlohmann::json;

tl::unexpected<Error> BadSetting(std::string why) {
  return Fail(Error(Kind::kBadInput, "SBX-EVENTS-001", "the event settings cannot be understood")
                  .Because(std::move(why)));
}

bool Holds(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

json ManagedJson(const ManagedSubscription& one) {
  return {{"id", one.id},
          {"developer_name", one.developer_name},
          {"topic", one.topic},
          {"running", one.running},
          {"from_earliest", one.from_earliest},
          {"recover_earliest", one.recover_earliest},
          {"committed", one.committed}};
}

ManagedSubscription ManagedFrom(const json& one) {
  ManagedSubscription managed;
  managed.id = one.value("id", "");
  managed.developer_name = one.at("developer_name").get<std::string>();
  managed.topic = one.at("topic").get<std::string>();
  managed.running = one.value("running", true);
  managed.from_earliest = one.value("from_earliest", false);
  managed.recover_earliest = one.value("recover_earliest", managed.from_earliest);
  managed.committed = one.value("committed", int64_t{0});
  return managed;
}

json MembersJson(const EventSettings& settings) {
  json all = json::object();
  for (const auto& [channel, members] : settings.members) {
    for (const auto& [object, options] : members) {
      all[channel][object] = {{"enriched_fields", options.enriched_fields},
                              {"filter", options.filter}};
    }
  }
  return all;
}

void ReadMembers(const json& value, EventSettings& settings) {
  settings.members.clear();
  for (const auto& [channel, members] : value.items()) {
    for (const auto& [object, options] : members.items()) {
      MemberOptions& member = settings.members[channel][object];
      member.enriched_fields = options.value("enriched_fields", std::vector<std::string>());
      member.filter = options.value("filter", "");
    }
  }
}

// False: there is no such key.
bool Read(const std::string& key, const json& value, EventSettings& settings) {
  const auto millis = [&] { return std::chrono::milliseconds(value.get<int64_t>()); };
  if (key == "selected")
    value.get_to(settings.selected);
  else if (key == "entities_max")
    value.get_to(settings.entities_max);
  else if (key == "channels")
    value.get_to(settings.channels);
  else if (key == "members")
    ReadMembers(value, settings);
  else if (key == "streaming")
    value.get_to(settings.streaming);
  else if (key == "retention_hours")
    settings.retention = std::chrono::hours(value.get<int64_t>());
  else if (key == "overflow_changes")
    value.get_to(settings.overflow_changes);
  else if (key == "event_bytes_max")
    value.get_to(settings.event_bytes_max);
  else if (key == "fetch_timeout_ms")
    settings.fetch_timeout = millis();
  else if (key == "keepalive_ms")
    settings.keepalive = millis();
  else if (key == "publish_timeout_ms")
    settings.publish_timeout = millis();
  else if (key == "connect_timeout_ms")
    settings.connect_timeout = millis();
  else if (key == "client_timeout_ms")
    settings.client_timeout = millis();
  else if (key == "managed") {
    settings.managed.clear();
    for (const json& one : value) settings.managed.push_back(ManagedFrom(one));
  } else
    return false;
  return true;
}

}  // namespace

bool EventSettings::Tells(std::string_view object) const {
  return Holds(selected, object) ||
         std::any_of(channels.begin(), channels.end(),
                     [&](const auto& channel) { return Holds(channel.second, object); });
}

bool EventSettings::OnChannel(const std::string& channel, std::string_view object) const {
  if (channel == "ChangeEvents") return Holds(selected, object);
  const auto found = channels.find(channel);
  return found != channels.end() && Holds(found->second, object);
}

std::string EventSettingsJson(const EventSettings& settings) {
  std::vector<json> managed;
  for (const ManagedSubscription& one : settings.managed) managed.push_back(ManagedJson(one));
  return nlohmann::ordered_json({{"selected", settings.selected},
                                 {"entities_max", settings.entities_max},
                                 {"channels", settings.channels},
                                 {"members", MembersJson(settings)},
                                 {"streaming", settings.streaming},
                                 {"managed", managed},
                                 {"retention_hours", settings.retention.count()},
                                 {"overflow_changes", settings.overflow_changes},
                                 {"event_bytes_max", settings.event_bytes_max},
                                 {"fetch_timeout_ms", settings.fetch_timeout.count()},
                                 {"keepalive_ms", settings.keepalive.count()},
                                 {"publish_timeout_ms", settings.publish_timeout.count()},
                                 {"connect_timeout_ms", settings.connect_timeout.count()},
                                 {"client_timeout_ms", settings.client_timeout.count()}})
      .dump();
}

Result<EventSettings> ChangedBy(EventSettings settings, std::string_view text) {
  const json body = json::parse(text, nullptr, false);
  if (!body.is_object()) return BadSetting("it is not a JSON object");
  for (const auto& [key, value] : body.items()) {
    try {
      if (!Read(key, value, settings)) return BadSetting("unknown key `" + key + "`");
    } catch (const json::exception&) {
      return BadSetting("key `" + key + "` has a value of the wrong type");
    }
  }
  const bool short_times = settings.fetch_timeout.count() < 1 || settings.keepalive.count() < 1 ||
                           settings.publish_timeout.count() < 1 || settings.retention.count() < 1 ||
                           settings.connect_timeout.count() < 1 ||
                           settings.client_timeout.count() < 1;
  if (short_times || settings.overflow_changes < 1 || settings.event_bytes_max < 1) {
    return BadSetting("times and bounds are at least 1");
  }
  return settings;
}

}  // namespace firn::sandbox
