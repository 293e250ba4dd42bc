// lake sql: the installed DuckDB on the tables of the lake, as views of their names.
#include "app/cli/commands.h"
#include "app/cli/commands/duckdb.h"
#include "app/cli/commands/lake_access.h"

namespace firn::cli {
namespace {

Result<ExitCode> LakeSql(Context& context) {
  DuckDbRun run;
  if (!context.Flag("script")) {
    FIRN_TRY(run.program, FindDuckDb(context));
  }
  FIRN_TRY(const auto lake, OpenLakeToRead(context));
  FIRN_TRY(const auto idents, lake->Tables(""));
  if (idents.empty()) context.out().Talk(kNoTables);
  std::vector<lake::Table> tables;
  for (const lake::TableIdent& ident : idents) {
    FIRN_TRY(lake::Table table, lake->Load(ident));
    tables.push_back(std::move(table));
  }
  FIRN_TRY(run.script, ViewStatements(tables));
  if (context.Flag("script")) {
    context.out().Raw(run.script);
    context.out().Json("firn.lake.sql/1", "{\"script\":" + JsonQuote(run.script) + "}");
    return ExitCode::kDone;
  }
  if (context.Has("query")) run.words = {"-c", context.Text("query")};
  FIRN_TRY(const int code, RunDuckDb(run));
  if (code == 0) return ExitCode::kDone;
  if (const std::string version = DuckDbVersion(run.program); IsOldDuckDb(version)) {
    context.out().Warn(
        "this is DuckDB " + version +
        ": the views are tested with 1.5, an older one may lack the extensions "
        "`iceberg` and `avro` or what they read; name a newer one with `--duckdb FILE`");
  }
  return ExitCode::kFailed;
}

}  // namespace

void AddLakeSqlCommand(CommandTree& tree) {
  std::vector<Option> options = {
      {.name = "query", .value = "SQL", .help = "run this and end (default: a session)"},
      {.name = "script", .help = "print the statements that make the views, run nothing"},
      DuckDbOption()};
  options.insert(options.end(), WarehouseOptions().begin(), WarehouseOptions().end());
  tree.Add({.path = "lake sql",
            .summary = "open the installed DuckDB on the tables",
            .options = std::move(options),
            .examples = {"firn lake sql",
                         "firn lake sql --query 'SELECT count(*) FROM "
                         "salesforce.Account'"},
            .run = LakeSql});
}

}  // namespace firn::cli
