// Checkpoints and the lease epoch, handed on from snapshot to snapshot. Internal to lake.
#pragma once

#include <map>
#include <string>

#include "ends/lake/format/metadata.h"

namespace firn::lake {

// Puts the checkpoints and the lease epoch that `parent` or its ancestors carry into `summary`,
// unless it has its own: a quiet consumer's checkpoint must outlive the snapshot it came with.
void CarryCheckpoints(const TableMetadata& metadata, const Snapshot* parent,
                      std::map<std::string, std::string>& summary);

}  // namespace firn::lake
