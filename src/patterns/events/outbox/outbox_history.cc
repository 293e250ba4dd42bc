// The part of the outbox that looks back, and the one that forgets.
#include <algorithm>

#include "patterns/events/outbox/outbox_keys.h"
#include "patterns/events/outbox/outbox_rows.h"

namespace firn::events {
namespace {

constexpr int64_t kTracesMax = 20;
constexpr int64_t kStepRows = 2000;  // what one step of Prune may take away

std::string StateName(int64_t state) {
  if (state == static_cast<int64_t>(DeliveryRow::kDelivered)) return "delivered";
  return state == static_cast<int64_t>(DeliveryRow::kDead) ? "dead" : "waiting";
}

Result<std::vector<DeliveryTrace>> DeliveriesOf(Database& db, int64_t seq) {
  FIRN_TRY(auto select, db.Prepare("SELECT target, state, tries, due_us, code, error FROM delivery "
                                   "WHERE event_seq = ? ORDER BY id"));
  select.Bind(1, seq);
  std::vector<DeliveryTrace> traces;
  for (;;) {
    FIRN_TRY(const bool row, select.Step());
    if (!row) return traces;
    traces.push_back({.target = std::string(select.Text(0)),
                      .state = StateName(select.Int(1)),
                      .tries = static_cast<int>(select.Int(2)),
                      .at = TimeOf(select.Int(3)),
                      .code = std::string(select.Text(4)),
                      .error = std::string(select.Text(5))});
  }
}

// Runs a DELETE whose only parameter is bound to `number`; the rows it took away.
Result<int64_t> Delete(Database& db, std::string_view sql, int64_t number) {
  FIRN_TRY(auto remove, db.Prepare(sql));
  remove.Bind(1, number);
  FIRN_CHECK(remove.Run());
  return db.RowsChanged();
}

Result<int64_t> Number(Database& db, std::string_view sql) {
  FIRN_TRY(auto select, db.Prepare(sql));
  FIRN_TRY(const bool row, select.Step());
  return row ? select.Int(0) : 0;
}

// The newest of the 2,000 oldest events up to `seq` that wait for nothing; 0 if there is none.
Result<int64_t> LastSettled(Database& db, int64_t seq) {
  FIRN_TRY(auto select,
           db.Prepare("SELECT coalesce(max(seq), 0) FROM (SELECT seq FROM event e WHERE seq <= ? "
                      "AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event_seq = e.seq AND "
                      "d.state < 2) ORDER BY seq LIMIT 2000)"));
  select.Bind(1, seq);
  FIRN_TRY(const bool row, select.Step());
  return row ? select.Int(0) : 0;
}

// Some events up to `seq`, oldest first, that wait for nothing. Both deletes end at the last of
// them: a look at what millions of younger events still have would cost more than all the rest.
Result<int64_t> ForgetEvents(Database& db, int64_t seq) {
  FIRN_TRY(const int64_t last, LastSettled(db, seq));
  FIRN_TRY(const int64_t events,
           Delete(db,
                  "DELETE FROM event WHERE seq IN (SELECT seq FROM event e WHERE seq <= ? AND NOT "
                  "EXISTS (SELECT 1 FROM delivery d WHERE d.event_seq = e.seq AND d.state < 2))",
                  last));
  FIRN_CHECK(Delete(db,
                    "DELETE FROM delivery WHERE event_seq IN (SELECT event_seq FROM delivery d "
                    "WHERE event_seq <= ? AND NOT EXISTS (SELECT 1 FROM event e WHERE e.seq = "
                    "d.event_seq))",
                    last));
  return events;
}

// The last event that is past the window or the count.
Result<int64_t> LastToForget(Database& db, UtcMicros horizon, int64_t events_max) {
  FIRN_TRY(const int64_t first, Number(db, "SELECT coalesce(min(seq), 0) FROM event"));
  FIRN_TRY(const int64_t last, Number(db, "SELECT coalesce(max(seq), 0) FROM event"));
  // Numbers count up with time: what is past the window is found by halving.
  int64_t low = first - 1;
  int64_t high = last;
  FIRN_TRY(auto select,
           db.Prepare("SELECT taken_us FROM event WHERE seq >= ? ORDER BY seq LIMIT 1"));
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    select.Bind(1, middle);
    FIRN_TRY(const bool row, select.Step());
    const bool old = row && select.Int(0) < MicrosOf(horizon);
    select.Reset();
    (old ? low : high) = old ? middle : middle - 1;
  }
  return std::max(low, last - events_max);
}

}  // namespace

Result<std::vector<EventTrace>> OutboxStore::Trace(const std::string& event_id) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(auto select,
           db_.Prepare("SELECT seq, event_id, detail_type, record_id, taken_us FROM event WHERE "
                       "event_id >= ?1 AND event_id < ?2 ORDER BY seq DESC LIMIT ?3"));
  select.Bind(1, event_id).Bind(2, event_id + "\x7f").Bind(3, kTracesMax);
  std::vector<EventTrace> traces;
  for (;;) {
    FIRN_TRY(const bool row, select.Step());
    if (!row) return traces;
    EventTrace trace = {.event_id = std::string(select.Text(1)),
                        .detail_type = std::string(select.Text(2)),
                        .record_id = std::string(select.Text(3)),
                        .taken = TimeOf(select.Int(4))};
    FIRN_TRY(trace.deliveries, DeliveriesOf(db_, select.Int(0)));
    traces.push_back(std::move(trace));
  }
}

Result<PruneReport> OutboxStore::Prune(UtcMicros now, const OutboxLimits& limits) {
  const std::lock_guard lock(mutex_);
  const UtcMicros horizon = now - limits.window;
  FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
  FIRN_TRY(const int64_t last, LastToForget(db_, horizon, limits.events_max));
  FIRN_TRY(const int64_t events, ForgetEvents(db_, last));
  if (keys_held_ < 0) {
    FIRN_TRY(keys_held_, CountKeys(db_));
  }
  FIRN_TRY(const int64_t keys, ForgetKeys(db_, horizon, keys_held_ - limits.keys_max));
  PruneReport report;
  FIRN_TRY(report.letters_lost, Delete(db_, "DELETE FROM letter WHERE died_us < ?",
                                       MicrosOf(now - limits.letter_age_max)));
  FIRN_TRY(const int64_t letters, Number(db_, "SELECT count(*) FROM letter"));
  if (letters > limits.letters_max) {
    FIRN_TRY(
        const int64_t over,
        Delete(db_, "DELETE FROM letter WHERE id IN (SELECT id FROM letter ORDER BY id LIMIT ?)",
               letters - limits.letters_max));
    report.letters_lost += over;
  }
  if (older_keys_) {
    FIRN_TRY(older_keys_, HasOlderKeys(db_));
  }
  FIRN_CHECK(transaction.Commit());
  keys_held_ -= keys;
  report.more = std::max(events, keys) >= kStepRows;
  return report;
}

}  // namespace firn::events
