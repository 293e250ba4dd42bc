// WorkBudget: the memory and threads that the daemon's jobs share.
//
// A job takes its share before it begins and gives it back by letting go of the Slot; who does not
// fit waits. Work of one key takes turns; whoever waits for nothing but its key lets others pass,
// else the order of arrival counts. Any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "core/base/call.h"
#include "core/base/error.h"

namespace firn::engine {

struct WorkShare {
  int64_t memory_bytes = 0;
  int threads = 0;
  std::string key;  // `export prod`; empty: none
};

class WorkBudget {
 public:
  class Slot {
   public:
    Slot(WorkBudget* budget, WorkShare share) : budget_(budget), share_(std::move(share)) {}
    Slot(Slot&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), share_(std::move(other.share_)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot();
    [[nodiscard]] const WorkShare& share() const { return share_; }

   private:
    WorkBudget* budget_;
    WorkShare share_;
  };

  WorkBudget(int64_t memory_bytes, int threads)
      : memory_bytes_(memory_bytes),
        threads_(threads),
        memory_left_(memory_bytes),
        threads_left_(threads) {}

  // Waits for room. More than there is in all is cut down to that. Errors: Cancelled, Timeout.
  [[nodiscard]] Result<Slot> Take(const Call& call, WorkShare share);
  [[nodiscard]] int64_t memory_bytes() const { return memory_bytes_; }
  [[nodiscard]] int threads() const { return threads_; }
  // What is given out right now, and how many wait for a share.
  struct Use {
    int64_t memory_bytes = 0;
    int threads = 0;
    size_t waiting = 0;
  };
  [[nodiscard]] Use use() const;

 private:
  struct Waiter {
    uint64_t ticket = 0;
    std::string key;
  };
  bool MayGo(const WorkShare& share, uint64_t ticket) const;  // under the mutex
  void GiveBack(const WorkShare& share);

  const int64_t memory_bytes_;
  const int threads_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  int64_t memory_left_;
  int threads_left_;
  std::set<std::string> keys_;
  std::deque<Waiter> waiting_;
  uint64_t next_ticket_ = 0;
};

}  // namespace firn::engine
