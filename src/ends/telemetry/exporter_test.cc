// What could go wrong in production: whoever ends a span waits for a collector that hangs; memory
// grows while it is away; the last spans before a stop are lost though the collector is there.
#include "ends/telemetry/exporter.h"

#include <gtest/gtest.h>

#include <atomic>

#include "core/net/inflate.h"
#include "core/net/server.h"
#include "otlp.pb.h"

namespace firn::telemetry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A collector that keeps what it takes, or hangs until it is let go.
class Collector {
 public:
  Collector() {
    net::ServerOptions options;
    options.threads = 1;
    options.drain_timeout = milliseconds(1);
    auto listening =
        net::Listen(options, net::OnPool([this](const net::ServerRequest& request,
                                                const Call&) { return Answer(request); },
                                         4, 64));
    EXPECT_TRUE(listening);
    server_ = *std::move(listening);
  }
  ~Collector() { Hang(false); }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port());
  }
  void Hang(bool hang) {
    const std::lock_guard lock(mutex_);
    hang_ = hang;
    changed_.notify_all();
  }
  std::vector<std::string> SpanNames() {
    const std::lock_guard lock(mutex_);
    return names_;
  }
  void AwaitRequest() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return requests_ > 0; });
  }
  int metrics_requests() const { return metrics_; }

 private:
  net::ServerResponse Answer(const net::ServerRequest& request) {
    std::unique_lock lock(mutex_);
    ++requests_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !hang_; });
    const auto body =
        net::InflateBody(request.headers.GetOr("Content-Encoding", "identity"), request.body);
    otlp::TraceRequest traces;
    if (request.path == "/v1/metrics") {
      ++metrics_;
    } else if (body && traces.ParseFromString(*body)) {
      for (const otlp::Span& span : traces.resource_spans(0).scope_spans(0).spans())
        names_.push_back(span.name());
    }
    return {};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool hang_ = false;
  int requests_ = 0;
  std::atomic<int> metrics_{0};
  std::vector<std::string> names_;
  std::unique_ptr<net::Server> server_;
};

FinishedSpan Named(const std::string& name) {
  FinishedSpan span;
  span.context = TraceContext::New(SystemRandom());
  span.name = name;
  return span;
}

class Exporting : public testing::Test {
 protected:
  std::unique_ptr<Exporter> Open(size_t waiting_max = 2'048, bool metrics = false) {
    Settings settings;
    settings.traces.on = true;
    settings.traces.endpoint = collector_.url() + "/v1/traces";
    settings.metrics = settings.traces;
    settings.metrics.on = metrics;
    settings.metrics.endpoint = collector_.url() + "/v1/metrics";
    settings.spans_waiting_max = waiting_max;
    settings.spans_per_batch = std::min<size_t>(waiting_max, 4);
    settings.traces_every = seconds(3'600);  // a batch goes when it is full, or at the end
    settings.metrics_every = seconds(3'600);
    settings.proxy = "none";
    auto exporter = Exporter::Start(Call(), settings, {.metrics = &registry_, .version = "1"});
    EXPECT_TRUE(exporter) << exporter.error().OneLine();
    return *std::move(exporter);
  }
  int64_t Items(const std::string& outcome) {
    return registry_
        .GetCounter("telemetry_items_total", {{"signal", "traces"}, {"outcome", outcome}}, "")
        .value();
  }
  Collector collector_;
  MetricsRegistry registry_;
};

TEST_F(Exporting, AStopSendsWhatWaits) {
  const auto exporter = Open(2'048, true);
  for (const char* name : {"a", "b", "c", "d", "e"}) exporter->Take(Named(name));
  registry_.GetCounter("rows_in_total", {}, "").Add();
  exporter->Stop(seconds(60));
  EXPECT_EQ(collector_.SpanNames(), (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(Items("sent"), 5);
  EXPECT_EQ(collector_.metrics_requests(), 1);
  exporter->Take(Named("late"));
  EXPECT_EQ(collector_.SpanNames().size(), 5U);
}

TEST_F(Exporting, ACollectorThatHangsHoldsNobodyUpAndTheQueueHasABound) {
  collector_.Hang(true);
  const auto exporter = Open(8);
  for (int i = 0; i < 4; ++i) exporter->Take(Named("first"));
  collector_.AwaitRequest();  // the first batch is under way and stays there
  for (int i = 0; i < 100; ++i) exporter->Take(Named("next"));
  exporter->Stop(milliseconds(0));
  EXPECT_EQ(Items("sent"), 0);
  EXPECT_EQ(Items("failed"), 4);
  EXPECT_EQ(Items("dropped"), 100);
}

TEST_F(Exporting, AShareOfTracesIsKeptByTheirIds) {
  Settings settings;
  settings.traces.on = true;
  settings.traces.endpoint = collector_.url() + "/v1/traces";
  settings.traces_every = seconds(3'600);
  settings.proxy = "none";
  settings.share = 0.5;
  auto exporter = *Exporter::Start(Call(), settings, {.metrics = &registry_, .version = "1"});
  FinishedSpan low = Named("kept");
  low.context.trace_id = "ffffffffffffffff0fffffffffffffff";
  FinishedSpan high = Named("left out");
  high.context.trace_id = "0000000000000000ffffffffffffffff";
  exporter->Take(high);
  exporter->Take(low);
  exporter->Stop(seconds(60));
  EXPECT_EQ(collector_.SpanNames(), (std::vector<std::string>{"kept"}));
}

}  // namespace
}  // namespace firn::telemetry
