// The workers of IngestJobs: internal batches, their retries, faults and allotments.
#include "core/base/log.h"
#include "sandbox/api_error.h"
#include "sandbox/bulk/ingest_jobs.h"

namespace firn::sandbox {
namespace {

constexpr uint64_t kNever = UINT64_MAX;

}  // namespace

void IngestJobs::Work(const std::stop_token& stop) {
  while (const EntryPtr entry = table_.Next(stop, parts_.clock)) Run(*entry, stop);
}

Result<void> IngestJobs::BeginBatch(const IngestJob& job, uint64_t row, uint64_t& fails_at) {
  fails_at = kNever;
  const DailyLimits limits = parts_.usage.limits();
  if (parts_.usage.Used(Allotment::kBulkBatches) >= limits.bulk_batches) {
    return Fail(ApiError(400, "ExceededQuota", "ApiBatchItems Limit exceeded."));
  }
  if (parts_.usage.Used(Allotment::kBulkRows) >= limits.bulk_rows) {
    return Fail(ApiError(400, "ExceededQuota", "Bulk API 2.0 daily record limit exceeded."));
  }
  const std::string path =
      "/jobs/ingest/" + job.id + "/batches/" + std::to_string(row / kRowsPerInternalBatch);
  for (const FaultEffect& effect : parts_.faults.StrikeBatch(path)) {
    if (effect.kind == FaultKind::kBatchFailure) {
      fails_at = row + static_cast<uint64_t>(std::max<int64_t>(0, effect.rows));
    } else if (effect.kind == FaultKind::kDelay) {
      parts_.clock.under().SleepFor(std::chrono::milliseconds(effect.ms), {});
    } else if (carry_out_) {
      carry_out_(effect);
    }
  }
  return {};
}

Result<IngestStop> IngestJobs::RunRows(Entry& entry, IngestRun& run, uint64_t& fails_at,
                                       const std::stop_token& stop) {
  FIRN_CHECK(run.Open());
  int attempts = 0;
  uint64_t counted_rows = run.progress().rows;
  while (!run.at_end()) {
    FIRN_CHECK(BeginBatch(entry.job, run.progress().rows, fails_at));
    FIRN_CHECK(run.CheckHeader());
    FIRN_TRY(const IngestStop stopped, run.RunBatch());
    parts_.usage.Add(Allotment::kBulkRows,
                     static_cast<int64_t>(run.progress().rows - counted_rows));
    counted_rows = run.progress().rows;
    if (stopped == IngestStop::kBatchFails) {
      if (++attempts > kBatchRetriesMax) {
        return Fail(ApiError(400, "InternalServerError",
                             "The batch could not be processed after " +
                                 std::to_string(kBatchRetriesMax) + " retries"));
      }
      std::lock_guard lock(table_.mutex());
      ++entry.job.retries;
      continue;
    }
    if (stopped != IngestStop::kNone) return stopped;
    attempts = 0;
    parts_.usage.Add(Allotment::kBulkBatches, 1);
    if (stop.stop_requested()) return IngestStop::kParked;
  }
  return IngestStop::kNone;
}

void IngestJobs::Run(Entry& entry, const std::stop_token& stop) {
  IngestJob job;
  {
    std::lock_guard lock(table_.mutex());
    job = entry.job;
  }
  const SteadyTime start = parts_.clock.Steady();
  uint64_t fails_at = kNever;
  IngestRun run(job, PathsOf(job),
                {.org = parts_.org,
                 .look =
                     [&](uint64_t row) {
                       if (stop.stop_requested()) return IngestStop::kParked;
                       if (entry.abort) return IngestStop::kAborted;
                       return row >= fails_at ? IngestStop::kBatchFails : IngestStop::kNone;
                     },
                 .room = [&](uint64_t row) { return fails_at > row ? fails_at - row : 1; },
                 .done =
                     [&](const IngestProgress& progress) {
                       std::lock_guard lock(table_.mutex());
                       entry.job.rows = progress.rows;
                       entry.job.failed = progress.failed;
                     }});
  Result<IngestStop> done = IngestStop::kNone;
  if (auto saved = Save(job); !saved) done = Fail(std::move(saved).error());
  if (done) done = RunRows(entry, run, fails_at, stop);
  if (options_.job_time_min.count() > 0) {
    parts_.clock.SleepUntil(start + options_.job_time_min, stop);
  }
  // Goes on at the next start; what is committed is noted with the rows.
  if (stop.stop_requested()) return;
  Finish(entry, done, start);
}

void IngestJobs::Finish(Entry& entry, const Result<IngestStop>& done, SteadyTime start) {
  IngestJob job;
  {
    std::lock_guard lock(table_.mutex());
    IngestJob& at = entry.job;
    at.took_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(parts_.clock.Steady() - start)
            .count();
    at.modified = parts_.clock.Now();
    if (!done) {
      const ApiErrorParts error = PartsOf(done.error());
      at.error = error.code + " : " + error.message;
    }
    // The client's word, if it came between, stands.
    if (!entry.abort) at.state = done ? "JobComplete" : "Failed";
    job = at;
  }
  if (auto saved = Save(job); !saved) {
    log::Err("sandbox_job_not_saved", {{"job", job.id}, {"error", saved.error().OneLine()}});
  }
}

}  // namespace firn::sandbox
