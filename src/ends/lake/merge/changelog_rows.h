// The rows of a changelog: its columns beside the mirror's, and a merge's changes laid out in them.
// Internal to lake; pure.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/record/schema.h"
#include "ends/lake/merge/attempt.h"

namespace firn::lake {

inline constexpr std::string_view kLogOperation = "__operation";  // string
inline constexpr std::string_view kLogChanged = "__changed";      // list of column names; updates
inline constexpr std::string_view kLogBefore = "__before";  // JSON object of those columns; updates
inline constexpr std::string_view kLogCommit = "__commit";  // long, from 1
inline constexpr std::string_view kLogCommittedAt = "__committed_at";  // timestamptz
inline constexpr std::string_view kLogSource = "__source";             // string
inline constexpr std::string_view kLogPosition = "__position";         // string

// The log of a mirror with these columns; ids are the log's own.
[[nodiscard]] record::Schema LogSchema(const record::Schema& mirror);
// `log` with what the mirror has by now: new columns and parts of them, widened types. Columns that
// the mirror lost stay. New ids are above `last_column_id`.
[[nodiscard]] record::Schema LogSchemaWith(record::Schema log, const record::Schema& mirror,
                                           int last_column_id);

// A change of the mirror that no merge made.
struct LogGap {
  std::string source;    // `snapshot:4711`
  std::string position;  // its operation
};
struct LogInput {
  const record::Schema& log;
  const record::Schema& mirror;
  const MergeAttempt& attempt;  // `before` and `after` are there
  std::vector<LogGap> gaps;
  int64_t number = 0;
  int64_t committed_at_us = 0;
  std::string source;
  std::string position;
};
// One row a change, in the columns of `log`: the writes that changed anything, the deletes, the
// gaps. nullptr: there are none. Errors: Internal (LAKE-MERGE-006).
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> LogRows(const LogInput& input);

}  // namespace firn::lake
