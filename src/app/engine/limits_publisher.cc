#include "app/engine/limits_publisher.h"

#include <nlohmann/json.hpp>

#include "app/engine/aws_access.h"
#include "ends/aws/cloudwatch.h"

namespace firn::engine {
namespace {

// Published to CloudWatch, where each metric costs money; Prometheus gets all.
constexpr std::string_view kPublished[] = {"DailyApiRequests", "DailyBulkV2QueryJobs"};
constexpr size_t kLimitsMax = 200;  // an org has about 70

}  // namespace

std::string EmfLine(const std::string& ns, const std::string& org, UtcMicros time,
                    const std::vector<LimitValue>& values) {
  nlohmann::json metrics = nlohmann::json::array();
  nlohmann::json line = nlohmann::json::object();
  for (const LimitValue& value : values) {
    metrics.push_back({{"Name", value.metric}, {"Unit", "Count"}});
    line[value.metric] = value.value;
  }
  line["Org"] = org;
  line["_aws"] = {
      {"Timestamp",
       std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count()},
      {"CloudWatchMetrics",
       {{{"Namespace", ns},
         {"Dimensions", nlohmann::json::array({nlohmann::json::array({"Org"})})},
         {"Metrics", metrics}}}}};
  return line.dump();
}

PutValues PutToCloudWatch() {
  struct Kept {
    std::mutex mutex;
    std::shared_ptr<AwsAccess> access;
  };
  auto kept = std::make_shared<Kept>();
  return [kept](const Call& call, const std::string& ns, const std::string& org,
                const std::vector<LimitValue>& values) -> Result<void> {
    std::shared_ptr<AwsAccess> access;
    {
      const std::lock_guard lock(kept->mutex);
      if (!kept->access) {
        FIRN_TRY(kept->access, AwsAccess::Open());
      }
      access = kept->access;
    }
    std::vector<aws::MetricDatum> data;
    for (const LimitValue& value : values) {
      data.push_back({.name = value.metric,
                      .dimensions = {{"Org", org}},
                      .value = value.value,
                      .unit = "Count",
                      .time = call.clock->Now()});
    }
    return aws::PutMetricData(call, access->client(), ns, data);
  };
}

Result<void> LimitsPublisher::Send(const Call& call, const project::DaemonSettings& settings,
                                   const std::string& org, const std::vector<LimitValue>& values) {
  if (values.empty()) return {};
  switch (settings.cloudwatch) {
    case project::CloudWatchMode::kOff:
      return {};
    case project::CloudWatchMode::kEmf:
      line_(EmfLine(settings.cloudwatch_namespace, org, call.clock->Now(), values));
      return {};
    case project::CloudWatchMode::kPut:
      break;
  }
  return put_(call, settings.cloudwatch_namespace, org, values);
}

Result<void> LimitsPublisher::Publish(const Call& call, const project::DaemonSettings& settings,
                                      const std::string& org, const salesforce::Limits& limits) {
  std::vector<LimitValue> values;
  size_t count = 0;
  for (const auto& [name, limit] : limits) {
    if (++count > kLimitsMax) break;
    const auto used = static_cast<double>(limit.max - limit.remaining);
    const auto max = static_cast<double>(limit.max);
    const Labels labels = {{"org", org}, {"limit", name}};
    metrics_.GetGauge("salesforce_limit_used", labels, "Used of a limit of the org, by /limits")
        .Set(used);
    metrics_.GetGauge("salesforce_limit_max", labels, "A limit of the org, by /limits").Set(max);
    for (const std::string_view published : kPublished) {
      if (name != published) continue;
      values.push_back({name + ".Used", used});
      values.push_back({name + ".Max", max});
    }
  }
  if (const auto daily = limits.find("DailyApiRequests"); daily != limits.end()) {
    const std::lock_guard lock(mutex_);
    last_used_[org] = daily->second.max - daily->second.remaining;
  }
  return Send(call, settings, org, values);
}

Result<void> LimitsPublisher::PublishUsage(const Call& call,
                                           const project::DaemonSettings& settings,
                                           const std::string& org,
                                           const salesforce::BudgetView& view) {
  if (!view.known) return {};
  {
    const std::lock_guard lock(mutex_);
    auto& last = last_used_[org];
    if (last == view.calls_used) return {};
    last = view.calls_used;
  }
  return Send(call, settings, org,
              {{"DailyApiRequests.Used", static_cast<double>(view.calls_used)},
               {"DailyApiRequests.Max", static_cast<double>(view.calls_max)}});
}

}  // namespace firn::engine
