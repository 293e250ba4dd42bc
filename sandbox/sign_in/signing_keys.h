// The keys that sign the org's own tokens: JWT access tokens and id_tokens.
//
// Kept in `keys/signing.json` of the org folder (mode 0600), made when first needed. The newest key
// signs; older ones stay published in the JWKS and still verify until they are dropped, as during a
// rotation. Thread-safe. A private key never leaves it.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace firn::sandbox {

class SigningKeys {
 public:
  SigningKeys(std::string folder, std::string org_id, const Clock& clock)
      : folder_(std::move(folder)), org_id_(std::move(org_id)), clock_(clock) {}

  // The JWT of these claims (a JSON object), signed with the newest key. With `access_token` its
  // header carries what the vendor's access tokens do (`tty`, `tnk`, `ver`). Source: Salesforce
  // Help, "JWT-Based Access Tokens", read 2026-11. Errors: Internal, what the folder refuses.
  struct Claims {
    std::string json;
    bool access_token = false;
  };
  [[nodiscard]] Result<std::string> Sign(const Claims& claims);
  // RFC 7517 key set of all keys, newest first, as JSON.
  [[nodiscard]] Result<std::string> Jwks();
  // A new key that signs from now on; its id.
  [[nodiscard]] Result<std::string> Rotate();
  // Forgets all keys but the newest: what they signed can no longer be verified. How many.
  [[nodiscard]] Result<size_t> DropOld();
  [[nodiscard]] Result<std::vector<std::string>> Ids();
  // True when the token was signed by a key that is still published.
  [[nodiscard]] Result<bool> Verifies(std::string_view token);

 private:
  struct Key {
    std::string id;
    std::string pem;
  };
  // Reads the file once; makes the first key when there is none.
  [[nodiscard]] Result<void> ReadyLocked();
  [[nodiscard]] Result<void> AddLocked();
  [[nodiscard]] Result<void> SaveLocked();
  [[nodiscard]] std::string path() const { return folder_ + "/keys/signing.json"; }

  const std::string folder_;
  const std::string org_id_;
  const Clock& clock_;
  std::mutex mutex_;
  std::vector<Key> keys_;  // newest first
};

}  // namespace firn::sandbox
