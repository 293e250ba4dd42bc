// LimitsPublisher: what an org may still spend, as gauges for Prometheus and, when configured, as
// CloudWatch metrics: by PutMetricData, or as lines of the embedded metric format on stdout, which
// the CloudWatch agent and Lambda turn into metrics.
//
// The metrics are `DailyApiRequests.Used` and `.Max`, and the same of `DailyBulkV2QueryJobs`, with
// the dimension `Org`. Any thread. Source: CloudWatch User Guide, "Specification: Embedded metric
// format"; REST API Developer Guide, "Limits"; read 2026-11.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/call.h"
#include "core/base/metrics.h"
#include "core/project/project.h"
#include "ends/salesforce/limits.h"

namespace firn::engine {

// One number of an org.
struct LimitValue {
  std::string metric;  // `DailyApiRequests.Used`
  double value = 0;
};

// The values of CloudWatch's embedded metric format, one JSON line without its end. `time`: of the
// values.
[[nodiscard]] std::string EmfLine(const std::string& ns, const std::string& org, UtcMicros time,
                                  const std::vector<LimitValue>& values);

// Where values of an org go besides Prometheus. Errors: of the call; the next poll tries again.
using PutValues =
    std::function<Result<void>(const Call& call, const std::string& ns, const std::string& org,
                               const std::vector<LimitValue>& values)>;
// By PutMetricData, with the credentials and region of whoever runs Firn, found at the first call.
[[nodiscard]] PutValues PutToCloudWatch();

class LimitsPublisher {
 public:
  // `metrics` outlives the publisher. `put` serves the mode `put`; `line` takes the lines of `emf`.
  LimitsPublisher(MetricsRegistry& metrics, PutValues put,
                  std::function<void(const std::string&)> line)
      : metrics_(metrics), put_(std::move(put)), line_(std::move(line)) {}

  [[nodiscard]] Result<void> Publish(const Call& call, const project::DaemonSettings& settings,
                                     const std::string& org, const salesforce::Limits& limits);
  // The usage that the last answer's header told; does nothing when it is what was published last.
  [[nodiscard]] Result<void> PublishUsage(const Call& call, const project::DaemonSettings& settings,
                                          const std::string& org,
                                          const salesforce::BudgetView& view);

 private:
  Result<void> Send(const Call& call, const project::DaemonSettings& settings,
                    const std::string& org, const std::vector<LimitValue>& values);

  MetricsRegistry& metrics_;
  const PutValues put_;
  const std::function<void(const std::string&)> line_;
  std::mutex mutex_;
  std::map<std::string, int64_t> last_used_;
};

}  // namespace firn::engine
