// What `lake publish` reads: a table, or a query over tables that the installed DuckDB runs; either
// way at the snapshots that are current when it begins. Private to cli; main thread.
#pragma once

#include <string>

#include "app/cli/command.h"
#include "ends/lake/table.h"
#include "patterns/federation/publish/manifest.h"

namespace firn::cli {

// Of options `from` (with `columns`, `where`, `snapshot`) or `query`. `lake` and `context` must
// outlive it; a query's result is kept in `work_folder` while it is read. Errors: usage; those of
// the table; a query that names no table of the lake.
[[nodiscard]] Result<federation::PublishSource> PublishSourceOf(Context& context, lake::Lake& lake,
                                                                const std::string& work_folder);

}  // namespace firn::cli
