// The Arrow form of a table schema, each field carrying its id under `PARQUET:field_id`. Pure.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "core/record/schema.h"

namespace firn::record {

// Decimals up to 18 digits are 64 bits wide, larger ones 128.
[[nodiscard]] std::shared_ptr<arrow::Schema> ArrowSchema(const Schema& schema);

}  // namespace firn::record
