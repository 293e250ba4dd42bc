// `/sobjects/User/{id}/password`: whether a password has expired, setting and resetting it.
//
// Users may do this to themselves, and to others with Modify All Data or Manage Users. What a reset
// makes up must be changed at the next sign-in, so it counts as expired; the sandbox takes it none
// the less. Source: REST API Developer Guide, "sObject User Password", "Manage User Passwords";
// Salesforce Help, "Set Password Policies" (8 characters, letters and numbers); read 2026-11.
#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "core/base/random.h"
#include "sandbox/rest/app_pages.h"
#include "sandbox/rest/rest.h"

namespace firn::sandbox {
namespace {

using nlohmann::json;

constexpr size_t kCharactersMin = 8;
constexpr size_t kCharactersMax = 16'000;

std::string ExpiredKey(const std::string& user_id) { return "password_expired:" + user_id; }

Answer Refused() {
  return ErrorAnswer(403, "INSUFFICIENT_ACCESS", "You do not have permission to view this record.");
}

Result<bool> MayManage(ApiParts& parts, const std::string& user_id) {
  FIRN_TRY(const auto cursor,
           parts.org.Query("SELECT Id FROM User WHERE Id = '" + user_id +
                               "' AND (Profile.PermissionsModifyAllData = true OR "
                               "Profile.PermissionsManageUsers = true)",
                           {.see_hidden = true}));
  return cursor->Next();
}

Answer BadPassword(const char* why) { return ErrorAnswer(400, "INVALID_NEW_PASSWORD", why); }

Answer Set(ApiParts& parts, const ApiRequest& request, const std::string& user_id) {
  const json body = json::parse(request.body, nullptr, false);
  const json given = body.is_object() ? body.value("NewPassword", json()) : json();
  if (!given.is_string()) {
    return ErrorAnswer(400, "JSON_PARSER_ERROR", "The body must hold a NewPassword");
  }
  const auto password = given.get<std::string>();
  if (password.size() < kCharactersMin || password.size() > kCharactersMax) {
    return BadPassword("Your password must be at least 8 characters long.");
  }
  const auto any = [&](int (*is)(int)) {
    return std::any_of(password.begin(), password.end(),
                       [&](char c) { return is(static_cast<unsigned char>(c)) != 0; });
  };
  if (!any(std::isalpha) || !any(std::isdigit)) {
    return BadPassword("Your password must have a mix of letters and numbers.");
  }
  auto kept = parts.passwords.Set(user_id, password);
  if (kept) kept = parts.db.SetSetting(ExpiredKey(user_id), "");
  return kept ? NoContent() : ErrorAnswer(kept.error());
}

// Letters and numbers, as Set asks for.
std::string MadeUp() {
  constexpr size_t kBytes = 5;
  return Hex(SystemRandom().Bytes(kBytes)) + "a1";
}

Answer Reset(ApiParts& parts, const std::string& user_id) {
  const std::string made = MadeUp();
  auto kept = parts.passwords.Set(user_id, made);
  if (kept) kept = parts.db.SetSetting(ExpiredKey(user_id), "1");
  if (!kept) return ErrorAnswer(kept.error());
  return JsonAnswer(200, json{{"NewPassword", made}}.dump());
}

}  // namespace

Answer UserPassword(ApiParts& parts, const ApiRequest& request) {
  const auto id = ParseId(request.path[2]);
  const auto user = id ? parts.users.ById(IdText(*id)) : std::nullopt;
  if (!user) return NotFoundAnswer();
  if (user->id != request.session.user_id) {
    const auto may = MayManage(parts, request.session.user_id);
    if (!may) return ErrorAnswer(may.error());
    if (!*may) return Refused();
  }
  if (request.method == "POST") return Set(parts, request, user->id);
  if (request.method == "DELETE") return Reset(parts, user->id);
  if (request.method != "GET" && request.method != "HEAD") {
    return MethodNotAllowed(request.method, "DELETE,GET,HEAD,POST");
  }
  const auto expired = parts.db.Setting(ExpiredKey(user->id));
  if (!expired) return ErrorAnswer(expired.error());
  return JsonAnswer(200, json{{"isExpired", !expired->value_or("").empty()}}.dump());
}

}  // namespace firn::sandbox
