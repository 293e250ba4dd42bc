// What the sign-in files share: the stores they work with, and where a sign-in is told to.
//
// Made once by the server, outlives every request; each part is thread-safe by itself.
#pragma once

#include <functional>
#include <string>

#include "core/base/clock.h"
#include "core/net/server.h"
#include "sandbox/sign_in/apps.h"
#include "sandbox/sign_in/auth_codes.h"
#include "sandbox/sign_in/passwords.h"
#include "sandbox/sign_in/sessions.h"
#include "sandbox/sign_in/signing_keys.h"
#include "sandbox/sign_in/users.h"

namespace firn::sandbox {

// One attempt to sign in, for LoginHistory and the event logs. Never a token or a password.
struct SignInAttempt {
  std::string user_id;      // empty: no user could be told
  std::string username;     // as given
  std::string application;  // the connected app's name; `N/A` without one
  std::string login_type;   // LoginHistory.LoginType: `Remote Access 2.0`, `Application` ..
  std::string sub_type;     // LoginHistory.LoginSubType
  std::string status = "Success";
  std::string api_version;  // of a SOAP login: `59.0`
};

// A session that a client ended before its time.
struct SignOutNote {
  std::string user_id;
  bool browser = false;  // of a person in a browser, not of an API client
};

struct SignInParts {
  AppRegistry& apps;
  SessionStore& sessions;
  const UserDirectory& users;
  const Clock& clock;
  Random& random;
  SigningKeys& keys;
  AuthCodes& codes;
  Passwords& passwords;
  std::string org_id;
  std::function<void(const net::ServerRequest&, const SignInAttempt&)> on_sign_in = nullptr;
  std::function<void(const net::ServerRequest&, const SignOutNote&)> on_sign_out = nullptr;

  void Tell(const net::ServerRequest& request, const SignInAttempt& attempt) const {
    if (on_sign_in) on_sign_in(request, attempt);
  }
  void TellEnd(const net::ServerRequest& request, const SignOutNote& note) const {
    if (on_sign_out) on_sign_out(request, note);
  }
};

// `https://localhost:8443`: the address that the client used, by its Host header.
[[nodiscard]] std::string BaseUrl(const net::ServerRequest& request);
// The same, but a login host becomes the org's My Domain: what `instance_url` says.
[[nodiscard]] std::string InstanceUrl(const net::ServerRequest& request);

}  // namespace firn::sandbox
