// Spans and metrics as the bytes of OTLP requests (protobuf). Pure functions.
//
// Source: OTLP specification 1.x; OpenTelemetry semantic conventions for resources, processes and
// HTTP; read 2026-11.
#pragma once

#include <string>
#include <vector>

#include "core/base/metrics.h"
#include "core/base/span.h"
#include "ends/telemetry/settings.h"

namespace firn::telemetry {

// Who tells: the resource's attributes, and the version of this program.
struct Teller {
  TextPairs resource;
  std::string version;
};

[[nodiscard]] std::string EncodeSpans(const std::vector<FinishedSpan>& spans, const Teller& teller);

// Sums and histograms count from `began`; all points are of `now`.
struct MetricTimes {
  UtcMicros began{};
  UtcMicros now{};
};
[[nodiscard]] std::string EncodeMetrics(const std::vector<MetricFamily>& families,
                                        const MetricTimes& times, const Teller& teller);

}  // namespace firn::telemetry
