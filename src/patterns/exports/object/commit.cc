// The last half of ObjectRun: recorded files become one snapshot, and the snapshot is reconciled.
#include "core/base/fault_point.h"
#include "core/base/log.h"
#include "core/base/time_text.h"
#include "ends/lake/maintain/orphans.h"
#include "patterns/exports/gone_objects.h"
#include "patterns/exports/leftovers.h"
#include "patterns/exports/object/run.h"
#include "patterns/exports/verify/reconcile.h"
#include "patterns/exports/verify/verify.h"

namespace firn::exports {
namespace {

std::optional<lake::SnapshotInfo> SnapshotOfRun(const lake::Table& table,
                                                const std::string& run_id) {
  for (const lake::SnapshotInfo& snapshot : table.history()) {
    const auto run = snapshot.summary.find("firn.run-id");
    if (run != snapshot.summary.end() && run->second == run_id) return snapshot;
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<lake::DataFile>> ObjectRun::SumUpFiles() {
  FIRN_TRY(const auto recorded, parts_.ledger->Files(parts_.org, shared_.run_id, row_.object));
  std::vector<lake::DataFile> files;
  ObjectFacts& f = facts_;
  f.rows_received = f.rows_written = f.rows_rejected = f.values_rounded = f.nuls_seen = 0;
  f.csv_bytes = f.file_bytes = f.pages = 0;
  for (const state::FileRow& row : recorded) {
    FIRN_TRY(auto together, RecordedFilesFromJson(row.content));
    for (const lake::PageOutcome& page : together.pages) {
      ++f.pages;
      f.rows_received += page.rows_received;
      f.rows_written += page.rows_written;
      f.rows_rejected += page.rows_rejected;
      f.values_rounded += page.values_rounded;
      f.nuls_seen += page.nuls_seen;
      f.csv_bytes += page.csv_bytes;
    }
    for (lake::DataFile& file : together.files) {
      f.file_bytes += file.file_size_bytes;
      files.push_back(std::move(file));
    }
  }
  f.files = static_cast<int64_t>(files.size());
  return files;
}

Result<void> ObjectRun::RefuseIfReplaced(const lake::Table& table) const {
  const auto current = table.current_snapshot();
  if (!current) return {};
  const int64_t started_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(shared_.run_started.time_since_epoch())
          .count();
  if (current->timestamp_ms <= started_ms) return {};
  return Fail(
      Error(Kind::kConflict, "EXPORT-COMMIT-001",
            "the table got newer rows after this run was started")
          .At(ident_.Text())
          .Because("snapshot " + std::to_string(current->snapshot_id) + " is younger than the run")
          .Hint("leave this run, or start a new one: `firn export run " + row_.object + "`"));
}

Result<lake::Table> ObjectRun::CommitFiles(const std::vector<lake::DataFile>& files) {
  if (parts_.leases != nullptr) FIRN_CHECK(parts_.leases->Renew(Terms(), facts_.epoch));
  lake::CommitOptions options;
  options.summary = {{"firn.run-id", shared_.run_id},
                     {"firn.job-id", row_.job_id},
                     {"firn.api-version", parts_.api_version},
                     {"firn.watermark", facts_.watermark},
                     {"firn.rows", std::to_string(facts_.rows_written)},
                     {"firn.org", parts_.org_id},
                     {"firn.checkpoint." + ConsumerOf(row_.object), ProgressText()},
                     {"firn.epoch", std::to_string(facts_.epoch)}};
  options.derived_from = table_shape_;
  if (parts_.leases != nullptr) options.lease = lake::LeaseTerm{kExportLease, facts_.epoch};
  auto committed = parts_.lake->ReplaceAll(
      patient_, ident_, files, table_schema_differs_ ? &table_schema_ : nullptr, options);
  if (committed || committed.error().kind() != Kind::kCommitUnknown) return committed;
  // The answer was lost, not necessarily the commit: look before anything else.
  FIRN_TRY(auto table, parts_.lake->Load(ident_));
  if (SnapshotOfRun(table, shared_.run_id)) return table;
  return committed;
}

Result<void> ObjectRun::Commit() {
  FIRN_TRY(const auto files, SumUpFiles());
  FIRN_TRY(auto table, parts_.lake->Load(ident_));
  auto snapshot = SnapshotOfRun(table, shared_.run_id);
  if (snapshot) {
    Note("found the snapshot of this run, which had not been recorded");
  } else {
    FIRN_CHECK(RefuseIfReplaced(table));
    FIRN_FAULT_POINT("exports.commit.before");
    FIRN_TRY(table, CommitFiles(files));
    FIRN_FAULT_POINT("exports.commit.after");
    snapshot = SnapshotOfRun(table, shared_.run_id);
    if (!snapshot) {
      return Fail(Error(Kind::kInternal, "EXPORT-COMMIT-002",
                        "the committed snapshot does not carry this run's id")
                      .At(ident_.Text()));
    }
  }
  row_.snapshot_id = snapshot->snapshot_id;
  if (parts_.checkpoints != nullptr) {
    FIRN_CHECK(parts_.checkpoints->Set({.org = parts_.org,
                                        .stream = "export/" + row_.object,
                                        .value = facts_.watermark,
                                        .run_id = shared_.run_id,
                                        .set = patient_.clock->Now()}));
    FIRN_CHECK(parts_.checkpoints->Set({.org = parts_.org,
                                        .stream = "progress/" + row_.object,
                                        .value = ProgressText(),
                                        .run_id = shared_.run_id,
                                        .set = patient_.clock->Now()}));
  }
  FIRN_CHECK(KeepDefinitions(Definitions(), row_.describe));
  FIRN_CHECK(NoteBack(parts_.shared, parts_.org_id, row_.object));
  FIRN_CHECK(SaveState(state::ObjectState::kCommitted));
  FIRN_FAULT_POINT("exports.commit.recorded");
  if (parts_.metrics != nullptr) {
    const Labels labels = {{"org", parts_.org}, {"pattern", "exports"}};
    parts_.metrics->GetCounter("rows_in_total", labels, "rows received").Add(facts_.rows_received);
    parts_.metrics->GetCounter("rows_out_total", labels, "rows written").Add(facts_.rows_written);
    parts_.metrics->GetCounter("rows_rejected_total", labels, "rows rejected")
        .Add(facts_.rows_rejected);
  }
  return {};
}

std::optional<int64_t> ObjectRun::CountRows(const std::string& condition, bool all_rows) {
  std::string soql = "SELECT COUNT() FROM " + row_.object;
  if (!condition.empty()) {
    soql += " WHERE " + condition;
  } else if (!facts_.spec.where.empty()) {
    soql += " WHERE " + facts_.spec.where;
  }
  auto count = parts_.rest->Count(patient_, soql, all_rows);
  if (count) return *count;
  Warn("the org's count is not available: " + count.error().what());
  return std::nullopt;
}

int64_t ObjectRun::CountHardDeletes(UtcMicros since) {
  // The window must be longer than a minute (REST API Developer Guide, "sObject Get Deleted").
  const UtcMicros now = patient_.clock->Now();
  auto deleted = parts_.rest->Deleted(
      patient_, row_.object, {since - std::chrono::minutes(2), now + std::chrono::minutes(1)});
  if (!deleted) return 0;
  int64_t count = 0;
  for (const salesforce::DeletedId& record : deleted->records) {
    const auto when = ParseInstant(record.deleted_date);
    if (when && *when >= since) ++count;
  }
  return count;
}

void ObjectRun::CountChanges() {
  const auto watermark = ParseInstant(facts_.watermark);
  std::string stamp;
  for (const char* field : {"SystemModstamp", "LastModifiedDate", "CreatedDate"}) {
    if (stamp.empty() &&
        row_.describe.find("\"" + std::string(field) + "\"") != std::string::npos) {
      stamp = field;
    }
  }
  if (!watermark || stamp.empty()) return;
  // Stamps of records are whole seconds, cut: a change just after the job may carry an earlier one.
  const UtcMicros since = std::chrono::floor<std::chrono::seconds>(*watermark);
  const std::string in_run = stamp + " >= " + FormatUtc(since);
  const int64_t difference = *facts_.count_after - facts_.rows_received;
  // A row that left the condition is only seen without it.
  const std::string& where = facts_.spec.where;
  facts_.changed_in_run =
      CountRows(difference > 0 && !where.empty() ? "(" + where + ") AND " + in_run : in_run,
                facts_.spec.all_rows);
  if (row_.describe.find("\"IsDeleted\"") != std::string::npos) {
    facts_.deleted_in_run = CountRows("IsDeleted = true AND " + in_run, true);
  }
  if (difference < 0 && facts_.deleted_in_run.value_or(0) < -difference) {
    facts_.deleted_in_run = std::max(facts_.deleted_in_run.value_or(0), CountHardDeletes(since));
  }
}

Result<void> ObjectRun::ReportOrphans() {
  constexpr size_t kNamed = 3;
  FIRN_TRY(const auto table, parts_.lake->Load(ident_));
  FIRN_TRY(const auto orphans, lake::OrphanFiles(patient_, table));
  if (orphans.empty()) return {};
  std::string names;
  for (size_t i = 0; i < std::min(orphans.size(), kNamed); ++i) names += " " + orphans[i].uri;
  Warn(std::to_string(orphans.size()) + " files of the table belong to no snapshot:" + names);
  return {};
}

Result<void> ObjectRun::Reconcile() {
  FIRN_FAULT_POINT("exports.reconcile.before");
  FIRN_CHECK(call_.Check());
  FIRN_CHECK(SumUpFiles());
  FIRN_TRY(const auto checked, VerifyObject(patient_, *parts_.lake, *parts_.ledger, parts_.org,
                                            shared_.run_id, row_, facts_, shared_.options.verify));
  facts_.rows_in_files = checked.rows_in_files;
  facts_.verified = checked.hashes_compared ? "full" : "counts";
  FIRN_CHECK(ReportOrphans());
  facts_.count_after = CountRows("", facts_.spec.all_rows);
  if (NeedsChangeCounts(facts_)) CountChanges();
  auto judgement = Judge(facts_, {checked.problems});
  facts_.verdict = judgement.verdict;
  facts_.findings = std::move(judgement.findings);
  FIRN_CHECK(SaveState(state::ObjectState::kDone));
  FIRN_FAULT_POINT("exports.reconcile.after");
  log::Info("object exported", {{"org", parts_.org},
                                {"object", row_.object},
                                {"run", shared_.run_id},
                                {"rows", facts_.rows_written},
                                {"rejected", facts_.rows_rejected},
                                {"verdict", VerdictName(facts_.verdict)}});
  return {};
}

}  // namespace firn::exports
