// A bounded queue between threads. Push blocks while it is full, Pop while it is empty; Close ends
// both: what is queued is still delivered, then Pop answers nothing.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>

namespace firn {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t items_max) : items_max_(items_max) {}

  // False if the queue was closed, or `stop` requested, before there was room.
  bool Push(T item, const std::stop_token& stop = {}) {
    std::unique_lock lock(mutex_);
    not_full_.wait(lock, stop, [&] { return closed_ || items_.size() < items_max_; });
    if (closed_ || items_.size() >= items_max_) return false;
    items_.push_back(std::move(item));
    not_empty_.notify_one();
    return true;
  }

  // Nothing when the queue is closed and drained, or `stop` was requested.
  std::optional<T> Pop(const std::stop_token& stop = {}) {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, stop, [&] { return closed_ || !items_.empty(); });
    if (items_.empty() || stop.stop_requested()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    not_full_.notify_one();
    return item;
  }

  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    not_full_.notify_all();
    not_empty_.notify_all();
  }

  [[nodiscard]] size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  const size_t items_max_;
  mutable std::mutex mutex_;
  std::condition_variable_any not_full_;
  std::condition_variable_any not_empty_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace firn
