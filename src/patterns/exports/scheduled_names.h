// Names that only a daemon uses, in `schedules` and in the mirrors of `lake`: whether they fit
// anything is told as early as of any other name, by a plan, by a run and by `config check`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/project/project.h"
#include "core/state/shared_state.h"

namespace firn::exports {

// What an org offers, by its name in firn.yaml, for checks without it. Errors: of the state.
[[nodiscard]] Result<void> KeepOffered(state::SharedState* shared, const std::string& org,
                                       const std::vector<std::string>& objects);
// Nothing: it was never asked.
[[nodiscard]] std::optional<std::vector<std::string>> OfferedBefore(state::SharedState& shared,
                                                                    const std::string& org);

// Objects that schedules of exports of this org name and that are none of `objects`:
// EXPORT-PLAN-001 at the schedule, with the nearest name.
[[nodiscard]] std::vector<Error> CheckScheduledObjects(const project::Project& project,
                                                       const project::Org& org,
                                                       const std::vector<std::string>& objects);

// Tables that mirrors name, that are none of `tables` and look like one of them: EXPORT-PLAN-008 at
// the mirror. A table may have come from anywhere, so a name like no other is nobody's error.
[[nodiscard]] std::vector<Error> CheckMirroredTables(const project::Project& project,
                                                     const std::vector<std::string>& tables);

// The tables that exports of these objects of an org have, whether they are there yet or not.
[[nodiscard]] std::vector<std::string> TablesOf(const project::Project& project,
                                                const project::Org& org,
                                                const std::vector<std::string>& objects);

}  // namespace firn::exports
