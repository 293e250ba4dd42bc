// Messages to systemd: ready, reloading, stopping, alive (sd_notify's protocol: one datagram to the
// socket that NOTIFY_SOCKET names). Nothing happens outside of systemd. Any thread.
// Source: systemd, sd_notify(3), read 2026-11.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace firn::engine {

class ServiceNotify {
 public:
  // Reads NOTIFY_SOCKET and WATCHDOG_USEC.
  [[nodiscard]] static ServiceNotify FromEnvironment();
  // `READY=1`, `STATUS=..`: one assignment a line.
  void Send(const std::string& assignments) const;
  // How often systemd wants to hear `WATCHDOG=1`: half of its patience.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const { return watchdog_; }

 private:
  std::string socket_;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace firn::engine
