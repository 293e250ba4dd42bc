// `/services/async/<version>/job`: the first Bulk API over HTTP.
//
// Answers are JSON where the request or the job is JSON, XML elsewhere, as the vendor does.
// Source: Bulk API 2.0 and Bulk API Developer Guide, 'Bulk API' part: its reference and 'Errors',
// read 2026-11.
#include "sandbox/bulk/classic_http.h"

#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "sandbox/bulk/classic_jobs.h"
#include "sandbox/bulk/classic_xml.h"
#include "sandbox/bulk/pk_chunks.h"
#include "sandbox/slice_stream.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

class Handler {
 public:
  Handler(ApiParts& parts, const ClassicRequest& request) : parts_(parts), request_(request) {
    const std::string type = request.http.headers.GetOr("Content-Type", "");
    if (type.find("json") != std::string::npos) json_ = true;
    typed_ = !type.empty();
  }

  Answer Serve() {
    const auto& path = request_.path;
    const std::string& method = request_.http.method;
    if (path.empty() || path[0] != "job") return Error("InvalidUrl", "Destination URL not found");
    if (path.size() == 1) return method == "POST" ? Create() : NotAllowed(method, "POST");
    const auto job = parts_.classic.Get(path[1]);
    if (!job) return Refused(job.error());
    // Batches are told in the job's own format whatever the request names: the Singer taps ask for
    // batches of a CSV job as application/json and read XML.
    if (!typed_ || path.size() > 2) json_ = job->content_type == "JSON";
    if (path.size() == 2) return OneJob(*job, method);
    if (path[2] != "batch") return Error("InvalidUrl", "Destination URL not found");
    if (path.size() == 3) return Batches(*job, method);
    for (const ClassicBatch& batch : job->batches) {
      if (batch.id.substr(0, path[3].size()) == path[3] && path[3].size() >= 15) {
        return method == "GET" ? OneBatch(*job, batch) : NotAllowed(method, "GET");
      }
    }
    return Error("InvalidBatch", "Unable to find batch: " + path[3].substr(0, 18));
  }

  Answer Error(std::string_view code, const std::string& message) {
    return Show(400, "error", {{"exceptionCode", code}, {"exceptionMessage", message}});
  }

 private:
  Answer Show(int status, std::string_view root, const ordered_json& body) {
    Answer answer;
    answer.status = status;
    if (json_) {
      answer.headers.Set("Content-Type", "application/json");
      answer.body = body.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
    } else {
      answer.headers.Set("Content-Type", "application/xml");
      answer.body = ClassicXml(root, body);
    }
    return answer;
  }
  Answer Refused(const firn::Error& error) {
    const ApiErrorParts parts = PartsOf(error);
    return Error(parts.code, parts.message);
  }
  Answer NotAllowed(const std::string& method, const std::string& allowed) {
    Answer answer = Error("MethodNotAllowed",
                          "HTTP Method '" + method + "' not allowed. Allowed are " + allowed);
    answer.status = 405;
    answer.headers.Set("Allow", allowed);
    return answer;
  }

  // The body's members as texts, from JSON or XML.
  std::map<std::string, std::string> Members() const {
    if (!json_) return LeafElements(request_.body);
    std::map<std::string, std::string> members;
    const json body = json::parse(request_.body, nullptr, false);
    if (!body.is_object()) return members;
    for (const auto& [key, value] : body.items()) {
      if (value.is_null()) continue;
      members[key] = value.is_string() ? value.get<std::string>()
                                       : value.dump(-1, ' ', false, json::error_handler_t::replace);
    }
    return members;
  }

  Answer Create() {
    auto members = Members();
    ClassicJob job;
    job.operation = members["operation"];
    job.object = members["object"];
    job.external_id_field = members["externalIdFieldName"];
    job.content_type = members.contains("contentType") ? members["contentType"]
                       : json_                         ? "JSON"
                                                       : "XML";
    // Clients send the mode's number as well.
    const std::string mode = members["concurrencyMode"];
    if (mode == "Serial" || mode == "1") job.concurrency = "Serial";
    job.api_version = request_.version;
    job.user_id = request_.session.user_id;
    constexpr std::string_view kOperations[] = {"query",  "queryAll", "insert",    "update",
                                                "upsert", "delete",   "hardDelete"};
    if (std::find(std::begin(kOperations), std::end(kOperations), job.operation) ==
        std::end(kOperations)) {
      return Error("InvalidJob", "Operation is missing or unknown: " + job.operation);
    }
    if (job.object.empty()) return Error("InvalidJob", "Object is a required field");
    if (job.content_type != "CSV" && job.content_type != "JSON" && job.content_type != "XML") {
      return Error("InvalidJob", "The content type " + job.content_type +
                                     " is not supported here: CSV, JSON and XML are");
    }
    const auto chunks = PkChunkRowsOf(request_.http.headers.GetOr("Sforce-Enable-PKChunking", ""));
    if (!chunks) return Error("InvalidJob", "The PK chunking header is not understood");
    if (job.is_query()) job.pk_chunk_rows = *chunks;
    const auto created = parts_.classic.Create(std::move(job));
    return created ? Show(201, "jobInfo", JobInfo(*created)) : Refused(created.error());
  }

  Answer OneJob(const ClassicJob& job, const std::string& method) {
    if (method == "GET") return Show(200, "jobInfo", JobInfo(job));
    if (method != "POST") return NotAllowed(method, "GET,POST");
    const std::string state = Members()["state"];
    if (state != "Closed" && state != "Aborted") {
      return Error("InvalidJobState", "The state of a job can be set to Closed or Aborted");
    }
    const auto changed = parts_.classic.SetState(job.id, state);
    return changed ? Show(200, "jobInfo", JobInfo(*changed)) : Refused(changed.error());
  }

  Answer Batches(const ClassicJob& job, const std::string& method) {
    if (method == "GET") {
      ordered_json list = ordered_json::array();
      for (const ClassicBatch& batch : job.batches) list.push_back(BatchInfo(job, batch));
      return Show(200, "batchInfoList", {{"batchInfo", list}});
    }
    if (method != "POST") return NotAllowed(method, "GET,POST");
    // Source: Bulk API limits: a batch is 10 MB at most.
    constexpr size_t kBatchBytesMax = 10'000'000;
    if (request_.body.size() > kBatchBytesMax) {
      return Error("ClientInputError", "The batch is larger than 10 MB");
    }
    if (request_.body.find_first_not_of(" \t\r\n") == std::string::npos) {
      return Error("ClientInputError", "The batch is empty");
    }
    const auto batch = parts_.classic.AddBatch(job.id, request_.body);
    return batch ? Show(201, "batchInfo", BatchInfo(job, *batch)) : Refused(batch.error());
  }

  Answer OneBatch(const ClassicJob& job, const ClassicBatch& batch) {
    const auto& path = request_.path;
    if (path.size() == 4) return Show(200, "batchInfo", BatchInfo(job, batch));
    if (path[4] == "request" && path.size() == 5) {
      if (!job.is_query()) return File(job, parts_.classic.DataPath(batch));
      Answer answer;
      answer.headers.Set("Content-Type", "text/plain;charset=UTF-8");
      answer.body = batch.query;
      return answer;
    }
    if (path[4] != "result") return Error("InvalidUrl", "Destination URL not found");
    if (batch.state != "Completed") {
      return Error("InvalidBatch", "Batch not completed: " + batch.state);
    }
    if (!job.is_query() && path.size() == 5) return File(job, parts_.classic.ResultPath(batch));
    const std::string result = IdText(MakeId("752", static_cast<uint64_t>(batch.number)));
    if (path.size() == 5) {
      if (!json_) return Show(200, "result-list", {{"result", result}});
      return Show(200, "", ordered_json::array({result}));
    }
    if (path.size() != 6 || path[5].size() < 15 || result.substr(0, path[5].size()) != path[5]) {
      return Error("InvalidBatch", "Unable to find result");
    }
    return File(job, parts_.classic.ResultPath(batch));
  }

  Answer File(const ClassicJob& job, const std::string& path) {
    const auto bytes = FileSize(path);
    auto stream = SliceStream::Open(path);
    if (!bytes || !stream) return Error("InvalidBatch", "The result is not there any more");
    (*stream)->AddFile(0, *bytes);
    Answer answer;
    std::string type = job.content_type == "JSON"  ? "application/json"
                       : job.content_type == "XML" ? "application/xml"
                                                   : "text/csv";
    // Without a charset, clients read the texts of a query's text/csv as Latin-1; results of
    // writes hold ids and messages, and clients compare their bare type.
    if (job.is_query() && job.content_type == "CSV") type += ";charset=UTF-8";
    answer.headers.Set("Content-Type", type);
    answer.body_stream_bytes = static_cast<int64_t>((*stream)->bytes());
    answer.body_stream = *std::move(stream);
    return answer;
  }

  ApiParts& parts_;
  const ClassicRequest& request_;
  bool json_ = false;
  bool typed_ = false;
};

}  // namespace

Answer HandleClassicBulk(ApiParts& parts, const ClassicRequest& request) {
  return Handler(parts, request).Serve();
}

Answer ClassicError(ApiParts& parts, const ClassicRequest& request, std::string_view code,
                    const std::string& message) {
  return Handler(parts, request).Error(code, message);
}

}  // namespace firn::sandbox
