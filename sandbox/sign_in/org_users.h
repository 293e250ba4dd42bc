// The user directory over the org's User records.
//
// Read by SOQL at every look-up: sign-ins are rare beside requests. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sandbox/org.h"
#include "sandbox/sign_in/user_changes.h"
#include "sandbox/sign_in/users.h"

namespace firn::sandbox {

class OrgUsers final : public UserDirectory, public UserChanges {
 public:
  explicit OrgUsers(Org& org) : org_(org) {}
  [[nodiscard]] std::optional<User> ByUsername(std::string_view username) const override;
  [[nodiscard]] std::optional<User> ById(std::string_view id) const override;
  [[nodiscard]] std::string ChangedAt(std::string_view id) const override;
  // The first active user: the org's administrator.
  [[nodiscard]] std::optional<User> Administrator() const;

 private:
  [[nodiscard]] std::optional<User> FirstWhere(const std::string& condition) const;
  Org& org_;
};

}  // namespace firn::sandbox
