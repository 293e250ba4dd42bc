// Row lineage of version 3: each row keeps its id through every rewrite, and the number of the
// commit that changed it last (spec, "Row Lineage"). Internal to lake. Pure but for FirstRowIds.
//
// A row that was never rewritten has its id by where it stands: its file's first id and its
// position. One that was rewritten has it in a column with a reserved field id, null for new rows:
// those get theirs by position again. Source: Iceberg spec v3, read 2026-11.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/commit/delete_files.h"
#include "ends/lake/table.h"

namespace firn::lake {

inline constexpr const char* kRowIdColumn = "_row_id";
inline constexpr const char* kLastUpdatedColumn = "_last_updated_sequence_number";

[[nodiscard]] bool KeepsLineage(const Table& table);
// The table as its rewritten files are written: the two columns behind its own. Itself when it
// keeps no lineage.
[[nodiscard]] Table WithLineage(const Table& table);
// `batch` ends with the two columns as its file has them, null where it does not tell: rows of
// `live` from `first_row` on. Afterwards they tell. Errors: Internal (LAKE-FILE-001).
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> WithRowIds(
    std::shared_ptr<arrow::RecordBatch> batch, const LiveFile& live, int64_t first_row);
// First row ids of the data files that the current snapshot added, by path. Errors: Corrupt naming
// a manifest.
[[nodiscard]] Result<std::map<std::string, int64_t>> FirstRowIds(const Call& call,
                                                                 const Table& table);

}  // namespace firn::lake
