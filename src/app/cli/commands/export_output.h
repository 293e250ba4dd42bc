// How plans, runs, reports and verifications of exports are printed. Internal to cli.
#pragma once

#include <string>
#include <vector>

#include "app/cli/command.h"
#include "core/state/ledger.h"
#include "patterns/exports/plan.h"
#include "patterns/exports/report.h"
#include "patterns/exports/verify/verify.h"

namespace firn::cli {

void PrintPlan(Context& context, const exports::Plan& plan);
void PrintRuns(Context& context, const std::vector<state::RunRow>& runs);
void PrintReport(Context& context, const exports::RunReport& report);
// False when something was found.
[[nodiscard]] bool PrintVerified(Context& context, const std::string& run_id,
                                 exports::VerifyLevel level,
                                 const std::vector<exports::VerifiedObject>& verified);
// A run that was stopped holds files that no snapshot has: nobody should forget it.
[[nodiscard]] Result<void> TellUnfinishedRuns(Context& context, state::Ledger& ledger,
                                              const std::string& org);

}  // namespace firn::cli
