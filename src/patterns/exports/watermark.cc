#include "patterns/exports/watermark.h"

#include <nlohmann/json.hpp>

#include "ends/lake/merge.h"

namespace firn::exports {

std::string ConsumerOf(const std::string& object) { return "export:" + object; }

std::string ProgressToJson(const Progress& progress) {
  nlohmann::ordered_json json;
  json["watermark"] = progress.watermark;
  if (!progress.swept.empty()) json["swept"] = progress.swept;
  if (!progress.refreshed.empty()) json["refreshed"] = progress.refreshed;
  if (!progress.hidden.empty()) json["hidden"] = progress.hidden;
  return json.dump();
}

std::optional<Progress> ProgressFromJson(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("watermark")) return std::nullopt;
  try {
    Progress progress;
    progress.watermark = json.at("watermark").get<std::string>();
    progress.swept = json.value("swept", "");
    if (json.contains("refreshed")) json.at("refreshed").get_to(progress.refreshed);
    if (json.contains("hidden")) json.at("hidden").get_to(progress.hidden);
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
