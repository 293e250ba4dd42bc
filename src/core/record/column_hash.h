// Numbers for content that two sides can compare without carrying it: a column's (independent of
// row order: the sum, mod 2^64, over rows of a hash of the row's Id and canonical value) and a
// row's. Pure; both sides of a comparison use this file.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/record/schema.h"

namespace firn::record {

using ColumnHashes = std::vector<uint64_t>;  // index = top-level field index

// Adds the batch's rows to `hashes` (resized to the schema's fields at need). The batch's columns
// stand in the order of `schema`; the column `Id`, if there is one, names the rows. Values that are
// equal hash equally whatever their Arrow width (decimal 64 and 128).
void AddColumnHashes(const arrow::RecordBatch& batch, const Schema& schema, ColumnHashes& hashes);

// A hash for each value of a column, null's among them, into `hashes`.
void ValueHashes(const arrow::Array& column, std::vector<uint64_t>& hashes);

// One row: who it is, what it holds, and when it was last changed.
struct RowMark {
  std::string_view id;  // of the column `Id`; lives as long as the batch
  uint64_t hash = 0;    // of all columns of the schema, in its order
  int64_t stamp = 0;    // microseconds, of the stamp column; 0: null, or there is none
};

// Marks of the batch's rows, in order, into `marks`. The batch's columns stand in the order of
// `schema`, which holds a string column `Id`. `stamp`: name of a timestamp column; may be empty.
void RowMarks(const arrow::RecordBatch& batch, const Schema& schema, std::string_view stamp,
              std::vector<RowMark>& marks);

}  // namespace firn::record
