#include "patterns/exports/object/run.h"

#include <algorithm>

#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "core/base/time_text.h"
#include "patterns/exports/leftovers.h"
#include "patterns/exports/names.h"
#include "patterns/exports/object/staged_read.h"

namespace firn::exports {
namespace {

// Jobs found by listing count as ours when they were made after this much before we asked: the
// org's clock is not ours.
constexpr std::chrono::minutes kClockSkewMost{5};
constexpr int kJobListPagesMax = 20;
// A window of so many rows takes a few REST calls: fewer than a job and its polls.
constexpr int64_t kRestRowsMost = 10'000;
constexpr int kRunsLookedThrough = 200;  // newest first, for jobs that belong to them
constexpr int kPlansMax = 2;  // of one object in one run: fields may change once under it

// The org has answered that it makes no job; of any other failure it may have made one.
bool WasRefused(const Error& error) {
  switch (error.kind()) {
    case Kind::kBadInput:
    case Kind::kDenied:
    case Kind::kExpired:
    case Kind::kLimitReached:
    case Kind::kNotFound:
    case Kind::kUnsupported:
      return true;
    default:
      return false;
  }
}

}  // namespace

void LanePool::TakeOne(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  ++waiting_;
  returned_.wait(lock, stop, [this] { return free_ > 0; });
  --waiting_;
  --free_;
}

int LanePool::TakeSpare(int most) {
  std::lock_guard lock(mutex_);
  if (waiting_ > 0) return 0;
  const int taken = std::clamp(most, 0, std::max(free_, 0));
  free_ -= taken;
  return taken;
}

void LanePool::Return(int lanes) {
  std::lock_guard lock(mutex_);
  free_ += lanes;
  returned_.notify_all();
}

ObjectRun::ObjectRun(RunShared& shared, state::ObjectRow row, ObjectFacts facts)
    : shared_(shared), parts_(shared.parts), row_(std::move(row)), facts_(std::move(facts)) {}

Result<void> ObjectRun::Run(const Call& call) {
  Span span(parts_.spans, call,
            {.name = "export object",
             .attributes = {{"firn.org", parts_.org},
                            {"firn.object", row_.object},
                            {"firn.table", facts_.spec.table},
                            {"firn.run", shared_.run_id}}});
  call_ = patient_ = span.call();
  call_.stop = shared_.soft.get_token();
  patient_.stop = shared_.hard.get_token();
  if (facts_.started.empty()) facts_.started = FormatUtc(call.clock->Now());
  facts_.error.clear();
  facts_.error_code.clear();
  auto done = RunSteps();
  facts_.finished = FormatUtc(call.clock->Now());
  span.Conclude(done);
  Tell(span);
  if (done) return Save();
  facts_.error_code = done.error().code();
  facts_.error = done.error().OneLine();
  // What is durable counts in the report of a run that stopped.
  if (row_.state == state::ObjectState::kFetching) (void)SumUpFiles();
  // The first error is the one to tell; the ledger may be what failed.
  (void)Save();
  return Fail(std::move(done).error().Doing("exporting " + row_.object));
}

Result<void> ObjectRun::LeaveOut(const Call& call, const LeftOut& why) {
  call_ = patient_ = call;
  // The table was made for rows that did not come: an empty one would be taken for an empty object.
  const auto table = parts_.lake->Load(ident_);
  const bool has_rows = table && table->current_snapshot();
  if (table && !has_rows && table->properties().contains("firn.object")) {
    FIRN_CHECK(parts_.lake->Drop(ident_));
  }
  // What came before and comes no more is missed, whatever is documented.
  facts_.verdict = why.documented && !has_rows ? Verdict::kLeftOut : Verdict::kMissing;
  facts_.findings = {why.Text()};
  return SaveState(state::ObjectState::kDone);
}

// Counts and ids alone; what an object holds is nobody's business there.
void ObjectRun::Tell(Span& span) const {
  span.Set("firn.method", std::string(MethodName(facts_.method)));
  if (!row_.job_id.empty()) span.Set("salesforce.job_id", row_.job_id);
  span.Set("firn.rows_in", facts_.rows_received);
  span.Set("firn.rows_out", facts_.rows_written);
  span.Set("firn.rows_rejected", facts_.rows_rejected);
  if (facts_.error_code.empty()) span.Set("firn.verdict", std::string(VerdictName(facts_.verdict)));
}

Result<void> ObjectRun::Traced(const char* name, Result<void> (ObjectRun::*step)()) {
  Span span(parts_.spans, patient_, {.name = name, .attributes = {{"firn.object", row_.object}}});
  const TraceContext outer = patient_.trace;
  call_.trace = patient_.trace = span.call().trace;
  Result<void> done = (this->*step)();
  call_.trace = patient_.trace = outer;
  span.Conclude(done);
  return done;
}

Result<void> ObjectRun::RunSteps() {
  FIRN_TRY(ident_, lake::ParseTableIdent(facts_.spec.table));
  FIRN_CHECK(TakeLease());
  FIRN_CHECK(RunOnce());
  while (HasMoreWindows()) {
    FIRN_CHECK(NextWindow());
    FIRN_CHECK(RunOnce());
  }
  return {};
}

Result<void> ObjectRun::RunOnce() {
  for (;;) {
    const auto fetched = [this]() -> Result<void> {
      const bool planned = row_.state == state::ObjectState::kPlanned;
      FIRN_CHECK(planned ? Traced("describe", &ObjectRun::Describe) : RestoreLayout());
      if (row_.state == state::ObjectState::kDescribed) {
        FIRN_CHECK(Traced("create job", &ObjectRun::StartJob));
      }
      if (row_.state == state::ObjectState::kFetching) {
        if (facts_.method == Method::kBulk) {
          FIRN_CHECK(Traced("wait for job", &ObjectRun::WaitForJob));
        }
        FIRN_CHECK(Traced("fetch pages", &ObjectRun::Fetch));
      }
      return {};
    }();
    if (fetched) break;
    FIRN_TRY(const bool again, PlanAgain(fetched.error()));
    if (!again) return fetched;
  }
  FIRN_CHECK(call_.Check());
  if (row_.state == state::ObjectState::kFetched) {
    if (facts_.spec.fetch_blobs) FIRN_CHECK(Traced("fetch blobs", &ObjectRun::FetchBlobs));
    FIRN_CHECK(IsWindow() ? Traced("commit merge", &ObjectRun::MergeFetched)
                          : Traced("commit", &ObjectRun::Commit));
  }
  if (row_.state == state::ObjectState::kCommitted) {
    FIRN_CHECK(
        Traced("reconcile", IsWindow() ? &ObjectRun::ReconcileWindow : &ObjectRun::Reconcile));
  }
  return {};
}

Result<bool> ObjectRun::PlanAgain(const Error& error) {
  const bool job_gone = error.code() == "SF-BULK-004";
  const bool fields_differ = error.code() == "LAKE-PAGE-004" || error.code() == "SF-BULK-001" ||
                             error.code() == "SF-BULK-003" || error.code() == "SF-REST-001";
  if (facts_.replans + 1 >= kPlansMax || (!job_gone && !fields_differ)) return false;
  if (fields_differ) {
    FIRN_TRY(const auto now, parts_.rest->Describe(patient_, row_.object));
    if (now.json == row_.describe) return false;
  }
  ++facts_.replans;
  FIRN_CHECK(StartOver(job_gone ? "its job is gone from the org"
                                : "its fields changed while it was being read"));
  return true;
}

Result<void> ObjectRun::StartOver(const std::string& why) {
  Warn("started over: " + why);
  FIRN_CHECK(parts_.ledger->RestartObject(parts_.org, shared_.run_id, row_.object));
  if (!data_folder_.empty()) FIRN_CHECK(ClearLeftovers({}));
  if (!facts_.rejects_path.empty()) FIRN_CHECK(RemoveFile(facts_.rejects_path));
  ObjectFacts fresh;
  fresh.spec = facts_.spec;
  fresh.started = facts_.started;
  fresh.attempt = facts_.attempt;
  fresh.replans = facts_.replans;
  fresh.epoch = facts_.epoch;
  fresh.warnings = facts_.warnings;
  fresh.incremental.done = facts_.incremental.done;
  facts_ = std::move(fresh);
  row_.job_id.clear();
  row_.describe.clear();
  return SaveState(state::ObjectState::kPlanned);
}

Result<record::Layout> ObjectRun::LayoutOf(const lake::Table* table) const {
  return LayoutFor({.spec = facts_.spec,
                    .describe = row_.describe,
                    .api_version = parts_.api_version,
                    .key_prefixes = shared_.key_prefixes,
                    .table = table});
}

Result<void> ObjectRun::Describe() {
  FIRN_CHECK(call_.Check());
  FIRN_TRY(auto description, parts_.rest->Describe(patient_, row_.object));
  row_.describe = std::move(description.json);
  FIRN_FAULT_POINT("exports.object.described");
  FIRN_CHECK(MakeTableAndLayout());
  FIRN_FAULT_POINT("exports.table.ready");
  for (const std::string& warning : UnfittingNames(facts_.spec, row_.describe)) Warn(warning);
  for (const std::string& warning : layout_.warnings) Warn(warning);
  const auto unfilled = SplitUnfilled(facts_.vanished_fields, row_.describe);
  if (!unfilled.left_out.empty()) Warn(LeftOutWarning(unfilled.left_out, facts_.spec.mode));
  for (const std::string& field : unfilled.vanished) {
    Warn("field " + field + " is hidden from this user or was deleted since the last run");
  }
  if (facts_.spec.mode == ExportMode::kIncremental) FIRN_CHECK(ChooseWindow());
  if (row_.state == state::ObjectState::kDone) return Save();
  facts_.layout_mark = SchemaMark(layout_.schema);
  facts_.soql = layout_.Soql();
  if (!Condition().empty()) facts_.soql += " WHERE " + Condition();
  return SaveState(IsWindow() && WindowIsEmpty() ? state::ObjectState::kFetched
                                                 : state::ObjectState::kDescribed);
}

Result<void> ObjectRun::MakeTableAndLayout() {
  auto table = parts_.lake->Load(ident_);
  if (!table && table.error().kind() == Kind::kNotFound) {
    FIRN_TRY(layout_, LayoutOf(nullptr));
    FIRN_CHECK(parts_.lake->CreateNamespace(ident_.ns));
    table = parts_.lake->Create(patient_, ident_, layout_.schema,
                                {{"firn.object", row_.object}, {"firn.org", parts_.org_id}});
  }
  if (!table) return Fail(std::move(table).error());
  FIRN_TRY(layout_, LayoutOf(&*table));
  return CompareWithTable(*table);
}

Result<void> ObjectRun::CompareWithTable(const lake::Table& table) {
  data_folder_ = table.location() + "/data";
  table_schema_ = layout_.schema;
  table_shape_ = table.shape();
  facts_.new_fields.clear();
  for (const record::Field& field : layout_.schema.fields) {
    if (table.schema().Find(field.name) == nullptr) facts_.new_fields.push_back(field.name);
  }
  const UnfilledColumns unfilled = CompareColumns(table.schema(), layout_.schema);
  facts_.vanished_fields = unfilled.vanished;
  // A field that is hidden today may come back tomorrow: its column stays, empty.
  for (record::Field field : table.schema().fields) {
    if (layout_.schema.Find(field.name) != nullptr) continue;
    field.required = false;
    table_schema_.fields.push_back(std::move(field));
  }
  table_schema_differs_ = table_schema_.fields != table.schema().fields;
  return {};
}

Result<void> ObjectRun::RestoreLayout() {
  FIRN_TRY(const auto table, parts_.lake->Load(ident_));
  if (row_.state >= state::ObjectState::kCommitted) {
    // The commit made the layout current: what is left only reads.
    FIRN_TRY(layout_, LayoutOf(&table));
    data_folder_ = table.location() + "/data";
    return {};
  }
  FIRN_TRY(layout_, LayoutOf(&table));
  const auto vanished = facts_.vanished_fields;
  const auto added = facts_.new_fields;
  FIRN_CHECK(CompareWithTable(table));
  if (SchemaMark(layout_.schema) != facts_.layout_mark) {
    for (const lake::SnapshotInfo& snapshot : table.history()) {
      const auto run = snapshot.summary.find("firn.run-id");
      // Committed by us, and not yet recorded: Commit() finds it again.
      if (run != snapshot.summary.end() && run->second == shared_.run_id) {
        facts_.vanished_fields = vanished;
        facts_.new_fields = added;
        return {};
      }
    }
    FIRN_CHECK(StartOver("the table's schema changed since it was stopped"));
    return Describe();
  }
  return {};
}

Result<void> ObjectRun::StartJob() {
  FIRN_CHECK(call_.Check());
  if (!facts_.create_sent.empty()) {
    FIRN_TRY(const bool found, FindLostJob());
    if (found) return {};
  }
  if (IsWindow()) {
    FIRN_CHECK(ListDeletes());
  } else {
    facts_.count_before = CountRows("", facts_.spec.all_rows);
  }
  facts_.create_sent = FormatUtc(patient_.clock->Now());
  FIRN_CHECK(Save());
  if (IsWindow() && facts_.count_before.value_or(kRestRowsMost + 1) <= kRestRowsMost) {
    return UseRest("the window holds few rows");
  }
  auto job = parts_.bulk->Create(
      patient_, {.soql = facts_.soql, .all_rows = AsksAllRows(), .object = row_.object});
  const bool to_rest =
      !job && (job.error().kind() == Kind::kUnsupported || (IsWindow() && RestCanDo(job.error())));
  if (to_rest) return UseRest(job.error().what());
  if (!job) {
    if (WasRefused(job.error())) {  // there is no job to look for when the run goes on
      facts_.create_sent.clear();
      FIRN_CHECK(Save());
    }
    return Fail(std::move(job).error());
  }
  FIRN_FAULT_POINT("exports.job.created");
  row_.job_id = job->id;
  if (!IsWindow()) facts_.watermark = job->created_date;
  FIRN_CHECK(SaveState(state::ObjectState::kFetching));
  FIRN_FAULT_POINT("exports.job.recorded");
  return {};
}

Result<void> ObjectRun::UseRest(const std::string& why) {
  Note("read by REST: " + why);
  facts_.method = Method::kRest;
  if (!IsWindow()) {
    // Before the first row is read; ours only where the org tells no time.
    const auto now = parts_.rest->OrgTime(patient_);
    facts_.watermark = now ? FormatUtc(*now) : facts_.create_sent;
  }
  return SaveState(state::ObjectState::kFetching);
}

Result<std::set<std::string>> ObjectRun::JobsOfOtherRuns() const {
  std::set<std::string> jobs;
  FIRN_TRY(const auto runs, parts_.ledger->Runs(parts_.org, kRunsLookedThrough));
  for (const state::RunRow& run : runs) {
    if (run.run_id == shared_.run_id) continue;
    FIRN_TRY(const auto objects, parts_.ledger->Objects(parts_.org, run.run_id));
    for (const state::ObjectRow& object : objects) jobs.insert(object.job_id);
  }
  return jobs;
}

// The list of jobs does not tell their queries: what another run has taken must not be taken for
// ours, whose condition may differ.
Result<bool> ObjectRun::FindLostJob() {
  FIRN_TRY(const UtcMicros sent, ParseInstant(facts_.create_sent));
  FIRN_TRY(const auto others, JobsOfOtherRuns());
  std::vector<salesforce::Job> found;
  std::string next;
  for (int page = 0; page < kJobListPagesMax; ++page) {
    FIRN_TRY(auto jobs, parts_.bulk->List(patient_, next));
    for (salesforce::Job& job : jobs.jobs) {
      const auto created = ParseInstant(job.created_date);
      const bool ours = job.object == row_.object && created && *created >= sent - kClockSkewMost &&
                        (job.operation == "queryAll") == AsksAllRows() &&
                        (job.query.empty() || job.query == facts_.soql) &&
                        !others.contains(job.id) && job.state != salesforce::JobState::kAborted &&
                        job.state != salesforce::JobState::kFailed;
      if (ours) found.push_back(std::move(job));
    }
    if (jobs.done || jobs.next.empty()) break;
    next = jobs.next;
  }
  if (found.size() > 1) {
    // Two jobs in one window: the last one made is the one whose answer was lost.
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.created_date < b.created_date; });
    found.erase(found.begin(), found.end() - 1);
  }
  if (found.empty()) return false;
  Note("found job " + found.front().id + " again, which had not been recorded");
  row_.job_id = found.front().id;
  if (!IsWindow()) facts_.watermark = found.front().created_date;
  FIRN_CHECK(SaveState(state::ObjectState::kFetching));
  return true;
}

Result<void> ObjectRun::WaitForJob() {
  auto job = parts_.bulk->Wait(call_, row_.job_id, {});
  if (!job && job.error().kind() == Kind::kUnsupported) return UseRest(job.error().what());
  if (!job) return Fail(std::move(job).error());
  if (facts_.rows_reported < 0) shared_.rows_total += job->records_processed;
  facts_.rows_reported = job->records_processed;
  return Save();
}

Result<void> ObjectRun::TakeLease() {
  if (parts_.leases == nullptr) return {};
  FIRN_TRY(const auto held, parts_.leases->Acquire(Terms()));
  facts_.epoch = held.epoch;
  return {};
}

state::LeaseTerms ObjectRun::Terms() const {
  return {.org = parts_.org, .task = "export " + facts_.spec.table, .holder = parts_.lease_holder};
}

Result<void> ObjectRun::Save() {
  std::lock_guard lock(facts_mutex_);
  row_.facts = FactsToJson(facts_);
  return parts_.ledger->SaveObject(parts_.org, shared_.run_id, row_);
}

Result<void> ObjectRun::SaveState(state::ObjectState state) {
  row_.state = state;
  return Save();
}

void ObjectRun::Note(const std::string& text) {
  if (parts_.observer != nullptr) parts_.observer->Note(row_.object, text);
}

void ObjectRun::Warn(const std::string& text) {
  Note(text);
  std::lock_guard lock(facts_mutex_);
  if (std::find(facts_.warnings.begin(), facts_.warnings.end(), text) == facts_.warnings.end()) {
    facts_.warnings.push_back(text);
  }
}

}  // namespace firn::exports
