// Copies of an org folder: taken while the org runs or rests, put back while it rests.
//
// A snapshot holds records, schema, sessions, apps, keys and certificates; not the results of Bulk
// jobs, nor what only a running process needs.
#pragma once

#include <string>

#include "core/base/error.h"

namespace firn::sandbox {

// Copies `folder` to `to`, which must not exist. Safe beside a running org. Errors: NotFound
// (SBX-SNAPSHOT-001) when no org is in `folder`; Conflict (SBX-SNAPSHOT-002) when `to` is there.
[[nodiscard]] Result<void> TakeSnapshot(const std::string& folder, const std::string& to);

// Puts the snapshot in the place of what `folder` holds. Errors: NotFound (SBX-SNAPSHOT-001);
// Conflict when an org runs in the folder, or when it holds files but no org (SBX-SNAPSHOT-004).
[[nodiscard]] Result<void> RestoreSnapshot(const std::string& from, const std::string& folder);

}  // namespace firn::sandbox
