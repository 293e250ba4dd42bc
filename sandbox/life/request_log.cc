#include "sandbox/life/request_log.h"

#include <algorithm>

namespace firn::sandbox {

void RequestLog::Add(RequestLine line) {
  if (hear_) hear_(line);
  std::lock_guard lock(mutex_);
  line.number = ++total_;
  lines_.push_back(std::move(line));
  if (lines_.size() > kLinesMax) lines_.pop_front();
}

std::vector<RequestLine> RequestLog::After(uint64_t after, size_t count_max) const {
  std::lock_guard lock(mutex_);
  const auto first = std::find_if(lines_.begin(), lines_.end(),
                                  [&](const RequestLine& line) { return line.number > after; });
  const auto available = static_cast<size_t>(lines_.end() - first);
  return {lines_.end() - static_cast<ptrdiff_t>(std::min(available, count_max)), lines_.end()};
}

uint64_t RequestLog::total() const {
  std::lock_guard lock(mutex_);
  return total_;
}

}  // namespace firn::sandbox
