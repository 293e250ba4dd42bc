// Columns that follow from others of their row: put together anew where a row was changed in part,
// since whoever changed one part of an address does not know the others. Internal to lake; pure.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "core/base/error.h"
#include "ends/lake/merge/merge.h"

namespace firn::lake {

// `rows` with its following columns; only those rows of them change whose `in_part` is true.
// Columns that the rows lack are passed over. Errors: Internal (LAKE-MERGE-006) when a part's type
// is not its struct's.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> PutFollowing(
    const std::shared_ptr<arrow::RecordBatch>& rows, const std::vector<FollowingColumn>& following,
    const std::vector<bool>& in_part);

}  // namespace firn::lake
