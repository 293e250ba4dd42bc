#include "app/cli/commands/export_output.h"

#include <fmt/format.h>

#include "core/base/time_text.h"

namespace firn::cli {
namespace {

Cell Maybe(const std::optional<int64_t>& value) { return value ? Cell(*value) : Cell(); }
Cell MaybeText(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// What stands below the table: what was found, per object.
void PrintDetails(Context& context, const exports::ReportObject& o) {
  Output& out = context.out();
  if (o.incremental) {
    for (const std::string& line : exports::MergeLines(*o.incremental)) {
      out.Line("  " + o.object + ": " + line);
    }
  }
  // Told in one line for all of them; the written report has each one's reason.
  if (o.verdict == "left out") return;
  for (const std::string& finding : o.findings) out.Line("  " + o.object + ": " + finding);
  for (const std::string& warning : o.warnings) out.Line("  " + o.object + ": " + warning);
  for (const exports::ReportReject& reject : o.rejects) {
    out.Line(fmt::format("  {}: {} rows rejected, {}: {}", o.object, reject.rows, reject.field,
                         reject.reason));
  }
  if (!o.rejects_path.empty()) out.Line("  " + o.object + ": rejects lie in " + o.rejects_path);
  // Of one that is missing the findings tell it.
  if (!o.error.empty() && o.verdict.empty()) out.Line("  " + o.object + ": " + o.error);
}

void PrintTotals(Context& context, const exports::RunReport& report) {
  int64_t csv_bytes = 0;
  for (const auto& object : report.objects) csv_bytes += object.csv_bytes;
  double seconds = 0;
  const auto started = ParseInstant(report.started);
  const auto finished = ParseInstant(report.finished);
  if (started && finished) seconds = std::chrono::duration<double>(*finished - *started).count();
  const std::string verdict = report.Verdict();
  const Ink ink = verdict == "exact"         ? Ink::kGood
                  : verdict == "explained"   ? Ink::kWarning
                  : verdict == "missing"     ? Ink::kWarning
                  : verdict == "unexplained" ? Ink::kBad
                                             : Ink::kPlain;
  context.out().Talk(fmt::format(
      "run {}: {} rows, {} rejected, {} of CSV in {}; {}", report.run_id,
      HumanCount(report.RowsWritten()), HumanCount(report.RowsRejected()), HumanBytes(csv_bytes),
      HumanSeconds(seconds), context.out().Err(ink, verdict.empty() ? report.state : verdict)));
}

// Nothing is wrong with them, so they are named and no more.
void TellLeftOut(Context& context, const std::vector<std::string>& names) {
  if (names.empty()) return;
  context.out().Talk(fmt::format("left out, as Salesforce answers no query for all their rows: {}",
                                 Joined(names)));
}

}  // namespace

void PrintPlan(Context& context, const exports::Plan& plan) {
  Output& out = context.out();
  for (const exports::PlannedGap& gap : plan.missing) {
    out.Warn(gap.object + " would be missing: " + gap.why + "; " + gap.remedy);
  }
  std::vector<std::string> left_out;
  for (const exports::PlannedGap& gap : plan.left_out) left_out.push_back(gap.object);
  TellLeftOut(context, left_out);
  if (out.json()) {
    out.Json("firn.export.plan/1", exports::PlanJson(plan));
    return;
  }
  Table table{.format = "firn.export.plan/1",
              .columns = {{.key = "change", .title = ""},
                          {.key = "object", .title = "object", .ink = Ink::kName},
                          {.key = "table", .title = "table", .shrink = true},
                          {.key = "fields", .title = "fields", .right = true},
                          {.key = "rows", .title = "rows", .right = true},
                          {.key = "calls", .title = "API calls", .right = true}},
              .rows = {},
              .when_empty = {}};
  for (const exports::PlannedObject& o : plan.objects) {
    table.rows.push_back({std::string(o.table_exists ? "~" : "+"), o.spec.object, o.spec.table,
                          int64_t{o.fields}, Maybe(o.rows), o.api_calls + o.blob_calls});
  }
  out.Print(table);
  for (const exports::PlannedObject& o : plan.objects) {
    if (o.table_exists && !o.new_fields.empty()) {
      out.Line("  " + o.spec.object + ": new fields " + Joined(o.new_fields));
    }
    if (!o.vanished_fields.empty()) {
      out.Line("  " + o.spec.object + ": hidden or deleted since the last run " +
               Joined(o.vanished_fields));
    }
    for (const std::string& warning : o.warnings) out.Line("  " + o.spec.object + ": " + warning);
  }
  out.Line(fmt::format("about {} API calls{} and {} query jobs", plan.api_calls,
                       plan.calls_left ? fmt::format(" of {} left", *plan.calls_left) : "",
                       plan.bulk_jobs));
}

void PrintRuns(Context& context, const std::vector<state::RunRow>& runs) {
  Table table{.format = "firn.export.runs/1",
              .columns = {{.key = "run", .title = "run", .ink = Ink::kName},
                          {.key = "state", .title = "state"},
                          {.key = "outcome", .title = "outcome"},
                          {.key = "started", .title = "started"},
                          {.key = "finished", .title = "finished"}},
              .rows = {},
              .when_empty = "no runs yet: `firn export run`"};
  for (const state::RunRow& run : runs) {
    table.rows.push_back({run.run_id, std::string(state::RunStateName(run.state)),
                          MaybeText(run.outcome), FormatUtc(run.started, 0),
                          run.finished ? Cell(FormatUtc(*run.finished, 0)) : Cell()});
  }
  context.out().Print(table);
}

void PrintReport(Context& context, const exports::RunReport& report) {
  Output& out = context.out();
  for (const exports::ReportObject& o : report.objects) {
    if (o.verdict == "missing" && !o.findings.empty()) {
      out.Warn(o.object + " is missing: " + o.findings.front());
    }
  }
  TellLeftOut(context, report.LeftOutObjects());
  if (out.json()) {
    out.Json("firn.export.report/1", exports::ReportJson(report));
    return;
  }
  Table table{.format = "firn.export.report/1",
              .columns = {{.key = "object", .title = "object", .ink = Ink::kName},
                          {.key = "org", .title = "org", .right = true},
                          {.key = "job", .title = "job", .right = true},
                          {.key = "received", .title = "received", .right = true},
                          {.key = "rejected", .title = "rejected", .right = true},
                          {.key = "files", .title = "in files", .right = true},
                          {.key = "verified", .title = "verified"},
                          {.key = "verdict", .title = "verdict"}},
              .rows = {},
              .when_empty = {}};
  for (const exports::ReportObject& o : report.objects) {
    table.rows.push_back({o.object, Maybe(o.count_after), Maybe(o.rows_reported), o.rows_received,
                          o.rows_rejected, Maybe(o.rows_in_files), MaybeText(o.verified),
                          o.verdict.empty() ? o.state : o.verdict});
  }
  out.Print(table);
  for (const exports::ReportObject& object : report.objects) PrintDetails(context, object);
  PrintTotals(context, report);
}

bool PrintVerified(Context& context, const std::string& run_id, exports::VerifyLevel level,
                   const std::vector<exports::VerifiedObject>& verified) {
  Table table{.format = "firn.export.verify/1",
              .columns = {{.key = "object", .title = "object", .ink = Ink::kName},
                          {.key = "table", .title = "table", .shrink = true},
                          {.key = "snapshot", .title = "snapshot", .right = true},
                          {.key = "files", .title = "files", .right = true},
                          {.key = "rows", .title = "rows", .right = true},
                          {.key = "verified", .title = "verified"},
                          {.key = "result", .title = "result", .shrink = true}},
              .rows = {},
              .when_empty = "run " + run_id + " has committed nothing"};
  bool fine = true;
  for (const exports::VerifiedObject& o : verified) {
    const auto& problems = o.outcome.problems;
    fine = fine && problems.empty();
    table.rows.push_back({o.object, o.table, std::to_string(o.snapshot_id), o.outcome.files,
                          o.outcome.rows_in_files,
                          std::string(o.outcome.hashes_compared ? "full" : "counts"),
                          problems.empty() ? std::string("same") : Joined(problems)});
    if (level == exports::VerifyLevel::kFull && !o.outcome.hashes_compared) {
      context.out().Warn(o.object +
                         ": only rows were compared, the run kept no hashes; run with "
                         "`--verify full` to keep them");
    }
  }
  context.out().Print(table);
  return fine;
}

Result<void> TellUnfinishedRuns(Context& context, state::Ledger& ledger, const std::string& org) {
  constexpr int kRunsLookedAt = 20;
  FIRN_TRY(const auto runs, ledger.Runs(org, kRunsLookedAt));
  for (const state::RunRow& run : runs) {
    const bool replaced = run.outcome == "EXPORT-COMMIT-001";
    if (run.state == state::RunState::kDone || replaced) continue;
    FIRN_TRY(const auto objects, ledger.Objects(org, run.run_id));
    size_t files = 0;
    for (const state::ObjectRow& object : objects) {
      if (object.snapshot_id != 0) continue;
      FIRN_TRY(const auto rows, ledger.Files(org, run.run_id, object.object));
      files += rows.size();
    }
    // One that failed before anything was durable is as good as never begun.
    if (files == 0 && run.state == state::RunState::kFailed) continue;
    context.out().Warn(
        fmt::format("run {} is not finished and holds {} data files; go on with it: "
                    "firn export resume {}",
                    run.run_id, files, run.run_id));
  }
  return {};
}

}  // namespace firn::cli
