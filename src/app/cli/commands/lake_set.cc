// lake set: a table's properties, format version, branches and tags.
#include "app/cli/commands.h"
#include "app/cli/commands/lake_access.h"

namespace firn::cli {
namespace {

Result<ExitCode> LakeSet(Context& context) {
  std::map<std::string, std::optional<std::string>> changes;
  for (const std::string& text : context.List("property")) {
    const size_t equals = text.find('=');
    if (equals == 0) return Fail(context.UsageError("`" + text + "` has no key"));
    if (equals == std::string::npos) {
      changes[text] = std::nullopt;
    } else {
      changes[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  FIRN_TRY(const auto ident, TableIdentOf(context, context.Text("table")));
  FIRN_TRY(const auto lake, OpenLakeToRead(context));
  FIRN_TRY(const auto table, lake->SetProperties(context.call(), ident, changes));
  context.out().Print("firn.lake.set/1", {{"table", "table", table.ident().Text()},
                                          {"metadata", "metadata", table.metadata_location()}});
  return ExitCode::kDone;
}

Result<ExitCode> LakeTag(Context& context) {
  FIRN_TRY(const auto ident, TableIdentOf(context, context.Text("table")));
  FIRN_TRY(const auto lake, OpenLakeToRead(context));
  std::optional<lake::RefOptions> ref;
  if (!context.Flag("remove")) {
    ref.emplace();
    if (context.Flag("branch")) ref->kind = lake::RefOptions::Kind::kBranch;
    FIRN_TRY(ref->snapshot, SnapshotOption(context));
    if (context.Has("keep-for")) ref->max_ref_age_ms = context.Duration("keep-for").count();
  }
  FIRN_TRY(const auto table, lake->SetRef(context.call(), ident, context.Text("name"), ref));
  context.out().Print("firn.lake.tag/1", {{"table", "table", table.ident().Text()},
                                          {"name", "name", context.Text("name")},
                                          {"metadata", "metadata", table.metadata_location()}});
  return ExitCode::kDone;
}

}  // namespace

void AddLakeSetCommands(CommandTree& tree) {
  tree.Add({.path = "lake set",
            .summary = "set a table's properties, or raise its format version",
            .arguments = {TableArgument(),
                          {.name = "property",
                           .help = "KEY=VALUE; KEY alone removes it",
                           .repeats = true}},
            .options = WithWarehouse({}),
            .examples = {"firn lake set salesforce.Account firn.history.max-snapshots=500",
                         "firn lake set salesforce.Account format-version=3"},
            .run = LakeSet});
  tree.Add({.path = "lake tag",
            .summary = "give a state of a table a name that keeps it",
            .arguments = {TableArgument(), {.name = "name", .help = "of the tag or branch"}},
            .options =
                WithWarehouse({{.name = "snapshot",
                                .value = "ID",
                                .help = "the state, by its snapshot id (default: the current one)"},
                               {.name = "branch", .help = "a branch, which may be written to"},
                               {.name = "keep-for",
                                .value = "TIME",
                                .help = "how long it stays (default: until it is removed)",
                                .type = ValueType::kDuration},
                               {.name = "remove", .help = "take the name away"}}),
            .examples = {"firn lake tag salesforce.Account audit-2026"},
            .run = LakeTag});
}

}  // namespace firn::cli
