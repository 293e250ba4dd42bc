#include "sandbox/sign_in/auth_codes.h"

#include "sandbox/crypto.h"

namespace firn::sandbox {
namespace {

constexpr std::chrono::minutes kCodeLife{15};
constexpr size_t kCodeCharacters = 80;

int64_t Micros(UtcMicros time) { return time.time_since_epoch().count(); }

}  // namespace

Result<std::string> AuthCodes::Issue(const CodeGrant& grant) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
  std::string code = "aPrx";
  for (size_t i = 0; i < kCodeCharacters; ++i) code += kAlphabet[random_.Below(kAlphabet.size())];
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Statement drop, locked.db.Prepare("DELETE FROM auth_code WHERE expires_us <= ?"));
  drop.Bind(1, Micros(clock_.Now()));
  FIRN_CHECK(drop.Run());
  FIRN_TRY(Statement put,
           locked.db.Prepare("INSERT INTO auth_code(hash, client_id, user_id, redirect_uri, scopes,"
                             " challenge, nonce, expires_us) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"));
  put.BindBlob(1, Sha256(code)).Bind(2, grant.client_id).Bind(3, grant.user_id);
  put.Bind(4, grant.redirect_uri).Bind(5, grant.scopes).Bind(6, grant.code_challenge);
  put.Bind(7, grant.nonce).Bind(8, Micros(clock_.Now() + kCodeLife));
  FIRN_CHECK(put.Run());
  return code;
}

Result<std::optional<CodeGrant>> AuthCodes::Take(std::string_view code) {
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Statement take,
           locked.db.Prepare("DELETE FROM auth_code WHERE hash = ? RETURNING client_id, user_id,"
                             " redirect_uri, scopes, challenge, nonce, expires_us"));
  take.BindBlob(1, Sha256(code));
  FIRN_TRY(const bool found, take.Step());
  if (!found) return std::optional<CodeGrant>();
  const auto text = [&](int column) { return std::string(take.Text(column)); };
  CodeGrant grant{text(0), text(1), text(2), text(3), text(4), text(5)};
  const bool late = take.Int(6) <= Micros(clock_.Now());
  FIRN_CHECK(take.Step());  // ends the statement, which commits the deletion
  return late ? std::optional<CodeGrant>() : std::optional<CodeGrant>(std::move(grant));
}

Result<void> AuthCodes::Approve(std::string_view client_id, std::string_view user_id) {
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Statement put, locked.db.Prepare("INSERT OR IGNORE INTO approval VALUES(?, ?)"));
  put.Bind(1, client_id).Bind(2, user_id);
  return put.Run();
}

Result<bool> AuthCodes::Approved(std::string_view client_id, std::string_view user_id) {
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Statement find,
           locked.db.Prepare("SELECT 1 FROM approval WHERE client_id = ? AND user_id = ?"));
  find.Bind(1, client_id).Bind(2, user_id);
  return find.Step();
}

}  // namespace firn::sandbox
