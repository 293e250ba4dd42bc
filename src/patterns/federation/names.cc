#include "patterns/federation/names.h"

#include <nlohmann/json.hpp>

namespace firn::federation {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kLevelSeparator = '\x1f';
constexpr size_t kLevelsMax = 32;
// What the columns of the catalog file hold.
constexpr size_t kNameBytesMax = 255;

tl::unexpected<Error> Bad(std::string what) {
  return Fail(Error(Kind::kBadInput, "CAT-NAME-001", std::move(what)));
}

bool HasControl(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

Result<void> CheckLevels(const Levels& levels) {
  if (levels.empty()) return Bad("the namespace has no level");
  if (levels.size() > kLevelsMax)
    return Bad("the namespace has more than " + std::to_string(kLevelsMax) + " levels");
  for (const std::string& level : levels) {
    if (level.empty()) return Bad("a level of the namespace is empty");
    if (HasControl(level)) return Bad("a level of the namespace holds a control character");
  }
  if (CatalogText(levels).size() > kNameBytesMax)
    return Bad("the namespace is longer than " + std::to_string(kNameBytesMax) + " bytes");
  return {};
}

}  // namespace

Result<Levels> LevelsFromPath(std::string_view text) {
  Levels levels;
  size_t at = 0;
  while (at <= text.size()) {
    const size_t end = std::min(text.find(kLevelSeparator, at), text.size());
    levels.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  FIRN_CHECK(CheckLevels(levels));
  return levels;
}

Result<Levels> LevelsFromJson(const Json& json) {
  if (!json.is_array()) return Bad("`namespace` is no list");
  Levels levels;
  for (const Json& level : json) {
    if (!level.is_string()) return Bad("`namespace` holds something that is no text");
    levels.push_back(level.get<std::string>());
  }
  FIRN_CHECK(CheckLevels(levels));
  return levels;
}

Result<EntryName> EntryNameFromJson(const Json& json) {
  if (!json.is_object() || !json.contains("namespace") || !json.contains("name") ||
      !json["name"].is_string())
    return Bad("an identifier needs `namespace` and `name`");
  EntryName name;
  FIRN_TRY(name.ns, LevelsFromJson(json["namespace"]));
  name.name = json["name"].get<std::string>();
  FIRN_CHECK(CheckEntryName(name.name));
  return name;
}

Result<void> CheckEntryName(std::string_view name) {
  if (name.empty()) return Bad("the name is empty");
  if (name.size() > kNameBytesMax)
    return Bad("the name is longer than " + std::to_string(kNameBytesMax) + " bytes");
  if (HasControl(name)) return Bad("the name holds a control character");
  return {};
}

std::string CatalogText(const Levels& levels) {
  std::string out;
  for (const std::string& level : levels) {
    if (!out.empty()) out += '.';
    for (const char c : level) {
      if (c == '.') {
        out += "%2E";
      } else if (c == '%') {
        out += "%25";
      } else {
        out += c;
      }
    }
  }
  return out;
}

Levels LevelsFromCatalog(std::string_view text) {
  Levels levels(1);
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '.') {
      levels.emplace_back();
    } else if (text.substr(at, 3) == "%2E") {
      levels.back() += '.';
      at += 2;
    } else if (text.substr(at, 3) == "%25") {
      levels.back() += '%';
      at += 2;
    } else {
      levels.back() += text[at];
    }
  }
  return levels;
}

lake::TableIdent IdentOf(const EntryName& name) { return {CatalogText(name.ns), name.name}; }

Levels PathOf(const EntryName& name) {
  Levels path = name.ns;
  path.push_back(name.name);
  return path;
}

std::string Shown(const Levels& levels) {
  std::string out;
  for (const std::string& level : levels) out += (out.empty() ? "" : ".") + level;
  return out;
}

std::string Shown(const EntryName& name) { return Shown(name.ns) + "." + name.name; }

}  // namespace firn::federation
