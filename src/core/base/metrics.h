// The metrics registry: counters, gauges and histograms with labels from configuration, never from
// data.
//
// A Registry is owned by main and passed in. Handles stay valid as long as it lives and may be used
// from any thread. The names every pattern shares: rows_in_total, rows_out_total,
// rows_rejected_total, lag_seconds, api_calls_total.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace firn {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void Add(int64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

class Gauge {
 public:
  void Set(double value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// How many observations fell below each bound, and their sum.
class Histogram {
 public:
  // `bounds`: upper ones, ascending; what is above the last counts too.
  explicit Histogram(std::span<const double> bounds)
      : bounds_(bounds.begin(), bounds.end()), buckets_(bounds.size() + 1) {}
  void Observe(double value);
  struct State {
    std::vector<uint64_t> buckets;  // by bound, and those above the last
    uint64_t count = 0;
    double sum = 0;
  };
  [[nodiscard]] State state() const;
  [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }

 private:
  const std::vector<double> bounds_;
  mutable std::mutex mutex_;
  std::vector<uint64_t> buckets_;
  double sum_ = 0;
};

// What a registry held at one moment.
struct MetricSeries {
  Labels labels;
  double value = 0;            // of counters and gauges
  Histogram::State histogram;  // of histograms
};
struct MetricFamily {
  enum class Type { kCounter, kGauge, kHistogram };
  std::string name;
  std::string help;
  Type type = Type::kCounter;
  std::vector<double> bounds;  // of histograms
  std::vector<MetricSeries> series;
};

class MetricsRegistry {
 public:
  // The series of that name and those labels, made at first use. `help` of the first call counts.
  [[nodiscard]] Counter& GetCounter(std::string_view name, const Labels& labels,
                                    std::string_view help);
  [[nodiscard]] Gauge& GetGauge(std::string_view name, const Labels& labels, std::string_view help);
  // `bounds` of the first call count.
  [[nodiscard]] Histogram& GetHistogram(std::string_view name, const Labels& labels,
                                        std::string_view help, std::span<const double> bounds);
  // Everything, by name and labels.
  [[nodiscard]] std::vector<MetricFamily> Snapshot() const;
  // Prometheus text exposition format, version 0.0.4.
  [[nodiscard]] std::string Prometheus() const;

 private:
  struct Family {
    std::string help;
    MetricFamily::Type type = MetricFamily::Type::kCounter;
    std::map<Labels, std::unique_ptr<Counter>> counters;
    std::map<Labels, std::unique_ptr<Gauge>> gauges;
    std::map<Labels, std::unique_ptr<Histogram>> histograms;
  };
  // Under the mutex.
  Family& FamilyOf(std::string_view name, std::string_view help, MetricFamily::Type type);
  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace firn
