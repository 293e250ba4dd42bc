// Parts of a metadata file out of an already parsed JSON tree; the REST catalog's updates use the
// same forms. Errors: Corrupt (LAKE-META-001).
#pragma once

#include "ends/lake/format/metadata.h"
#include "ends/lake/internal/json.h"

namespace firn::lake::internal {

[[nodiscard]] Result<Snapshot> ParseSnapshot(const Json& json);
[[nodiscard]] Result<SnapshotRef> ParseRef(const Json& json);

}  // namespace firn::lake::internal
