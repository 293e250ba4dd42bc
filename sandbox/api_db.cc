#include "sandbox/api_db.h"

namespace firn::sandbox {

Result<std::unique_ptr<ApiDb>> ApiDb::Open(const std::string& folder) {
  FIRN_TRY(Database db, Database::Open(folder + "/api.db", Database::Options{}));
  FIRN_CHECK(Migrate(
      db, {"CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
           // Tokens are kept as their SHA-256 only.
           "CREATE TABLE token(hash BLOB PRIMARY KEY, kind TEXT NOT NULL, user_id TEXT NOT NULL,"
           " client_id TEXT NOT NULL, scopes TEXT NOT NULL, issued_us INTEGER NOT NULL,"
           " expires_us INTEGER NOT NULL) WITHOUT ROWID;"
           "CREATE TABLE usage(kind TEXT NOT NULL, minute INTEGER NOT NULL, count INTEGER NOT NULL,"
           " PRIMARY KEY(kind, minute)) WITHOUT ROWID;"
           "CREATE TABLE query_job(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
           " operation TEXT NOT NULL, object TEXT NOT NULL, query TEXT NOT NULL,"
           " delimiter TEXT NOT NULL, line_ending TEXT NOT NULL, api_version INTEGER NOT NULL,"
           " user_id TEXT NOT NULL, created_us INTEGER NOT NULL, modified_us INTEGER NOT NULL,"
           " state TEXT NOT NULL, rows INTEGER NOT NULL, retries INTEGER NOT NULL,"
           " took_ms INTEGER NOT NULL, error TEXT NOT NULL, header TEXT NOT NULL,"
           " bytes INTEGER NOT NULL, marks BLOB NOT NULL);"
           "CREATE TABLE query_cursor(id TEXT PRIMARY KEY, created_us INTEGER NOT NULL,"
           " rows INTEGER NOT NULL, batch_size INTEGER NOT NULL, user_id TEXT NOT NULL,"
           " extra TEXT NOT NULL) WITHOUT ROWID;",
           "ALTER TABLE token ADD COLUMN length_s INTEGER NOT NULL DEFAULT 7200;"
           "CREATE TABLE auth_code(hash BLOB PRIMARY KEY, client_id TEXT NOT NULL,"
           " user_id TEXT NOT NULL, redirect_uri TEXT NOT NULL, scopes TEXT NOT NULL,"
           " challenge TEXT NOT NULL, nonce TEXT NOT NULL, expires_us INTEGER NOT NULL)"
           " WITHOUT ROWID;"
           "CREATE TABLE approval(client_id TEXT NOT NULL, user_id TEXT NOT NULL,"
           " PRIMARY KEY(client_id, user_id)) WITHOUT ROWID;"
           "CREATE TABLE password(user_id TEXT PRIMARY KEY, salt BLOB NOT NULL,"
           " hash BLOB NOT NULL) WITHOUT ROWID;",
           "CREATE TABLE ingest_job(number INTEGER PRIMARY KEY, body TEXT NOT NULL);"
           "CREATE TABLE classic_job(number INTEGER PRIMARY KEY, body TEXT NOT NULL);",
           // Tokens from before have their app and user for a grant.
           "ALTER TABLE token ADD COLUMN grant_id TEXT NOT NULL DEFAULT '';"
           "UPDATE token SET grant_id = client_id || '/' || user_id WHERE client_id <> '';"}));
  return std::unique_ptr<ApiDb>(new ApiDb(std::move(db)));
}

Result<std::optional<std::string>> ApiDb::Setting(std::string_view key) {
  const Locked locked = Lock();
  FIRN_TRY(Statement find, locked.db.Prepare("SELECT value FROM setting WHERE key = ?"));
  find.Bind(1, key);
  FIRN_TRY(const bool found, find.Step());
  if (!found) return std::optional<std::string>();
  return std::optional<std::string>(find.Text(0));
}

Result<void> ApiDb::SetSetting(std::string_view key, std::string_view value) {
  const Locked locked = Lock();
  FIRN_TRY(Statement put,
           locked.db.Prepare("INSERT INTO setting VALUES(?, ?)"
                             " ON CONFLICT(key) DO UPDATE SET value = excluded.value"));
  put.Bind(1, key).Bind(2, value);
  return put.Run();
}

}  // namespace firn::sandbox
