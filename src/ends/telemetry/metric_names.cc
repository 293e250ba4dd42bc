#include "ends/telemetry/metric_names.h"

#include <charconv>

namespace firn::telemetry {
namespace {

struct Convention {
  std::string_view ours;
  std::string_view name;
  std::string_view unit;
  MetricShape shape;
  bool is_http;
};
constexpr Convention kConventions[] = {
    {"catalog_request_seconds", "http.server.request.duration", "s", MetricShape::kHistogram, true},
    {"process_cpu_seconds_total", "process.cpu.time", "s", MetricShape::kCount, false},
    {"process_resident_memory_bytes", "process.memory.usage", "By", MetricShape::kLevel, false},
};

// What a counter counts, by a word of its name.
constexpr std::pair<std::string_view, std::string_view> kCounted[] = {
    {"rows", "{row}"},         {"events", "{event}"},     {"calls", "{call}"},
    {"requests", "{request}"}, {"runs", "{run}"},         {"deliveries", "{delivery}"},
    {"letters", "{letter}"},   {"restarts", "{restart}"}, {"streams", "{stream}"},
    {"items", "{item}"},       {"reports", "{report}"},   {"overlaps", "{run}"},
    {"failures", "{failure}"}, {"threads", "{thread}"},   {"waiting", "{item}"},
};

MetricShape ShapeOf(MetricFamily::Type type) {
  switch (type) {
    case MetricFamily::Type::kCounter:
      return MetricShape::kCount;
    case MetricFamily::Type::kGauge:
      return MetricShape::kGauge;
    case MetricFamily::Type::kHistogram:
      break;
  }
  return MetricShape::kHistogram;
}

bool Strip(std::string& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.erase(name.size() - suffix.size());
  return true;
}

std::string UnitOf(const std::string& name) {
  for (const auto& [word, unit] : kCounted) {
    if (name.find(word) != std::string::npos) return std::string(unit);
  }
  return "1";
}

}  // namespace

MetricName MetricNameOf(const MetricFamily& family) {
  for (const Convention& known : kConventions) {
    if (family.name == known.ours)
      return {std::string(known.name), std::string(known.unit), known.shape, known.is_http};
  }
  MetricName out;
  out.shape = ShapeOf(family.type);
  std::string name = family.name;
  Strip(name, "_total");
  if (Strip(name, "_seconds")) {
    out.unit = "s";
  } else if (Strip(name, "_bytes")) {
    out.unit = "By";
  } else {
    out.unit = UnitOf(name);
  }
  out.name = "firn." + name;
  return out;
}

std::string AttributeNameOf(const MetricName& metric, const std::string& label) {
  if (metric.is_http) {
    if (label == "method") return "http.request.method";
    if (label == "route") return "http.route";
    if (label == "status") return "http.response.status_code";
  }
  return "firn." + label;
}

SpanValue AttributeValueOf(const std::string& label, const std::string& value) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (label == "status" && error == std::errc() && end == value.data() + value.size())
    return number;
  return value;
}

}  // namespace firn::telemetry
