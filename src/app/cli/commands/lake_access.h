// How lake commands find the warehouse: `--warehouse`, else the project's. Main thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "core/base/clock.h"
#include "ends/lake/table.h"

namespace firn::cli {

// --warehouse and --catalog.
[[nodiscard]] const std::vector<Option>& WarehouseOptions();
// A command's own options, and those.
[[nodiscard]] std::vector<Option> WithWarehouse(std::vector<Option> options);
// `table`, as commands of one table take it.
[[nodiscard]] Argument TableArgument();

// Where an embedded catalog and its tables are.
struct WarehousePaths {
  std::string warehouse;
  std::string catalog;  // empty: in the warehouse
};
// Errors: CLI-PROJECT-001 when neither --warehouse nor a project is there; Unsupported
// (CLI-LAKE-001) when the project's catalog is a REST catalog.
[[nodiscard]] Result<WarehousePaths> WarehouseOf(Context& context);

struct OpenLakeOptions {
  bool create = false;
};
// Errors: CLI-PROJECT-001 when neither is there, and those of Lake::Open.
[[nodiscard]] Result<std::unique_ptr<lake::Lake>> OpenLake(Context& context,
                                                           const OpenLakeOptions& options = {});
// For commands that look at tables which are there: the project's own warehouse before its first
// export is one without tables, and nothing is made on the disk for that. A warehouse that was
// typed must be there. Errors: those of OpenLake.
[[nodiscard]] Result<std::unique_ptr<lake::Lake>> OpenLakeToRead(Context& context);
// What an empty list of tables says.
inline constexpr const char* kNoTables = "no tables yet: `firn export run` makes them";
// The name in `text`; without a namespace, that of the project's org.
[[nodiscard]] Result<lake::TableIdent> TableIdentOf(Context& context, const std::string& text);
// The table of argument `table`. Errors: NotFound with the nearest name.
[[nodiscard]] Result<lake::Table> OpenTable(Context& context);
// A time as somebody typed it. A date alone (`2026-11-24`) is its first moment in UTC, which is
// then said. Errors: those of ParseInstant.
[[nodiscard]] Result<UtcMicros> InstantOf(Context& context, const std::string& text);
// The names in `Id,Name`.
[[nodiscard]] std::vector<std::string> ColumnsOf(const std::string& text);
// Option `snapshot` as an id.
[[nodiscard]] Result<std::optional<int64_t>> SnapshotOption(Context& context);

// `lake rows`: streams rows as a table, CSV or JSON lines.
[[nodiscard]] Result<ExitCode> LakeRows(Context& context);

}  // namespace firn::cli
