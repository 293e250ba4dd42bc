#include "sandbox/pubsub/pump.h"

#include <algorithm>

namespace firn::sandbox {

Pump::Pump(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
  }
}

Pump::~Pump() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Pump::Add(std::shared_ptr<Pumped> stream) {
  {
    const std::lock_guard lock(mutex_);
    const Pumped* key = stream.get();
    streams_[key].stream = std::move(stream);
  }
  wake_.notify_one();
}

void Pump::Wake(const Pumped* stream) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = streams_.find(stream);
    if (found == streams_.end()) return;
    found->second.ready = true;
  }
  wake_.notify_one();
}

void Pump::WakeAll() {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [key, entry] : streams_) entry.ready = true;
  }
  wake_.notify_all();
}

void Pump::Remove(const Pumped* stream) {
  std::shared_ptr<Pumped> held;  // let go outside of the lock
  std::unique_lock lock(mutex_);
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return;
  idle_.wait(lock, [&] { return !found->second.running; });
  held = std::move(found->second.stream);
  streams_.erase(found);
}

size_t Pump::size() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

Pump::Entry* Pump::PickLocked(SteadyTime now, SteadyTime& until) {
  auto at = streams_.upper_bound(last_);
  for (size_t i = 0; i < streams_.size(); ++i, ++at) {
    if (at == streams_.end()) at = streams_.begin();
    Entry& entry = at->second;
    if (entry.running) continue;
    if (entry.ready || entry.due <= now) {
      last_ = at->first;
      return &entry;
    }
    until = std::min(until, entry.due);
  }
  return nullptr;
}

void Pump::Run(const std::stop_token& stop) {
  // So long at most, that a clock far ahead is no wait without end.
  constexpr auto kWaitMax = std::chrono::seconds(10);
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const SteadyTime now = std::chrono::steady_clock::now();
    SteadyTime until = now + kWaitMax;
    Entry* entry = PickLocked(now, until);
    if (entry == nullptr) {
      wake_.wait_until(lock, stop, until, [&] {
        SteadyTime ignored = SteadyTime::max();
        return PickLocked(std::chrono::steady_clock::now(), ignored) != nullptr;
      });
      continue;
    }
    entry->running = true;
    entry->ready = false;
    lock.unlock();
    const SteadyTime due = entry->stream->Step(now);
    lock.lock();
    entry->running = false;
    entry->due = due;
    idle_.notify_all();
  }
}

}  // namespace firn::sandbox
