#include "ends/aws/event_bridge.h"

#include <nlohmann/json.hpp>

#include "ends/aws/internal/json_api.h"

namespace firn::aws {
namespace {

using nlohmann::json;

constexpr Service kEventBridge{"EVENTBRIDGE", "events", "events"};
constexpr size_t kTimeBytes = 14;

// Source: EventBridge API Reference, "PutEventsResultEntry", read 2026-11.
bool IsTransient(const std::string& code) {
  return code == "ThrottlingException" || code == "InternalFailure" || code == "InternalException";
}

}  // namespace

size_t PutEvent::Bytes() const {
  size_t bytes = kTimeBytes + source.size() + detail_type.size() + detail.size();
  for (const std::string& resource : resources) bytes += resource.size();
  return bytes;
}

Result<EntryOutcomes> PutEvents(const Call& call, AwsClient& client,
                                std::span<const PutEvent> events) {
  FIRN_ASSERT(events.size() <= kPutEventsEntriesMax);
  json entries = json::array();
  for (const PutEvent& event : events) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(event.time).time_since_epoch();
    json entry = {{"Source", event.source},
                  {"DetailType", event.detail_type},
                  {"Detail", event.detail},
                  {"Time", seconds.count()},
                  {"Resources", event.resources}};
    if (!event.bus.empty()) entry["EventBusName"] = event.bus;
    entries.push_back(std::move(entry));
  }
  FIRN_TRY(const json answer, AskJson(call, client, kEventBridge, "AWSEvents.PutEvents",
                                      {{"Entries", std::move(entries)}}));
  return Reading(kEventBridge, [&]() -> Result<EntryOutcomes> {
    const json results = answer.value("Entries", json::array());
    if (results.size() != events.size()) return Fail(UnreadableAnswer(kEventBridge));
    EntryOutcomes outcomes(events.size());
    for (size_t i = 0; i < events.size(); ++i) {
      const std::string code = results[i].value("ErrorCode", "");
      if (code.empty()) continue;
      outcomes[i] =
          EntryError(kEventBridge, code, results[i].value("ErrorMessage", ""), !IsTransient(code));
    }
    return outcomes;
  });
}

}  // namespace firn::aws
