// Scheduler: runs jobs when they are due, each in one instance at a time, several side by side.
//
// A job whose time came while nobody was there runs once at the start, however often it was due. A
// job that is due again while it still runs is passed over and counted. When the wall clock jumps,
// the times are worked out anew: nothing is missed, at worst a job runs once more, and all jobs are
// safe to repeat. When a job last ran to its end is kept in shared.db. One thread looks at the
// clock, a few run jobs; all are joined in Drain.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/engine/schedule.h"
#include "app/engine/service.h"
#include "core/base/metrics.h"
#include "core/base/span.h"
#include "core/state/shared_state.h"

namespace firn::engine {

struct Job {
  std::string name;
  std::string org;   // empty: of the project
  std::string kind;  // `export`, `maintain`, `limits`: for people
  std::string when;  // as it was written
  std::shared_ptr<const Schedule> schedule;
  // Returns one word for lists: `exact`, `done`.
  std::function<Result<std::string>(const Call&)> run;
};
// What the project wants done. Errors: BadConfig for a schedule that is none.
using JobMaker = std::function<Result<std::vector<Job>>(const project::Project&)>;

struct JobStatus {
  std::string name;
  std::string org;
  std::string kind;
  std::string when;
  std::optional<UtcMicros> next;
  std::optional<UtcMicros> started;   // the last run, or the one that is going on
  std::optional<UtcMicros> finished;  // of the last run that ended
  std::string outcome;                // its word, or its error's code
  std::string error;                  // one line; empty: it went well
  int64_t runs = 0;                   // since the daemon began
  int64_t failures = 0;
  bool running = false;
  bool waiting = false;  // due, and waits for a thread
};

struct SchedulerParts {
  std::shared_ptr<state::SharedState> shared;
  MetricsRegistry* metrics = nullptr;  // outlives the scheduler
  std::function<SpanSink*()> spans;    // where runs are told, known when they begin; may be null
  JobMaker make_jobs;
  int jobs_at_once = 2;
  Clock* clock = &SystemClock();
};

class Scheduler final : public Service {
 public:
  Scheduler(SchedulerParts parts, std::shared_ptr<const project::Project> project);
  ~Scheduler() override;

  [[nodiscard]] std::string_view name() const override { return "schedules"; }
  [[nodiscard]] Result<void> Start(const Call& call) override;
  void Drain(const Call& call) override;
  [[nodiscard]] Health Check() override;
  [[nodiscard]] Result<std::function<void()>> PrepareReload(
      const std::shared_ptr<const project::Project>& next) override;

  // Makes the jobs without starting a thread; Start does it too. For simulations.
  [[nodiscard]] Result<void> Load(const project::Project& project);
  // Queues what is due at `now` and says when to look again.
  [[nodiscard]] UtcMicros Step(UtcMicros now);
  // Runs the oldest job of the queue on this thread; false when there is none.
  bool RunOne(const Call& call);
  // Queues a job now, beside its schedule. Errors: NotFound (ENGINE-JOB-001); Conflict (-002) when
  // it runs already.
  [[nodiscard]] Result<void> RunNow(const std::string& name);
  [[nodiscard]] std::vector<JobStatus> Jobs() const;

 private:
  struct Entry {
    Job job;
    JobStatus status;
  };
  void Adopt(std::vector<Job> jobs);                // under the mutex
  void Queue(const std::shared_ptr<Entry>& entry);  // likewise
  std::optional<UtcMicros> FirstDue(const Job& job, UtcMicros now) const;
  void Remember(const Job& job, UtcMicros ran);
  void WatchClock(const std::stop_token& stop);
  void Work(const std::stop_token& stop);
  void Finish(const std::shared_ptr<Entry>& entry, const Result<std::string>& result,
              SteadyTime began);

  SchedulerParts parts_;
  std::shared_ptr<const project::Project> first_;  // until Start
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::shared_ptr<Entry>> entries_;
  std::deque<std::shared_ptr<Entry>> queue_;
  std::optional<UtcMicros> looked_at_;
  SteadyTime looked_at_steady_;
  bool draining_ = false;
  int busy_ = 0;
  Call call_;
  std::stop_source jobs_stop_;
  std::vector<std::jthread> threads_;
};

}  // namespace firn::engine
