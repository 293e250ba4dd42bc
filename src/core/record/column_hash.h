// A number for a column's content that does not depend on row order: the sum, mod 2^64, over rows
// of a hash of (row's Id, canonical value). Pure; both sides of a comparison use this file.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <vector>

#include "core/record/schema.h"

namespace firn::record {

using ColumnHashes = std::vector<uint64_t>;  // index = top-level field index

// Adds the batch's rows to `hashes` (resized to the schema's fields at need). The batch's columns
// stand in the order of `schema`; the column `Id`, if there is one, names the rows. Values that are
// equal hash equally whatever their Arrow width (decimal 64 and 128).
void AddColumnHashes(const arrow::RecordBatch& batch, const Schema& schema, ColumnHashes& hashes);

}  // namespace firn::record
