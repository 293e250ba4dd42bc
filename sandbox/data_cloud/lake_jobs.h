// The bulk jobs of the Ingestion API: their life, their files, their limits.
//
// One job at a time of an object, one worker. A job's files are `data_cloud/<id>.<n>.csv` of the
// org folder until it ends. A job that waited or ran when the sandbox ended runs (again) at the
// next start. Thread-safe. Source: Data 360 Ingestion API reference, 'Bulk Ingestion' and its
// pages, 'Get Started with Ingestion API' (limits), read 2026-11; one job an object and five in
// all: the vendor's MuleSoft accelerator, 'Limitations'.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/random.h"
#include "core/net/http.h"
#include "sandbox/data_cloud/lake_job.h"
#include "sandbox/data_cloud/lake_store.h"
#include "sandbox/sandbox_clock.h"

namespace firn::sandbox {

struct LakeLimits {
  int64_t jobs_per_hour = 20;
  int64_t jobs_at_once = 5;           // that have not ended
  int64_t requests_per_second = 250;  // of streaming
};

class LakeJobs {
 public:
  static constexpr int64_t kFilesMax = 100;
  static constexpr uint64_t kFileBytesMax = 150'000'000;

  [[nodiscard]] static Result<std::unique_ptr<LakeJobs>> Open(LakeStore& store, SandboxClock& clock,
                                                              Random& random);
  ~LakeJobs();

  // Takes operation, object, source and user. Errors: api errors 404 (no such object), 409 (it has
  // a job), 429 (too many).
  [[nodiscard]] Result<LakeJob> Create(LakeJob job);
  // Errors: api error 404.
  [[nodiscard]] Result<LakeJob> Get(std::string_view id) const;
  [[nodiscard]] std::vector<LakeJob> All() const;
  // One more file of an open job. Errors: api errors 404, 409 (not open), 400 (100 files), 413.
  [[nodiscard]] Result<void> Upload(std::string_view id, net::BodyStream& data);
  // `UploadComplete` or `Aborted`. Errors: api errors 404, 409 (not open).
  [[nodiscard]] Result<LakeJob> SetState(std::string_view id, std::string_view state);
  // Errors: api errors 404, 409 (open or running).
  [[nodiscard]] Result<void> Delete(std::string_view id);
  // Deletes jobs that were left open, and ended ones, after seven days.
  [[nodiscard]] Result<void> DropOld();

  [[nodiscard]] LakeLimits limits() const;
  void SetLimits(const LakeLimits& limits);

 private:
  struct Entry {
    LakeJob job;
    int64_t uploading = 0;
  };
  using EntryPtr = std::shared_ptr<Entry>;
  LakeJobs(LakeStore& store, SandboxClock& clock, Random& random)
      : store_(store), clock_(clock), random_(random) {}
  [[nodiscard]] Result<void> Load();
  [[nodiscard]] Result<EntryPtr> FindLocked(std::string_view id) const;
  [[nodiscard]] Result<void> CheckCreateLocked(const LakeJob& job) const;
  [[nodiscard]] static Result<void> Receive(const std::string& path, net::BodyStream& data);
  [[nodiscard]] std::string PathOf(const LakeJob& job, int64_t file) const;
  [[nodiscard]] Result<void> DropFiles(const LakeJob& job) const;
  void Work(const std::stop_token& stop);
  void Run(Entry& entry, const std::stop_token& stop);

  LakeStore& store_;
  SandboxClock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  LakeLimits limits_;
  std::vector<EntryPtr> jobs_;  // oldest first
  std::deque<EntryPtr> waiting_;
  std::deque<UtcMicros> created_;  // of the last hour
  int64_t last_number_ = 0;
  std::jthread worker_;
};

}  // namespace firn::sandbox
