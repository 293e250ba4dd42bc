// Report: a run as its ledger tells it, for people (table, Markdown) and scripts (JSON).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/state/ledger.h"

namespace firn::exports {

struct ReportReject {
  std::string field;
  std::string reason;
  int64_t rows = 0;
};

// What an incremental run merged, over all its windows.
struct ReportIncremental {
  std::string why_whole;  // why the object was read whole; empty: it was read by windows
  std::string cursor;
  std::string start;  // of the first window
  std::string end;    // of the last one
  int64_t windows = 0;
  int64_t inserted = 0;
  int64_t updated = 0;
  int64_t deleted = 0;
  int64_t stale = 0;
  int64_t deletes_by_query = 0;
  int64_t deletes_by_list = 0;
  int64_t deletes_by_sweep = 0;
  int64_t columns_updated = 0;
  int64_t late_rows = 0;
  std::vector<std::string> delete_sources;  // of the last window
  std::vector<std::string> columns_read;
  std::string refreshed;
  std::string swept;
};

struct ReportObject {
  std::string object;
  std::string table;
  std::string state;
  std::string method;  // `bulk` or `rest`
  std::string job_id;
  std::string watermark;
  int64_t snapshot_id = 0;
  std::optional<int64_t> count_before;
  std::optional<int64_t> count_after;
  std::optional<int64_t> changed_in_run;
  std::optional<int64_t> deleted_in_run;
  std::optional<int64_t> rows_reported;
  int64_t rows_received = 0;
  int64_t rows_written = 0;
  int64_t rows_rejected = 0;
  std::optional<int64_t> rows_in_files;
  int64_t values_rounded = 0;
  int64_t nuls_seen = 0;
  int64_t csv_bytes = 0;
  int64_t file_bytes = 0;
  int64_t files = 0;
  int64_t pages = 0;
  double seconds = 0;
  std::string verified;
  std::string verdict;  // empty: not reconciled
  std::vector<std::string> findings;
  std::vector<std::string> warnings;
  std::vector<std::string> vanished_fields;
  std::vector<std::string> new_fields;
  std::vector<ReportReject> rejects;
  std::string rejects_path;  // empty when nothing was rejected
  std::string error_code;
  std::string error;
  std::optional<ReportIncremental> incremental;
};

struct RunReport {
  std::string org;
  std::string run_id;
  std::string state;
  std::string started;
  std::string finished;  // empty: not finished
  std::string outcome;
  std::vector<ReportObject> objects;

  [[nodiscard]] int64_t RowsWritten() const;
  [[nodiscard]] int64_t RowsRejected() const;
  [[nodiscard]] bool Unexplained() const;
  // Objects that a pattern had chosen and that the org does not let this user read whole: those
  // that the vendor documents so, and those that should have come.
  [[nodiscard]] std::vector<std::string> LeftOutObjects() const;
  [[nodiscard]] std::vector<std::string> MissingObjects() const;
  // The worst verdict of its objects; empty while one has none.
  [[nodiscard]] std::string Verdict() const;
};

// Errors: NotFound STATE-RUN-002. `run_id` empty: the newest run of the org.
[[nodiscard]] Result<RunReport> LoadReport(state::Ledger& ledger, const std::string& org,
                                           const std::string& run_id);
[[nodiscard]] std::string ReportJson(const RunReport& report);  // one object, without format key
// What was merged, in sentences; empty when nothing was.
[[nodiscard]] std::vector<std::string> MergeLines(const ReportIncremental& incremental);
[[nodiscard]] std::string ReportMarkdown(const RunReport& report);

}  // namespace firn::exports
