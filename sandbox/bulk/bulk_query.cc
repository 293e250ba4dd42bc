#include "sandbox/bulk/bulk_query.h"

#include <array>
#include <cstring>

#include "core/base/file.h"
#include "core/base/log.h"
#include "sandbox/api_error.h"

namespace firn::sandbox {
namespace {

constexpr std::array<std::pair<std::string_view, char>, 6> kDelimiters{{{"BACKQUOTE", '`'},
                                                                        {"CARET", '^'},
                                                                        {"COMMA", ','},
                                                                        {"PIPE", '|'},
                                                                        {"SEMICOLON", ';'},
                                                                        {"TAB", '\t'}}};

std::string MarksBlob(const std::vector<uint64_t>& marks) {
  return {reinterpret_cast<const char*>(marks.data()), marks.size() * sizeof(uint64_t)};
}

std::vector<uint64_t> MarksOf(std::string_view blob) {
  std::vector<uint64_t> marks(blob.size() / sizeof(uint64_t));
  if (!marks.empty()) std::memcpy(marks.data(), blob.data(), marks.size() * sizeof(uint64_t));
  return marks;
}

UtcMicros FromMicros(int64_t micros) { return UtcMicros(std::chrono::microseconds(micros)); }
int64_t Micros(UtcMicros time) { return time.time_since_epoch().count(); }

}  // namespace

Result<std::unique_ptr<BulkQueryJobs>> BulkQueryJobs::Open(const Options& options,
                                                           const Parts& parts) {
  FIRN_CHECK(MakeFolders(options.folder + "/results", 0700));
  std::unique_ptr<BulkQueryJobs> jobs(new BulkQueryJobs(options, parts));
  FIRN_CHECK(jobs->Load());
  FIRN_CHECK(jobs->DropOld());
  for (int i = 0; i < options.threads; ++i) {
    jobs->workers_.emplace_back(
        [raw = jobs.get()](const std::stop_token& stop) { raw->Work(stop); });
  }
  return jobs;
}

BulkQueryJobs::~BulkQueryJobs() {
  for (std::jthread& worker : workers_) worker.request_stop();
  table_.WakeAll();
}

Result<void> BulkQueryJobs::Load() {
  const ApiDb::Locked locked = parts_.db.Lock();
  FIRN_TRY(Statement all,
           locked.db.Prepare(
               "SELECT number, id, operation, object, query, delimiter, line_ending, api_version,"
               " user_id, created_us, modified_us, state, rows, took_ms, error, header, bytes,"
               " marks FROM query_job ORDER BY number"));
  while (true) {
    FIRN_TRY(const bool more, all.Step());
    if (!more) return {};
    BulkQueryJob job;
    job.number = all.Int(0);
    job.id = all.Text(1);
    job.operation = all.Text(2);
    job.object = all.Text(3);
    job.query = all.Text(4);
    job.delimiter = all.Text(5);
    job.line_ending = all.Text(6);
    job.api_version = static_cast<int>(all.Int(7));
    job.user_id = all.Text(8);
    job.created = FromMicros(all.Int(9));
    job.modified = FromMicros(all.Int(10));
    job.state = all.Text(11);
    job.rows = static_cast<uint64_t>(all.Int(12));
    job.took_ms = all.Int(13);
    job.error = all.Text(14);
    job.header = all.Text(15);
    job.index.rows = job.rows;
    job.index.bytes = static_cast<uint64_t>(all.Int(16));
    job.index.marks = MarksOf(all.Blob(17));
    const bool waits = !IsEndState(job.state);
    table_.Restore(std::move(job), waits);
  }
}

Result<void> BulkQueryJobs::Save(const BulkQueryJob& job) {
  const ApiDb::Locked locked = parts_.db.Lock();
  FIRN_TRY(
      Statement put,
      locked.db.Prepare("INSERT OR REPLACE INTO query_job(number, id, operation, object, query,"
                        " delimiter, line_ending, api_version, user_id, created_us,"
                        " modified_us, state, rows, retries, took_ms, error, header, bytes,"
                        " marks) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,0,?,?,?,?,?)"));
  put.Bind(1, job.number).Bind(2, job.id).Bind(3, job.operation).Bind(4, job.object);
  put.Bind(5, job.query).Bind(6, job.delimiter).Bind(7, job.line_ending);
  put.Bind(8, int64_t{job.api_version}).Bind(9, job.user_id).Bind(10, Micros(job.created));
  put.Bind(11, Micros(job.modified)).Bind(12, job.state);
  put.Bind(13, static_cast<int64_t>(job.rows)).Bind(14, job.took_ms).Bind(15, job.error);
  put.Bind(16, job.header).Bind(17, static_cast<int64_t>(job.index.bytes));
  put.BindBlob(18, MarksBlob(job.index.marks));
  return put.Run();
}

Result<BulkQueryJob> BulkQueryJobs::Create(BulkQueryJob job) {
  {
    const auto catalogue = parts_.org.CatalogueFor(job.user_id);
    if (auto refusal = BulkRefusal(job.query, *catalogue)) return Fail(*std::move(refusal));
  }
  const QueryOptions query{.all_rows = job.operation == "queryAll",
                           .api_version = job.api_version,
                           .see_hidden = false,
                           .user_id = job.user_id};
  FIRN_TRY(const auto cursor, parts_.org.Query(job.query, query));
  job.object = cursor->object().name;
  const int64_t max = parts_.usage.limits().bulk_query_jobs;
  if (parts_.usage.Used(Allotment::kBulkQueryJobs) >= max) {
    return Fail(ApiError(400, "LIMIT_EXCEEDED",
                         "Max bulk v2 query jobs (" + std::to_string(max) +
                             ") per 24 hrs has been reached for the org."));
  }
  parts_.usage.Add(Allotment::kBulkQueryJobs, 1);
  job.created = parts_.clock.Now();
  job.modified = job.created;
  Table::EntryPtr entry = table_.Add(job);
  FIRN_CHECK(Save(job));
  table_.Queue(std::move(entry));
  return job;
}

Result<BulkQueryJob> BulkQueryJobs::Abort(std::string_view id) {
  FIRN_TRY(const BulkQueryJob job, table_.Abort(id, parts_.clock.Now()));
  FIRN_CHECK(Save(job));
  return job;
}

Result<void> BulkQueryJobs::Forget(const BulkQueryJob& job) {
  FIRN_CHECK(RemoveFile(ResultPath(job)));
  const ApiDb::Locked locked = parts_.db.Lock();
  FIRN_TRY(Statement drop, locked.db.Prepare("DELETE FROM query_job WHERE number = ?"));
  drop.Bind(1, job.number);
  return drop.Run();
}

Result<void> BulkQueryJobs::Delete(std::string_view id) {
  FIRN_TRY(const BulkQueryJob job, table_.Remove(id));
  return Forget(job);
}

Result<void> BulkQueryJobs::DropOld() {
  for (const BulkQueryJob& job : table_.RemoveEndedBefore(parts_.clock.Now() - options_.kept)) {
    FIRN_CHECK(Forget(job));
  }
  return {};
}

CsvOptions BulkQueryJobs::CsvOf(const BulkQueryJob& job) {
  CsvOptions csv;
  csv.crlf = job.line_ending == "CRLF";
  for (const auto& [name, delimiter] : kDelimiters) {
    if (name == job.delimiter) csv.delimiter = delimiter;
  }
  return csv;
}

void BulkQueryJobs::Work(const std::stop_token& stop) {
  while (const Table::EntryPtr entry = table_.Next(stop, parts_.clock)) Run(*entry, stop);
}

void BulkQueryJobs::Run(Table::Entry& entry, const std::stop_token& stop) {
  BulkQueryJob job;
  {
    std::lock_guard lock(table_.mutex());
    job = entry.job;
  }
  const SteadyTime start = parts_.clock.Steady();
  Result<void> done = Save(job);
  if (done) done = Materialise(job, entry.abort, stop);
  if (options_.job_time_min.count() > 0) {
    parts_.clock.SleepUntil(start + options_.job_time_min, stop);
  }
  if (stop.stop_requested()) return;  // runs again at the next start
  job.took_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(parts_.clock.Steady() - start).count();
  job.state = done ? "JobComplete" : "Failed";
  if (!done) {
    const ApiErrorParts error = PartsOf(done.error());
    job.error = error.code + " : " + error.message;
  }
  {
    std::lock_guard lock(table_.mutex());
    if (entry.abort) {
      job = entry.job;  // the client's word came between: it stands, also in api.db
    } else {
      job.modified = parts_.clock.Now();
      entry.job = job;
    }
  }
  if (job.state == "Aborted") static_cast<void>(RemoveFile(ResultPath(job)));
  if (auto saved = Save(job); !saved) {
    log::Err("sandbox_job_not_saved", {{"job", job.id}, {"error", saved.error().OneLine()}});
  }
}

Result<void> BulkQueryJobs::Materialise(BulkQueryJob& job, const std::atomic<bool>& abort,
                                        const std::stop_token& stop) {
  const QueryOptions query{.all_rows = job.operation == "queryAll",
                           .api_version = job.api_version,
                           .see_hidden = false,
                           .user_id = job.user_id};
  FIRN_TRY(const auto cursor, parts_.org.Query(job.query, query));
  const CsvOptions csv = CsvOf(job);
  job.header.clear();
  AppendCsvHeader(*cursor, csv, job.header);
  FIRN_TRY(job.index, WriteCsvFile(*cursor, csv, ResultPath(job),
                                   [&](uint64_t) { return !abort && !stop.stop_requested(); }));
  job.rows = job.index.rows;
  return {};
}

}  // namespace firn::sandbox
