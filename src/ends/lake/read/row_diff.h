// RowDiff: what became of a table's rows between two of its snapshots, by their key.
//
// Only data files that are in one of the snapshots, and rows deleted from files of both, are read;
// rows that were merely moved to other files are no change. Memory: the rows that differ, at most
// `rows_max`. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/table.h"

namespace firn::lake {

struct RowDiffOptions {
  int64_t from = 0;           // snapshot ids
  std::optional<int64_t> to;  // nothing: the current one
  std::string key = "Id";     // a column; a key that several rows have is compared as a whole
  int64_t rows_max = 1'000'000;
};

struct RowChange {
  enum class Kind { kAdded, kRemoved, kChanged };
  Kind kind = Kind::kAdded;
  std::string key;     // as text; empty for null
  std::string before;  // JSON object; empty when added
  std::string after;   // JSON object; empty when removed
};

// By key. Both sides are shown in the table's current schema. Errors: NotFound (LAKE-SNAPSHOT-001,
// LAKE-COLUMN-001); LimitReached (LAKE-DIFF-001) beyond `rows_max`; those of reading.
[[nodiscard]] Result<std::vector<RowChange>> DiffRows(const Call& call, const Table& table,
                                                      const RowDiffOptions& options);

}  // namespace firn::lake
