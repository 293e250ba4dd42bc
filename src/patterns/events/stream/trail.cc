#include "patterns/events/stream/trail.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"

namespace firn::events {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr const char* kArea = "stream-trail";
// Events are kept for 72 hours; an hour of that is left for going back. Source: Pub/Sub API
// Developer Guide, "Event Message Durability", read 2026-11.
constexpr int64_t kKeptMs = milliseconds(std::chrono::hours(71)).count();

}  // namespace

bool StreamTrail::Follows(const std::string& table) const {
  return std::find(tables.begin(), tables.end(), table) != tables.end();
}

void StreamTrail::Add(TrailStep step) {
  std::erase_if(steps, [&](const TrailStep& old) { return old.at_ms < step.at_ms - kKeptMs; });
  steps.push_back(std::move(step));
}

std::optional<TrailStep> StreamTrail::Before(int64_t since_ms, int64_t now_ms) const {
  const auto fits = [&](const TrailStep& step) {
    return step.covers_ms <= since_ms && step.at_ms >= now_ms - kKeptMs;
  };
  const auto found = std::find_if(steps.rbegin(), steps.rend(), fits);
  return found == steps.rend() ? std::nullopt : std::optional(*found);
}

std::string TrailText(const StreamTrail& trail) {
  Json steps = Json::array();
  for (const TrailStep& step : trail.steps) {
    steps.push_back({step.at_ms, step.covers_ms, Base64(step.replay_id), step.cycle});
  }
  return Json{{"tables", trail.tables}, {"steps", std::move(steps)}}.dump(
      -1, ' ', false, Json::error_handler_t::replace);
}

std::optional<StreamTrail> ParseTrail(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("tables") || !json["tables"].is_array() ||
      !json.contains("steps") || !json["steps"].is_array()) {
    return std::nullopt;
  }
  StreamTrail trail;
  for (const Json& table : json["tables"]) {
    if (table.is_string()) trail.tables.push_back(table.get<std::string>());
  }
  for (const Json& step : json["steps"]) {
    if (!step.is_array() || step.size() != 4 || !step[0].is_number_integer() ||
        !step[1].is_number_integer() || !step[2].is_string() || !step[3].is_number_integer()) {
      return std::nullopt;
    }
    auto replay_id = FromBase64(step[2].get<std::string>());
    if (!replay_id) return std::nullopt;
    trail.steps.push_back({step[0].get<int64_t>(), step[1].get<int64_t>(), *std::move(replay_id),
                           step[3].get<int64_t>()});
  }
  return trail;
}

Result<std::optional<StreamTrail>> LoadTrail(state::SharedState& shared, const std::string& org,
                                             const std::string& topic) {
  FIRN_TRY(const auto value, shared.Get({org, kArea, topic}));
  if (!value) return std::optional<StreamTrail>();
  return ParseTrail(value->value);
}

Result<void> SaveTrail(state::SharedState& shared, const std::string& org, const std::string& topic,
                       const StreamTrail& trail) {
  return shared.Put({org, kArea, topic}, TrailText(trail));
}

}  // namespace firn::events
