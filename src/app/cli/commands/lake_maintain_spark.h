// lake maintain --engine spark. Main thread.
#pragma once

#include <vector>

#include "app/cli/command.h"
#include "ends/lake/maintain/maintenance.h"
#include "ends/lake/table.h"

namespace firn::cli {

// The options that it adds.
[[nodiscard]] std::vector<Option> SparkOptionList();

[[nodiscard]] Result<ExitCode> MaintainBySpark(Context& context, lake::Lake& lake,
                                               const std::vector<lake::TableIdent>& idents,
                                               const lake::MaintainOptions& options);

}  // namespace firn::cli
