// lake forget: a record out of the tables, their history and what the project keeps beside them.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/commands/forget_places.h"
#include "app/cli/commands/lake_access.h"
#include "app/engine/mirrors.h"
#include "core/record/record_id.h"
#include "ends/lake/maintain/erase.h"

namespace firn::cli {
namespace {

// Columns that name a record: of an object's table and its changelog, and of a table of events.
constexpr const char* kKeyColumns[] = {"Id", "record_id"};

struct Trace {
  lake::TableIdent table;
  std::string column;
  lake::KeyTraces found;
  std::string until;
  bool erased = false;
};

Result<std::vector<lake::TableIdent>> TablesToSearch(Context& context, lake::Lake& lake) {
  if (!context.Has("table")) return lake.Tables("");
  FIRN_TRY(const auto ident, TableIdentOf(context, context.Text("table")));
  return std::vector<lake::TableIdent>{ident};
}

// Empty: a table of something else than records of Salesforce.
std::string KeyColumnOf(Context& context, const lake::Table& table) {
  if (context.Has("key")) {
    const std::string column = context.Text("key");
    return table.schema().Find(column) != nullptr ? column : "";
  }
  for (const char* column : kKeyColumns) {
    const record::Field* key = table.schema().Find(column);
    if (key != nullptr && key->type.id == record::TypeId::kString) return column;
  }
  return {};
}

// How long a table would keep what its files hold, were nothing erased.
std::string UntilFor(const lake::Table& table, const lake::KeyTraces& found) {
  if (!found.refs.empty())
    return "branch or tag " + fmt::format("{}", fmt::join(found.refs, ", ")) + " goes";
  if (found.visible) return "it is erased: it is in the rows";
  if (!found.live_files.empty() || !found.delete_files.empty())
    return "its files are compacted and their snapshots expire";
  if (found.old_files.empty()) return "maintenance removes unused files";
  if (const int64_t most = lake::SnapshotsKept(table); most > 0)
    return fmt::format("the last {} snapshots are others", most);
  return "maintenance lets its snapshots go";
}

struct Found {
  std::vector<Trace> traces;
  std::vector<lake::Table> searched;
};

Result<Found> Search(Context& context, lake::Lake& lake, const std::string& id) {
  Found out;
  std::vector<std::string> passed_over;
  FIRN_TRY(const auto idents, TablesToSearch(context, lake));
  for (const lake::TableIdent& ident : idents) {
    FIRN_TRY(const auto table, lake.Load(ident));
    const std::string column = KeyColumnOf(context, table);
    if (column.empty()) {
      passed_over.push_back(ident.Text());
      continue;
    }
    out.searched.push_back(table);
    context.progress().Update({.what = "looking through " + ident.Text()});
    FIRN_TRY(auto found, lake::FindKey(context.call(), table, column, id));
    std::string until = UntilFor(table, found);
    if (found.any()) out.traces.push_back({ident, column, std::move(found), std::move(until)});
  }
  context.progress().Finish();
  if (passed_over.empty()) return out;
  const std::string column =
      context.Has("key") ? "`" + context.Text("key") + "`" : "`Id` or `record_id`";
  context.out().Warn(
      fmt::format("not looked through, having no column {}: {}; `--key` names another", column,
                  fmt::join(passed_over, ", ")));
  return out;
}

// What lies beside the tables that were looked through.
Result<void> AddFiles(Context& context, const ForgetPlaces& places, const Found& found,
                      const std::string& id, std::vector<ForgetPlace>& out) {
  for (const lake::Table& table : found.searched) {
    FIRN_TRY(auto files, places.ForgetFiles(context.call(), table, id));
    for (ForgetPlace& place : files) out.push_back(std::move(place));
  }
  return {};
}

// The Id must be typed again, unless --yes says that a script means it.
Result<void> Confirm(Context& context, const std::string& id) {
  if (context.Flag("yes")) return {};
  if (isatty(STDIN_FILENO) == 0) {
    return Fail(context.UsageError("erasing cannot be undone: add `--yes`, or look with `--plan`"));
  }
  context.out().Talk("erasing cannot be undone; type the Id to go on:");
  std::string typed;
  std::getline(std::cin, typed);
  if (typed == id) return {};
  return Fail(context.UsageError("that is another Id: nothing was erased"));
}

void Print(Context& context, const std::vector<Trace>& traces,
           const std::vector<ForgetPlace>& places, const char* state_of_places) {
  Table out{.format = "firn.lake.forget/2",
            .columns = {{.key = "place", .title = "place", .ink = Ink::kName},
                        {.key = "visible", .title = "in rows"},
                        {.key = "files", .title = "found", .right = true},
                        {.key = "old_files", .title = "old files", .right = true},
                        {.key = "snapshots", .title = "snapshots", .right = true},
                        {.key = "unused_files", .title = "unused files", .right = true},
                        {.key = "state", .title = "state"},
                        {.key = "until", .title = "else there until", .shrink = true}},
            .rows = {},
            .when_empty = "nothing holds it"};
  for (const Trace& trace : traces) {
    const lake::KeyTraces& found = trace.found;
    const char* state = !trace.erased ? "to be erased" : found.any() ? "remains" : "erased";
    out.rows.push_back({trace.table.Text(), found.visible,
                        static_cast<int64_t>(found.live_files.size() + found.delete_files.size()),
                        static_cast<int64_t>(found.old_files.size()),
                        static_cast<int64_t>(found.snapshots.size()),
                        static_cast<int64_t>(found.unused_files.size()), state, trace.until});
  }
  for (const ForgetPlace& place : places) {
    out.rows.push_back(
        {place.place, Cell(), place.found, Cell(), Cell(), Cell(), state_of_places, place.until});
  }
  context.out().Print(out);
}

// Erases from one table; what is left of it, if anything, stands in the trace.
Result<void> Erase(Context& context, lake::Lake& lake, Trace& trace, const std::string& id) {
  FIRN_TRY(auto report, lake::EraseKey(context.call(), lake, trace.table, trace.column, id));
  FIRN_TRY(const auto table, lake.Load(trace.table));
  trace.found = std::move(report.after);
  trace.until = trace.found.any() ? UntilFor(table, trace.found) : "";
  trace.erased = true;
  context.out().Talk(fmt::format("{}: {} files written anew, {} snapshots let go",
                                 trace.table.Text(), report.files_rewritten,
                                 report.snapshots_expired));
  return {};
}

Result<ExitCode> Plan(Context& context, const Found& found, const std::string& id) {
  FIRN_TRY(auto places, ForgetPlaces::Open(context, ForgetPlaces::Use::kLook));
  FIRN_TRY(auto beside, places.Forget(id));
  FIRN_CHECK(AddFiles(context, places, found, id, beside));
  Print(context, found.traces, beside, "to be erased");
  return ExitCode::kDone;
}

Result<ExitCode> Forget(Context& context) {
  const auto canonical = record::CanonicalRecordId(context.Text("id"));
  if (!canonical) {
    return Fail(context.UsageError("`" + context.Text("id") +
                                   "` is no Salesforce Id: 15 characters, or 18 of which the last "
                                   "three check the others"));
  }
  const std::string& id = *canonical;
  FIRN_TRY(const auto lake, OpenLakeToRead(context));
  FIRN_TRY(auto found, Search(context, *lake, id));
  if (context.Flag("plan")) return Plan(context, found, id);
  FIRN_CHECK(Confirm(context, context.Text("id")));
  FIRN_TRY(auto places, ForgetPlaces::Open(context, ForgetPlaces::Use::kRemove));
  // What would bring the record back goes first.
  FIRN_TRY(auto beside, places.Forget(id));
  bool all_gone = true;
  for (Trace& trace : found.traces) {
    const std::vector<std::string> unused = trace.found.unused_files;
    FIRN_CHECK(Erase(context, *lake, trace, id));
    FIRN_CHECK(places.FilesAreGone(unused));
    all_gone = all_gone && !trace.found.any();
  }
  FIRN_CHECK(AddFiles(context, places, found, id, beside));
  // They would show snapshots whose files are gone.
  if (!found.traces.empty() && context.HasProject()) {
    FIRN_TRY(const auto* project, context.LoadProject());
    engine::MirrorAfterRun(context.call(), *lake, *project, context.secrets());
  }
  Print(context, found.traces, beside, "erased");
  return all_gone ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace

void AddLakeForgetCommand(CommandTree& tree) {
  std::vector<Option> options = {
      {.name = "table",
       .value = "TABLE",
       .help = "only this table; without: all with an Id column"},
      {.name = "key",
       .value = "COLUMN",
       .help = "the column that holds the Id; without: `Id`, else `record_id`"},
      {.name = "plan", .help = "show where the record is, erase nothing"},
      {.name = "yes", .help = "do not ask for the Id again"}};
  for (const Option& option : WarehouseOptions()) options.push_back(option);
  tree.Add({.path = "lake forget",
            .summary = "erase a record from the lake and all that the project keeps of it",
            .arguments = {{.name = "id", .help = "its Id, of 15 or 18 characters"}},
            .options = options,
            .examples = {"firn lake forget 001000000000001AAA --plan",
                         "firn lake forget 001000000000001AAA --yes"},
            .details =
                "Data files that hold the record are written anew without it, and snapshots "
                "as old as the last one that has it are let go with their files: time travel "
                "does not reach behind the erasure. Branches and tags are not touched; the "
                "exit code is 1 when one of them keeps the record. Changelogs, tables of "
                "events, files that were fetched for it, rejected rows, quarantined events, dead "
                "letters and what waits for "
                "targets are erased too; windows that were read and not merged are read again by "
                "`firn export resume`. Stop the daemon first. An org that still has the record "
                "brings it back with the next change: delete it there first.",
            .run = Forget});
}

}  // namespace firn::cli
