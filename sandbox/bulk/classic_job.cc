#include "sandbox/bulk/classic_job.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/answer.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

int64_t Micros(UtcMicros time) { return time.time_since_epoch().count(); }
UtcMicros TimeOf(const json& body, const char* key) {
  return UtcMicros(std::chrono::microseconds(body.at(key).get<int64_t>()));
}

json BatchText(const ClassicBatch& batch) {
  return {{"number", batch.number},
          {"id", batch.id},
          {"state", batch.state},
          {"message", batch.message},
          {"query", batch.query},
          {"rows", batch.rows},
          {"failed", batch.failed},
          {"took_ms", batch.took_ms},
          {"created_us", Micros(batch.created)},
          {"modified_us", Micros(batch.modified)}};
}

ClassicBatch BatchOf(const json& body) {
  ClassicBatch batch;
  body.at("number").get_to(batch.number);
  body.at("id").get_to(batch.id);
  body.at("state").get_to(batch.state);
  body.at("message").get_to(batch.message);
  body.at("query").get_to(batch.query);
  body.at("rows").get_to(batch.rows);
  body.at("failed").get_to(batch.failed);
  body.at("took_ms").get_to(batch.took_ms);
  batch.created = TimeOf(body, "created_us");
  batch.modified = TimeOf(body, "modified_us");
  return batch;
}

ordered_json TextOrNull(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

}  // namespace

std::string ToText(const ClassicJob& job) {
  json batches = json::array();
  for (const ClassicBatch& batch : job.batches) batches.push_back(BatchText(batch));
  const json body = {{"number", job.number},
                     {"id", job.id},
                     {"operation", job.operation},
                     {"object", job.object},
                     {"external_id_field", job.external_id_field},
                     {"content_type", job.content_type},
                     {"concurrency", job.concurrency},
                     {"state", job.state},
                     {"pk_chunk_rows", job.pk_chunk_rows},
                     {"api_version", job.api_version},
                     {"user_id", job.user_id},
                     {"created_us", Micros(job.created)},
                     {"modified_us", Micros(job.modified)},
                     {"batches", batches}};
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<ClassicJob> ClassicJobOf(std::string_view text) {
  const json body = json::parse(text, nullptr, false);
  ClassicJob job;
  try {
    body.at("number").get_to(job.number);
    body.at("id").get_to(job.id);
    body.at("operation").get_to(job.operation);
    body.at("object").get_to(job.object);
    body.at("external_id_field").get_to(job.external_id_field);
    body.at("content_type").get_to(job.content_type);
    body.at("concurrency").get_to(job.concurrency);
    body.at("state").get_to(job.state);
    body.at("pk_chunk_rows").get_to(job.pk_chunk_rows);
    body.at("api_version").get_to(job.api_version);
    body.at("user_id").get_to(job.user_id);
    job.created = TimeOf(body, "created_us");
    job.modified = TimeOf(body, "modified_us");
    for (const json& each : body.at("batches")) job.batches.push_back(BatchOf(each));
  } catch (const json::exception&) {
    return Fail(Kind::kCorrupt, "SBX-BULK-003", "a bulk job of the sandbox cannot be read");
  }
  return job;
}

ordered_json JobInfo(const ClassicJob& job) {
  const auto count = [&](std::string_view state) {
    return std::count_if(job.batches.begin(), job.batches.end(),
                         [&](const ClassicBatch& each) { return each.state == state; });
  };
  uint64_t rows = 0;
  uint64_t failed = 0;
  int64_t took = 0;
  for (const ClassicBatch& batch : job.batches) {
    rows += batch.rows;
    failed += batch.failed;
    took += batch.took_ms;
  }
  return {{"id", job.id},
          {"operation", job.operation},
          {"object", job.object},
          {"createdById", job.user_id},
          {"createdDate", RestDatetime(job.created)},
          {"systemModstamp", RestDatetime(job.modified)},
          {"state", job.state},
          {"externalIdFieldName", TextOrNull(job.external_id_field)},
          {"concurrencyMode", job.concurrency},
          {"contentType", job.content_type},
          {"numberBatchesQueued", count("Queued")},
          {"numberBatchesInProgress", count("InProgress")},
          {"numberBatchesCompleted", count("Completed")},
          {"numberBatchesFailed", count("Failed")},
          {"numberBatchesTotal", job.batches.size()},
          {"numberRecordsProcessed", rows},
          {"numberRetries", 0},
          {"apiVersion", static_cast<double>(job.api_version)},
          {"assignmentRuleId", nullptr},
          {"numberRecordsFailed", failed},
          {"totalProcessingTime", took},
          {"apiActiveProcessingTime", took},
          {"apexProcessingTime", 0},
          {"fastPathEnabled", false}};
}

ordered_json BatchInfo(const ClassicJob& job, const ClassicBatch& batch) {
  return {{"id", batch.id},
          {"jobId", job.id},
          {"state", batch.state},
          {"stateMessage", TextOrNull(batch.message)},
          {"createdDate", RestDatetime(batch.created)},
          {"systemModstamp", RestDatetime(batch.modified)},
          {"numberRecordsProcessed", batch.rows},
          {"numberRecordsFailed", batch.failed},
          {"totalProcessingTime", batch.took_ms},
          {"apiActiveProcessingTime", batch.took_ms},
          {"apexProcessingTime", 0}};
}

}  // namespace firn::sandbox
