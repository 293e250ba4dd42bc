// Credentials that a machine's own endpoint hands out: containers (ECS, EKS) and instances (EC2).
// Sources: Amazon ECS Developer Guide, "Task IAM role"; EC2 User Guide, "Use IMDSv2"; read 2026-11.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "core/base/time_text.h"
#include "ends/aws/internal/sources.h"
#include "ends/aws/internal/uri.h"

namespace firn::aws {
namespace {

constexpr std::string_view kContainerHost = "http://169.254.170.2";
constexpr std::string_view kEksHost = "169.254.170.23";
constexpr std::string_view kInstanceHost = "http://169.254.169.254";
constexpr auto kEndpointWait = std::chrono::seconds(2);  // it is one hop away or not there

Result<std::string> Fetch(const Call& call, const SourceParts& parts, std::string_view source,
                          net::Request request) {
  request.idle_timeout = kEndpointWait;
  const auto answer = parts.transport.Send(call.Within(3 * kEndpointWait), request);
  if (!answer) return Fail(SourceFailed(source, answer.error().OneLine()));
  if (answer->status != 200) {
    return Fail(SourceFailed(source, fmt::format("it answered with status {}", answer->status)));
  }
  return answer->body;
}

// The endpoint gets a bearer token: only this machine's own may have it without TLS.
bool MayBeAsked(const UrlParts& url) {
  const std::string host = url.host.substr(
      0, url.host.rfind(':') == std::string::npos ? std::string::npos : url.host.rfind(':'));
  return url.scheme == "https" || host == "localhost" || host.starts_with("127.") ||
         host == "[::1]" || host == kEksHost || host == "169.254.170.2";
}

}  // namespace

Error SourceFailed(std::string_view source, std::string why) {
  return Error(Kind::kDenied, "AWS-CRED-002", fmt::format("no AWS credentials from {}", source))
      .Because(std::move(why));
}

Result<Credentials> ReadCredentialsJson(std::string_view json, std::string source) {
  const auto answer = nlohmann::json::parse(json, nullptr, false);
  if (!answer.is_object()) return Fail(SourceFailed(source, "its answer is no JSON object"));
  const auto text = [&](const char* name) {
    const auto found = answer.find(name);
    return found != answer.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  Credentials credentials;
  credentials.access_key_id = text("AccessKeyId");
  credentials.secret_access_key = Secret(text("SecretAccessKey"));
  credentials.session_token = Secret(text("Token").empty() ? text("SessionToken") : text("Token"));
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    const std::string message = text("Message").empty() ? text("message") : text("Message");
    return Fail(SourceFailed(source, message.empty() ? "its answer holds no key" : message));
  }
  if (const std::string expires = text("Expiration"); !expires.empty()) {
    const auto instant = ParseInstant(expires);
    if (!instant) return Fail(SourceFailed(source, "its `Expiration` is no time"));
    credentials.expires = *instant;
  }
  credentials.source = std::move(source);
  return credentials;
}

Result<Credentials> FromContainer(const Call& call, const SourceParts& parts) {
  constexpr std::string_view kSource = "the container's endpoint";
  net::Request request;
  request.url = parts.environment.Get("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  const std::string relative = parts.environment.Get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty()) request.url = std::string(kContainerHost) + relative;
  if (!MayBeAsked(SplitUrl(request.url))) {
    return Fail(SourceFailed(kSource,
                             "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither HTTPS nor of "
                             "this machine"));
  }
  std::string token = parts.environment.Get("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const std::string file = parts.environment.Get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!file.empty()) {
    FIRN_TRY(token, ReadFile(file));
    while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  }
  if (!token.empty()) request.headers.Set("Authorization", token);
  FIRN_TRY(const std::string body, Fetch(call, parts, kSource, std::move(request)));
  return ReadCredentialsJson(body, std::string(kSource));
}

Result<Credentials> FromInstance(const Call& call, const SourceParts& parts) {
  constexpr std::string_view kSource = "the instance's metadata";
  std::string endpoint =
      parts.environment.GetOr("AWS_EC2_METADATA_SERVICE_ENDPOINT", std::string(kInstanceHost));
  while (endpoint.ends_with('/')) endpoint.pop_back();
  net::Request ask;
  ask.method = "PUT";
  ask.url = endpoint + "/latest/api/token";
  ask.headers.Set("X-aws-ec2-metadata-token-ttl-seconds", "21600");
  FIRN_TRY(const std::string token, Fetch(call, parts, kSource, std::move(ask)));
  const auto get = [&](const std::string& path) {
    net::Request request;
    request.url = endpoint + "/latest/meta-data/iam/security-credentials/" + path;
    request.headers.Set("X-aws-ec2-metadata-token", token);
    return Fetch(call, parts, kSource, std::move(request));
  };
  FIRN_TRY(std::string role, get(""));
  role = role.substr(0, role.find('\n'));
  if (role.empty()) return Fail(SourceFailed(kSource, "the instance has no role"));
  FIRN_TRY(const std::string body, get(UriEncode(role, "")));
  return ReadCredentialsJson(body, std::string(kSource));
}

}  // namespace firn::aws
