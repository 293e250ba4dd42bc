// Small pure helpers of the sign-in files: form fields, hosts, scopes, HTML.
#pragma once

#include <string>
#include <string_view>

#include "core/base/encoding.h"
#include "core/net/server.h"
#include "sandbox/answer.h"
#include "sandbox/sign_in/apps.h"
#include "sandbox/sign_in/users.h"

namespace firn::sandbox {

// The first field of that name; empty when absent.
[[nodiscard]] std::string FieldOf(const FormFields& form, std::string_view name);
// Body and query together, the body's first: the vendor takes parameters from both.
[[nodiscard]] FormFields BodyAndQuery(const net::ServerRequest& request);
// The value of a cookie; empty when it did not come.
[[nodiscard]] std::string CookieOf(const net::ServerRequest& request, std::string_view name);
[[nodiscard]] std::string LowerCase(std::string_view text);
[[nodiscard]] bool IsLoginHost(std::string_view host);
// Compares in a time that does not depend on where the texts differ.
[[nodiscard]] bool SecretsEqual(std::string_view a, std::string_view b);
[[nodiscard]] std::string JoinScopes(const std::vector<std::string>& scopes);
[[nodiscard]] bool HasScope(std::string_view scopes, std::string_view wanted);
// The app's scopes that the client asked for, all of them when it named none. Nothing when it
// named one that the app has not.
[[nodiscard]] std::optional<std::string> GrantedScopes(const App& app, std::string_view asked);
// Whether an administrator lets this user use the app.
[[nodiscard]] bool MayUse(const App& app, const User& user);
[[nodiscard]] std::string HtmlText(std::string_view text);  // & < > " ' escaped
[[nodiscard]] Answer HtmlAnswer(int status, std::string body);

}  // namespace firn::sandbox
