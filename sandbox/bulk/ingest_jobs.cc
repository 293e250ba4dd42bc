#include "sandbox/bulk/ingest_jobs.h"

#include <algorithm>

#include "core/base/file.h"
#include "sandbox/api_error.h"

namespace firn::sandbox {
namespace {

constexpr size_t kPieceBytes = 1 << 20;
// Numbers above those of query jobs, so that the two kinds never share an id.
constexpr int64_t kFirstNumber = 1'000'000'000;

Error UnknownJob() { return ApiError(404, "NOT_FOUND", "The requested resource does not exist"); }

tl::unexpected<Error> BadState(const std::string& message) {
  return Fail(ApiError(400, "INVALIDJOBSTATE", message));
}

tl::unexpected<Error> BadJob(const std::string& message) {
  return Fail(ApiError(400, "INVALIDJOB", "InvalidJob : " + message));
}

}  // namespace

Result<std::unique_ptr<IngestJobs>> IngestJobs::Open(const Options& options, const Parts& parts) {
  FIRN_CHECK(MakeFolders(options.folder + "/ingest", 0700));
  std::unique_ptr<IngestJobs> jobs(new IngestJobs(options, parts));
  FIRN_CHECK(jobs->Load());
  FIRN_CHECK(jobs->DropOld());
  return jobs;
}

void IngestJobs::Start(std::function<void(const FaultEffect&)> carry_out) {
  carry_out_ = std::move(carry_out);
  for (int i = 0; i < options_.threads; ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { Work(stop); });
  }
}

IngestJobs::~IngestJobs() {
  for (std::jthread& worker : workers_) worker.request_stop();
  wake_.notify_all();
}

Result<void> IngestJobs::Load() {
  last_number_ = kFirstNumber;
  const ApiDb::Locked locked = parts_.db.Lock();
  FIRN_TRY(Statement all, locked.db.Prepare("SELECT body FROM ingest_job ORDER BY number"));
  while (true) {
    FIRN_TRY(const bool more, all.Step());
    if (!more) return {};
    auto entry = std::make_shared<Entry>();
    FIRN_TRY(entry->job, IngestJobOf(all.Text(0)));
    last_number_ = entry->job.number;
    const std::string& state = entry->job.state;
    if (state == "UploadComplete" || state == "InProgress") waiting_.push_back(entry);
    jobs_.emplace(entry->job.id, std::move(entry));
  }
}

Result<void> IngestJobs::Save(const IngestJob& job) {
  const ApiDb::Locked locked = parts_.db.Lock();
  FIRN_TRY(Statement put,
           locked.db.Prepare("INSERT OR REPLACE INTO ingest_job(number, body) VALUES (?, ?)"));
  put.Bind(1, job.number).Bind(2, std::string_view(ToText(job)));
  return put.Run();
}

IngestJobs::EntryPtr IngestJobs::FindLocked(std::string_view id) const {
  // The first 15 characters name a job as well.
  const auto found = jobs_.lower_bound(id);
  if (found == jobs_.end() || found->first.substr(0, id.size()) != id) return nullptr;
  return id.size() == 15 || id.size() == 18 ? found->second : nullptr;
}

Result<IngestJobs::EntryPtr> IngestJobs::Find(std::string_view id) const {
  EntryPtr entry = FindLocked(id);
  if (!entry) return Fail(UnknownJob());
  return entry;
}

Result<void> IngestJobs::CheckHardDelete(const IngestJob& job) const {
  QueryOptions options;
  options.see_hidden = true;
  FIRN_TRY(const auto cursor,
           parts_.org.Query("SELECT Profile.PermissionsBulkApiHardDelete FROM User WHERE Id = '" +
                                job.user_id + "'",
                            options));
  FIRN_TRY(const bool found, cursor->Next());
  if (found && cursor->row()[0].number != 0) return {};
  return Fail(ApiError(400, "FEATURENOTENABLED",
                       "FeatureNotEnabled : hardDelete operation requires special user profile "
                       "permission, please contact your system administrator"));
}

Result<void> IngestJobs::CheckCreate(const IngestJob& job) const {
  const auto catalogue = parts_.org.CatalogueFor(job.user_id);
  const ObjectInfo* object = catalogue->Object(job.object);
  if (object == nullptr) {
    return Fail(
        ApiError(400, "INVALIDENTITY",
                 "InvalidEntity : Entity '" + job.object + "' is not supported by the Bulk API."));
  }
  if (job.operation == "hardDelete") FIRN_CHECK(CheckHardDelete(job));
  if (job.operation != "upsert") return {};
  if (job.external_id_field.empty()) {
    return BadJob("External ID was blank for " + object->name +
                  ". An External ID must be specified for upsert.");
  }
  const FieldInfo* field = object->Field(job.external_id_field);
  if (field == nullptr || field->hidden ||
      !(field->external_id || field->id_lookup || field->type == FieldType::kId)) {
    return BadJob("Field name provided, " + job.external_id_field +
                  " is not an External ID or indexed field for " + object->name);
  }
  return {};
}

Result<IngestJob> IngestJobs::Create(IngestJob job) {
  FIRN_CHECK(CheckCreate(job));
  if (parts_.usage.Used(Allotment::kBulkBatches) >= parts_.usage.limits().bulk_batches) {
    return Fail(ApiError(400, "EXCEEDEDQUOTA", "ExceededQuota : ApiBatchItems Limit exceeded."));
  }
  job.object = parts_.org.catalogue()->Object(job.object)->name;
  job.created = parts_.clock.Now();
  job.modified = job.created;
  auto entry = std::make_shared<Entry>();
  {
    std::lock_guard lock(mutex_);
    job.number = ++last_number_;
    job.id = IdText(MakeId("750", static_cast<uint64_t>(job.number)));
    entry->job = job;
    jobs_.emplace(job.id, entry);
  }
  FIRN_CHECK(Save(job));
  return job;
}

Result<IngestJob> IngestJobs::Get(std::string_view id) const {
  std::lock_guard lock(mutex_);
  FIRN_TRY(const EntryPtr entry, Find(id));
  return entry->job;
}

std::vector<IngestJob> IngestJobs::List(int64_t after, size_t count_max) const {
  std::lock_guard lock(mutex_);
  std::vector<const IngestJob*> known;
  for (const auto& [id, entry] : jobs_) {
    if (entry->job.number > after) known.push_back(&entry->job);
  }
  std::sort(known.begin(), known.end(),
            [](const auto* a, const auto* b) { return a->number < b->number; });
  if (known.size() > count_max + 1) known.resize(count_max + 1);
  std::vector<IngestJob> jobs;
  jobs.reserve(known.size());
  for (const IngestJob* job : known) jobs.push_back(*job);
  return jobs;
}

IngestPaths IngestJobs::PathsOf(const IngestJob& job) const {
  const std::string stem = options_.folder + "/ingest/" + job.id;
  return {stem + ".data", stem + ".successful", stem + ".failed"};
}

Result<void> IngestJobs::Receive(const std::string& path, net::BodyStream& data,
                                 uint64_t& bytes) const {
  FIRN_TRY(auto file, FileWriter::Create(path, 0600));
  for (;;) {
    FIRN_TRY(const std::string piece, data.Read(kPieceBytes));
    if (piece.empty()) break;
    if (file->bytes_written() + piece.size() > kDataBytesMax) {
      return Fail(ApiError(413, "REQUEST_TOO_LARGE",
                           "The job data is larger than the 150 MB that an upload may have"));
    }
    FIRN_CHECK(file->Append(piece));
  }
  bytes = file->bytes_written();
  FIRN_CHECK(file->Commit());
  return SyncFolderOf(path);
}

Result<void> IngestJobs::Upload(std::string_view id, net::BodyStream& data) {
  EntryPtr entry;
  IngestJob job;
  {
    std::lock_guard lock(mutex_);
    FIRN_TRY(entry, Find(id));
    if (entry->job.state != "Open") {
      return BadState("InvalidJobState : Upload is not allowed for a job in state " +
                      entry->job.state);
    }
    if (entry->job.has_data || entry->uploading) {
      return BadState("Found multiple contents for job: <" + entry->job.id +
                      ">, please 'Close' / 'Abort' / 'Delete' the current Job then create a new "
                      "Job and make sure you only do 'PUT' once on a given Job.");
    }
    entry->uploading = true;
    job = entry->job;
  }
  uint64_t bytes = 0;
  auto received = Receive(PathsOf(job).data, data, bytes);
  {
    std::lock_guard lock(mutex_);
    entry->uploading = false;
    if (received && entry->job.state == "Open") {
      entry->job.has_data = true;
      entry->job.data_bytes = bytes;
      entry->job.modified = parts_.clock.Now();
    }
    job = entry->job;
  }
  FIRN_CHECK(received);
  return Save(job);
}

Result<IngestJob> IngestJobs::Complete(std::string_view id) {
  EntryPtr entry;
  IngestJob job;
  {
    std::lock_guard lock(mutex_);
    FIRN_TRY(entry, Find(id));
    if (entry->job.state != "Open") {
      return BadState("InvalidJobState : Closing a job in state " + entry->job.state +
                      " is not allowed");
    }
    if (entry->uploading) return BadState("InvalidJobState : The job's data is still arriving");
    entry->job.state = "UploadComplete";
    entry->job.modified = parts_.clock.Now();
    job = entry->job;
  }
  FIRN_CHECK(Save(job));
  std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(entry));
  wake_.notify_one();
  return job;
}

Result<IngestJob> IngestJobs::Abort(std::string_view id) {
  IngestJob job;
  {
    std::lock_guard lock(mutex_);
    FIRN_TRY(const EntryPtr entry, Find(id));
    if (entry->job.state == "JobComplete" || entry->job.state == "Failed") {
      return BadState("Aborting already Completed Job not allowed");
    }
    if (entry->job.state == "Aborted") return BadState("Aborting already Aborted Job not allowed");
    entry->abort = true;
    entry->job.state = "Aborted";
    entry->job.modified = parts_.clock.Now();
    std::erase(waiting_, entry);
    job = entry->job;
  }
  FIRN_CHECK(Save(job));
  return job;
}

Result<void> IngestJobs::Forget(const IngestJob& job) {
  const IngestPaths paths = PathsOf(job);
  for (const std::string& path : {paths.data, paths.successful, paths.failed}) {
    FIRN_CHECK(RemoveFile(path));
  }
  FIRN_CHECK(parts_.org.DropNote(IngestRun::NoteKey(job)));
  const ApiDb::Locked locked = parts_.db.Lock();
  FIRN_TRY(Statement drop, locked.db.Prepare("DELETE FROM ingest_job WHERE number = ?"));
  drop.Bind(1, job.number);
  return drop.Run();
}

Result<void> IngestJobs::Delete(std::string_view id) {
  IngestJob job;
  {
    std::lock_guard lock(mutex_);
    FIRN_TRY(const EntryPtr entry, Find(id));
    const std::string& state = entry->job.state;
    if (!entry->job.ended()) {
      return BadState("Deleting a job in state " + state + " is not allowed");
    }
    job = entry->job;
    jobs_.erase(job.id);
  }
  return Forget(job);
}

Result<uint64_t> IngestJobs::ProcessedBytes(const IngestJob& job) const {
  FIRN_TRY(const std::string note, parts_.org.Note(IngestRun::NoteKey(job)));
  return IngestProgressOf(note).offset;
}

Result<void> IngestJobs::DropOld() {
  std::vector<IngestJob> old;
  std::vector<std::string> left_open;
  {
    std::lock_guard lock(mutex_);
    const UtcMicros now = parts_.clock.Now();
    for (const auto& [id, entry] : jobs_) {
      if (entry->job.state == "Open" && entry->job.created < now - options_.open_max) {
        left_open.push_back(id);
      }
    }
    std::erase_if(jobs_, [&](const auto& item) {
      const IngestJob& job = item.second->job;
      if (!job.ended() || job.modified > now - options_.kept) return false;
      old.push_back(job);
      return true;
    });
  }
  for (const std::string& id : left_open) FIRN_CHECK(Abort(id));
  for (const IngestJob& job : old) FIRN_CHECK(Forget(job));
  return {};
}

}  // namespace firn::sandbox
