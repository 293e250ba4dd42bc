// LogTail: the last lines of the daemon's log in memory, for `firn logs`. Any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace firn::engine {

class LogTail {
 public:
  explicit LogTail(size_t lines_max = 2000) : lines_max_(lines_max) {}
  void Add(std::string_view line);

  struct Lines {
    std::vector<std::string> lines;
    uint64_t next = 0;  // where to go on
  };
  // The newest `most` lines.
  [[nodiscard]] Lines Newest(size_t most) const;
  // Lines from number `from` on, waiting for one when there is none yet; empty after `stop`. Lines
  // that fell out meanwhile are passed over.
  [[nodiscard]] Lines Since(uint64_t from, const std::stop_token& stop) const;

 private:
  const size_t lines_max_;
  mutable std::mutex mutex_;
  mutable std::condition_variable_any added_;
  std::deque<std::string> lines_;
  uint64_t first_ = 0;  // number of the oldest line kept
};

}  // namespace firn::engine
