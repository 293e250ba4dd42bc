// lake forget: a record out of the tables, their history and the rejects.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "app/cli/commands.h"
#include "app/cli/commands/lake_access.h"
#include "ends/lake/maintain/erase.h"
#include "patterns/exports/forget.h"

namespace firn::cli {
namespace {

constexpr const char* kKeyColumn = "Id";

struct Trace {
  lake::TableIdent table;
  lake::KeyTraces found;
  int64_t files_rewritten = 0;
  int64_t snapshots_expired = 0;
  bool erased = false;
};

Result<std::vector<lake::TableIdent>> TablesToSearch(Context& context, lake::Lake& lake) {
  if (!context.Has("table")) return lake.Tables("");
  FIRN_TRY(const auto ident, TableIdentOf(context, context.Text("table")));
  return std::vector<lake::TableIdent>{ident};
}

// Tables that hold the record. Tables without an Id column are none of Salesforce's records.
Result<std::vector<Trace>> Search(Context& context, lake::Lake& lake, const std::string& id) {
  std::vector<Trace> traces;
  FIRN_TRY(const auto idents, TablesToSearch(context, lake));
  for (const lake::TableIdent& ident : idents) {
    FIRN_TRY(const auto table, lake.Load(ident));
    const record::Field* key = table.schema().Find(kKeyColumn);
    if (key == nullptr || key->type.id != record::TypeId::kString) continue;
    context.progress().Update({.what = "looking through " + ident.Text()});
    FIRN_TRY(auto found, lake::FindKey(context.call(), table, kKeyColumn, id));
    if (found.any()) traces.push_back({.table = ident, .found = std::move(found)});
  }
  context.progress().Finish();
  return traces;
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
           const exports::ForgottenRejects& rejects) {
  Table out{.format = "firn.lake.forget/1",
            .columns = {{.key = "table", .title = "table", .ink = Ink::kName},
                        {.key = "visible", .title = "in rows"},
                        {.key = "files", .title = "files", .right = true},
                        {.key = "old_files", .title = "old files", .right = true},
                        {.key = "snapshots", .title = "snapshots", .right = true},
                        {.key = "unused_files", .title = "unused files", .right = true},
                        {.key = "state", .title = "state", .shrink = true}},
            .rows = {},
            .when_empty = "no table holds it"};
  for (const Trace& trace : traces) {
    const lake::KeyTraces& found = trace.found;
    std::string state = "to be erased";
    if (trace.erased) {
      state = found.any() ? "remains until branch or tag " +
                                fmt::format("{}", fmt::join(found.refs, ", ")) + " goes"
                          : "erased";
    }
    out.rows.push_back(
        {trace.table.Text(), found.visible, static_cast<int64_t>(found.live_files.size()),
         static_cast<int64_t>(found.old_files.size()), static_cast<int64_t>(found.snapshots.size()),
         static_cast<int64_t>(found.unused_files.size()), state});
  }
  context.out().Print(out);
  if (rejects.lines > 0) {
    context.out().Talk(
        fmt::format("{} lines in {} files of rejected rows", rejects.lines, rejects.files));
  }
}

Result<std::string> RejectsFolder(Context& context) {
  if (!context.HasProject()) return std::string();
  FIRN_TRY(const auto* project, context.LoadProject());
  return project->state_folder + "/rejects";
}

Result<ExitCode> Forget(Context& context) {
  const std::string id = context.Text("id");
  const bool well_formed =
      id.size() == 18 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      });
  if (!well_formed) {
    return Fail(context.UsageError("`" + id + "` is no 18-character Salesforce Id"));
  }
  FIRN_TRY(const auto lake, OpenLake(context));
  FIRN_TRY(const std::string rejects_folder, RejectsFolder(context));
  FIRN_TRY(auto traces, Search(context, *lake, id));
  FIRN_TRY(auto rejects, exports::ForgetRejects(rejects_folder, id, {.remove = false}));
  if (context.Flag("plan") || (traces.empty() && rejects.lines == 0)) {
    Print(context, traces, rejects);
    return ExitCode::kDone;
  }
  FIRN_CHECK(Confirm(context, id));
  bool all_gone = true;
  for (Trace& trace : traces) {
    FIRN_TRY(auto report, lake::EraseKey(context.call(), *lake, trace.table, kKeyColumn, id));
    trace.found = std::move(report.after);
    trace.files_rewritten = report.files_rewritten;
    trace.snapshots_expired = report.snapshots_expired;
    trace.erased = true;
    all_gone = all_gone && !trace.found.any();
    context.out().Talk(fmt::format("{}: {} files written anew, {} snapshots let go",
                                   trace.table.Text(), trace.files_rewritten,
                                   trace.snapshots_expired));
  }
  FIRN_TRY(rejects, exports::ForgetRejects(rejects_folder, id, {.remove = true}));
  Print(context, traces, rejects);
  return all_gone ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace

void AddLakeForgetCommand(CommandTree& tree) {
  std::vector<Option> options = {
      {.name = "table",
       .value = "TABLE",
       .help = "only this table; without: all with an Id column"},
      {.name = "plan", .help = "show where the record is, erase nothing"},
      {.name = "yes", .help = "do not ask for the Id again"}};
  for (const Option& option : WarehouseOptions()) options.push_back(option);
  tree.Add({.path = "lake forget",
            .summary = "erase a record from the rows, the history and the rejects",
            .arguments = {{.name = "id", .help = "its 18-character Id"}},
            .options = options,
            .examples = {"firn lake forget 001000000000001AAA --plan",
                         "firn lake forget 001000000000001AAA --yes"},
            .details =
                "Data files that hold the record are written anew without it, and snapshots "
                "as old as the last one that has it are let go with their files: time travel "
                "does not reach behind the erasure. Branches and tags are not touched; the "
                "exit code is 1 when one of them keeps the record. An org that still has "
                "the record brings it back with the next change: delete it there first.",
            .run = Forget});
}

}  // namespace firn::cli
