#include "patterns/exports/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/time_text.h"
#include "patterns/exports/facts.h"

namespace firn::exports {
namespace {

using Json = nlohmann::json;

double SecondsBetween(const std::string& started, const std::string& finished) {
  const auto from = ParseInstant(started);
  const auto to = ParseInstant(finished);
  if (!from || !to) return 0;
  return std::chrono::duration<double>(*to - *from).count();
}

ReportIncremental IncrementalFrom(const IncrementalFacts& f) {
  ReportIncremental r;
  r.why_whole = f.why_whole;
  r.cursor = f.cursor;
  r.start = f.done.empty() ? f.start : f.done.front().start;
  r.end = f.end;
  r.late_rows = f.late_rows;
  r.delete_sources = f.delete_sources;
  r.columns_read = f.columns_read;
  r.refreshed = f.refreshed;
  r.swept = f.swept;
  std::vector<MergeTotals> all = {f.merged};
  for (const WindowDone& window : f.done) all.push_back(window.merged);
  r.windows = f.is_window ? static_cast<int64_t>(all.size()) : 0;
  for (const MergeTotals& merged : all) {
    r.inserted += merged.inserted;
    r.updated += merged.updated;
    r.deleted += merged.deleted;
    r.stale += merged.stale;
    r.deletes_by_query += merged.by_query;
    r.deletes_by_list += merged.by_list;
    r.deletes_by_sweep += merged.by_sweep;
    r.columns_updated += merged.columns_updated;
  }
  return r;
}

ReportObject FromLedger(const state::ObjectRow& row, const ObjectFacts& f,
                        const std::vector<state::RejectCount>& rejects) {
  ReportObject o;
  o.object = row.object;
  o.table = f.spec.table;
  o.state = state::ObjectStateName(row.state);
  o.method = MethodName(f.method);
  o.job_id = row.job_id;
  o.watermark = f.watermark;
  o.snapshot_id = row.snapshot_id;
  o.count_before = f.count_before;
  o.count_after = f.count_after;
  o.changed_in_run = f.changed_in_run;
  o.deleted_in_run = f.deleted_in_run;
  if (f.rows_reported >= 0) o.rows_reported = f.rows_reported;
  o.rows_received = f.rows_received;
  o.rows_written = f.rows_written;
  o.rows_rejected = f.rows_rejected;
  if (f.rows_in_files >= 0) o.rows_in_files = f.rows_in_files;
  o.values_rounded = f.values_rounded;
  o.nuls_seen = f.nuls_seen;
  o.csv_bytes = f.csv_bytes;
  o.file_bytes = f.file_bytes;
  o.files = f.files;
  o.pages = f.pages;
  o.seconds = SecondsBetween(f.started, f.finished);
  o.verified = f.verified;
  o.verdict = VerdictName(f.verdict);
  o.findings = f.findings;
  o.warnings = f.warnings;
  o.vanished_fields = f.vanished_fields;
  o.new_fields = f.new_fields;
  for (const state::RejectCount& reject : rejects) {
    o.rejects.push_back({reject.field, reject.reason, reject.rows});
  }
  if (f.rows_rejected > 0 || f.values_rounded > 0) o.rejects_path = f.rejects_path;
  o.error_code = f.error_code;
  o.error = f.error;
  if (f.spec.mode == ExportMode::kIncremental) o.incremental = IncrementalFrom(f.incremental);
  return o;
}

Json Optional(const std::optional<int64_t>& value) { return value ? Json(*value) : Json(nullptr); }

Json Text(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

nlohmann::ordered_json IncrementalJson(const ReportIncremental& r) {
  nlohmann::ordered_json json;
  json["read_whole_because"] = Text(r.why_whole);
  json["cursor"] = Text(r.cursor);
  json["window_start"] = Text(r.start);
  json["window_end"] = Text(r.end);
  json["windows"] = r.windows;
  json["inserted"] = r.inserted;
  json["updated"] = r.updated;
  json["deleted"] = r.deleted;
  json["stale"] = r.stale;
  json["deletes_by_query"] = r.deletes_by_query;
  json["deletes_by_list"] = r.deletes_by_list;
  json["deletes_by_sweep"] = r.deletes_by_sweep;
  json["columns_updated"] = r.columns_updated;
  json["late_rows"] = r.late_rows;
  json["delete_sources"] = r.delete_sources;
  json["columns_read"] = r.columns_read;
  json["refreshed"] = Text(r.refreshed);
  json["swept"] = Text(r.swept);
  return json;
}

nlohmann::ordered_json ObjectJson(const ReportObject& o) {
  nlohmann::ordered_json json;
  json["object"] = o.object;
  json["table"] = o.table;
  json["state"] = o.state;
  json["verdict"] = Text(o.verdict);
  json["method"] = o.method;
  json["job_id"] = Text(o.job_id);
  // Text: JavaScript cannot hold it as a number.
  json["snapshot_id"] = o.snapshot_id == 0 ? Json(nullptr) : Json(fmt::to_string(o.snapshot_id));
  json["watermark"] = Text(o.watermark);
  json["count_before"] = Optional(o.count_before);
  json["count_after"] = Optional(o.count_after);
  json["rows_reported"] = Optional(o.rows_reported);
  json["rows_received"] = o.rows_received;
  json["rows_rejected"] = o.rows_rejected;
  json["rows_written"] = o.rows_written;
  json["rows_in_files"] = Optional(o.rows_in_files);
  json["changed_in_run"] = Optional(o.changed_in_run);
  json["deleted_in_run"] = Optional(o.deleted_in_run);
  json["values_rounded"] = o.values_rounded;
  json["nuls_seen"] = o.nuls_seen;
  json["pages"] = o.pages;
  json["files"] = o.files;
  json["csv_bytes"] = o.csv_bytes;
  json["file_bytes"] = o.file_bytes;
  json["seconds"] = o.seconds;
  json["verified"] = Text(o.verified);
  json["findings"] = o.findings;
  json["warnings"] = o.warnings;
  json["vanished_fields"] = o.vanished_fields;
  json["new_fields"] = o.new_fields;
  json["rejects"] = Json::array();
  for (const ReportReject& reject : o.rejects) {
    json["rejects"].push_back(
        {{"field", reject.field}, {"reason", reject.reason}, {"rows", reject.rows}});
  }
  json["rejects_path"] = Text(o.rejects_path);
  json["error_code"] = Text(o.error_code);
  json["error"] = Text(o.error);
  if (o.incremental) json["incremental"] = IncrementalJson(*o.incremental);
  return json;
}

std::string Number(const std::optional<int64_t>& value) {
  return value ? fmt::to_string(*value) : "not available";
}

// Text inside a Markdown table cell.
std::string Cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) {
    text.insert(at, "\\");
  }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

void AppendList(std::string& out, const std::string& title, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  out += "\n" + title + ":\n\n";
  for (const std::string& line : lines) out += "- " + line + "\n";
}

void AppendIncremental(std::string& out, const ReportIncremental& r) {
  if (!r.why_whole.empty()) {
    out += "\nRead as a whole: " + r.why_whole + ".\n";
    return;
  }
  for (const std::string& line : MergeLines(r)) out += "\n- " + line;
  out += "\n";
}

void AppendObject(std::string& out, const ReportObject& o) {
  out += fmt::format("\n## {}: {}\n\n", o.object, o.verdict.empty() ? o.state : o.verdict);
  out += "| what | |\n|---|---|\n";
  const auto row = [&out](const std::string& what, const std::string& value) {
    out += fmt::format("| {} | {} |\n", what, Cell(value));
  };
  row("table", o.table);
  row("read by", o.method + (o.job_id.empty() ? "" : ", job " + o.job_id));
  row("snapshot", o.snapshot_id == 0 ? "none" : fmt::to_string(o.snapshot_id));
  row("watermark", o.watermark);
  row("org's count before", Number(o.count_before));
  row("org's count after", Number(o.count_after));
  row("rows the job reported", Number(o.rows_reported));
  row("rows received", fmt::to_string(o.rows_received));
  row("rows rejected", fmt::to_string(o.rows_rejected));
  row("rows in the committed files", Number(o.rows_in_files));
  if (o.changed_in_run) row("rows changed inside the run", Number(o.changed_in_run));
  if (o.deleted_in_run) row("rows deleted inside the run", Number(o.deleted_in_run));
  row("values rounded", fmt::to_string(o.values_rounded));
  row("files verified by", o.verified.empty() ? "not verified" : o.verified);
  if (o.incremental) AppendIncremental(out, *o.incremental);
  AppendList(out, "Findings", o.findings);
  AppendList(out, "Warnings", o.warnings);
  if (!o.rejects.empty()) {
    out += "\n| field | rejected because | rows |\n|---|---|---|\n";
    for (const ReportReject& reject : o.rejects) {
      out +=
          fmt::format("| {} | {} | {} |\n", Cell(reject.field), Cell(reject.reason), reject.rows);
    }
    out += fmt::format("\nThe rejected rows lie in `{}` (readable by its owner alone).\n",
                       o.rejects_path);
  }
  if (!o.error.empty()) out += "\nStopped by: " + o.error + "\n";
}

std::vector<std::string> NamesWith(const std::vector<ReportObject>& objects, Verdict verdict) {
  std::vector<std::string> names;
  for (const ReportObject& object : objects) {
    if (object.verdict == VerdictName(verdict)) names.push_back(object.object);
  }
  return names;
}

}  // namespace

int64_t RunReport::RowsWritten() const {
  int64_t rows = 0;
  for (const ReportObject& object : objects) rows += object.rows_written;
  return rows;
}

int64_t RunReport::RowsRejected() const {
  int64_t rows = 0;
  for (const ReportObject& object : objects) rows += object.rows_rejected;
  return rows;
}

bool RunReport::Unexplained() const {
  return std::any_of(objects.begin(), objects.end(),
                     [](const ReportObject& o) { return o.verdict == "unexplained"; });
}

std::vector<std::string> RunReport::LeftOutObjects() const {
  return NamesWith(objects, exports::Verdict::kLeftOut);
}

std::vector<std::string> RunReport::MissingObjects() const {
  return NamesWith(objects, exports::Verdict::kMissing);
}

std::string RunReport::Verdict() const {
  using exports::Verdict;
  Verdict worst = objects.empty() ? Verdict::kExact : Verdict::kNone;
  for (const ReportObject& object : objects) {
    if (object.verdict.empty()) return "";
    for (const Verdict one : {Verdict::kExact, Verdict::kExplained, Verdict::kUnexplained,
                              Verdict::kLeftOut, Verdict::kMissing}) {
      if (object.verdict == VerdictName(one)) worst = Worse(worst, one);
    }
  }
  return std::string(VerdictName(worst));
}

std::vector<std::string> MergeLines(const ReportIncremental& r) {
  if (r.windows == 0) return {};
  std::vector<std::string> lines;
  lines.push_back(fmt::format(
      "{} from {} to {}{}: {} inserted, {} updated, {} deleted{}", r.cursor, r.start, r.end,
      r.windows > 1 ? fmt::format(" in {} windows", r.windows) : "", r.inserted, r.updated,
      r.deleted, r.stale > 0 ? fmt::format(", {} older than the table", r.stale) : ""));
  lines.push_back(fmt::format("deletes told by queryAll {}, by getDeleted {}, by the sweep {}",
                              r.deletes_by_query, r.deletes_by_list, r.deletes_by_sweep));
  for (const std::string& source : r.delete_sources) lines.push_back(source);
  if (!r.columns_read.empty()) {
    std::string names;
    for (const std::string& name : r.columns_read) names += (names.empty() ? "" : ", ") + name;
    lines.push_back(
        fmt::format("columns read as a whole: {}; {} rows differed", names, r.columns_updated));
  }
  return lines;
}

Result<RunReport> LoadReport(state::Ledger& ledger, const std::string& org,
                             const std::string& run_id) {
  std::string wanted = run_id;
  if (wanted.empty()) {
    FIRN_TRY(const auto runs, ledger.Runs(org, 1));
    if (runs.empty()) {
      return Fail(Error(Kind::kNotFound, "STATE-RUN-002", "there is no run of `" + org + "` yet")
                      .Hint("run `firn export run` first"));
    }
    wanted = runs.front().run_id;
  }
  FIRN_TRY(const auto run, ledger.Run(org, wanted));
  RunReport report;
  report.org = org;
  report.run_id = wanted;
  report.state = state::RunStateName(run.state);
  report.started = FormatUtc(run.started);
  if (run.finished) report.finished = FormatUtc(*run.finished);
  report.outcome = run.outcome;
  FIRN_TRY(const auto objects, ledger.Objects(org, wanted));
  for (const state::ObjectRow& row : objects) {
    FIRN_TRY(const auto facts, FactsFromJson(row.facts));
    FIRN_TRY(const auto rejects, ledger.Rejects(org, wanted, row.object));
    report.objects.push_back(FromLedger(row, facts, rejects));
  }
  return report;
}

std::string ReportJson(const RunReport& report) {
  nlohmann::ordered_json json;
  json["org"] = report.org;
  json["run_id"] = report.run_id;
  json["state"] = report.state;
  json["verdict"] = Text(report.Verdict());
  json["outcome"] = Text(report.outcome);
  json["started"] = report.started;
  json["finished"] = Text(report.finished);
  json["left_out"] = report.LeftOutObjects();
  json["missing"] = report.MissingObjects();
  json["rows_written"] = report.RowsWritten();
  json["rows_rejected"] = report.RowsRejected();
  json["objects"] = nlohmann::ordered_json::array();
  for (const ReportObject& object : report.objects) json["objects"].push_back(ObjectJson(object));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string ReportMarkdown(const RunReport& report) {
  std::string out = fmt::format("# Export {} of {}: {}\n\n", report.run_id, report.org,
                                report.Verdict().empty() ? report.state : report.Verdict());
  out += fmt::format("Started {}, finished {}.\n\n", report.started,
                     report.finished.empty() ? "not yet" : report.finished);
  out +=
      "| object | org | job | received | rejected | in files | verdict |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const ReportObject& o : report.objects) {
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", o.object, Number(o.count_after),
                       Number(o.rows_reported), o.rows_received, o.rows_rejected,
                       Number(o.rows_in_files), o.verdict.empty() ? o.state : o.verdict);
  }
  for (const ReportObject& object : report.objects) AppendObject(out, object);
  return out;
}

}  // namespace firn::exports
