// ObjectRun of an incremental export: which window is read, and what is asked before its rows.
#include <algorithm>

#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "core/base/time_text.h"
#include "patterns/exports/gone_objects.h"
#include "patterns/exports/object/fill_columns.h"
#include "patterns/exports/object/run.h"
#include "patterns/exports/window/deleted_ids.h"

namespace firn::exports {
namespace {

constexpr int kFitsMost = 8;  // counts asked for until a window is small enough
// Below this share of the day's query jobs, windows are not made smaller.
constexpr double kJobsLeftLeast = 0.1;

bool IsActivity(const std::string& object) { return object == "Task" || object == "Event"; }

}  // namespace

std::string ObjectRun::StagingPath() const {
  return shared_.options.staging_folder + "/" + shared_.run_id + "/" + row_.object;
}

bool ObjectRun::WindowIsEmpty() const { return facts_.incremental.start == facts_.incremental.end; }

std::string ObjectRun::Condition() const {
  if (!IsWindow()) return facts_.spec.where;
  const auto start = ParseInstant(facts_.incremental.start);
  const auto end = ParseInstant(facts_.incremental.end);
  if (!start || !end) return facts_.spec.where;
  std::string condition = WindowCondition(
      facts_.incremental.cursor, {.start = *start, .end = *end, .until = *end}, facts_.spec.where);
  // queryAll also gives archived activities, which the table's other rows, by query, lack.
  if (IsActivity(row_.object) && row_.describe.find("\"IsArchived\"") != std::string::npos) {
    condition += " AND (IsArchived = false OR IsDeleted = true)";
  }
  return condition;
}

std::string ObjectRun::ProgressText() const {
  const IncrementalFacts& i = facts_.incremental;
  Progress progress;
  progress.cursor = CursorFieldOf(row_.describe);
  progress.scope = facts_.spec.where;
  if (IsWindow()) {
    progress.watermark = i.end;
    progress.swept = i.swept;
    progress.refreshed = i.refreshed;
    progress.deletes_covered = i.deletes_covered;
  } else {
    progress.watermark = progress.swept = progress.refreshed = progress.deletes_covered =
        facts_.watermark;
  }
  return ProgressToJson(progress);
}

void ObjectRun::ReadWhole(const std::string& why) {
  facts_.incremental.is_window = false;
  facts_.incremental.why_whole = why;
  Note("read as a whole: " + why);
}

Result<void> ObjectRun::ChooseWindow() {
  IncrementalFacts& i = facts_.incremental;
  i.cursor = CursorFieldOf(row_.describe);
  if (i.cursor.empty()) {
    ReadWhole("it has no field that tells when a record changed");
    return {};
  }
  FIRN_TRY(const auto table, parts_.lake->Load(ident_));
  auto progress = ProgressOf(table, row_.object);
  if (!progress && parts_.checkpoints != nullptr && table.current_snapshot()) {
    // The snapshot that told it may have been expired.
    FIRN_TRY(const auto kept, parts_.checkpoints->Get(parts_.org, "progress/" + row_.object));
    if (kept) progress = ProgressFromJson(kept->value);
  }
  const auto watermark = ParseInstant(progress ? progress->watermark : "");
  if (!watermark) {
    ReadWhole("the table has no rows of it yet");
    return {};
  }
  if (progress->scope != facts_.spec.where) {
    ReadWhole("its condition is another one than the table's rows were read with");
    return {};
  }
  if (!progress->cursor.empty() && progress->cursor != i.cursor) {
    // What one field's changes never told stands before the other one's watermark.
    ReadWhole("it was followed by " + progress->cursor + ", and is by " + i.cursor +
              " from now on");
    return {};
  }
  if (i.cursor != "SystemModstamp") {
    Warn("changes are found by " + i.cursor +
         (i.cursor == "LastModifiedDate" ? ": those made by the system itself are not"
                                         : ": only new records are"));
  }
  FIRN_TRY(const UtcMicros now, parts_.rest->OrgTime(patient_));
  i.is_window = true;
  i.from = progress->watermark;
  i.swept = progress->swept;
  i.refreshed = progress->refreshed;
  i.deletes_covered =
      progress->deletes_covered.empty() ? progress->watermark : progress->deletes_covered;
  const IncrementalSpec& spec = facts_.spec.incremental;
  // Asked for: once in a run, with its first window.
  i.sweep = (spec.sweep_now && i.done.empty()) || IsDue(i.swept, spec.sweep_every, now);
  FIRN_TRY(const bool was_gone, WasGone(parts_.shared, parts_.org_id, row_.object));
  if (was_gone) {
    i.sweep = true;
    Warn("the object is back after it was away: all Ids are compared, as by `--sweep`");
  }
  i.refresh = (spec.refresh_now && i.done.empty()) || IsDue(i.refreshed, spec.refresh_every, now);
  FIRN_CHECK(AdaptColumns());
  return FitToRows(*watermark, PlanWindow({.watermark = *watermark, .org_now = now}, spec));
}

Result<void> ObjectRun::FitToRows(UtcMicros watermark, Window window) {
  IncrementalFacts& i = facts_.incremental;
  const auto set_bounds = [&i](const Window& w) {
    i.start = FormatUtc(w.start);
    i.end = FormatUtc(w.end);
    i.until = FormatUtc(w.until);
  };
  set_bounds(window);
  facts_.watermark = i.end;
  if (window.empty()) {
    // The bounds of progress stay as they were told, to the microsecond.
    i.start = i.end = i.until = i.from;
    FIRN_TRY(const auto table, parts_.lake->Load(ident_));
    if (i.sweep || i.refresh || !ColumnsToFill(table).empty()) return {};
    facts_.verdict = Verdict::kExact;
    Note("nothing new: the table stands at " + i.from);
    row_.state = state::ObjectState::kDone;
    return {};
  }
  WindowSize size;
  if (parts_.budget != nullptr) {
    FIRN_TRY(const auto view, parts_.budget->View(patient_));
    const auto left = static_cast<double>(view.jobs_share - view.jobs_used);
    size.jobs_are_scarce =
        view.known && left < kJobsLeftLeast * static_cast<double>(view.jobs_share);
  }
  for (int fits = 0; fits < kFitsMost; ++fits) {
    size.rows = CountRows(Condition(), true);
    facts_.count_before = size.rows;
    const Window fitted = FitWindow(window, watermark, size, shared_.options.window_rows_max);
    if (fitted == window) break;
    window = fitted;
    set_bounds(window);
  }
  facts_.watermark = i.end;
  return {};
}

DefinitionsOwner ObjectRun::Definitions() const {
  return {.shared = parts_.shared, .org_id = parts_.org_id, .table = facts_.spec.table};
}

Result<void> ObjectRun::AdaptColumns() {
  FIRN_TRY(auto table, parts_.lake->Load(ident_));
  std::vector<std::string> to_fill = ColumnsToFill(table);
  FIRN_TRY(const auto redefined, RedefinedFields(Definitions(), row_.describe));
  auto other_values = ColumnsOfFields(layout_, redefined);
  for (const std::string& field : redefined) {
    Note("field " + field + " is defined otherwise than before: its column is read again");
  }
  for (const auto* names : {&facts_.new_fields, &facts_.vanished_fields, &other_values}) {
    for (const std::string& name : *names) {
      if (std::find(to_fill.begin(), to_fill.end(), name) == to_fill.end()) {
        to_fill.push_back(name);
      }
    }
  }
  FIRN_TRY(table, SetColumnsToFill(patient_, *parts_.lake, table, to_fill));
  FIRN_CHECK(KeepDefinitions(Definitions(), row_.describe));
  FIRN_FAULT_POINT("exports.columns.noted");
  if (!table_schema_differs_) return {};
  // Others may add columns too: then the layout is worked out on theirs, for ids of its own.
  const auto derive = [this](const lake::Table& now) -> Result<record::Schema> {
    FIRN_TRY(layout_, LayoutOf(&now));
    FIRN_CHECK(CompareWithTable(now));
    return table_schema_;
  };
  FIRN_CHECK(parts_.lake->EvolveSchema(patient_, ident_, derive));
  FIRN_FAULT_POINT("exports.columns.evolved");
  table_schema_differs_ = false;
  return {};
}

Result<void> ObjectRun::ListDeletes() {
  IncrementalFacts& i = facts_.incremental;
  if (i.deletes_listed) return {};
  FIRN_TRY(const UtcMicros now, parts_.rest->OrgTime(patient_));
  FIRN_TRY(const UtcMicros start, ParseInstant(i.start));
  const auto covered = ParseInstant(i.deletes_covered);
  const DeletedRange range = RangeOfDeletes(
      covered ? std::min(start, *covered - facts_.spec.incremental.overlap) : start, now);
  FIRN_CHECK(MakeFolders(StagingPath(), 0700));
  FIRN_TRY(const auto list,
           FetchDeletedIds(patient_, parts_, row_.object, range, StagingPath() + "/deleted"));
  i.delete_sources.clear();
  const bool tells = row_.describe.find("\"IsDeleted\"") != std::string::npos;
  i.delete_sources.emplace_back(
      tells ? "queryAll: records in the recycle bin with a stamp in the window"
            : "queryAll: the object has no recycle bin");
  if (!list.offered) {
    i.delete_sources.push_back("getDeleted: not offered for this object: " + list.why);
  } else {
    i.delete_sources.push_back(
        "getDeleted: from " + FormatUtc(range.start, 0) + " to " +
        (list.covered_until.empty() ? FormatUtc(range.end, 0) : list.covered_until));
    i.deletes_covered = list.covered_until.empty() ? FormatUtc(range.end) : list.covered_until;
    if (!range.reaches_back) {
      i.sweep = true;
      Warn(
          "getDeleted looks 15 days back, the last window ended before that: all Ids are compared, "
          "as by `--sweep`, which finds what was removed for good in between");
    }
  }
  i.deletes_listed = true;
  FIRN_CHECK(Save());
  FIRN_FAULT_POINT("exports.deletes.listed");
  return {};
}

bool ObjectRun::HasMoreWindows() const {
  const IncrementalFacts& i = facts_.incremental;
  return IsWindow() && row_.state == state::ObjectState::kDone && i.end != i.until;
}

Result<void> ObjectRun::NextWindow() {
  FIRN_CHECK(call_.Check());
  IncrementalFacts& i = facts_.incremental;
  i.done.push_back({.start = i.start,
                    .end = i.end,
                    .method = std::string(MethodName(facts_.method)),
                    .merged = i.merged});
  FIRN_CHECK(parts_.ledger->RestartObject(parts_.org, shared_.run_id, row_.object));
  ObjectFacts fresh;
  fresh.spec = facts_.spec;
  fresh.started = facts_.started;
  fresh.attempt = facts_.attempt;
  fresh.epoch = facts_.epoch;
  fresh.warnings = facts_.warnings;
  fresh.incremental.done = std::move(i.done);
  facts_ = std::move(fresh);
  row_.job_id.clear();
  row_.describe.clear();
  row_.snapshot_id = 0;
  return SaveState(state::ObjectState::kPlanned);
}

}  // namespace firn::exports
