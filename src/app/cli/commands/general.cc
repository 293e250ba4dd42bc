// version, help, explain, config check, debug.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "app/cli/commands.h"
#include "app/cli/commands/config_help.h"
#include "app/cli/commands/environment_help.h"
#include "app/cli/commands/lake_access.h"
#include "app/cli/complete.h"
#include "app/cli/explain.h"
#include "app/cli/help.h"
#include "app/cli/manual.h"
#include "app/cli/output/ink.h"
#include "app/cli/version.h"
#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "core/base/nearest.h"
#include "core/project/project.h"
#include "core/project/rules.h"
#include "core/state/shared_state.h"
#include "patterns/exports/names.h"

namespace firn::cli {
namespace {

Result<ExitCode> PrintVersion(Context& context) {
  if (context.out().json()) {
    context.out().Json("firn.version/1", fmt::format(R"({{"version":{}}})", JsonQuote(Version())));
  } else {
    context.out().Line("firn " + std::string(Version()));
  }
  return ExitCode::kDone;
}

std::string UpperCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

void PrintCodeList(Context& context, const std::vector<ErrorCode>& all) {
  Table table{.format = "firn.error-codes/1",
              .columns = {{.key = "code", .title = "code", .ink = Ink::kName},
                          {.key = "summary", .title = "summary", .shrink = true}},
              .rows = {},
              .when_empty = {}};
  for (const ErrorCode& each : all) {
    table.rows.push_back({std::string(each.code), std::string(each.summary)});
  }
  context.out().Print(table);
}

Result<ExitCode> Explain(Context& context) {
  const auto all = AllErrorCodes();
  if (!context.Has("code")) {
    PrintCodeList(context, all);
    return ExitCode::kDone;
  }
  const std::string code = UpperCase(context.Text("code"));
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&code](const ErrorCode& each) { return each.code == code; });
  if (found == all.end()) {
    std::vector<std::string> names;
    for (const ErrorCode& each : all) names.emplace_back(each.code);
    const auto near = Nearest(code, names);
    return Fail(
        Error(Kind::kNotFound, "CLI-EXPLAIN-001", "there is no error code `" + code + "`")
            .Hint(near ? "did you mean `" + *near + "`?" : "`firn explain` lists them all"));
  }
  Output& out = context.out();
  out.Raw(fmt::format("{}: {}\n\ncause: {}\n\nremedy: {}\n", out.Out(Ink::kName, found->code),
                      found->summary, found->cause, found->remedy));
  out.Json("firn.explain/1", fmt::format(R"({{"code":{},"summary":{},"cause":{},"remedy":{}}})",
                                         JsonQuote(found->code), JsonQuote(found->summary),
                                         JsonQuote(found->cause), JsonQuote(found->remedy)));
  return ExitCode::kDone;
}

Result<ExitCode> ListFaultPoints(Context& context) {
  Table table{.format = "firn.faultpoints/1",
              .columns = {{.key = "name", .title = "name", .ink = Ink::kName},
                          {.key = "where", .title = "what has just happened", .shrink = true}},
              .rows = {},
              .when_empty = {}};
  for (const FaultPointInfo& point : FaultPoints()) {
    table.rows.push_back({std::string(point.name), std::string(point.where)});
  }
  context.out().Print(table);
  return ExitCode::kDone;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

Result<ExitCode> PrintCompletion(Context& context) {
  const std::string script = CompletionScript(context.Text("shell"));
  context.out().Raw(script);
  context.out().Json("firn.completion/1", "{\"script\":" + JsonQuote(script) + "}");
  return ExitCode::kDone;
}

// `firn-export-run.1` and its like.
Result<ExitCode> WriteManualPages(Context& context) {
  const std::string folder = context.Text("man");
  FIRN_CHECK(MakeFolders(folder, 0755));
  const auto pages = ManualPages(context.tree(), Version());
  for (const ManualPage& page : pages) {
    FIRN_CHECK(WriteFileDurably(folder + "/" + page.name + ".1", page.text, 0644));
  }
  context.out().Print(
      "firn.manual-pages/1",
      {{"folder", "folder", folder}, {"pages", "pages", static_cast<int64_t>(pages.size())}});
  return ExitCode::kDone;
}

constexpr std::string_view kConfigLead = "config ";

Result<ExitCode> Help(Context& context) {
  Output& out = context.out();
  const std::string path = Joined(context.List("command"));
  const CommandTree& tree = context.tree();
  if (context.Flag("all")) {
    out.Raw(ReferencePage(tree));
    out.Json("firn.commands/1", ReferenceJson(tree));
    return ExitCode::kDone;
  }
  if (context.Has("man")) return WriteManualPages(context);
  if (path == "config") {
    PrintConfigReference(context);
    return ExitCode::kDone;
  }
  if (path.starts_with(kConfigLead) && tree.Find(path) == nullptr) {
    return PrintConfigKeys(context, path.substr(kConfigLead.size()));
  }
  if (path == "environment") {
    PrintEnvironment(context);
    return ExitCode::kDone;
  }
  const bool codes = path == "exit-codes";
  if (!codes && !path.empty() && tree.Find(path) == nullptr && tree.FindGroup(path) == nullptr) {
    std::vector<std::string> known = {"exit-codes", "environment", "config"};
    for (const Command& command : tree.commands()) known.push_back(command.path);
    for (const auto& [word, summary] : tree.Below("")) known.push_back(word);
    const auto near = Nearest(path, known);
    return Fail(
        Error(Kind::kBadInput, "CLI-USAGE-001", "there is no command or topic `" + path + "`")
            .Hint(near ? "did you mean `firn help " + *near + "`?" : "see `firn help --all`"));
  }
  const int width = out.terminal().out_is_terminal ? out.terminal().width : 100;
  const std::string page = codes ? ExitCodesPage() : HelpPage(tree, path, width);
  out.Raw(page);
  out.Json("firn.help/1", "{\"page\":" + JsonQuote(page) + "}");
  return ExitCode::kDone;
}

// Of an embedded catalog that is there: another one is not asked, this is offline.
std::optional<std::vector<std::string>> TablesHere(Context& context,
                                                   const project::Project& project) {
  if (project.catalogs.rest || project.catalogs.mirrors.empty()) return std::nullopt;
  const auto lake = OpenLake(context);
  if (!lake) return std::nullopt;
  const auto idents = (*lake)->Tables("");
  if (!idents) return std::nullopt;
  std::vector<std::string> tables;
  for (const lake::TableIdent& ident : *idents) tables.push_back(ident.Text());
  return tables;
}

// What can be known without the org: names held against the describes of the last run.
void CheckNames(Context& context, const project::Project& project, config::Problems* problems) {
  const std::string path = state::SharedStatePath(project.state_folder);
  if (!FileExists(path)) return;
  const auto shared = state::SharedState::Open(path);
  if (!shared) return;  // not ours to complain of: nothing is read or written here but hints
  for (Error& problem :
       exports::CheckNamesOffline(project, **shared, TablesHere(context, project))) {
    problems->push_back(std::move(problem));
  }
}

// One document, whatever was found: keys that cannot be known are null.
void PrintChecked(Context& context, const std::string& folder,
                  const std::optional<project::Project>& project, int64_t event_rules,
                  const config::Problems& problems) {
  const auto count = [&project](size_t number) {
    return project ? Cell(static_cast<int64_t>(number)) : Cell();
  };
  const bool has_environment = project && !project->environment.empty();
  const std::vector<Fact> facts = {
      {"project", "project", project ? Cell(project->name) : Cell()},
      {"folder", "folder", project ? project->folder : folder},
      {"environment", "environment", has_environment ? Cell(project->environment) : Cell()},
      {"orgs", "orgs", count(project ? project->orgs.size() : 0)},
      {"object_rules", "object rules", count(project ? project->objects.size() : 0)},
      {"event_rules", "event rules", event_rules}};
  context.out().PrintChecked("firn.config-check/1", facts, problems);
}

Result<ExitCode> CheckConfig(Context& context) {
  FIRN_TRY(const std::string folder, context.ProjectFolder());
  project::LoadOptions options;
  const char* environment = std::getenv("FIRN_ENV");
  options.environment = context.Has("env") ? context.Text("env") : environment ? environment : "";
  config::Problems problems;
  const auto project = project::LoadAll(folder, options, &problems);
  const project::RuleSet rules = project::LoadRules(folder, options, &problems);
  if (project) CheckNames(context, *project, &problems);
  PrintChecked(context, folder, project, static_cast<int64_t>(rules.rules.size()), problems);
  if (problems.empty()) return ExitCode::kDone;
  if (problems.size() > 1) {
    context.out().Talk(fmt::format("the project has {} problems", problems.size()));
  }
  return ExitCode::kUsage;
}

}  // namespace

void AddGeneralCommands(CommandTree& tree) {
  tree.AddGroup({"config", "the project's firn.yaml"});
  tree.Add({.path = "config check",
            .summary = "find what is wrong in firn.yaml, offline",
            .examples = {"firn config check"},
            .details = "Names of fields are held against what the org described the last time an "
                       "export ran; before that, only an export knows them. With --json one "
                       "document comes whatever is found: `ok` and the list `problems`.",
            .run = CheckConfig});
  tree.Add({.path = "explain",
            .summary = "the page of an error code: cause and remedy",
            .arguments = {{.name = "code",
                           .help = "as in `error[..]`; all when absent",
                           .required = false}},
            .examples = {"firn explain CONFIG-KEY-001"},
            .run = Explain});
  tree.AddGroup({"debug", "what helps to test Firn itself"});
  tree.Add({.path = "debug faultpoints",
            .summary = "places where FIRN_FAULT_POINT=NAME[:N] kills the process",
            .examples = {"firn debug faultpoints"},
            .run = ListFaultPoints});
  tree.Add(
      {.path = "help",
       .summary = "how to use a command; topics: exit-codes, environment, config [KEY]",
       .arguments =
           {{.name = "command", .help = "a command or topic", .required = false, .repeats = true}},
       .options = {{.name = "all", .help = "every command, as Markdown (or --json)"},
                   {.name = "man",
                    .value = "DIR",
                    .help = "write every page as a manual page (roff) into a folder"}},
       .examples = {"firn help export run", "firn help exit-codes", "firn help config schedules"},
       .run = Help});
  tree.Add({.path = "completion",
            .summary = "the script that completes firn's words in a shell",
            .arguments = {{.name = "shell",
                           .help = "bash, zsh or fish",
                           .choices = {"bash", "zsh", "fish"}}},
            .examples = {"firn completion fish | source", "firn completion zsh > ~/.zfunc/_firn"},
            .details = "In bash: `source <(firn completion bash)`. Commands and options come from "
                       "the program itself; orgs, environments, "
                       "jobs, tables, objects and runs from the project, offline. An installed "
                       "firn has the scripts where the shells look for them.",
            .run = PrintCompletion});
  tree.Add({.path = "version",
            .summary = "which version this is",
            .examples = {"firn version --json"},
            .run = PrintVersion});
}

}  // namespace firn::cli
