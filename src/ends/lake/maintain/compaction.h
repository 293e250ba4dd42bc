// Compaction: small files put together, deleted rows left out, for readers' sake.
//
// A group of data files of one partition becomes one file in a commit of its own, so that little
// is lost when others were quicker. Others are never held up: rows that they delete meanwhile are
// deleted from the new file too (unless it is sorted: then the group is left for another time), and
// a group whose files they replaced is left as they made it. Memory: one batch, or for a sorted
// group its rows, which `memory_bytes` bounds: rows beyond it are sorted in parts. Any thread.
// Source: apache/iceberg core BinPackRewriteFilePlanner, RewriteDataFiles, read 2026-11.
#pragma once

#include <string>
#include <vector>

#include "ends/lake/commit/delete_files.h"

namespace firn::lake {

struct CompactOptions {
  int64_t target_bytes = 128LL << 20;  // of a data file
  int64_t memory_bytes = 256LL << 20;
  double dead_ratio = 0.1;           // a file with more deleted rows is written anew in any case
  int files_min = 5;                 // fewer small files are left alone
  std::vector<std::string> sort_by;  // columns, ascending, nulls last; empty: rows stay in order
  // Files of the right size too, which a sort alone leaves as they are, as the reference does
  // (`rewrite-all`).
  bool rewrite_all = false;
};

struct CompactGroup {
  std::vector<LiveFile> files;
  int64_t bytes = 0;
  int64_t rows_dead = 0;
};

// What there is to do in the current snapshot, files with many deleted rows first. Errors: as
// LiveFiles; NotFound (LAKE-COLUMN-001) for a sort column; Unsupported (LAKE-COMMIT-005).
[[nodiscard]] Result<std::vector<CompactGroup>> PlanCompaction(const Call& call, const Table& table,
                                                               const CompactOptions& options);

struct CompactReport {
  int64_t files_before = 0;
  int64_t files_after = 0;
  int64_t bytes_before = 0;
  int64_t bytes_after = 0;
  int64_t rows_dropped = 0;  // deleted ones
  int64_t groups_left = 0;   // others were quicker
};
// Writes one group of `table` anew and adds what it did to `report`. Errors: those of reading and
// of commits; a conflict is none.
[[nodiscard]] Result<void> Compact(const Call& call, Lake& lake, const Table& table,
                                   const CompactGroup& group, const CompactOptions& options,
                                   CompactReport& report);

}  // namespace firn::lake
