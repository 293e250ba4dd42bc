#include "sandbox/tooling/tooling_wish.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/api_error.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

constexpr std::string_view kChangeEvent = "ChangeEvent";

tl::unexpected<Error> Missing(const std::string& field) {
  return Fail(ApiError(400, "REQUIRED_FIELD_MISSING",
                       "Required fields are missing: [" + field + "]", {field}));
}

tl::unexpected<Error> BadField(const std::string& field, const std::string& message) {
  return Fail(ApiError(400, "FIELD_INTEGRITY_EXCEPTION", message, {field}));
}

tl::unexpected<Error> BadEntity() {
  return BadField("selectedEntity",
                  "The PlatformEventChannelMember can't be created because it references an "
                  "invalid event in the \"selectedEntity\" field.");
}

// One of two words; the first when it is not given.
Result<bool> ReadWord(const json& metadata, const char* key, const char* no, const char* yes) {
  const std::string word = metadata.value(key, no);
  if (word == no) return false;
  if (word == yes) return true;
  return BadField(key, std::string(key) + " must be " + no + " or " + yes);
}

Result<void> ReadChannel(const json& metadata, ToolingWish& wish) {
  const std::string type = metadata.value("channelType", "");
  if (type.empty()) return Missing("channelType");
  if (type != "data" && type != "event") {
    return BadField("channelType", "channelType must be data or event");
  }
  if (wish.label.empty()) return Missing("label");
  if (!wish.full_name.empty() && !wish.full_name.ends_with(kChannelSuffix)) {
    return BadField("FullName", "The channel's full name must end with __chn");
  }
  wish.events = type == "event";
  return {};
}

// `enrichedFields` is a list of `{"name": "Industry"}`.
// Source: Change Data Capture Developer Guide, 'Example: Add Event Enrichment Fields with Tooling
// API', 'Add a Filter with Tooling API', read 2026-11.
Result<void> ReadOptions(const json& metadata, MemberOptions& options) {
  const auto enriched = metadata.find("enrichedFields");
  if (enriched != metadata.end() && !enriched->is_null()) {
    for (const json& field : *enriched) {
      const std::string name = field.value("name", "");
      if (name.empty()) return Missing("name");
      if (std::find(options.enriched_fields.begin(), options.enriched_fields.end(), name) !=
          options.enriched_fields.end()) {
        return Fail(ApiError(400, "DUPLICATE_VALUE",
                             "The field " + name + " is selected more than once",
                             {"enrichedFields"}));
      }
      options.enriched_fields.push_back(name);
    }
  }
  const auto filter = metadata.find("filterExpression");
  if (filter != metadata.end() && !filter->is_null()) filter->get_to(options.filter);
  return {};
}

Result<void> ReadMember(const json& metadata, ToolingWish& wish) {
  wish.channel = metadata.value("eventChannel", "");
  const std::string entity = metadata.value("selectedEntity", "");
  if (wish.channel.empty()) return Missing("eventChannel");
  if (entity.empty()) return Missing("selectedEntity");
  wish.object = ObjectOfEntity(entity);
  if (wish.object.empty()) return BadEntity();
  return ReadOptions(metadata, wish.options);
}

Result<void> ReadManaged(const json& metadata, ToolingWish& wish) {
  wish.topic = metadata.value("topicName", "");
  if (wish.topic.empty()) return Missing("topicName");
  if (wish.label.empty()) return Missing("label");
  FIRN_TRY(wish.from_earliest, ReadWord(metadata, "defaultReplay", "LATEST", "EARLIEST"));
  FIRN_TRY(wish.recover_earliest, ReadWord(metadata, "errorRecoveryReplay", "LATEST", "EARLIEST"));
  FIRN_TRY(const bool stopped, ReadWord(metadata, "state", "RUN", "STOP"));
  wish.running = !stopped;
  return {};
}

Result<void> AddMember(const ToolingWish& wish, EventBus& bus, EventSettings& settings) {
  const bool standard = wish.channel == kDefaultChannel;
  if (!standard && !settings.channels.contains(wish.channel)) {
    return BadField("eventChannel", "Unable to find the specified channel.");
  }
  if (standard && IsPlatformEvent(wish.object)) {
    return BadField("selectedEntity", "The ChangeEvents channel takes change events only");
  }
  auto& members = standard ? settings.selected : settings.channels[wish.channel];
  if (std::find(members.begin(), members.end(), wish.object) != members.end()) {
    return Fail(ApiError(400, "DUPLICATE_VALUE",
                         "The channel " + wish.channel + " already has this member"));
  }
  if (!members.empty() && IsPlatformEvent(members.front()) != IsPlatformEvent(wish.object)) {
    return BadField("selectedEntity", "A channel takes change events or platform events, not both");
  }
  if (bus.org().catalogue()->Object(wish.object) == nullptr) return BadEntity();
  members.push_back(wish.object);
  SetOptions(wish, settings);
  return {};
}

}  // namespace

void SetOptions(const ToolingWish& wish, EventSettings& settings) {
  auto& members = settings.members[wish.channel];
  members.insert_or_assign(wish.object, wish.options);
}

std::string ObjectOfEntity(std::string_view entity) {
  if (IsPlatformEvent(entity)) return std::string(entity);
  if (!entity.ends_with(kChangeEvent)) return "";
  entity.remove_suffix(kChangeEvent.size());
  return std::string(entity) + (entity.ends_with("__") ? "c" : "");
}

Result<ToolingWish> ReadToolingWish(std::string_view object, std::string_view body) {
  const json whole = json::parse(body, nullptr, false);
  if (!whole.is_object()) {
    return Fail(ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body is not a JSON object"));
  }
  const auto metadata = whole.find("Metadata");
  if (metadata == whole.end() || !metadata->is_object()) return Missing("Metadata");
  ToolingWish wish;
  try {
    wish.full_name = whole.value("FullName", "");
    wish.label = metadata->value("label", "");
    if (object == kChannelObject) FIRN_CHECK(ReadChannel(*metadata, wish));
    if (object == kMemberObject) FIRN_CHECK(ReadMember(*metadata, wish));
    if (object == kManagedObject) FIRN_CHECK(ReadManaged(*metadata, wish));
  } catch (const json::exception&) {
    return Fail(ApiError(400, "JSON_PARSER_ERROR", "A value of Metadata has the wrong type"));
  }
  return wish;
}

Result<void> AddToSettings(std::string_view object, const ToolingWish& wish, EventBus& bus,
                           EventSettings& settings) {
  if (wish.full_name.empty()) return Missing("FullName");
  if (object == kMemberObject) return AddMember(wish, bus, settings);
  const auto taken = [&] {
    return Fail(ApiError(400, "DUPLICATE_DEVELOPER_NAME",
                         "The name " + wish.full_name + " is already in use", {"FullName"}));
  };
  if (object == kChannelObject) {
    if (!settings.channels.try_emplace(wish.full_name).second) return taken();
    return {};
  }
  for (const ManagedSubscription& managed : settings.managed) {
    if (managed.developer_name == wish.full_name) return taken();
  }
  if (!bus.FindTopic(wish.topic)) {
    return BadField("topicName", "The topic " + wish.topic + " doesn't exist");
  }
  ManagedSubscription managed;
  managed.developer_name = wish.full_name;
  managed.topic = wish.topic;
  managed.running = wish.running;
  managed.from_earliest = wish.from_earliest;
  managed.recover_earliest = wish.recover_earliest;
  settings.managed.push_back(std::move(managed));
  return {};
}

}  // namespace firn::sandbox
