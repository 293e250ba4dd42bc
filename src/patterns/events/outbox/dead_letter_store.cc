// The part of the outbox that keeps dead letters.
#include <algorithm>

#include "core/base/fault_point.h"
#include "patterns/events/outbox/outbox_rows.h"

namespace firn::events {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, target, target_arn, rule_arn, event_id, event, code, message, error, condition, "
    "tries, taken_us, died_us, queue_arn, queued FROM letter ";

Error NoLetter(int64_t id) {
  return Error(Kind::kNotFound, "EVENT-LETTER-001", "there is no dead letter " + std::to_string(id))
      .Hint("`firn events dlq list` shows those that are there");
}

DeadLetter ReadLetter(const Statement& row) {
  DeadLetter letter;
  letter.id = row.Int(0);
  letter.target = row.Text(1);
  letter.target_arn = row.Text(2);
  letter.rule_arn = row.Text(3);
  letter.event_id = row.Text(4);
  letter.event_json = row.Blob(5);
  letter.code = row.Text(6);
  letter.message = row.Text(7);
  letter.error = row.Text(8);
  letter.condition = row.Text(9);
  letter.tries = static_cast<int>(row.Int(10));
  letter.taken = TimeOf(row.Int(11));
  letter.died = TimeOf(row.Int(12));
  letter.queue_arn = row.Text(13);
  letter.queued = row.Int(14) != 0;
  return letter;
}

}  // namespace

Result<void> InsertLetter(Database& db, const DeliveryOutcome& outcome) {
  FIRN_TRY(
      auto put,
      db.Prepare("INSERT INTO letter (target, target_arn, rule_arn, event_id, event, code, "
                 "message, error, condition, tries, taken_us, died_us, queue_arn, queued, grp) "
                 "SELECT d.target, ?1, ?2, e.event_id, e.json, ?3, ?4, ?5, ?6, ?7, e.taken_us, "
                 "?8, ?9, 0, d.grp FROM delivery d JOIN event e ON e.seq = d.event_seq "
                 "WHERE d.id = ?10"));
  const DeadLetter& letter = outcome.letter;
  put.Bind(1, letter.target_arn).Bind(2, letter.rule_arn).Bind(3, letter.code);
  put.Bind(4, letter.message).Bind(5, letter.error).Bind(6, letter.condition);
  put.Bind(7, letter.tries).Bind(8, MicrosOf(letter.died)).Bind(9, letter.queue_arn);
  put.Bind(10, outcome.id);
  return put.Run();
}

std::string WithHint(std::string line, const Error& error) {
  std::replace(line.begin(), line.end(), '\n', ' ');
  return error.hint().empty() ? line : line + "\n" + error.hint();
}

std::pair<std::string, std::string> CutHint(const std::string& text) {
  const size_t end = text.find('\n');
  if (end == std::string::npos) return {text, ""};
  return {text.substr(0, end), text.substr(end + 1)};
}

Result<std::vector<DeadLetter>> OutboxStore::SelectLetters(std::string_view where_order,
                                                           std::string_view text, int64_t number,
                                                           int64_t most) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(auto select,
           db_.Prepare(std::string(kColumns) + std::string(where_order) + " LIMIT ?3"));
  select.Bind(1, text).Bind(2, number).Bind(3, most);
  std::vector<DeadLetter> letters;
  for (;;) {
    FIRN_TRY(const bool row, select.Step());
    if (!row) return letters;
    letters.push_back(ReadLetter(select));
  }
}

Result<std::vector<DeadLetter>> OutboxStore::Letters(const std::string& target, int64_t most) {
  return SelectLetters("WHERE (?1 = '' OR target = ?1) AND ?2 = 0 ORDER BY id DESC", target, 0,
                       most);
}

Result<DeadLetter> OutboxStore::Letter(int64_t id) {
  FIRN_TRY(auto letters, SelectLetters("WHERE ?1 = '' AND id = ?2", "", id, 1));
  if (letters.empty()) return Fail(NoLetter(id));
  return std::move(letters.front());
}

Result<std::vector<DeadLetter>> OutboxStore::LettersToQueue(size_t most) {
  return SelectLetters("WHERE queued = 0 AND queue_arn != '' AND ?1 = '' AND ?2 = 0 ORDER BY id",
                       "", 0, static_cast<int64_t>(most));
}

Result<void> OutboxStore::EditLetter(int64_t id, const std::string& event_json) {
  FIRN_TRY(const RuleEvent event, ParseRuleEvent(event_json));
  const std::lock_guard lock(mutex_);
  FIRN_TRY(auto set, db_.Prepare("UPDATE letter SET event = ? WHERE id = ?"));
  set.BindBlob(1, event.json).Bind(2, id);
  FIRN_CHECK(set.Run());
  if (db_.RowsChanged() == 0) return Fail(NoLetter(id));
  return {};
}

Result<void> OutboxStore::Redrive(int64_t id, UtcMicros now) {
  FIRN_TRY(const DeadLetter letter, Letter(id));
  FIRN_TRY(const RuleEvent event, ParseRuleEvent(letter.event_json));
  const std::lock_guard lock(mutex_);
  FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
  FIRN_TRY(auto put_event,
           db_.Prepare("INSERT INTO event (event_id, detail_type, record_id, source, account, "
                       "region, time_us, taken_us, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  // The id stays the one that targets may know already, whatever was edited.
  put_event.Bind(1, letter.event_id).Bind(2, event.detail_type).Bind(3, event.record_id);
  put_event.Bind(4, event.source).Bind(5, event.account).Bind(6, event.region);
  put_event.Bind(7, MicrosOf(event.time)).Bind(8, MicrosOf(now)).BindBlob(9, event.json);
  FIRN_CHECK(put_event.Run());
  FIRN_TRY(
      auto put,
      db_.Prepare("INSERT INTO delivery (event_seq, target, grp, state, due_us, tries, code, "
                  "error) SELECT ?1, l.target, l.grp, EXISTS (SELECT 1 FROM delivery d WHERE "
                  "d.target = l.target AND d.grp = l.grp AND d.state < 2 AND d.grp IS NOT NULL), "
                  "?2, 0, '', '' FROM letter l WHERE l.id = ?3"));
  put.Bind(1, db_.LastInsertRowid()).Bind(2, MicrosOf(now)).Bind(3, id);
  FIRN_CHECK(put.Run());
  // Gone if another redrive was quicker: then nothing of this one stays.
  FIRN_TRY(auto remove, db_.Prepare("DELETE FROM letter WHERE id = ?"));
  remove.Bind(1, id);
  FIRN_CHECK(remove.Run());
  if (db_.RowsChanged() == 0) return Fail(NoLetter(id));
  FIRN_FAULT_POINT("events.redrive.before_commit");
  return transaction.Commit();
}

Result<void> OutboxStore::RemoveLetter(int64_t id) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(auto remove, db_.Prepare("DELETE FROM letter WHERE id = ?"));
  remove.Bind(1, id);
  FIRN_CHECK(remove.Run());
  if (db_.RowsChanged() == 0) return Fail(NoLetter(id));
  return {};
}

Result<void> OutboxStore::MarkQueued(std::span<const int64_t> ids) {
  const std::lock_guard lock(mutex_);
  FIRN_TRY(Transaction transaction, Transaction::Begin(db_));
  FIRN_TRY(auto set, db_.Prepare("UPDATE letter SET queued = 1 WHERE id = ?"));
  for (const int64_t id : ids) {
    set.Bind(1, id);
    FIRN_CHECK(set.Run());
  }
  return transaction.Commit();
}

}  // namespace firn::events
