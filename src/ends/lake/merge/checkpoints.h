// Checkpoints and the lease epoch, handed on from snapshot to snapshot. Internal to lake.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "ends/lake/format/metadata.h"

namespace firn::lake {

// Puts the checkpoints and the lease epoch that `parent` or its ancestors carry into `summary`,
// unless it has its own: a quiet consumer's checkpoint must outlive the snapshot it came with.
void CarryCheckpoints(const TableMetadata& metadata, const Snapshot* parent,
                      std::map<std::string, std::string>& summary);

// The member of a summary that a lease's epoch stands in.
[[nodiscard]] std::string LeaseKey(std::string_view lease);
// Errors: Conflict (LAKE-MERGE-005) when the history of the table's current snapshot has a later
// epoch of that lease.
[[nodiscard]] Result<void> CheckLeaseEpoch(const Table& table, const LeaseTerm& term);

}  // namespace firn::lake
