// Bulk API 2.0 query jobs: their life, their results, their place in api.db.
//
// A job's result is materialised when the job runs (`results/<id>.csv` and marks of where rows
// begin), so that every page of it is stable and can be read again; pages are slices of that file.
// Jobs survive a restart: one that was running runs again from its start. Worker threads run jobs
// in order of creation. Thread-safe.
// Source: Bulk API 2.0 and Bulk API Developer Guide, "Query" chapters, read 2026-11.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "sandbox/api_db.h"
#include "sandbox/bulk/job_table.h"
#include "sandbox/org.h"
#include "sandbox/sandbox_clock.h"
#include "sandbox/usage.h"

namespace firn::sandbox {

struct BulkQueryJob {
  int64_t number = 0;
  std::string id;         // 750.., 18 characters
  std::string operation;  // query | queryAll
  std::string object;
  std::string query;
  std::string delimiter = "COMMA";  // BACKQUOTE CARET COMMA PIPE SEMICOLON TAB
  std::string line_ending = "LF";   // LF CRLF
  int api_version = 0;
  std::string user_id;
  UtcMicros created{};
  UtcMicros modified{};
  std::string state = "UploadComplete";  // InProgress JobComplete Failed Aborted
  uint64_t rows = 0;
  int64_t took_ms = 0;
  std::string error;
  std::string header;  // CSV header line of the result
  CsvIndex index;
};

class BulkQueryJobs {
 public:
  struct Options {
    std::string folder;  // of the org
    int threads = 1;
    std::chrono::milliseconds job_time_min{0};
    std::chrono::hours kept{7 * 24};  // results and jobs
  };
  struct Parts {
    Org& org;
    ApiDb& db;
    SandboxClock& clock;
    UsageMeter& usage;
  };
  [[nodiscard]] static Result<std::unique_ptr<BulkQueryJobs>> Open(const Options& options,
                                                                   const Parts& parts);
  ~BulkQueryJobs();  // stops the workers; running jobs start again at the next Open

  // Takes the caller's operation, query, delimiter, line ending, version and user; checks the
  // query. Errors: api errors of SOQL, of what Bulk refuses, and LIMIT_EXCEEDED.
  [[nodiscard]] Result<BulkQueryJob> Create(BulkQueryJob job);
  // Errors: api error NOT_FOUND.
  [[nodiscard]] Result<BulkQueryJob> Get(std::string_view id) const { return table_.Get(id); }
  // Jobs numbered above `after`, oldest first, at most `count_max` + 1.
  [[nodiscard]] std::vector<BulkQueryJob> List(int64_t after, size_t count_max) const {
    return table_.List(after, count_max);
  }
  // Errors: api errors NOT_FOUND, INVALIDJOBSTATE when the job has ended.
  [[nodiscard]] Result<BulkQueryJob> Abort(std::string_view id);
  // Job and result. Errors: api errors NOT_FOUND, INVALIDJOBSTATE while it runs.
  [[nodiscard]] Result<void> Delete(std::string_view id);
  [[nodiscard]] std::string ResultPath(const BulkQueryJob& job) const {
    return options_.folder + "/results/" + job.id + ".csv";
  }
  [[nodiscard]] static CsvOptions CsvOf(const BulkQueryJob& job);
  // Removes jobs past their life.
  [[nodiscard]] Result<void> DropOld();

 private:
  using Table = JobTable<BulkQueryJob>;
  BulkQueryJobs(const Options& options, const Parts& parts) : options_(options), parts_(parts) {}
  [[nodiscard]] Result<void> Load();
  void Work(const std::stop_token& stop);
  void Run(Table::Entry& entry, const std::stop_token& stop);
  [[nodiscard]] Result<void> Materialise(BulkQueryJob& job, const std::atomic<bool>& abort,
                                         const std::stop_token& stop);
  [[nodiscard]] Result<void> Save(const BulkQueryJob& job);
  [[nodiscard]] Result<void> Forget(const BulkQueryJob& job);

  const Options options_;
  const Parts parts_;
  Table table_;
  std::vector<std::jthread> workers_;
};

}  // namespace firn::sandbox
