// Orphans: files below a table's location that nothing in its metadata refers to, such as what a
// crash left behind. Reported only, never removed here: a commit in flight looks the same.
#pragma once

#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"
#include "ends/lake/store/object_store.h"
#include "ends/lake/table.h"

namespace firn::lake {

// By name. Reads every manifest of every snapshot; memory: one path a file. Errors: Corrupt naming
// the file.
[[nodiscard]] Result<std::vector<ObjectInfo>> OrphanFiles(const Call& call, const Table& table);

}  // namespace firn::lake
