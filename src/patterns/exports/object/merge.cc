// ObjectRun of an incremental export: what was fetched is merged into the table and reconciled.
#include "ends/lake/merge/merge.h"

#include <algorithm>
#include <filesystem>

#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/time_text.h"
#include "patterns/exports/gone_objects.h"
#include "patterns/exports/object/fill_columns.h"
#include "patterns/exports/object/row_marks.h"
#include "patterns/exports/object/run.h"
#include "patterns/exports/verify/reconcile.h"
#include "patterns/exports/window/sweep.h"

namespace firn::exports {
namespace {

constexpr const char* kRunId = "firn.run-id";
constexpr const char* kWindowEnd = "firn.window-end";

std::optional<lake::SnapshotInfo> SnapshotOfWindow(const lake::Table& table,
                                                   const std::string& run_id,
                                                   const std::string& end) {
  for (const lake::SnapshotInfo& snapshot : table.history()) {
    const auto run = snapshot.summary.find(kRunId);
    const auto window = snapshot.summary.find(kWindowEnd);
    if (run == snapshot.summary.end() || window == snapshot.summary.end()) continue;
    if (run->second == run_id && window->second == end) return snapshot;
  }
  return std::nullopt;
}

// The staged rows of an object, of this run and of those before it: once a window is merged, a
// window that goes on from the progress before it is refused.
void RemoveStaged(const std::string& root, const std::string& object) {
  std::error_code error;
  for (const auto& run : std::filesystem::directory_iterator(root, error)) {
    std::error_code ignored;
    std::filesystem::remove_all(run.path() / object, ignored);
    std::filesystem::remove(run.path(), ignored);  // when it was the last one
  }
}

std::vector<std::string> Without(std::vector<std::string> names,
                                 const std::vector<std::string>& gone) {
  std::erase_if(names, [&](const std::string& name) {
    return std::find(gone.begin(), gone.end(), name) != gone.end();
  });
  return names;
}

}  // namespace

Result<void> ObjectRun::RefuseIfMoved(const lake::Table& table) const {
  const auto progress = ProgressOf(table, row_.object);
  // Without a snapshot that tells, the state's word was taken; the order of changes protects rows.
  if (!progress || progress->watermark == facts_.incremental.from) return {};
  return Fail(Error(Kind::kConflict, "EXPORT-COMMIT-001",
                    "the table got newer rows after this run was started")
                  .At(ident_.Text())
                  .Because("it has been followed up to " + progress->watermark +
                           ", this window goes on from " + facts_.incremental.from)
                  .Hint("leave this run, or start a new one: `firn export run " + row_.object +
                        " --mode incremental`"));
}

Result<void> ObjectRun::SweepInto(const lake::Table& table, MergeInput& input) {
  IncrementalFacts& i = facts_.incremental;
  if (!i.sweep) return {};
  FIRN_TRY(const UtcMicros now, parts_.rest->OrgTime(patient_));
  FIRN_TRY(const UtcMicros covered_from, ParseInstant(i.start));
  const std::string folder = StagingPath() + "/sweep";
  FIRN_CHECK(MakeFolders(folder, 0700));
  FIRN_TRY(auto swept,
           SweepIds(call_, parts_, shared_.options,
                    {.spec = facts_.spec,
                     .table = table,
                     .layout = layout_,
                     .cursor = i.cursor,
                     .covered_from = std::chrono::floor<std::chrono::seconds>(covered_from),
                     .org_now = now,
                     .folder = folder}));
  input.gone_path = swept.gone_path;
  input.late_files = std::move(swept.reread.files);
  i.swept = FormatUtc(now);
  i.swept_ids = swept.ids_org;
  i.late_rows = swept.late + swept.twice;
  i.delete_sources.push_back("sweep: " + std::to_string(swept.ids_org) +
                             " Ids of the org against " + std::to_string(swept.ids_lake) +
                             " of the table");
  if (swept.late > 0) {
    Warn("the sweep found " + std::to_string(swept.late) +
         " records with a stamp before the window that the table lacked or had older: they were "
         "committed late, and were read again");
  }
  if (swept.without_id > 0) Warn(WithoutIdText(swept.without_id, ident_.Text()));
  if (swept.twice > 0) {
    Warn(std::to_string(swept.twice) +
         " rows stood in the table more than once: they were read again");
  }
  if (swept.late_unread > 0) {
    Warn(std::to_string(swept.late_unread) +
         " of them are too many to read one by one: run `firn export run " + row_.object +
         " --mode full`");
  }
  return {};
}

Result<void> ObjectRun::SweepAndReadColumns(const lake::Table& table, MergeInput& input,
                                            std::optional<ColumnRead>& columns) {
  IncrementalFacts& i = facts_.incremental;
  FIRN_CHECK(SweepInto(table, input));
  std::vector<std::string> wanted;
  for (const std::string& name : ColumnsToFill(table)) {
    if (layout_.schema.Find(name) != nullptr) wanted.push_back(name);
  }
  if (i.refresh) {
    for (const std::string& name : SilentFieldsOf(row_.describe, facts_.spec)) {
      const int column = layout_.ColumnIndex(name);
      if (column < 0) continue;
      const int field = layout_.columns[static_cast<size_t>(column)].field_index;
      wanted.push_back(layout_.schema.fields[static_cast<size_t>(field)].name);
    }
  }
  i.columns_read = wanted;
  FIRN_TRY(const std::string when, OrgTimeText());
  if (wanted.empty()) {
    if (i.refresh) i.refreshed = when;
    return {};
  }
  FIRN_TRY(const auto narrow, LayoutFor({.spec = facts_.spec,
                                         .describe = row_.describe,
                                         .api_version = parts_.api_version,
                                         .key_prefixes = shared_.key_prefixes,
                                         .table = &table,
                                         .only = FieldsThatFill(layout_, wanted)}));
  const std::string folder = StagingPath() + "/columns";
  FIRN_CHECK(MakeFolders(folder, 0700));
  FIRN_TRY(
      columns,
      ColumnRead::Read(call_, parts_, shared_.options,
                       {.spec = facts_.spec, .table = table, .columns = narrow, .folder = folder}));
  input.columns = &*columns;
  if (i.refresh) i.refreshed = when;
  i.columns_read_at = when;
  return {};
}

Result<std::string> ObjectRun::OrgTimeText() {
  FIRN_TRY(const UtcMicros now, parts_.rest->OrgTime(patient_));
  return FormatUtc(now);
}

Result<MergeTotals> ObjectRun::MergeInto(const MergeInput& input) {
  if (parts_.leases != nullptr) FIRN_CHECK(parts_.leases->Renew(Terms(), facts_.epoch));
  auto merged = MergeWindow(patient_, *parts_.lake, input);
  if (merged || merged.error().kind() != Kind::kCommitUnknown) return merged;
  // The answer was lost, not necessarily the commit: look before anything else.
  FIRN_TRY(const auto table, parts_.lake->Load(ident_));
  const auto snapshot = SnapshotOfWindow(table, shared_.run_id, facts_.incremental.end);
  if (!snapshot) return merged;
  MergeTotals totals{.rows_read = facts_.rows_written};
  totals.snapshot_id = snapshot->snapshot_id;
  return totals;
}

Result<void> ObjectRun::MergeFetched() {
  IncrementalFacts& i = facts_.incremental;
  FIRN_TRY(const auto files, SumUpFiles());
  FIRN_TRY(const auto table, parts_.lake->Load(ident_));
  if (const auto snapshot = SnapshotOfWindow(table, shared_.run_id, i.end)) {
    Note("found the snapshot of this window, which had not been recorded");
    i.merged.snapshot_id = snapshot->snapshot_id;
    i.merged.rows_read = facts_.rows_written;
    return RecordMerge(table);
  }
  FIRN_CHECK(RefuseIfMoved(table));
  MergeInput input;
  input.table = ident_;
  input.soft_deletes = facts_.spec.incremental.soft_deletes;
  input.changelog = facts_.spec.incremental.changelog;
  input.cursor = i.cursor;
  input.schema = layout_.schema;
  input.files = files;
  if (i.deletes_listed) input.listed_path = StagingPath() + "/deleted";
  std::optional<ColumnRead> columns;
  FIRN_CHECK(SweepAndReadColumns(table, input, columns));
  FIRN_CHECK(Save());
  if (parts_.leases != nullptr) input.lease = lake::LeaseTerm{kExportLease, facts_.epoch};
  input.checkpoints = {{ConsumerOf(row_.object), ProgressText()}};
  input.summary = {{kRunId, shared_.run_id},
                   {"firn.job-id", row_.job_id},
                   {"firn.api-version", parts_.api_version},
                   {"firn.watermark", i.end},
                   {"firn.window-start", i.start},
                   {kWindowEnd, i.end},
                   {"firn.org", parts_.org_id},
                   {"firn.epoch", std::to_string(facts_.epoch)}};
  input.bytes_waiting_max = shared_.options.memory_bytes / 8;
  FIRN_FAULT_POINT("exports.merge.before");
  FIRN_TRY(i.merged, MergeInto(input));
  FIRN_FAULT_POINT("exports.merge.after");
  return RecordMerge(table);
}

Result<void> ObjectRun::RecordMerge(const lake::Table& before) {
  IncrementalFacts& i = facts_.incremental;
  row_.snapshot_id = i.merged.snapshot_id;
  if (!i.columns_read.empty()) {
    FIRN_CHECK(NoteRefreshed(patient_, *parts_.lake, ident_, i.columns_read, i.columns_read_at));
    FIRN_TRY(const auto table, parts_.lake->Load(ident_));
    FIRN_CHECK(SetColumnsToFill(patient_, *parts_.lake, table,
                                Without(ColumnsToFill(before), i.columns_read)));
  }
  if (parts_.checkpoints != nullptr) {
    const std::map<std::string, std::string> streams = {
        {"export/" + row_.object, i.end}, {"progress/" + row_.object, ProgressText()}};
    for (const auto& [stream, value] : streams) {
      FIRN_CHECK(parts_.checkpoints->Set({.org = parts_.org,
                                          .stream = stream,
                                          .value = value,
                                          .run_id = shared_.run_id,
                                          .set = patient_.clock->Now()}));
    }
  }
  if (i.sweep) FIRN_CHECK(NoteBack(parts_.shared, parts_.org_id, row_.object));
  FIRN_CHECK(SaveState(state::ObjectState::kCommitted));
  FIRN_FAULT_POINT("exports.merge.recorded");
  RemoveStaged(shared_.options.staging_folder, row_.object);
  if (parts_.metrics != nullptr) {
    const Labels labels = {{"org", parts_.org}, {"pattern", "exports"}};
    parts_.metrics->GetCounter("rows_in_total", labels, "rows received").Add(facts_.rows_received);
    parts_.metrics->GetCounter("rows_out_total", labels, "rows written")
        .Add(i.merged.inserted + i.merged.updated);
    parts_.metrics->GetCounter("rows_rejected_total", labels, "rows rejected")
        .Add(facts_.rows_rejected);
  }
  return {};
}

Result<void> ObjectRun::ReconcileWindow() {
  FIRN_FAULT_POINT("exports.reconcile.before");
  FIRN_CHECK(call_.Check());
  RemoveStaged(shared_.options.staging_folder, row_.object);
  FIRN_CHECK(SumUpFiles());
  IncrementalFacts& i = facts_.incremental;
  facts_.verified = "merged";
  facts_.rows_in_files = facts_.rows_written;
  WindowCounts counts;
  if (!WindowIsEmpty()) {
    facts_.count_after = CountRows(Condition(), true);
    if (NeedsChangeCounts(facts_)) {
      FIRN_TRY(const UtcMicros end, ParseInstant(i.end));
      const std::string& where = facts_.spec.where;
      const std::string from_end = i.cursor + " >= " + FormatUtc(end, 0);
      counts.changed_since =
          CountRows(where.empty() ? from_end : "(" + where + ") AND " + from_end, true);
      counts.read_again = CountRows(
          WindowCondition(
              i.cursor, {.start = end - facts_.spec.incremental.overlap, .end = end, .until = end},
              where),
          true);
    }
  }
  auto judgement = JudgeWindow(facts_, counts);
  facts_.verdict = judgement.verdict;
  facts_.findings = std::move(judgement.findings);
  FIRN_CHECK(SaveState(state::ObjectState::kDone));
  FIRN_FAULT_POINT("exports.reconcile.after");
  log::Info("window merged", {{"org", parts_.org},
                              {"object", row_.object},
                              {"run", shared_.run_id},
                              {"inserted", i.merged.inserted},
                              {"updated", i.merged.updated},
                              {"deleted", i.merged.deleted},
                              {"verdict", VerdictName(facts_.verdict)}});
  return {};
}

}  // namespace firn::exports
