// `jobs/ingest` over HTTP.
// Source: Bulk API 2.0 and Bulk API Developer Guide, 'Bulk API 2.0 Ingest' (its reference pages),
// read 2026-11.
#include <nlohmann/json.hpp>
#include <optional>

#include "core/net/inflate.h"
#include "sandbox/bulk/create_body.h"
#include "sandbox/bulk/ingest_jobs.h"
#include "sandbox/bulk/job_list.h"
#include "sandbox/rest/rest.h"
#include "sandbox/slice_stream.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// Of a job created with its data in one multipart request.
constexpr size_t kMultipartCharactersMax = 100'000;

std::string Dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

// The fields that every answer about a job has.
ordered_json JobJson(const IngestJob& job) {
  ordered_json body = {{"id", job.id},
                       {"operation", job.operation},
                       {"object", job.object},
                       {"createdById", job.user_id},
                       {"createdDate", RestDatetime(job.created)},
                       {"systemModstamp", RestDatetime(job.modified)},
                       {"state", job.state}};
  if (!job.external_id_field.empty()) body["externalIdFieldName"] = job.external_id_field;
  if (!job.assignment_rule.empty()) body["assignmentRuleId"] = job.assignment_rule;
  body["concurrencyMode"] = "Parallel";
  body["contentType"] = "CSV";
  body["apiVersion"] = static_cast<double>(job.api_version);
  return body;
}

ordered_json WithContentUrl(const IngestJob& job) {
  ordered_json body = JobJson(job);
  body["contentUrl"] =
      "services/data/v" + std::to_string(job.api_version) + ".0/jobs/ingest/" + job.id + "/batches";
  body["lineEnding"] = job.line_ending;
  body["columnDelimiter"] = job.delimiter;
  return body;
}

ordered_json FullJobJson(const IngestJob& job) {
  ordered_json body = WithContentUrl(job);
  body["jobType"] = "V2Ingest";
  body["retries"] = job.retries;
  body["totalProcessingTime"] = job.took_ms;
  body["apiActiveProcessingTime"] = job.took_ms;
  body["apexProcessingTime"] = 0;
  body["numberRecordsProcessed"] = job.rows;
  body["numberRecordsFailed"] = job.failed;
  if (!job.error.empty()) body["errorMessage"] = job.error;
  return body;
}

std::optional<Answer> ReadText(const json& body, const char* key, std::string& value) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null()) return std::nullopt;
  if (!found->is_string()) {
    return ErrorAnswer(400, "JSON_PARSER_ERROR",
                       std::string("The value of '") + key + "' must be a string");
  }
  value = found->get<std::string>();
  return std::nullopt;
}

// The job that the JSON asks for; an answer: it is refused.
std::optional<Answer> ReadJob(const ApiRequest& request, std::string_view text, IngestJob& job) {
  const json body = json::parse(text, nullptr, false);
  if (!body.is_object()) {
    return ErrorAnswer(400, "JSON_PARSER_ERROR", "The HTTP entity body is not a JSON object");
  }
  Choice operation{"operation", {"insert", "delete", "hardDelete", "update", "upsert"}, ""};
  Choice content{"contentType", {"CSV"}, "CSV"};
  Choice mode{"concurrencyMode", {"Parallel"}, "Parallel"};
  Choice delimiter = DelimiterChoice();
  Choice ending = LineEndingChoice();
  for (Choice* choice : {&operation, &content, &mode, &delimiter, &ending}) {
    if (auto refusal = ReadChoice(body, *choice)) return refusal;
  }
  if (auto refusal = RefuseUnknownKeys(
          body, {"object", "operation", "externalIdFieldName", "assignmentRuleId",
                 "columnDelimiter", "lineEnding", "contentType", "concurrencyMode"})) {
    return refusal;
  }
  if (auto refusal = ReadText(body, "object", job.object)) return refusal;
  if (auto refusal = ReadText(body, "externalIdFieldName", job.external_id_field)) return refusal;
  if (auto refusal = ReadText(body, "assignmentRuleId", job.assignment_rule)) return refusal;
  if (job.object.empty()) {
    return ErrorAnswer(400, "INVALIDJOB", "InvalidJob : Job object is a required field");
  }
  if (operation.value.empty()) {
    return ErrorAnswer(400, "INVALIDJOB", "InvalidJob : Job operation is a required field");
  }
  job.operation = operation.value;
  job.delimiter = delimiter.value;
  job.line_ending = ending.value;
  job.api_version = request.version;
  job.user_id = request.session.user_id;
  return std::nullopt;
}

Answer CreateWithData(ApiParts& parts, const ApiRequest& request, const std::string& type) {
  const auto form = ParseMultipart(type, request.body);
  if (!form) return ErrorAnswer(400, "INVALIDJOB", "The multipart body is not well-formed");
  const FormPart* wish = nullptr;
  const FormPart* content = nullptr;
  for (const FormPart& part : *form) {
    if (part.name == "job") wish = &part;
    if (part.name == "content") content = &part;
  }
  if (wish == nullptr || content == nullptr) {
    return ErrorAnswer(400, "INVALIDJOB", "The multipart body needs the parts `job` and `content`");
  }
  if (content->body.size() > kMultipartCharactersMax) {
    return ErrorAnswer(400, "INVALIDJOB",
                       "The data of a multipart request may have 100000 characters at most");
  }
  IngestJob job;
  if (auto refusal = ReadJob(request, wish->body, job)) return *std::move(refusal);
  const auto created = parts.ingest.Create(std::move(job));
  if (!created) return ErrorAnswer(created.error());
  TextStream data(content->body);
  if (auto done = parts.ingest.Upload(created->id, data); !done) return ErrorAnswer(done.error());
  const auto completed = parts.ingest.Complete(created->id);
  return completed ? JsonAnswer(200, Dump(JobJson(*completed))) : ErrorAnswer(completed.error());
}

Answer Create(ApiParts& parts, const ApiRequest& request) {
  const std::string type = request.http.headers.GetOr("Content-Type", "application/json");
  if (type.starts_with("multipart/form-data")) return CreateWithData(parts, request, type);
  if (type.find("application/json") == std::string::npos) {
    return ErrorAnswer(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type not supported");
  }
  IngestJob job;
  if (auto refusal = ReadJob(request, request.body, job)) return *std::move(refusal);
  const auto created = parts.ingest.Create(std::move(job));
  return created ? JsonAnswer(200, Dump(WithContentUrl(*created))) : ErrorAnswer(created.error());
}

Answer ListJobs(ApiParts& parts, const ApiRequest& request) {
  constexpr JobKind kKind{"ingest", "V2Ingest"};
  JobListWish wish;
  if (auto refusal = ReadJobListWish(request, kKind, wish)) return *std::move(refusal);
  std::vector<ListedJob> listed;
  if (wish.none) return JobListAnswer(request, kKind, std::move(listed));
  for (const IngestJob& job : parts.ingest.List(wish.after, kJobsPerPage)) {
    ordered_json entry = WithContentUrl(job);
    entry["jobType"] = kKind.job_type;
    listed.push_back({job.number, Dump(entry)});
  }
  return JobListAnswer(request, kKind, std::move(listed));
}

Answer Patch(ApiParts& parts, const ApiRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  if (!body.is_object()) {
    return ErrorAnswer(400, "JSON_PARSER_ERROR", "The HTTP entity body is not a JSON object");
  }
  const std::string& id = request.path[2];
  const auto state = body.find("state");
  if (state != body.end() && *state == "UploadComplete") {
    const auto job = parts.ingest.Complete(id);
    return job ? JsonAnswer(200, Dump(JobJson(*job))) : ErrorAnswer(job.error());
  }
  if (state != body.end() && *state == "Aborted") {
    const auto job = parts.ingest.Abort(id);
    return job ? JsonAnswer(200, Dump(JobJson(*job))) : ErrorAnswer(job.error());
  }
  return ErrorAnswer(400, "INVALIDJOBSTATE",
                     "InvalidJobState : The state of a job can be set to UploadComplete or "
                     "Aborted only");
}

Answer Upload(ApiParts& parts, const ApiRequest& request) {
  const std::string type = request.http.headers.GetOr("Content-Type", "text/csv");
  if (!type.starts_with("text/csv")) {
    return ErrorAnswer(415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type not supported");
  }
  // The request outlives the upload; its stream is only read here.
  struct Borrowed final : net::BodyStream {
    explicit Borrowed(net::BodyStream& from) : stream(from) {}
    Result<std::string> Read(size_t bytes_max) override { return stream.Read(bytes_max); }
    net::BodyStream& stream;
  };
  TextStream whole(request.body);
  std::unique_ptr<net::BodyStream> data = std::make_unique<Borrowed>(
      request.http.body_stream ? *request.http.body_stream : static_cast<net::BodyStream&>(whole));
  if (request.http.body_stream && request.http.headers.GetOr("Content-Encoding", "") == "gzip") {
    data = net::InflateStream(std::move(data));
  }
  const auto done = parts.ingest.Upload(request.path[2], *data);
  if (!done) return ErrorAnswer(done.error());
  Answer answer;
  answer.status = 201;
  return answer;
}

Answer CsvFile(std::unique_ptr<SliceStream> body) {
  Answer answer;
  answer.headers.Set("Content-Type", "text/csv;charset=UTF-8");
  answer.body_stream_bytes = static_cast<int64_t>(body->bytes());
  answer.body_stream = std::move(body);
  return answer;
}

Answer EmptyCsv() {
  Answer answer;
  answer.headers.Set("Content-Type", "text/csv;charset=UTF-8");
  return answer;
}

// Rows that never reached the org: the data from the first of them on, under its header.
Answer Unprocessed(ApiParts& parts, const IngestJob& job) {
  const std::string path = parts.ingest.PathsOf(job).data;
  if (!FileExists(path)) return EmptyCsv();
  const auto begin = parts.ingest.ProcessedBytes(job);
  if (!begin) return ErrorAnswer(begin.error());
  auto mapped = MappedFile::Open(path);
  if (!mapped) return ErrorAnswer(mapped.error());
  CsvRows rows(mapped->bytes(), {DelimiterOf(job.delimiter), job.line_ending == "CRLF"});
  std::vector<std::string_view> header;
  static_cast<void>(rows.Next(header));
  auto stream = SliceStream::Open(path);
  if (!stream) return ErrorAnswer(stream.error());
  const uint64_t head = rows.offset();
  (*stream)->AddFile(0, head);
  const uint64_t from = std::max<uint64_t>(*begin, head);
  if (job.state != "JobComplete" && from < mapped->bytes().size()) {
    (*stream)->AddFile(from, mapped->bytes().size() - from);
  }
  return CsvFile(*std::move(stream));
}

Answer ResultRows(ApiParts& parts, const IngestJob& job, bool successful) {
  const IngestPaths paths = parts.ingest.PathsOf(job);
  const std::string& path = successful ? paths.successful : paths.failed;
  if (!FileExists(path)) return EmptyCsv();
  const auto bytes = FileSize(path);
  auto stream = SliceStream::Open(path);
  if (!bytes) return ErrorAnswer(bytes.error());
  if (!stream) return ErrorAnswer(stream.error());
  (*stream)->AddFile(0, *bytes);
  return CsvFile(*std::move(stream));
}

Answer Results(ApiParts& parts, const ApiRequest& request, const IngestJob& job) {
  const std::string what = Folded(request.path[3]);
  const bool successful = what == "successfulresults";
  if (!successful && what != "failedresults" && what != "unprocessedrecords") {
    return NotFoundAnswer();
  }
  if (request.method != "GET") return MethodNotAllowed(request.method, "GET,HEAD");
  if (!job.ended()) {
    return ErrorAnswer(400, "INVALIDJOBSTATE",
                       "Job state is " + job.state +
                           ". Results are available when it is JobComplete, Failed or Aborted");
  }
  return what == "unprocessedrecords" ? Unprocessed(parts, job)
                                      : ResultRows(parts, job, successful);
}

}  // namespace

bool StreamsBody(std::string_view method, std::string_view path) {
  const bool ours = path.find("/jobs/ingest/") != std::string_view::npos ||
                    path.starts_with("/api/v1/ingest/jobs/");
  return method == "PUT" && ours &&
         (path.ends_with("/batches") || path.ends_with("/batches/"));
}

Answer HandleBulkIngest(ApiParts& parts, ApiRequest& request) {
  const size_t depth = request.path.size();
  const std::string& method = request.method;
  if (depth == 2) {
    if (method == "POST") return Create(parts, request);
    return method == "GET" ? ListJobs(parts, request) : MethodNotAllowed(method, "GET,HEAD,POST");
  }
  if (depth > 4) return NotFoundAnswer();
  if (depth == 4 && request.path[3] == "batches") {
    return method == "PUT" ? Upload(parts, request) : MethodNotAllowed(method, "PUT");
  }
  if (depth == 3 && method == "PATCH") return Patch(parts, request);
  if (depth == 3 && method == "DELETE") {
    const auto deleted = parts.ingest.Delete(request.path[2]);
    return deleted ? NoContent() : ErrorAnswer(deleted.error());
  }
  const auto job = parts.ingest.Get(request.path[2]);
  if (!job) return ErrorAnswer(job.error());
  if (depth == 4) return Results(parts, request, *job);
  if (method != "GET") return MethodNotAllowed(method, "DELETE,GET,HEAD,PATCH");
  return JsonAnswer(200, Dump(FullJobJson(*job)));
}

}  // namespace firn::sandbox
