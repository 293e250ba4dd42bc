// What the export commands stand on: the project's org, lake and state, opened in order.
#pragma once

#include <memory>
#include <vector>

#include "app/cli/command.h"
#include "app/engine/org_link.h"
#include "core/base/metrics.h"
#include "patterns/exports/export.h"

namespace firn::cli {

// Members in the order in which they must go away again.
struct ExportSession {
  std::shared_ptr<state::StateDb> db;
  std::unique_ptr<engine::OrgLink> link;
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<state::Ledger> ledger;
  std::unique_ptr<state::Checkpoints> checkpoints;
  std::unique_ptr<state::Leases> leases;
  MetricsRegistry metrics;
  exports::ExportParts parts;
};

// kWriting takes the state's lock; kReading opens the ledger read-only; kNone leaves it alone.
enum class StateUse { kNone, kReading, kWriting };
[[nodiscard]] Result<std::unique_ptr<ExportSession>> OpenExportSession(Context& context,
                                                                       StateUse use);

// `export verify --deep`: its options, and what it does.
[[nodiscard]] std::vector<Option> DeepOptions();
[[nodiscard]] Result<ExitCode> VerifyDeepCommand(Context& context);
[[nodiscard]] Result<ExitCode> CheckCountsCommand(Context& context);

}  // namespace firn::cli
