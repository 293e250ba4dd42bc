// OutboxStore: events on their way from rules to targets, in `outbox.db` of the state folder.
//
// An event and the deliveries that its rules ask for are written in one transaction, so that the
// stream may go on; a delivery stays until its target took it or it became a dead letter. What
// happened is kept for 72 hours, for `firn events why`; keys of events seen are kept as long, for
// duplicates. One engine writes at a time (`outbox.lock`); commands read beside it and redrive in
// short transactions of their own. Any thread may call; callers take turns. Mode 0600: it holds
// records. Memory is bounded by the pages asked for, whatever waits.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sqlite.h"
#include "patterns/events/rules/rule_event.h"

namespace firn::events {

struct NewDelivery {
  std::string target;  // `rule/target id`
  std::string group;   // deliveries of one group go one after the other; empty: in any order
};
struct NewEvent {
  RuleEvent event;
  std::vector<NewDelivery> deliveries;
};
struct AddReport {
  int64_t events_new = 0;
  int64_t events_duplicate = 0;
  int64_t deliveries = 0;
};

struct WaitingDelivery {
  int64_t id = 0;
  RuleEvent event;  // without its keys
  std::string group;
  UtcMicros taken{};  // when the outbox got it
  int tries = 0;      // so far
  std::string last_code;
  std::string last_error;
};
// Which deliveries of a target may be taken up now.
struct DueQuery {
  std::string target;
  UtcMicros now{};
  size_t most = 1;
  std::set<int64_t> in_flight;  // these not again
};

struct DeadLetter {
  int64_t id = 0;
  std::string target;  // `rule/target id`
  std::string target_arn;
  std::string rule_arn;
  std::string event_id;
  std::string event_json;
  std::string code;       // as EventBridge's ERROR_CODE
  std::string message;    // its ERROR_MESSAGE
  std::string error;      // the whole error in one line, and what to do in a second one (WithHint)
  std::string condition;  // EXHAUSTED_RETRY_CONDITION; empty: not tried again at all
  int tries = 0;
  UtcMicros taken{};
  UtcMicros died{};
  std::string queue_arn;  // where it is to go too; empty: nowhere
  bool queued = false;
};

// An error in one line, its hint behind it; and the two apart again. Letters of before have none.
[[nodiscard]] std::string WithHint(std::string line, const Error& error);
[[nodiscard]] std::pair<std::string, std::string> CutHint(const std::string& text);

// What became of one attempt.
struct DeliveryOutcome {
  enum class State { kDelivered, kWaiting, kDead };
  int64_t id = 0;
  State state = State::kDelivered;
  bool grouped = true;  // another of its group may wait for it
  int tries = 0;
  UtcMicros due{};    // kWaiting: when to try again
  std::string code;   // kWaiting, kDead
  std::string error;  // likewise
  DeadLetter letter;  // kDead
};

// For `firn events why`.
struct DeliveryTrace {
  std::string target;
  std::string state;  // waiting, delivered, dead
  int tries = 0;
  UtcMicros at{};  // of the state; of a waiting one the next try
  std::string code;
  std::string error;
};
struct EventTrace {
  std::string event_id;
  std::string detail_type;
  std::string record_id;
  UtcMicros taken{};
  std::vector<DeliveryTrace> deliveries;
};

struct TargetCounts {
  std::string target;
  int64_t waiting = 0;
  int64_t tried = 0;  // of those waiting: failed at least once
};

struct OutboxLimits {
  std::chrono::seconds window{72 * 3600};  // of keys, and of what happened
  int64_t keys_max = 20'000'000;
  int64_t events_max = 2'000'000;  // events without waiting deliveries
  std::chrono::seconds letter_age_max{14 * 24 * 3600};
  int64_t letters_max = 1'000'000;
};
struct PruneReport {
  bool more = false;         // call again
  int64_t letters_lost = 0;  // dead letters past their age or number: nobody looked at them
};

class OutboxStore {
 public:
  enum class Use { kReading, kCommand, kEngine };
  // kEngine takes the lock. Errors: Conflict (EVENT-OUTBOX-001) naming the holder; NotFound
  // (EVENT-OUTBOX-002) when reading and there is none yet; those of Database.
  [[nodiscard]] static Result<std::shared_ptr<OutboxStore>> Open(const std::string& folder,
                                                                 Use use);

  // In one transaction; events of which a key is known are left out. Errors: LimitReached when the
  // disk is full: nothing was taken.
  [[nodiscard]] Result<AddReport> Add(std::span<const NewEvent> events, UtcMicros now);
  // Oldest first. Of a group only its oldest delivery: the next is due once that is done.
  [[nodiscard]] Result<std::vector<WaitingDelivery>> Due(const DueQuery& query);
  // When the next delivery of the target is due; nothing when none waits.
  [[nodiscard]] Result<std::optional<UtcMicros>> NextDue(const std::string& target);
  // In one transaction.
  [[nodiscard]] Result<void> Record(std::span<const DeliveryOutcome> outcomes, UtcMicros now);
  // Deliveries that are due later than anything asks for are due now: the clock was ahead when they
  // were taken. How many those were.
  [[nodiscard]] Result<int64_t> MendDueTimes(UtcMicros now);
  // Targets with waiting deliveries; looks at each of those.
  [[nodiscard]] Result<std::vector<TargetCounts>> Waiting();
  // Their names alone, at a cost that does not grow with what waits.
  [[nodiscard]] Result<std::vector<std::string>> TargetsWaitedFor();
  // The event's id, or the start of one. Newest first, at most 20.
  [[nodiscard]] Result<std::vector<EventTrace>> Trace(const std::string& event_id);

  // Newest first.
  [[nodiscard]] Result<std::vector<DeadLetter>> Letters(const std::string& target, int64_t most);
  // Errors: NotFound (EVENT-LETTER-001).
  [[nodiscard]] Result<DeadLetter> Letter(int64_t id);
  // Replaces the letter's event. Errors: NotFound; BadInput (EVENT-RULE-001).
  [[nodiscard]] Result<void> EditLetter(int64_t id, const std::string& event_json);
  // The letter becomes a waiting delivery again, due now, its tries counted anew.
  [[nodiscard]] Result<void> Redrive(int64_t id, UtcMicros now);
  [[nodiscard]] Result<void> RemoveLetter(int64_t id);
  // Letters that are still to go to a queue, oldest first.
  [[nodiscard]] Result<std::vector<DeadLetter>> LettersToQueue(size_t most);
  [[nodiscard]] Result<void> MarkQueued(std::span<const int64_t> ids);

  // Forgets what is past its time, in small steps.
  [[nodiscard]] Result<PruneReport> Prune(UtcMicros now, const OutboxLimits& limits);

 private:
  OutboxStore(Database db, std::optional<FileLock> lock)
      : db_(std::move(db)), lock_(std::move(lock)) {}
  // Adds the keys of an event; false when one of them was there.
  Result<bool> AddKeys(const RuleEvent& event, UtcMicros now, Statement& put);
  // Whether the key stands among those of the first form.
  Result<bool> IsOlderKey(const std::string& key);
  Result<std::vector<DeadLetter>> SelectLetters(std::string_view where_order, std::string_view text,
                                                int64_t number, int64_t most);

  std::mutex mutex_;
  Database db_;
  std::optional<FileLock> lock_;
  int64_t keys_held_ = -1;  // counted at the first Prune
  bool older_keys_ = false;
};

// `<state folder>/outbox.db`.
[[nodiscard]] std::string OutboxPath(const std::string& folder);

}  // namespace firn::events
