#include "app/engine/work_budget.h"

#include <algorithm>

namespace firn::engine {
namespace {

// A waiter looks at its deadline this often, by real time; room wakes it earlier.
constexpr std::chrono::milliseconds kWaitSlice{250};

}  // namespace

WorkBudget::Slot::~Slot() {
  if (budget_ != nullptr) budget_->GiveBack(share_);
}

bool WorkBudget::MayGo(const WorkShare& share, uint64_t ticket) const {
  if (share.memory_bytes > memory_left_ || share.threads > threads_left_) return false;
  if (keys_.contains(share.key)) return false;
  for (const Waiter& ahead : waiting_) {
    if (ahead.ticket == ticket) return true;
    if (!keys_.contains(ahead.key)) return false;
  }
  return true;
}

Result<WorkBudget::Slot> WorkBudget::Take(const Call& call, WorkShare share) {
  share.memory_bytes = std::min(share.memory_bytes, memory_bytes_);
  share.threads = std::min(share.threads, threads_);
  std::unique_lock lock(mutex_);
  const uint64_t ticket = next_ticket_++;
  waiting_.push_back({ticket, share.key});
  const auto leave = [&] {
    std::erase_if(waiting_, [&](const Waiter& waiter) { return waiter.ticket == ticket; });
    changed_.notify_all();
  };
  const auto may_go = [&] { return MayGo(share, ticket); };
  while (!may_go()) {
    changed_.wait_for(lock, call.stop, kWaitSlice, may_go);
    if (auto still = call.Check(); !still) {
      leave();
      return Fail(std::move(still).error());
    }
  }
  leave();
  memory_left_ -= share.memory_bytes;
  threads_left_ -= share.threads;
  if (!share.key.empty()) keys_.insert(share.key);
  return Slot(this, std::move(share));
}

void WorkBudget::GiveBack(const WorkShare& share) {
  const std::lock_guard lock(mutex_);
  memory_left_ += share.memory_bytes;
  threads_left_ += share.threads;
  if (!share.key.empty()) keys_.erase(share.key);
  changed_.notify_all();
}

WorkBudget::Use WorkBudget::use() const {
  const std::lock_guard lock(mutex_);
  return {memory_bytes_ - memory_left_, threads_ - threads_left_, waiting_.size()};
}

}  // namespace firn::engine
