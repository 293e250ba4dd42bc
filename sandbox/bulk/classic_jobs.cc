#include "sandbox/bulk/classic_jobs.h"

#include <algorithm>

#include "core/base/file.h"
#include "sandbox/api_error.h"
#include "sandbox/bulk/pk_chunks.h"

namespace firn::sandbox {
namespace {

// Numbers above those of Bulk API 2.0 jobs, so that no two jobs share an id.
constexpr int64_t kFirstNumber = 2'000'000'000;

tl::unexpected<Error> Refuse(std::string_view code, const std::string& message) {
  return Fail(ApiError(400, code, message));
}

}  // namespace

Result<std::unique_ptr<ClassicJobs>> ClassicJobs::Open(const Options& options, const Parts& parts) {
  FIRN_CHECK(MakeFolders(options.folder + "/ingest", 0700));
  std::unique_ptr<ClassicJobs> jobs(new ClassicJobs(options, parts));
  FIRN_CHECK(jobs->Load());
  FIRN_CHECK(jobs->DropOld());
  for (int i = 0; i < options.threads; ++i) {
    jobs->workers_.emplace_back(
        [raw = jobs.get()](const std::stop_token& stop) { raw->WorkLoop(stop); });
  }
  return jobs;
}

ClassicJobs::~ClassicJobs() {
  for (std::jthread& worker : workers_) worker.request_stop();
  wake_.notify_all();
}

Result<void> ClassicJobs::Load() {
  last_job_ = last_batch_ = kFirstNumber;
  const ApiDb::Locked locked = parts_.db.Lock();
  FIRN_TRY(Statement all, locked.db.Prepare("SELECT body FROM classic_job ORDER BY number"));
  while (true) {
    FIRN_TRY(const bool more, all.Step());
    if (!more) return {};
    FIRN_TRY(ClassicJob job, ClassicJobOf(all.Text(0)));
    last_job_ = job.number;
    for (ClassicBatch& batch : job.batches) {
      last_batch_ = std::max(last_batch_, batch.number);
      if (batch.ended()) continue;
      batch.state = "Queued";
      waiting_.push_back({job.id, batch.id});
    }
    jobs_.emplace(job.id, std::make_shared<ClassicJob>(job));
  }
}

Result<void> ClassicJobs::Save(const ClassicJob& job) {
  const ApiDb::Locked locked = parts_.db.Lock();
  FIRN_TRY(Statement put,
           locked.db.Prepare("INSERT OR REPLACE INTO classic_job(number, body) VALUES (?, ?)"));
  put.Bind(1, job.number).Bind(2, std::string_view(ToText(job)));
  return put.Run();
}

std::shared_ptr<ClassicJob> ClassicJobs::FindLocked(std::string_view id) const {
  const auto found = jobs_.lower_bound(id);
  if (found == jobs_.end() || found->first.substr(0, id.size()) != id) return nullptr;
  return id.size() == 15 || id.size() == 18 ? found->second : nullptr;
}

Result<ClassicJob> ClassicJobs::Create(ClassicJob job) {
  const auto catalogue = parts_.org.CatalogueFor(job.user_id);
  const ObjectInfo* object = catalogue->Object(job.object);
  if (object == nullptr) {
    return Refuse("InvalidEntity", "Entity '" + job.object + "' is not supported by the Bulk API.");
  }
  job.object = object->name;
  if (job.operation == "upsert") {
    const FieldInfo* field = object->Field(job.external_id_field);
    if (field == nullptr || field->hidden ||
        !(field->external_id || field->id_lookup || field->type == FieldType::kId)) {
      return Refuse("InvalidJob", "External ID was blank or is no indexed field for " +
                                      object->name +
                                      ". An External ID must be specified for upsert.");
    }
  }
  job.created = job.modified = parts_.clock.Now();
  {
    const std::lock_guard lock(mutex_);
    job.number = ++last_job_;
    job.id = IdText(MakeId("750", static_cast<uint64_t>(job.number)));
    jobs_.emplace(job.id, std::make_shared<ClassicJob>(job));
  }
  FIRN_CHECK(Save(job));
  return job;
}

Result<ClassicJob> ClassicJobs::Get(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto job = FindLocked(id);
  if (!job) return Refuse("InvalidJob", "Unable to find job: " + std::string(id.substr(0, 18)));
  return *job;
}

Result<ClassicJob> ClassicJobs::SetState(std::string_view id, const std::string& state) {
  ClassicJob copy;
  {
    const std::lock_guard lock(mutex_);
    const auto job = FindLocked(id);
    if (!job) return Refuse("InvalidJob", "Unable to find job: " + std::string(id.substr(0, 18)));
    if (job->state != "Open" && state == "Closed") {
      return Refuse("InvalidJobState", "Closing already " + job->state + " Job not allowed");
    }
    job->state = state;
    job->modified = parts_.clock.Now();
    if (state == "Aborted") {
      for (ClassicBatch& batch : job->batches) {
        if (batch.state != "Queued") continue;
        batch.state = "NotProcessed";
        batch.message = "The job was aborted";
      }
      std::erase_if(waiting_, [&](const Work& work) { return work.job_id == job->id; });
    }
    copy = *job;
  }
  FIRN_CHECK(Save(copy));
  return copy;
}

std::string ClassicJobs::DataPath(const ClassicBatch& batch) const {
  return options_.folder + "/ingest/" + batch.id + ".data";
}

std::string ClassicJobs::ResultPath(const ClassicBatch& batch) const {
  return options_.folder + "/ingest/" + batch.id + ".result";
}

Result<std::vector<std::string>> ClassicJobs::ChunksOf(const ClassicJob& job,
                                                       const std::string& query) {
  std::vector<std::string> chunks;
  int64_t ends[2] = {0, 0};
  for (int i = 0; i < 2; ++i) {
    QueryOptions options;
    options.all_rows = true;
    FIRN_TRY(const auto cursor, parts_.org.Query("SELECT Id FROM " + job.object + " ORDER BY Id " +
                                                     (i == 0 ? "ASC" : "DESC") + " LIMIT 1",
                                                 options));
    FIRN_TRY(const bool found, cursor->Next());
    if (!found) return std::vector<std::string>{query};
    ends[i] = cursor->row()[0].number;
  }
  return PkChunks(query, ends[0], ends[1], job.pk_chunk_rows);
}

ClassicBatch& ClassicJobs::AppendLocked(ClassicJob& job) {
  ClassicBatch& batch = job.batches.emplace_back();
  batch.number = ++last_batch_;
  batch.id = IdText(MakeId("751", static_cast<uint64_t>(batch.number)));
  batch.created = batch.modified = parts_.clock.Now();
  return batch;
}

Result<ClassicBatch> ClassicJobs::AddBatch(std::string_view job_id, const std::string& data) {
  FIRN_TRY(const ClassicJob known, Get(job_id));
  if (known.state != "Open") {
    return Refuse("InvalidJobState", "Unable to create a batch: the job is " + known.state);
  }
  if (parts_.usage.Used(Allotment::kBulkBatches) >= parts_.usage.limits().bulk_batches) {
    return Refuse("ExceededQuota", "ApiBatchItems Limit exceeded.");
  }
  std::vector<std::string> chunks;
  if (known.is_query() && known.pk_chunk_rows > 0) {
    FIRN_TRY(chunks, ChunksOf(known, data));
  }
  ClassicBatch first;
  ClassicJob copy;
  {
    const std::lock_guard lock(mutex_);
    const auto job = FindLocked(job_id);
    if (!job) return Refuse("InvalidJob", "Unable to find job: " + std::string(job_id));
    ClassicBatch& batch = AppendLocked(*job);
    if (job->is_query()) batch.query = data;
    first = batch;
    if (!chunks.empty()) batch.state = "NotProcessed";
    for (std::string& chunk : chunks) AppendLocked(*job).query = std::move(chunk);
    copy = *job;
  }
  if (!copy.is_query()) FIRN_CHECK(WriteFileDurably(DataPath(first), data, 0600));
  FIRN_CHECK(Save(copy));
  parts_.usage.Add(Allotment::kBulkBatches,
                   static_cast<int64_t>(std::max<size_t>(1, chunks.size())));
  const std::lock_guard lock(mutex_);
  for (const ClassicBatch& batch : copy.batches) {
    if (batch.number >= first.number && batch.state == "Queued") {
      waiting_.push_back({copy.id, batch.id});
    }
  }
  wake_.notify_all();
  return first;
}

Result<void> ClassicJobs::Forget(const ClassicJob& job) {
  for (const ClassicBatch& batch : job.batches) {
    FIRN_CHECK(RemoveFile(DataPath(batch)));
    FIRN_CHECK(RemoveFile(ResultPath(batch)));
    FIRN_CHECK(parts_.org.DropNote("batch/" + batch.id));
  }
  const ApiDb::Locked locked = parts_.db.Lock();
  FIRN_TRY(Statement drop, locked.db.Prepare("DELETE FROM classic_job WHERE number = ?"));
  drop.Bind(1, job.number);
  return drop.Run();
}

Result<void> ClassicJobs::DropOld() {
  std::vector<ClassicJob> old;
  {
    const std::lock_guard lock(mutex_);
    const UtcMicros limit = parts_.clock.Now() - options_.kept;
    std::erase_if(jobs_, [&](const auto& item) {
      const ClassicJob& job = *item.second;
      const bool busy = std::any_of(job.batches.begin(), job.batches.end(),
                                    [](const ClassicBatch& batch) { return !batch.ended(); });
      if (busy || job.modified > limit) return false;
      old.push_back(job);
      return true;
    });
  }
  for (const ClassicJob& job : old) FIRN_CHECK(Forget(job));
  return {};
}

}  // namespace firn::sandbox
