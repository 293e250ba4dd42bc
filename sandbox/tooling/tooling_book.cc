#include "sandbox/tooling/tooling_book.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/api_error.h"
#include "sandbox/tooling/tooling_names.h"
#include "sandbox/tooling/tooling_wish.h"
#include "sandbox/value.h"

namespace firn::sandbox {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kFirstNumber = 1'000'000;
// No page tells the vendor's.
constexpr std::string_view kEnrichedPrefix = "0v9";

std::string ChannelKey(const std::string& channel) { return "channel/" + channel; }
std::string MemberKey(const std::string& channel, const std::string& object) {
  return "member/" + channel + "/" + object;
}
std::string EnrichedKey(const std::string& channel, const std::string& object,
                        const std::string& field) {
  return "enriched/" + channel + "/" + object + "/" + field;
}
std::string ManagedKey(const std::string& id) { return "managed/" + id; }

std::string IdOf(std::string_view prefix, const ToolingName& name) {
  return IdText(MakeId(prefix, kFirstNumber + static_cast<uint64_t>(name.number)));
}

std::string EntityOf(const std::string& object) {
  return IsPlatformEvent(object) ? object : ChangeStreamOf(object);
}

std::string DeveloperNameOf(std::string name) {
  if (name.ends_with(kChannelSuffix)) name.resize(name.size() - kChannelSuffix.size());
  return name;
}

std::string MemberName(const std::string& channel, const std::string& object) {
  const std::string entity = EntityOf(object);
  return DeveloperNameOf(channel) + "_" +
         (entity.ends_with("__e") ? entity.substr(0, entity.size() - 3) : entity);
}

// What records of all three objects have.
void AddCommon(const ToolingName& name, ToolingRecord& record) {
  record.fields.insert(record.fields.end(), {{"DeveloperName", DeveloperNameOf(name.name)},
                                             {"Language", "en_US"},
                                             {"MasterLabel", name.label},
                                             {"ManageableState", "unmanaged"},
                                             {"FullName", name.name}});
}

ToolingRecord ChannelRecord(const ToolingName& name) {
  ToolingRecord record{std::string(kChannelObject), IdOf("0YL", name), {}};
  AddCommon(name, record);
  const char* type = name.events ? "event" : "data";
  record.fields.push_back({"ChannelType", type});
  if (name.events) record.fields.push_back({"EventType", "custom"});
  record.fields.push_back(
      {"Metadata", ordered_json({{"channelType", type},
                                 {"eventType", name.events ? ordered_json("custom") : nullptr},
                                 {"label", name.label}})
                       .dump()});
  return record;
}

ToolingRecord MemberRecord(const ToolingName& name, const std::string& channel,
                           const std::string& channel_id, const std::string& object,
                           const MemberOptions& options) {
  ToolingRecord record{std::string(kMemberObject), IdOf("0v8", name), {}};
  AddCommon(name, record);
  record.fields.push_back({"EventChannel", channel_id});
  record.fields.push_back({"SelectedEntity", EntityOf(object)});
  ordered_json enriched = ordered_json::array();
  for (const std::string& field : options.enriched_fields) enriched.push_back({{"name", field}});
  const ordered_json filter =
      options.filter.empty() ? ordered_json() : ordered_json(options.filter);
  if (!options.filter.empty()) record.fields.push_back({"FilterExpression", options.filter});
  record.fields.push_back({"Metadata", ordered_json({{"enrichedFields", enriched},
                                                     {"eventChannel", channel},
                                                     {"filterExpression", filter},
                                                     {"selectedEntity", EntityOf(object)}})
                                           .dump()});
  return record;
}

ToolingRecord ManagedRecord(const ToolingName& name, const ManagedSubscription& managed) {
  ToolingRecord record{std::string(kManagedObject), managed.id, {}};
  AddCommon(name, record);
  const char* start = managed.from_earliest ? "EARLIEST" : "LATEST";
  const char* recovery = managed.recover_earliest ? "EARLIEST" : "LATEST";
  const char* state = managed.running ? "RUN" : "STOP";
  record.fields.push_back({"TopicName", managed.topic});
  record.fields.push_back({"DefaultReplay", start});
  record.fields.push_back({"ErrorRecoveryReplay", recovery});
  record.fields.push_back({"State", state});
  record.fields.push_back({"Metadata", ordered_json({{"defaultReplay", start},
                                                     {"errorRecoveryReplay", recovery},
                                                     {"label", name.label},
                                                     {"state", state},
                                                     {"topicName", managed.topic}})
                                           .dump()});
  return record;
}

MemberOptions OptionsOf(const EventSettings& settings, const std::string& channel,
                        const std::string& object) {
  const auto members = settings.members.find(channel);
  if (members == settings.members.end()) return {};
  const auto found = members->second.find(object);
  return found == members->second.end() ? MemberOptions{} : found->second;
}

// All of them, in the order in which they were made; new names are given on the way.
std::vector<ToolingRecord> RecordsOf(const EventSettings& settings, ToolingNames& names) {
  std::vector<ToolingRecord> records;
  const auto add_members = [&](const std::string& channel, const std::string& channel_id,
                               const std::vector<std::string>& members) {
    for (const std::string& object : members) {
      const ToolingName& name = names.Of(MemberKey(channel, object), MemberName(channel, object));
      const MemberOptions options = OptionsOf(settings, channel, object);
      records.push_back(MemberRecord(name, channel, channel_id, object, options));
      const std::string member = records.back().id;
      for (const std::string& field : options.enriched_fields) {
        const ToolingName& one = names.Of(EnrichedKey(channel, object, field), field);
        records.push_back({std::string(kEnrichedObject),
                           IdOf(kEnrichedPrefix, one),
                           {{"ChannelMemberId", member}, {"Field", field}}});
      }
    }
  };
  for (const auto& [channel, members] : settings.channels) {
    const bool is_new = names.Find(ChannelKey(channel)) == nullptr;
    ToolingName& name = names.Of(ChannelKey(channel), channel);
    if (is_new) name.events = !members.empty() && IsPlatformEvent(members.front());
    records.push_back(ChannelRecord(name));
    add_members(channel, records.back().id, members);
  }
  add_members(std::string(kDefaultChannel), std::string(kDefaultChannel), settings.selected);
  for (const ManagedSubscription& managed : settings.managed) {
    const ToolingName& name = names.Of(ManagedKey(managed.id), managed.developer_name);
    records.push_back(ManagedRecord(name, managed));
  }
  std::stable_sort(records.begin(), records.end(),
                   [](const ToolingRecord& a, const ToolingRecord& b) { return a.id < b.id; });
  return records;
}

// Takes the field of an EnrichedField record from its member.
void DropEnriched(std::string_view id, EventSettings& settings, ToolingNames& names) {
  for (auto& [channel, members] : settings.members) {
    for (auto& [object, options] : members) {
      std::erase_if(options.enriched_fields, [&, at = channel, of = object](const auto& field) {
        const std::string key = EnrichedKey(at, of, field);
        const ToolingName* name = names.Find(key);
        if (name == nullptr || IdOf(kEnrichedPrefix, *name) != id) return false;
        names.Drop(key);
        return true;
      });
    }
  }
}

std::string FieldOf(const ToolingRecord& record, std::string_view name) {
  for (const auto& [field, value] : record.fields) {
    if (field == name) return value.value_or("");
  }
  return "";
}

// Errors of the settings, as the API tells them.
Result<void> AsApiError(Result<void> done) {
  if (done || done.error().code() != "SBX-EVENTS-001") return done;
  return Fail(ApiError(400, "FIELD_INTEGRITY_EXCEPTION", done.error().why()));
}

ManagedSubscription* FindManaged(EventSettings& settings, std::string_view id) {
  const auto found = std::find_if(settings.managed.begin(), settings.managed.end(),
                                  [&](const ManagedSubscription& one) { return one.id == id; });
  return found == settings.managed.end() ? nullptr : &*found;
}

}  // namespace

bool ToolingBook::Knows(std::string_view object) {
  return object == kChannelObject || object == kMemberObject || object == kEnrichedObject ||
         object == kManagedObject;
}

Result<std::vector<ToolingRecord>> ToolingBook::Records() {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(ToolingNames names, ToolingNames::Load(db_));
  auto records = RecordsOf(bus_.settings(), names);
  FIRN_CHECK(names.Save(db_));
  return records;
}

Result<ToolingRecord> ToolingBook::Find(std::string_view object, std::string_view id) {
  FIRN_TRY(auto records, Records());
  const auto number = ParseId(id);
  for (ToolingRecord& record : records) {
    if (record.object == object && number && ParseId(record.id) == number) {
      return std::move(record);
    }
  }
  return Fail(ApiError(404, "NOT_FOUND", "The requested resource does not exist"));
}

Result<std::string> ToolingBook::Create(std::string_view object, std::string_view body) {
  FIRN_TRY(const ToolingWish wish, ReadToolingWish(object, body));
  const std::lock_guard lock(mutex_);
  FIRN_TRY(ToolingNames names, ToolingNames::Load(db_));
  std::string key;
  FIRN_CHECK(AsApiError(bus_.Change([&](EventSettings& settings) -> Result<void> {
    return AddToSettings(object, wish, bus_, settings);
  })));
  const EventSettings settings = bus_.settings();
  std::string id;
  if (object == kChannelObject) key = ChannelKey(wish.full_name);
  if (object == kMemberObject) key = MemberKey(wish.channel, wish.object);
  if (object == kManagedObject) {
    for (const ManagedSubscription& managed : settings.managed) {
      if (managed.developer_name == wish.full_name) id = managed.id;
    }
    key = ManagedKey(id);
  }
  names.Drop(key);
  ToolingName& name = names.Of(key, wish.full_name);
  name.label = wish.label.empty() ? wish.full_name : wish.label;
  name.events = wish.events;
  if (id.empty()) id = IdOf(object == kChannelObject ? "0YL" : "0v8", name);
  FIRN_CHECK(names.Save(db_));
  return id;
}

Result<void> ToolingBook::Update(const ToolingRecord& record, std::string_view body) {
  FIRN_TRY(const ToolingWish wish, ReadToolingWish(record.object, body));
  const auto fixed = [&](std::string_view field, const std::string& now) -> Result<void> {
    if (now.empty() || now == FieldOf(record, field)) return {};
    return Fail(ApiError(400, "FIELD_INTEGRITY_EXCEPTION", std::string(field) + " can't be changed",
                         {std::string(field)}));
  };
  FIRN_CHECK(fixed("FullName", wish.full_name));
  const std::lock_guard lock(mutex_);
  FIRN_TRY(ToolingNames names, ToolingNames::Load(db_));
  std::string key;
  if (record.object == kChannelObject) {
    FIRN_CHECK(fixed("ChannelType", wish.events ? "event" : "data"));
    key = ChannelKey(FieldOf(record, "FullName"));
  } else if (record.object == kMemberObject) {
    FIRN_CHECK(fixed("SelectedEntity", EntityOf(wish.object)));
    key = MemberKey(wish.channel, wish.object);
    if (names.Find(key) == nullptr) FIRN_CHECK(fixed("EventChannel", wish.channel));
    FIRN_CHECK(AsApiError(bus_.Change([&](EventSettings& settings) -> Result<void> {
      SetOptions(wish, settings);
      return {};
    })));
  } else {
    FIRN_CHECK(fixed("TopicName", wish.topic));
    key = ManagedKey(record.id);
    FIRN_CHECK(AsApiError(bus_.Change([&](EventSettings& settings) -> Result<void> {
      ManagedSubscription* managed = FindManaged(settings, record.id);
      if (managed == nullptr) return {};
      managed->running = wish.running;
      managed->from_earliest = wish.from_earliest;
      managed->recover_earliest = wish.recover_earliest;
      return {};
    })));
  }
  const std::string label = wish.label.empty() ? FieldOf(record, "MasterLabel") : wish.label;
  ToolingName renamed = names.Of(key, FieldOf(record, "FullName"));
  names.Drop(key);
  ToolingName& name = names.Of(key, renamed.name);
  renamed.label = label;
  name = renamed;
  return names.Save(db_);
}

Result<void> ToolingBook::Delete(const ToolingRecord& record) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(ToolingNames names, ToolingNames::Load(db_));
  const std::string full_name = FieldOf(record, "FullName");
  const auto metadata = nlohmann::json::parse(FieldOf(record, "Metadata"), nullptr, false);
  FIRN_CHECK(AsApiError(bus_.Change([&](EventSettings& settings) -> Result<void> {
    if (record.object == kManagedObject) {
      std::erase_if(settings.managed, [&](const auto& one) { return one.id == record.id; });
      names.Drop(ManagedKey(record.id));
      return {};
    }
    if (record.object == kEnrichedObject) {
      DropEnriched(record.id, settings, names);
      return {};
    }
    if (record.object == kChannelObject) {
      // Its members go with it.
      for (const std::string& object : settings.channels[full_name]) {
        names.Drop(MemberKey(full_name, object));
      }
      settings.channels.erase(full_name);
      names.Drop(ChannelKey(full_name));
      return {};
    }
    const std::string channel = metadata.value("eventChannel", "");
    const std::string object = ObjectOfEntity(metadata.value("selectedEntity", ""));
    auto& members = channel == kDefaultChannel ? settings.selected : settings.channels[channel];
    std::erase(members, object);
    for (const std::string& field : OptionsOf(settings, channel, object).enriched_fields) {
      names.Drop(EnrichedKey(channel, object, field));
    }
    names.Drop(MemberKey(channel, object));
    return {};
  })));
  return names.Save(db_);
}

}  // namespace firn::sandbox
