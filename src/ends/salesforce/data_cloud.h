// DataCloud: the Ingestion API of Data Cloud (Data 360): bulk jobs (create, upload CSV parts, close
// or abort, wait, list, delete), streaming requests; and the token exchange that stands before
// them.
//
// A DataCloud may be called from any thread. It renews its token by itself, and repeats what can be
// repeated: creating a job is not, and a part that is sent twice holds the same rows twice, which
// an upsert or delete by key makes once. It never puts rows into CSV and never decides which rows.
//
// Source: Data 360 Developer Guide, "Get Started with Ingestion API", "Bulk Ingestion", "Create a
// Job", "Upload Job Data", "Close or Abort a Job", "Get All Jobs", "Delete a Job", "Streaming
// Ingestion", "Insert Records", "Delete Records", "Synchronous Record Validation", read 2026-11.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/net/client.h"
#include "ends/salesforce/auth.h"

namespace firn::salesforce {

// "Upload data must not exceed 150 MB", "up to 100 data files" a job.
inline constexpr int64_t kIngestPartBytesMax = 150'000'000;
inline constexpr int kIngestPartsMax = 100;
// "The payload must be less than 200 KB"; "up to 200 records using the delete operation".
inline constexpr int64_t kStreamBytesMax = 199'999;
inline constexpr int kStreamDeletesMax = 200;

struct DataCloudOptions {
  std::string org;  // the project's name for it, for messages
  std::chrono::milliseconds request_timeout{120'000};
  std::chrono::milliseconds upload_idle_timeout{120'000};
  Backoff backoff;  // of transient failures
  std::chrono::milliseconds poll_first{1'000};
  std::chrono::milliseconds poll_most{60'000};
  std::chrono::hours wait_most{24};
};

enum class IngestState {
  kOpen,
  kUploadComplete,
  kInProgress,
  kJobComplete,
  kFailed,
  kAborted,
  kOther,
};

enum class IngestOperation { kUpsert, kDelete };
[[nodiscard]] std::string_view IngestOperationName(IngestOperation operation);

struct IngestSpec {
  std::string connector;  // name of the Ingestion API connector (`sourceName`)
  std::string object;     // of its schema
  IngestOperation operation = IngestOperation::kUpsert;
};

struct IngestJob {
  std::string id;
  IngestState state = IngestState::kOther;
  std::string state_text;  // as Data Cloud spells it
  std::string connector;   // empty where it is not told
  std::string object;
  std::string operation;
  std::string created_date;
  std::string error_message;  // of a failed job, where it is told
};

// A file on this machine: UTF-8, RFC 4180 with commas, a header row, at most kIngestPartBytesMax.
struct IngestPart {
  std::string path;
  int64_t bytes = 0;
};

class DataCloud {
 public:
  virtual ~DataCloud() = default;
  // `tokens` and `transport` must outlive it. The session needs the scope `cdp_ingest_api`.
  [[nodiscard]] static std::unique_ptr<DataCloud> New(DataCloudOptions options, TokenSource& tokens,
                                                      net::Transport& transport);

  // Errors of every call: those of the sign-in; Denied (SF-CLOUD-001) when the exchange is refused;
  // Throttled, Unreachable, Timeout (after retries).

  // Errors: BadInput (SF-CLOUD-002) for a connector or object that is not there; Conflict
  // (SF-CLOUD-005) when another job is in the way; CommitUnknown (SF-CLOUD-004) when the answer was
  // lost: a job may be open that nobody knows, which holds no rows and is never worked on.
  [[nodiscard]] virtual Result<IngestJob> Create(const Call& call, const IngestSpec& spec) = 0;
  // Errors: NotFound (SF-CLOUD-003); Conflict (SF-CLOUD-005) when the job is not open; LimitReached
  // (SF-CLOUD-006) for a part that is too large; BadInput (SF-CLOUD-002).
  [[nodiscard]] virtual Result<void> Upload(const Call& call, const std::string& job_id,
                                            const IngestPart& part) = 0;
  // No more parts: it is worked on. Errors: NotFound, Conflict as above.
  [[nodiscard]] virtual Result<IngestJob> Close(const Call& call, const std::string& job_id) = 0;
  // Its parts are thrown away. Errors: NotFound, Conflict as above.
  [[nodiscard]] virtual Result<IngestJob> Abort(const Call& call, const std::string& job_id) = 0;
  // Errors: NotFound (SF-CLOUD-003): open and closed jobs are deleted after seven days.
  [[nodiscard]] virtual Result<IngestJob> Get(const Call& call, const std::string& job_id) = 0;
  // Jobs in that state, newest change first, as far as the first 1,000.
  [[nodiscard]] virtual Result<std::vector<IngestJob>> List(const Call& call,
                                                            IngestState state) = 0;
  // A job that is gone already is fine.
  [[nodiscard]] virtual Result<void> Delete(const Call& call, const std::string& job_id) = 0;

  // Streaming: `body` is `{"data":[..]}` of an upsert, `{"ids":[..]}` of a delete; it is accepted
  // (202) and worked in minutes later, and nobody is told of records that did not fit. Sent again
  // where its fate is unknown: by key, its records are there once. Errors: BadInput (SF-CLOUD-002),
  // NotFound (SF-CLOUD-003) for a connector or object that is not there, LimitReached
  // (SF-CLOUD-006).
  [[nodiscard]] virtual Result<void> Stream(const Call& call, const IngestSpec& spec,
                                            const std::string& body) = 0;
  // The same body of an upsert, held against the connector's schema and not kept. Errors: as above;
  // no value of a record stands in them.
  [[nodiscard]] virtual Result<void> Check(const Call& call, const IngestSpec& spec,
                                           const std::string& body) = 0;

  // Polls with growing pauses until the job is complete. Errors: BadInput (SF-CLOUD-007) when it
  // failed or was aborted; Timeout (SF-CLOUD-008): the job goes on.
  [[nodiscard]] virtual Result<IngestJob> Wait(
      const Call& call, const std::string& job_id,
      const std::function<void(const IngestJob&)>& progress) = 0;
};

}  // namespace firn::salesforce
