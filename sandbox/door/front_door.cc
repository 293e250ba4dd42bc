#include "sandbox/door/front_door.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/net/inflate.h"
#include "sandbox/bulk/classic_http.h"
#include "sandbox/data_cloud/lake_http.h"
#include "sandbox/life/admin.h"
#include "sandbox/pretty_json.h"
#include "sandbox/rest/blob.h"
#include "sandbox/rest/rest.h"
#include "sandbox/sign_in/oauth_text.h"
#include "sandbox/slice_stream.h"

namespace firn::sandbox {
namespace {

// Of the request line's target and the headers together.
// Source: REST API Developer Guide, "Status Codes and Error Responses" (414, 431), read 2026-11.
constexpr size_t kTargetAndHeaderBytesMax = 16'384;
// Of a body that is not multipart.
// Source: REST API Developer Guide, "Insert or Update Blob Data", read 2026-11.
constexpr size_t kJsonBytesMax = 50ULL << 20;
constexpr size_t kGzipBytesMin = 1024;
constexpr int kVersionRetiredOldest = 7;

std::optional<Answer> TooLarge(const net::ServerRequest& request) {
  size_t bytes = request.target.size();
  if (bytes > kTargetAndHeaderBytesMax) {
    return ErrorAnswer(414, "URI_TOO_LONG", "The URI is longer than 16384 bytes");
  }
  for (const auto& [name, value] : request.headers.all()) bytes += name.size() + value.size() + 4;
  if (bytes <= kTargetAndHeaderBytesMax) return std::nullopt;
  return ErrorAnswer(431, "REQUEST_HEADER_FIELDS_TOO_LARGE",
                     "The URI and the headers together are longer than 16384 bytes");
}

// Segments of the raw path, each decoded by itself: a value may hold `%2F`.
std::vector<std::string> DecodedSegments(std::string_view target) {
  target = target.substr(0, target.find('?'));
  std::vector<std::string> segments;
  while (!target.empty()) {
    const size_t slash = std::min(target.find('/'), target.size());
    const std::string_view raw = target.substr(0, slash);
    if (!raw.empty()) segments.push_back(PercentDecode(raw, false).value_or(std::string(raw)));
    target.remove_prefix(std::min(slash + 1, target.size()));
  }
  return segments;
}

// 60 for `v60.0`; nothing when it is not of that form.
std::optional<int> ParseVersion(std::string_view text) {
  if (!text.starts_with('v') || !text.ends_with(".0")) return std::nullopt;
  text = text.substr(1, text.size() - 3);
  int version = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), version);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return version;
}

bool IsTrue(const std::string& header) { return header == "1" || header == "true"; }

bool AcceptsGzip(const net::ServerRequest& request) {
  return request.headers.GetOr("Accept-Encoding", "").find("gzip") != std::string::npos;
}

void Compress(Answer& answer) {
  if (answer.body_stream) {
    // The stream is handed over for good: a shared_ptr is only how the server takes it.
    struct Shared final : net::BodyStream {
      explicit Shared(std::shared_ptr<net::BodyStream> from) : stream(std::move(from)) {}
      Result<std::string> Read(size_t bytes_max) override { return stream->Read(bytes_max); }
      std::shared_ptr<net::BodyStream> stream;
    };
    answer.body_stream = GzipStream(std::make_unique<Shared>(std::move(answer.body_stream)));
    answer.body_stream_bytes = -1;
  } else if (answer.body.size() >= kGzipBytesMin) {
    answer.body = GzipText(answer.body);
  } else {
    return;
  }
  answer.headers.Set("Content-Encoding", "gzip");
}

bool ShapesPage(FaultKind kind) {
  return kind == FaultKind::kShortPage || kind == FaultKind::kExtraRow ||
         kind == FaultKind::kBadUtf8 || kind == FaultKind::kNul;
}

bool ServesApis(const Session& session) {
  return HasScope(session.scopes, "api") || HasScope(session.scopes, "full");
}

Answer SessionInvalid() {
  Answer answer = ErrorAnswer(401, "INVALID_SESSION_ID", "Session expired or invalid");
  answer.headers.Set("WWW-Authenticate", "Token");
  return answer;
}

// `sobjects/User/{id}/password`, written: a change of the setup.
// Source: Object Reference, 'SetupAuditTrail'; Salesforce Help, "Monitor Setup Changes with Setup
// Audit Trail" (password resets), read 2026-11.
bool ChangesPassword(const ApiRequest& api) {
  return api.method != "GET" && api.method != "HEAD" && api.path.size() == 4 &&
         api.path[0] == "sobjects" && Folded(api.path[1]) == "user" && api.path[3] == "password";
}

void DropDoubleSlashes(std::string& path) {
  size_t end = std::min(path.find('?'), path.size());
  for (size_t at = path.find("//"); at < end; at = path.find("//", at)) {
    path.erase(at, 1);
    --end;
  }
}

}  // namespace

void DropEmptySegments(net::ServerRequest& request) {
  if (!request.path.starts_with("//")) return;
  DropDoubleSlashes(request.path);
  DropDoubleSlashes(request.target);
}

Answer FrontDoor::Serve(const net::ServerRequest& request, const Call& call) {
  const SteadyTime start = parts_.clock.Steady();
  if (request.path.starts_with("/sandbox/")) return HandleAdmin(parts_, life_, request);
  RequestLine line;
  line.at = parts_.clock.Now();
  line.method = request.method;
  line.path = request.path;
  if (request.path.starts_with("/services/data")) line.query = request.query;
  line.client = request.headers.GetOr("User-Agent", "");
  const std::vector<FaultEffect> faults =
      parts_.faults.Strike(request.method, request.path, request.target);
  for (const FaultEffect& fault : faults) line.faults.push_back(fault.name);
  Answer answer;
  if (auto refusal = TooLarge(request)) {
    answer = *std::move(refusal);
  } else if (auto instead = Before(faults, call)) {
    answer = *std::move(instead);
  } else {
    answer = Route(request, call, faults, line);
  }
  line.status = answer.status;
  line.bytes =
      answer.body_stream ? answer.body_stream_bytes : static_cast<int64_t>(answer.body.size());
  Finish(request, faults, answer);
  line.micros =
      std::chrono::duration_cast<std::chrono::microseconds>(parts_.clock.Steady() - start).count();
  life_.activity.Answered(request, line);
  parts_.log.Add(std::move(line));
  return answer;
}

std::optional<Answer> FrontDoor::Before(const std::vector<FaultEffect>& faults, const Call& call) {
  std::optional<Answer> instead;
  for (const FaultEffect& fault : faults) {
    if (fault.kind == FaultKind::kDelay) {
      parts_.clock.under().SleepFor(std::chrono::milliseconds(fault.ms), call.stop);
    } else if (fault.kind == FaultKind::kStatus) {
      const std::string code = fault.code.empty() ? "UNKNOWN_EXCEPTION" : fault.code;
      instead = fault.body.empty() ? ErrorAnswer(fault.status, code, fault.message)
                                   : JsonAnswer(fault.status, fault.body);
    } else if (fault.kind == FaultKind::kMaintenance) {
      instead = ErrorAnswer(
          503, "SERVER_UNAVAILABLE",
          fault.message.empty() ? "The server is too busy or down for maintenance" : fault.message);
      instead->headers.Set("Retry-After", "30");
    } else if (fault.kind != FaultKind::kLateCommit) {
      CarryOut(parts_, fault);
    }
  }
  return instead;
}

Answer FrontDoor::Route(const net::ServerRequest& request, const Call& call,
                        std::vector<FaultEffect> faults, RequestLine& line) {
  const std::string& path = request.path;
  if (path == "/services/a360/token") return DataCloudToken(parts_, request);
  if (IsDataCloudPath(path)) {
    return HandleDataCloud(parts_, request, DecodedSegments(request.target), line);
  }
  if (FrontDoorPages::Owns(path)) return pages_.bridge.Handle(request);
  if (OAuth::Owns(path)) return pages_.oauth.Handle(request);
  if (LogoutPages::Owns(path)) return pages_.logout.Handle(request);
  if (path.starts_with("/services/Soap/")) return pages_.soap.Handle(request, call, line);
  if (path == "/services/data" || path == "/services/data/") {
    return request.method == "GET" || request.method == "HEAD"
               ? VersionsAnswer()
               : MethodNotAllowed(request.method, "GET,HEAD");
  }
  if (path.starts_with("/services/data/")) return Data(request, call, std::move(faults), line);
  if (path.starts_with("/services/async/")) return Async(request, line);
  if (path == "/" && request.method == "GET") return HtmlAnswer(200, std::string(PageHtml()));
  return NotFoundAnswer();
}

std::optional<Answer> FrontDoor::SignIn(const net::ServerRequest& request, Session& session,
                                        RequestLine& line) {
  const std::string token = BearerToken(request);
  if (token.empty() && request.headers.Get("Authorization")) {
    return ErrorAnswer(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE");
  }
  auto found = parts_.sessions.Find(SessionStore::TokenKind::kAccess, token);
  if (!found) return SessionInvalid();
  session = *std::move(found);
  if (const auto app = parts_.apps.Find(session.client_id)) line.client = app->name;
  line.username = session.user_id;
  if (!ServesApis(session)) {
    return ErrorAnswer(401, "INVALID_SESSION_ID",
                       "This session is not valid for use with the REST API");
  }
  return std::nullopt;
}

Answer FrontDoor::Async(const net::ServerRequest& request, RequestLine& line) {
  std::vector<std::string> path = DecodedSegments(request.target);
  const auto version = path.size() > 2 ? ParseVersion("v" + path[2]) : std::nullopt;
  ClassicRequest classic{request, version.value_or(0), {}, "", {}};
  if (!version || *version > kVersionNewest || *version < kVersionOldest) {
    return ClassicError(parts_, classic, "InvalidVersion", "Unsupported API version");
  }
  classic.path.assign(path.begin() + 3, path.end());
  std::string token = request.headers.GetOr("X-SFDC-Session", "");
  if (token.empty()) token = BearerToken(request);
  auto session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, token);
  if (!session) {
    return ClassicError(parts_, classic, "InvalidSessionId", "Invalid session id");
  }
  classic.session = *std::move(session);
  if (!ServesApis(classic.session)) {
    return ClassicError(parts_, classic, "InvalidSessionId", "Invalid session id");
  }
  if (const auto app = parts_.apps.Find(classic.session.client_id)) line.client = app->name;
  line.username = classic.session.user_id;
  if (parts_.usage.Used(Allotment::kApiRequests) >= parts_.usage.limits().api_requests) {
    return ClassicError(parts_, classic, "ExceededQuota", "TotalRequests Limit exceeded.");
  }
  parts_.usage.Add(Allotment::kApiRequests, 1);
  line.cost = 1;
  auto body = net::InflateBody(request.headers.GetOr("Content-Encoding", "identity"), request.body);
  if (!body) {
    return ClassicError(parts_, classic, "ClientInputError", "The body's encoding cannot be read");
  }
  classic.body = *std::move(body);
  return HandleClassicBulk(parts_, classic);
}

Answer FrontDoor::Data(const net::ServerRequest& request, const Call& call,
                       std::vector<FaultEffect> faults, RequestLine& line) {
  std::vector<std::string> path = DecodedSegments(request.target);
  const auto version = path.size() > 2 ? ParseVersion(path[2]) : std::nullopt;
  if (!version || *version > kVersionNewest || *version < kVersionRetiredOldest) {
    return NotFoundAnswer();
  }
  if (*version < kVersionOldest) {
    return ErrorAnswer(410, "GONE", "The requested API version is retired and no longer available");
  }
  path.erase(path.begin(), path.begin() + 3);
  Session session;
  if (auto refusal = SignIn(request, session, line)) return *std::move(refusal);
  const int64_t max = parts_.usage.limits().api_requests;
  Answer answer;
  if (parts_.usage.Used(Allotment::kApiRequests) >= max) {
    answer = ErrorAnswer(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
  } else {
    parts_.usage.Add(Allotment::kApiRequests, 1);
    line.cost = 1;
    std::erase_if(faults, [](const FaultEffect& fault) { return !ShapesPage(fault.kind); });
    ApiRequest api{request,
                   call,
                   request.method,
                   *version,
                   std::move(path),
                   FormDecode(request.query).value_or(FormFields{}),
                   "",
                   std::move(session),
                   std::move(faults)};
    if (const std::string method = api.Query("_HttpMethod");
        request.method == "POST" && !method.empty()) {
      api.method = method;
    }
    auto body =
        request.body_stream != nullptr
            ? Result<std::string>("")  // read by its handler, piece by piece
            : net::InflateBody(request.headers.GetOr("Content-Encoding", "identity"), request.body);
    if (body && body->size() > kJsonBytesMax && !IsMultipart(api)) {
      answer = ErrorAnswer(413, "EXCEEDED_MAX_SIZE_REQUEST",
                           "The request is larger than 50 MB: send large bytes as multipart");
    } else if (body) {
      api.body = *std::move(body);
      auto tooling = life_.tooling.Serve(api);
      answer = tooling ? *std::move(tooling) : HandleRest(parts_, api);
      if (answer.status < 300 && ChangesPassword(api)) NotePassword(api.path[2]);
    } else {
      answer = ErrorAnswer(415, "UNSUPPORTED_MEDIA_TYPE", "The body's encoding cannot be read");
    }
  }
  answer.headers.Set("Sforce-Limit-Info",
                     "api-usage=" + std::to_string(parts_.usage.Used(Allotment::kApiRequests)) +
                         "/" + std::to_string(max));
  return answer;
}

void FrontDoor::NotePassword(const std::string& user_id) {
  const auto id = ParseId(user_id);
  const auto user = id ? parts_.users.ById(IdText(*id)) : std::nullopt;
  if (!user) return;
  life_.activity.SetupChanged("resetpassword", "Manage Users",
                              "Reset password for user " + user->username);
}

void FrontDoor::Finish(const net::ServerRequest& request, const std::vector<FaultEffect>& faults,
                       Answer& answer) {
  answer.headers.Set("Date", HttpDate(parts_.clock.Now()));
  if (IsTrue(request.headers.GetOr("X-PrettyPrint", "")) && !answer.body_stream &&
      answer.headers.GetOr("Content-Type", "").starts_with("application/json")) {
    answer.body = PrettyJson(answer.body);
  }
  if (AcceptsGzip(request) && request.method != "HEAD") Compress(answer);
  for (const FaultEffect& fault : faults) {
    if (fault.kind == FaultKind::kDrop) answer.drop_after_bytes = fault.at_byte;
    if (fault.kind == FaultKind::kStall) answer.stall_after_bytes = fault.at_byte;
    if (fault.kind == FaultKind::kLateCommit) CarryOut(parts_, fault);
  }
}

}  // namespace firn::sandbox
