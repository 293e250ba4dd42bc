#include "core/base/metrics.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

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

}  // namespace

Counter& MetricsRegistry::GetCounter(std::string_view name, const Labels& labels,
                                     std::string_view help) {
  std::lock_guard lock(mutex_);
  auto found = families_.find(name);
  if (found == families_.end()) {
    found = families_.emplace(std::string(name), Family{std::string(help), true, {}, {}}).first;
  }
  FIRN_ASSERT(found->second.is_counter);
  auto& counter = found->second.counters[labels];
  if (!counter) counter = std::make_unique<Counter>();
  return *counter;
}

Gauge& MetricsRegistry::GetGauge(std::string_view name, const Labels& labels,
                                 std::string_view help) {
  std::lock_guard lock(mutex_);
  auto found = families_.find(name);
  if (found == families_.end()) {
    found = families_.emplace(std::string(name), Family{std::string(help), false, {}, {}}).first;
  }
  FIRN_ASSERT(!found->second.is_counter);
  auto& gauge = found->second.gauges[labels];
  if (!gauge) gauge = std::make_unique<Gauge>();
  return *gauge;
}

std::string MetricsRegistry::Prometheus() const {
  std::lock_guard lock(mutex_);
  std::string out;
  auto end = std::back_inserter(out);
  for (const auto& [name, family] : families_) {
    fmt::format_to(end, "# HELP {} {}\n# TYPE {} {}\n", name, Escaped(family.help, false), name,
                   family.is_counter ? "counter" : "gauge");
    for (const auto& [labels, counter] : family.counters) {
      fmt::format_to(end, "{}{} {}\n", name, LabelText(labels), counter->value());
    }
    for (const auto& [labels, gauge] : family.gauges) {
      fmt::format_to(end, "{}{} {}\n", name, LabelText(labels), Number(gauge->value()));
    }
  }
  return out;
}

}  // namespace firn
