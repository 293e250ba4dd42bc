// One event loop on one thread. Work is handed to it from anywhere; all that belongs to one of its
// connections runs on it, so that connections need no locks.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "core/base/clock.h"

namespace boost::asio {
class io_context;
}

namespace firn::net {

class ServerLoop : public std::enable_shared_from_this<ServerLoop> {
 public:
  ServerLoop();
  ~ServerLoop();
  ServerLoop(const ServerLoop&) = delete;
  ServerLoop& operator=(const ServerLoop&) = delete;

  // `tick` is called a few times a second, on the loop.
  void Start(const std::string& name, std::function<void(SteadyTime)> tick);
  // Runs `work` on the loop: now if called there, else soon. Dropped when the loop has ended.
  void Dispatch(std::function<void()> work);
  // Ends and joins. Work still queued is destroyed with the loop.
  void Stop();
  [[nodiscard]] boost::asio::io_context& io();
  // The value of a `Date` header (RFC 9110, 5.6.7). On the loop only.
  [[nodiscard]] const std::string& HttpDate();

 private:
  void Tick();

  struct Parts;
  std::unique_ptr<Parts> parts_;
  std::function<void(SteadyTime)> tick_;
  std::jthread thread_;
  int64_t date_second_ = -1;
  std::string date_;
};

}  // namespace firn::net
