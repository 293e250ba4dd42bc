// MergeWindow: what a window, a sweep and a column read brought, merged into the table in snapshots
// of which the last carries the new progress. Internal to exports.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ends/lake/data_file.h"
#include "ends/lake/table.h"
#include "patterns/exports/export.h"
#include "patterns/exports/verify/column_read.h"
#include "patterns/exports/window/incremental_facts.h"

namespace firn::exports {

struct MergeInput {
  lake::TableIdent table;
  bool soft_deletes = false;
  bool changelog = false;
  std::string cursor;                      // column that orders changes; may be empty
  record::Schema schema;                   // of the whole rows in the files
  std::vector<lake::DataFile> files;       // rows of the window; deleted ones among them
  std::vector<lake::DataFile> late_files;  // rows that a sweep read again; all alive
  std::string listed_path;                 // Ids of getDeleted; empty: none
  std::string gone_path;                   // Ids of a sweep; empty: none
  const ColumnRead* columns = nullptr;     // null: none were read
  std::map<std::string, std::string> checkpoints;
  std::optional<lake::LeaseTerm> lease;        // of every snapshot; nothing: none is held
  std::map<std::string, std::string> summary;  // of the last snapshot
  int64_t bytes_waiting_max = 64LL << 20;      // changes held in memory before they are committed
};

// Whole rows keep what the table has in columns that the files lack. An older change (by the
// cursor) never overwrites a newer one, so feeding the same input again changes nothing. Errors:
// those of the Merger (merge.h) and of the files. After CommitUnknown: look at the table's
// checkpoint.
[[nodiscard]] Result<MergeTotals> MergeWindow(const Call& call, lake::Lake& lake,
                                              const MergeInput& input);

}  // namespace firn::exports
