#include "sandbox/sign_in/soap_login.h"

#include <charconv>

#include "sandbox/sign_in/oauth_text.h"

namespace firn::sandbox {
namespace {

constexpr int kVersionOldest = 31;
constexpr int kVersionWithoutLogin = 65;
constexpr std::chrono::seconds kSessionLength{7200};

struct SoapPath {
  char wsdl = 'u';      // `c` enterprise, `u` partner
  std::string version;  // `59.0`
  int number = 0;
};

// `/services/Soap/u/59.0/00D..`
std::optional<SoapPath> ParsePath(std::string_view path) {
  constexpr std::string_view kRoot = "/services/Soap/";
  if (!path.starts_with(kRoot) || path.size() < kRoot.size() + 3) return std::nullopt;
  path.remove_prefix(kRoot.size());
  SoapPath parsed;
  parsed.wsdl = path[0];
  if ((parsed.wsdl != 'c' && parsed.wsdl != 'u') || path[1] != '/') return std::nullopt;
  path.remove_prefix(2);
  parsed.version = path.substr(0, path.find('/'));
  const char* end = parsed.version.data() + parsed.version.size();
  const auto read = std::from_chars(parsed.version.data(), end, parsed.number);
  if (read.ec != std::errc() || std::string_view(read.ptr, end) != ".0") return std::nullopt;
  return parsed;
}

std::string Namespace(const SoapPath& path) {
  return path.wsdl == 'c' ? "urn:enterprise.soap.sforce.com" : "urn:partner.soap.sforce.com";
}

Answer XmlAnswer(int status, std::string_view ns, std::string_view body) {
  Answer answer;
  answer.status = status;
  answer.headers.Set("Content-Type", "text/xml;charset=UTF-8");
  answer.body =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
      "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"" +
      std::string(ns) +
      "\" xmlns:sf=\"urn:fault.partner.soap.sforce.com\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>" +
      std::string(body) + "</soapenv:Body></soapenv:Envelope>";
  return answer;
}

Answer Fault(std::string_view ns, const std::string& code, const std::string& message,
             const std::string& type) {
  return XmlAnswer(500, ns,
                   "<soapenv:Fault><faultcode>sf:" + code + "</faultcode><faultstring>" + code +
                       ": " + HtmlText(message) + "</faultstring><detail><sf:" + type +
                       " xsi:type=\"sf:" + type + "\"><sf:exceptionCode>" + code +
                       "</sf:exceptionCode><sf:exceptionMessage>" + HtmlText(message) +
                       "</sf:exceptionMessage></sf:" + type + "></detail></soapenv:Fault>");
}

Answer NoOperation(std::string_view ns, const std::string& operation) {
  return XmlAnswer(500, ns,
                   "<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>No operation "
                   "available for request {" +
                       std::string(ns) + "}" + HtmlText(operation) +
                       ", please check the WSDL for the service.</faultstring></soapenv:Fault>");
}

std::string Element(std::string_view name, std::string_view text) {
  std::string xml = "<";
  xml += name;
  xml += ">" + HtmlText(text) + "</";
  xml += name;
  return xml + ">";
}

std::string UserInfo(const User& user, const std::string& org_id) {
  return "<userInfo>" + Element("accessibilityMode", "false") + Element("organizationId", org_id) +
         Element("organizationMultiCurrency", "false") +
         Element("organizationName", "Glacier Outfitters") + Element("profileId", user.profile_id) +
         "<roleId xsi:nil=\"true\"/>" + Element("sessionSecondsValid", "7200") +
         "<userDefaultCurrencyIsoCode xsi:nil=\"true\"/>" + Element("userEmail", user.email) +
         Element("userFullName", user.name) + Element("userId", user.id) +
         Element("userLanguage", user.language) + Element("userLocale", user.locale) +
         Element("userName", user.username) + Element("userTimeZone", user.time_zone) +
         Element("userType", "Standard") + Element("userUiSkin", "Theme3") + "</userInfo>";
}

}  // namespace

Answer SoapLogin::Handle(const net::ServerRequest& request) {
  const auto path = ParsePath(request.path);
  if (!path) return NotFoundAnswer();
  const std::string ns = Namespace(*path);
  if (request.method != "POST") return MethodNotAllowed(request.method, "POST");
  if (path->number < kVersionOldest) {
    return Fault(ns, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL", "ApiFault");
  }
  const auto call = ParseSoapCall(request.body);
  if (!call) {
    return XmlAnswer(500, ns,
                     "<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>The request "
                     "is not a SOAP envelope</faultstring></soapenv:Fault>");
  }
  if (call->operation == "login" && path->number < kVersionWithoutLogin) {
    return Login(request, *call, path->version);
  }
  if (call->operation == "logout") {
    const auto session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, call->session_id);
    const auto ended = parts_.sessions.Revoke(SessionStore::TokenKind::kAccess, call->session_id);
    if (!ended) return ErrorAnswer(ended.error());
    if (!*ended) {
      return Fault(ns, "INVALID_SESSION_ID",
                   "Invalid Session ID found in SessionHeader: Illegal Session", "ApiFault");
    }
    if (session) parts_.TellEnd(request, {session->user_id, false});
    return XmlAnswer(200, ns, "<logoutResponse/>");
  }
  return NoOperation(ns, call->operation);
}

Answer SoapLogin::Login(const net::ServerRequest& request, const SoapCall& call,
                        const std::string& version) {
  const auto path = ParsePath(request.path);
  const std::string ns = Namespace(*path);
  const auto user = parts_.users.ByUsername(call.username);
  const auto fits = user ? parts_.passwords.Fits(user->id, call.password) : false;
  if (!fits) return ErrorAnswer(fits.error());
  const bool good = *fits && user->active;
  if (user) {
    parts_.Tell(request, {.user_id = user->id,
                          .username = user->username,
                          .application = "N/A",
                          .login_type = "Other Apex API",
                          .sub_type = "",
                          .status = good ? "Success" : "Invalid Password",
                          .api_version = version});
  }
  if (!good) {
    return Fault(ns, "INVALID_LOGIN",
                 "Invalid username, password, security token; or user locked out.", "LoginFault");
  }
  Session session;
  session.user_id = user->id;
  session.scopes = "full api web";
  session.length = kSessionLength;
  const auto token = parts_.sessions.Issue(SessionStore::TokenKind::kAccess, session);
  if (!token) return ErrorAnswer(token.error());
  const std::string base = InstanceUrl(request);
  const std::string root = base + "/services/Soap/";
  const std::string org = parts_.org_id.substr(0, 15);
  return XmlAnswer(200, ns,
                   "<loginResponse><result>" +
                       Element("metadataServerUrl", root + "m/" + version + "/" + org) +
                       Element("passwordExpired", "false") + Element("sandbox", "true") +
                       Element("serverUrl", root + path->wsdl + "/" + version + "/" + org) +
                       Element("sessionId", *token) + Element("userId", user->id) +
                       UserInfo(*user, parts_.org_id) + "</result></loginResponse>");
}

}  // namespace firn::sandbox
