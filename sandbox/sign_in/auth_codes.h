// Authorization codes, and which users have approved which apps.
//
// In api.db, so that neither a code on its way nor an approval is lost by a restart. Only hashes of
// codes are kept. A code serves once and lives 15 minutes. Thread-safe. Source: Salesforce Help,
// "OAuth 2.0 Web Server Flow for Web App Integration", read 2026-11.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "sandbox/api_db.h"

namespace firn::sandbox {

struct CodeGrant {
  std::string client_id;
  std::string user_id;
  std::string redirect_uri;
  std::string scopes;          // space-separated
  std::string code_challenge;  // empty: the flow came without PKCE
  std::string nonce;           // of OpenID Connect, for the id_token
};

class AuthCodes {
 public:
  AuthCodes(ApiDb& db, const Clock& clock, Random& random)
      : db_(db), clock_(clock), random_(random) {}

  // A new code for the grant: `aPrx` and 80 characters.
  [[nodiscard]] Result<std::string> Issue(const CodeGrant& grant);
  // Spends the code. Nothing: unknown, spent or expired.
  [[nodiscard]] Result<std::optional<CodeGrant>> Take(std::string_view code);

  [[nodiscard]] Result<void> Approve(std::string_view client_id, std::string_view user_id);
  [[nodiscard]] Result<bool> Approved(std::string_view client_id, std::string_view user_id);

 private:
  ApiDb& db_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace firn::sandbox
