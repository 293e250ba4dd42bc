// The workers of ClassicJobs: a batch's query into its file, a batch's rows into the org.
#include <algorithm>

#include "core/base/file.h"
#include "core/base/log.h"
#include "sandbox/api_error.h"
#include "sandbox/bulk/classic_jobs.h"
#include "sandbox/bulk/classic_rows.h"
#include "sandbox/bulk/classic_xml.h"
#include "sandbox/bulk/ingest_run.h"

namespace firn::sandbox {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

}  // namespace

void ClassicJobs::WorkLoop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    ClassicJob job;
    ClassicBatch batch;
    const auto place = [&](ClassicJob& of) {
      return std::find_if(of.batches.begin(), of.batches.end(),
                          [&](const ClassicBatch& each) { return each.id == batch.id; });
    };
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [&] { return !waiting_.empty(); })) return;
      const Work work = waiting_.front();
      waiting_.pop_front();
      const auto known = FindLocked(work.job_id);
      if (!known) continue;
      batch.id = work.batch_id;
      const auto at = place(*known);
      if (at == known->batches.end()) continue;
      at->state = "InProgress";
      batch = *at;
      job = *known;
    }
    const SteadyTime start = parts_.clock.Steady();
    const auto done = RunBatch(job, batch, stop);
    if (stop.stop_requested()) return;  // runs at the next start
    batch.took_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(parts_.clock.Steady() - start)
            .count();
    batch.state = done ? "Completed" : "Failed";
    if (!done) {
      const ApiErrorParts error = PartsOf(done.error());
      batch.message = error.code + " : " + error.message;
    }
    batch.modified = parts_.clock.Now();
    {
      const std::lock_guard lock(mutex_);
      const auto known = FindLocked(job.id);
      if (!known) continue;
      *place(*known) = batch;
      job = *known;
    }
    if (auto saved = Save(job); !saved) {
      log::Err("sandbox_job_not_saved", {{"job", job.id}, {"error", saved.error().OneLine()}});
    }
  }
}

Result<void> ClassicJobs::RunBatch(const ClassicJob& job, ClassicBatch& batch,
                                   const std::stop_token& stop) {
  return job.is_query() ? RunQuery(job, batch, stop) : RunRows(job, batch);
}

Result<void> ClassicJobs::RunQuery(const ClassicJob& job, ClassicBatch& batch,
                                   const std::stop_token& stop) {
  QueryOptions options;
  options.all_rows = job.operation == "queryAll";
  options.api_version = job.api_version;
  options.user_id = job.user_id;
  {
    const auto catalogue = parts_.org.catalogue();
    if (auto refusal = BulkRefusal(batch.query, *catalogue)) return Fail(*std::move(refusal));
  }
  auto opened = parts_.org.Query(batch.query, options);
  if (!opened) {
    const ApiErrorParts error = PartsOf(opened.error());
    return Fail(ApiError(400, "InvalidBatch",
                         "Failed to process query: " + error.code + ": " + error.message));
  }
  RowCursor& cursor = **opened;
  if (cursor.object().name != job.object) {
    return Fail(ApiError(400, "InvalidBatch",
                         "The query is of " + cursor.object().name + ", the job of " + job.object));
  }
  const bool as_json = job.content_type == "JSON";
  const bool as_xml = job.content_type == "XML";
  FIRN_TRY(auto file, FileWriter::Create(ResultPath(batch), 0600));
  std::string buffer;
  if (as_json) buffer = "[";
  if (as_xml) buffer = kXmlRecordsBegin;
  if (!as_json && !as_xml) AppendCsvHeader(cursor, {}, buffer);
  batch.rows = 0;
  for (;;) {
    FIRN_TRY(const bool more, cursor.Next());
    if (!more) break;
    if (as_json) {
      if (batch.rows > 0) buffer += ",\n";
      AppendJsonRowWithEpochs(cursor, job.api_version, buffer);
    } else if (as_xml) {
      AppendXmlRow(cursor, buffer);
    } else {
      AppendCsvRow(cursor, {}, buffer);
    }
    ++batch.rows;
    if (buffer.size() < kBufferBytes) continue;
    FIRN_CHECK(file->Append(buffer));
    buffer.clear();
    if (stop.stop_requested()) return {};
  }
  if (as_json) buffer += ']';
  if (as_xml) buffer += kXmlRecordsEnd;
  FIRN_CHECK(file->Append(buffer));
  return file->Commit();
}

Result<void> ClassicJobs::RunRows(const ClassicJob& job, ClassicBatch& batch) {
  const std::string key = "batch/" + batch.id;
  FIRN_TRY(const std::string data, ReadFile(DataPath(batch)));
  ClassicRows rows;
  FIRN_CHECK(ReadClassicRows(job, data, rows));
  batch.rows = rows.mutations.size();
  FIRN_TRY(const std::string note, parts_.org.Note(key));
  if (!note.empty()) {  // the sandbox ended between the commit and this batch's end
    batch.failed = std::strtoull(note.c_str(), nullptr, 10);
    return {};
  }
  std::vector<Mutation> sent;
  for (size_t i = 0; i < rows.mutations.size(); ++i) {
    if (rows.refused[i].empty()) sent.push_back(rows.mutations[i]);
  }
  MutateOptions options;
  options.user_id = job.user_id;
  options.rows_per_key = kRowsPerChunk;
  options.from_csv = true;
  options.origin = "com/salesforce/api/bulkapi/" + std::to_string(job.api_version) + ".0";
  options.note_key = key;
  options.note = [&](std::span<const RowOutcome> outcomes) -> Result<std::string> {
    batch.failed = 0;
    const std::string results = ClassicResults(job, rows, outcomes, batch.failed);
    FIRN_CHECK(WriteFileDurably(ResultPath(batch), results, 0600));
    return std::to_string(batch.failed);
  };
  FIRN_CHECK(parts_.org.Mutate(sent, options));
  parts_.usage.Add(Allotment::kBulkRows, static_cast<int64_t>(batch.rows));
  return {};
}

}  // namespace firn::sandbox
