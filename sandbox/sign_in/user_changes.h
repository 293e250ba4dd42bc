// When a user's record changed last: what a directory over the org's data tells beside users.
// Any thread.
#pragma once

#include <string>
#include <string_view>

namespace firn::sandbox {

class UserChanges {
 public:
  virtual ~UserChanges() = default;
  // As REST answers datetimes; empty for a user that is not there.
  [[nodiscard]] virtual std::string ChangedAt(std::string_view id) const = 0;
};

}  // namespace firn::sandbox
