#include "patterns/exports/window/watermark.h"

#include <nlohmann/json.hpp>

#include "ends/lake/merge/merge.h"

namespace firn::exports {

std::string ConsumerOf(const std::string& object) { return "export:" + object; }

std::string ProgressToJson(const Progress& progress) {
  nlohmann::ordered_json json;
  json["watermark"] = progress.watermark;
  const auto add = [&json](const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  add("cursor", progress.cursor);
  add("scope", progress.scope);
  add("swept", progress.swept);
  add("refreshed", progress.refreshed);
  add("deletes_covered", progress.deletes_covered);
  return json.dump();
}

std::optional<Progress> ProgressFromJson(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("watermark")) return std::nullopt;
  try {
    Progress progress;
    progress.watermark = json.at("watermark").get<std::string>();
    progress.cursor = json.value("cursor", "");
    progress.scope = json.value("scope", "");
    progress.swept = json.value("swept", "");
    progress.refreshed = json.value("refreshed", "");
    progress.deletes_covered = json.value("deletes_covered", "");
    return progress;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::optional<Progress> ProgressOf(const lake::Table& table, const std::string& object) {
  if (const auto checkpoint = lake::CheckpointOf(table, ConsumerOf(object))) {
    return ProgressFromJson(*checkpoint);
  }
  // Tables of exports before there were checkpoints.
  const auto history = table.history();
  for (auto snapshot = history.rbegin(); snapshot != history.rend(); ++snapshot) {
    const auto watermark = snapshot->summary.find("firn.watermark");
    if (watermark != snapshot->summary.end() && !watermark->second.empty()) {
      return Progress{.watermark = watermark->second};
    }
  }
  return std::nullopt;
}

}  // namespace firn::exports
