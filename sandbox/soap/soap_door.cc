#include "sandbox/soap/soap_door.h"

#include <nlohmann/json.hpp>

#include "core/net/inflate.h"
#include "sandbox/rest/rest.h"
#include "sandbox/sign_in/oauth_text.h"
#include "sandbox/soap/soap_calls.h"

namespace firn::sandbox {
namespace {

constexpr size_t kBodyBytesMax = 50ULL << 20;

bool ServesApis(const Session& session) {
  return HasScope(session.scopes, "api") || HasScope(session.scopes, "full");
}

}  // namespace

ApiRequest RestOf(const SoapRequest& soap, const net::ServerRequest& http, std::string method,
                  std::vector<std::string> segments) {
  return ApiRequest{http,
                    soap.call,
                    std::move(method),
                    soap.path.number,
                    std::move(segments),
                    {},
                    std::string(),
                    soap.session,
                    {}};
}

Answer FaultOf(const SoapPath& path, const Answer& rest) {
  const auto body = nlohmann::json::parse(rest.body, nullptr, false);
  if (!body.is_array() || body.empty()) return SoapFault(path, "UNKNOWN_EXCEPTION", "no answer");
  return SoapFault(path, body[0].value("errorCode", "UNKNOWN_EXCEPTION"),
                   body[0].value("message", ""));
}

Answer FaultOf(const SoapPath& path, const Error& error) {
  const ApiErrorParts parts = PartsOf(error);
  return SoapFault(path, parts.code, parts.message);
}

Answer Respond(const SoapRequest& soap, std::string xml) {
  const std::string name = soap.operation.name + "Response";
  UsageMeter& usage = soap.parts.usage;
  return SoapAnswer(
      soap.path, {"<" + name + ">" + xml + "</" + name + ">",
                  "<LimitInfoHeader><limitInfo>" +
                      SoapElement("current", std::to_string(usage.Used(Allotment::kApiRequests))) +
                      SoapElement("limit", std::to_string(usage.limits().api_requests)) +
                      SoapElement("type", "API REQUESTS") + "</limitInfo></LimitInfoHeader>"});
}

Answer SoapDoor::Handle(const net::ServerRequest& request, const Call& call,
                        RequestLine& line) const {
  const auto path = ParseSoapPath(request.path);
  if (!path) return NotFoundAnswer();
  if (request.method != "POST") return MethodNotAllowed(request.method, "POST");
  if (path->number < kVersionOldest || path->number > kVersionNewest) {
    return SoapFault(*path, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL");
  }
  const auto bytes =
      net::InflateBody(request.headers.GetOr("Content-Encoding", "identity"), request.body);
  const auto envelope =
      bytes && bytes->size() <= kBodyBytesMax ? ParseEnvelope(*bytes) : std::nullopt;
  const XmlNode* body = envelope ? envelope->Child("Body") : nullptr;
  if (body == nullptr || body->children.empty()) {
    return SoapClientFault(*path, "The request is not a SOAP envelope");
  }
  const XmlNode& operation = body->children.front();
  const XmlNode none;
  const XmlNode* header = envelope->Child("Header");
  if (header == nullptr) header = &none;
  const XmlNode* session_header = header->Child("SessionHeader");
  const std::string token = session_header == nullptr ? "" : session_header->TextOf("sessionId");
  if (operation.name == "login" || operation.name == "logout") {
    return login_.Handle(
        request, *path,
        {operation.name, operation.TextOf("username"), operation.TextOf("password"), token});
  }
  const auto session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, token);
  if (!session || !ServesApis(*session)) {
    return SoapFault(*path, "INVALID_SESSION_ID",
                     "Invalid Session ID found in SessionHeader: Illegal Session. Session not "
                     "found, missing session hash");
  }
  if (const auto app = parts_.apps.Find(session->client_id)) line.client = app->name;
  line.username = session->user_id;
  if (parts_.usage.Used(Allotment::kApiRequests) >= parts_.usage.limits().api_requests) {
    return SoapFault(*path, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
  }
  parts_.usage.Add(Allotment::kApiRequests, 1);
  line.cost = 1;
  const SoapRequest soap{parts_, request, call, *path, *header, operation, *session};
  for (const auto& family : {ReadCall, WriteCall, MoveCall, DescribeCall}) {
    if (auto answer = family(soap)) return *std::move(answer);
  }
  return SoapNoOperation(*path, operation.name);
}

}  // namespace firn::sandbox
