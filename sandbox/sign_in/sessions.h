// Sessions: access and refresh tokens and whom they stand for.
//
// Looked up at every request from memory, written through to api.db, so that a restart signs nobody
// out. Only hashes of tokens are kept. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "sandbox/api_db.h"

namespace firn::sandbox {

struct Session {
  std::string user_id;
  std::string client_id;
  std::string scopes;  // space-separated
  std::string grant;   // shared by a refresh token and the access tokens it stands behind
  UtcMicros issued{};
  UtcMicros expires{};
  std::chrono::seconds length{7200};  // of an access token: moved on by use in its second half
};

class SessionStore {
 public:
  [[nodiscard]] static Result<std::unique_ptr<SessionStore>> Open(ApiDb& db, const Clock& clock,
                                                                  Random& random,
                                                                  std::string org_id);
  enum class TokenKind { kAccess, kRefresh };
  // A new token for the session; its `issued` and `expires` are set here. An access token is the
  // org id, `!` and word characters; a refresh token begins with `5Aep861`.
  [[nodiscard]] Result<std::string> Issue(TokenKind kind, Session session);
  // The same for an access token made elsewhere (a JWT, whose life its own `exp` fixes).
  [[nodiscard]] Result<void> Adopt(std::string_view token, Session session);
  // Nothing when the token is unknown, revoked or past its life.
  [[nodiscard]] std::optional<Session> Find(TokenKind kind, std::string_view token);
  // What a refresh token shares with its access tokens; empty when there is no such token.
  [[nodiscard]] std::string GrantOf(std::string_view refresh_token);
  // True when there was such a token.
  [[nodiscard]] Result<bool> Revoke(TokenKind kind, std::string_view token);
  // Ends the access tokens that stand on a refresh token which is revoked. How many there were.
  [[nodiscard]] Result<size_t> EndOfGrant(std::string_view grant);
  // Ends all access tokens of a user. How many there were.
  [[nodiscard]] Result<size_t> EndOfUser(std::string_view user_id);
  // Ends all access tokens (fault: expired session). How many there were.
  [[nodiscard]] Result<size_t> ExpireAll();
  [[nodiscard]] size_t count() const;

 private:
  SessionStore(ApiDb& db, const Clock& clock, Random& random, std::string org_id)
      : db_(db), clock_(clock), random_(random), org_id_(std::move(org_id)) {}
  [[nodiscard]] Result<void> Load();
  // Of the column's value.
  [[nodiscard]] Result<size_t> EndWhere(const char* column, std::string_view value);
  [[nodiscard]] Result<void> Keep(TokenKind kind, const std::string& hash, Session session);
  void KeepRenewal(const std::string& hash, UtcMicros expires);
  using Map = std::unordered_map<std::string, Session>;  // by hash
  [[nodiscard]] Map& MapOf(TokenKind kind) {
    return kind == TokenKind::kAccess ? access_ : refresh_;
  }

  ApiDb& db_;
  const Clock& clock_;
  Random& random_;
  const std::string org_id_;
  mutable std::shared_mutex mutex_;
  Map access_;
  Map refresh_;
};

}  // namespace firn::sandbox
