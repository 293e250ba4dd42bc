#include "core/net/internal/task_pool.h"

#include <pthread.h>

namespace firn::net {

TaskPool::TaskPool(const std::string& name, int threads, size_t waiting_max)
    : waiting_max_(waiting_max) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { Work(); });
    // A name has 15 characters at most (pthread_setname_np(3)).
    pthread_setname_np(threads_.back().native_handle(),
                       (name + "-" + std::to_string(i)).substr(0, 15).c_str());
  }
}

TaskPool::~TaskPool() {
  std::deque<std::function<void()>> dropped;
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
    dropped.swap(tasks_);
  }
  changed_.notify_all();
  dropped.clear();
  threads_.clear();
}

bool TaskPool::Submit(std::function<void()>& task) {
  {
    std::lock_guard lock(mutex_);
    if (ended_ || tasks_.size() >= waiting_max_ + idle_) return false;
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
  return true;
}

void TaskPool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [this] { return ended_ || !tasks_.empty(); });
    --idle_;
    if (ended_) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace firn::net
