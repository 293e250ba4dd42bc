#include "sandbox/sign_in/authorize_pages.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/crypto.h"
#include "sandbox/sign_in/oauth_text.h"
#include "sandbox/sign_in/token_maker.h"

namespace firn::sandbox {
namespace {

constexpr std::chrono::hours kPersonSession{2};
// Serves these pages only: no API door takes a session with this scope.
constexpr const char* kPersonScope = "web";

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;background:#f3f5f8;color:#16325c;margin:0}"
    "main{max-width:24rem;margin:4rem auto;background:#fff;padding:2rem;border-radius:6px;"
    "box-shadow:0 1px 6px #0003}h1{font-size:1.2rem;margin:0 0 1rem}label{display:block;"
    "margin:.8rem 0 .2rem}input[type=text],input[type=password]{width:100%;box-sizing:border-box;"
    "padding:.5rem;border:1px solid #8aa;border-radius:4px;font:inherit}button{margin:1.2rem .5rem "
    "0 0;padding:.5rem 1.2rem;border:1px solid #0176d3;border-radius:4px;background:#0176d3;"
    "color:#fff;font:inherit}button.plain{background:#fff;color:#0176d3}.error{color:#b3002d}";

std::string Page(std::string_view title, std::string_view content) {
  std::string html = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>";
  html += HtmlText(title);
  html += "</title><style>";
  html += kStyle;
  html += "</style></head><body><main>";
  html += content;
  return html + "</main></body></html>";
}

Answer PageAnswer(int status, std::string_view title, std::string_view content) {
  Answer answer = HtmlAnswer(status, Page(title, content));
  answer.headers.Set("X-Frame-Options", "DENY");
  answer.headers.Set("Referrer-Policy", "no-referrer");
  return answer;
}

// An error that must not go to the callback, since the callback itself is in doubt.
Answer ErrorPage(std::string_view error, std::string_view description) {
  return PageAnswer(400, "OAuth Error",
                    "<h1>OAuth Error</h1><p class=\"error\">error=" + HtmlText(error) +
                        "&amp;error_description=" + HtmlText(description) + "</p>");
}

// Where a page's form goes: this same request once more.
std::string FormStart(const net::ServerRequest& request) {
  return "<form method=\"post\" action=\"" + HtmlText(request.path + "?" + request.query) + "\">";
}

Answer SignInPage(const net::ServerRequest& request, std::string_view username, bool failed) {
  std::string content = "<h1>Sign in to the sandbox org</h1>";
  if (failed) {
    content +=
        "<p class=\"error\" id=\"error\">Please check your username and password. If you still "
        "can't log in, contact your Salesforce administrator.</p>";
  }
  content += FormStart(request) +
             "<label for=\"username\">Username</label><input type=\"text\" id=\"username\" "
             "name=\"un\" autocomplete=\"username\" value=\"" +
             HtmlText(username) +
             "\"><label for=\"password\">Password</label><input type=\"password\" id=\"password\" "
             "name=\"pw\" autocomplete=\"current-password\"><button id=\"Login\">Log In</button>"
             "</form>";
  return PageAnswer(200, "Login | Salesforce", content);
}

// Ties an approval to the session that saw the page, so that no other site can send it.
std::string ApprovalSeal(std::string_view sid, const App& app) {
  return Base64Url(HmacSha256(sid, "approve " + app.client_id));
}

bool HasWord(std::string_view words, std::string_view word) { return HasScope(words, word); }

}  // namespace

Answer AuthorizePages::Back(const Ask& ask, FormFields fields) {
  if (!ask.state.empty()) fields.emplace_back("state", ask.state);
  const bool fragment = ask.response_type != "code";
  const char* join = fragment ? "#" : ask.redirect_uri.find('?') == std::string::npos ? "?" : "&";
  Answer answer = HtmlAnswer(302, "");
  answer.headers.Set("Location", ask.redirect_uri + join + FormEncode(fields));
  return answer;
}

std::optional<AuthorizePages::Ask> AuthorizePages::Read(const net::ServerRequest& request,
                                                        Answer& refusal) const {
  // The app's parameters stand in the query; only its own redirect by POST has them in the body.
  const FormFields form = BodyAndQuery(request);
  const auto field = [&](std::string_view name) { return FieldOf(form, name); };
  const auto app = parts_.apps.Find(field("client_id"));
  if (!app) {
    refusal = ErrorPage("invalid_client_id", "client identifier invalid");
    return std::nullopt;
  }
  const std::string redirect_uri = field("redirect_uri");
  if (redirect_uri.empty()) {
    refusal = ErrorPage("redirect_uri_missing", "missing redirect_uri");
    return std::nullopt;
  }
  if (std::find(app->redirect_uris.begin(), app->redirect_uris.end(), redirect_uri) ==
      app->redirect_uris.end()) {
    refusal = ErrorPage("redirect_uri_mismatch", "redirect_uri must match configuration");
    return std::nullopt;
  }
  const std::string prompt = field("prompt");
  Ask ask{.app = *app,
          .response_type = field("response_type"),
          .redirect_uri = redirect_uri,
          .scopes = "",
          .state = field("state"),
          .challenge = field("code_challenge"),
          .nonce = field("nonce"),
          .login_hint = field("login_hint"),
          .silent = HasWord(prompt, "none") || field("immediate") == "true",
          .sign_in = HasWord(prompt, "login"),
          .consent = HasWord(prompt, "consent")};
  const auto refuse = [&](const char* error, const char* description) {
    refusal = Back(ask, {{"error", error}, {"error_description", description}});
    return std::nullopt;
  };
  if (ask.response_type != "code" && ask.response_type != "token" &&
      ask.response_type != "token id_token") {
    ask.response_type = "code";
    return refuse("unsupported_response_type", "response type must be code or token");
  }
  if (ask.response_type == "code" && app->pkce_required && ask.challenge.empty()) {
    return refuse("invalid_request", "missing required code challenge");
  }
  auto scopes = GrantedScopes(*app, field("scope"));
  if (!scopes) return refuse("invalid_scope", "the requested scope is not allowed");
  ask.scopes = *std::move(scopes);
  return ask;
}

Answer AuthorizePages::Handle(const net::ServerRequest& request) {
  if (request.method != "GET" && request.method != "POST") {
    return OAuthError("invalid_request", "must use HTTP GET or POST");
  }
  Answer refusal;
  const auto ask = Read(request, refusal);
  if (!ask) return refusal;
  const FormFields body =
      request.method == "POST" ? FormDecode(request.body).value_or(FormFields{}) : FormFields{};
  if (!FieldOf(body, "un").empty() || !FieldOf(body, "pw").empty()) return SignIn(request, *ask);
  const auto session =
      parts_.sessions.Find(SessionStore::TokenKind::kAccess, CookieOf(request, "sid"));
  const auto user = session ? parts_.users.ById(session->user_id) : std::nullopt;
  const bool deciding = !FieldOf(body, "decision").empty();
  if (!user || !user->active ||
      (ask->sign_in && !deciding && request.method == "GET" &&
       FieldOf(FormDecode(request.query).value_or(FormFields{}), "signed_in") != "1")) {
    if (ask->silent) {
      return Back(*ask, {{"error", "immediate_unsuccessful"},
                         {"error_description", "the user must sign in"}});
    }
    return SignInPage(request, ask->login_hint, false);
  }
  return Decide(request, *ask, *user);
}

Answer AuthorizePages::SignIn(const net::ServerRequest& request, const Ask& ask) {
  const FormFields body = FormDecode(request.body).value_or(FormFields{});
  const std::string username = FieldOf(body, "un");
  const auto user = parts_.users.ByUsername(username);
  const auto fits = user ? parts_.passwords.Fits(user->id, FieldOf(body, "pw")) : false;
  if (!fits) return ErrorAnswer(fits.error());
  const bool good = *fits && user->active;
  if (user) {
    parts_.Tell(request, {.user_id = user->id,
                          .username = user->username,
                          .application = "Browser",
                          .login_type = "Application",
                          .sub_type = "",
                          .status = good ? "Success" : "Invalid Password",
                          .api_version = ""});
  }
  if (!good) return SignInPage(request, username, true);
  Session session;
  session.user_id = user->id;
  session.scopes = kPersonScope;
  session.length = kPersonSession;
  const auto sid = parts_.sessions.Issue(SessionStore::TokenKind::kAccess, session);
  if (!sid) return ErrorAnswer(sid.error());
  // Asked again with the cookie, so that reloading the next page sends no password.
  Answer answer = HtmlAnswer(302, "");
  std::string again = request.path + "?" + request.query;
  if (ask.sign_in) again += "&signed_in=1";
  answer.headers.Set("Location", again);
  answer.headers.Set("Set-Cookie", "sid=" + *sid + "; Path=/; HttpOnly; SameSite=Lax" +
                                       (request.tls ? "; Secure" : ""));
  return answer;
}

Answer AuthorizePages::Decide(const net::ServerRequest& request, const Ask& ask, const User& user) {
  if (!MayUse(ask.app, user)) {
    return Back(ask, {{"error", "invalid_app_access"},
                      {"error_description", "user is not admin approved to access this app"}});
  }
  const auto approved = parts_.codes.Approved(ask.app.client_id, user.id);
  if (!approved) return ErrorAnswer(approved.error());
  const bool needed = ask.consent || (ask.app.self_authorize && !*approved);
  if (!needed) return Redirect(request, ask, user);
  const std::string sid = CookieOf(request, "sid");
  const std::string seal = ApprovalSeal(sid, ask.app);
  const FormFields body =
      request.method == "POST" ? FormDecode(request.body).value_or(FormFields{}) : FormFields{};
  const std::string decision = FieldOf(body, "decision");
  if (!decision.empty() && SecretsEqual(FieldOf(body, "seal"), seal)) {
    if (decision != "allow") {
      return Back(ask, {{"error", "access_denied"},
                        {"error_description", "end-user denied authorization"}});
    }
    if (auto kept = parts_.codes.Approve(ask.app.client_id, user.id); !kept) {
      return ErrorAnswer(kept.error());
    }
    return Redirect(request, ask, user);
  }
  if (ask.silent) {
    return Back(ask, {{"error", "immediate_unsuccessful"},
                      {"error_description", "the user must approve the app"}});
  }
  return PageAnswer(
      200, "Allow Access?",
      "<h1>Allow Access?</h1><p><strong>" + HtmlText(ask.app.name) +
          "</strong> is asking for: <span id=\"scopes\">" + HtmlText(ask.scopes) +
          "</span></p><p>You are signed in as " + HtmlText(user.username) + ".</p>" +
          FormStart(request) + "<input type=\"hidden\" name=\"seal\" value=\"" + HtmlText(seal) +
          "\"><button id=\"oaapprove\" name=\"decision\" value=\"allow\">Allow</button>"
          "<button class=\"plain\" id=\"oadeny\" name=\"decision\" value=\"deny\">Deny</button>"
          "</form>");
}

Answer AuthorizePages::Redirect(const net::ServerRequest& request, const Ask& ask,
                                const User& user) {
  if (ask.response_type == "code") {
    const auto code = parts_.codes.Issue(
        {ask.app.client_id, user.id, ask.redirect_uri, ask.scopes, ask.challenge, ask.nonce});
    if (!code) return ErrorAnswer(code.error());
    return Back(ask, {{"code", *code}});
  }
  TokenGrant grant{ask.app, user, ask.scopes, "", ask.nonce, ""};
  if (HasScope(ask.scopes, "refresh_token")) {
    Session session;
    session.user_id = user.id;
    session.client_id = ask.app.client_id;
    session.scopes = ask.scopes;
    auto refresh = parts_.sessions.Issue(SessionStore::TokenKind::kRefresh, session);
    if (!refresh) return ErrorAnswer(refresh.error());
    grant.refresh_token = *std::move(refresh);
    grant.grant = parts_.sessions.GrantOf(grant.refresh_token);
  }
  const auto tokens = MakeTokens(parts_, request, grant);
  if (!tokens) return ErrorAnswer(tokens.error());
  parts_.Tell(request, {.user_id = user.id,
                        .username = user.username,
                        .application = ask.app.name,
                        .login_type = "Remote Access 2.0",
                        .sub_type = "OauthUserAgent",
                        .status = "Success",
                        .api_version = ""});
  FormFields fields;
  for (const auto& [name, value] : tokens->items()) {
    fields.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return Back(ask, std::move(fields));
}

}  // namespace firn::sandbox
