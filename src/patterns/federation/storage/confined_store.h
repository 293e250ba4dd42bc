// ConfinedStore: a table's files as the server reads them for somebody who has no right to others.
//
// Which files a snapshot has is said by files that clients wrote, and these can name any: what does
// not lie in the table's own folders is refused. Read only; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ends/lake/format/metadata.h"
#include "ends/lake/store/object_store.h"

namespace firn::federation {

// Errors of its reads: those of `inner`; Denied (CAT-LOCATION-001) for a
// file outside the table's location and the paths that its properties name.
[[nodiscard]] std::shared_ptr<lake::ObjectStore> ConfinedStore(
    std::shared_ptr<lake::ObjectStore> inner, const lake::TableMetadata& metadata);

}  // namespace firn::federation
