#include "sandbox/data_cloud/lake_http.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/time_text.h"
#include "core/net/inflate.h"
#include "sandbox/data_cloud/lake_answer.h"
#include "sandbox/data_cloud/lake_jobs.h"
#include "sandbox/data_cloud/lake_rate.h"
#include "sandbox/data_cloud/lake_records.h"
#include "sandbox/sign_in/oauth.h"
#include "sandbox/sign_in/oauth_text.h"
#include "sandbox/slice_stream.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kStreamingBytesMax = 200'000;
constexpr size_t kListDefault = 20;
constexpr size_t kListMax = 100;

// One request to the Ingestion API and what it is answered with.
class LakeCall {
 public:
  LakeCall(ApiParts& parts, const net::ServerRequest& request,
           const std::vector<std::string>& segments, std::string user_id)
      : parts_(parts),
        request_(request),
        path_(segments.begin() + 3, segments.end()),
        user_id_(std::move(user_id)) {}

  Answer Handle() {
    auto inflated = request_.body_stream
                        ? Result<std::string>("")  // read piece by piece
                        : net::InflateBody(request_.headers.GetOr("Content-Encoding", "identity"),
                                           request_.body);
    if (!inflated) return Refuse(415, "Unsupported Media Type", "the encoding cannot be read");
    body_ = *std::move(inflated);
    query_ = FormDecode(request_.query).value_or(FormFields{});
    if (path_.empty()) return NotFound();
    if (path_[0] == "jobs") return Jobs();
    if (path_[0] == "sources" && path_.size() == 3) return Records();
    if (path_[0] == "sources" && path_.size() == 5 && path_[3] == "actions" && path_[4] == "test") {
      return Validate();
    }
    return NotFound();
  }

 private:
  Answer Refuse(int status, const std::string& error, const std::string& message,
                std::vector<LakeProblem> report = {}) const {
    return LakeErrorAnswer(parts_, request_, {status, error, message, std::move(report)});
  }
  Answer Refuse(const Error& error) const { return LakeErrorAnswer(parts_, request_, error); }
  Answer NotFound() const { return Refuse(404, "Not Found", "There is no such resource"); }
  Answer WrongMethod() const {
    return Refuse(405, "Method Not Allowed",
                  "Request method '" + request_.method + "' is not supported");
  }

  // ---- bulk jobs
  static ordered_json JobJson(const LakeJob& job) {
    return {{"id", job.id},
            {"operation", job.operation},
            {"object", job.object},
            {"sourceName", job.source},
            {"createdById", job.user_id},
            {"createdDate", FormatUtc(job.created)},
            {"systemModstamp", FormatUtc(job.modified)},
            {"state", job.state},
            {"contentType", "CSV"},
            {"apiVersion", "v1"},
            {"contentUrl", "api/v1/ingest/jobs/" + job.id + "/batches"}};
  }
  static ordered_json FullJobJson(const LakeJob& job) {
    ordered_json body = JobJson(job);
    body["retries"] = 0;
    body["totalProcessingTime"] = job.took_ms;
    if (!job.error.empty()) body["errorMessage"] = job.error;
    return body;
  }
  static Answer Json(int status, const ordered_json& body) {
    return JsonAnswer(status, body.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
  }

  Answer Jobs() {
    const std::string& method = request_.method;
    if (path_.size() == 1) {
      if (method == "POST") return CreateJob();
      return method == "GET" ? ListJobs() : WrongMethod();
    }
    const std::string& id = path_[1];
    if (path_.size() == 3 && path_[2] == "batches") {
      return method == "PUT" ? Upload(id) : WrongMethod();
    }
    if (path_.size() != 2) return NotFound();
    if (method == "PATCH") return PatchJob(id);
    if (method == "DELETE") {
      const auto done = parts_.lake_jobs.Delete(id);
      return done ? NoContent() : Refuse(done.error());
    }
    if (method != "GET") return WrongMethod();
    const auto job = parts_.lake_jobs.Get(id);
    return job ? Json(200, FullJobJson(*job)) : Refuse(job.error());
  }

  Answer CreateJob() {
    const json body = json::parse(body_, nullptr, false);
    const auto text = [&](const char* key) {
      const auto found = body.find(key);
      return found != body.end() && found->is_string() ? found->get<std::string>() : "";
    };
    if (!body.is_object()) return Refuse(400, "Bad Request", "The body is not a JSON object");
    LakeJob job;
    job.object = text("object");
    job.source = text("sourceName");
    job.operation = text("operation");
    job.user_id = user_id_;
    if (job.object.empty() || job.source.empty()) {
      return Refuse(400, "Bad Request", "`object` and `sourceName` are needed");
    }
    if (job.operation != "upsert" && job.operation != "delete") {
      return Refuse(400, "Bad Request", "`operation` must be upsert or delete");
    }
    const auto created = parts_.lake_jobs.Create(std::move(job));
    return created ? Json(201, JobJson(*created)) : Refuse(created.error());
  }

  Answer PatchJob(const std::string& id) {
    const json body = json::parse(body_, nullptr, false);
    const auto state = body.is_object() ? body.find("state") : body.end();
    if (!body.is_object() || state == body.end() ||
        (*state != "UploadComplete" && *state != "Aborted")) {
      return Refuse(400, "Bad Request", "`state` must be UploadComplete or Aborted");
    }
    const auto job = parts_.lake_jobs.SetState(id, state->get<std::string>());
    return job ? Json(200, JobJson(*job)) : Refuse(job.error());
  }

  Answer ListJobs() {
    std::vector<LakeJob> jobs = parts_.lake_jobs.All();
    const std::string states = "," + FieldOf(query_, "states") + ",";
    if (states != ",,") {
      std::erase_if(jobs, [&](const LakeJob& job) {
        return states.find("," + job.state + ",") == std::string::npos;
      });
    }
    const std::string order = FieldOf(query_, "orderBy");
    if (!order.empty() && order != "systemModstamp" && order != "createdDate") {
      return Refuse(400, "Bad Request", "`orderBy` must be systemModstamp or createdDate");
    }
    std::stable_sort(jobs.begin(), jobs.end(), [&](const LakeJob& a, const LakeJob& b) {
      return order == "createdDate" ? a.created < b.created : a.modified < b.modified;
    });
    const std::string limit_text = FieldOf(query_, "limit");
    const size_t limit =
        limit_text.empty() ? kListDefault : std::strtoull(limit_text.c_str(), nullptr, 10);
    const size_t offset = std::strtoull(FieldOf(query_, "offset").c_str(), nullptr, 10);
    if (limit == 0 || limit > kListMax) {
      return Refuse(400, "Bad Request", "`limit` must be 1 to 100");
    }
    ordered_json data = ordered_json::array();
    for (size_t i = offset; i < jobs.size() && data.size() < limit; ++i) {
      data.push_back(JobJson(jobs[i]));
    }
    return Json(200, {{"data", data}});
  }

  Answer Upload(const std::string& id) {
    if (!request_.headers.GetOr("Content-Type", "text/csv").starts_with("text/csv")) {
      return Refuse(415, "Unsupported Media Type", "Content-Type must be text/csv");
    }
    TextStream whole(body_);
    net::BodyStream& data =
        request_.body_stream ? *request_.body_stream : static_cast<net::BodyStream&>(whole);
    if (const auto done = parts_.lake_jobs.Upload(id, data); !done) return Refuse(done.error());
    Answer answer;
    answer.status = 202;
    return answer;
  }

  // ---- streaming
  std::optional<Answer> FindObject(LakeObject& object) const {
    auto found = parts_.lake.Find(path_[1], path_[2]);
    if (!found) {
      return Refuse(404, "Not Found",
                    "There is no object " + path_[2] + " in the connector " + path_[1]);
    }
    object = *std::move(found);
    return std::nullopt;
  }

  Answer Records() {
    if (parts_.lake_rate.Exceeds(parts_.lake_jobs.limits().requests_per_second,
                                 parts_.clock.Now())) {
      return Refuse(429, "Too Many Requests", "Too many requests within a second");
    }
    if (body_.size() > kStreamingBytesMax) {
      return Refuse(413, "Payload Too Large", "A streaming request may have 200 KB at most");
    }
    LakeObject object;
    if (auto refusal = FindObject(object)) return *std::move(refusal);
    LakeBatch batch;
    if (request_.method == "POST") {
      auto read = ReadLakeRecords(object, body_, false);
      if (!read) return Refuse(read.error());
      batch = *std::move(read);
    } else if (request_.method == "DELETE") {
      auto keys = ReadLakeKeys(FieldOf(query_, "ids"), body_);
      if (!keys) return Refuse(keys.error());
      const int64_t now = parts_.clock.Now().time_since_epoch().count();
      for (std::string& key : *keys) batch.deletes.push_back({std::move(key), now, ""});
    } else {
      return WrongMethod();
    }
    const auto done = parts_.lake.Apply(path_[1], path_[2], batch);
    return done ? JsonAnswer(202, R"({"accepted":true})") : Refuse(done.error());
  }

  Answer Validate() {
    if (request_.method != "POST") return WrongMethod();
    LakeObject object;
    if (auto refusal = FindObject(object)) return *std::move(refusal);
    auto read = ReadLakeRecords(object, body_, true);
    if (!read) return Refuse(read.error());
    if (!read->problems.empty()) {
      return Refuse(400, "Bad Request",
                    "JSON is properly formatted but has a mismatch with Schema.",
                    std::move(read->problems));
    }
    return JsonAnswer(200, R"({"accepted":true})");
  }

  ApiParts& parts_;
  const net::ServerRequest& request_;
  const std::vector<std::string> path_;  // below `/api/v1/ingest`
  const std::string user_id_;
  std::string body_;
  FormFields query_;
};

}  // namespace

bool IsDataCloudPath(std::string_view path) { return path.starts_with("/api/v1/ingest/"); }

Answer HandleDataCloud(ApiParts& parts, const net::ServerRequest& request,
                       const std::vector<std::string>& segments, RequestLine& line) {
  const auto session = parts.sessions.Find(SessionStore::TokenKind::kAccess, BearerToken(request));
  if (!session || !HasScope(session->scopes, kCloudSession)) {
    return LakeErrorAnswer(parts, request,
                           {401, "Unauthorized", "A token of Data Cloud is needed", {}});
  }
  if (const auto app = parts.apps.Find(session->client_id)) line.client = app->name;
  line.username = session->user_id;
  if (!HasScope(session->scopes, "cdp_ingest_api")) {
    return LakeErrorAnswer(parts, request,
                           {403, "Forbidden", "The token lacks the scope cdp_ingest_api", {}});
  }
  return LakeCall(parts, request, segments, session->user_id).Handle();
}

}  // namespace firn::sandbox
