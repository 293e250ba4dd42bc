// The command tree: every command of firn as data, so that parsing, help, suggestions and reference
// pages all come from one place.
//
// A group of commands registers itself in its own commands/<group>.cc by a function that
// commands.h declares. The tree is built once in main, in microseconds: nothing heavy may happen
// before a command's `run`. Used by the main thread.
//
//   tree.AddGroup({"lake", "the tables"});
//   tree.Add({.path = "lake show",
//             .summary = "what a table is: schema, snapshots, files",
//             .arguments = {{.name = "table", .help = "NAMESPACE.NAME"}},
//             .options = {{.name = "snapshot", .value = "ID", .help = "an older state"}},
//             .examples = {"firn lake show salesforce.Account"},
//             .run = LakeShow});
//   Result<ExitCode> LakeShow(Context& context) {
//     FIRN_TRY(const auto ident, lake::ParseTableIdent(context.Text("table")));
//     ...
//     context.out().Print(table);
//     return ExitCode::kDone;
//   }
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/output/output.h"
#include "app/cli/output/progress.h"
#include "core/base/call.h"
#include "core/base/error.h"
#include "core/config/secret_ref.h"
#include "core/project/project.h"

namespace firn::state {
class StateDb;
}  // namespace firn::state

namespace firn::cli {

// Who must act (`firn help exit-codes`).
enum class ExitCode {
  kDone = 0,
  kFailed = 1,       // ran, but something failed: rejected rows, a missing object
  kUsage = 2,        // wrong usage or configuration
  kChanges = 3,      // a plan has changes (only with --exit-code)
  kSignIn = 4,       // sign-in needed, or credentials refused
  kLimit = 5,        // a limit is reached, or throttled: try later
  kUnreachable = 6,  // the other side cannot be reached
  kBug = 70,
  kInterrupted = 130,
};
[[nodiscard]] ExitCode ExitCodeFor(const Error& error);

enum class ValueType { kText, kInteger, kNumber, kDuration, kBytes };

struct Option {
  std::string name;        // long name without dashes: `threads`
  char letter = '\0';      // short name, rarely
  std::string value = {};  // what the value is called in help: `N`; empty: a flag
  std::string help = {};
  ValueType type = ValueType::kText;
  std::string default_value = {};         // what Text() etc. answer when it is absent
  std::vector<std::string> choices = {};  // the only values, if any
  int64_t min = 0;                        // kInteger and kNumber: the bounds of the value
  int64_t max = std::numeric_limits<int64_t>::max();
  bool required = false;
  bool repeats = false;  // may be given several times: List()
};

struct Argument {
  std::string name;
  std::string help = {};
  bool required = true;
  bool repeats = false;                   // the last one only: takes all that is left
  std::vector<std::string> choices = {};  // the only values, if any
};

class Context;

struct Command {
  std::string path;     // `lake show`: noun then verb
  std::string summary;  // one line, lower case, no full stop
  std::vector<Argument> arguments = {};
  std::vector<Option> options = {};
  std::vector<std::string> examples = {};
  std::string details = {};  // paragraphs for `--help`, if any
  std::function<Result<ExitCode>(Context&)> run = {};
  // Writes the project's state: while a daemon holds it, the daemon carries the command out.
  bool writes_state = false;
};

// Where a command runs when it is not in the process that it was typed at.
struct HostedBy {
  std::shared_ptr<state::StateDb> state_db;  // open for writing
  std::string folder;                        // where it was typed
};

// A word that has commands below it.
struct Group {
  std::string path;
  std::string summary;
};

class CommandTree {
 public:
  void AddGroup(Group group);
  void Add(Command command);  // a path is added once (asserted)
  [[nodiscard]] const Command* Find(std::string_view path) const;
  [[nodiscard]] const Group* FindGroup(std::string_view path) const;
  // Next words below `path` ("" = the root) with their summaries, in the order they were added.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> Below(std::string_view path) const;
  [[nodiscard]] const std::vector<Command>& commands() const { return commands_; }

 private:
  std::vector<Group> groups_;
  std::vector<Command> commands_;
};

// Options that every command takes: --project, --env, --org, --json, --quiet, --color, --help.
[[nodiscard]] const std::vector<Option>& GlobalOptions();

// What was typed, by name.
struct ParsedValues {
  std::map<std::string, std::vector<std::string>, std::less<>> values;
};

// What a command has while it runs. Not thread-safe, but for call() copies, progress() and Talk.
class Context {
 public:
  Context(const Command* command, const CommandTree* tree, ParsedValues values, Output* output,
          Call call);

  // Options and arguments by name; a name that the command does not declare is a bug (asserted).
  // Values were checked against their type and choices before `run`.
  [[nodiscard]] bool Has(std::string_view name) const;  // typed by the user
  [[nodiscard]] bool Flag(std::string_view name) const;
  [[nodiscard]] std::string Text(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> List(std::string_view name) const;
  [[nodiscard]] int64_t Integer(std::string_view name) const;
  [[nodiscard]] double Number(std::string_view name) const;
  [[nodiscard]] std::chrono::milliseconds Duration(std::string_view name) const;
  [[nodiscard]] int64_t Bytes(std::string_view name) const;

  [[nodiscard]] Output& out() { return *output_; }
  [[nodiscard]] Progress& progress();  // starts its clock when first asked for
  // The call all I/O runs under: stopped by the first Ctrl-C.
  [[nodiscard]] const Call& call() const { return call_; }
  // Wrong usage that only the command can see: CLI-USAGE-004, exit 2.
  [[nodiscard]] Error UsageError(std::string what) const;
  // What the user may type to go on after an interrupt; printed when the run ends by one.
  void SetResumeHint(std::string command) { resume_hint_ = std::move(command); }
  [[nodiscard]] const std::string& resume_hint() const { return resume_hint_; }

  // The project of --project, else FIRN_PROJECT, else the nearest folder upwards from here that
  // holds a firn.yaml. Loaded once. Errors: as project::Load; NotFound (CLI-PROJECT-001).
  [[nodiscard]] Result<const project::Project*> LoadProject();
  // The folder alone, without reading it. Errors: CLI-PROJECT-001.
  [[nodiscard]] Result<std::string> ProjectFolder() const;
  [[nodiscard]] bool HasProject() const;
  // The org of --org, else FIRN_ORG, else the project's only one.
  [[nodiscard]] Result<const project::Org*> LoadOrg();
  // Resolves the project's secret references. Needs a loaded project.
  [[nodiscard]] config::SecretResolver& secrets();

  // Set when a daemon carries the command out.
  void SetHost(HostedBy host) { host_ = std::move(host); }
  [[nodiscard]] const std::optional<HostedBy>& host() const { return host_; }
  // A file named by an option: relative names start where the command was typed.
  [[nodiscard]] std::string FilePath(std::string_view name) const;
  // What it holds. Errors: BadInput (CLI-FILE-001): whoever typed the name has to act.
  [[nodiscard]] Result<std::string> FileText(std::string_view name,
                                             uint64_t bytes_max = 64ULL << 20) const;

  [[nodiscard]] const CommandTree& tree() const { return *tree_; }
  [[nodiscard]] const Command& command() const { return *command_; }

 private:
  const Command* command_;
  const CommandTree* tree_;
  ParsedValues values_;
  Output* output_;
  Call call_;
  std::string resume_hint_;
  std::unique_ptr<Progress> progress_;
  std::optional<project::Project> project_;
  std::unique_ptr<config::SecretResolver> secrets_;
  std::optional<HostedBy> host_;
};

}  // namespace firn::cli
