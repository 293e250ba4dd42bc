// Bulk API 2.0 query jobs: create, wait, result pages (by locator, or in parallel where the org
// offers it), list, abort, delete.
//
// A BulkClient belongs to an Org and may be called from any thread; a ResultPage is read by one
// thread. Pages come as inflated CSV with a header row on every page, and are never put together
// here: each is decoded by itself and its rows are checked against `rows` by whoever decodes.
//
// Source: Bulk API 2.0 and Bulk API Developer Guide, "Query Jobs": "Create a Query Job", "Get
// Information About a Query Job", "Get Results for a Query Job", "Get Parallel Results for a Query
// Job", "Get Information About All Query Jobs", read 2026-11.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/net/http.h"

namespace firn::salesforce {

struct BulkOptions {
  bool gzip = true;
  // Rows asked for in a page. Halved, down to records_per_page_min, for the rest of the run each
  // time a page stalls (R10): Salesforce has been seen to stop sending huge pages silently.
  int64_t records_per_page = 50'000;
  int64_t records_per_page_min = 1'000;
  std::chrono::milliseconds page_idle_timeout{60'000};
  std::chrono::milliseconds poll_first{250};
  std::chrono::milliseconds poll_most{30'000};
  std::chrono::hours wait_most{24};
};

enum class JobState { kUploadComplete, kInProgress, kJobComplete, kFailed, kAborted, kOther };

struct Job {
  std::string id;
  JobState state = JobState::kOther;
  std::string state_text;  // as the org spells it
  std::string operation;   // `query` or `queryAll`
  std::string object;
  std::string created_by_id;
  std::string created_date;
  std::string system_modstamp;
  std::string api_version;  // `66.0`
  int64_t records_processed = 0;
  int64_t total_processing_ms = 0;
  int retries = 0;
  std::string error_message;  // of a failed job
  std::string query;          // only where the org tells it
};

struct QuerySpec {
  std::string soql;
  bool all_rows = false;
  // Of the query. Before a create whose answer was lost is repeated, the org's jobs are listed and
  // one with this object, operation and query text, made by this user since the request was sent,
  // is taken as ours. One that fits but does not tell its query is left alone, with a warning:
  // taking a stranger's job would give the wrong rows, a second job only costs one.
  std::string object;
};

struct JobPage {
  std::vector<Job> jobs;
  std::string next;  // hand to List(); empty: no more
  bool done = true;
};

struct ResultPage {
  int64_t rows = -1;         // Sforce-NumberOfRecords; -1: not announced
  std::string locator;       // the one asked for; empty: the first page
  std::string next_locator;  // empty: this is the last page
  // Inflated CSV. A body cut short, stalled or damaged fails in Read, never ends quietly.
  std::unique_ptr<net::BodyStream> body;
};

// One page of parallel results: where to get it.
struct PageUrl {
  std::string url;      // absolute
  std::string locator;  // as in the URL; empty when it has none
};
struct PageUrls {
  std::vector<PageUrl> pages;  // at most five at a time
  std::string next;            // hand to ResultPages(); empty: no more
  bool done = true;
  // False: the org (or API version below 58) has no parallel results; follow locators instead.
  bool offered = true;
};

class BulkClient {
 public:
  virtual ~BulkClient() = default;

  // Takes one query job and one call of the budget. Errors: Unsupported SF-BULK-002 when Bulk
  // refuses this object or field (read it by REST), BadInput SF-BULK-001 for a query it cannot
  // run, LimitReached SF-BULK-005 or SF-LIMIT-*, CommitUnknown SF-BULK-006 when the answer was lost
  // and the list of jobs could not tell.
  [[nodiscard]] virtual Result<Job> Create(const Call& call, const QuerySpec& query) = 0;
  // Errors: NotFound SF-BULK-004 when the job is gone (results live seven days).
  [[nodiscard]] virtual Result<Job> Get(const Call& call, const std::string& job_id) = 0;
  // Polls with growing pauses until the job is complete, at most BulkOptions::wait_most. `progress`
  // (may be empty) hears of each poll. Errors: SF-BULK-003 for a failed or aborted job, with its
  // message (Unsupported SF-BULK-002 when that says Bulk cannot read the object); Timeout
  // SF-BULK-007; Cancelled - the job goes on: Abort() it if it is not wanted any more.
  [[nodiscard]] virtual Result<Job> Wait(const Call& call, const std::string& job_id,
                                         const std::function<void(const Job&)>& progress) = 0;
  // 1,000 jobs a page. `next`: empty for the first page.
  [[nodiscard]] virtual Result<JobPage> List(const Call& call, const std::string& next) = 0;
  [[nodiscard]] virtual Result<void> Abort(const Call& call, const std::string& job_id) = 0;
  // A job that is gone already is fine.
  [[nodiscard]] virtual Result<void> Delete(const Call& call, const std::string& job_id) = 0;

  // Opens one page of results by its locator (empty: the first). `records_max` 0: what
  // records_per_page() says. The same locator gives the same rows as long as the job lives. Errors:
  // Conflict SF-BULK-008 (412, job not complete; 409, other API version), Expired SF-BULK-004,
  // Timeout (in Open or Read) after which records_per_page() is smaller and the page may be opened
  // again by the same locator - but its end, and so next_locator, will then be another.
  [[nodiscard]] virtual Result<ResultPage> OpenResults(const Call& call, const std::string& job_id,
                                                       const std::string& locator,
                                                       int64_t records_max) = 0;
  // Up to five page addresses. `next`: empty for the first call.
  [[nodiscard]] virtual Result<PageUrls> ResultPages(const Call& call, const std::string& job_id,
                                                     const std::string& next) = 0;
  // Opens a page by its address of ResultPages; its next_locator means nothing.
  [[nodiscard]] virtual Result<ResultPage> OpenResultUrl(const Call& call, const PageUrl& page) = 0;
  // What the next page will be asked to hold.
  [[nodiscard]] virtual int64_t records_per_page() const = 0;
};

}  // namespace firn::salesforce
