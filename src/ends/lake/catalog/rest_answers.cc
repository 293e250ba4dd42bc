#include "ends/lake/catalog/rest_answers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/json_depth.h"
#include "ends/lake/catalog/rest_names.h"
#include "ends/lake/internal/json.h"

namespace firn::lake {
namespace {

using internal::Dump;
using internal::Json;

Error NoAnswer(std::string why) {
  return Error(Kind::kCorrupt, "LAKE-REST-009", "the answer is not that of a catalog")
      .Because(std::move(why));
}

Result<Json> Object(const std::string& body) {
  if (NestsDeeperThan(body, kJsonDepthMax)) return Fail(NoAnswer("it is nested too deeply"));
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return Fail(NoAnswer("it is no JSON object"));
  return json;
}

// A member that is text; empty when it is missing or null.
std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

FileSettings SettingsOf(const Json& object, const char* key) {
  FileSettings settings;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return settings;
  for (const auto& [name, value] : found->items()) {
    if (value.is_string()) settings[name] = value.get<std::string>();
  }
  return settings;
}

std::vector<Grant> GrantsOf(const Json& answer) {
  std::vector<Grant> grants;
  const auto found = answer.find("storage-credentials");
  if (found == answer.end() || !found->is_array()) return grants;
  for (const Json& credential : *found) {
    if (!credential.is_object()) continue;
    Grant grant{TextOf(credential, "prefix"), SettingsOf(credential, "config")};
    if (!grant.prefix.empty()) grants.push_back(std::move(grant));
  }
  return grants;
}

// Goes out as it is, in the head of a request.
bool OneLine(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool IsToken(const std::string& name) {
  return name == "token" || name == "credential" ||
         name.starts_with("urn:ietf:params:oauth:token-type:");
}

bool SaysOfFiles(const FileSettings& settings) {
  return std::any_of(settings.begin(), settings.end(), [](const auto& setting) {
    return setting.first.starts_with("s3.") || setting.first == "client.region";
  });
}

// Where files of the table may lie.
std::vector<std::string> PlacesOf(const TableState& state) {
  const std::map<std::string, std::string>& properties = state.metadata->properties;
  std::vector<std::string> places = {state.metadata->location};
  for (const char* name : {"write.data.path", "write.metadata.path", "write.object-storage.path",
                           "write.folder-storage.path"}) {
    const auto found = properties.find(name);
    if (found != properties.end() && !found->second.empty()) places.push_back(found->second);
  }
  const size_t slash = state.metadata_location.rfind('/');
  if (slash != std::string::npos && !state.metadata_location.starts_with(places.front()))
    places.push_back(state.metadata_location.substr(0, slash));
  return places;
}

Result<std::vector<std::string>> LevelsOf(const Json& json) {
  std::vector<std::string> levels;
  if (!json.is_array() || json.empty()) return Fail(NoAnswer("a namespace is no list of levels"));
  for (const Json& level : json) {
    if (!level.is_string()) return Fail(NoAnswer("a level of a namespace is no text"));
    levels.push_back(level.get<std::string>());
  }
  return levels;
}

}  // namespace

Result<LoadedTable> ReadTableAnswer(const std::string& body) {
  FIRN_TRY(const Json answer, Object(body));
  LoadedTable table;
  table.state.metadata_location = TextOf(answer, "metadata-location");
  const auto metadata = answer.find("metadata");
  if (metadata == answer.end() || !metadata->is_object())
    return Fail(NoAnswer("it has no `metadata`"));
  FIRN_TRY(TableMetadata parsed, ParseMetadata(Dump(*metadata)));
  table.state.metadata = std::make_shared<const TableMetadata>(std::move(parsed));
  table.grants = GrantsOf(answer);
  table.config = SettingsOf(answer, "config");
  const auto path = table.config.find("client.refresh-credentials-endpoint");
  if (path != table.config.end()) table.credentials_path = path->second;
  FileSettings of_files = table.config;
  std::erase_if(of_files, [](const auto& setting) { return IsToken(setting.first); });
  // The table's config goes for all its files that nothing else is said of, and says of the others
  // what their own settings leave out.
  for (Grant& grant : table.grants) grant.settings.insert(of_files.begin(), of_files.end());
  if (table.grants.empty() && SaysOfFiles(of_files)) {
    for (std::string& place : PlacesOf(table.state)) table.grants.push_back({place, of_files});
  }
  return table;
}

Result<std::vector<Grant>> ReadCredentialsAnswer(const std::string& body) {
  FIRN_TRY(const Json answer, Object(body));
  return GrantsOf(answer);
}

Result<SignAnswer> ReadSignAnswer(const std::string& body) {
  FIRN_TRY(const Json answer, Object(body));
  SignAnswer out;
  out.uri = TextOf(answer, "uri");
  const auto found = answer.find("headers");
  const bool address = out.uri.starts_with("http://") || out.uri.starts_with("https://");
  if (!address || !OneLine(out.uri) || found == answer.end() || !found->is_object())
    return Fail(NoAnswer("it has no `uri` or no `headers`"));
  for (const auto& [name, values] : found->items()) {
    std::string joined;
    if (!values.is_array()) return Fail(NoAnswer("a header has no list of values"));
    for (const Json& value : values) {
      if (!value.is_string()) return Fail(NoAnswer("a header's value is no text"));
      joined += (joined.empty() ? "" : ", ") + value.get<std::string>();
    }
    if (!OneLine(name) || !OneLine(joined)) return Fail(NoAnswer("a header holds a line break"));
    out.headers.Add(name, joined);
  }
  return out;
}

Result<Page<std::string>> ReadNamespacesAnswer(const std::string& body) {
  FIRN_TRY(const Json answer, Object(body));
  Page<std::string> page;
  page.next = TextOf(answer, "next-page-token");
  const auto found = answer.find("namespaces");
  if (found == answer.end() || !found->is_array()) return Fail(NoAnswer("it has no `namespaces`"));
  for (const Json& json : *found) {
    FIRN_TRY(const auto levels, LevelsOf(json));
    page.items.push_back(NamespaceOfLevels(levels));
  }
  return page;
}

Result<Page<TableIdent>> ReadTablesAnswer(const std::string& body) {
  FIRN_TRY(const Json answer, Object(body));
  Page<TableIdent> page;
  page.next = TextOf(answer, "next-page-token");
  const auto found = answer.find("identifiers");
  if (found == answer.end() || !found->is_array()) return Fail(NoAnswer("it has no `identifiers`"));
  for (const Json& json : *found) {
    if (!json.is_object() || !json.contains("namespace"))
      return Fail(NoAnswer("an identifier has no `namespace`"));
    FIRN_TRY(const auto levels, LevelsOf(json["namespace"]));
    page.items.push_back({NamespaceOfLevels(levels), TextOf(json, "name")});
  }
  return page;
}

}  // namespace firn::lake
