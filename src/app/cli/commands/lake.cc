#include <algorithm>
#include <filesystem>

#include "app/cli/commands.h"
#include "app/cli/commands/lake_access.h"
#include "core/base/time_text.h"
#include "ends/lake/format/single_value.h"
#include "ends/lake/maintain/orphans.h"
#include "ends/lake/read/snapshot_at.h"

namespace firn::cli {
namespace {

using lake::DataFile;
using lake::SnapshotInfo;
using lake::Table;

std::string TimeText(int64_t timestamp_ms) {
  return FormatUtc(UtcMicros(std::chrono::milliseconds(timestamp_ms)));
}

// A number out of a snapshot's summary; nothing when the writer left it out.
Cell SummaryNumber(const SnapshotInfo& snapshot, const std::string& key) {
  const auto found = snapshot.summary.find(key);
  if (found == snapshot.summary.end()) return {};
  return static_cast<int64_t>(std::strtoll(found->second.c_str(), nullptr, 10));
}

// How many rows a reader of the snapshot finds.
Cell RowsCell(const SnapshotInfo& snapshot) {
  const auto rows = lake::RowsOf(snapshot);
  return rows ? Cell(*rows) : Cell();
}

Cell IdCell(std::optional<int64_t> id) {
  // Text in JSON: JavaScript cannot hold a snapshot id as a number.
  if (!id) return {};
  return std::to_string(*id);
}

Result<ExitCode> LakeList(Context& context) {
  FIRN_TRY(const auto lake, OpenLakeToRead(context));
  FIRN_TRY(const auto idents, lake->Tables(context.Text("namespace")));
  cli::Table out{"firn.lake.tables/1",
                 {{"table", "table", false, true, Ink::kName},
                  {"rows", "rows", true},
                  {"files", "files", true},
                  {"bytes", "bytes", true},
                  {"snapshots", "snapshots", true},
                  {"committed_at", "last commit"}},
                 {},
                 kNoTables};
  bool damaged = false;
  for (const auto& ident : idents) {
    auto table = lake->Load(ident);
    if (!table) {
      // One damaged table must not hide the others.
      damaged = true;
      context.out().Warn(table.error().OneLine());
      out.rows.push_back({ident.Text(), {}, {}, {}, {}, {}});
      continue;
    }
    const auto snapshot = table->current_snapshot();
    const auto history = static_cast<int64_t>(table->history().size());
    if (!snapshot) {
      out.rows.push_back({ident.Text(), int64_t{0}, int64_t{0}, int64_t{0}, history, {}});
      continue;
    }
    out.rows.push_back(
        {ident.Text(), RowsCell(*snapshot), SummaryNumber(*snapshot, "total-data-files"),
         SummaryNumber(*snapshot, "total-files-size"), history, TimeText(snapshot->timestamp_ms)});
  }
  context.out().Print(out);
  return damaged ? ExitCode::kFailed : ExitCode::kDone;
}

Result<ExitCode> LakeShow(Context& context) {
  FIRN_TRY(const Table table, OpenTable(context));
  const auto snapshot = table.current_snapshot();
  std::vector<Fact> facts = {
      {"table", "table", table.ident().Text()},
      {"location", "location", table.location()},
      {"metadata", "metadata", table.metadata_location()},
      {"columns", "columns", static_cast<int64_t>(table.schema().fields.size())},
      {"schema_id", "schema", static_cast<int64_t>(table.schema().schema_id)},
      {"snapshots", "snapshots", static_cast<int64_t>(table.history().size())},
  };
  if (snapshot) {
    facts.push_back({"snapshot", "snapshot", IdCell(snapshot->snapshot_id)});
    facts.push_back({"committed_at", "committed", TimeText(snapshot->timestamp_ms)});
    facts.push_back({"rows", "rows", RowsCell(*snapshot)});
    facts.push_back({"files", "data files", SummaryNumber(*snapshot, "total-data-files")});
    facts.push_back({"bytes", "bytes", SummaryNumber(*snapshot, "total-files-size")});
    for (const auto& [key, value] : snapshot->summary) {
      if (key.starts_with("firn.")) facts.push_back({key, key, value});
    }
  }
  for (const auto& [key, value] : table.properties()) {
    // The mapping repeats the whole schema; what the snapshot says already is said once.
    const bool said = snapshot && key.starts_with("firn.") && snapshot->summary.contains(key);
    if (!said && key != "schema.name-mapping.default") facts.push_back({key, key, value});
  }
  context.out().Print("firn.lake.table/1", facts);
  return ExitCode::kDone;
}

Result<ExitCode> LakeSchema(Context& context) {
  FIRN_TRY(const Table table, OpenTable(context));
  cli::Table out{"firn.lake.schema/1",
                 {{"id", "id", true},
                  {"name", "column", false, false, Ink::kName},
                  {"type", "type", false, true},
                  {"required", "required"},
                  {"doc", "doc", false, true}},
                 {},
                 "no columns"};
  for (const auto& field : table.schema().fields) {
    Cell doc;
    if (!field.doc.empty()) doc = field.doc;
    out.rows.push_back({static_cast<int64_t>(field.id), field.name, record::TypeText(field.type),
                        field.required, doc});
  }
  context.out().Print(out);
  return ExitCode::kDone;
}

Result<ExitCode> LakeHistory(Context& context) {
  FIRN_TRY(const Table table, OpenTable(context));
  cli::Table out{"firn.lake.history/1",
                 {{"committed_at", "committed"},
                  {"snapshot", "snapshot", false, false, Ink::kName},
                  {"parent", "parent"},
                  {"operation", "operation"},
                  {"rows_added", "added", true},
                  {"rows_deleted", "deleted", true},
                  {"rows", "rows", true},
                  {"schema_id", "schema", true},
                  {"current", "current"}},
                 {},
                 "nothing was committed yet"};
  const auto current = table.current_snapshot();
  for (const SnapshotInfo& snapshot : table.history()) {
    out.rows.push_back({TimeText(snapshot.timestamp_ms), IdCell(snapshot.snapshot_id),
                        IdCell(snapshot.parent_id), snapshot.operation,
                        SummaryNumber(snapshot, "added-records"),
                        SummaryNumber(snapshot, "deleted-records"), RowsCell(snapshot),
                        static_cast<int64_t>(snapshot.schema_id),
                        current && current->snapshot_id == snapshot.snapshot_id});
  }
  context.out().Print(out);
  return ExitCode::kDone;
}

Result<ExitCode> LakeOrphans(Context& context, const Table& table) {
  FIRN_TRY(const auto orphans, lake::OrphanFiles(context.call(), table));
  cli::Table out{"firn.lake.orphans/1",
                 {{"path", "file", false, true, Ink::kName},
                  {"bytes", "bytes", true},
                  {"modified_at", "modified"}},
                 {},
                 "no orphans: every file is referred to"};
  for (const auto& orphan : orphans)
    out.rows.push_back({orphan.uri, orphan.bytes, TimeText(orphan.modified_ms)});
  context.out().Print(out);
  return ExitCode::kDone;
}

Result<ExitCode> LakeFiles(Context& context) {
  FIRN_TRY(const Table table, OpenTable(context));
  if (context.Flag("orphans")) return LakeOrphans(context, table);
  FIRN_TRY(const auto snapshot, SnapshotOption(context));
  FIRN_TRY(const auto files, table.Files(context.call(), snapshot));
  cli::Table out{"firn.lake.files/1",
                 {{"path", "file", false, true, Ink::kName},
                  {"format", "format"},
                  {"rows", "rows", true},
                  {"bytes", "bytes", true}},
                 {},
                 "no data files"};
  for (const DataFile& file : files)
    out.rows.push_back({file.path, file.format, file.record_count, file.file_size_bytes});
  context.out().Print(out);
  return ExitCode::kDone;
}

Option SnapshotChoice() {
  return {.name = "snapshot", .value = "ID", .help = "an older state, by its snapshot id"};
}

}  // namespace

void AddLakeCommands(CommandTree& tree) {
  tree.AddGroup({"lake", "the tables in the lake: what there is, and the rows"});
  tree.Add({.path = "lake list",
            .summary = "the tables with their rows, files and last commit",
            .options = WithWarehouse(
                {{.name = "namespace", .value = "NS", .help = "only this namespace"}}),
            .examples = {"firn lake list", "firn lake list --warehouse ./warehouse --json"},
            .run = LakeList});
  tree.Add({.path = "lake show",
            .summary = "what a table is and which state is current",
            .arguments = {TableArgument()},
            .options = WithWarehouse({}),
            .examples = {"firn lake show salesforce.Account"},
            .run = LakeShow});
  tree.Add({.path = "lake schema",
            .summary = "a table's columns with their ids and types",
            .arguments = {TableArgument()},
            .options = WithWarehouse({}),
            .examples = {"firn lake schema salesforce.Account"},
            .run = LakeSchema});
  tree.Add({.path = "lake history",
            .summary = "a table's snapshots, oldest first",
            .arguments = {TableArgument()},
            .options = WithWarehouse({}),
            .examples = {"firn lake history salesforce.Account"},
            .run = LakeHistory});
  tree.Add({.path = "lake files",
            .summary = "a snapshot's data files, or files that no snapshot refers to",
            .arguments = {TableArgument()},
            .options = WithWarehouse(
                {SnapshotChoice(),
                 {.name = "orphans", .help = "files under the table that no snapshot refers to"}}),
            .examples = {"firn lake files salesforce.Account",
                         "firn lake files salesforce.Account --orphans"},
            .run = LakeFiles});
  tree.Add({.path = "lake rows",
            .summary = "a table's rows",
            .arguments = {TableArgument()},
            .options =
                WithWarehouse({{.name = "columns", .value = "A,B", .help = "only these columns"},
                               {.name = "limit",
                                .value = "N",
                                .help = "rows at most (default: 20, or all with --csv or --json)",
                                .type = ValueType::kInteger},
                               {.name = "where",
                                .value = "FILTER",
                                .help = "only rows for which this holds: COLUMN OPERATOR LITERAL, "
                                        "joined by AND"},
                               {.name = "csv", .help = "as CSV with a header row"},
                               {.name = "at",
                                .value = "TIME",
                                .help = "the state that was current then, as 2026-11-24T02:56:02Z"},
                               SnapshotChoice()}),
            .examples = {"firn lake rows salesforce.Account --columns Id,Name --limit 5",
                         "firn lake rows salesforce.Account --where \"Name = 'Acme'\"",
                         "firn lake rows salesforce.Account --csv > account.csv"},
            .run = LakeRows});
}

}  // namespace firn::cli
