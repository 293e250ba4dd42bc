#include "app/cli/commands/publish_source.h"

#include <algorithm>

#include "app/cli/commands/duckdb.h"
#include "app/cli/commands/lake_access.h"
#include "core/base/encoding.h"
#include "core/base/file.h"
#include "core/net/digest.h"
#include "ends/lake/store/object_store.h"

namespace firn::cli {
namespace {

using federation::PublishSource;
using federation::SourceSnapshot;

SourceSnapshot Pinned(const lake::Table& table, std::optional<int64_t> snapshot) {
  SourceSnapshot pinned{table.ident().Text(), snapshot, table.metadata_location()};
  const auto current = table.current_snapshot();
  if (!snapshot && current) pinned.snapshot = current->snapshot_id;
  return pinned;
}

Result<PublishSource> TableSource(Context& context, lake::Lake& lake) {
  FIRN_TRY(const auto ident, TableIdentOf(context, context.Text("from")));
  FIRN_TRY(const lake::Table table, lake.Load(ident));
  lake::RowsOptions rows;
  FIRN_TRY(rows.snapshot, SnapshotOption(context));
  rows.columns = ColumnsOf(context.Text("columns"));
  rows.where = context.Text("where");
  PublishSource source;
  source.pinned = {Pinned(table, rows.snapshot)};
  // Even if others commit meanwhile.
  rows.snapshot = source.pinned.front().snapshot;
  source.recipe = Hex(net::Sha256("table\n" + context.Text("columns") + "\n" + rows.where));
  source.open = [table, rows](const Call& call) { return lake::StreamTable(call, table, rows); };
  return source;
}

bool IsWordByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Whether the name stands in the text by itself. Names in comments and strings count too: such a
// table is opened and recorded although the query does not read it.
bool Mentions(const std::string& text, const std::string& name) {
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const bool starts = at == 0 || !IsWordByte(text[at - 1]);
    const size_t end = at + name.size();
    if (starts && (end == text.size() || !IsWordByte(text[end]))) return true;
  }
  return false;
}

// A query can read only what it names: no other table is opened, so that none goes unrecorded.
Result<std::vector<lake::Table>> TablesOf(Context& context, lake::Lake& lake) {
  const std::string query = Lower(context.Text("query"));
  FIRN_TRY(const auto idents, lake.Tables(""));
  std::vector<lake::Table> tables;
  for (const lake::TableIdent& ident : idents) {
    if (!Mentions(query, Lower(ident.name))) continue;
    FIRN_TRY(lake::Table table, lake.Load(ident));
    tables.push_back(std::move(table));
  }
  if (tables.empty())
    return Fail(
        context.UsageError("--query names no table of the lake; `firn lake list` lists them"));
  return tables;
}

std::string WithoutEnd(std::string query) {
  while (!query.empty() &&
         (query.back() == ';' || std::isspace(static_cast<unsigned char>(query.back())) != 0))
    query.pop_back();
  return query;
}

Result<std::unique_ptr<lake::RowStream>> RunQuery(DuckDbRun run, const std::string& query,
                                                  const std::string& folder) {
  const std::string file = folder + "/query.parquet";
  FIRN_CHECK(RemoveFile(file));
  // A line comment at the query's end must not take the bracket with it.
  run.words = {"-c", "COPY (" + query + "\n) TO " + SqlQuoted(file, '\'') +
                         " (FORMAT parquet, COMPRESSION zstd)"};
  FIRN_TRY(const int code, RunDuckDb(run));
  if (code != 0 || !FileExists(file))
    return Fail(
        Error(Kind::kBadInput, "PUB-SOURCE-002", "the query gave no file of rows")
            .At(run.program)
            .Because("it ended with code " + std::to_string(code) + "; what it said stands above"));
  return lake::StreamParquetFile(file);
}

Result<PublishSource> QuerySource(Context& context, lake::Lake& lake,
                                  const std::string& work_folder) {
  DuckDbRun run;
  run.quiet = true;
  FIRN_TRY(run.program, FindDuckDb(context));
  FIRN_TRY(const auto tables, TablesOf(context, lake));
  FIRN_TRY(run.script, ViewStatements(tables));
  const std::string query = WithoutEnd(context.Text("query"));
  PublishSource source;
  for (const lake::Table& table : tables) source.pinned.push_back(Pinned(table, {}));
  source.recipe = Hex(net::Sha256("query\n" + query));
  source.open = [run, query, work_folder](const Call&) {
    return RunQuery(run, query, work_folder);
  };
  return source;
}

}  // namespace

Result<PublishSource> PublishSourceOf(Context& context, lake::Lake& lake,
                                      const std::string& work_folder) {
  const bool query = context.Has("query");
  if (query == context.Has("from"))
    return Fail(context.UsageError("give either --from TABLE or --query SQL"));
  if (!query) return TableSource(context, lake);
  for (const char* name : {"columns", "where", "snapshot"}) {
    if (context.Has(name))
      return Fail(context.UsageError("--" + std::string(name) + " goes with --from only"));
  }
  return QuerySource(context, lake, work_folder);
}

}  // namespace firn::cli
