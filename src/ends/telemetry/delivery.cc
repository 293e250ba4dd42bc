#include "ends/telemetry/delivery.h"

#include "core/base/log.h"

namespace firn::telemetry {
namespace {

constexpr std::chrono::seconds kTellEvery{60};

}  // namespace

void Delivery::Count(std::string_view outcome, int64_t items) {
  if (items == 0) return;
  metrics_
      .GetCounter(
          "telemetry_items_total",
          {{"signal", std::string(SignalName(options_.signal))}, {"outcome", std::string(outcome)}},
          "Spans and data points by what became of them")
      .Add(items);
}

void Delivery::Fails(const std::string& said) {
  const std::lock_guard lock(mutex_);
  if (trouble_.empty())
    log::Warn("telemetry.behind", {{"signal", SignalName(options_.signal)}, {"why", said}});
  trouble_ = said.empty() ? "it says nothing" : said;
}

void Delivery::Works() {
  const std::lock_guard lock(mutex_);
  if (trouble_.empty()) return;
  trouble_.clear();
  log::Info("telemetry.caught_up", {{"signal", SignalName(options_.signal)}});
}

std::string Delivery::Trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void Delivery::TellLost(const Call& call, int64_t items, const std::string& why) {
  lost_untold_ += items;
  const SteadyTime now = call.clock->Steady();
  if (told_ && now - *told_ < kTellEvery) return;
  told_ = now;
  log::Warn("telemetry.lost", {{"signal", SignalName(options_.signal)},
                               {"items", std::exchange(lost_untold_, 0)},
                               {"why", why}});
}

void Delivery::Drop(const Call& call, int64_t items) {
  if (items == 0) return;
  Count("dropped", items);
  TellLost(call, items, "too many wait to be sent");
}

void Delivery::Deliver(const Call& call, const std::stop_token& last_call,
                       const std::string& request, int64_t items) {
  Call waiting = call;
  waiting.stop = last_call;
  const SteadyTime give_up = call.clock->Steady() + options_.patience;
  for (int attempt = 0;; ++attempt) {
    const Reply reply = channel_->Send(call, request);
    if (reply.kind == Reply::Kind::kTaken) {
      Works();
      Count("sent", items - std::min(items, reply.rejected));
      Count("rejected", reply.rejected);
      if (reply.rejected > 0) TellLost(call, reply.rejected, "rejected: " + reply.said);
      return;
    }
    if (call.stop.stop_requested()) return Count("failed", items);
    Fails(reply.said);
    const auto wait = reply.retry_after.value_or(options_.backoff.Wait(attempt, *call.random));
    const bool last = last_call.stop_requested() || reply.kind == Reply::Kind::kRefused ||
                      call.clock->Steady() + wait > give_up;
    if (last) {
      Count("failed", items);
      return TellLost(call, items, reply.said);
    }
    (void)waiting.Sleep(wait);  // a stop ends the wait: then once more, and no more
  }
}

}  // namespace firn::telemetry
