// Users' passwords and security tokens, for the flows that still take them (login page, password
// grant, SOAP login).
//
// A user whose password nobody set may sign in with any that is not empty: the sandbox guards no
// secrets. Once set, it is compared, with the security token at its end where one was set. Only
// salted hashes are kept (api.db). Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/random.h"
#include "sandbox/api_db.h"

namespace firn::sandbox {

class Passwords {
 public:
  Passwords(ApiDb& db, Random& random) : db_(db), random_(random) {}
  // `given` is the password followed by the security token, as API clients send it.
  [[nodiscard]] Result<void> Set(std::string_view user_id, std::string_view given);
  [[nodiscard]] Result<bool> Fits(std::string_view user_id, std::string_view given);

 private:
  ApiDb& db_;
  Random& random_;
};

}  // namespace firn::sandbox
