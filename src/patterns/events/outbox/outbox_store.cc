#include "patterns/events/outbox/outbox_store.h"

#include <fcntl.h>

#include "core/base/fault_point.h"
#include "patterns/events/outbox/outbox_keys.h"
#include "patterns/events/outbox/outbox_rows.h"

namespace firn::events {
namespace {

constexpr std::string_view kFirstSchema = R"(
CREATE TABLE event (
  seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL, detail_type TEXT NOT NULL,
  record_id TEXT NOT NULL, source TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
  time_us INTEGER NOT NULL, taken_us INTEGER NOT NULL, json BLOB NOT NULL);
CREATE INDEX event_by_id ON event (event_id);
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY, event_seq INTEGER NOT NULL, target TEXT NOT NULL, grp TEXT,
  state INTEGER NOT NULL, due_us INTEGER NOT NULL, tries INTEGER NOT NULL,
  code TEXT NOT NULL, error TEXT NOT NULL);
CREATE INDEX delivery_by_event ON delivery (event_seq);
CREATE INDEX delivery_due ON delivery (target, due_us, id) WHERE state = 0;
CREATE INDEX delivery_group ON delivery (target, grp, id) WHERE state < 2 AND grp IS NOT NULL;
CREATE TABLE seen (key BLOB PRIMARY KEY, at_us INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX seen_by_time ON seen (at_us);
CREATE TABLE letter (
  id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, target_arn TEXT NOT NULL,
  rule_arn TEXT NOT NULL, event_id TEXT NOT NULL, event BLOB NOT NULL, code TEXT NOT NULL,
  message TEXT NOT NULL, error TEXT NOT NULL, condition TEXT NOT NULL, tries INTEGER NOT NULL,
  taken_us INTEGER NOT NULL, died_us INTEGER NOT NULL, queue_arn TEXT NOT NULL,
  queued INTEGER NOT NULL, grp TEXT);
CREATE INDEX letter_to_queue ON letter (id) WHERE queued = 0 AND queue_arn != '';
)";

constexpr auto kPutOffMax = std::chrono::hours(24);

WaitingDelivery ReadWaiting(const Statement& row) {
  WaitingDelivery delivery;
  delivery.id = row.Int(0);
  delivery.group = row.Text(1);
  delivery.tries = static_cast<int>(row.Int(2));
  delivery.last_code = row.Text(3);
  delivery.last_error = row.Text(4);
  delivery.event.id = row.Text(5);
  delivery.event.detail_type = row.Text(6);
  delivery.event.record_id = row.Text(7);
  delivery.event.source = row.Text(8);
  delivery.event.account = row.Text(9);
  delivery.event.region = row.Text(10);
  delivery.event.time = TimeOf(row.Int(11));
  delivery.taken = TimeOf(row.Int(12));
  delivery.event.json = row.Blob(13);
  return delivery;
}

}  // namespace

std::string OutboxPath(const std::string& folder) { return folder + "/outbox.db"; }

Result<std::shared_ptr<OutboxStore>> OutboxStore::Open(const std::string& folder, Use use) {
  const std::string path = OutboxPath(folder);
  if (use != Use::kEngine && !FileExists(path)) {
    return Fail(Error(Kind::kNotFound, "EVENT-OUTBOX-002", "no events have come to rules here yet")
                    .At(path)
                    .Hint("`firn events put` takes events from a file"));
  }
  std::optional<FileLock> lock;
  if (use == Use::kEngine) {
    FIRN_CHECK(MakeFolders(folder, 0700));
    auto taken = FileLock::Take(folder + "/outbox.lock", "firn events");
    if (!taken && taken.error().kind() == Kind::kConflict) {
      const Error& error = taken.error();
      return Fail(Error(Kind::kConflict, "EVENT-OUTBOX-001",
                        "another process delivers this project's events")
                      .At(folder + "/outbox.lock")
                      .Because(error.why().empty() ? error.what() : error.why())
                      .Hint("wait until it has finished, or stop it"));
    }
    if (!taken) return Fail(std::move(taken).error());
    lock = std::move(*taken);
    // Made here, so that SQLite's files beside it get the same mode.
    const Fd made(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  }
  Database::Options options;
  options.read_only = use == Use::kReading;
  options.create = use == Use::kEngine;
  FIRN_TRY(Database db, Database::Open(path, options));
  bool older_keys = false;
  if (use == Use::kEngine) {
    FIRN_CHECK(Migrate(db, {kFirstSchema, kKeySchema, kOlderKeySchema}));
    FIRN_TRY(older_keys, HasOlderKeys(db));
  }
  std::shared_ptr<OutboxStore> store(new OutboxStore(std::move(db), std::move(lock)));
  store->older_keys_ = older_keys;
  return store;
}

Result<bool> OutboxStore::IsOlderKey(const std::string& key) {
  if (!older_keys_) return false;
  const std::string stored = OlderKey(key);
  FIRN_TRY(auto find, db_.Prepare("SELECT 1 FROM seen_before WHERE key = ?"));
  find.BindStaticBlob(1, stored);
  return find.Step();
}

// Putting a key tells whether it was there: no look-up of its own. A key of a duplicate that is new
// stays, since whatever carries it is the same event.
Result<bool> OutboxStore::AddKeys(const RuleEvent& event, UtcMicros now, Statement& put) {
  bool all_new = true;
  for (const std::string& key : event.keys) {
    const std::string stored = StoredKey(key, event.commit_ms, now);
    put.BindStaticBlob(1, stored).Bind(2, MicrosOf(now));
    FIRN_CHECK(put.Run());
    const bool is_new = db_.RowsChanged() > 0;
    if (is_new && keys_held_ >= 0) ++keys_held_;
    FIRN_TRY(const bool is_older, IsOlderKey(key));
    all_new = all_new && is_new && !is_older;
  }
  return all_new;
}

Result<AddReport> OutboxStore::Add(std::span<const NewEvent> events, UtcMicros now) {
  const std::lock_guard lock(mutex_);
  AddReport report;
  FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
  FIRN_TRY(auto put_event,
           db_.Prepare("INSERT INTO event (event_id, detail_type, record_id, source, account, "
                       "region, time_us, taken_us, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  FIRN_TRY(
      auto put_delivery,
      db_.Prepare("INSERT INTO delivery (event_seq, target, grp, state, due_us, tries, code, "
                  "error) VALUES (?1, ?2, ?3, EXISTS (SELECT 1 FROM delivery WHERE target = ?2 "
                  "AND grp = ?3 AND state < 2 AND grp IS NOT NULL), ?4, 0, '', '')"));
  FIRN_TRY(auto put_key, db_.Prepare("INSERT OR IGNORE INTO seen (key, at_us) VALUES (?, ?)"));
  for (const NewEvent& one : events) {
    FIRN_TRY(const bool is_new, AddKeys(one.event, now, put_key));
    if (!is_new) {
      ++report.events_duplicate;
      continue;
    }
    ++report.events_new;
    if (one.deliveries.empty()) continue;
    put_event.Bind(1, one.event.id).Bind(2, one.event.detail_type).Bind(3, one.event.record_id);
    put_event.Bind(4, one.event.source).Bind(5, one.event.account).Bind(6, one.event.region);
    put_event.Bind(7, MicrosOf(one.event.time)).Bind(8, MicrosOf(now));
    put_event.BindStaticBlob(9, one.event.json);
    FIRN_CHECK(put_event.Run());
    const int64_t seq = db_.LastInsertRowid();
    for (const NewDelivery& delivery : one.deliveries) {
      put_delivery.Bind(1, seq).Bind(2, delivery.target);
      if (delivery.group.empty()) {
        put_delivery.BindNull(3);
      } else {
        put_delivery.Bind(3, delivery.group);
      }
      put_delivery.Bind(4, MicrosOf(now));
      FIRN_CHECK(put_delivery.Run());
      ++report.deliveries;
    }
  }
  FIRN_FAULT_POINT("events.outbox.before_commit");
  FIRN_CHECK(transaction.Commit());
  FIRN_FAULT_POINT("events.outbox.after_commit");
  return report;
}

Result<std::vector<WaitingDelivery>> OutboxStore::Due(const DueQuery& query) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(auto select,
           db_.Prepare("SELECT d.id, d.grp, d.tries, d.code, d.error, e.event_id, e.detail_type, "
                       "e.record_id, e.source, e.account, e.region, e.time_us, e.taken_us, e.json "
                       "FROM delivery d JOIN event e ON e.seq = d.event_seq "
                       "WHERE d.target = ?1 AND d.state = 0 AND d.due_us <= ?2 "
                       "ORDER BY d.due_us, d.id"));
  select.Bind(1, query.target).Bind(2, MicrosOf(query.now));
  std::vector<WaitingDelivery> due;
  while (due.size() < query.most) {
    FIRN_TRY(const bool row, select.Step());
    if (!row) break;
    if (query.in_flight.contains(select.Int(0))) continue;
    due.push_back(ReadWaiting(select));
  }
  return due;
}

Result<std::optional<UtcMicros>> OutboxStore::NextDue(const std::string& target) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(auto select, db_.Prepare("SELECT due_us FROM delivery WHERE target = ? AND state = 0 "
                                    "ORDER BY due_us LIMIT 1"));
  select.Bind(1, target);
  FIRN_TRY(const bool row, select.Step());
  if (!row) return std::optional<UtcMicros>();
  return std::optional<UtcMicros>(TimeOf(select.Int(0)));
}

Result<void> OutboxStore::Record(std::span<const DeliveryOutcome> outcomes, UtcMicros now) {
  if (outcomes.empty()) return {};
  const std::lock_guard lock(mutex_);
  FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
  FIRN_TRY(auto set, db_.Prepare("UPDATE delivery SET state = ?, due_us = ?, tries = ?, code = ?, "
                                 "error = ? WHERE id = ?"));
  FIRN_TRY(
      auto follow,
      db_.Prepare("UPDATE delivery SET state = 0 WHERE state = 1 AND id = (SELECT n.id FROM "
                  "delivery n JOIN delivery d ON n.target = d.target AND n.grp = d.grp "
                  "WHERE d.id = ? AND n.state < 2 AND n.grp IS NOT NULL ORDER BY n.id LIMIT 1)"));
  for (const DeliveryOutcome& outcome : outcomes) {
    const bool waits = outcome.state == DeliveryOutcome::State::kWaiting;
    const DeliveryRow row = waits ? DeliveryRow::kDue
                            : outcome.state == DeliveryOutcome::State::kDelivered
                                ? DeliveryRow::kDelivered
                                : DeliveryRow::kDead;
    set.Bind(1, static_cast<int64_t>(row));
    set.Bind(2, MicrosOf(waits ? outcome.due : now)).Bind(3, outcome.tries);
    set.Bind(4, outcome.code).Bind(5, outcome.error).Bind(6, outcome.id);
    FIRN_CHECK(set.Run());
    if (waits) continue;
    if (outcome.grouped) FIRN_CHECK(follow.Bind(1, outcome.id).Run());
    if (outcome.state == DeliveryOutcome::State::kDead) FIRN_CHECK(InsertLetter(db_, outcome));
  }
  FIRN_FAULT_POINT("events.outcome.before_commit");
  FIRN_CHECK(transaction.Commit());
  FIRN_FAULT_POINT("events.outcome.after_commit");
  return {};
}

Result<int64_t> OutboxStore::MendDueTimes(UtcMicros now) {
  FIRN_TRY(const auto targets, TargetsWaitedFor());
  const std::lock_guard lock(mutex_);
  // New ones are due at once; no try is put off for longer.
  FIRN_TRY(auto mend, db_.Prepare("UPDATE delivery SET due_us = ?2 WHERE target = ?1 AND state = 0 "
                                  "AND due_us > ?2 AND (tries = 0 OR due_us > ?3)"));
  int64_t mended = 0;
  for (const std::string& target : targets) {
    mend.Bind(1, target).Bind(2, MicrosOf(now)).Bind(3, MicrosOf(now + kPutOffMax));
    FIRN_CHECK(mend.Run());
    mended += db_.RowsChanged();
  }
  return mended;
}

Result<std::vector<TargetCounts>> OutboxStore::Waiting() {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(auto select, db_.Prepare("SELECT target, count(*), sum(tries > 0) FROM delivery "
                                    "WHERE state < 2 GROUP BY target ORDER BY target"));
  std::vector<TargetCounts> counts;
  for (;;) {
    FIRN_TRY(const bool row, select.Step());
    if (!row) return counts;
    counts.push_back({std::string(select.Text(0)), select.Int(1), select.Int(2)});
  }
}

Result<std::vector<std::string>> OutboxStore::TargetsWaitedFor() {
  const std::lock_guard lock(mutex_);
  // From name to name along the index: their number counts, not that of the deliveries.
  FIRN_TRY(auto select,
           db_.Prepare("SELECT min(target) FROM delivery WHERE state = 0 AND target > ?"));
  std::vector<std::string> targets;
  for (std::string last;;) {
    select.Bind(1, last);
    FIRN_TRY(const bool row, select.Step());
    if (!row || select.IsNull(0)) return targets;
    last = select.Text(0);
    select.Reset();
    targets.push_back(last);
  }
}

}  // namespace firn::events
