// `lake import`: CSV result pages or Data Export files that lie on disk become one snapshot of a
// table, by the same decoder as an export's.
//
// The layout comes from the object's describe result, narrowed to the columns that the files have;
// a column that is not described is an error, never passed over. Pages are shared out over threads,
// each with its own data file. Nothing is committed when a page breaks; of an upsert, files whose
// commits came before stay.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/ingest/ingest.h"
#include "ends/lake/table.h"

namespace firn::lake {

struct ImportOptions {
  TableIdent table;
  std::vector<std::string> pages;  // files, or folders of *.csv files (in order of their names)
  std::string describe_path;
  // kUpsert: each row becomes the row of its key; columns that the files lack stay as they are.
  enum class Mode { kAppend, kReplace, kUpsert };
  Mode mode = Mode::kAppend;
  std::string key = "Id";  // kUpsert
  // Partition spec of a table that is made by the import (ParsePartitionFields); empty: none.
  std::string partition;
  bool commit_per_file = false;  // kUpsert: a snapshot for each file, in order of their names
  // With commit_per_file: begins behind the file of the newest snapshot that an import made.
  bool resume = false;
  int threads = 1;
  char delimiter = ',';
  bool strict = false;
  bool plain_encoding = false;
  std::string rejects_path;  // empty: `<first page's folder>/<table>.rejects.jsonl`
  // Told of every piece that was read, its bytes, from the thread that reads it.
  std::function<void(int64_t bytes)> on_bytes = {};
};

struct ImportReport {
  int64_t pages = 0;
  int64_t pages_passed_over = 0;  // resume: committed before
  int64_t rows_received = 0;
  int64_t rows_written = 0;
  int64_t rows_inserted = 0;  // kUpsert: of the rows written
  int64_t rows_updated = 0;
  int64_t commits = 0;
  int64_t rows_rejected = 0;
  int64_t values_rounded = 0;
  int64_t nuls_seen = 0;
  int64_t csv_bytes = 0;
  int64_t file_bytes = 0;
  std::vector<std::string> files;
  int64_t snapshot_id = 0;
  std::string metadata_location;
  std::string rejects_path;     // empty when nothing was rejected or rounded
  std::vector<Reject> rejects;  // the first 20
  std::vector<std::string> warnings;
};

// Creates namespace and table at need; the table's schema grows by new columns. Errors: those of
// Ingest, of the merge and of the commit; NotFound for pages and describe; BadInput
// (LAKE-IMPORT-001) when there is no page, -004 when a file that is to be passed over is another
// one than was committed, -002 when a file has a column that is not described, -003 when a column's
// type differs from the table's (append and upsert), LAKE-SPEC-001 for `partition`.
[[nodiscard]] Result<ImportReport> ImportPages(const Call& call, Lake& lake,
                                               const ImportOptions& options);

}  // namespace firn::lake
