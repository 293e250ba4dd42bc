// UserWatch: ends the sessions of users who are deactivated or deleted, once that is committed.
//
// A sink of the Org. Refresh tokens stay: they are refused while the user is inactive. Source:
// Salesforce Help, "Deactivate Users" (access ends at once), read 2026-11.
#pragma once

#include "sandbox/mutation.h"
#include "sandbox/sign_in/sessions.h"

namespace firn::sandbox {

class UserWatch final : public ChangeSink {
 public:
  explicit UserWatch(SessionStore& sessions) : sessions_(sessions) {}
  Result<void> Write(Database&, const ChangeBatch&) override { return {}; }
  void Committed(const ChangeBatch& batch) override;

 private:
  SessionStore& sessions_;
};

}  // namespace firn::sandbox
