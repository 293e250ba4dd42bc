// version, help, explain, config check, debug.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "app/cli/commands.h"
#include "app/cli/commands/config_help.h"
#include "app/cli/commands/environment_help.h"
#include "app/cli/explain.h"
#include "app/cli/help.h"
#include "app/cli/output/ink.h"
#include "app/cli/version.h"
#include "core/base/fault_point.h"
#include "core/base/nearest.h"
#include "core/project/project.h"
#include "core/project/rules.h"

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

Result<ExitCode> CheckConfig(Context& context) {
  FIRN_TRY(const std::string folder, context.ProjectFolder());
  project::LoadOptions options;
  const char* environment = std::getenv("FIRN_ENV");
  options.environment = context.Has("env") ? context.Text("env") : environment ? environment : "";
  config::Problems problems;
  const auto project = project::LoadAll(folder, options, &problems);
  const project::RuleSet rules = project::LoadRules(folder, options, &problems);
  Output& out = context.out();
  if (problems.empty()) {
    out.Print("firn.config-check/1",
              {{"project", "project", project->name},
               {"folder", "folder", project->folder},
               {"environment", "environment",
                project->environment.empty() ? Cell() : Cell(project->environment)},
               {"orgs", "orgs", static_cast<int64_t>(project->orgs.size())},
               {"object_rules", "object rules", static_cast<int64_t>(project->objects.size())},
               {"event_rules", "event rules", static_cast<int64_t>(rules.rules.size())}});
    return ExitCode::kDone;
  }
  if (problems.size() == 1) return Fail(std::move(problems.front()));
  if (out.json()) {
    std::string objects;
    for (const Error& problem : problems) {
      objects += (objects.empty() ? "" : ",") + ErrorJson(problem);
    }
    out.Json("firn.config-check/1", "{\"problems\":[" + objects + "]}");
    return ExitCode::kUsage;
  }
  for (const Error& problem : problems) {
    out.PrintError(problem);
    out.Talk(" ");
  }
  return Fail(Error(Kind::kBadConfig, "CLI-CONFIG-001",
                    fmt::format("the project has {} problems", problems.size()))
                  .At(folder));
}

}  // namespace

void AddGeneralCommands(CommandTree& tree) {
  tree.AddGroup({"config", "the project's firn.yaml"});
  tree.Add({.path = "config check",
            .summary = "find what is wrong in firn.yaml, offline",
            .examples = {"firn config check"},
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
       .options = {{.name = "all", .help = "every command, as Markdown (or --json)"}},
       .examples = {"firn help export run", "firn help exit-codes", "firn help config schedules"},
       .run = Help});
  tree.Add({.path = "version",
            .summary = "which version this is",
            .examples = {"firn version --json"},
            .run = PrintVersion});
}

}  // namespace firn::cli
