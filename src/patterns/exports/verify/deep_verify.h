// Deep verify: the table held against the org, row by row, and every row that differs named.
//
// All rows of the org come by one query into files of a private folder; both sides become marks
// (Id, hash, stamp) in buckets on disk, which are compared one at a time. Rows that differ are read
// again on both sides and compared field by field. Memory: one bucket and the rows that are named,
// whatever the object's size. Nothing is written but the folder, which is removed. Values leave
// this file only when asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "patterns/exports/export.h"

namespace firn::exports {

// How far a stream that follows the table has brought it.
struct StreamMark {
  std::string topic;
  UtcMicros time{};  // commit of the newest event that it has passed
};

struct DeepOptions {
  std::string staging_root;  // `<state>/staging`
  int64_t rows_named_max = 100;
  bool show_values = false;
  // Asked for the table that is compared; nothing: no stream follows it. May be empty.
  std::function<std::optional<StreamMark>(const lake::Table& table)> stream_mark;
};

struct DifferentField {
  std::string field;
  // What each side holds; nothing for null. Filled only when values were asked for.
  std::optional<std::string> org;
  std::optional<std::string> lake;
};

// Over all rows that differ without explanation, not only those that are named.
struct FieldDifference {
  std::string field;
  int64_t rows = 0;  // in which it differs
  // Its changes move no stamp (a formula, `refresh_fields`), so it is stale until it is read again.
  bool silent = false;
  std::string read_at;           // silent: when it was last read; empty: the table does not tell
  std::vector<std::string> ids;  // of the first of these rows
};

struct DifferentRow {
  enum class Kind { kMissing, kExtra, kDiffers };
  std::string id;
  Kind kind = Kind::kDiffers;  // missing: not in the lake; extra: not in the org
  std::vector<DifferentField> fields;
  bool stale = false;       // differs only in fields that change silently
  std::string stamp;        // the org's stamp of the row; empty: not known
  std::string explanation;  // why it is no fault; empty: it is one
};
[[nodiscard]] std::string_view DifferenceName(DifferentRow::Kind kind);

struct DeepOutcome {
  std::string object;
  std::string table;
  int64_t snapshot_id = 0;
  std::string watermark;    // empty: the table tells none
  std::string stream_mark;  // empty: no stream follows the table
  int64_t rows_org = 0;
  int64_t rows_lake = 0;
  int64_t rows_same = 0;
  int64_t missing = 0;
  int64_t extra = 0;
  int64_t differs = 0;
  int64_t stale = 0;      // of `differs`: only in fields that change silently
  int64_t explained = 0;  // of missing, extra and differs
  int64_t stale_unexplained = 0;
  // At most rows_named_max: those without explanation first, of the stale ones only a few.
  std::vector<DifferentRow> rows;
  std::vector<FieldDifference> fields;
  std::vector<std::string> notes;
  [[nodiscard]] int64_t unexplained() const { return missing + extra + differs - explained; }
};

// A row is explained when the org changed or deleted it at or after the table's watermark, or after
// the mark of the stream that follows the table where that is later: what an export or a stream has
// passed over must be the same. Stamps and marks are compared by whole seconds, which is what the
// org tells. A row that differs only in fields whose changes move no stamp is explained as long as
// their scheduled refresh (`refresh`) is not due. Errors: NotFound for a table that is not there;
// EXPORT-VERIFY-001 when the org tells a record without an Id; those of requests and files.
[[nodiscard]] Result<DeepOutcome> VerifyDeep(const Call& call, const ExportParts& parts,
                                             const ExportOptions& options, const ObjectSpec& spec,
                                             const DeepOptions& deep);
[[nodiscard]] std::string DeepJson(const DeepOutcome& outcome);  // one object

// The newest spec that each object was exported with, over the last runs of `org`.
[[nodiscard]] Result<std::vector<ObjectSpec>> SpecsOfRuns(state::Ledger& ledger,
                                                          const std::string& org);

}  // namespace firn::exports
