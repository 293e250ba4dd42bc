// A schema out of an already parsed JSON tree.
#pragma once

#include "core/record/schema.h"
#include "ends/lake/internal/json.h"

namespace firn::lake::internal {

// Without the top-level columns that hold a type which is not read (UnreadColumns).
[[nodiscard]] Result<record::Schema> ReadableSchemaFromJson(const Json& json);
[[nodiscard]] Result<record::Schema> SchemaFromJson(const Json& json);

}  // namespace firn::lake::internal
