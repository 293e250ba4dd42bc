// The installed DuckDB on the lake's tables: how it is found, what it runs first, and how it is
// run. Private to cli; main thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/cli/command.h"
#include "ends/lake/table.h"

namespace firn::cli {

// Of the commands that run it: `--duckdb FILE`.
[[nodiscard]] Option DuckDbOption();

// The program of option `duckdb`. Errors: NotFound (CLI-SQL-001).
[[nodiscard]] Result<std::string> FindDuckDb(Context& context);

// Statements that load what reads Iceberg and make a view of each table, pinned to the metadata
// that was loaded: later commits are not seen. Errors: those of a warehouse that is no folder.
[[nodiscard]] Result<std::string> ViewStatements(const std::vector<lake::Table>& tables);

// `text` in quotes of that kind, as SQL has them.
[[nodiscard]] std::string SqlQuoted(const std::string& text, char quote);

// What `PROGRAM --version` says, `v1.5.5 ..`; empty when it says nothing.
[[nodiscard]] std::string DuckDbVersion(const std::string& program);
// Whether that is a version older than those that the views are tested with. False for what is no
// version.
[[nodiscard]] bool IsOldDuckDb(std::string_view version);

struct DuckDbRun {
  std::string program;
  std::string script;              // run first; in a file that nobody else can read
  std::vector<std::string> words;  // further arguments
  bool quiet = false;              // what it prints goes to stderr: stdout is ours
};
// Its exit code, 128 and the signal when one ended it. Errors: CLI-SQL-002.
[[nodiscard]] Result<int> RunDuckDb(const DuckDbRun& run);

}  // namespace firn::cli
