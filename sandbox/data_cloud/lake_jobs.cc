#include "sandbox/data_cloud/lake_jobs.h"

#include <algorithm>

#include "core/base/file.h"
#include "core/base/log.h"
#include "sandbox/api_error.h"
#include "sandbox/data_cloud/lake_run.h"

namespace firn::sandbox {
namespace {

constexpr size_t kPieceBytes = 1 << 20;
constexpr const char* kPartSuffix = ".part";
constexpr auto kKept = std::chrono::hours(7 * 24);
constexpr auto kHour = std::chrono::hours(1);

tl::unexpected<Error> Refuse(int status, const char* code, const std::string& message) {
  return Fail(ApiError(status, code, message));
}

}  // namespace

Result<std::unique_ptr<LakeJobs>> LakeJobs::Open(LakeStore& store, SandboxClock& clock,
                                                 Random& random) {
  std::unique_ptr<LakeJobs> jobs(new LakeJobs(store, clock, random));
  FIRN_CHECK(jobs->Load());
  FIRN_CHECK(jobs->DropOld());
  jobs->worker_ =
      std::jthread([raw = jobs.get()](const std::stop_token& stop) { raw->Work(stop); });
  return jobs;
}

LakeJobs::~LakeJobs() {
  worker_.request_stop();
  wake_.notify_all();
}

Result<void> LakeJobs::Load() {
  FIRN_TRY(const auto names, ListFolder(store_.folder()));
  for (const std::string& name : names) {
    // Of an upload that never became one of its job's files.
    if (name.ends_with(kPartSuffix)) FIRN_CHECK(RemoveFile(store_.folder() + "/" + name));
  }
  FIRN_TRY(const auto bodies, store_.Jobs());
  for (const std::string& body : bodies) {
    auto entry = std::make_shared<Entry>();
    FIRN_TRY(entry->job, LakeJobOf(body));
    last_number_ = std::max(last_number_, entry->job.number);
    if (entry->job.created > clock_.Now() - kHour) created_.push_back(entry->job.created);
    const std::string& state = entry->job.state;
    if (state == "UploadComplete" || state == "InProgress") waiting_.push_back(entry);
    jobs_.push_back(std::move(entry));
  }
  return {};
}

Result<LakeJobs::EntryPtr> LakeJobs::FindLocked(std::string_view id) const {
  for (const EntryPtr& entry : jobs_) {
    if (entry->job.id == id) return entry;
  }
  return Refuse(404, "Not Found", "There is no job with this id");
}

Result<void> LakeJobs::CheckCreateLocked(const LakeJob& job) const {
  if (!store_.Find(job.source, job.object)) {
    return Refuse(404, "Not Found",
                  "There is no object " + job.object + " in the connector " + job.source);
  }
  int64_t open = 0;
  for (const EntryPtr& entry : jobs_) {
    if (entry->job.ended()) continue;
    ++open;
    if (entry->job.source == job.source && entry->job.object == job.object) {
      return Refuse(409, "Conflict",
                    "Job " + entry->job.id + " of object " + job.object + " is in state " +
                        entry->job.state + ": an object has one job at a time");
    }
  }
  if (open >= limits_.jobs_at_once) {
    return Refuse(429, "Too Many Requests", "Too many jobs have not ended yet");
  }
  if (static_cast<int64_t>(created_.size()) >= limits_.jobs_per_hour) {
    return Refuse(429, "Too Many Requests", "Too many jobs were created within an hour");
  }
  return {};
}

Result<LakeJob> LakeJobs::Create(LakeJob job) {
  const std::lock_guard lock(mutex_);
  job.created = clock_.Now();
  job.modified = job.created;
  while (!created_.empty() && created_.front() <= job.created - kHour) created_.pop_front();
  FIRN_CHECK(CheckCreateLocked(job));
  job.number = ++last_number_;
  job.id = NewUuid(random_);
  FIRN_CHECK(store_.SaveJob(job.number, ToText(job)));
  created_.push_back(job.created);
  auto entry = std::make_shared<Entry>();
  entry->job = job;
  jobs_.push_back(std::move(entry));
  return job;
}

Result<LakeJob> LakeJobs::Get(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(const EntryPtr entry, FindLocked(id));
  return entry->job;
}

std::vector<LakeJob> LakeJobs::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<LakeJob> all;
  all.reserve(jobs_.size());
  for (const EntryPtr& entry : jobs_) all.push_back(entry->job);
  return all;
}

std::string LakeJobs::PathOf(const LakeJob& job, int64_t file) const {
  return store_.folder() + "/" + job.id + "." + std::to_string(file) + ".csv";
}

Result<void> LakeJobs::Receive(const std::string& path, net::BodyStream& data) {
  FIRN_TRY(auto file, FileWriter::Create(path, 0600));
  for (;;) {
    FIRN_TRY(const std::string piece, data.Read(kPieceBytes));
    if (piece.empty()) break;
    if (file->bytes_written() + piece.size() > kFileBytesMax) {
      return Refuse(413, "Payload Too Large", "A file may have 150 MB at most");
    }
    FIRN_CHECK(file->Append(piece));
  }
  return file->Commit();
}

Result<void> LakeJobs::Upload(std::string_view id, net::BodyStream& data) {
  EntryPtr entry;
  std::string path;
  {
    const std::lock_guard lock(mutex_);
    FIRN_TRY(entry, FindLocked(id));
    if (entry->job.state != "Open") {
      return Refuse(409, "Conflict", "The job is in state " + entry->job.state + ", not Open");
    }
    if (entry->job.files + entry->uploading >= kFilesMax) {
      return Refuse(400, "Bad Request", "A job may have 100 files at most");
    }
    ++entry->uploading;
    // Not yet one of the job's files: its place is decided once it is whole.
    path = store_.folder() + "/" + NewUuid(random_) + kPartSuffix;
  }
  const auto received = Receive(path, data);
  const std::lock_guard lock(mutex_);
  --entry->uploading;
  LakeJob& job = entry->job;
  if (!received || job.state != "Open") {
    FIRN_CHECK(RemoveFile(path));
    FIRN_CHECK(received);
    return Refuse(409, "Conflict", "The job is in state " + job.state + ", not Open");
  }
  const std::string place = PathOf(job, job.files);
  if (std::rename(path.c_str(), place.c_str()) != 0) {
    return Fail(Error(Kind::kInternal, "SBX-CLOUD-004", "a job's file cannot be put in its place")
                    .At(place));
  }
  FIRN_CHECK(SyncFolderOf(place));
  ++job.files;
  job.modified = clock_.Now();
  return store_.SaveJob(job.number, ToText(job));
}

Result<LakeJob> LakeJobs::SetState(std::string_view id, std::string_view state) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(const EntryPtr entry, FindLocked(id));
  LakeJob& job = entry->job;
  if (job.state != "Open") {
    return Refuse(409, "Conflict", "The job is in state " + job.state + ", not Open");
  }
  if (entry->uploading > 0 && state == "UploadComplete") {
    return Refuse(409, "Conflict", "A file of the job is still arriving");
  }
  LakeJob changed = job;
  changed.state = state;
  changed.modified = clock_.Now();
  FIRN_CHECK(store_.SaveJob(changed.number, ToText(changed)));
  job = changed;
  if (state == "Aborted") {
    FIRN_CHECK(DropFiles(job));
  } else {
    waiting_.push_back(entry);
    wake_.notify_all();
  }
  return changed;
}

Result<void> LakeJobs::DropFiles(const LakeJob& job) const {
  for (int64_t file = 0; file < job.files; ++file) FIRN_CHECK(RemoveFile(PathOf(job, file)));
  return {};
}

Result<void> LakeJobs::Delete(std::string_view id) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(const EntryPtr entry, FindLocked(id));
  const std::string& state = entry->job.state;
  if (state == "Open" || state == "InProgress") {
    return Refuse(409, "Conflict", "The job is in state " + state + ": close or abort it first");
  }
  std::erase(waiting_, entry);
  FIRN_CHECK(store_.DropJob(entry->job.number));
  FIRN_CHECK(DropFiles(entry->job));
  std::erase(jobs_, entry);
  return {};
}

Result<void> LakeJobs::DropOld() {
  const std::lock_guard lock(mutex_);
  const UtcMicros limit = clock_.Now() - kKept;
  std::vector<EntryPtr> old;
  for (const EntryPtr& entry : jobs_) {
    if (entry->job.modified < limit && entry->job.state != "InProgress") old.push_back(entry);
  }
  for (const EntryPtr& entry : old) {
    entry->job.state = "Aborted";  // for an upload that still comes in
    std::erase(waiting_, entry);
    FIRN_CHECK(store_.DropJob(entry->job.number));
    FIRN_CHECK(DropFiles(entry->job));
    std::erase(jobs_, entry);
  }
  return {};
}

LakeLimits LakeJobs::limits() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

void LakeJobs::SetLimits(const LakeLimits& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

void LakeJobs::Work(const std::stop_token& stop) {
  for (;;) {
    EntryPtr entry;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [&] { return !waiting_.empty(); })) return;
      entry = waiting_.front();
      waiting_.pop_front();
      entry->job.state = "InProgress";
      entry->job.modified = clock_.Now();
    }
    Run(*entry, stop);
    if (stop.stop_requested()) return;
  }
}

void LakeJobs::Run(Entry& entry, const std::stop_token& stop) {
  LakeJob job;
  {
    const std::lock_guard lock(mutex_);
    job = entry.job;
  }
  LakeRunParts parts{.store = store_, .files = {}, .go_on = [&](uint64_t rows, uint64_t bad_rows) {
                       const std::lock_guard lock(mutex_);
                       entry.job.rows = rows;
                       entry.job.bad_rows = bad_rows;
                       return !stop.stop_requested();
                     }};
  for (int64_t file = 0; file < job.files; ++file) parts.files.push_back(PathOf(job, file));
  const SteadyTime start = clock_.Steady();
  const auto done = RunLakeJob(job, parts);
  if (done && !*done) return;  // goes on at the next start
  {
    const std::lock_guard lock(mutex_);
    entry.job.state = done ? "JobComplete" : "Failed";
    if (!done) entry.job.error = PartsOf(done.error()).message;
    entry.job.modified = clock_.Now();
    entry.job.took_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock_.Steady() - start).count();
    job = entry.job;
  }
  auto kept = store_.SaveJob(job.number, ToText(job));
  if (kept) kept = DropFiles(job);
  if (!kept) {
    log::Err("sandbox_cloud_job_not_saved", {{"job", job.id}, {"error", kept.error().OneLine()}});
  }
}

}  // namespace firn::sandbox
