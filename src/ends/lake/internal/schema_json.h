// A schema out of an already parsed JSON tree.
#pragma once

#include "core/record/schema.h"
#include "ends/lake/internal/json.h"

namespace firn::lake::internal {

[[nodiscard]] Result<record::Schema> SchemaFromJson(const Json& json);

}  // namespace firn::lake::internal
