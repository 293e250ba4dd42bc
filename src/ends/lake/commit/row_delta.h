// RowDelta: rows put in and rows taken out in one snapshot, without rewriting data files.
//
// What a merge commits: new data files, one delete file for each data file that lost rows, and the
// delete files those stand for. The rows to take out were found in some state of the table; a
// commit of somebody else since then may have moved them. The commit sees that and either has the
// positions found again (`resolve`) or fails; it never takes out other rows than were meant.
// Source: apache/iceberg core BaseRowDelta, MergingSnapshotProducer (validations), read 2026-11.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ends/lake/table.h"

namespace firn::lake {

// Paths are those of the table's entries, letter for letter.
struct RowDelta {
  std::vector<DataFile> added_rows;  // data files, written and synced
  std::vector<DataFile>
      added_deletes;  // position deletes or deletion vectors (commit/delete_files.h)
  std::vector<DataFile> removed_deletes;       // live delete files that the added ones stand for
  std::vector<DataFile> removed_rows;          // live data files of which no row is wanted any more
  std::map<std::string, std::string> summary;  // of its snapshot, besides CommitOptions::summary
};

// The delta for a newer state of the table. Files of the old delta that the new one does not name
// are removed by the commit. Called without locks, on the committing thread, once for every state
// that others made.
using ResolveRowDelta = std::function<Result<RowDelta>(const Call& call, const Table& now)>;

struct RowDeltaOptions {
  // `since_snapshot`: the state in which the positions were found; nothing: the state that is
  // current when the call begins; -1: the empty table.
  CommitOptions commit;
  // Rows that others added since then are a conflict too: for an upsert, which must see the keys of
  // all rows.
  bool others_rows_conflict = false;
  // The rows are the same as before, only in other files: operation `replace`.
  bool rewrite = false;
  ResolveRowDelta resolve;  // nullptr: a conflict fails the commit
};

}  // namespace firn::lake
