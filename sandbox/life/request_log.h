// The last requests and what they were answered, for `firn sandbox log` and the admin endpoint.
//
// A ring in memory; never a body, a header or a token. Query strings of sign-in paths are not kept.
// Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/clock.h"

namespace firn::sandbox {

struct RequestLine {
  uint64_t number = 0;
  UtcMicros at{};
  std::string method;
  std::string path;
  std::string query;
  std::string client;  // the connected app's name, else the User-Agent
  std::string username;
  int status = 0;
  int64_t cost = 0;   // API requests of the daily limit
  int64_t bytes = 0;  // of the answer's body, before it was cut by a fault
  int64_t micros = 0;
  std::vector<std::string> faults;
};

class RequestLog {
 public:
  void Add(RequestLine line);
  // Hears of every line from now on, on the thread of its request. Set before the doors open.
  void OnLine(std::function<void(const RequestLine&)> hear) { hear_ = std::move(hear); }
  // Lines after `after`, oldest first, the newest `count_max` of them.
  [[nodiscard]] std::vector<RequestLine> After(uint64_t after, size_t count_max) const;
  [[nodiscard]] uint64_t total() const;

 private:
  static constexpr size_t kLinesMax = 10'000;
  std::function<void(const RequestLine&)> hear_;
  mutable std::mutex mutex_;
  std::deque<RequestLine> lines_;
  uint64_t total_ = 0;
};

}  // namespace firn::sandbox
