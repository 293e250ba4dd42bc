// Life in the org: plausible changes as people and integrations make them, at a rate or a number of
// them at once.
//
// Which change comes next, and to which record, follows from the seed and the org's data alone.
// Make() may be called from one thread at a time; Start() makes changes on a thread of its own
// until Stop() or the destructor.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "sandbox/generator/rule.h"
#include "sandbox/org.h"

namespace firn::sandbox {

class Traffic {
 public:
  explicit Traffic(Org& org) : org_(org) {}

  // Makes `count` changes now. How many of each kind: `lead_converted` -> 3. Errors: the org's
  // own; a change that the org's rules refuse counts as `refused`.
  [[nodiscard]] Result<std::map<std::string, uint64_t>> Make(uint64_t count, uint64_t seed);
  // Changes on a thread until stopped; ends what ran before. Real time.
  void Start(double per_second, uint64_t seed);
  void Stop();
  [[nodiscard]] bool running() const { return running_; }
  [[nodiscard]] double rate() const { return rate_; }
  [[nodiscard]] uint64_t made() const { return made_; }

 private:
  struct Step;  // one kind of change
  [[nodiscard]] Result<std::string> One(Draws& draws);
  void Run(const std::stop_token& stop, double per_second, uint64_t seed);

  Org& org_;
  std::mutex mutex_;  // of the thread
  std::atomic<bool> running_{false};
  std::atomic<double> rate_{0};
  std::atomic<uint64_t> made_{0};
  std::jthread thread_;
};

}  // namespace firn::sandbox
