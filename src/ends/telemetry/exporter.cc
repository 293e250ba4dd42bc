#include "ends/telemetry/exporter.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "core/base/log.h"
#include "ends/telemetry/delivery.h"
#include "ends/telemetry/encode.h"

namespace firn::telemetry {
namespace {

constexpr std::chrono::minutes kPatienceOfSpans{5};

void Fill(TextPairs& resource, const std::string& key, const std::string& value) {
  const bool there =
      std::ranges::any_of(resource, [&](const auto& pair) { return pair.first == key; });
  if (!there && !value.empty()) resource.emplace_back(key, value);
}

// What the conventions want told of every process; what an operator set counts.
Settings Completed(Settings settings, const ExporterParts& parts) {
  TextPairs& resource = settings.resource;
  Fill(resource, "service.version", parts.version);
  Fill(resource, "service.instance.id", parts.instance);
  Fill(resource, "deployment.environment.name", parts.environment);
  Fill(resource, "telemetry.sdk.name", "firn");
  Fill(resource, "telemetry.sdk.language", "cpp");
  Fill(resource, "telemetry.sdk.version", parts.version);
  return settings;
}

}  // namespace

Exporter::Exporter(const Call& call, Settings settings, ExporterParts parts)
    : settings_(Completed(std::move(settings), parts)),
      parts_(std::move(parts)),
      began_(call.clock->Now()),
      call_(call) {
  call_.stop = hard_.get_token();
  call_.deadline = SteadyTime::max();
  call_.trace = {};  // telling is not part of what is told
}

Result<std::unique_ptr<Delivery>> Exporter::Open(Signal signal,
                                                 std::chrono::milliseconds patience) const {
  ChannelOptions options;
  options.signal = signal;
  options.settings = signal == Signal::kTraces ? settings_.traces : settings_.metrics;
  options.proxy = settings_.proxy;
  options.user_agent = "firn/" + parts_.version;
  FIRN_TRY(auto channel, OpenChannel(options));
  DeliveryOptions delivery;
  delivery.signal = signal;
  delivery.patience = patience;
  return std::make_unique<Delivery>(delivery, std::move(channel), *parts_.metrics);
}

Result<std::unique_ptr<Exporter>> Exporter::Start(const Call& call, const Settings& settings,
                                                  ExporterParts parts) {
  std::unique_ptr<Exporter> made(new Exporter(call, settings, std::move(parts)));
  if (settings.traces.on) {
    FIRN_TRY(made->traces_, made->Open(Signal::kTraces, kPatienceOfSpans));
  }
  if (settings.metrics.on) {
    // The next reading says the same and more.
    FIRN_TRY(made->metrics_, made->Open(Signal::kMetrics, settings.metrics_every));
  }
  const auto begin = [exporter = made.get()](const char* name, void (Exporter::*work)()) {
    ++exporter->running_;
    exporter->threads_.emplace_back([exporter, name, work] {
      pthread_setname_np(pthread_self(), name);
      (exporter->*work)();
      exporter->Ended();
    });
  };
  const std::lock_guard lock(made->mutex_);
  if (made->traces_) begin("firn-otlp-span", &Exporter::SendSpans);
  if (made->metrics_) begin("firn-otlp-metric", &Exporter::SendMetrics);
  return made;
}

Exporter::~Exporter() { Stop(std::chrono::milliseconds(0)); }

void Exporter::Ended() {
  const std::lock_guard lock(mutex_);
  --running_;
  changed_.notify_all();
}

// By the trace's id, so that a trace is kept whole (TraceIdRatioBased).
bool Exporter::IsKept(const TraceContext& trace) const {
  if (settings_.share >= 1) return true;
  if (trace.trace_id.size() != 32) return false;
  uint64_t low = 0;
  std::from_chars(trace.trace_id.data() + 16, trace.trace_id.data() + 32, low, 16);
  return static_cast<double>(low >> 1U) < settings_.share * 9'223'372'036'854'775'808.0;
}

void Exporter::Take(FinishedSpan span) {
  if (!traces_ || !IsKept(span.context)) return;
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  if (waiting_.size() >= settings_.spans_waiting_max) {
    ++dropped_;
    return;
  }
  waiting_.push_back(std::move(span));
  // The first begins the wait for a batch, a batch ends it.
  if (waiting_.size() == 1 || waiting_.size() >= settings_.spans_per_batch) changed_.notify_all();
}

// Nothing when there is nothing more and the end has come.
std::vector<FinishedSpan> Exporter::NextBatch(int64_t* dropped) {
  const std::stop_token end = last_call_.get_token();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, end, [this] { return !waiting_.empty(); });
  changed_.wait_for(lock, end, settings_.traces_every,
                    [this] { return waiting_.size() >= settings_.spans_per_batch; });
  const size_t count = std::min(waiting_.size(), settings_.spans_per_batch);
  std::vector<FinishedSpan> batch(std::make_move_iterator(waiting_.begin()),
                                  std::make_move_iterator(waiting_.begin() + ptrdiff_t(count)));
  waiting_.erase(waiting_.begin(), waiting_.begin() + ptrdiff_t(count));
  *dropped = std::exchange(dropped_, 0);
  return batch;
}

void Exporter::SendSpans() {
  const Teller teller{settings_.resource, parts_.version};
  for (;;) {
    int64_t dropped = 0;
    const std::vector<FinishedSpan> batch = NextBatch(&dropped);
    traces_->Drop(call_, dropped);
    if (batch.empty()) return;
    if (hard_.stop_requested()) {
      traces_->Drop(call_, static_cast<int64_t>(batch.size()));
      continue;
    }
    traces_->Deliver(call_, last_call_.get_token(), EncodeSpans(batch, teller),
                     static_cast<int64_t>(batch.size()));
  }
}

void Exporter::SendMetrics() {
  Call waiting = call_;
  waiting.stop = last_call_.get_token();
  while (waiting.Sleep(settings_.metrics_every)) SendMetricsOnce();
  if (!hard_.stop_requested()) SendMetricsOnce();
}

void Exporter::SendMetricsOnce() {
  if (parts_.refresh) parts_.refresh();
  const auto families = parts_.metrics->Snapshot();
  int64_t points = 0;
  for (const MetricFamily& family : families) points += static_cast<int64_t>(family.series.size());
  if (points == 0) return;
  const Teller teller{settings_.resource, parts_.version};
  const MetricTimes times{began_, call_.clock->Now()};
  metrics_->Deliver(call_, last_call_.get_token(), EncodeMetrics(families, times, teller), points);
}

void Exporter::Stop(std::chrono::milliseconds within) {
  {
    std::unique_lock lock(mutex_);
    closed_ = true;
    last_call_.request_stop();
    changed_.wait_for(lock, within, [this] { return running_ == 0; });
  }
  hard_.request_stop();
  threads_.clear();
}

std::string Exporter::Trouble() const {
  std::string text;
  for (const auto& [signal, delivery] :
       {std::pair{Signal::kTraces, traces_.get()}, std::pair{Signal::kMetrics, metrics_.get()}}) {
    const std::string trouble = delivery == nullptr ? "" : delivery->Trouble();
    if (trouble.empty()) continue;
    text += (text.empty() ? "" : "; ") + std::string(SignalName(signal)) +
            " do not reach the collector: " + trouble;
  }
  return text;
}

}  // namespace firn::telemetry
