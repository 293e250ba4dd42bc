#include "sandbox/sign_in/org_users.h"

#include "core/base/log.h"
#include "sandbox/answer.h"

namespace firn::sandbox {
namespace {

std::string SoqlText(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    if (c == '\n' || c == '\r') continue;
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace

std::optional<User> OrgUsers::FirstWhere(const std::string& condition) const {
  const std::string soql =
      "SELECT Id, Username, FirstName, LastName, Name, Email, Alias, TimeZoneSidKey,"
      " LocaleSidKey, LanguageLocaleKey, IsActive, ProfileId FROM User WHERE " +
      condition + " ORDER BY Id LIMIT 1";
  const auto cursor = org_.Query(soql, {.see_hidden = true, .user_id = ""});
  if (!cursor) {
    log::Err("sandbox_users_unreadable", {{"error", cursor.error().OneLine()}});
    return std::nullopt;
  }
  const auto found = (*cursor)->Next();
  if (!found || !*found) return std::nullopt;
  const auto row = (*cursor)->row();
  const auto text = [&](size_t column) {
    std::string out;
    AppendPlain(row[column], out);
    return out;
  };
  User user{text(0), text(1), text(2), text(3), text(4), text(5), text(6)};
  if (!row[7].null()) user.time_zone = text(7);
  if (!row[8].null()) user.locale = text(8);
  if (!row[9].null()) user.language = text(9);
  user.active = row[10].number != 0;
  user.profile_id = text(11);
  return user;
}

std::optional<User> OrgUsers::ByUsername(std::string_view username) const {
  if (username.empty()) return std::nullopt;
  return FirstWhere("Username = " + SoqlText(username));
}

std::optional<User> OrgUsers::ById(std::string_view id) const {
  if (!ParseId(id)) return std::nullopt;
  return FirstWhere("Id = " + SoqlText(id));
}

std::string OrgUsers::ChangedAt(std::string_view id) const {
  if (!ParseId(id)) return "";
  const std::string soql = "SELECT LastModifiedDate FROM User WHERE Id = " + SoqlText(id);
  const auto cursor = org_.Query(soql, {.see_hidden = true, .user_id = ""});
  const auto found = cursor ? (*cursor)->Next() : Result<bool>(false);
  if (!found || !*found) return "";
  return RestDatetime(UtcMicros(std::chrono::milliseconds((*cursor)->row()[0].number)));
}

std::optional<User> OrgUsers::Administrator() const { return FirstWhere("IsActive = true"); }

}  // namespace firn::sandbox
