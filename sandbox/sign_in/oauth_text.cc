#include "sandbox/sign_in/oauth_text.h"

#include <algorithm>

#include "sandbox/crypto.h"

namespace firn::sandbox {

std::string FieldOf(const FormFields& form, std::string_view name) {
  for (const auto& [key, value] : form) {
    if (key == name) return value;
  }
  return "";
}

FormFields BodyAndQuery(const net::ServerRequest& request) {
  FormFields form = FormDecode(request.body).value_or(FormFields{});
  for (auto& field : FormDecode(request.query).value_or(FormFields{})) {
    form.push_back(std::move(field));
  }
  return form;
}

std::string CookieOf(const net::ServerRequest& request, std::string_view name) {
  const std::string header = request.headers.GetOr("Cookie", "");
  for (size_t at = 0; at < header.size();) {
    const size_t end = std::min(header.find(';', at), header.size());
    std::string_view one = std::string_view(header).substr(at, end - at);
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    if (one.starts_with(name) && one.substr(name.size()).starts_with("=")) {
      return std::string(one.substr(name.size() + 1));
    }
    at = end + 1;
  }
  return "";
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return lower;
}

bool IsLoginHost(std::string_view host) {
  host = host.substr(0, host.find(':'));
  return host == "login.salesforce.com" || host == "test.salesforce.com";
}

bool SecretsEqual(std::string_view a, std::string_view b) { return Sha256(a) == Sha256(b); }

std::string JoinScopes(const std::vector<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

bool HasScope(std::string_view scopes, std::string_view wanted) {
  while (!scopes.empty()) {
    const size_t space = std::min(scopes.find(' '), scopes.size());
    if (scopes.substr(0, space) == wanted) return true;
    scopes.remove_prefix(std::min(space + 1, scopes.size()));
  }
  return false;
}

std::optional<std::string> GrantedScopes(const App& app, std::string_view asked) {
  const std::string all = JoinScopes(app.scopes);
  std::string granted;
  for (size_t at = 0; at < asked.size();) {
    const size_t end = std::min(asked.find(' ', at), asked.size());
    const std::string_view one = asked.substr(at, end - at);
    at = end + 1;
    if (one.empty()) continue;
    // `offline_access` is the other name of `refresh_token`; `full` holds every scope but that.
    const bool offline = one == "offline_access" && HasScope(all, "refresh_token");
    const bool full = HasScope(all, "full") && one != "refresh_token" && one != "offline_access";
    if (!offline && !full && !HasScope(all, one)) return std::nullopt;
    granted += (granted.empty() ? "" : " ");
    granted += offline ? "refresh_token" : one;
  }
  return granted.empty() ? all : granted;
}

bool MayUse(const App& app, const User& user) {
  if (app.users.empty()) return true;
  const std::string username = LowerCase(user.username);
  return std::any_of(app.users.begin(), app.users.end(),
                     [&](const std::string& name) { return LowerCase(name) == username; });
}

std::string HtmlText(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

Answer HtmlAnswer(int status, std::string body) {
  Answer answer;
  answer.status = status;
  answer.headers.Set("Content-Type", "text/html;charset=UTF-8");
  answer.headers.Set("Cache-Control", "no-cache, no-store");
  answer.body = std::move(body);
  return answer;
}

}  // namespace firn::sandbox
