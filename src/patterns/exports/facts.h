// ObjectFacts: what a run knows of one object, kept as JSON in the ledger; with the codec of data
// files. Internal to exports; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/record/schema.h"
#include "ends/lake/data_file.h"
#include "ends/lake/ingest/ingest.h"
#include "patterns/exports/export.h"
#include "patterns/exports/window/incremental_facts.h"

namespace firn::exports {

enum class Method { kBulk, kRest };
// Kept by number: new ones are added at the end.
enum class Verdict { kNone, kExact, kExplained, kUnexplained, kLeftOut, kMissing };
// The verdict of both together: what needs a person more. What is left out needs nobody.
[[nodiscard]] Verdict Worse(Verdict one, Verdict other);
[[nodiscard]] std::string_view MethodName(Method method);
[[nodiscard]] std::string_view VerdictName(Verdict verdict);

struct ObjectFacts {
  ObjectSpec spec;
  Method method = Method::kBulk;
  std::string soql;
  std::string watermark;    // the org's time when the job was made: rows up to it are in
  std::string create_sent;  // when the job's creation was sent, ours; empty: never
  std::string layout_mark;  // the table schema that files of this attempt have
  std::string started;
  std::string finished;
  std::string rejects_path;
  int attempt = 0;  // in file names, so that a resumed run never meets its own
  int replans = 0;
  bool parallel = false;  // pages come by address, not by locator
  uint64_t pages_listed = 0;
  std::string list_next;
  bool list_done = false;
  int64_t epoch = 0;

  std::optional<int64_t> count_before;
  std::optional<int64_t> count_after;
  std::optional<int64_t> changed_in_run;
  std::optional<int64_t> deleted_in_run;
  int64_t rows_reported = -1;
  int64_t rows_received = 0;
  int64_t rows_written = 0;
  int64_t rows_rejected = 0;
  int64_t rows_in_files = -1;  // read back
  int64_t values_rounded = 0;
  int64_t nuls_seen = 0;
  int64_t csv_bytes = 0;
  int64_t file_bytes = 0;
  int64_t files = 0;
  int64_t pages = 0;
  std::string verified;  // `counts` or `full`

  Verdict verdict = Verdict::kNone;
  std::vector<std::string> findings;  // why the verdict is not `exact`
  std::vector<std::string> warnings;
  std::vector<std::string> vanished_fields;
  std::vector<std::string> new_fields;
  std::string error_code;  // what stopped it, the last time
  std::string error;

  IncrementalFacts incremental;
};

[[nodiscard]] std::string FactsToJson(const ObjectFacts& facts);
// Errors: Corrupt EXPORT-STATE-001.
[[nodiscard]] Result<ObjectFacts> FactsFromJson(std::string_view json);

// A schema's ids, names and types as one text: files of one mark have the same columns.
[[nodiscard]] std::string SchemaMark(const record::Schema& schema);

// Data files that became durable together, with the outcomes of the pages they hold: one file, of a
// table with partitions several; none when no row of the pages was kept.
struct RecordedFiles {
  std::vector<lake::DataFile> files;
  std::vector<lake::PageOutcome> pages;
};
[[nodiscard]] std::string RecordedFilesToJson(const RecordedFiles& recorded);
[[nodiscard]] Result<RecordedFiles> RecordedFilesFromJson(std::string_view json);

}  // namespace firn::exports
