#include "patterns/events/stream/hand_over.h"

#include <pthread.h>

namespace firn::events {

HandOver::~HandOver() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

Result<void> HandOver::Give(const Call& call, std::vector<Envelope>& events) {
  if (consumers_.empty()) events.clear();
  if (events.empty()) return {};
  FIRN_CHECK(Await());
  {
    const std::lock_guard lock(mutex_);
    batch_.swap(events);
    events.clear();
    call_ = call;
    with_consumers_ = true;
  }
  if (!thread_.joinable()) {
    thread_ = std::jthread([this](const std::stop_token& stop) {
      pthread_setname_np(pthread_self(), "firn-handover");
      Work(stop);
    });
  }
  changed_.notify_all();
  return {};
}

Result<void> HandOver::Await() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !with_consumers_; });
  return outcome_;
}

Result<void> HandOver::Bring() const {
  for (EventConsumer* consumer : consumers_) {
    FIRN_CHECK(Doing(consumer->Take(call_, batch_), "handing events to " + consumer->name()));
  }
  return {};
}

// A batch that was given is brought even when the end is asked for.
void HandOver::Work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return with_consumers_; })) {
    lock.unlock();
    auto outcome = Bring();
    lock.lock();
    batch_.clear();
    with_consumers_ = false;
    if (!outcome) outcome_ = std::move(outcome);
    changed_.notify_all();
  }
}

}  // namespace firn::events
