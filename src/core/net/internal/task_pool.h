// Named threads that run tasks in order of arrival. Joined by the destructor; tasks not begun by
// then are dropped.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace firn::net {

class TaskPool {
 public:
  // `waiting_max`: tasks that may wait beyond those running.
  TaskPool(const std::string& name, int threads, size_t waiting_max);
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // False, and `task` untouched, when too many wait.
  [[nodiscard]] bool Submit(std::function<void()>& task);

 private:
  void Work();

  const size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  size_t idle_ = 0;
  bool ended_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace firn::net
