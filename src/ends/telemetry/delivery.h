// Delivery: brings one signal's requests to its collector: tries again as OTLP says, counts what
// became of each item, and tells once when things go wrong and once when they are well again.
//
// Used by one thread; Trouble may be asked by any. Private to the room.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/base/metrics.h"
#include "ends/telemetry/channel.h"

namespace firn::telemetry {

struct DeliveryOptions {
  Signal signal = Signal::kTraces;
  Backoff backoff{.first = std::chrono::milliseconds(1'000),
                  .most = std::chrono::milliseconds(30'000)};
  // A request that was not taken for so long is given up: newer ones wait behind it.
  std::chrono::milliseconds patience{300'000};
};

class Delivery {
 public:
  // `metrics` outlives it.
  Delivery(DeliveryOptions options, std::unique_ptr<Channel> channel, MetricsRegistry& metrics)
      : options_(options), channel_(std::move(channel)), metrics_(metrics) {}

  // Until it is taken, refused or given up. `last_call` stops: no further try is waited for; `call`
  // stops: the one under way ends.
  void Deliver(const Call& call, const std::stop_token& last_call, const std::string& request,
               int64_t items);
  // Items that never got a request, because there was no room for them.
  void Drop(const Call& call, int64_t items);
  // Why the collector is not up to date, one line; empty: it is.
  [[nodiscard]] std::string Trouble() const;

 private:
  void Count(std::string_view outcome, int64_t items);
  void Fails(const std::string& said);
  void Works();
  // At most one such line a minute.
  void TellLost(const Call& call, int64_t items, const std::string& why);

  const DeliveryOptions options_;
  const std::unique_ptr<Channel> channel_;
  MetricsRegistry& metrics_;
  std::optional<SteadyTime> told_;
  int64_t lost_untold_ = 0;
  mutable std::mutex mutex_;
  std::string trouble_;
};

}  // namespace firn::telemetry
