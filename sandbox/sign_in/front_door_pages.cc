#include "sandbox/sign_in/front_door_pages.h"

#include "sandbox/sign_in/oauth.h"
#include "sandbox/sign_in/oauth_text.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kSingleAccess = "/services/oauth2/singleaccess";
constexpr std::string_view kFrontDoor = "/secur/frontdoor.jsp";
// No app has this client id: a one-time password serves nowhere else.
constexpr std::string_view kPurpose = "frontdoor.jsp";
constexpr std::chrono::seconds kBrowserSession{7200};

bool BridgesToPages(const Session& session) {
  return HasScope(session.scopes, "web") || HasScope(session.scopes, "full");
}

// A path of this org; addresses of others lead nowhere.
std::string PathOf(std::string_view wanted) {
  const bool own = wanted.starts_with('/') && !wanted.starts_with("//") &&
                   wanted.find_first_of("\r\n\\") == std::string_view::npos;
  return own ? std::string(wanted) : "/";
}

}  // namespace

bool FrontDoorPages::Owns(std::string_view path) {
  return path == kSingleAccess || path == kFrontDoor;
}

Answer FrontDoorPages::Handle(const net::ServerRequest& request) const {
  if (request.method != "GET" && request.method != "POST") {
    return MethodNotAllowed(request.method, "GET,POST");
  }
  return request.path == kSingleAccess ? SingleAccess(request) : FrontDoor(request);
}

Answer FrontDoorPages::SingleAccess(const net::ServerRequest& request) const {
  const FormFields form = BodyAndQuery(request);
  std::string token = BearerToken(request);
  if (token.empty()) token = FieldOf(form, "access_token");
  if (token.empty()) return HtmlAnswer(403, "Missing_OAuth_Token");
  const auto session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, token);
  if (!session || !BridgesToPages(*session)) return HtmlAnswer(403, "Bad_OAuth_Token");
  const auto password =
      parts_.codes.Issue({std::string(kPurpose), session->user_id, "", "", "", ""});
  if (!password) return ErrorAnswer(password.error());
  const std::string wanted = FieldOf(form, "redirect_uri");
  std::string address =
      InstanceUrl(request) + std::string(kFrontDoor) + "?otp=" + PercentEncode(*password);
  if (!wanted.empty()) {
    const std::string path = wanted.starts_with('/') ? wanted : "/" + wanted;
    address += "&startURL=" + PercentEncode(PathOf(path));
  }
  return JsonAnswer(200, "{\"frontdoor_uri\":" + JsonString(address) + "}");
}

Result<std::string> FrontDoorPages::UserOf(const FormFields& form) const {
  if (const std::string password = FieldOf(form, "otp"); !password.empty()) {
    FIRN_TRY(const auto grant, parts_.codes.Take(password));
    return grant && grant->client_id == kPurpose ? grant->user_id : std::string();
  }
  const auto session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, FieldOf(form, "sid"));
  return session && BridgesToPages(*session) ? session->user_id : std::string();
}

Answer FrontDoorPages::FrontDoor(const net::ServerRequest& request) const {
  const FormFields form = BodyAndQuery(request);
  const auto user_id = UserOf(form);
  if (!user_id) return ErrorAnswer(user_id.error());
  Answer answer = HtmlAnswer(302, "");
  if (user_id->empty()) {
    answer.headers.Set("Location", "/");
    return answer;
  }
  Session session;
  session.user_id = *user_id;
  session.scopes = "web";  // a browser's session opens no API
  session.length = kBrowserSession;
  const auto sid = parts_.sessions.Issue(SessionStore::TokenKind::kAccess, session);
  if (!sid) return ErrorAnswer(sid.error());
  std::string wanted = FieldOf(form, "startURL");
  if (wanted.empty()) wanted = FieldOf(form, "retURL");
  answer.headers.Set("Location", PathOf(wanted));
  answer.headers.Set("Set-Cookie", "sid=" + *sid + "; Path=/; HttpOnly; SameSite=Lax" +
                                       (request.tls ? "; Secure" : ""));
  return answer;
}

}  // namespace firn::sandbox
