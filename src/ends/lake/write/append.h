// AppendRows: rows into a table as they come: one data file, one snapshot, no index.
//
// For writers who tell duplicates by themselves; rows that replace others go by Merger. Memory: the
// batch and the file's buffers, whatever the table's size. Any thread; writers of one table take
// their turns at the commit.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/table.h"

namespace firn::lake {

// `rows`: columns of the table's schema by name, of its types; columns that are missing are null.
// The table as it is afterwards. Errors: BadInput (LAKE-MERGE-003) for a column that the table does
// not have or of another type; those of writing and of Lake::Append.
[[nodiscard]] Result<Table> AppendRows(const Call& call, Lake& lake, const Table& table,
                                       const std::shared_ptr<arrow::RecordBatch>& rows,
                                       const CommitOptions& options);

}  // namespace firn::lake
