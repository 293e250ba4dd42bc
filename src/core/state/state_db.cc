#include "core/state/state_db.h"

namespace firn::state {
namespace {

constexpr std::string_view kFirstSchema = R"(
CREATE TABLE run (
  org TEXT NOT NULL, run_id TEXT NOT NULL, state INTEGER NOT NULL, request TEXT NOT NULL,
  started_us INTEGER NOT NULL, finished_us INTEGER, outcome TEXT NOT NULL,
  PRIMARY KEY (org, run_id)) WITHOUT ROWID;
CREATE INDEX run_by_start ON run (started_us);
CREATE TABLE run_object (
  org TEXT NOT NULL, run_id TEXT NOT NULL, object TEXT NOT NULL, position INTEGER NOT NULL,
  state INTEGER NOT NULL, job_id TEXT NOT NULL, describe TEXT NOT NULL,
  snapshot_id INTEGER NOT NULL, facts TEXT NOT NULL,
  PRIMARY KEY (org, run_id, object),
  FOREIGN KEY (org, run_id) REFERENCES run (org, run_id) ON DELETE CASCADE);
CREATE TABLE data_file (
  org TEXT NOT NULL, run_id TEXT NOT NULL, object TEXT NOT NULL, ordinal INTEGER NOT NULL,
  path TEXT NOT NULL, rows INTEGER NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY (org, run_id, object, ordinal),
  FOREIGN KEY (org, run_id, object) REFERENCES run_object (org, run_id, object) ON DELETE CASCADE);
CREATE TABLE page (
  org TEXT NOT NULL, run_id TEXT NOT NULL, object TEXT NOT NULL, ordinal INTEGER NOT NULL,
  locator TEXT NOT NULL, url TEXT NOT NULL, rows INTEGER NOT NULL, file_ordinal INTEGER,
  PRIMARY KEY (org, run_id, object, ordinal),
  FOREIGN KEY (org, run_id, object) REFERENCES run_object (org, run_id, object) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE TABLE reject (
  org TEXT NOT NULL, run_id TEXT NOT NULL, object TEXT NOT NULL, field TEXT NOT NULL,
  reason TEXT NOT NULL, rows INTEGER NOT NULL,
  PRIMARY KEY (org, run_id, object, field, reason),
  FOREIGN KEY (org, run_id, object) REFERENCES run_object (org, run_id, object) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE TABLE checkpoint (
  org TEXT NOT NULL, stream TEXT NOT NULL, value TEXT NOT NULL, run_id TEXT NOT NULL,
  set_us INTEGER NOT NULL, PRIMARY KEY (org, stream)) WITHOUT ROWID;
)";

Error Translated(Error error, const std::string& path) {
  if (error.kind() != Kind::kCorrupt) return error;
  return Error(Kind::kCorrupt, "STATE-OPEN-002", "the state file is damaged")
      .At(path)
      .Because(error.what())
      .Hint(
          "move it away and run `firn export run` again: tables are kept, unfinished runs are not");
}

}  // namespace

std::string StateDbPath(const std::string& folder) { return folder + "/state.db"; }
std::string SharedStatePath(const std::string& folder) { return folder + "/shared.db"; }

Result<std::shared_ptr<StateDb>> StateDb::Open(const std::string& folder, const Options& options) {
  const std::string path = StateDbPath(folder);
  if (options.read_only && !FileExists(path)) {
    return Fail(Error(Kind::kNotFound, "STATE-OPEN-001", "this project has no state yet")
                    .At(path)
                    .Hint("run `firn export run` first"));
  }
  std::optional<FileLock> lock;
  if (!options.read_only) {
    FIRN_CHECK(MakeFolders(folder, 0700));
    auto taken = FileLock::Take(folder + "/state.lock", options.purpose);
    if (!taken && taken.error().kind() == Kind::kConflict) {
      const std::string holder =
          taken.error().why().empty() ? taken.error().what() : taken.error().why();
      return Fail(Error(Kind::kConflict, "STATE-LOCK-001",
                        "another process is writing this project's state")
                      .At(folder + "/state.lock")
                      .Because(holder)
                      .Hint("wait until it has finished, or stop it"));
    }
    if (!taken) return Fail(std::move(taken).error());
    lock = std::move(*taken);
  }
  Database::Options open;
  open.read_only = options.read_only;
  open.create = !options.read_only;
  open.check_integrity = true;
  auto db = Database::Open(path, open);
  if (!db) return Fail(Translated(std::move(db).error(), path));
  if (!options.read_only) {
    auto migrated = Migrate(*db, {kFirstSchema});
    if (!migrated) return Fail(Translated(std::move(migrated).error(), path));
  }
  return std::shared_ptr<StateDb>(new StateDb(*std::move(db), std::move(lock), options.read_only));
}

}  // namespace firn::state
