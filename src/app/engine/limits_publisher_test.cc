// What could go wrong in production: the alarm on the org's API usage watches a metric that nobody
// writes, or pays for one that nobody reads.
#include "app/engine/limits_publisher.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace firn::engine {
namespace {

using project::CloudWatchMode;

struct Sent {
  std::string ns;
  std::string org;
  std::vector<LimitValue> values;
};

class Publisher : public testing::Test {
 protected:
  MetricsRegistry metrics_;
  std::vector<Sent> sent_;
  std::vector<std::string> lines_;
  LimitsPublisher publisher_{metrics_,
                             [this](const Call&, const std::string& ns, const std::string& org,
                                    const std::vector<LimitValue>& values) -> Result<void> {
                               sent_.push_back({ns, org, values});
                               return {};
                             },
                             [this](const std::string& line) { lines_.push_back(line); }};
  project::DaemonSettings settings_{.cloudwatch = CloudWatchMode::kPut,
                                    .cloudwatch_namespace = "Firn/Salesforce"};
  const salesforce::Limits limits_ = {{"DailyApiRequests", {15'000, 12'834}},
                                      {"DataStorageMB", {1024, 1000}}};
};

TEST_F(Publisher, TheGuidesMetricIsUsedAndMaxOfTheDailyRequests) {
  ASSERT_TRUE(publisher_.Publish({}, settings_, "prod", limits_));
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].org, "prod");
  ASSERT_EQ(sent_[0].values.size(), 2U);
  EXPECT_EQ(sent_[0].values[0].metric, "DailyApiRequests.Used");
  EXPECT_EQ(sent_[0].values[0].value, 2166);
  EXPECT_EQ(sent_[0].values[1].metric, "DailyApiRequests.Max");
  EXPECT_EQ(sent_[0].values[1].value, 15'000);
}

TEST_F(Publisher, PrometheusGetsEveryLimit) {
  settings_.cloudwatch = CloudWatchMode::kOff;
  ASSERT_TRUE(publisher_.Publish({}, settings_, "prod", limits_));
  EXPECT_TRUE(sent_.empty());
  const std::string text = metrics_.Prometheus();
  EXPECT_NE(text.find("salesforce_limit_used{org=\"prod\",limit=\"DataStorageMB\"} 24"),
            std::string::npos)
      << text;
}

TEST_F(Publisher, HeadersArePublishedWhenTheySaySomethingNew) {
  ASSERT_TRUE(publisher_.Publish({}, settings_, "prod", limits_));
  salesforce::BudgetView view;
  view.known = true;
  view.calls_used = 2166;
  view.calls_max = 15'000;
  ASSERT_TRUE(publisher_.PublishUsage({}, settings_, "prod", view));
  EXPECT_EQ(sent_.size(), 1U) << "nothing new";
  view.calls_used = 2170;
  ASSERT_TRUE(publisher_.PublishUsage({}, settings_, "prod", view));
  ASSERT_EQ(sent_.size(), 2U);
  EXPECT_EQ(sent_[1].values[0].value, 2170);
}

TEST_F(Publisher, AnEmbeddedMetricLineNamesItsMetricsAndHoldsTheirValues) {
  settings_.cloudwatch = CloudWatchMode::kEmf;
  ASSERT_TRUE(publisher_.Publish({}, settings_, "prod", limits_));
  ASSERT_EQ(lines_.size(), 1U);
  const auto line = nlohmann::json::parse(lines_[0]);
  const auto& directive = line["_aws"]["CloudWatchMetrics"][0];
  EXPECT_EQ(directive["Namespace"], "Firn/Salesforce");
  EXPECT_EQ(directive["Dimensions"][0][0], "Org");
  EXPECT_EQ(line["Org"], "prod");
  for (const auto& metric : directive["Metrics"]) {
    EXPECT_TRUE(line.contains(metric["Name"].get<std::string>())) << metric;
  }
  EXPECT_EQ(line["DailyApiRequests.Used"], 2166);
}

}  // namespace
}  // namespace firn::engine
