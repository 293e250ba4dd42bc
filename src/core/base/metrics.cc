#include "core/base/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "core/base/error.h"

namespace firn {
namespace {

std::string Escaped(std::string_view text, bool quote) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quote) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

std::string LabelText(const Labels& labels) {
  if (labels.empty()) return "";
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ',';
    out += name + "=\"" + Escaped(value, true) + "\"";
  }
  return out + "}";
}

std::string Number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string_view TypeName(MetricFamily::Type type) {
  switch (type) {
    case MetricFamily::Type::kCounter:
      return "counter";
    case MetricFamily::Type::kGauge:
      return "gauge";
    case MetricFamily::Type::kHistogram:
      break;
  }
  return "histogram";
}

void AppendSeries(const MetricFamily& family, const MetricSeries& series, std::string& out) {
  auto end = std::back_inserter(out);
  const std::string& name = family.name;
  if (family.type == MetricFamily::Type::kCounter) {
    fmt::format_to(end, "{}{} {}\n", name, LabelText(series.labels),
                   static_cast<int64_t>(series.value));
    return;
  }
  if (family.type == MetricFamily::Type::kGauge) {
    fmt::format_to(end, "{}{} {}\n", name, LabelText(series.labels), Number(series.value));
    return;
  }
  uint64_t below = 0;
  for (size_t i = 0; i < series.histogram.buckets.size(); ++i) {
    below += series.histogram.buckets[i];
    Labels labels = series.labels;
    labels.emplace_back("le", i < family.bounds.size() ? Number(family.bounds[i]) : "+Inf");
    fmt::format_to(end, "{}_bucket{} {}\n", name, LabelText(labels), below);
  }
  fmt::format_to(end, "{}_sum{} {}\n{}_count{} {}\n", name, LabelText(series.labels),
                 Number(series.histogram.sum), name, LabelText(series.labels),
                 series.histogram.count);
}

}  // namespace

void Histogram::Observe(double value) {
  const auto above = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  const std::lock_guard lock(mutex_);
  ++buckets_[static_cast<size_t>(above - bounds_.begin())];
  sum_ += value;
}

Histogram::State Histogram::state() const {
  const std::lock_guard lock(mutex_);
  return {buckets_, std::accumulate(buckets_.begin(), buckets_.end(), uint64_t{0}), sum_};
}

MetricsRegistry::Family& MetricsRegistry::FamilyOf(std::string_view name, std::string_view help,
                                                   MetricFamily::Type type) {
  auto found = families_.find(name);
  if (found == families_.end()) {
    found = families_.emplace(std::string(name), Family{std::string(help), type, {}, {}, {}}).first;
  }
  FIRN_ASSERT(found->second.type == type);
  return found->second;
}

Counter& MetricsRegistry::GetCounter(std::string_view name, const Labels& labels,
                                     std::string_view help) {
  const std::lock_guard lock(mutex_);
  auto& counter = FamilyOf(name, help, MetricFamily::Type::kCounter).counters[labels];
  if (!counter) counter = std::make_unique<Counter>();
  return *counter;
}

Gauge& MetricsRegistry::GetGauge(std::string_view name, const Labels& labels,
                                 std::string_view help) {
  const std::lock_guard lock(mutex_);
  auto& gauge = FamilyOf(name, help, MetricFamily::Type::kGauge).gauges[labels];
  if (!gauge) gauge = std::make_unique<Gauge>();
  return *gauge;
}

Histogram& MetricsRegistry::GetHistogram(std::string_view name, const Labels& labels,
                                         std::string_view help, std::span<const double> bounds) {
  const std::lock_guard lock(mutex_);
  auto& histogram = FamilyOf(name, help, MetricFamily::Type::kHistogram).histograms[labels];
  if (!histogram) histogram = std::make_unique<Histogram>(bounds);
  return *histogram;
}

std::vector<MetricFamily> MetricsRegistry::Snapshot() const {
  const std::lock_guard lock(mutex_);
  std::vector<MetricFamily> all;
  for (const auto& [name, family] : families_) {
    MetricFamily out{name, family.help, family.type, {}, {}};
    for (const auto& [labels, counter] : family.counters) {
      out.series.push_back({labels, static_cast<double>(counter->value()), {}});
    }
    for (const auto& [labels, gauge] : family.gauges) {
      out.series.push_back({labels, gauge->value(), {}});
    }
    for (const auto& [labels, histogram] : family.histograms) {
      out.bounds = histogram->bounds();
      out.series.push_back({labels, 0, histogram->state()});
    }
    all.push_back(std::move(out));
  }
  return all;
}

std::string MetricsRegistry::Prometheus() const {
  std::string out;
  for (const MetricFamily& family : Snapshot()) {
    fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", family.name,
                   Escaped(family.help, false), family.name, TypeName(family.type));
    for (const MetricSeries& series : family.series) AppendSeries(family, series, out);
  }
  return out;
}

}  // namespace firn
