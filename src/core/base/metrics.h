// The metrics registry: counters and gauges with labels from configuration, never from data.
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

class MetricsRegistry {
 public:
  // The series of that name and those labels, made at first use. `help` of the first call counts.
  [[nodiscard]] Counter& GetCounter(std::string_view name, const Labels& labels,
                                    std::string_view help);
  [[nodiscard]] Gauge& GetGauge(std::string_view name, const Labels& labels, std::string_view help);
  // Prometheus text exposition format, version 0.0.4.
  [[nodiscard]] std::string Prometheus() const;

 private:
  struct Family {
    std::string help;
    bool is_counter = true;
    std::map<Labels, std::unique_ptr<Counter>> counters;
    std::map<Labels, std::unique_ptr<Gauge>> gauges;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace firn
