// Pump: the threads that move the streams on. A stream that has something to do is stepped by one
// thread at a time: when it says so, when there is news for all, or when its time comes.
//
// Knows nothing of gRPC. Streams are held while they are in; Remove waits until none steps it.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/clock.h"

namespace firn::sandbox {

class Pumped {
 public:
  virtual ~Pumped() = default;
  // Does what is to be done now; returns when to come again at the latest. Must not block for long
  // and must not call Remove.
  virtual SteadyTime Step(SteadyTime now) = 0;
};

class Pump {
 public:
  explicit Pump(int threads);
  ~Pump();  // joins its threads; streams still in are let go

  void Add(std::shared_ptr<Pumped> stream);
  // This one has something to do.
  void Wake(const Pumped* stream);
  // There may be something for everyone.
  void WakeAll();
  void Remove(const Pumped* stream);
  [[nodiscard]] size_t size() const;

 private:
  struct Entry {
    std::shared_ptr<Pumped> stream;
    SteadyTime due = SteadyTime::max();
    bool ready = true;
    bool running = false;
  };
  void Run(const std::stop_token& stop);
  // The next one to step, if any; else when to look again.
  Entry* PickLocked(SteadyTime now, SteadyTime& until);

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::condition_variable_any idle_;
  std::map<const Pumped*, Entry> streams_;
  const Pumped* last_ = nullptr;  // where the round goes on, so that nobody starves
  std::vector<std::jthread> threads_;
};

}  // namespace firn::sandbox
