// export plan, run, resume, list, show, verify, check.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "app/cli/commands.h"
#include "app/cli/commands/export_output.h"
#include "app/cli/commands/export_session.h"
#include "app/engine/lake_access.h"
#include "app/engine/mirrors.h"
#include "core/base/file.h"
#include "core/base/time_text.h"
#include "patterns/exports/choose.h"
#include "patterns/exports/export.h"
#include "patterns/exports/plan.h"
#include "patterns/exports/report.h"
#include "patterns/exports/verify/verify.h"

namespace firn::cli {
namespace {

constexpr int kRunsListed = 50;

exports::Selection SelectionFrom(const Context& context) {
  exports::Selection selection;
  selection.patterns = context.List("object");
  selection.include = context.List("field");
  selection.exclude = context.List("without");
  selection.except = context.List("except");
  selection.where = context.Text("where");
  selection.strict = context.Flag("strict");
  selection.all_rows = context.Flag("deleted");
  if (context.Has("mode")) {
    selection.mode = context.Text("mode") == "incremental" ? exports::ExportMode::kIncremental
                                                           : exports::ExportMode::kFull;
  }
  selection.sweep = context.Flag("sweep");
  selection.refresh = context.Flag("refresh");
  return selection;
}

Result<std::vector<exports::ObjectSpec>> Select(Context& context, ExportSession& session) {
  FIRN_TRY(const auto* project, context.LoadProject());
  FIRN_TRY(const auto* org, context.LoadOrg());
  FIRN_TRY(const auto offered, session.parts.rest->DescribeGlobal(context.call()));
  const exports::Selection selection = SelectionFrom(context);
  FIRN_TRY(auto chosen,
           exports::ChooseObjects(
               context.call(), session.parts,
               {.project = *project, .org = *org, .offered = offered, .selection = selection}));
  for (const std::string& warning : chosen.warnings) context.out().Warn(warning);
  return std::move(chosen.specs);
}

Result<ExitCode> PlanExport(Context& context) {
  FIRN_TRY(auto session, OpenExportSession(context, StateUse::kNone));
  FIRN_TRY(const auto specs, Select(context, *session));
  FIRN_TRY(const auto plan, exports::MakePlan(context.call(), session->parts, specs,
                                              {.count = !context.Flag("no-count")}));
  PrintPlan(context, plan);
  return ExitCode::kDone;
}

exports::ExportOptions OptionsFrom(const Context& context, const project::Project& project) {
  exports::ExportOptions options;
  options.threads = static_cast<int>(context.Integer("threads"));
  options.memory_bytes = context.Bytes("memory");
  options.verify = context.Text("verify") == "full" ? exports::VerifyLevel::kFull
                                                    : exports::VerifyLevel::kCounts;
  options.rejects_folder = project.state_folder + "/rejects";
  options.staging_folder = project.state_folder + "/staging";
  if (context.Has("window-rows")) options.window_rows_max = context.Integer("window-rows");
  options.rows_per_page = context.Integer("page-rows");
  options.target_file_bytes = context.Bytes("file-size");
  return options;
}

// Told before the work, not after hours of it.
Result<void> CheckReportPlace(const Context& context) {
  if (!context.Has("report")) return {};
  const std::filesystem::path path = context.FilePath("report");
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  std::error_code ignored;
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  if (!is_folder && access(folder.c_str(), W_OK | X_OK) == 0) return {};
  return Fail(
      Error(Kind::kBadInput, "CLI-FILE-002", "the file that `--report` names cannot be written")
          .At(path.string())
          .Because(is_folder
                       ? "it is a folder"
                       : "`" + folder.string() + "`: " + std::generic_category().message(errno))
          .Hint("name a file in a folder that is there and may be written"));
}

class Watcher final : public exports::ExportObserver {
 public:
  explicit Watcher(Context& context) : context_(context), progress_(context.progress()) {}
  void Progress(const exports::RunProgress& now) override {
    progress_.Update({.what = "exporting " + now.what,
                      .rows = now.rows,
                      .rows_total = now.rows_total > 0 ? now.rows_total : -1,
                      .bytes = now.bytes,
                      .pages = now.pages});
  }
  void Note(const std::string& object, const std::string& text) override {
    context_.out().Talk(object + ": " + text);
  }

 private:
  Context& context_;
  cli::Progress& progress_;
};

// The report in every form asked for, and whose turn it is to act.
Result<ExitCode> Conclude(Context& context, ExportSession& session,
                          const exports::RunOutcome& outcome) {
  context.progress().Finish();
  FIRN_TRY(const auto* project, context.LoadProject());
  // A daemon has a service for it.
  if (!context.host())
    engine::MirrorAfterRun(context.call(), *session.lake, *project, context.secrets());
  FIRN_TRY(const auto report,
           exports::LoadReport(*session.ledger, session.parts.org, outcome.run_id));
  PrintReport(context, report);
  if (context.Has("report")) {
    FIRN_CHECK(WriteFileDurably(context.FilePath("report"), exports::ReportMarkdown(report)));
    context.out().Talk("report written to " + context.Text("report"));
  }
  const std::string resume = "firn export resume " + outcome.run_id;
  if (!outcome.errors.empty()) {
    context.SetResumeHint(resume);
    Error first = outcome.errors.front();
    for (size_t i = 1; i < outcome.errors.size(); ++i) {
      if (outcome.errors[i].kind() != Kind::kCancelled) {
        context.out().Warn(outcome.errors[i].OneLine());
      }
    }
    if (first.kind() == Kind::kCancelled) return Fail(std::move(first));
    // What another run has replaced, or the org refuses as it stands, is not mended by going on.
    if (first.code() == "EXPORT-COMMIT-001" || first.kind() == Kind::kBadInput) {
      return Fail(std::move(first));
    }
    const std::string hint = first.hint().empty() ? "" : first.hint() + "; then ";
    return Fail(std::move(first).Hint(hint + "go on with `" + resume + "`"));
  }
  if (outcome.interrupted) {
    context.SetResumeHint(resume);
    return Fail(Kind::kCancelled, "BASE-CALL-001", "the run was interrupted");
  }
  const bool incomplete = !report.MissingObjects().empty();
  return report.Unexplained() || report.RowsRejected() > 0 || incomplete ? ExitCode::kFailed
                                                                         : ExitCode::kDone;
}

Result<ExitCode> RunExportCommand(Context& context) {
  FIRN_CHECK(CheckReportPlace(context));
  FIRN_TRY(auto session, OpenExportSession(context, StateUse::kWriting));
  FIRN_TRY(const auto* project, context.LoadProject());
  FIRN_CHECK(TellUnfinishedRuns(context, *session->ledger, session->parts.org));
  FIRN_TRY(const auto specs, Select(context, *session));
  Watcher watcher(context);
  session->parts.observer = &watcher;
  FIRN_TRY(const auto outcome, exports::RunExport(context.call(), session->parts,
                                                  OptionsFrom(context, *project), specs));
  return Conclude(context, *session, outcome);
}

// The run that was named, else the newest one that is not done.
Result<std::string> RunToResume(Context& context, state::Ledger& ledger, const std::string& org) {
  if (context.Has("run")) return context.Text("run");
  FIRN_TRY(const auto runs, ledger.Runs(org, kRunsListed));
  for (const state::RunRow& run : runs) {
    // What another run has replaced can no longer be committed.
    const bool replaced = run.outcome == "EXPORT-COMMIT-001";
    if (run.state != state::RunState::kDone && !replaced) return run.run_id;
  }
  return Fail(Error(Kind::kNotFound, "EXPORT-RUN-003", "there is no run to resume")
                  .Hint("`firn export list` shows the runs"));
}

Result<ExitCode> ResumeExportCommand(Context& context) {
  FIRN_CHECK(CheckReportPlace(context));
  FIRN_TRY(auto session, OpenExportSession(context, StateUse::kWriting));
  FIRN_TRY(const auto* project, context.LoadProject());
  FIRN_TRY(const std::string run, RunToResume(context, *session->ledger, session->parts.org));
  context.out().Talk("resuming " + run);
  Watcher watcher(context);
  session->parts.observer = &watcher;
  FIRN_TRY(const auto outcome, exports::ResumeExport(context.call(), session->parts,
                                                     OptionsFrom(context, *project), run));
  return Conclude(context, *session, outcome);
}

struct ReadingSession {
  std::unique_ptr<state::Ledger> ledger;
  const project::Project* project = nullptr;
  std::string org;
};

Result<ReadingSession> OpenForReading(Context& context) {
  ReadingSession session;
  FIRN_TRY(session.project, context.LoadProject());
  FIRN_TRY(const auto* org, context.LoadOrg());
  session.org = org->id;
  FIRN_TRY(auto db, state::StateDb::Open(session.project->state_folder, {.read_only = true}));
  session.ledger = std::make_unique<state::Ledger>(std::move(db));
  return session;
}

Result<ExitCode> ListRuns(Context& context) {
  auto session = OpenForReading(context);
  const bool fresh = !session && session.error().code() == "STATE-OPEN-001";
  if (!session && !fresh) return Fail(std::move(session).error());
  std::vector<state::RunRow> runs;
  if (session) {
    FIRN_TRY(runs, session->ledger->Runs(session->org, kRunsListed));
  }
  PrintRuns(context, runs);
  return ExitCode::kDone;
}

Result<ExitCode> ShowRun(Context& context) {
  FIRN_TRY(auto session, OpenForReading(context));
  FIRN_TRY(const auto report,
           exports::LoadReport(*session.ledger, session.org, context.Text("run")));
  if (context.Flag("markdown")) {
    context.out().Raw(exports::ReportMarkdown(report));
  } else {
    PrintReport(context, report);
  }
  if (context.Has("report")) {
    FIRN_CHECK(WriteFileDurably(context.Text("report"), exports::ReportMarkdown(report)));
  }
  return ExitCode::kDone;
}

Result<ExitCode> VerifyRunCommand(Context& context) {
  if (context.Flag("deep")) return VerifyDeepCommand(context);
  FIRN_TRY(auto session, OpenForReading(context));
  FIRN_TRY(auto lake, engine::OpenLakeOf(context.call(), *session.project, context.secrets()));
  FIRN_TRY(const auto report,
           exports::LoadReport(*session.ledger, session.org, context.Text("run")));
  context.progress().Update({.what = "reading the files of " + report.run_id});
  const auto level = context.Text("verify") == "counts" ? exports::VerifyLevel::kCounts
                                                        : exports::VerifyLevel::kFull;
  FIRN_TRY(const auto verified, exports::VerifyRun(context.call(), *lake, *session.ledger,
                                                   session.org, report.run_id, level));
  context.progress().Finish();
  return PrintVerified(context, report.run_id, level, verified) ? ExitCode::kDone
                                                                : ExitCode::kFailed;
}

const Argument kObjects = {.name = "object",
                           .help = "API name, glob or `all`; without any: those of firn.yaml",
                           .required = false,
                           .repeats = true};
const Argument kRun = {.name = "run", .help = "its id; without: the newest", .required = false};

std::vector<Option> SelectionOptions() {
  return {{.name = "field",
           .value = "NAME",
           .help = "only fields that fit this name or glob",
           .repeats = true},
          {.name = "without", .value = "NAME", .help = "leave these fields out", .repeats = true},
          {.name = "except",
           .value = "OBJECT",
           .help = "leave these objects out of those that fit, names or globs",
           .repeats = true},
          {.name = "where", .value = "CONDITION", .help = "SOQL condition, of one object"},
          {.name = "deleted", .help = "deleted and archived rows too"},
          {.name = "mode",
           .value = "MODE",
           .help = "`full` replaces the rows, `incremental` merges what changed; without: as in "
                   "firn.yaml",
           .choices = {"full", "incremental"}},
          {.name = "sweep", .help = "incremental: compare all Ids, which finds hard deletes"},
          {.name = "refresh", .help = "incremental: read formula fields again"},
          {.name = "strict", .help = "stop at the first row that does not fit"}};
}

std::vector<Option> RunOptions() {
  return {{.name = "threads",
           .value = "N",
           .help = "lanes that decode and write",
           .type = ValueType::kInteger,
           .default_value = "2",
           .min = 1,
           .max = 1024},
          {.name = "memory",
           .value = "SIZE",
           .help = "of the whole process",
           .type = ValueType::kBytes,
           .default_value = "512MiB"},
          {.name = "file-size",
           .value = "SIZE",
           .help = "of a data file",
           .type = ValueType::kBytes,
           .default_value = "128MiB"},
          {.name = "page-rows",
           .value = "N",
           .help = "rows of a result page, page after page; without: as the org offers",
           .type = ValueType::kInteger,
           .min = 1},
          {.name = "window-rows",
           .value = "N",
           .help = "incremental: rows of one window at most; more are read in several",
           .type = ValueType::kInteger,
           .default_value = "2000000",
           .min = 1},
          {.name = "verify",
           .value = "LEVEL",
           .help = "read footers back, or every value",
           .default_value = "counts",
           .choices = {"counts", "full"}},
          {.name = "report", .value = "FILE", .help = "write the reconcile report as Markdown"}};
}

std::vector<Option> Joined(std::vector<Option> one, std::vector<Option> two) {
  one.insert(one.end(), std::make_move_iterator(two.begin()), std::make_move_iterator(two.end()));
  return one;
}

void AddExportCheck(CommandTree& tree) {
  tree.Add({.path = "export check",
            .summary = "count the rows of each day in the org and in the lake",
            .arguments = {{.name = "object",
                           .help = "API name; without any: all that were exported",
                           .required = false,
                           .repeats = true}},
            .options = {{.name = "days",
                         .value = "N",
                         .help = "days before the watermark that are counted one by one",
                         .type = ValueType::kInteger,
                         .default_value = "7"}},
            .examples = {"firn export check", "firn export check Account --days 30"},
            .details = "For the nightly look: one COUNT() a day and object, and a scan over one "
                       "column. Exit code 1 when a difference is larger than what changed since.",
            .run = CheckCountsCommand});
}

}  // namespace

void AddExportCommands(CommandTree& tree) {
  tree.AddGroup({"export", "copy objects into tables, every row accounted for"});
  tree.Add(
      {.path = "export plan",
       .summary = "what an export would take and cost, without doing it",
       .arguments = {kObjects},
       .options = Joined(SelectionOptions(),
                         {{.name = "no-count", .help = "do not count rows: saves a call each"}}),
       .examples = {"firn export plan Account Contact", "firn export plan all --json"},
       .run = PlanExport});
  tree.Add({.path = "export run",
            .summary = "copy objects into tables",
            .arguments = {kObjects},
            .options = Joined(SelectionOptions(), RunOptions()),
            .examples = {"firn export run Account Contact",
                         "firn export run Case --where \"IsClosed = false\"",
                         "firn export run all --verify full --report report.md",
                         "firn export run Account --mode incremental --sweep"},
            .details = "Each object becomes one snapshot that replaces the table's rows, or with "
                       "mode incremental a merge of what changed since the last run. The run "
                       "ends with a reconcile report; its exit code is 1 when a row was rejected, "
                       "a difference is unexplained, or an object that a glob or `all` had chosen "
                       "is missing because the org does not let this user read it. Objects that "
                       "Salesforce documents to answer no query for all their rows are left out, "
                       "named in the report, and change no exit code.",
            .run = RunExportCommand,
            .writes_state = true});
  tree.Add({.path = "export resume",
            .summary = "go on with a run that was stopped, from what is durable",
            .arguments = {{.name = "run",
                           .help = "its id; without: the newest that is not done",
                           .required = false}},
            .options = RunOptions(),
            .examples = {"firn export resume", "firn export resume 20261124T030000Z-4f2a1c"},
            .run = ResumeExportCommand,
            .writes_state = true});
  tree.Add({.path = "export list",
            .summary = "the runs of this project",
            .examples = {"firn export list"},
            .run = ListRuns});
  tree.Add({.path = "export show",
            .summary = "the reconcile report of a run",
            .arguments = {kRun},
            .options = {{.name = "markdown", .help = "print it as Markdown"},
                        {.name = "report", .value = "FILE", .help = "write it as Markdown"}},
            .examples = {"firn export show", "firn export show --json"},
            .run = ShowRun});
  tree.Add({.path = "export verify",
            .summary = "compare a run's files with its pages, or the tables with the org",
            .arguments = {kRun},
            .options = Joined({{.name = "verify",
                                .value = "LEVEL",
                                .help = "read footers back, or every value",
                                .default_value = "full",
                                .choices = {"counts", "full"}}},
                              DeepOptions()),
            .examples = {"firn export verify", "firn export verify --verify counts",
                         "firn export verify --deep --object Account"},
            .details = "Without --deep: the files that a run committed are opened again and held "
                       "against what its pages said. With --deep: every row of the tables is held "
                       "against the org as it is now; rows that differ are named. Exit code 1 when "
                       "a difference is not explained by a change after the table's watermark.",
            .run = VerifyRunCommand});
  AddExportCheck(tree);
}

}  // namespace firn::cli
