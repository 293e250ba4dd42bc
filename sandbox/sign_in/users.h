// Who may sign in: what the API's doors need to know of a User record.
//
// Implemented over the org's data (sign_in/org_users.cc) and by tests. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace firn::sandbox {

struct User {
  std::string id;  // 18 characters
  std::string username;
  std::string first_name;
  std::string last_name;
  std::string name;
  std::string email;
  std::string alias;
  std::string time_zone = "America/Los_Angeles";
  std::string locale = "en_US";
  std::string language = "en_US";
  bool active = true;
  std::string profile_id;  // 18 characters
};

class UserDirectory {
 public:
  virtual ~UserDirectory() = default;
  // Usernames compare without case, as the vendor's do.
  [[nodiscard]] virtual std::optional<User> ByUsername(std::string_view username) const = 0;
  [[nodiscard]] virtual std::optional<User> ById(std::string_view id) const = 0;
};

}  // namespace firn::sandbox
