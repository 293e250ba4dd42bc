// run, status, runs, logs, daemon reload, daemon job, daemon stop.
#include "app/engine/daemon.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/commands/hosting.h"
#include "app/cli/signal_hook.h"
#include "app/cli/version.h"
#include "app/engine/admin_wire.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/time_text.h"
#include "core/state/ledger.h"
#include "core/state/state_db.h"

namespace firn::cli {
namespace {

using nlohmann::json;
constexpr int kRunsListed = 50;

log::Level LevelOf(const std::string& word) {
  return word == "debug"   ? log::Level::kDebug
         : word == "warn"  ? log::Level::kWarn
         : word == "error" ? log::Level::kError
                           : log::Level::kInfo;
}

// Lines of metrics go to stdout whole, from whichever thread.
void PrintMetricLine(const std::string& line) {
  const std::string whole = line + "\n";
  (void)std::fwrite(whole.data(), 1, whole.size(), stdout);
  (void)std::fflush(stdout);
}

Result<ExitCode> RunDaemon(Context& context) {
  FIRN_TRY(const project::Project* project, context.LoadProject());
  engine::LogTail tail;
  const std::string format = context.Text("log-format");
  const bool as_json =
      format == "json" || (format == "auto" && !context.out().terminal().err_is_terminal);
  if (as_json) context.out().Hush();
  log::Configure({.level = LevelOf(context.Text("log-level")),
                  .json = as_json,
                  .file = context.Text("log-file"),
                  .also = [&tail](std::string_view line) { tail.Add(line); }});
  engine::DaemonOptions options;
  options.folder = project->folder;
  options.environment = project->environment;
  options.version = Version();
  options.host = CarryOut;
  options.emf_line = PrintMetricLine;
  options.logs = &tail;
  if (context.Has("ready-file")) {
    options.on_ready = [&] {
      const json facts = {{"pid", getpid()}, {"state_folder", project->state_folder}};
      const auto written = WriteFileDurably(context.Text("ready-file"), facts.dump() + "\n");
      if (!written) log::Warn("ready_file.failed", {{"error", written.error().OneLine()}});
    };
  }
  Result<void> done;
  {
    engine::Daemon daemon(std::move(options));
    const SignalHook hang_up(SIGHUP, [&daemon] { daemon.RequestReload(); });
    done = daemon.Run(context.call());
  }
  log::Configure({});  // before `tail` goes
  if (!done) return Fail(std::move(done).error());
  return ExitCode::kDone;
}

// Sends a request and gives every line of the answer to `take` until that says false.
Result<void> Ask(Context& context, const json& request,
                 const std::function<bool(const json&)>& take) {
  FIRN_TRY(const project::Project* project, context.LoadProject());
  FIRN_TRY(const Fd fd, engine::ConnectAdmin(project->state_folder));
  FIRN_CHECK(engine::SendAdmin(fd.get(), request.dump()));
  const std::stop_callback on_stop(context.call().stop,
                                   [&fd] { (void)shutdown(fd.get(), SHUT_RDWR); });
  std::string pending;
  char buffer[8192];
  for (;;) {
    const ssize_t got = read(fd.get(), buffer, sizeof buffer);
    if (got <= 0) break;
    pending.append(buffer, static_cast<size_t>(got));
    for (size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
      const json line = json::parse(pending.substr(0, end), nullptr, false);
      pending.erase(0, end + 1);
      if (!line.is_object()) continue;
      if (line.contains("error") && line["error"].is_object()) {
        const json& error = line["error"];
        return Fail(Error(Kind::kConflict, error.value("code", "ENGINE-ADMIN-003"),
                          error.value("what", "the daemon refused the request"))
                        .At(error.value("where", ""))
                        .Because(error.value("why", ""))
                        .Hint(error.value("hint", "")));
      }
      if (!take(line)) return {};
    }
  }
  return context.call().Check();
}

std::string TextOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Table JobsTable(const json& status) {
  Table table{"firn.jobs/1",
              {{"job", "job", false, false, Ink::kName},
               {"org", "org"},
               {"kind", "kind"},
               {"when", "when", false, true},
               {"state", "state"},
               {"next", "next"},
               {"outcome", "last outcome"},
               {"error", "error", false, true}},
              {},
              "no jobs: write `schedules` into firn.yaml"};
  for (const json& job : status.value("jobs", json::array())) {
    table.rows.push_back({TextOf(job, "name"), TextOf(job, "org"), TextOf(job, "kind"),
                          TextOf(job, "when"), TextOf(job, "state"), TextOf(job, "next"),
                          TextOf(job, "outcome"), TextOf(job, "error")});
  }
  return table;
}

// `unknown` where nobody has found it out: nothing at all would read as no time.
std::string Seconds(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return "unknown";
  return FormatDuration(std::chrono::seconds(static_cast<int64_t>(found->get<double>())));
}

Table StreamsTable(const json& status) {
  Table table{"firn.streams/1",
              {{"topic", "topic", false, true, Ink::kName},
               {"org", "org"},
               {"state", "state"},
               {"tables", "tables", true},
               {"events", "events", true},
               {"rows", "rows changed", true},
               {"newest", "newest change"},
               {"behind", "behind", true},
               {"detail", "why", false, true}},
              {},
              "no topic is followed: write `events` into firn.yaml"};
  for (const json& stream : status.value("streams", json::array())) {
    table.rows.push_back({TextOf(stream, "topic"), TextOf(stream, "org"), TextOf(stream, "state"),
                          static_cast<int64_t>(stream.value("tables", json::array()).size()),
                          stream.value("events", int64_t{0}), stream.value("rows", int64_t{0}),
                          TextOf(stream, "event_time"), Seconds(stream, "lag_seconds"),
                          TextOf(stream, "detail")});
  }
  return table;
}

Table FreshnessTable(const json& status) {
  Table table{"firn.freshness/1",
              {{"table", "table", false, true, Ink::kName},
               {"org", "org"},
               {"newest", "newest change"},
               {"age", "as old as", true}},
              {},
              ""};
  for (const json& stream : status.value("streams", json::array())) {
    for (const json& fresh : stream.value("freshness", json::array())) {
      table.rows.push_back({TextOf(fresh, "table"), TextOf(stream, "org"),
                            TextOf(fresh, "event_time"), Seconds(fresh, "seconds")});
    }
  }
  return table;
}

void AddRulesFacts(const json& status, std::vector<Fact>& facts) {
  if (const std::string url = TextOf(status, "catalog_url"); !url.empty()) {
    facts.push_back({"catalog", "catalog", url});
  }
  const json rules = status.value("rules", json());
  if (!rules.is_object()) return;
  facts.push_back(
      {"rules", "rules",
       fmt::format("{} {}, {} deliveries wait, {} dead letters", rules.value("rules", int64_t{0}),
                   TextOf(rules, "state"), rules.value("deliveries_waiting", int64_t{0}),
                   rules.value("dead_letters", int64_t{0}))});
}

// What the jobs of this moment share.
void AddBudgetFact(const json& status, std::vector<Fact>& facts) {
  constexpr int64_t kMiB = 1 << 20;
  const json budget = status.value("budget", json());
  if (!budget.is_object()) return;
  facts.push_back(
      {"budget", "budget of jobs",
       fmt::format("{} of {} MiB and {} of {} threads in use, {} wait",
                   budget.value("memory_used", int64_t{0}) / kMiB,
                   budget.value("memory_bytes", int64_t{0}) / kMiB, budget.value("threads_used", 0),
                   budget.value("threads", 0), budget.value("waiting", 0))});
}

Result<ExitCode> ShowStatus(Context& context) {
  json status;
  FIRN_CHECK(Ask(context, {{"op", "status"}}, [&](const json& line) {
    status = line;
    return false;
  }));
  context.out().Json("firn.status/1", status.dump());
  if (context.out().json()) return ExitCode::kDone;
  std::vector<Fact> facts = {{"state", "state", TextOf(status, "state")},
                             {"pid", "process", status.value("pid", int64_t{0})},
                             {"since", "since", TextOf(status, "since")},
                             {"version", "version", TextOf(status, "version")},
                             {"http_port", "HTTP port", status.value("http_port", int64_t{0})}};
  for (const json& each : status.value("services", json::array())) {
    const bool ready = each.value("ready", false);
    facts.push_back({"service", TextOf(each, "service"),
                     std::string(ready ? "ready " : "not ready ") + TextOf(each, "detail")});
  }
  AddBudgetFact(status, facts);
  for (const json& org : status.value("orgs", json::array())) {
    if (!org.contains("calls_max")) continue;
    facts.push_back({"org", "calls of " + TextOf(org, "org"),
                     fmt::format("{} of {}", org.value("calls_used", int64_t{0}),
                                 org.value("calls_max", int64_t{0}))});
  }
  AddRulesFacts(status, facts);
  context.out().Print("firn.status/1", facts);
  if (const std::string error = TextOf(status, "reload_error"); !error.empty()) {
    context.out().Warn("the last change of firn.yaml was refused, the old one is in force: " +
                       error);
  }
  context.out().Print(JobsTable(status));
  context.out().Print(StreamsTable(status));
  if (const Table fresh = FreshnessTable(status); !fresh.rows.empty()) context.out().Print(fresh);
  return ExitCode::kDone;
}

std::vector<Cell> RunCells(const state::RunRow& run) {
  return {run.run_id,
          run.org,
          std::string(state::RunStateName(run.state)),
          FormatUtc(run.started, 0),
          run.finished ? Cell(FormatUtc(*run.finished, 0)) : Cell(),
          run.outcome};
}

// From the daemon, else from the state itself: runs are worth seeing when it is down too.
Result<ExitCode> ShowRuns(Context& context) {
  FIRN_TRY(const project::Project* project, context.LoadProject());
  Table table{"firn.runs/1",
              {{"run_id", "run", false, false, Ink::kName},
               {"org", "org"},
               {"state", "state"},
               {"started", "started"},
               {"finished", "finished"},
               {"outcome", "outcome"}},
              {},
              "no runs yet"};
  const auto asked = Ask(context, {{"op", "runs"}}, [&](const json& line) {
    for (const json& run : line.value("runs", json::array())) {
      table.rows.push_back({TextOf(run, "run_id"), TextOf(run, "org"), TextOf(run, "state"),
                            TextOf(run, "started"), TextOf(run, "finished"),
                            TextOf(run, "outcome")});
    }
    return false;
  });
  if (!asked) {
    auto db = state::StateDb::Open(project->state_folder, {.read_only = true});
    const bool fresh = !db && db.error().code() == "STATE-OPEN-001";
    if (!db && !fresh) return Fail(std::move(db).error());
    std::vector<state::RunRow> runs;
    if (db) {
      FIRN_TRY(runs, state::Ledger(*std::move(db)).Runs("", kRunsListed));
    }
    for (const state::RunRow& run : runs) table.rows.push_back(RunCells(run));
  }
  context.out().Print(table);
  return ExitCode::kDone;
}

Result<ExitCode> ShowLogs(Context& context) {
  const json request = {
      {"op", "logs"}, {"lines", context.Integer("lines")}, {"follow", context.Flag("follow")}};
  auto done = Ask(context, request, [&](const json& line) {
    const std::string text = TextOf(line, "line");
    context.out().Line(text);
    context.out().Json("firn.log/1", json{{"line", text}}.dump());
    context.out().Flush();
    return !context.out().closed();
  });
  if (!done && done.error().kind() != Kind::kCancelled) return Fail(std::move(done).error());
  return ExitCode::kDone;
}

Result<ExitCode> Order(Context& context, const json& request, std::string_view said) {
  FIRN_CHECK(Ask(context, request, [](const json&) { return false; }));
  context.out().Talk(said);
  context.out().Json("firn.daemon/1", R"({"done":true})");
  return ExitCode::kDone;
}

void AddRunCommand(CommandTree& tree) {
  tree.Add({.path = "run",
            .summary = "keep the project going: jobs, streams and rules, catalog, metrics",
            .options = {{.name = "log-level",
                         .value = "LEVEL",
                         .help = "least important lines that are logged",
                         .default_value = "info",
                         .choices = {"debug", "info", "warn", "error"}},
                        {.name = "log-format",
                         .value = "FORMAT",
                         .help = "JSON lines, or logfmt; auto: logfmt on a terminal",
                         .default_value = "auto",
                         .choices = {"auto", "json", "text"}},
                        {.name = "log-file", .value = "FILE", .help = "instead of stderr"},
                        {.name = "ready-file",
                         .value = "FILE",
                         .help = "written once everything serves"}},
            .examples = {"firn run", "firn run --log-format json"},
            .details = "Runs in the foreground until SIGTERM or Ctrl-C, which let jobs reach a "
                       "safe place; the next start goes on from there. SIGHUP or a change of "
                       "firn.yaml takes over new definitions. One daemon a project.",
            .run = RunDaemon});
}

}  // namespace

void AddDaemonCommands(CommandTree& tree) {
  AddRunCommand(tree);
  tree.Add({.path = "status",
            .summary = "what the daemon of this project does: services, jobs, streams, limits",
            .examples = {"firn status", "firn status --json"},
            .run = ShowStatus});
  tree.Add({.path = "runs",
            .summary = "the newest runs of all orgs, whether a daemon runs or not",
            .examples = {"firn runs"},
            .run = ShowRuns});
  tree.Add({.path = "logs",
            .summary = "the last lines of the daemon's log",
            .options = {{.name = "lines",
                         .value = "N",
                         .help = "so many lines",
                         .type = ValueType::kInteger,
                         .default_value = "100"},
                        {.name = "follow", .letter = 'f', .help = "and what comes"}},
            .examples = {"firn logs", "firn logs --follow"},
            .run = ShowLogs});
  tree.AddGroup({"daemon", "tell the daemon what to do"});
  tree.Add({.path = "daemon reload",
            .summary = "take over firn.yaml now, or hear why not",
            .examples = {"firn daemon reload"},
            .run = [](Context& context) {
              return Order(context, {{"op", "reload"}}, "the new definitions are in force");
            }});
  tree.Add({.path = "daemon job",
            .summary = "run a job now, beside its schedule",
            .arguments = {{.name = "job", .help = "its name in firn.yaml"}},
            .examples = {"firn daemon job changes"},
            .run = [](Context& context) {
              return Order(context, {{"op", "job"}, {"name", context.Text("job")}},
                           "queued; `firn status` shows how it goes");
            }});
  tree.Add({.path = "daemon stop",
            .summary = "let jobs reach a safe place and end the daemon",
            .examples = {"firn daemon stop"},
            .run = [](Context& context) {
              return Order(context, {{"op", "stop"}}, "the daemon is stopping");
            }});
}

}  // namespace firn::cli
