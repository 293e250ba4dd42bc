#include "app/engine/log_tail.h"

#include <algorithm>

namespace firn::engine {

void LogTail::Add(std::string_view line) {
  const std::lock_guard lock(mutex_);
  lines_.emplace_back(line);
  if (lines_.size() > lines_max_) {
    lines_.pop_front();
    ++first_;
  }
  added_.notify_all();
}

LogTail::Lines LogTail::Newest(size_t most) const {
  const std::lock_guard lock(mutex_);
  const size_t count = std::min(most, lines_.size());
  return {{lines_.end() - static_cast<std::ptrdiff_t>(count), lines_.end()},
          first_ + lines_.size()};
}

LogTail::Lines LogTail::Since(uint64_t from, const std::stop_token& stop) const {
  std::unique_lock lock(mutex_);
  added_.wait(lock, stop, [&] { return first_ + lines_.size() > from; });
  const uint64_t end = first_ + lines_.size();
  if (end <= from) return {{}, from};
  const uint64_t start = std::max(from, first_);
  return {{lines_.begin() + static_cast<std::ptrdiff_t>(start - first_), lines_.end()}, end};
}

}  // namespace firn::engine
