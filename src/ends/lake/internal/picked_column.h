// PickColumn: the values of a flat column at some rows of one row group, without the others.
//
// A merge needs a few thousand rows scattered over a large file. Building whole columns for them
// costs as much as reading the file; here pages without a wanted row are not even inflated, and of
// the others only the wanted values are copied. No state; any thread.
#pragma once

#include <arrow/type_fwd.h>
#include <parquet/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>

namespace parquet {
class ColumnDescriptor;
class RowGroupReader;
}  // namespace parquet

namespace firn::lake::internal {

// Whether a column that is read as `type` can be picked from: flat, and stored as its values lie in
// memory. Others are read whole.
[[nodiscard]] bool CanPick(const parquet::ColumnDescriptor& column, const arrow::DataType& type);

// One value a row. `rows`: rising, from the group's first; `leaf`: of a column that CanPick.
// Throws what the Parquet library throws. Errors: Invalid when the column ends before its last row.
[[nodiscard]] arrow::Result<std::shared_ptr<arrow::Array>> PickColumn(
    parquet::RowGroupReader& group, int leaf, const std::shared_ptr<arrow::DataType>& type,
    std::span<const int64_t> rows);

}  // namespace firn::lake::internal
