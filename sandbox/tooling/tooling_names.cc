#include "sandbox/tooling/tooling_names.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace firn::sandbox {
namespace {

using nlohmann::json;

constexpr std::string_view kSetting = "tooling";

}  // namespace

Result<ToolingNames> ToolingNames::Load(ApiDb& db) {
  FIRN_TRY(const auto kept, db.Setting(kSetting));
  ToolingNames names;
  const json all = json::parse(kept.value_or("{}"), nullptr, false);
  if (!all.is_object()) return names;
  for (const auto& [key, one] : all.items()) {
    ToolingName& name = names.names_[key];
    name.number = one.value("number", int64_t{0});
    name.name = one.value("name", "");
    name.label = one.value("label", "");
    name.events = one.value("events", false);
    names.last_number_ = std::max(names.last_number_, name.number);
  }
  return names;
}

Result<void> ToolingNames::Save(ApiDb& db) {
  if (!changed_) return {};
  json all = json::object();
  for (const auto& [key, name] : names_) {
    all[key] = {{"number", name.number},
                {"name", name.name},
                {"label", name.label},
                {"events", name.events}};
  }
  changed_ = false;
  return db.SetSetting(kSetting, all.dump(-1, ' ', false, json::error_handler_t::replace));
}

ToolingName& ToolingNames::Of(const std::string& key, const std::string& name_if_new) {
  const auto [found, is_new] = names_.try_emplace(key);
  if (is_new) {
    found->second.number = ++last_number_;
    found->second.name = name_if_new;
    found->second.label = name_if_new;
    changed_ = true;
  }
  return found->second;
}

const ToolingName* ToolingNames::Find(const std::string& key) const {
  const auto found = names_.find(key);
  return found == names_.end() ? nullptr : &found->second;
}

void ToolingNames::Drop(const std::string& key) { changed_ = names_.erase(key) > 0 || changed_; }

}  // namespace firn::sandbox
