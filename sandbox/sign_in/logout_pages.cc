#include "sandbox/sign_in/logout_pages.h"

#include "sandbox/sign_in/oauth_text.h"

namespace firn::sandbox {
namespace {

constexpr std::string_view kPage = "/secur/logout.jsp";
constexpr std::string_view kEndSession = "/services/auth/idp/oidc/logout";

}  // namespace

bool LogoutPages::Owns(std::string_view path) { return path == kPage || path == kEndSession; }

Result<void> LogoutPages::End(const net::ServerRequest& request, const std::string& token,
                              bool browser) {
  if (token.empty()) return {};
  const auto session = parts_.sessions.Find(SessionStore::TokenKind::kAccess, token);
  if (!session) return {};
  FIRN_TRY(const bool ended, parts_.sessions.Revoke(SessionStore::TokenKind::kAccess, token));
  if (ended) parts_.TellEnd(request, {session->user_id, browser});
  return {};
}

Answer LogoutPages::Handle(const net::ServerRequest& request) {
  if (request.method != "GET" && request.method != "POST") {
    return MethodNotAllowed(request.method, "GET,POST");
  }
  auto ended = End(request, CookieOf(request, "sid"), true);
  if (ended && request.path == kEndSession) {
    ended = End(request, FieldOf(BodyAndQuery(request), "id_token_hint"), false);
  }
  if (!ended) return ErrorAnswer(ended.error());
  Answer answer = HtmlAnswer(302, "");
  answer.headers.Set("Location", "/");
  answer.headers.Set("Set-Cookie", "sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
  return answer;
}

}  // namespace firn::sandbox
