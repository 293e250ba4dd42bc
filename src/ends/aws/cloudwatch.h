// Amazon CloudWatch: metric values.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "ends/aws/client.h"

namespace firn::aws {

struct MetricDatum {
  std::string name;                                             // `DailyApiRequests.Used`
  std::vector<std::pair<std::string, std::string>> dimensions;  // at most 30
  double value = 0;
  std::string unit;  // `Count`, `Seconds`, ..; empty: `None`
  UtcMicros time;    // at most two weeks ago
};

// Any number of values, in calls of at most 1,000. A repeated call adds the values once more.
// Errors: of AwsClient. Source: Amazon CloudWatch API Reference, "PutMetricData", read 2026-11.
[[nodiscard]] Result<void> PutMetricData(const Call& call, AwsClient& client, const std::string& ns,
                                         const std::vector<MetricDatum>& data);

}  // namespace firn::aws
