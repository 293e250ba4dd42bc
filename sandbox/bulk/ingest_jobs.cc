#include "sandbox/bulk/ingest_jobs.h"

#include "core/base/file.h"
#include "sandbox/api_error.h"

namespace firn::sandbox {
namespace {

constexpr size_t kPieceBytes = 1 << 20;
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
  table_.WakeAll();
}

Result<void> IngestJobs::Load() {
  const ApiDb::Locked locked = parts_.db.Lock();
  FIRN_TRY(Statement all, locked.db.Prepare("SELECT body FROM ingest_job ORDER BY number"));
  while (true) {
    FIRN_TRY(const bool more, all.Step());
    if (!more) return {};
    FIRN_TRY(IngestJob job, IngestJobOf(all.Text(0)));
    const bool waits = job.state == "UploadComplete" || job.state == "InProgress";
    table_.Restore(std::move(job), waits);
  }
}

Result<void> IngestJobs::Save(const IngestJob& job) {
  const ApiDb::Locked locked = parts_.db.Lock();
  FIRN_TRY(Statement put,
           locked.db.Prepare("INSERT OR REPLACE INTO ingest_job(number, body) VALUES (?, ?)"));
  put.Bind(1, job.number).Bind(2, std::string_view(ToText(job)));
  return put.Run();
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
  table_.Add(job);
  FIRN_CHECK(Save(job));
  return job;
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
    std::lock_guard lock(table_.mutex());
    FIRN_TRY(entry, table_.FindLocked(id));
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
    std::lock_guard lock(table_.mutex());
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
    std::lock_guard lock(table_.mutex());
    FIRN_TRY(entry, table_.FindLocked(id));
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
  table_.Queue(std::move(entry));
  return job;
}

Result<IngestJob> IngestJobs::Abort(std::string_view id) {
  FIRN_TRY(const IngestJob job, table_.Abort(id, parts_.clock.Now()));
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
  FIRN_TRY(const IngestJob job, table_.Remove(id));
  return Forget(job);
}

Result<uint64_t> IngestJobs::ProcessedBytes(const IngestJob& job) const {
  FIRN_TRY(const std::string note, parts_.org.Note(IngestRun::NoteKey(job)));
  return IngestProgressOf(note).offset;
}

Result<void> IngestJobs::DropOld() {
  const UtcMicros now = parts_.clock.Now();
  for (const IngestJob& job : table_.List(0, SIZE_MAX - 1)) {
    if (job.state != "Open" || job.created >= now - options_.open_max) continue;
    auto aborted = Abort(job.id);
    // Its client may have closed it meanwhile.
    if (!aborted && PartsOf(aborted.error()).code.empty()) return Fail(std::move(aborted).error());
  }
  for (const IngestJob& job : table_.RemoveEndedBefore(now - options_.kept)) {
    FIRN_CHECK(Forget(job));
  }
  return {};
}

}  // namespace firn::sandbox
