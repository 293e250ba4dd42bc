// ScanPlan: which files a scan reads, worked out by the server while the client waits.
//
// Values and functions; any thread. Whole files are left out by partition values and column
// statistics; what rows of the others are wanted stays with the client (the residual filter).
// Memory: the snapshot's files.
// Source: REST catalog spec, `PlanTableScanRequest`, read 2026-11.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/call.h"
#include "ends/lake/commit/delete_files.h"
#include "ends/lake/table.h"

namespace firn::federation {

struct ScanPlan {
  std::optional<int64_t> snapshot_id;  // that was planned; nothing: the table has no rows yet
  std::vector<lake::LiveFile> files;   // by path
  std::set<int> stats;                 // ids of the fields whose statistics are wanted
  std::string filter_json;             // empty: none
};

// `request`: as in the specification. Errors: BadInput (CAT-PLAN-001) for what is malformed,
// contradicts itself, or names columns or snapshots that are not there; Corrupt naming a manifest.
[[nodiscard]] Result<ScanPlan> PlanScan(const Call& call, const lake::Table& table,
                                        const nlohmann::ordered_json& request);

}  // namespace firn::federation
