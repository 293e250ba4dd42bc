// Removes the files of a table that was dropped for good. May be called from any thread.
#pragma once

#include <string>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/format/metadata.h"
#include "ends/lake/store/object_store.h"

namespace firn::lake {

// Everything `metadata` refers to, and its files, data first; only what lies below the table's
// location, and no data files when `gc.enabled` is false (other tables may share them). A file that
// cannot be removed, or a damaged manifest, is logged and passed over. Returns how many were
// removed. Errors: Cancelled, Timeout.
[[nodiscard]] Result<int64_t> PurgeTable(const Call& call, ObjectStore& store,
                                         const TableMetadata& metadata,
                                         const std::string& metadata_location);

}  // namespace firn::lake
