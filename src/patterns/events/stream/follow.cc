#include "patterns/events/stream/follow.h"

#include <nlohmann/json.hpp>

#include "patterns/events/stream/run.h"

namespace firn::events {
namespace {

constexpr const char* kArea = "stream";

}  // namespace

Result<StreamReport> FollowTopic(const Call& call, const StreamParts& parts,
                                 const StreamOptions& options) {
  return StreamRun(call, parts, options).Run();
}

Result<std::optional<StreamCursor>> LoadCursor(state::SharedState& shared, const std::string& org,
                                               const std::string& topic) {
  FIRN_TRY(const auto value, shared.Get({org, kArea, topic}));
  if (!value) return std::optional<StreamCursor>();
  return ParseCursor(value->value);
}

Result<std::vector<std::pair<std::string, StreamCursor>>> LoadCursors(state::SharedState& shared,
                                                                      const std::string& org) {
  FIRN_TRY(const auto values, shared.List(org, kArea));
  std::vector<std::pair<std::string, StreamCursor>> cursors;
  for (const auto& [topic, value] : values) {
    if (auto cursor = ParseCursor(value.value)) cursors.emplace_back(topic, *std::move(cursor));
  }
  return cursors;
}

Result<void> SaveCursor(state::SharedState& shared, const std::string& org,
                        const std::string& topic, const StreamCursor& cursor) {
  return shared.Put({org, kArea, topic}, CursorText(cursor));
}

std::string InstanceOf(const Call& call, salesforce::RestClient& rest) {
  auto stream = rest.Query(call, {.soql = "SELECT InstanceName FROM Organization"});
  if (!stream) return "";
  const auto record = (*stream)->Next(call);
  if (!record || !*record) return "";
  const auto json = nlohmann::json::parse(**record, nullptr, false);
  if (!json.is_object() || !json.contains("InstanceName")) return "";
  const auto& name = json["InstanceName"];
  return name.is_string() ? name.get<std::string>() : "";
}

}  // namespace firn::events
