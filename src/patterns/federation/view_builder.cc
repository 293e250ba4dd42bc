#include "patterns/federation/view_builder.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

#include "ends/lake/updates/table_updates.h"

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kLastAdded = -1;
constexpr int kFormatVersion = 1;
constexpr int kHistorySize = 10;
constexpr const char* kHistorySizeKey = "version.history.num-entries";
constexpr const char* kDropDialectKey = "replace.drop-dialect.allowed";

tl::unexpected<Error> Bad(std::string what) {
  return Fail(Error(Kind::kBadInput, "CAT-VIEW-003", std::move(what)));
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::set<std::string> DialectsOf(const Json& version) {
  std::set<std::string> out;
  for (const Json& form : version.at("representations")) {
    if (form.value("type", "") == "sql") out.insert(Lower(form.value("dialect", "")));
  }
  return out;
}

std::string Listed(const std::set<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return "[" + out + "]";
}

// Equal for a reader: the id and the time do not matter.
bool SameVersion(const Json& one, const Json& other) {
  for (const char* key :
       {"summary", "representations", "default-catalog", "default-namespace", "schema-id"}) {
    // Sorted keys: the order of members is no difference.
    if (nlohmann::json(one.value(key, Json())) != nlohmann::json(other.value(key, Json())))
      return false;
  }
  return true;
}

Result<void> CheckVersion(const Json& version) {
  for (const char* key : {"version-id", "timestamp-ms", "schema-id"}) {
    if (!version.contains(key) || !version[key].is_number_integer())
      return Bad("a view version has no `" + std::string(key) + "`");
  }
  if (!version.contains("representations") || !version["representations"].is_array())
    return Bad("a view version has no `representations`");
  if (!version.contains("default-namespace") || !version["default-namespace"].is_array())
    return Bad("a view version has no `default-namespace`");
  for (const Json& level : version["default-namespace"]) {
    if (!level.is_string()) return Bad("`default-namespace` holds something that is no text");
  }
  if (const Json catalog = version.value("default-catalog", Json());
      !catalog.is_null() && !catalog.is_string())
    return Bad("`default-catalog` is no text");
  const Json summary = version.value("summary", Json::object());
  if (!summary.is_object() || std::any_of(summary.begin(), summary.end(),
                                          [](const Json& value) { return !value.is_string(); }))
    return Bad("`summary` is no object of texts");
  std::set<std::string> dialects;
  for (const Json& form : version["representations"]) {
    if (!form.is_object()) return Bad("a representation is no object");
    if (form.value("type", "") != "sql")
      return Bad("Found unsupported view representation: " + form.value("type", ""));
    if (!form.contains("sql") || !form["sql"].is_string() || !form.contains("dialect") ||
        !form["dialect"].is_string())
      return Bad("a representation has no `sql` or no `dialect`");
    const std::string dialect = Lower(form["dialect"].get<std::string>());
    if (!dialects.insert(dialect).second)
      return Bad("Invalid view version: Cannot add multiple queries for dialect " + dialect);
  }
  return {};
}

}  // namespace

Result<Json> ParseViewMetadata(std::string_view bytes) {
  const auto corrupt = [](const std::string& why) {
    return Fail(
        Error(Kind::kCorrupt, "CAT-VIEW-003", "the view's metadata cannot be read").Because(why));
  };
  Json view = Json::parse(bytes, nullptr, false);
  if (!view.is_object()) return corrupt("it is no JSON object");
  try {
    if (view.at("format-version").get<int>() != kFormatVersion)
      return corrupt("its format version is not 1");
    const int current = view.at("current-version-id").get<int>();
    view.at("view-uuid").get_ref<const std::string&>();
    view.at("location").get_ref<const std::string&>();
    bool found = false;
    for (const Json& version : view.at("versions")) {
      if (auto sound = CheckVersion(version); !sound) return corrupt(sound.error().what());
      found = found || version["version-id"] == current;
    }
    if (!found) return corrupt("`current-version-id` names no version");
    if (!view.at("schemas").is_array() || !view.at("version-log").is_array())
      return corrupt("`schemas` or `version-log` is no list");
    if (!view.contains("properties")) view["properties"] = Json::object();
  } catch (const Json::exception&) {
    return corrupt("a member is missing or of the wrong type");
  }
  return view;
}

ViewBuilder::ViewBuilder(int64_t now_ms)
    : view_(std::make_unique<Json>(Json{{"view-uuid", ""},
                                        {"format-version", kFormatVersion},
                                        {"location", ""},
                                        {"schemas", Json::array()},
                                        {"current-version-id", kLastAdded},
                                        {"versions", Json::array()},
                                        {"version-log", Json::array()},
                                        {"properties", Json::object()}})),
      now_ms_(now_ms) {}

ViewBuilder::ViewBuilder(const Json& base, int64_t now_ms)
    : view_(std::make_unique<Json>(base)),
      now_ms_(now_ms),
      version_before_(base.at("current-version-id").get<int>()) {}

ViewBuilder::~ViewBuilder() = default;

Result<void> ViewBuilder::Apply(const Json& update) {
  if (!update.is_object() || !update.contains("action") || !update["action"].is_string())
    return Bad("an update has no `action`");
  const std::string action = update["action"].get<std::string>();
  try {
    return ApplyKnown(action, update);
  } catch (const Json::exception&) {
    return Bad("update `" + action + "` lacks a member, or one is of the wrong type");
  }
}

Result<void> ViewBuilder::ApplyKnown(const std::string& action, const Json& update) {
  Json& view = *view_;
  if (action == "add-schema") return AddSchema(update.at("schema"));
  if (action == "add-view-version") return AddVersion(update.at("view-version"));
  if (action == "set-current-view-version")
    return SetCurrent(update.at("view-version-id").get<int>());
  if (action == "assign-uuid") {
    const std::string uuid = update.at("uuid").get<std::string>();
    if (view["view-uuid"] != "" && view["view-uuid"] != uuid) return Bad("Cannot reassign uuid");
    changed_ = changed_ || view["view-uuid"] != uuid;
    view["view-uuid"] = uuid;
  } else if (action == "upgrade-format-version") {
    if (update.at("format-version").get<int>() != kFormatVersion)
      return Bad("a view has format version 1");
  } else if (action == "set-location") {
    std::string location = update.at("location").get<std::string>();
    while (location.size() > 1 && location.ends_with('/')) location.pop_back();
    changed_ = changed_ || view["location"] != location;
    view["location"] = location;
  } else if (action == "set-properties") {
    for (const auto& [key, value] : update.at("updates").items()) {
      view["properties"][key] = value.get_ref<const std::string&>();
      changed_ = true;
    }
  } else if (action == "remove-properties") {
    for (const Json& key : update.at("removals"))
      changed_ = view["properties"].erase(key.get<std::string>()) > 0 || changed_;
  } else {
    return Bad("Invalid update action: `" + action.substr(0, 64) + "`");
  }
  return {};
}

Result<void> ViewBuilder::AddSchema(const Json& schema) {
  const std::string text = schema.dump();
  FIRN_CHECK(lake::CheckSchemaJson(text));
  int id = 0;
  for (const Json& known : (*view_)["schemas"]) {
    const int known_id = known.value("schema-id", 0);
    if (lake::SameSchemaJson(known.dump(), text)) {
      last_schema_ = known_id;
      return {};
    }
    id = std::max(id, known_id + 1);
  }
  Json own = schema;
  own["schema-id"] = id;
  if (!own.contains("type")) own["type"] = "struct";
  (*view_)["schemas"].push_back(std::move(own));
  last_schema_ = id;
  changed_ = true;
  return {};
}

const ViewBuilder::Json* ViewBuilder::Version(int version_id) const {
  for (const Json& version : (*view_)["versions"]) {
    if (version["version-id"] == version_id) return &version;
  }
  return nullptr;
}

Result<void> ViewBuilder::AddVersion(const Json& given) {
  FIRN_CHECK(CheckVersion(given));
  Json version = given;
  if (version["schema-id"] == kLastAdded) {
    if (!last_schema_) return Bad("Cannot set last added schema: no schema has been added");
    version["schema-id"] = *last_schema_;
  }
  const auto& schemas = (*view_)["schemas"];
  const bool known_schema = std::any_of(schemas.begin(), schemas.end(), [&](const Json& schema) {
    return schema.value("schema-id", 0) == version["schema-id"];
  });
  if (!known_schema)
    return Bad("Cannot add version with unknown schema: " + version["schema-id"].dump());
  int id = version["version-id"].get<int>();
  for (const Json& known : (*view_)["versions"]) {
    if (SameVersion(known, version)) {
      last_version_ = known["version-id"].get<int>();
      return {};
    }
    id = std::max(id, known["version-id"].get<int>() + 1);
  }
  version["version-id"] = id;
  (*view_)["versions"].push_back(std::move(version));
  added_versions_.insert(id);
  last_version_ = id;
  changed_ = true;
  return {};
}

Result<void> ViewBuilder::SetCurrent(int version_id) {
  if (version_id == kLastAdded) {
    if (!last_version_)
      return Bad("Cannot set last version id: no current version id has been set");
    version_id = *last_version_;
  }
  if ((*view_)["current-version-id"] == version_id) return {};
  const Json* version = Version(version_id);
  if (version == nullptr)
    return Bad("Cannot set current version to unknown version: " + std::to_string(version_id));
  (*view_)["current-version-id"] = version_id;
  const int64_t at =
      added_versions_.contains(version_id) ? (*version)["timestamp-ms"].get<int64_t>() : now_ms_;
  history_entry_ = std::make_unique<Json>(Json{{"timestamp-ms", at}, {"version-id", version_id}});
  changed_ = true;
  return {};
}

Result<void> ViewBuilder::CheckDialects() const {
  if (!version_before_ || (*view_)["properties"].value(kDropDialectKey, "false") == "true")
    return {};
  const Json* before = Version(*version_before_);
  const Json* now = Version((*view_)["current-version-id"].get<int>());
  if (before == nullptr || now == nullptr) return {};
  const auto had = DialectsOf(*before);
  const auto has = DialectsOf(*now);
  if (std::includes(has.begin(), has.end(), had.begin(), had.end())) return {};
  return Bad("Cannot replace view due to loss of view dialects (" + std::string(kDropDialectKey) +
             "=false):\nPrevious dialects: " + Listed(had) + "\nNew dialects: " + Listed(has));
}

// Keeps the newest versions, those of this commit and the current one; the log is cut after the
// last version that is gone.
Result<void> ViewBuilder::Trim() {
  Json& view = *view_;
  int keep = kHistorySize;
  if (const auto found = view["properties"].find(kHistorySizeKey);
      found != view["properties"].end()) {
    const std::string text = found->get<std::string>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), keep);
    if (error != std::errc() || end != text.data() + text.size() || keep <= 0)
      return Bad(std::string(kHistorySizeKey) + " must be positive but was " + text);
  }
  const int current = view["current-version-id"].get<int>();
  std::set<int> must = added_versions_;
  must.insert(current);
  keep = std::max(keep, static_cast<int>(must.size()));
  if (static_cast<int>(view["versions"].size()) <= keep) return {};
  std::vector<int> ids;
  for (const Json& version : view["versions"]) ids.push_back(version["version-id"].get<int>());
  std::sort(ids.rbegin(), ids.rend());
  std::set<int> kept = {current};
  for (const int id : ids) {
    if (static_cast<int>(kept.size()) < keep) kept.insert(id);
  }
  Json versions = Json::array();
  for (Json& version : view["versions"]) {
    if (kept.contains(version["version-id"].get<int>())) versions.push_back(std::move(version));
  }
  Json log = Json::array();
  for (Json& entry : view["version-log"]) {
    if (kept.contains(entry["version-id"].get<int>())) {
      log.push_back(std::move(entry));
    } else {
      log.clear();
    }
  }
  view["versions"] = std::move(versions);
  view["version-log"] = std::move(log);
  return {};
}

Result<Json> ViewBuilder::Build() && {
  Json& view = *view_;
  try {
    if (view["location"] == "") return Bad("Invalid location: null");
    if (view["versions"].empty()) return Bad("Invalid view: no versions were added");
    if (Version(view["current-version-id"].get<int>()) == nullptr)
      return Bad("the view has no current version");
    if (history_entry_) view["version-log"].push_back(*history_entry_);
    FIRN_CHECK(CheckDialects());
    FIRN_CHECK(Trim());
  } catch (const Json::exception&) {
    return Bad("the view has a member of the wrong type");
  }
  return std::move(view);
}

}  // namespace firn::federation
