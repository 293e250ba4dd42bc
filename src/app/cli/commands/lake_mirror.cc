// lake mirror: tables registered in the second catalogs that firn.yaml names, and kept current.
#include "app/cli/commands.h"
#include "app/engine/lake_access.h"
#include "app/engine/mirrors.h"

namespace firn::cli {
namespace {

Table MirrorTable() {
  return {"firn.lake.mirror/1",
          {{"mirror", "mirror", false, false, Ink::kName},
           {"table", "table", false, true, Ink::kName},
           {"there", "there", false, true},
           {"state", "state"},
           {"commits_behind", "commits behind", true},
           {"seconds_behind", "seconds behind", true},
           {"error", "error", false, true}},
          {},
          "nothing to mirror: no table matches"};
}

std::string StateOf(const federation::MirrorRow& row) {
  if (row.done) return row.state == federation::MirrorState::kMissing ? "registered" : "updated";
  return std::string(federation::MirrorStateName(row.state));
}

void AddRow(Table& table, const std::string& mirror, const federation::MirrorRow& row) {
  const bool current = row.done || row.state == federation::MirrorState::kCurrent;
  const bool told = current || row.commits_behind.has_value();
  table.rows.push_back({mirror, row.table.Text(), row.there.Text(), StateOf(row),
                        told ? Cell(current ? int64_t{0} : *row.commits_behind) : Cell(""),
                        current ? int64_t{0} : row.ms_behind / 1000,
                        row.error ? row.error->OneLine() : ""});
}

Result<ExitCode> LakeMirror(Context& context) {
  FIRN_TRY(const project::Project* project, context.LoadProject());
  FIRN_TRY(const auto mirrors, engine::MirrorsNamed(*project, context.List("name")));
  FIRN_TRY(const auto lake,
           engine::OpenLakeOf(context.call(), *project, context.secrets(), {.create = false}));
  Table out = MirrorTable();
  bool failed = false;
  bool changes = false;
  for (const project::MirrorSettings* mirror : mirrors) {
    FIRN_TRY(const auto rows, engine::RunMirror(context.call(), *lake, *mirror, context.secrets(),
                                                {.dry_run = context.Flag("plan")}));
    for (const federation::MirrorRow& row : rows) {
      failed = failed || row.error.has_value();
      changes = changes || row.state != federation::MirrorState::kCurrent;
      AddRow(out, mirror->name, row);
    }
  }
  context.out().Print(out);
  if (failed) return ExitCode::kFailed;
  return changes && context.Flag("exit-code") ? ExitCode::kChanges : ExitCode::kDone;
}

}  // namespace

void AddLakeMirrorCommand(CommandTree& tree) {
  tree.Add({.path = "lake mirror",
            .summary = "register the tables in a second catalog and bring it up to date",
            .options = {{.name = "name",
                         .value = "MIRROR",
                         .help = "only this mirror of firn.yaml (default: all of them)",
                         .repeats = true},
                        {.name = "plan", .help = "say how far behind it is, change nothing"},
                        {.name = "exit-code", .help = "with --plan: exit 3 when it is behind"}},
            .examples = {"firn lake mirror --plan", "firn lake mirror --name glue"},
            .details =
                "Only metadata is registered; the files stay where they are. Safe to repeat: "
                "what is to be done follows from what both catalogs say now. `firn run` and "
                "`firn export run` do it after their commits.",
            .run = LakeMirror});
}

}  // namespace firn::cli
