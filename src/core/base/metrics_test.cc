// What could go wrong in production: a histogram whose buckets do not add up, so that every
// quantile drawn from it is wrong; a snapshot that lacks a series.
#include "core/base/metrics.h"

#include <gtest/gtest.h>

namespace firn {
namespace {

constexpr double kBounds[] = {0.1, 1};

TEST(Histograms, AnObservationCountsInTheFirstBucketThatHoldsIt) {
  Histogram histogram(kBounds);
  for (const double value : {0.05, 0.1, 0.5, 7.0}) histogram.Observe(value);
  const auto state = histogram.state();
  EXPECT_EQ(state.buckets, (std::vector<uint64_t>{2, 1, 1}));
  EXPECT_EQ(state.count, 4U);
  EXPECT_DOUBLE_EQ(state.sum, 7.65);
}

TEST(Histograms, PrometheusBucketsAddUpToTheCount) {
  MetricsRegistry registry;
  Histogram& histogram = registry.GetHistogram("took_seconds", {{"job", "a"}}, "how long", kBounds);
  histogram.Observe(0.5);
  histogram.Observe(2);
  EXPECT_EQ(registry.Prometheus(),
            "# HELP took_seconds how long\n# TYPE took_seconds histogram\n"
            "took_seconds_bucket{job=\"a\",le=\"0.1\"} 0\n"
            "took_seconds_bucket{job=\"a\",le=\"1\"} 1\n"
            "took_seconds_bucket{job=\"a\",le=\"+Inf\"} 2\n"
            "took_seconds_sum{job=\"a\"} 2.5\ntook_seconds_count{job=\"a\"} 2\n");
}

TEST(Metrics, ASnapshotHoldsEverySeriesOfEveryType) {
  MetricsRegistry registry;
  registry.GetCounter("c_total", {{"org", "a"}}, "c").Add(3);
  registry.GetCounter("c_total", {{"org", "b"}}, "c").Add(4);
  registry.GetGauge("g", {}, "g").Set(1.5);
  registry.GetHistogram("h", {}, "h", kBounds).Observe(0.5);
  const auto all = registry.Snapshot();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "c_total");
  ASSERT_EQ(all[0].series.size(), 2U);
  EXPECT_EQ(all[0].series[1].labels, (Labels{{"org", "b"}}));
  EXPECT_EQ(all[0].series[1].value, 4);
  EXPECT_EQ(all[1].type, MetricFamily::Type::kGauge);
  EXPECT_EQ(all[1].series[0].value, 1.5);
  EXPECT_EQ(all[2].bounds, (std::vector<double>{0.1, 1}));
  EXPECT_EQ(all[2].series[0].histogram.count, 1U);
}

}  // namespace
}  // namespace firn
