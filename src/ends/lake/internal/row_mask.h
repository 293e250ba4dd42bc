// Rows taken out of a batch by their positions. Pure; any thread.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/error.h"

namespace firn::lake::internal {

// `batch` without the rows at `deleted` (sorted, from 0 through the whole file); its own first row
// is at `first`.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> WithoutRows(
    std::shared_ptr<arrow::RecordBatch> batch, int64_t first, const std::vector<int64_t>& deleted);

// `batch` with the rows only for which `keep` is true; as long as the batch.
[[nodiscard]] Result<std::shared_ptr<arrow::RecordBatch>> OnlyRows(
    std::shared_ptr<arrow::RecordBatch> batch, const std::vector<bool>& keep);

}  // namespace firn::lake::internal
