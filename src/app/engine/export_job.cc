#include <algorithm>
#include <optional>
#include <set>

#include "app/engine/jobs.h"
#include "core/base/log.h"
#include "core/base/time_text.h"
#include "patterns/exports/choose.h"
#include "patterns/exports/export.h"
#include "patterns/exports/plan.h"
#include "patterns/exports/report.h"

namespace firn::engine {
namespace {

constexpr std::string_view kReplaced = "EXPORT-COMMIT-001";

class LoggingObserver final : public exports::ExportObserver {
 public:
  explicit LoggingObserver(std::string job) : job_(std::move(job)) {}
  void Progress(const exports::RunProgress&) override {}
  void Note(const std::string& object, const std::string& text) override {
    log::Info("export.note", {{"job", job_}, {"object", object}, {"text", text}});
  }

 private:
  std::string job_;
};

exports::ExportParts PartsOf(Runtime& runtime, lake::Lake& lake, OrgLink& link,
                             const project::Project& project, const std::string& org) {
  salesforce::Org& remote = link.org();
  return {.org = org,
          .org_id = remote.org_id(),
          .api_version = remote.version().pinned,
          .rest = &remote.rest(),
          .bulk = &remote.bulk(),
          .budget = &remote.budget(),
          .lake = &lake,
          .ledger = &runtime.ledger(),
          .checkpoints = &runtime.checkpoints(),
          .shared = link.shared().get(),
          .leases = &runtime.leases(),
          .lease_holder = "the writer of " + project.state_folder,
          .metrics = &runtime.metrics(),
          .spans = runtime.spans()};
}

exports::ExportOptions OptionsOf(const project::Project& project, const WorkShare& share) {
  exports::ExportOptions options;
  options.threads = share.threads;
  options.memory_bytes = share.memory_bytes;
  options.rejects_folder = project.state_folder + "/rejects";
  options.staging_folder = project.state_folder + "/staging";
  options.grace = project.daemon.drain_within / 2;
  return options;
}

exports::Selection SelectionOf(const project::ScheduledJob& job) {
  exports::Selection selection;
  selection.patterns = job.objects;
  selection.patterns_where = job.where_in_file;
  selection.sweep = job.sweep;
  selection.refresh = job.refresh;
  if (job.mode) {
    selection.mode = *job.mode == project::ExportMode::kIncremental
                         ? exports::ExportMode::kIncremental
                         : exports::ExportMode::kFull;
  }
  return selection;
}

// The verdict of a run, with its rows and watermarks in the metrics. Errors: of the first object
// that failed; Cancelled when it was stopped.
Result<std::string> Conclude(Runtime& runtime, const std::string& org, UtcMicros now,
                             const exports::RunOutcome& outcome) {
  FIRN_TRY(const auto report, exports::LoadReport(runtime.ledger(), org, outcome.run_id));
  for (const exports::ReportObject& object : report.objects) {
    const std::string mark = object.incremental && !object.incremental->end.empty()
                                 ? object.incremental->end
                                 : object.watermark;
    const auto at = ParseInstant(mark);
    if (!at || object.verdict.empty()) continue;
    runtime.metrics()
        .GetGauge("lag_seconds", {{"org", org}, {"object", object.object}},
                  "How old the newest row a table may hold was when its export ended")
        .Set(std::chrono::duration<double>(now - *at).count());
  }
  for (const Error& error : outcome.errors) {
    if (error.kind() != Kind::kCancelled) {
      log::Warn("export.object_failed", {{"run", outcome.run_id}, {"error", error.OneLine()}});
    }
  }
  if (!outcome.errors.empty()) {
    return Fail(Error(outcome.errors.front()).Doing("exporting, run " + outcome.run_id));
  }
  if (outcome.interrupted) {
    return Fail(Kind::kCancelled, "BASE-CALL-001", "the run was stopped");
  }
  if (report.Unexplained() || report.RowsRejected() > 0) {
    log::Warn("export.needs_a_look", {{"run", outcome.run_id},
                                      {"verdict", report.Verdict()},
                                      {"rows_rejected", report.RowsRejected()}});
  }
  const auto missing = report.MissingObjects();
  for (const exports::ReportObject& object : report.objects) {
    if (std::ranges::count(missing, object.object) == 0 || object.findings.empty()) continue;
    log::Warn(
        "export.missing",
        {{"run", outcome.run_id}, {"object", object.object}, {"why", object.findings.front()}});
  }
  return report.RowsRejected() > 0 ? std::string("rejected rows") : report.Verdict();
}

// The org's newest run, if it was cut short and nothing has replaced it since.
std::optional<std::string> CutShort(Runtime& runtime, const std::string& org) {
  const auto runs = runtime.ledger().Runs(org, 1);
  if (!runs || runs->empty()) return std::nullopt;
  const state::RunRow& run = runs->front();
  if (run.state == state::RunState::kDone || run.outcome == kReplaced) return std::nullopt;
  return run.run_id;
}

bool Covers(Runtime& runtime, const std::string& org, const std::string& run,
            const std::vector<exports::ObjectSpec>& specs) {
  const auto objects = runtime.ledger().Objects(org, run);
  if (!objects) return false;
  std::set<std::string> names;
  for (const state::ObjectRow& object : *objects) names.insert(object.object);
  return std::ranges::all_of(
      specs, [&](const exports::ObjectSpec& spec) { return names.contains(spec.object); });
}

bool AllIncremental(const std::vector<exports::ObjectSpec>& specs) {
  return std::ranges::all_of(specs, [](const exports::ObjectSpec& spec) {
    return spec.mode == exports::ExportMode::kIncremental;
  });
}

Result<std::string> ExportOnce(const Call& call, Runtime& runtime, const project::ScheduledJob& job,
                               OrgLink& link, const WorkShare& share) {
  const auto project = runtime.project();
  FIRN_TRY(const project::Org* org, project->FindOrg(job.org));
  FIRN_TRY(const auto lake, runtime.Lake());
  exports::ExportParts parts = PartsOf(runtime, *lake, link, *project, job.org);
  LoggingObserver observer(job.name);
  parts.observer = &observer;
  const exports::ExportOptions options = OptionsOf(*project, share);
  FIRN_TRY(const auto offered, parts.rest->DescribeGlobal(call));
  const exports::Selection selection = SelectionOf(job);
  FIRN_TRY(const auto chosen,
           exports::ChooseObjects(
               call, parts,
               {.project = *project, .org = *org, .offered = offered, .selection = selection}));
  const auto& specs = chosen.specs;
  for (const std::string& warning : chosen.warnings) {
    log::Warn("export.name_fits_nothing", {{"job", job.name}, {"text", warning}});
  }
  if (const auto cut = CutShort(runtime, job.org)) {
    log::Info("export.resumes", {{"job", job.name}, {"run", *cut}});
    const auto resumed = exports::ResumeExport(call, parts, options, *cut);
    Result<std::string> verdict = resumed ? Conclude(runtime, job.org, call.clock->Now(), *resumed)
                                          : Result<std::string>(Fail(resumed.error()));
    const bool stopped = !verdict && verdict.error().kind() != Kind::kConflict;
    // A whole copy need not be made twice; changes since are cheap to read.
    if (verdict && !AllIncremental(specs) && Covers(runtime, job.org, *cut, specs)) return verdict;
    if (stopped &&
        (call.stop.stop_requested() || verdict.error().retry().when != Retry::When::kNever ||
         verdict.error().kind() == Kind::kLimitReached)) {
      return verdict;
    }
    if (!verdict) {
      log::Warn("export.begins_anew", {{"run", *cut}, {"error", verdict.error().OneLine()}});
    }
  }
  FIRN_TRY(const auto outcome, exports::RunExport(call, parts, options, specs));
  return Conclude(runtime, job.org, call.clock->Now(), outcome);
}

}  // namespace

Result<std::string> RunExportJob(const Call& call, Runtime& runtime,
                                 const project::ScheduledJob& job) {
  FIRN_TRY(const auto slot, TakeShare(call, runtime, "export " + job.org));
  FIRN_TRY(const auto link, runtime.Link(call, job.org));
  auto done = ExportOnce(call, runtime, job, *link, slot.share());
  // Refused: the secrets may have been changed since they were read.
  if (!done && done.error().kind() == Kind::kDenied) runtime.DropLink(job.org);
  return done;
}

}  // namespace firn::engine
