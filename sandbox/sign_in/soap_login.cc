#include "sandbox/sign_in/soap_login.h"

#include "sandbox/sign_in/oauth_text.h"
#include "sandbox/soap/soap_calls.h"

namespace firn::sandbox {
namespace {

constexpr int kVersionWithoutLogin = 65;
constexpr std::chrono::seconds kSessionLength{7200};

}  // namespace

Answer SoapLogin::Handle(const net::ServerRequest& request, const SoapPath& path,
                         const SoapCall& call) const {
  if (call.operation == "login") {
    return path.number < kVersionWithoutLogin ? Login(request, path, call)
                                              : SoapNoOperation(path, call.operation);
  }
  const auto session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, call.session_id);
  const auto ended = parts_.sessions.Revoke(SessionStore::TokenKind::kAccess, call.session_id);
  if (!ended) return ErrorAnswer(ended.error());
  if (!*ended) {
    return SoapFault(path, "INVALID_SESSION_ID",
                     "Invalid Session ID found in SessionHeader: Illegal Session");
  }
  if (session) parts_.TellEnd(request, {session->user_id, false});
  return SoapAnswer(path, {"<logoutResponse/>", ""});
}

Answer SoapLogin::Login(const net::ServerRequest& request, const SoapPath& path,
                        const SoapCall& call) const {
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
                          .api_version = path.version});
  }
  if (!good) {
    return SoapFault(path, "INVALID_LOGIN",
                     "Invalid username, password, security token; or user locked out.");
  }
  Session session;
  session.user_id = user->id;
  session.scopes = "full api web";
  session.length = kSessionLength;
  const auto token = parts_.sessions.Issue(SessionStore::TokenKind::kAccess, session);
  if (!token) return ErrorAnswer(token.error());
  const std::string root = InstanceUrl(request) + "/services/Soap/";
  const std::string tail = "/" + path.version + "/" + parts_.org_id.substr(0, 15);
  return SoapAnswer(
      path, {"<loginResponse><result>" + SoapElement("metadataServerUrl", root + "m" + tail) +
                 SoapElement("passwordExpired", "false") + SoapElement("sandbox", "true") +
                 SoapElement("serverUrl", root + (path.enterprise ? "c" : "u") + tail) +
                 SoapElement("sessionId", *token) + SoapElement("userId", user->id) +
                 UserInfoXml("userInfo", *user, parts_.org_id) + "</result></loginResponse>",
             ""});
}

}  // namespace firn::sandbox
