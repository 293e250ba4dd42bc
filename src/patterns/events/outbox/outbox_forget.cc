#include "patterns/events/outbox/outbox_forget.h"

#include <memory>

#include "core/base/file.h"
#include "core/base/sqlite.h"
#include "patterns/events/outbox/outbox_store.h"

namespace firn::events {
namespace {

// Bytes of an event as text: where the id stands in them, the event is about the record or names
// it.
constexpr const char* kEvents =
    "SELECT seq FROM event WHERE instr(record_id, ?1) OR instr(CAST(json AS TEXT), ?1)";
constexpr const char* kLetters =
    "SELECT id FROM letter WHERE instr(CAST(event AS TEXT), ?1) OR instr(message, ?1) OR "
    "instr(error, ?1)";

Result<int64_t> Counted(Database& db, const std::string& sql, const std::string& needle) {
  FIRN_TRY(auto select, db.Prepare(sql));
  select.Bind(1, needle);
  FIRN_TRY(const bool row, select.Step());
  return row ? select.Int(0) : 0;
}

Result<void> Run(Database& db, const std::string& sql, const std::string& needle) {
  FIRN_TRY(auto statement, db.Prepare(sql));
  statement.Bind(1, needle);
  return statement.Run();
}

Result<void> Remove(Database& db, const std::string& needle) {
  const std::string events = std::string("(") + kEvents + ")";
  const std::string letters = std::string("(") + kLetters + ")";
  FIRN_CHECK(db.Execute("PRAGMA secure_delete=ON"));
  {
    FIRN_TRY(Transaction transaction, Transaction::Begin(db));
    FIRN_CHECK(Run(db, "DELETE FROM letter WHERE id IN " + letters, needle));
    FIRN_CHECK(Run(db, "DELETE FROM delivery WHERE event_seq IN " + events, needle));
    FIRN_CHECK(Run(db, "DELETE FROM event WHERE seq IN " + events, needle));
    // Those that were behind them in their groups are first now.
    FIRN_CHECK(db.Execute(
        "UPDATE delivery SET state = 0 WHERE state = 1 AND id IN (SELECT min(id) FROM delivery "
        "WHERE state < 2 AND grp IS NOT NULL GROUP BY target, grp)"));
    FIRN_CHECK(transaction.Commit());
  }
  // Pages that were given up before, and SQLite's log, may still have it.
  return db.Execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace

Result<ForgottenEvents> ForgetInOutbox(const std::string& state_folder, const std::string& id,
                                       bool remove) {
  ForgottenEvents found;
  if (!FileExists(OutboxPath(state_folder))) return found;
  std::shared_ptr<OutboxStore> engine;  // its lock: nobody delivers meanwhile
  if (remove) {
    FIRN_TRY(engine, OutboxStore::Open(state_folder, OutboxStore::Use::kEngine));
  }
  Database::Options options;
  options.read_only = !remove;
  options.create = false;
  FIRN_TRY(Database db, Database::Open(OutboxPath(state_folder), options));
  const std::string needle = id.substr(0, 15);
  const std::string events = std::string("(") + kEvents + ")";
  FIRN_TRY(found.events, Counted(db, "SELECT count(*) FROM " + events, needle));
  FIRN_TRY(found.waiting,
           Counted(db, "SELECT count(*) FROM delivery WHERE state < 2 AND event_seq IN " + events,
                   needle));
  FIRN_TRY(found.letters,
           Counted(db, std::string("SELECT count(*) FROM (") + kLetters + ")", needle));
  if (remove) FIRN_CHECK(Remove(db, needle));
  return found;
}

}  // namespace firn::events
