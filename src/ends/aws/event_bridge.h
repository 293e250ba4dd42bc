// Amazon EventBridge: events to a bus. JSON protocol.
//
// Any thread may call. Source: EventBridge API Reference (2015-10-07), "PutEvents" (10 entries,
// less than 1 MB in all); User Guide, "Calculating PutEvents event entry size"; read 2026-11.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "ends/aws/batch.h"
#include "ends/aws/client.h"

namespace firn::aws {

inline constexpr size_t kPutEventsEntriesMax = 10;
inline constexpr size_t kPutEventsBytesMax = 1'000'000;

struct PutEvent {
  std::string bus;  // name or ARN
  std::string source;
  std::string detail_type;
  std::string detail;  // a JSON object's text
  UtcMicros time{};
  std::vector<std::string> resources;

  // As the service counts it.
  [[nodiscard]] size_t Bytes() const;
};
[[nodiscard]] Result<EntryOutcomes> PutEvents(const Call& call, AwsClient& client,
                                              std::span<const PutEvent> events);

}  // namespace firn::aws
