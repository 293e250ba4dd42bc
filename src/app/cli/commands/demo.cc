// demo: the main job from nothing, offline, by commands that the user can type.
#include <fmt/format.h>

#include "app/cli/commands.h"
#include "app/cli/commands/sandbox_project.h"
#include "app/cli/self_run.h"
#include "core/base/file.h"

namespace firn::cli {
namespace {

constexpr std::string_view kSandboxFolder = "sandbox-org";

// Runs the steps in the demo's folder and remembers them.
class Script {
 public:
  Script(Context& context, std::string folder) : context_(context), folder_(std::move(folder)) {}

  // Errors: CLI-DEMO-002 when the command fails.
  Result<void> Run(const std::string& why, const std::vector<std::string>& words) {
    const std::string line = LineOf(words);
    Say(why, line);
    FIRN_TRY(const int code, Spawn(context_.call(), words));
    steps_ += fmt::format(R"({}{{"command":{},"exit_code":{}}})", steps_.empty() ? "" : ",",
                          JsonQuote(line), code);
    FIRN_CHECK(context_.call().Check());
    if (code == 0) return {};
    return Fail(Error(Kind::kConflict, "CLI-DEMO-002",
                      fmt::format("`{}` ended with exit code {}", line, code))
                    .Because("its own message stands above")
                    .Hint(fmt::format("the project is in `{}`: `cd` there to look", folder_)));
  }

  // Also when the demo was interrupted: what was started must end.
  void RunAtTheEnd(const std::string& why, const std::vector<std::string>& words) {
    Say(why, LineOf(words));
    (void)Spawn(Call{}, words);
  }

  void Say(const std::string& why, const std::string& line) {
    Output& out = context_.out();
    out.Line("\n" + out.Out(Ink::kGood, "# " + why));
    out.Line(out.Out(Ink::kName, "$ " + line));
    out.Flush();
  }

  [[nodiscard]] const std::string& steps() const { return steps_; }

 private:
  // As it can be typed.
  static std::string LineOf(const std::vector<std::string>& words) {
    std::string line = "firn";
    for (const std::string& word : words) {
      const bool quoted = word.find_first_of("{}\" *?") != std::string::npos;
      line += quoted ? " '" + word + "'" : " " + word;
    }
    return line;
  }

  Result<int> Spawn(const Call& call, const std::vector<std::string>& words) {
    return RunSelf(call, {.words = words, .folder = folder_, .silent = context_.out().json()});
  }

  Context& context_;
  std::string folder_;
  std::string steps_;
};

Result<void> CheckEmpty(const std::string& folder) {
  FIRN_CHECK(MakeFolders(folder));
  FIRN_TRY(const auto names, ListFolder(folder));
  if (names.empty()) return {};
  return Fail(Error(Kind::kBadInput, "CLI-DEMO-001", "`" + folder + "` is not empty")
                  .Hint("name another folder: `firn demo --dir DIR`"));
}

// A port of the sandbox: firn.yaml names it, so it must be the same when the org is started again.
std::string PortIn(const std::string& yaml, const std::string& key) {
  const std::string lead = key + ": http://127.0.0.1:";
  const size_t at = yaml.find(lead);
  if (at == std::string::npos) return "0";
  const size_t from = at + lead.size();
  return yaml.substr(from, yaml.find_first_not_of("0123456789", from) - from);
}

// A change in the org is in the table without another export.
Result<void> ChangesArrive(Script& script) {
  // By a sign of life the stream knows that it has everything; a real org gives one in 270 s.
  FIRN_CHECK(script.Run("the org tells often that it is alive",
                        {"sandbox", "events", "--set", R"({"keepalive_ms":500})"}));
  FIRN_CHECK(script.Run("people work in the org: deals move, cases escalate",
                        {"sandbox", "traffic", "--changes", "40", "--seed", "7"}));
  return script.Run("the stream brings each change into the tables, once",
                    {"events", "follow", "Account", "Contact", "Opportunity", "Case", "Lead",
                     "--until-caught-up"});
}

Result<void> Steps(Script& script, const std::string& folder) {
  FIRN_TRY(const std::string yaml,
           ProjectOfSandbox(folder + "/" + std::string(kSandboxFolder), "demo"));
  FIRN_CHECK(WriteFileDurably(folder + "/firn.yaml", yaml));
  script.Say("its address and key make a project", "cat firn.yaml");
  FIRN_CHECK(script.Run("is all well?", {"doctor"}));
  FIRN_CHECK(script.Run("what would be copied, and what it costs", {"export", "plan"}));
  FIRN_CHECK(script.Run("copy every object; read everything back and compare",
                        {"export", "run", "--verify", "full", "--report", "reconcile.md"}));
  FIRN_CHECK(script.Run("the tables", {"lake", "list"}));
  FIRN_CHECK(script.Run("one of them", {"lake", "show", "salesforce.Account"}));
  FIRN_CHECK(script.Run("and its rows", {"lake", "rows", "salesforce.Account", "--columns",
                                         "Id,Name,Industry,AnnualRevenue", "--limit", "5"}));
  return ChangesArrive(script);
}

Result<ExitCode> Demo(Context& context) {
  const std::string folder = context.Text("dir");
  FIRN_CHECK(CheckEmpty(folder));
  Output& out = context.out();
  const SteadyTime start = context.call().clock->Steady();
  out.Line(out.Out(Ink::kName, fmt::format("$ mkdir -p {0} && cd {0}", folder)));
  Script script(context, folder);
  const std::vector<std::string> up = {"sandbox",  "up",      "--background",
                                       "--no-tls", "--scale", context.Text("scale")};
  FIRN_CHECK(script.Run("a Salesforce org on this machine, with data", up));
  const Result<void> done = Steps(script, folder);
  script.RunAtTheEnd("the org goes, its data stays in " + std::string(kSandboxFolder),
                     {"sandbox", "down"});
  FIRN_CHECK(done);
  const double seconds =
      std::chrono::duration<double>(context.call().clock->Steady() - start).count();
  out.Line(fmt::format("\ndone in {}: every row accounted for, see {}/reconcile.md",
                       HumanSeconds(seconds), folder));
  FIRN_TRY(const std::string yaml, ReadFile(folder + "/firn.yaml"));
  out.Line(fmt::format(
      "go on: `cd {} && firn sandbox up --background --no-tls --port {} --pubsub-port {}`", folder,
      PortIn(yaml, "login_url"), PortIn(yaml, "pubsub_endpoint")));
  out.Json("firn.demo/1", fmt::format(R"({{"folder":{},"seconds":{:.1f},"steps":[{}]}})",
                                      JsonQuote(folder), seconds, script.steps()));
  return ExitCode::kDone;
}

}  // namespace

void AddDemoCommand(CommandTree& tree) {
  tree.Add({.path = "demo",
            .summary = "see the main job work, offline, in under a minute",
            .options = {{.name = "dir",
                         .value = "DIR",
                         .help = "an empty folder for the project",
                         .default_value = "firn-demo"},
                        {.name = "scale",
                         .value = "X",
                         .help = "size of the org; 1 is about 100,000 records",
                         .type = ValueType::kNumber,
                         .default_value = "0.2"}},
            .examples = {"firn demo", "firn demo --dir try --scale 1"},
            .run = Demo});
}

}  // namespace firn::cli
