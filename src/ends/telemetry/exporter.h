// Exporter: sends this process's spans and metrics to OpenTelemetry collectors.
//
// Spans wait in a queue with a bound and travel in batches; metrics are read and sent every so
// often. A thread a signal does it: whoever ends a span is never held up, whatever the collector
// does, and what finds no room is counted and let go. Stop sends what waits, within a bound. Serves
// the guide's watch over every pattern. Source: OpenTelemetry specification, "Batching processor"
// and "Periodic exporting MetricReader", read 2026-11.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/metrics.h"
#include "core/base/span.h"
#include "ends/telemetry/settings.h"

namespace firn::telemetry {

class Delivery;

struct ExporterParts {
  MetricsRegistry* metrics = nullptr;  // what is sent, and where it counts itself; outlives it
  std::function<void()> refresh;       // sets gauges that are looked up, before they are read
  std::string version;                 // of this program
  std::string instance;                // `service.instance.id`: one a process
  std::string environment;             // `deployment.environment.name`; may be empty
};

class Exporter final : public SpanSink {
 public:
  // Errors: BadConfig when a CA file cannot be used. A collector that is away is none.
  [[nodiscard]] static Result<std::unique_ptr<Exporter>> Start(const Call& call,
                                                               const Settings& settings,
                                                               ExporterParts parts);
  ~Exporter() override;  // as Stop without time
  void Take(FinishedSpan span) override;
  // Sends what waits and the metrics as they are now; what is not sent within the time is lost,
  // and counted. Spans that come later are let go.
  void Stop(std::chrono::milliseconds within);
  // One line; empty when all is well.
  [[nodiscard]] std::string Trouble() const;

 private:
  Exporter(const Call& call, Settings settings, ExporterParts parts);
  Result<std::unique_ptr<Delivery>> Open(Signal signal, std::chrono::milliseconds patience) const;
  void SendSpans();
  void SendMetrics();
  void SendMetricsOnce();
  [[nodiscard]] bool IsKept(const TraceContext& trace) const;
  std::vector<FinishedSpan> NextBatch(int64_t* dropped);
  void Ended();

  const Settings settings_;
  const ExporterParts parts_;
  const UtcMicros began_;
  Call call_;                   // stops hard
  std::stop_source last_call_;  // flush and end
  std::stop_source hard_;
  std::unique_ptr<Delivery> traces_;
  std::unique_ptr<Delivery> metrics_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<FinishedSpan> waiting_;
  int64_t dropped_ = 0;  // since the last batch
  int running_ = 0;      // threads
  bool closed_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace firn::telemetry
