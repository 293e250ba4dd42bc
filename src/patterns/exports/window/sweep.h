// Sweep: all Ids of the object against all Ids of the table, for what no list of changes tells:
// hard deletes, objects without a recycle bin, and records whose stamp stands before the window
// though they were committed after it (R1, R2). Internal to exports.
//
// Memory: one bucket of marks. The org is asked for Id and cursor of every row, once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "patterns/exports/export.h"
#include "patterns/exports/object/staged_read.h"

namespace firn::exports {

struct SweepRequest {
  const ObjectSpec& spec;
  const lake::Table& table;      // loaded before the org is asked
  const record::Layout& layout;  // of whole rows, for those that are read again
  std::string cursor;            // may be empty: then only Ids are compared
  UtcMicros covered_from{};      // rows with a stamp from here on are the window's
  UtcMicros org_now{};
  std::string folder;  // private to the run
};

struct SweepOutcome {
  int64_t ids_org = 0;
  int64_t ids_lake = 0;
  int64_t gone = 0;         // in the lake only: their Ids stand in `gone_path`
  int64_t late = 0;         // in the org, missing or older in the lake though not of the window
  int64_t late_unread = 0;  // of these: too many to read again one by one
  int64_t without_id = 0;   // rows of the table that no record's Id names; they are left alone
  int64_t twice = 0;        // records that the lake has more than once: read again too
  std::string gone_path;
  StagedRows reread;  // the late rows, whole
};

// Rows read again one by one in a sweep: 200 a call. More means that something else is wrong.
inline constexpr int64_t kLateRowsMost = 20'000;

// Errors: of requests and files; Corrupt EXPORT-VERIFY-001 for rows without an Id.
[[nodiscard]] Result<SweepOutcome> SweepIds(const Call& call, const ExportParts& parts,
                                            const ExportOptions& options,
                                            const SweepRequest& request);

}  // namespace firn::exports
