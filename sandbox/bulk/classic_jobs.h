// Jobs of the first Bulk API: their life, their batches, their place in api.db.
//
// Workers run batches in the order in which they came, whether or not the job is closed. A batch's
// data is `ingest/<batch>.data`, its result `ingest/<batch>.result`; a batch that was running when
// the sandbox ended runs at the next start, and its rows are never written twice: that they were is
// noted with them. Thread-safe.
// Source: Bulk API 2.0 and Bulk API Developer Guide, 'Bulk API' part, read 2026-11.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "sandbox/api_db.h"
#include "sandbox/bulk/classic_job.h"
#include "sandbox/org.h"
#include "sandbox/sandbox_clock.h"
#include "sandbox/usage.h"

namespace firn::sandbox {

class ClassicJobs {
 public:
  struct Options {
    std::string folder;  // of the org
    int threads = 1;
    std::chrono::hours kept{7 * 24};
  };
  struct Parts {
    Org& org;
    ApiDb& db;
    SandboxClock& clock;
    UsageMeter& usage;
  };
  [[nodiscard]] static Result<std::unique_ptr<ClassicJobs>> Open(const Options& options,
                                                                 const Parts& parts);
  ~ClassicJobs();

  // Errors of all: api errors with the codes of this API (`InvalidJob`, `InvalidEntity`,
  // `InvalidJobState`, `InvalidBatch`, `ExceededQuota`), status 400.
  [[nodiscard]] Result<ClassicJob> Create(ClassicJob job);
  [[nodiscard]] Result<ClassicJob> Get(std::string_view id) const;
  // `Closed` or `Aborted`.
  [[nodiscard]] Result<ClassicJob> SetState(std::string_view id, const std::string& state);
  // The batch; with PK chunking it is told as Queued and becomes NotProcessed beside its chunks.
  [[nodiscard]] Result<ClassicBatch> AddBatch(std::string_view job_id, const std::string& data);
  [[nodiscard]] std::string DataPath(const ClassicBatch& batch) const;
  [[nodiscard]] std::string ResultPath(const ClassicBatch& batch) const;
  [[nodiscard]] Result<void> DropOld();

 private:
  struct Work {
    std::string job_id;
    std::string batch_id;
  };
  ClassicJobs(const Options& options, const Parts& parts) : options_(options), parts_(parts) {}
  [[nodiscard]] Result<void> Load();
  void WorkLoop(const std::stop_token& stop);
  // The batch's rows into the org, or its query into the result file. Errors: what it fails with.
  [[nodiscard]] Result<void> RunBatch(const ClassicJob& job, ClassicBatch& batch,
                                      const std::stop_token& stop);
  [[nodiscard]] Result<void> RunQuery(const ClassicJob& job, ClassicBatch& batch,
                                      const std::stop_token& stop);
  [[nodiscard]] Result<void> RunRows(const ClassicJob& job, ClassicBatch& batch);
  // The chunks of a query, as batches without ids yet. Errors: api errors of SOQL.
  [[nodiscard]] Result<std::vector<std::string>> ChunksOf(const ClassicJob& job,
                                                          const std::string& query);
  ClassicBatch& AppendLocked(ClassicJob& job);
  [[nodiscard]] Result<void> Save(const ClassicJob& job);
  [[nodiscard]] Result<void> Forget(const ClassicJob& job);
  [[nodiscard]] std::shared_ptr<ClassicJob> FindLocked(std::string_view id) const;

  const Options options_;
  const Parts parts_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::map<std::string, std::shared_ptr<ClassicJob>, std::less<>> jobs_;
  std::deque<Work> waiting_;
  int64_t last_job_ = 0;
  int64_t last_batch_ = 0;
  std::vector<std::jthread> workers_;
};

}  // namespace firn::sandbox
