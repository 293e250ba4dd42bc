#include "ends/aws/cloudwatch_logs.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "ends/aws/internal/json_api.h"

namespace firn::aws {
namespace {

using nlohmann::json;

constexpr Service kLogs{"CLOUDWATCH_LOGS", "logs", "logs"};

Result<void> MakeStream(const Call& call, AwsClient& client, const LogStream& stream) {
  auto made = AskJson(call, client, kLogs, "Logs_20140328.CreateLogStream",
                      {{"logGroupName", stream.group}, {"logStreamName", stream.name}});
  if (made || made.error().remote().api_code == "ResourceAlreadyExistsException") return {};
  return Fail(std::move(made).error());
}

// Events by time, as the service wants them: places in `events`.
std::vector<size_t> InOrder(std::span<const LogEvent> events) {
  std::vector<size_t> order(events.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return events[a].time < events[b].time; });
  return order;
}

EntryOutcomes Outcomes(const json& answer, const std::vector<size_t>& order) {
  EntryOutcomes outcomes(order.size());
  const json refused = answer.value("rejectedLogEventsInfo", json::object());
  const auto refuse = [&](int64_t from, int64_t to, const char* why) {
    for (int64_t i = std::max<int64_t>(from, 0); i < std::min<int64_t>(to, std::ssize(order));
         ++i) {
      outcomes[order[static_cast<size_t>(i)]] = EntryError(kLogs, "RejectedLogEvent", why, true);
    }
  };
  const auto all = static_cast<int64_t>(order.size());
  if (refused.contains("tooNewLogEventStartIndex")) {
    refuse(refused["tooNewLogEventStartIndex"].get<int64_t>(), all, "its time is in the future");
  }
  for (const char* end : {"tooOldLogEventEndIndex", "expiredLogEventEndIndex"}) {
    if (refused.contains(end)) refuse(0, refused[end].get<int64_t>(), "it is too old");
  }
  return outcomes;
}

}  // namespace

Result<EntryOutcomes> PutLogEvents(const Call& call, AwsClient& client, const LogStream& stream,
                                   std::span<const LogEvent> events) {
  FIRN_ASSERT(events.size() <= kLogEventsMax);
  const std::vector<size_t> order = InOrder(events);
  json lines = json::array();
  for (const size_t place : order) {
    const auto time = std::chrono::floor<std::chrono::milliseconds>(events[place].time);
    lines.push_back(
        {{"timestamp", time.time_since_epoch().count()}, {"message", events[place].message}});
  }
  const json body = {{"logGroupName", stream.group},
                     {"logStreamName", stream.name},
                     {"logEvents", std::move(lines)}};
  auto answer = AskJson(call, client, kLogs, "Logs_20140328.PutLogEvents", body);
  if (!answer && answer.error().remote().api_code == "ResourceNotFoundException") {
    FIRN_CHECK(MakeStream(call, client, stream));
    answer = AskJson(call, client, kLogs, "Logs_20140328.PutLogEvents", body);
  }
  if (!answer) return Fail(std::move(answer).error());
  return Reading(kLogs, [&]() -> Result<EntryOutcomes> { return Outcomes(*answer, order); });
}

}  // namespace firn::aws
