// The jobs of one kind of Bulk API 2.0 that this process knows: found by id, listed, waiting to
// run.
//
// In memory only: what is kept in api.db, and what a job does, is its owner's. Thread-safe; the
// members of an entry are read and written under its table's mutex, but for `abort`. A Job has a
// number, an id, a state, and when it was changed.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "sandbox/api_error.h"
#include "sandbox/value.h"

namespace firn::sandbox {

// Whether a state is one that a job does not leave.
[[nodiscard]] inline bool IsEndState(std::string_view state) {
  return state == "JobComplete" || state == "Failed" || state == "Aborted";
}

template <typename Job>
class JobTable {
 public:
  struct Entry {
    Job job;
    bool uploading = false;
    std::atomic<bool> abort{false};
  };
  using EntryPtr = std::shared_ptr<Entry>;

  explicit JobTable(int64_t last_number = 0) : last_number_(last_number) {}
  [[nodiscard]] std::mutex& mutex() const { return mutex_; }

  // A job of an earlier run; `waits`: it is to run.
  void Restore(Job job, bool waits) {
    const std::lock_guard lock(mutex_);
    last_number_ = std::max(last_number_, job.number);
    auto entry = std::make_shared<Entry>();
    entry->job = std::move(job);
    if (waits) waiting_.push_back(entry);
    jobs_.emplace(entry->job.id, std::move(entry));
  }
  // Gives it its number and id.
  EntryPtr Add(Job& job) {
    const std::lock_guard lock(mutex_);
    auto entry = std::make_shared<Entry>();
    job.number = ++last_number_;
    job.id = IdText(MakeId("750", static_cast<uint64_t>(job.number)));
    entry->job = job;
    jobs_.emplace(job.id, entry);
    return entry;
  }
  void Queue(EntryPtr entry) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(entry));
    wake_.notify_one();
  }
  // The next job to run, now InProgress; nullptr: it is time to stop.
  EntryPtr Next(const std::stop_token& stop, const Clock& clock) {
    std::unique_lock lock(mutex_);
    if (!wake_.wait(lock, stop, [&] { return !waiting_.empty(); })) return nullptr;
    EntryPtr entry = waiting_.front();
    waiting_.pop_front();
    entry->job.state = "InProgress";
    entry->job.modified = clock.Now();
    return entry;
  }
  void WakeAll() { wake_.notify_all(); }

  // Under the mutex. Errors: api error NOT_FOUND.
  [[nodiscard]] Result<EntryPtr> FindLocked(std::string_view id) const {
    // The first 15 characters name a job as well.
    const auto found = jobs_.lower_bound(id);
    const bool whole = id.size() == 15 || id.size() == 18;
    if (!whole || found == jobs_.end() || found->first.substr(0, id.size()) != id) {
      return Fail(ApiError(404, "NOT_FOUND", "The requested resource does not exist"));
    }
    return found->second;
  }
  [[nodiscard]] Result<Job> Get(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    FIRN_TRY(const EntryPtr entry, FindLocked(id));
    return entry->job;
  }
  // Numbered above `after`, oldest first, at most `count_max` + 1.
  [[nodiscard]] std::vector<Job> List(int64_t after, size_t count_max) const {
    const std::lock_guard lock(mutex_);
    std::vector<const Job*> known;
    for (const auto& [id, entry] : jobs_) {
      if (entry->job.number > after) known.push_back(&entry->job);
    }
    std::sort(known.begin(), known.end(),
              [](const Job* a, const Job* b) { return a->number < b->number; });
    if (known.size() > count_max + 1) known.resize(count_max + 1);
    std::vector<Job> jobs;
    jobs.reserve(known.size());
    for (const Job* job : known) jobs.push_back(*job);
    return jobs;
  }
  // Errors: api errors NOT_FOUND, INVALIDJOBSTATE when it has ended.
  [[nodiscard]] Result<Job> Abort(std::string_view id, UtcMicros now) {
    const std::lock_guard lock(mutex_);
    FIRN_TRY(const EntryPtr entry, FindLocked(id));
    const std::string& state = entry->job.state;
    if (IsEndState(state)) {
      const char* ended = state == "Aborted" ? "Aborted" : "Completed";
      return Fail(ApiError(400, "INVALIDJOBSTATE",
                           std::string("Aborting already ") + ended + " Job not allowed"));
    }
    entry->abort = true;
    entry->job.state = "Aborted";
    entry->job.modified = now;
    std::erase(waiting_, entry);
    return entry->job;
  }
  // Takes an ended job out. Errors: api errors NOT_FOUND, INVALIDJOBSTATE while it has not ended.
  [[nodiscard]] Result<Job> Remove(std::string_view id) {
    const std::lock_guard lock(mutex_);
    FIRN_TRY(const EntryPtr entry, FindLocked(id));
    if (!IsEndState(entry->job.state)) {
      return Fail(ApiError(400, "INVALIDJOBSTATE",
                           "Deleting a job in state " + entry->job.state + " is not allowed"));
    }
    jobs_.erase(entry->job.id);
    return entry->job;
  }
  // Takes the jobs out that ended before `limit`.
  [[nodiscard]] std::vector<Job> RemoveEndedBefore(UtcMicros limit) {
    const std::lock_guard lock(mutex_);
    std::vector<Job> old;
    std::erase_if(jobs_, [&](const auto& item) {
      const Job& job = item.second->job;
      if (!IsEndState(job.state) || job.modified > limit) return false;
      old.push_back(job);
      return true;
    });
    return old;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<std::string, EntryPtr, std::less<>> jobs_;
  std::deque<EntryPtr> waiting_;
  int64_t last_number_;
};

}  // namespace firn::sandbox
