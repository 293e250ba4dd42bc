// What a REST catalog commit requires of the table before its updates are applied. Pure, any
// thread. Source: REST catalog spec, "TableRequirement", read 2026-11.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/base/error.h"
#include "ends/lake/format/metadata.h"

namespace firn::lake::internal {

// Whether the list says that the table must not be there yet. Errors: BadInput (LAKE-UPDATE-001)
// when it also requires something of it, or holds a requirement unknown here.
[[nodiscard]] Result<bool> RequiresNoTable(const nlohmann::ordered_json& requirements);
// `base`: nullptr when there is no table. Errors: Conflict (LAKE-UPDATE-002) naming what does not
// hold, BadInput (LAKE-UPDATE-001).
[[nodiscard]] Result<void> CheckRequirements(const nlohmann::ordered_json& requirements,
                                             const TableMetadata* base);

}  // namespace firn::lake::internal
