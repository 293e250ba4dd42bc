#include "core/state/shared_state.h"

#include <sys/stat.h>

namespace firn::state {
namespace {

constexpr std::string_view kFirstSchema = R"(
CREATE TABLE shared_value (
  org TEXT NOT NULL, area TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL,
  version INTEGER NOT NULL, PRIMARY KEY (org, area, name)) WITHOUT ROWID;
)";

Statement& BindKey(Statement& statement, const Key& key) {
  FIRN_ASSERT(!key.org.empty());
  return statement.Bind(1, key.org).Bind(2, key.area).Bind(3, key.name);
}

Result<std::optional<VersionedValue>> ReadValue(Database& db, const Key& key) {
  FIRN_TRY(auto get, db.Prepare("SELECT value, version FROM shared_value "
                                "WHERE org = ? AND area = ? AND name = ?"));
  FIRN_TRY(const bool found, BindKey(get, key).Step());
  if (!found) return std::optional<VersionedValue>();
  return std::optional<VersionedValue>(VersionedValue{std::string(get.Blob(0)), get.Int(1)});
}

Result<void> WriteValue(Database& db, const Key& key, std::string_view value) {
  FIRN_TRY(auto put,
           db.Prepare("INSERT INTO shared_value (org, area, name, value, version) "
                      "VALUES (?, ?, ?, ?, 1) ON CONFLICT (org, area, name) DO UPDATE SET "
                      "value = excluded.value, version = version + 1"));
  return BindKey(put, key).BindBlob(4, value).Run();
}

}  // namespace

Result<std::shared_ptr<SharedState>> SharedState::Open(const std::string& path) {
  const bool in_memory = path == ":memory:";
  Database::Options options;
  options.check_integrity = true;
  auto db = in_memory ? Database::OpenInMemory() : Database::Open(path, options);
  if (!db && db.error().kind() == Kind::kCorrupt) {
    return Fail(Error(Kind::kCorrupt, "STATE-OPEN-002", "the shared state file is damaged")
                    .At(path)
                    .Because(db.error().what())
                    .Hint("move it away: it is made anew, the API budget starts from the org's "
                          "own count"));
  }
  if (!db) return Fail(std::move(db).error());
  FIRN_CHECK(Migrate(*db, {kFirstSchema}));
  // Sessions may be cached here: nobody else on the machine reads them.
  if (!in_memory) (void)::chmod(path.c_str(), 0600);
  return std::shared_ptr<SharedState>(new SharedState(*std::move(db)));
}

Result<std::optional<VersionedValue>> SharedState::Get(const Key& key) {
  std::lock_guard lock(mutex_);
  return ReadValue(db_, key);
}

Result<void> SharedState::Put(const Key& key, std::string_view value) {
  std::lock_guard lock(mutex_);
  FIRN_TRY(auto transaction, Transaction::Begin(db_));
  FIRN_CHECK(WriteValue(db_, key, value));
  return transaction.Commit();
}

Result<void> SharedState::Update(const Key& key, const Change& change) {
  std::lock_guard lock(mutex_);
  FIRN_TRY(auto transaction, Transaction::Begin(db_));
  FIRN_TRY(auto present, ReadValue(db_, key));
  std::optional<std::string> value;
  if (present) value = std::move(present->value);
  FIRN_TRY(const auto changed, change(value));
  if (!changed) return {};
  FIRN_CHECK(WriteValue(db_, key, *changed));
  return transaction.Commit();
}

Result<std::vector<std::pair<std::string, VersionedValue>>> SharedState::List(
    const std::string& org, const std::string& area) {
  std::lock_guard lock(mutex_);
  FIRN_TRY(auto list, db_.Prepare("SELECT name, value, version FROM shared_value "
                                  "WHERE org = ? AND area = ? ORDER BY name"));
  list.Bind(1, org).Bind(2, area);
  std::vector<std::pair<std::string, VersionedValue>> found;
  for (;;) {
    FIRN_TRY(const bool row, list.Step());
    if (!row) return found;
    found.emplace_back(std::string(list.Text(0)),
                       VersionedValue{std::string(list.Blob(1)), list.Int(2)});
  }
}

}  // namespace firn::state
