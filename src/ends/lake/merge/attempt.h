// MergeAttempt: the changes of a merge worked out on one state of the table: files written, delta
// ready. When somebody else commits first, it is thrown away and made again. Internal to lake.
#pragma once

#include <arrow/type_fwd.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ends/lake/merge/files.h"
#include "ends/lake/merge/fold.h"
#include "ends/lake/merge/orders.h"
#include "ends/lake/merge/plan.h"
#include "ends/lake/merge/read.h"
#include "ends/lake/merge/row_cache.h"

namespace firn::lake {

// What a Merger keeps between commits.
struct MergeState {
  MergeOptions options;
  Table table;  // files and index are those of its current snapshot
  MergeFiles files;
  RowCache cache;
  RecentOrders orders;
  FoldPolicy fold;
  MergeChanges changes;
  bool logged = false;  // there is a changelog: attempts keep the rows before and after
};

// Rows as they are before a merge, in the table's columns.
struct RowsBefore {
  std::shared_ptr<arrow::RecordBatch> rows;  // nullptr when there are none
  std::vector<int64_t> of_write;             // by write: its row; -1: a new one
  std::vector<int64_t> of_delete;            // by delete
};

struct MergeAttempt {
  int64_t base_snapshot = -1;  // the state it is worked out on
  RowDelta delta;
  MergePlan plan;
  // By data file that stays: all rows that are gone afterwards.
  std::map<uint32_t, RowBits> dead;
  std::vector<uint32_t> emptied;  // data files without a row left
  // A data file that was folded, or its first live rows, and where they went, in order.
  struct Folded {
    uint32_t from = 0;
    bool whole = true;                          // no row is left
    size_t file = 0;                            // into `written`
    int64_t first_row = 0;                      // in that file
    std::vector<uint32_t> rows;                 // in `from`
    std::vector<std::optional<MergeKey>> keys;  // nothing: a null key of another writer
  };
  std::vector<Folded> folded;
  std::vector<DataFile> written;  // data files
  // By write: its file, an index into `written`, and its row there.
  std::vector<std::pair<size_t, uint32_t>> placed;
  std::vector<RowBatches> kept;               // their rows, for the cache
  RowsBefore before;                          // with a changelog
  std::shared_ptr<arrow::RecordBatch> after;  // likewise, one a write
  std::optional<DataFile> log_file;           // of the changelog
  int64_t rows_folded = 0;
  int64_t rows_from_file = 0;
  int64_t rows_from_cache = 0;
};

// Errors: those of reading and writing; Corrupt (LAKE-MERGE-009) when the index does not fit the
// table: it must be rebuilt. Files written before an error are removed.
[[nodiscard]] Result<MergeAttempt> PrepareMerge(const Call& call, MergeState& state);

// Enters a committed attempt. `after`: the table as committed; `first_row_ids`: of its new files.
void EnterMerge(MergeAttempt attempt, const Table& after,
                const std::map<std::string, int64_t>& first_row_ids, MergeState& state);

// Takes the attempt's files away. For commits that certainly did not become true.
void RemoveFiles(const Call& call, const MergeAttempt& attempt, ObjectStore& store);

}  // namespace firn::lake
