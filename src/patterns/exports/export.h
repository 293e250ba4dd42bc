// Exports: objects of an org, whole, into Iceberg tables, each row accounted for.
//
// A run has an id, a row in the ledger and one pipeline an object: describe -> layout -> table ->
// Bulk 2.0 query job (or REST where Bulk refuses) -> pages -> data files -> one snapshot ->
// reconcile. Whatever stops it, the ledger knows what is durable and `Resume` goes on from there.
// The parts are passed in and outlive the run; memory is bounded by the options, not by the
// objects. Rows never reach a log or a message: rejects lie in a file of mode 0600.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "core/base/metrics.h"
#include "core/base/span.h"
#include "core/state/checkpoints.h"
#include "core/state/lease.h"
#include "core/state/ledger.h"
#include "core/state/shared_state.h"
#include "ends/lake/table.h"
#include "ends/salesforce/bulk.h"
#include "ends/salesforce/limits.h"
#include "ends/salesforce/rest.h"

namespace firn::exports {

// How a table follows its object between full exports.
struct IncrementalSpec {
  bool soft_deletes = false;  // rows stay, with `__deleted` and `__deleted_at`
  bool changelog = false;     // what changes is appended to `<table>__changelog`
  // A window ends so long before the org's present: what commits late with an earlier stamp (R1)
  // is still ahead of the next one.
  std::chrono::milliseconds lag{60'000};
  // A window begins so long before the end of the one before it: rows read twice are merged once.
  std::chrono::milliseconds overlap{600'000};
  // How often all Ids are compared, and all formula fields read again; 0: only when asked.
  std::chrono::milliseconds sweep_every{0};
  std::chrono::milliseconds refresh_every{0};
  std::vector<std::string> refresh_fields;  // besides those that describe calls calculated; globs
  bool sweep_now = false;
  bool refresh_now = false;

  bool operator==(const IncrementalSpec&) const = default;
};

// kFull: each run replaces the table's rows. kIncremental: a run merges what changed since the last
// one; the first is a full one.
enum class ExportMode { kFull, kIncremental };

// What one object is exported as.
struct ObjectSpec {
  std::string object;                // API name
  std::string table;                 // `salesforce.Account`
  std::vector<std::string> include;  // field names or globs; empty: all
  std::vector<std::string> exclude;
  std::string where;  // SOQL condition, without the word
  bool all_rows = false;
  bool strict = false;
  bool fetch_blobs = false;
  bool fields_named = false;  // the two lists are for this object alone
  bool by_pattern = false;    // chosen by a pattern: it may be left out where the org refuses it
  ExportMode mode = ExportMode::kFull;
  IncrementalSpec incremental;
};

enum class VerifyLevel { kCounts, kFull };

// Where a run stands; for people. Called from several threads; must not block.
struct RunProgress {
  std::string what;  // `Account, Contact`
  int64_t rows = 0;
  int64_t rows_total = -1;
  int64_t bytes = 0;
  int64_t pages = 0;
};
class ExportObserver {
 public:
  virtual ~ExportObserver() = default;
  virtual void Progress(const RunProgress& progress) = 0;
  // One sentence: a retired field, a page fetched again, a job found again.
  virtual void Note(const std::string& object, const std::string& text) = 0;
};

struct ExportOptions {
  int threads = 2;                     // lanes that decode and write
  int64_t memory_bytes = 512LL << 20;  // of the process
  int objects_at_once = 4;             // pipelines side by side; most of them wait for jobs
  int64_t rows_per_page = 0;  // asked for, page after page; 0: as the org offers, in parallel
  int page_attempts_max = 4;  // fetches of one page before the object fails
  int64_t target_file_bytes = 128LL << 20;
  VerifyLevel verify = VerifyLevel::kCounts;
  bool hash_columns = false;                // keep hashes though verifying by counts
  std::string rejects_folder;               // `<state>/rejects`
  std::string staging_folder;               // `<state>/staging`: rows of windows, until merged
  int64_t window_rows_max = 2'000'000;      // a larger window is read in parts
  std::chrono::milliseconds grace{30'000};  // for the page in hand after an interrupt
};

struct ExportParts {
  std::string org;          // the project's name for it: first part of every state key
  std::string org_id;       // 18 characters, as the org says
  std::string api_version;  // `66.0`
  salesforce::RestClient* rest = nullptr;
  salesforce::BulkClient* bulk = nullptr;
  salesforce::Budget* budget = nullptr;  // may be null
  lake::Lake* lake = nullptr;
  state::Ledger* ledger = nullptr;
  state::Checkpoints* checkpoints = nullptr;
  state::SharedState* shared = nullptr;  // may be null: no name is remembered
  state::Leases* leases = nullptr;       // may be null: no epochs
  std::string lease_holder;              // one name for all processes that the state lock admits
  MetricsRegistry* metrics = nullptr;    // may be null
  SpanSink* spans = nullptr;             // may be null
  ExportObserver* observer = nullptr;    // may be null
};

struct RunOutcome {
  std::string run_id;
  bool interrupted = false;   // stopped by the user or a limit; resumable
  std::vector<Error> errors;  // of objects, in their order; empty: all went through
};

// Starts a run over `specs` and carries it through. An object's failure does not stop the others,
// except a limit, an interrupt, a refused sign-in or a full disk: then all stop after the page in
// hand. One that a pattern has chosen and that the org refuses as a whole is no failure: it is done
// with the verdict `left out`. Errors: of the ledger alone; everything else stands in the outcome
// and in the report.
[[nodiscard]] Result<RunOutcome> RunExport(const Call& call, const ExportParts& parts,
                                           const ExportOptions& options,
                                           const std::vector<ObjectSpec>& specs);
// Goes on with a run from what the ledger says. Errors: NotFound STATE-RUN-002; Conflict
// EXPORT-RUN-001 when it is done already, -002 when it was made against another org.
[[nodiscard]] Result<RunOutcome> ResumeExport(const Call& call, const ExportParts& parts,
                                              const ExportOptions& options,
                                              const std::string& run_id);

}  // namespace firn::exports
