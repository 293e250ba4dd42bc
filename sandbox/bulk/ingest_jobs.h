// Bulk API 2.0 ingest jobs: their life, their data and results, their place in api.db.
//
// A job's data is streamed to `ingest/<id>.data`; workers run jobs in the order in which their
// uploads were completed and write `ingest/<id>.successful` and `.failed`. A job that was running
// when the sandbox ended goes on at its next row. Thread-safe.
// Source: Bulk API 2.0 and Bulk API Developer Guide, 'Bulk API 2.0 Ingest', 'Limits', read 2026-11.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "core/net/http.h"
#include "sandbox/api_db.h"
#include "sandbox/bulk/ingest_run.h"
#include "sandbox/bulk/job_table.h"
#include "sandbox/faults.h"
#include "sandbox/sandbox_clock.h"
#include "sandbox/usage.h"

namespace firn::sandbox {

class IngestJobs {
 public:
  struct Options {
    std::string folder;  // of the org
    int threads = 1;
    std::chrono::milliseconds job_time_min{0};
    std::chrono::hours open_max{24};
    std::chrono::hours kept{7 * 24};  // results and jobs
  };
  struct Parts {
    Org& org;
    ApiDb& db;
    SandboxClock& clock;
    UsageMeter& usage;
    FaultBook& faults;
  };
  // One that an upload may have at most. Source: 'Limits' ("150 MB of base64-encoded data").
  static constexpr uint64_t kDataBytesMax = 150ULL << 20;

  [[nodiscard]] static Result<std::unique_ptr<IngestJobs>> Open(const Options& options,
                                                                const Parts& parts);
  ~IngestJobs();  // stops the workers; running jobs go on at the next start
  // Begins to work; `carry_out` does what a fault does to the org (schema, clock, sessions).
  void Start(std::function<void(const FaultEffect&)> carry_out);

  // Takes the caller's object, operation, fields, version and user, checked against the schema.
  // Errors: api errors INVALIDJOB, INVALIDENTITY, FEATURENOTENABLED, EXCEEDEDQUOTA.
  [[nodiscard]] Result<IngestJob> Create(IngestJob job);
  // Errors: api error NOT_FOUND.
  [[nodiscard]] Result<IngestJob> Get(std::string_view id) const { return table_.Get(id); }
  // Jobs numbered above `after`, oldest first, at most `count_max` + 1.
  [[nodiscard]] std::vector<IngestJob> List(int64_t after, size_t count_max) const {
    return table_.List(after, count_max);
  }
  // The data of an open job, once. Errors: api errors NOT_FOUND, INVALIDJOBSTATE,
  // REQUEST_TOO_LARGE; what broke the stream.
  [[nodiscard]] Result<void> Upload(std::string_view id, net::BodyStream& data);
  // Open -> UploadComplete. Errors: api errors NOT_FOUND, INVALIDJOBSTATE.
  [[nodiscard]] Result<IngestJob> Complete(std::string_view id);
  // Errors: api errors NOT_FOUND, INVALIDJOBSTATE when the job has ended.
  [[nodiscard]] Result<IngestJob> Abort(std::string_view id);
  // Job, data and results. Errors: api errors NOT_FOUND, INVALIDJOBSTATE unless it has ended.
  [[nodiscard]] Result<void> Delete(std::string_view id);
  [[nodiscard]] IngestPaths PathsOf(const IngestJob& job) const;
  // Where the unprocessed rows of an ended job begin in its data.
  [[nodiscard]] Result<uint64_t> ProcessedBytes(const IngestJob& job) const;
  // Aborts jobs left open for too long, removes those past their life.
  [[nodiscard]] Result<void> DropOld();

 private:
  using Table = JobTable<IngestJob>;
  using Entry = Table::Entry;
  using EntryPtr = Table::EntryPtr;
  // Numbers above those of query jobs, so that the two kinds never share an id.
  static constexpr int64_t kFirstNumber = 1'000'000'000;
  IngestJobs(const Options& options, const Parts& parts) : options_(options), parts_(parts) {}
  [[nodiscard]] Result<void> Load();
  [[nodiscard]] Result<void> CheckCreate(const IngestJob& job) const;
  [[nodiscard]] Result<void> CheckHardDelete(const IngestJob& job) const;
  [[nodiscard]] Result<void> Receive(const std::string& path, net::BodyStream& data,
                                     uint64_t& bytes) const;
  void Work(const std::stop_token& stop);
  void Run(Entry& entry, const std::stop_token& stop);
  // Errors: what the job fails with. kNone: it is complete. `fails_at`: the row at which the
  // current internal batch breaks off.
  [[nodiscard]] Result<IngestStop> RunRows(Entry& entry, IngestRun& run, uint64_t& fails_at,
                                           const std::stop_token& stop);
  // The faults of an internal batch, and the allotments it uses. Errors: EXCEEDEDQUOTA.
  [[nodiscard]] Result<void> BeginBatch(const IngestJob& job, uint64_t row, uint64_t& fails_at);
  void Finish(Entry& entry, const Result<IngestStop>& done, SteadyTime start);
  [[nodiscard]] Result<void> Save(const IngestJob& job);
  [[nodiscard]] Result<void> Forget(const IngestJob& job);

  const Options options_;
  const Parts parts_;
  std::function<void(const FaultEffect&)> carry_out_;
  Table table_{kFirstNumber};
  std::vector<std::jthread> workers_;
};

}  // namespace firn::sandbox
