// What could go wrong in production: a collector takes a request and shows something else than was
// meant: a counter that is a gauge, seconds without a unit, an id in the wrong bytes. That the
// bytes are OTLP is judged by a decoder that is not ours (tests/faults/test_daemon_otlp.py).
#include "ends/telemetry/encode.h"

#include <gtest/gtest.h>

#include "ends/telemetry/metric_names.h"
#include "otlp.pb.h"

namespace firn::telemetry {
namespace {

using std::chrono::seconds;

const Teller kTeller{{{"service.name", "firn"}}, "0.1.0"};

otlp::MetricsRequest Decoded(const MetricsRegistry& registry) {
  otlp::MetricsRequest request;
  const MetricTimes times{UtcMicros(seconds(10)), UtcMicros(seconds(20))};
  EXPECT_TRUE(request.ParseFromString(EncodeMetrics(registry.Snapshot(), times, kTeller)));
  return request;
}

TEST(Encoding, ASpanKeepsItsIdsTimesAndCode) {
  FinishedSpan span;
  span.context = {"0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", true};
  span.parent_id = "00f067aa0ba902b7";
  span.name = "export object";
  span.began = UtcMicros(seconds(5));
  span.ended = UtcMicros(seconds(6));
  span.attributes = {{"firn.rows", int64_t{12}}, {"firn.object", std::string("Account")}};
  span.error_code = "SF-BULK-001";
  span.link = TraceContext{"4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b8", true};
  otlp::TraceRequest request;
  ASSERT_TRUE(request.ParseFromString(EncodeSpans({span}, kTeller)));
  const otlp::ResourceSpans& of_resource = request.resource_spans(0);
  EXPECT_EQ(of_resource.resource().attributes(0).value().string_value(), "firn");
  const otlp::Span& sent = of_resource.scope_spans(0).spans(0);
  EXPECT_EQ(sent.trace_id().size(), 16U);
  EXPECT_EQ(sent.trace_id()[0], '\x0a');
  EXPECT_EQ(sent.span_id().size(), 8U);
  EXPECT_EQ(sent.parent_span_id().size(), 8U);
  EXPECT_EQ(sent.end_time_unix_nano() - sent.start_time_unix_nano(), 1'000'000'000U);
  EXPECT_EQ(sent.attributes(0).value().int_value(), 12);
  EXPECT_EQ(sent.status().code(), 2);
  EXPECT_EQ(sent.status().message(), "SF-BULK-001");
  EXPECT_EQ(sent.links(0).span_id().size(), 8U);
}

TEST(Encoding, TextThatIsNoUtf8DoesNotBreakARequest) {
  FinishedSpan span;
  span.context = TraceContext::New(SystemRandom());
  span.name = "bad \xff";
  otlp::TraceRequest request;
  ASSERT_TRUE(request.ParseFromString(EncodeSpans({span}, kTeller)));
  EXPECT_EQ(request.resource_spans(0).scope_spans(0).spans(0).name(), "bad ?");
}

TEST(Encoding, ACounterIsAMonotonicSumFromTheStart) {
  MetricsRegistry registry;
  registry.GetCounter("rows_in_total", {{"org", "prod"}}, "rows received").Add(41);
  const auto request = Decoded(registry);
  const otlp::Metric& metric = request.resource_metrics(0).scope_metrics(0).metrics(0);
  EXPECT_EQ(metric.name(), "firn.rows_in");
  EXPECT_EQ(metric.unit(), "{row}");
  EXPECT_EQ(metric.description(), "rows received");
  ASSERT_TRUE(metric.has_sum());
  EXPECT_TRUE(metric.sum().is_monotonic());
  EXPECT_EQ(metric.sum().aggregation_temporality(), 2);
  const otlp::NumberPoint& point = metric.sum().data_points(0);
  EXPECT_EQ(point.as_int(), 41);
  EXPECT_EQ(point.start_time_unix_nano(), 10'000'000'000U);
  EXPECT_EQ(point.time_unix_nano(), 20'000'000'000U);
  EXPECT_EQ(point.attributes(0).key(), "firn.org");
}

TEST(Encoding, AGaugeHasItsUnitInAFieldAndNoStart) {
  MetricsRegistry registry;
  registry.GetGauge("lag_seconds", {}, "behind").Set(2.5);
  const auto request = Decoded(registry);
  const otlp::Metric& metric = request.resource_metrics(0).scope_metrics(0).metrics(0);
  EXPECT_EQ(metric.name(), "firn.lag");
  EXPECT_EQ(metric.unit(), "s");
  ASSERT_TRUE(metric.has_gauge());
  EXPECT_EQ(metric.gauge().data_points(0).as_double(), 2.5);
  EXPECT_EQ(metric.gauge().data_points(0).start_time_unix_nano(), 0U);
}

TEST(Encoding, RequestsOfTheCatalogFollowTheConventionsForHttp) {
  MetricsRegistry registry;
  constexpr double kBounds[] = {0.1, 1};
  registry
      .GetHistogram("catalog_request_seconds",
                    {{"method", "GET"}, {"route", "/v1/config"}, {"status", "200"}}, "", kBounds)
      .Observe(0.5);
  const auto request = Decoded(registry);
  const otlp::Metric& metric = request.resource_metrics(0).scope_metrics(0).metrics(0);
  EXPECT_EQ(metric.name(), "http.server.request.duration");
  EXPECT_EQ(metric.unit(), "s");
  const otlp::HistogramPoint& point = metric.histogram().data_points(0);
  EXPECT_EQ(point.count(), 1U);
  EXPECT_EQ(point.bucket_counts_size(), 3);
  EXPECT_EQ(point.bucket_counts(1), 1U);
  EXPECT_EQ(point.explicit_bounds_size(), 2);
  EXPECT_EQ(point.attributes(0).key(), "http.request.method");
  EXPECT_EQ(point.attributes(2).key(), "http.response.status_code");
  EXPECT_EQ(point.attributes(2).value().int_value(), 200);
}

TEST(Encoding, ThisProcessIsToldByTheConventionsNames) {
  MetricsRegistry registry;
  registry.GetGauge("process_cpu_seconds_total", {}, "").Set(3);
  registry.GetGauge("process_resident_memory_bytes", {}, "").Set(7);
  const auto request = Decoded(registry);
  const auto& metrics = request.resource_metrics(0).scope_metrics(0).metrics();
  EXPECT_EQ(metrics[0].name(), "process.cpu.time");
  EXPECT_TRUE(metrics[0].sum().is_monotonic());
  EXPECT_EQ(metrics[1].name(), "process.memory.usage");
  EXPECT_EQ(metrics[1].unit(), "By");
  EXPECT_FALSE(metrics[1].sum().is_monotonic());
}

TEST(Encoding, AFamilyWithoutASeriesIsNotSent) {
  MetricFamily empty;
  empty.name = "nothing_total";
  otlp::MetricsRequest request;
  ASSERT_TRUE(request.ParseFromString(EncodeMetrics({empty}, {}, kTeller)));
  EXPECT_EQ(request.resource_metrics(0).scope_metrics(0).metrics_size(), 0);
}

}  // namespace
}  // namespace firn::telemetry
