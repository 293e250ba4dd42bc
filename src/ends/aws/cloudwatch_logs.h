// Amazon CloudWatch Logs: lines to a log stream. JSON protocol.
//
// Any thread may call. Source: CloudWatch Logs API Reference (2014-03-28), "PutLogEvents" (10,000
// events, 1 MiB in all with 26 bytes more for each, in order of their times), read 2026-11.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/base/clock.h"
#include "ends/aws/batch.h"
#include "ends/aws/client.h"

namespace firn::aws {

inline constexpr size_t kLogEventsMax = 10'000;
inline constexpr size_t kLogBatchBytesMax = 1'048'576;
inline constexpr size_t kLogEventOverheadBytes = 26;

struct LogStream {
  std::string group;
  std::string name;
};
struct LogEvent {
  UtcMicros time{};
  std::string message;
};
// The stream is made when it is not there. Events that the service finds too old, expired or too
// far in the future are refused one by one.
[[nodiscard]] Result<EntryOutcomes> PutLogEvents(const Call& call, AwsClient& client,
                                                 const LogStream& stream,
                                                 std::span<const LogEvent> events);

}  // namespace firn::aws
