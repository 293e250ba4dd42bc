// export verify --deep and export check: tables held against the org, by rows and by counts.
#include <fmt/format.h>

#include <algorithm>

#include "app/cli/commands/export_session.h"
#include "core/base/nearest.h"
#include "patterns/events/stream/follow.h"
#include "patterns/events/stream/passed.h"
#include "patterns/exports/verify/count_check.h"
#include "patterns/exports/verify/deep_verify.h"

namespace firn::cli {
namespace {

// The specs that were named, or all; in the order of the newest runs.
Result<std::vector<exports::ObjectSpec>> WantedSpecs(Context& context, ExportSession& session) {
  FIRN_TRY(auto specs, exports::SpecsOfRuns(*session.ledger, session.parts.org));
  const auto wanted = context.List("object");
  if (wanted.empty()) return specs;
  std::vector<exports::ObjectSpec> chosen;
  std::vector<std::string> known;
  for (const auto& spec : specs) known.push_back(spec.object);
  for (const std::string& name : wanted) {
    const auto spec = std::find_if(specs.begin(), specs.end(),
                                   [&](const auto& one) { return one.object == name; });
    if (spec == specs.end()) {
      const auto near = Nearest(name, known);
      return Fail(
          Error(Kind::kNotFound, "EXPORT-VERIFY-003",
                "no export of `" + name + "` has been committed yet")
              .Hint(near ? "did you mean `" + *near + "`?" : "run `firn export run` first"));
    }
    chosen.push_back(*spec);
  }
  return chosen;
}

std::string ValueText(const std::optional<std::string>& value) { return value ? *value : "null"; }

void PrintRow(Output& out, const exports::DeepOutcome& outcome, const exports::DifferentRow& row,
              bool show_values) {
  const std::string where = row.kind == exports::DifferentRow::Kind::kMissing ? "not in the lake"
                            : row.kind == exports::DifferentRow::Kind::kExtra ? "not in the org"
                                                                              : "differs in";
  std::string line = fmt::format("  {} {}: {}", outcome.object, row.id, where);
  for (const auto& field : row.fields) {
    line += (&field == &row.fields.front() ? " " : ", ") + field.field;
    if (show_values) {
      line += fmt::format(" (org {}, lake {})", ValueText(field.org), ValueText(field.lake));
    }
  }
  if (!row.explanation.empty()) line += "; " + row.explanation;
  if (!row.stamp.empty()) line += " (" + row.stamp + ")";
  out.Line(line);
}

std::string_view ResultOf(const exports::DeepOutcome& outcome) {
  if (outcome.unexplained() > outcome.stale_unexplained) return "differs";
  if (outcome.stale_unexplained > 0) return "stale";
  return outcome.missing + outcome.extra + outcome.differs > 0 ? "explained" : "same";
}

void PrintDeep(Context& context, const std::vector<exports::DeepOutcome>& outcomes) {
  Output& out = context.out();
  if (out.json()) {
    std::string objects;
    for (const auto& outcome : outcomes) {
      objects += (objects.empty() ? "" : ",") + exports::DeepJson(outcome);
    }
    out.Json("firn.export.verify-deep/1", "{\"objects\":[" + objects + "]}");
    return;
  }
  Table table{.format = "firn.export.verify-deep/1",
              .columns = {{.key = "object", .title = "object", .ink = Ink::kName},
                          {.key = "org", .title = "org", .right = true},
                          {.key = "lake", .title = "lake", .right = true},
                          {.key = "same", .title = "same", .right = true},
                          {.key = "missing", .title = "missing", .right = true},
                          {.key = "extra", .title = "extra", .right = true},
                          {.key = "differs", .title = "differs", .right = true},
                          {.key = "stale", .title = "of it stale", .right = true},
                          {.key = "explained", .title = "explained", .right = true},
                          {.key = "result", .title = "result"}},
              .rows = {},
              .when_empty = "nothing was exported yet"};
  for (const auto& o : outcomes) {
    table.rows.push_back({o.object, o.rows_org, o.rows_lake, o.rows_same, o.missing, o.extra,
                          o.differs, o.stale, o.explained, std::string(ResultOf(o))});
  }
  out.Print(table);
  for (const auto& outcome : outcomes) {
    for (const auto& row : outcome.rows) {
      PrintRow(out, outcome, row, context.Flag("show-values"));
    }
    for (const std::string& note : outcome.notes) out.Line("  " + outcome.object + ": " + note);
  }
}

void PrintCounts(Context& context, const std::vector<exports::CountCheckOutcome>& outcomes) {
  Output& out = context.out();
  if (out.json()) {
    std::string objects;
    for (const auto& outcome : outcomes) {
      objects += (objects.empty() ? "" : ",") + exports::CountCheckJson(outcome);
    }
    out.Json("firn.export.check/1", "{\"objects\":[" + objects + "]}");
    return;
  }
  Table table{.format = "firn.export.check/1",
              .columns = {{.key = "object", .title = "object", .ink = Ink::kName},
                          {.key = "start", .title = "from"},
                          {.key = "end", .title = "to"},
                          {.key = "org", .title = "org counts", .right = true},
                          {.key = "lake", .title = "lake counts", .right = true},
                          {.key = "difference", .title = "difference", .right = true}},
              .rows = {},
              .when_empty = "nothing was exported yet"};
  for (const auto& outcome : outcomes) {
    for (const auto& window : outcome.windows) {
      Cell org;
      Cell difference;
      if (window.rows_org) org = *window.rows_org;
      if (window.rows_org) difference = *window.rows_org - window.rows_lake;
      Cell start;
      if (!window.start.empty()) start = window.start;
      table.rows.push_back({outcome.object, start, window.end, org, window.rows_lake, difference});
    }
  }
  out.Print(table);
  for (const auto& outcome : outcomes) {
    for (const std::string& note : outcome.notes) out.Line("  " + outcome.object + ": " + note);
  }
}

}  // namespace

Result<ExitCode> CheckCountsCommand(Context& context) {
  FIRN_TRY(auto session, OpenExportSession(context, StateUse::kReading));
  FIRN_TRY(const auto specs, WantedSpecs(context, *session));
  exports::CountCheckOptions options;
  options.days = static_cast<int>(context.Integer("days"));
  if (options.days < 1 || options.days > 366) {
    return Fail(context.UsageError("`--days` takes 1 to 366"));
  }
  std::vector<exports::CountCheckOutcome> outcomes;
  bool same = true;
  for (const auto& spec : specs) {
    context.progress().Update({.what = "counting " + spec.object});
    FIRN_TRY(auto outcome, exports::CheckCounts(context.call(), session->parts, spec, options));
    same = same && outcome.differences == 0;
    outcomes.push_back(std::move(outcome));
  }
  context.progress().Finish();
  PrintCounts(context, outcomes);
  return same ? ExitCode::kDone : ExitCode::kFailed;
}

std::vector<Option> DeepOptions() {
  return {{.name = "deep", .help = "hold every row of the tables against the org"},
          {.name = "object",
           .value = "NAME",
           .help = "--deep: only this object; without: all that were exported",
           .repeats = true},
          {.name = "rows",
           .value = "N",
           .help = "--deep: how many differing rows of an object are named",
           .type = ValueType::kInteger,
           .default_value = "100",
           .min = 0,
           .max = 100'000},
          {.name = "show-values", .help = "--deep: print what differs, not only its field"}};
}

Result<ExitCode> VerifyDeepCommand(Context& context) {
  FIRN_TRY(auto session, OpenExportSession(context, StateUse::kReading));
  FIRN_TRY(const auto* project, context.LoadProject());
  FIRN_TRY(const auto specs, WantedSpecs(context, *session));
  exports::DeepOptions deep;
  deep.staging_root = project->state_folder + "/staging";
  deep.rows_named_max = context.Integer("rows");
  deep.show_values = context.Flag("show-values");
  // Before any table is loaded: then none lacks what a cursor has passed.
  FIRN_TRY(const auto cursors, events::LoadCursors(*session->link->shared(), session->parts.org));
  deep.stream_mark = [&cursors](const lake::Table& table) -> std::optional<exports::StreamMark> {
    const auto passed = events::PassedBy(table, cursors);
    if (!passed || passed->event_ms == 0) return std::nullopt;
    return exports::StreamMark{passed->topic,
                               UtcMicros(std::chrono::milliseconds(passed->event_ms))};
  };
  std::vector<exports::DeepOutcome> outcomes;
  bool same = true;
  for (const auto& spec : specs) {
    context.progress().Update({.what = "verifying " + spec.object});
    FIRN_TRY(auto outcome, exports::VerifyDeep(context.call(), session->parts,
                                               exports::ExportOptions{}, spec, deep));
    same = same && outcome.unexplained() == 0;
    outcomes.push_back(std::move(outcome));
  }
  context.progress().Finish();
  PrintDeep(context, outcomes);
  return same ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace firn::cli
