// What the metrics of /metrics are called in OTLP. Pure functions; private to the room.
//
// Prometheus writes type and unit into a name (`rows_in_total`, `lag_seconds`); OpenTelemetry has
// fields for both, and a namespace before the name (`firn.rows_in`, `firn.lag` in `s`). What has a
// name in the semantic conventions gets that one. Source: OpenTelemetry specification, "Prometheus
// and OpenMetrics Compatibility"; semantic conventions for HTTP and process metrics; read 2026-11.
#pragma once

#include <string>

#include "core/base/metrics.h"
#include "core/base/span.h"

namespace firn::telemetry {

enum class MetricShape {
  kCount,  // a sum that only grows
  kLevel,  // a sum that goes up and down: adds up over processes
  kGauge,
  kHistogram,
};

struct MetricName {
  std::string name;
  std::string unit;  // UCUM: `s`, `By`, `{row}`, `1`
  MetricShape shape = MetricShape::kGauge;
  bool is_http = false;  // the labels are HTTP's
};

[[nodiscard]] MetricName MetricNameOf(const MetricFamily& family);
// `org` -> `firn.org`.
[[nodiscard]] std::string AttributeNameOf(const MetricName& metric, const std::string& label);
// A status is a number, all else a text.
[[nodiscard]] SpanValue AttributeValueOf(const std::string& label, const std::string& value);

}  // namespace firn::telemetry
