#include "sandbox/sign_in/sessions.h"

#include "core/base/log.h"
#include "sandbox/crypto.h"

namespace firn::sandbox {
namespace {

std::string_view KindText(SessionStore::TokenKind kind) {
  return kind == SessionStore::TokenKind::kAccess ? "access" : "refresh";
}

std::string TokenChars(Random& random, size_t count) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
  std::string text;
  for (size_t i = 0; i < count; ++i) text += kAlphabet[random.Below(kAlphabet.size())];
  return text;
}

// An opaque token begins with the org id; a JWT with an encoded `{"`.
bool IsJwt(std::string_view token) { return token.starts_with("eyJ"); }

int64_t Micros(UtcMicros time) { return time.time_since_epoch().count(); }

}  // namespace

Result<std::unique_ptr<SessionStore>> SessionStore::Open(ApiDb& db, const Clock& clock,
                                                         Random& random, std::string org_id) {
  std::unique_ptr<SessionStore> store(new SessionStore(db, clock, random, std::move(org_id)));
  FIRN_CHECK(store->Load());
  return store;
}

Result<void> SessionStore::Load() {
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Statement drop, locked.db.Prepare("DELETE FROM token WHERE expires_us <= ?"));
  drop.Bind(1, Micros(clock_.Now()));
  FIRN_CHECK(drop.Run());
  FIRN_TRY(Statement all,
           locked.db.Prepare("SELECT hash, kind, user_id, client_id, scopes, issued_us, expires_us,"
                             " length_s, grant_id FROM token"));
  while (true) {
    FIRN_TRY(const bool more, all.Step());
    if (!more) return {};
    Session session;
    session.user_id = all.Text(2);
    session.client_id = all.Text(3);
    session.scopes = all.Text(4);
    session.issued = UtcMicros(std::chrono::microseconds(all.Int(5)));
    session.expires = UtcMicros(std::chrono::microseconds(all.Int(6)));
    session.length = std::chrono::seconds(all.Int(7));
    session.grant = all.Text(8);
    MapOf(all.Text(1) == "access" ? TokenKind::kAccess : TokenKind::kRefresh)
        .emplace(std::string(all.Blob(0)), std::move(session));
  }
}

Result<std::string> SessionStore::Issue(TokenKind kind, Session session) {
  const bool access = kind == TokenKind::kAccess;
  const std::string token = access ? org_id_.substr(0, 15) + "!AQ" + TokenChars(random_, 94)
                                   : "5Aep861" + TokenChars(random_, 80);
  session.issued = clock_.Now();
  if (!access && session.grant.empty()) session.grant = TokenChars(random_, 24);
  // Refresh tokens live until they are revoked: ten years here.
  session.expires = session.issued + (access ? session.length : std::chrono::seconds(315'360'000));
  FIRN_CHECK(Keep(kind, Sha256(token), std::move(session)));
  return token;
}

Result<void> SessionStore::Adopt(std::string_view token, Session session) {
  session.issued = clock_.Now();
  session.expires = session.issued + session.length;
  return Keep(TokenKind::kAccess, Sha256(token), std::move(session));
}

Result<void> SessionStore::Keep(TokenKind kind, const std::string& hash, Session session) {
  {
    const ApiDb::Locked locked = db_.Lock();
    FIRN_TRY(Statement put,
             locked.db.Prepare("INSERT OR REPLACE INTO token(hash, kind, user_id, client_id,"
                               " scopes, issued_us, expires_us, length_s, grant_id)"
                               " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    put.BindBlob(1, hash).Bind(2, KindText(kind)).Bind(3, session.user_id);
    put.Bind(4, session.client_id).Bind(5, session.scopes);
    put.Bind(6, Micros(session.issued)).Bind(7, Micros(session.expires));
    put.Bind(8, int64_t{session.length.count()}).Bind(9, session.grant);
    FIRN_CHECK(put.Run());
  }
  std::unique_lock lock(mutex_);
  MapOf(kind).insert_or_assign(hash, std::move(session));
  return {};
}

// A renewal that cannot be written still holds until the next start.
void SessionStore::KeepRenewal(const std::string& hash, UtcMicros expires) {
  const ApiDb::Locked locked = db_.Lock();
  auto renew = locked.db.Prepare("UPDATE token SET expires_us = ? WHERE hash = ?");
  if (!renew) return;
  renew->Bind(1, Micros(expires)).BindBlob(2, hash);
  if (auto done = renew->Run(); !done) {
    log::Warn("sandbox_session_not_kept", {{"error", done.error().OneLine()}});
  }
}

std::optional<Session> SessionStore::Find(TokenKind kind, std::string_view token) {
  const std::string hash = Sha256(token);
  const UtcMicros now = clock_.Now();
  {
    std::shared_lock lock(mutex_);
    const Map& map = MapOf(kind);
    const auto found = map.find(hash);
    if (found == map.end()) return std::nullopt;
    const Session& session = found->second;
    if (now < session.expires) {
      // Use in the second half of its life renews a session, as the vendor's do
      // (Salesforce Help, "Modify Session Security Settings").
      if (kind == TokenKind::kRefresh || IsJwt(token) || session.expires - now > session.length / 2)
        return session;
    }
  }
  Session renewed;
  {
    std::unique_lock lock(mutex_);
    Map& map = MapOf(kind);
    const auto found = map.find(hash);
    if (found == map.end()) return std::nullopt;
    if (now >= found->second.expires) {
      map.erase(found);
      return std::nullopt;
    }
    found->second.expires = now + found->second.length;
    renewed = found->second;
  }
  KeepRenewal(hash, renewed.expires);
  return renewed;
}

std::string SessionStore::GrantOf(std::string_view refresh_token) {
  const auto session = Find(TokenKind::kRefresh, refresh_token);
  return session ? session->grant : "";
}

Result<bool> SessionStore::Revoke(TokenKind kind, std::string_view token) {
  const std::string hash = Sha256(token);
  {
    std::unique_lock lock(mutex_);
    if (MapOf(kind).erase(hash) == 0) return false;
  }
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Statement drop, locked.db.Prepare("DELETE FROM token WHERE hash = ?"));
  drop.BindBlob(1, hash);
  FIRN_CHECK(drop.Run());
  return true;
}

Result<size_t> SessionStore::EndOfGrant(std::string_view grant) {
  return EndWhere("grant_id", grant);
}

Result<size_t> SessionStore::EndOfUser(std::string_view user_id) {
  return EndWhere("user_id", user_id);
}

Result<size_t> SessionStore::EndWhere(const char* column, std::string_view value) {
  const bool by_grant = std::string_view(column) == "grant_id";
  size_t ended = 0;
  {
    std::unique_lock lock(mutex_);
    ended = std::erase_if(access_, [&](const auto& one) {
      return (by_grant ? one.second.grant : one.second.user_id) == value;
    });
  }
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Statement drop, locked.db.Prepare("DELETE FROM token WHERE kind = 'access' AND " +
                                             std::string(column) + " = ?"));
  drop.Bind(1, value);
  FIRN_CHECK(drop.Run());
  return ended;
}

Result<size_t> SessionStore::ExpireAll() {
  size_t ended = 0;
  {
    std::unique_lock lock(mutex_);
    ended = access_.size();
    access_.clear();
  }
  const ApiDb::Locked locked = db_.Lock();
  FIRN_CHECK(locked.db.Execute("DELETE FROM token WHERE kind = 'access'"));
  return ended;
}

size_t SessionStore::count() const {
  std::shared_lock lock(mutex_);
  return access_.size();
}

}  // namespace firn::sandbox
