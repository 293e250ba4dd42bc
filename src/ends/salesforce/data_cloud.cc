#include "ends/salesforce/data_cloud.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/base/file.h"
#include "core/net/inflate.h"
#include "ends/salesforce/internal/data_cloud_token.h"
#include "ends/salesforce/internal/json_fields.h"
#include "ends/salesforce/internal/vendor_error.h"

namespace firn::salesforce {
namespace {

constexpr const char* kJobs = "/api/v1/ingest/jobs";
constexpr const char* kSources = "/api/v1/ingest/sources";
constexpr int kListPage = 100;
constexpr int kListMax = 1'000;

constexpr std::pair<std::string_view, IngestState> kStates[] = {
    {"Open", IngestState::kOpen},
    {"UploadComplete", IngestState::kUploadComplete},
    {"InProgress", IngestState::kInProgress},
    {"JobComplete", IngestState::kJobComplete},
    {"Failed", IngestState::kFailed},
    {"Aborted", IngestState::kAborted},
};

std::string_view NameOf(IngestState state) {
  for (const auto& [name, known] : kStates) {
    if (known == state) return name;
  }
  return "";
}

// The sample answers spell the state `Open` and `open`, and the member `state` and `states`.
IngestState StateOf(std::string_view text) {
  for (const auto& [name, state] : kStates) {
    const bool same = std::equal(
        text.begin(), text.end(), name.begin(), name.end(),
        [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    if (same) return state;
  }
  return IngestState::kOther;
}

IngestJob JobOf(const Json& answer) {
  IngestJob job;
  job.id = TextOf(answer, "id");
  job.state_text = TextOf(answer, "state");
  if (job.state_text.empty()) job.state_text = TextOf(answer, "states");
  job.state = StateOf(job.state_text);
  job.connector = TextOf(answer, "sourceName");
  job.object = TextOf(answer, "object");
  job.operation = TextOf(answer, "operation");
  job.created_date = TextOf(answer, "createdDate");
  job.error_message = TextOf(answer, "errorMessage");
  if (job.error_message.empty()) job.error_message = TextOf(answer, "stateMessage");
  job.error_message = job.error_message.substr(0, 500);
  return job;
}

// Errors of this API are `{"error","message","internalErrorCode"}`; a gateway before it answers in
// the shapes of the other APIs.
VendorError CloudVendorError(std::string_view body) {
  VendorError error = ParseVendorError(body);
  const Json document = ParseOrDiscard(body);
  if (!error.message.empty() || !document.is_object()) return error;
  error.message = TextOf(document, "message").substr(0, 500);
  std::replace_if(
      error.message.begin(), error.message.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  if (const std::string code = TextOf(document, "internalErrorCode"); !code.empty())
    error.code = code;
  return error;
}

Error CloudError(const Refusal& refusal) {
  const VendorError vendor = CloudVendorError(refusal.body);
  const auto with = [&](Error error) {
    std::string why = "status " + std::to_string(refusal.status);
    if (!vendor.code.empty() || !vendor.message.empty())
      why = "Data Cloud says `" + vendor.code + "`: " + vendor.message;
    return Error(std::move(error)
                     .At("org `" + std::string(refusal.system) + "`, Data Cloud")
                     .Because(std::move(why))
                     .From(RemoteOf(refusal, vendor)));
  };
  switch (refusal.status) {
    case 400:
    case 422:
      return with(Error(Kind::kBadInput, "SF-CLOUD-002", "Data Cloud refuses the request")
                      .Hint("compare connector, object and columns with the Ingestion API "
                            "connector's schema in Data Cloud Setup"));
    case 404:
      return with(
          Error(Kind::kNotFound, "SF-CLOUD-003", "Data Cloud has no such job or connector"));
    case 409:
    case 412:
      return with(Error(Kind::kConflict, "SF-CLOUD-005",
                        "the state of a Data Cloud job does not allow this"));
    case 413:
      return with(
          Error(Kind::kLimitReached, "SF-CLOUD-006", "a part is larger than Data Cloud takes"));
    default:
      return with(ApiError(refusal));
  }
}

// The bytes of a file, from its beginning.
class FileBody final : public net::BodyStream {
 public:
  static Result<std::shared_ptr<net::BodyStream>> Open(const std::string& path) {
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid())
      return Fail(Error(Kind::kNotFound, "SF-CLOUD-009", "a part to upload cannot be read")
                      .At(path)
                      .Because(std::strerror(errno)));
    return std::shared_ptr<net::BodyStream>(new FileBody(std::move(fd), path));
  }
  Result<std::string> Read(size_t bytes_max) override {
    std::string piece(bytes_max, '\0');
    FIRN_TRY(const size_t bytes, ReadInto(piece.data(), bytes_max));
    piece.resize(bytes);
    return piece;
  }
  Result<size_t> ReadInto(char* into, size_t bytes_max) override {
    for (;;) {
      const ssize_t bytes = read(fd_.get(), into, bytes_max);
      if (bytes >= 0) return static_cast<size_t>(bytes);
      if (errno != EINTR)
        return Fail(Error(Kind::kCorrupt, "SF-CLOUD-009", "a part to upload cannot be read")
                        .At(path_)
                        .Because(std::strerror(errno)));
    }
  }

 private:
  FileBody(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;
  std::string path_;
};

struct CloudRequest {
  std::string method = "GET";
  std::string path;
  std::string json;
  const IngestPart* part = nullptr;
  bool repeatable = true;
};

class Client final : public DataCloud {
 public:
  Client(DataCloudOptions options, TokenSource& tokens, net::Transport& transport)
      : options_(std::move(options)),
        transport_(transport),
        tokens_(options_.org, tokens, transport) {}

  Result<IngestJob> Create(const Call& call, const IngestSpec& spec) override {
    CloudRequest request{.method = "POST", .path = kJobs, .repeatable = false};
    request.json = Json{{"object", spec.object},
                        {"sourceName", spec.connector},
                        {"operation", IngestOperationName(spec.operation)}}
                       .dump();
    auto answer = Ask(call, request);
    if (answer) return AsJob(*answer);
    const Kind kind = answer.error().kind();
    // Refusals are final; of the rest nobody knows whether the job was made.
    if (kind != Kind::kUnreachable && kind != Kind::kTimeout)
      return Fail(
          std::move(answer).error().Doing("creating an ingestion job of `" + spec.object + "`"));
    return Fail(
        Error(Kind::kCommitUnknown, "SF-CLOUD-004", "the answer to a new ingestion job was lost")
            .At("org `" + options_.org + "`, Data Cloud")
            .Because(answer.error().OneLine())
            .Hint("run the same again; a job that was made holds no rows and is deleted by "
                  "Data Cloud after seven days"));
  }

  Result<void> Upload(const Call& call, const std::string& job_id,
                      const IngestPart& part) override {
    if (part.bytes > kIngestPartBytesMax)
      return Fail(
          Error(Kind::kLimitReached, "SF-CLOUD-006", "a part is larger than Data Cloud takes")
              .At(part.path)
              .Because(std::to_string(part.bytes) + " bytes of " +
                       std::to_string(kIngestPartBytesMax)));
    CloudRequest request{.method = "PUT", .path = JobPath(job_id) + "/batches", .part = &part};
    auto answer = Ask(call, request);
    if (!answer)
      return Fail(std::move(answer).error().Doing("uploading to ingestion job " + job_id));
    return {};
  }

  Result<IngestJob> Close(const Call& call, const std::string& job_id) override {
    return SetState(call, job_id, "UploadComplete");
  }
  Result<IngestJob> Abort(const Call& call, const std::string& job_id) override {
    return SetState(call, job_id, "Aborted");
  }

  Result<IngestJob> Get(const Call& call, const std::string& job_id) override {
    auto answer = Ask(call, {.path = JobPath(job_id)});
    if (!answer) return Fail(std::move(answer).error().Doing("asking for ingestion job " + job_id));
    return AsJob(*answer);
  }

  Result<std::vector<IngestJob>> List(const Call& call, IngestState state) override {
    std::vector<IngestJob> jobs;
    for (int offset = 0; offset < kListMax; offset += kListPage) {
      FIRN_TRY(const std::string body,
               Ask(call, {.path = std::string(kJobs) + "?limit=" + std::to_string(kListPage) +
                                  "&offset=" + std::to_string(offset) +
                                  "&states=" + std::string(NameOf(state))}));
      const Json answer = ParseOrDiscard(body);
      const auto data = answer.find("data");
      if (!answer.is_object() || data == answer.end() || !data->is_array())
        return Fail(NotAsDocumented(options_.org, "a list of ingestion jobs"));
      for (const Json& job : *data) {
        if (job.is_object()) jobs.push_back(JobOf(job));
      }
      if (data->size() < static_cast<size_t>(kListPage)) break;
    }
    return jobs;
  }

  Result<void> Delete(const Call& call, const std::string& job_id) override {
    const auto answer = Ask(call, {.method = "DELETE", .path = JobPath(job_id)});
    if (answer || answer.error().code() == "SF-CLOUD-003") return {};
    return Fail(answer.error());
  }

  Result<void> Stream(const Call& call, const IngestSpec& spec, const std::string& body) override {
    const bool deletes = spec.operation == IngestOperation::kDelete;
    FIRN_CHECK(CheckSize(spec, body));
    const auto answer =
        Ask(call, {.method = deletes ? "DELETE" : "POST", .path = ObjectPath(spec), .json = body});
    if (answer) return {};
    return Fail(Error(answer.error()).Doing("streaming to `" + spec.object + "`"));
  }

  Result<void> Check(const Call& call, const IngestSpec& spec, const std::string& body) override {
    FIRN_CHECK(CheckSize(spec, body));
    const auto answer =
        Ask(call, {.method = "POST", .path = ObjectPath(spec) + "/actions/test", .json = body});
    if (answer) return {};
    return Fail(Error(answer.error()).Doing("checking records of `" + spec.object + "`"));
  }

  Result<IngestJob> Wait(const Call& call, const std::string& job_id,
                         const std::function<void(const IngestJob&)>& progress) override {
    const SteadyTime end = call.clock->Steady() + options_.wait_most;
    for (auto pause = options_.poll_first;; pause = std::min(pause * 2, options_.poll_most)) {
      FIRN_TRY(IngestJob job, Get(call, job_id));
      if (progress) progress(job);
      if (job.state == IngestState::kJobComplete) return job;
      if (job.state == IngestState::kFailed || job.state == IngestState::kAborted)
        return Fail(Ended(job));
      if (call.clock->Steady() >= end)
        return Fail(Error(Kind::kTimeout, "SF-CLOUD-008",
                          "ingestion job " + job_id + " is not done after a day")
                        .At("org `" + options_.org + "`, Data Cloud")
                        .Because("its state is `" + job.state_text + "`")
                        .Hint("the job goes on; run the same again to wait for it"));
      FIRN_CHECK(call.Sleep(pause));
    }
  }

 private:
  static std::string JobPath(const std::string& job_id) {
    return std::string(kJobs) + "/" + PercentEncode(job_id);
  }

  static std::string ObjectPath(const IngestSpec& spec) {
    return std::string(kSources) + "/" + PercentEncode(spec.connector) + "/" +
           PercentEncode(spec.object);
  }

  static Result<void> CheckSize(const IngestSpec& spec, const std::string& body) {
    if (static_cast<int64_t>(body.size()) <= kStreamBytesMax) return {};
    return Fail(
        Error(Kind::kLimitReached, "SF-CLOUD-006", "a part is larger than Data Cloud takes")
            .At("a streaming request of `" + spec.object + "`")
            .Because(std::to_string(body.size()) + " bytes of " + std::to_string(kStreamBytesMax)));
  }

  Error Ended(const IngestJob& job) const {
    return Error(Kind::kBadInput, "SF-CLOUD-007",
                 "ingestion job " + job.id + " ended as `" + job.state_text + "`")
        .At("org `" + options_.org + "`, Data Cloud")
        .Because(job.error_message.empty() ? "Data Cloud gives no reason here" : job.error_message)
        .Hint("its data stream in Data Cloud shows the records and the reason");
  }

  Result<IngestJob> AsJob(const std::string& body) const {
    const Json answer = ParseOrDiscard(body);
    if (!answer.is_object() || TextOf(answer, "id").empty())
      return Fail(NotAsDocumented(options_.org, "an ingestion job"));
    return JobOf(answer);
  }

  Result<IngestJob> SetState(const Call& call, const std::string& job_id, const char* state) {
    CloudRequest request{.method = "PATCH", .path = JobPath(job_id)};
    request.json = Json{{"state", state}}.dump();
    auto answer = Ask(call, request);
    if (!answer)
      return Fail(std::move(answer).error().Doing("setting ingestion job " + job_id + " to `" +
                                                  state + "`"));
    return AsJob(*answer);
  }

  Result<net::Request> Wire(const CloudToken& token, const CloudRequest& request) const {
    net::Request wire;
    wire.method = request.method;
    wire.url = token.instance_url + request.path;
    wire.headers = {{"Authorization", "Bearer " + token.access_token.Reveal()},
                    {"Accept", "application/json"}};
    if (request.part != nullptr) {
      FIRN_TRY(wire.body_stream, FileBody::Open(request.part->path));
      wire.body_stream_bytes = request.part->bytes;
      wire.headers.Set("Content-Type", "text/csv");
      wire.idle_timeout = options_.upload_idle_timeout;
      wire.own_connection = true;
    } else if (!request.json.empty()) {
      wire.body = request.json;
      wire.headers.Set("Content-Type", "application/json");
    }
    return wire;
  }

  // The body of a good answer.
  Result<std::string> Ask(const Call& call, const CloudRequest& request) {
    FIRN_TRY(CloudToken token, tokens_.Get(call));
    bool renewed = false;
    for (int attempt = 0;;) {
      FIRN_TRY(const net::Request wire, Wire(token, request));
      auto answer = Once(call, wire);
      if (answer) return answer;
      if (answer.error().remote().status == 401 && !renewed) {
        FIRN_TRY(token, tokens_.Renew(call, token));
        renewed = true;
        continue;
      }
      const bool refused_first = answer.error().kind() == Kind::kThrottled;
      if (!request.repeatable && !refused_first) return answer;
      FIRN_CHECK(call.Check());
      FIRN_CHECK(WaitToRetry(call, options_.backoff, attempt, std::move(answer).error()));
      ++attempt;
    }
  }

  Result<std::string> Once(const Call& call, const net::Request& wire) {
    // An upload is bounded by its bytes moving, not by the clock.
    const Call bounded = wire.body_stream ? call : call.Within(options_.request_timeout);
    auto sent = transport_.Send(bounded, wire);
    if (!sent) {
      const Kind kind = sent.error().kind();
      const bool passes = kind == Kind::kUnreachable || kind == Kind::kTimeout;
      return Fail(passes ? std::move(sent).error().RetryWithBackoff() : std::move(sent).error());
    }
    FIRN_TRY(std::string body, net::InflateBody(sent->headers.GetOr("Content-Encoding", ""),
                                                std::move(sent->body), wire.body_bytes_max));
    if (sent->status >= 200 && sent->status < 300) return body;
    return Fail(CloudError({options_.org, sent->status, &sent->headers, body}));
  }

  const DataCloudOptions options_;
  net::Transport& transport_;
  CloudTokens tokens_;
};

}  // namespace

std::string_view IngestOperationName(IngestOperation operation) {
  return operation == IngestOperation::kDelete ? "delete" : "upsert";
}

std::unique_ptr<DataCloud> DataCloud::New(DataCloudOptions options, TokenSource& tokens,
                                          net::Transport& transport) {
  return std::make_unique<Client>(std::move(options), tokens, transport);
}

}  // namespace firn::salesforce
