#include "sandbox/sign_in/passwords.h"

#include "sandbox/crypto.h"

namespace firn::sandbox {
namespace {

constexpr size_t kSaltBytes = 16;
constexpr int kRounds = 10'000;

// Salted and slowed down: what is in api.db does not give the password away.
std::string Stretched(std::string_view salt, std::string_view password) {
  std::string digest(salt);
  for (int i = 0; i < kRounds; ++i) digest = HmacSha256(password, digest);
  return digest;
}

}  // namespace

Result<void> Passwords::Set(std::string_view user_id, std::string_view given) {
  const std::string salt = random_.Bytes(kSaltBytes);
  const std::string hash = Stretched(salt, given);
  const ApiDb::Locked locked = db_.Lock();
  FIRN_TRY(Statement put, locked.db.Prepare("INSERT OR REPLACE INTO password VALUES(?, ?, ?)"));
  put.Bind(1, user_id).BindBlob(2, salt).BindBlob(3, hash);
  return put.Run();
}

Result<bool> Passwords::Fits(std::string_view user_id, std::string_view given) {
  if (given.empty()) return false;
  std::string salt;
  std::string hash;
  {
    const ApiDb::Locked locked = db_.Lock();
    FIRN_TRY(Statement find,
             locked.db.Prepare("SELECT salt, hash FROM password WHERE user_id = ?"));
    find.Bind(1, user_id);
    FIRN_TRY(const bool found, find.Step());
    if (!found) return true;
    salt = find.Blob(0);
    hash = find.Blob(1);
  }
  // Digests of equal length, compared by their digests: in a time that tells nothing.
  return Sha256(Stretched(salt, given)) == Sha256(hash);
}

}  // namespace firn::sandbox
