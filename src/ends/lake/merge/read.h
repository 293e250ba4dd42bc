// Current rows for a merge: from the row cache, or read from their data files. Internal to lake.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/internal/parquet_source.h"
#include "ends/lake/merge/files.h"
#include "ends/lake/merge/row_cache.h"

namespace firn::lake {

// Rows of one data file in the columns of `options.schema`. `rows`: rising. Only row groups that
// hold some of them are read, one column at a time. Errors: Corrupt (LAKE-READ-001) naming the
// file.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> ReadRowsAt(
    const Call& call, ObjectStore& store, const DataFile& file,
    const internal::SourceOptions& options, std::span<const int64_t> rows);

struct FetchedRows {
  std::shared_ptr<arrow::RecordBatch> rows;  // nullptr when none was asked for
  std::vector<int64_t> at;                   // by place asked for: its row in `rows`
  int64_t from_file = 0;
  int64_t from_cache = 0;
};
// Rows at `places` (any order) in the columns of `options.schema`. Errors: as above; Internal
// (LAKE-MERGE-006).
[[nodiscard]] Result<FetchedRows> FetchRows(const Call& call, ObjectStore& store,
                                            const MergeFiles& files, RowCache& cache,
                                            const internal::SourceOptions& options,
                                            const std::vector<RowPlace>& places);

// The columns and name mapping of a table.
[[nodiscard]] internal::SourceOptions SourceOf(const Table& table, int batch_rows);

}  // namespace firn::lake
