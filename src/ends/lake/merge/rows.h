// The rows a merge writes, put together from current rows and changes. Internal to lake; pure.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "core/base/error.h"
#include "core/record/schema.h"
#include "ends/lake/internal/projection.h"
#include "ends/lake/merge/plan.h"
#include "ends/lake/merge/read.h"

namespace firn::lake {

struct RowParts {
  const record::Schema& schema;
  const MergeChanges& changes;
  const MergePlan& plan;
  // Current rows of those writes that need one, in the order of the writes.
  const FetchedRows& current;
};

// One row a write, in the order of `plan.writes`, columns of the schema. Column by column: beside
// the result there is one column's worth of parts at a time. Errors: Internal (LAKE-MERGE-006);
// Conflict (LAKE-MERGE-008) when a held column does not fit the table any more.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> PutTogether(const RowParts& parts);

}  // namespace firn::lake
