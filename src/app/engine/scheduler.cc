#include "app/engine/scheduler.h"

#include <pthread.h>

#include <algorithm>

#include "core/base/log.h"
#include "core/base/nearest.h"
#include "core/base/time_text.h"

namespace firn::engine {
namespace {

using std::chrono::microseconds;
// Looked at again after this time at the latest: how late a jump of the wall clock is seen.
constexpr microseconds kLookEvery = std::chrono::seconds(15);
constexpr microseconds kJump = std::chrono::seconds(60);
constexpr std::string_view kNobody = "-";  // state keys begin with the org; some jobs have none

state::Key KeyOf(const Job& job) {
  return {job.org.empty() ? std::string(kNobody) : job.org, "schedule", job.name};
}

Labels LabelsOf(const Job& job) { return {{"job", job.name}, {"kind", job.kind}}; }

}  // namespace

Scheduler::Scheduler(SchedulerParts parts, std::shared_ptr<const project::Project> project)
    : parts_(std::move(parts)), first_(std::move(project)) {}

Scheduler::~Scheduler() {
  jobs_stop_.request_stop();
  for (std::jthread& thread : threads_) thread.request_stop();
}

Result<void> Scheduler::Load(const project::Project& project) {
  FIRN_TRY(std::vector<Job> jobs, parts_.make_jobs(project));
  const std::lock_guard lock(mutex_);
  Adopt(std::move(jobs));
  return {};
}

Result<void> Scheduler::Start(const Call& call) {
  FIRN_CHECK(Load(*first_));
  first_.reset();
  call_ = call;
  call_.stop = jobs_stop_.get_token();
  threads_.emplace_back([this](const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "firn-schedule");
    WatchClock(stop);
  });
  // One more than may work: what costs nothing (limits) must not wait for what takes hours.
  for (int i = 0; i < parts_.jobs_at_once + 1; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) {
      pthread_setname_np(pthread_self(), "firn-job");
      Work(stop);
    });
  }
  return {};
}

// Without history a rate begins at once and a cron at its next time; with one, both go on from it.
std::optional<UtcMicros> Scheduler::FirstDue(const Job& job, UtcMicros now) const {
  const auto last = parts_.shared->Get(KeyOf(job));
  if (last && *last) {
    if (const auto when = ParseInstant((*last)->value); when && *when <= now) {
      return job.schedule->NextAfter(*when);
    }
  }
  return job.schedule->is_rate() ? now : job.schedule->NextAfter(now);
}

void Scheduler::Adopt(std::vector<Job> jobs) {
  const UtcMicros now = parts_.clock->Now();
  std::vector<std::shared_ptr<Entry>> next;
  for (Job& job : jobs) {
    auto entry = std::make_shared<Entry>();
    const auto old = std::ranges::find_if(
        entries_, [&](const auto& each) { return each->job.name == job.name; });
    if (old != entries_.end()) entry->status = (*old)->status;
    const bool same = old != entries_.end() && entry->status.when == job.when;
    entry->status.name = job.name;
    entry->status.org = job.org;
    entry->status.kind = job.kind;
    entry->status.when = job.when;
    if (!same) entry->status.next = FirstDue(job, now);
    entry->job = std::move(job);
    // A run that is going on ends as it began; its entry keeps it from running twice.
    if (old != entries_.end() && ((*old)->status.running || (*old)->status.waiting)) {
      (*old)->job = std::move(entry->job);
      (*old)->status = std::move(entry->status);
      entry = *old;
    }
    next.push_back(std::move(entry));
  }
  entries_ = std::move(next);
  changed_.notify_all();
}

void Scheduler::Queue(const std::shared_ptr<Entry>& entry) {
  if (entry->status.running || entry->status.waiting) {
    parts_.metrics
        ->GetCounter("job_overlaps_total", LabelsOf(entry->job),
                     "Times a job was due while it still ran, and was passed over")
        .Add();
    log::Warn("job.still_running", {{"job", entry->job.name}});
    return;
  }
  entry->status.waiting = true;
  queue_.push_back(entry);
  changed_.notify_all();
}

void Scheduler::Remember(const Job& job, UtcMicros ran) {
  const auto kept = parts_.shared->Put(KeyOf(job), FormatUtc(ran, 6));
  if (!kept)
    log::Warn("job.not_remembered", {{"job", job.name}, {"error", kept.error().OneLine()}});
}

UtcMicros Scheduler::Step(UtcMicros now) {
  const std::lock_guard lock(mutex_);
  const SteadyTime steady = parts_.clock->Steady();
  if (looked_at_) {
    const auto expected =
        *looked_at_ + std::chrono::duration_cast<microseconds>(steady - looked_at_steady_);
    const bool back = now < expected - kJump;
    if (back || now > expected + kJump) {
      log::Warn("clock.jumped", {{"from", FormatUtc(expected, 0)}, {"to", FormatUtc(now, 0)}});
    }
    if (back) {
      for (const auto& entry : entries_) entry->status.next = entry->job.schedule->NextAfter(now);
    }
  }
  looked_at_ = now;
  looked_at_steady_ = steady;
  UtcMicros wake = now + kLookEvery;
  for (const auto& entry : entries_) {
    auto& next = entry->status.next;
    if (next && *next <= now) {
      Queue(entry);
      next = entry->job.schedule->NextAfter(now);
    }
    if (next) wake = std::min(wake, *next);
  }
  return wake;
}

void Scheduler::WatchClock(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const UtcMicros now = parts_.clock->Now();
    const UtcMicros wake = Step(now);
    std::unique_lock lock(mutex_);
    // A reload wakes it: the times may be others.
    changed_.wait_for(lock, stop, std::max(wake - now, microseconds(1000)), [] { return false; });
  }
}

void Scheduler::Work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [this] { return !queue_.empty() && !draining_; });
      if (stop.stop_requested()) return;
    }
    RunOne(call_);
  }
}

bool Scheduler::RunOne(const Call& call) {
  std::shared_ptr<Entry> entry;
  std::function<Result<std::string>(const Call&)> run;
  const SteadyTime began = parts_.clock->Steady();
  Call of_job = call;
  of_job.retries = std::make_shared<RetryBudget>(256);
  of_job.trace = {};  // each run is a trace
  {
    const std::lock_guard lock(mutex_);
    if (queue_.empty() || draining_) return false;
    entry = queue_.front();
    queue_.pop_front();
    entry->status.waiting = false;
    entry->status.running = true;
    entry->status.started = parts_.clock->Now();
    run = entry->job.run;
    ++busy_;
  }
  Span span(parts_.spans ? parts_.spans() : nullptr, of_job,
            {.name = "run job",
             .attributes = {{"firn.job", entry->job.name}, {"firn.kind", entry->job.kind}}});
  log::Info("job.started", {{"job", entry->job.name}, {"trace", span.call().trace.trace_id}});
  Result<std::string> result = std::string();
  try {
    result = run(span.call());
  } catch (const std::exception& exception) {
    result = Fail(Kind::kInternal, "ENGINE-JOB-003",
                  "a job threw what should not leave its room: " + std::string(exception.what()));
  }
  span.Conclude(result);
  if (result) span.Set("firn.outcome", *result);
  span.End();
  Finish(entry, result, began);
  return true;
}

void Scheduler::Finish(const std::shared_ptr<Entry>& entry, const Result<std::string>& result,
                       SteadyTime began) {
  const std::lock_guard lock(mutex_);
  JobStatus& status = entry->status;
  status.running = false;
  status.finished = parts_.clock->Now();
  status.outcome = result ? *result : result.error().code();
  status.error = result ? "" : result.error().OneLine();
  ++status.runs;
  --busy_;
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(parts_.clock->Steady() - began);
  const bool stopped = !result && result.error().kind() == Kind::kCancelled;
  if (!result && !stopped) ++status.failures;
  // What was stopped, or died with the daemon, is due again at the next start.
  if (!stopped) Remember(entry->job, *status.started);
  Labels labels = LabelsOf(entry->job);
  labels.emplace_back("outcome", result ? "done" : stopped ? "stopped" : "failed");
  parts_.metrics->GetCounter("job_runs_total", labels, "Runs of jobs by how they ended").Add();
  parts_.metrics
      ->GetGauge("job_last_run_seconds", LabelsOf(entry->job), "How long a job's last run took")
      .Set(static_cast<double>(took.count()) / 1000);
  if (result) {
    parts_.metrics
        ->GetGauge("job_last_success_timestamp_seconds", LabelsOf(entry->job),
                   "When a job last ended well")
        .Set(static_cast<double>(status.finished->time_since_epoch().count()) / 1e6);
    log::Info("job.finished", {{"job", status.name},
                               {"outcome", status.outcome},
                               {"ms", static_cast<int64_t>(took.count())}});
  } else if (stopped) {
    log::Info("job.stopped", {{"job", status.name}});
  } else {
    log::Err("job.failed", {{"job", status.name},
                            {"code", result.error().code()},
                            {"error", result.error().OneLine()},
                            {"hint", result.error().hint()}});
  }
  changed_.notify_all();
}

Result<void> Scheduler::RunNow(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& entry : entries_) {
    names.push_back(entry->job.name);
    if (entry->job.name != name) continue;
    if (entry->status.running || entry->status.waiting) {
      return Fail(Kind::kConflict, "ENGINE-JOB-002", "the job `" + name + "` runs already");
    }
    Queue(entry);
    return {};
  }
  const auto near = Nearest(name, names);
  return Fail(Error(Kind::kNotFound, "ENGINE-JOB-001", "there is no job `" + name + "`")
                  .Hint(near ? "did you mean `" + *near + "`?" : "`firn status` shows the jobs"));
}

std::vector<JobStatus> Scheduler::Jobs() const {
  const std::lock_guard lock(mutex_);
  std::vector<JobStatus> all;
  for (const auto& entry : entries_) all.push_back(entry->status);
  return all;
}

void Scheduler::Drain(const Call& call) {
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    for (const auto& entry : queue_) entry->status.waiting = false;
    queue_.clear();
  }
  // Jobs stop after the page in hand, which the ledger then knows.
  jobs_stop_.request_stop();
  for (std::jthread& thread : threads_) thread.request_stop();
  {
    std::unique_lock lock(mutex_);
    while (busy_ > 0 && call.Left() > std::chrono::nanoseconds(0)) {
      changed_.wait_for(lock, std::chrono::milliseconds(100));
    }
    if (busy_ > 0) log::Err("drain.too_slow", {{"jobs_running", busy_}});
  }
  threads_.clear();
}

Health Scheduler::Check() {
  const std::lock_guard lock(mutex_);
  if (draining_) return {false, "draining"};
  return {true, std::to_string(entries_.size()) + " jobs, " + std::to_string(busy_) + " running"};
}

Result<std::function<void()>> Scheduler::PrepareReload(
    const std::shared_ptr<const project::Project>& next) {
  FIRN_TRY(std::vector<Job> jobs, parts_.make_jobs(*next));
  auto ready = std::make_shared<std::vector<Job>>(std::move(jobs));
  return [this, ready] {
    const std::lock_guard lock(mutex_);
    Adopt(std::move(*ready));
  };
}

}  // namespace firn::engine
