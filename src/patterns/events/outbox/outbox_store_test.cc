// What could go wrong in production: an event that is gone after a crash, one that is delivered
// twice because it came twice, or an outbox that grows for ever.
#include "patterns/events/outbox/outbox_store.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>
#include <sys/stat.h>

#include "core/base/sqlite.h"
#include "core/base/time_text.h"
#include "tests/support/test_folder.h"

namespace firn::events {
namespace {

constexpr auto kHour = std::chrono::hours(1);

RuleEvent Event(const std::string& id, const std::string& record = "") {
  const std::string header = record.empty()
                                 ? ""
                                 : R"("ChangeEventHeader":{"changeType":"UPDATE","recordIds":[")" +
                                       record + R"("],"commitTimestamp":1,"transactionKey":"t)" +
                                       id + R"(","sequenceNumber":1})";
  return *ParseRuleEvent(R"({"id":")" + id + R"(","source":"s","detail-type":"d","account":"1",)" +
                         R"("region":"r","detail":{"payload":{)" + header + "}}}");
}

class Outbox : public testing::Test {
 protected:
  Outbox() { Reopen(); }
  void Reopen() {
    store_.reset();
    auto opened = OutboxStore::Open(folder_.path(), OutboxStore::Use::kEngine);
    if (!opened) throw std::runtime_error(opened.error().OneLine());
    store_ = *opened;
  }
  AddReport Add(const std::string& id, const std::string& record = "",
                std::vector<NewDelivery> deliveries = {{"r/t", ""}}) {
    const NewEvent one = {Event(id, record), std::move(deliveries)};
    auto report = store_->Add(std::span(&one, 1), now_);
    EXPECT_TRUE(report) << report.error().OneLine();
    return *report;
  }
  std::vector<WaitingDelivery> Due(size_t most = 100, const std::string& target = "r/t") {
    DueQuery query;
    query.target = target;
    query.now = now_;
    query.most = most;
    auto due = store_->Due(query);
    EXPECT_TRUE(due) << due.error().OneLine();
    return *due;
  }
  void Set(int64_t id, DeliveryOutcome::State state, UtcMicros due = {}) {
    DeliveryOutcome outcome;
    outcome.id = id;
    outcome.state = state;
    outcome.tries = 1;
    outcome.due = due;
    outcome.code = "TIMEOUT";
    outcome.error = "too slow";
    outcome.letter.target_arn = "arn:t";
    outcome.letter.code = "TIMEOUT";
    outcome.letter.died = now_;
    ASSERT_TRUE(store_->Record(std::span(&outcome, 1), now_));
  }

  TestFolder folder_;
  std::shared_ptr<OutboxStore> store_;
  UtcMicros now_ = *ParseInstant("2026-11-26T02:00:00Z");
};

TEST_F(Outbox, WhatItTookIsThereAfterACrash) {
  Add("a");
  Add("b");
  Reopen();
  const auto due = Due();
  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due[0].event.id, "a");
  EXPECT_EQ(due[0].taken, now_);
  EXPECT_EQ(due[1].event.detail_type, "d");
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat facts{};
    ASSERT_EQ(::stat((OutboxPath(folder_.path()) + suffix).c_str(), &facts), 0) << suffix;
    EXPECT_EQ(facts.st_mode & 0777U, 0600U) << suffix;
  }
}

TEST_F(Outbox, DuplicatedEventsAreTakenOnceEvenAfterARestart) {
  EXPECT_EQ(Add("a").events_new, 1);
  Reopen();
  EXPECT_EQ(Add("a").events_duplicate, 1);
  EXPECT_EQ(Due().size(), 1U);
}

TEST_F(Outbox, AnEventWithAnotherIdButTheSameChangeIsADuplicate) {
  const std::string text =
      R"({"id":"ID","source":"s","detail-type":"AccountChangeEvent","detail":{"payload":{)"
      R"("ChangeEventHeader":{"changeType":"UPDATE","recordIds":["001A"],"commitTimestamp":7,)"
      R"("transactionKey":"t","sequenceNumber":SEQ}}}})";
  const auto add = [&](std::string id, std::string sequence) {
    std::string event = text;
    event.replace(event.find("ID"), 2, id);
    event.replace(event.find("SEQ"), 3, sequence);
    const NewEvent one = {*ParseRuleEvent(event), {{"r/t", ""}}};
    return store_->Add(std::span(&one, 1), now_)->events_new;
  };
  EXPECT_EQ(add("a", "1"), 1);
  EXPECT_EQ(add("b", "1"), 0) << "the same change, published again";
  EXPECT_EQ(add("c", "2"), 1) << "another change of the record in the same transaction";
}

TEST_F(Outbox, RecordsOfAMergedChangeAreEventsOfTheirOwn) {
  EXPECT_EQ(Add("a", "001A").events_new, 1);
  EXPECT_EQ(Add("a", "001B").events_new, 1);
  EXPECT_EQ(Add("a", "001A").events_new, 0);
}

TEST_F(Outbox, AGroupGoesOneAfterTheOther) {
  Add("a", "001A", {{"r/t", "001A"}});
  Add("b", "001A", {{"r/t", "001A"}});
  Add("c", "001B", {{"r/t", "001B"}});
  auto due = Due();
  ASSERT_EQ(due.size(), 2U);
  EXPECT_EQ(due[0].event.id, "a");
  EXPECT_EQ(due[1].event.id, "c");
  Set(due[0].id, DeliveryOutcome::State::kWaiting, now_ + kHour);
  due = Due();
  ASSERT_EQ(due.size(), 1U) << "b waits for a, whose try is later";
  EXPECT_EQ(due[0].event.id, "c");
  now_ += kHour;
  Set(Due()[0].id, DeliveryOutcome::State::kDelivered);
  now_ += kHour;
  for (const auto& each : Due()) Set(each.id, DeliveryOutcome::State::kDelivered);
  ASSERT_EQ(Due().size(), 1U);
  EXPECT_EQ(Due()[0].event.id, "b");
}

TEST_F(Outbox, ManyQueuedEventsComeInPages) {
  std::vector<NewEvent> events;
  for (int i = 0; i < 5000; ++i) {
    events.push_back({Event("e" + std::to_string(i)), {{"r/t", ""}}});
  }
  ASSERT_TRUE(store_->Add(events, now_));
  Reopen();
  const auto page = Due(10);
  ASSERT_EQ(page.size(), 10U);
  EXPECT_EQ(page[0].event.id, "e0");
  EXPECT_EQ(page[9].event.id, "e9");
  EXPECT_EQ(store_->Waiting()->at(0).waiting, 5000);
  EXPECT_EQ(*store_->NextDue("r/t"), now_);
  EXPECT_FALSE(store_->NextDue("r/other")->has_value());
}

TEST_F(Outbox, ADeadLetterCanBeSeenEditedAndRedriven) {
  Add("a");
  Set(Due()[0].id, DeliveryOutcome::State::kDead);
  EXPECT_TRUE(Due().empty());
  auto letters = *store_->Letters("", 10);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].target, "r/t");
  EXPECT_EQ(letters[0].event_id, "a");
  EXPECT_EQ(letters[0].code, "TIMEOUT");
  const int64_t id = letters[0].id;
  EXPECT_EQ(store_->EditLetter(id, "no json").error().code(), "EVENT-RULE-001");
  std::string edited = letters[0].event_json;
  edited.replace(edited.find("\"s\""), 3, "\"edited\"");
  ASSERT_TRUE(store_->EditLetter(id, edited));
  now_ += kHour;
  ASSERT_TRUE(store_->Redrive(id, now_));
  EXPECT_TRUE(store_->Letters("", 10)->empty());
  ASSERT_EQ(Due().size(), 1U);
  EXPECT_EQ(Due()[0].event.source, "edited");
  EXPECT_EQ(Due()[0].event.id, "a");
  EXPECT_EQ(Due()[0].tries, 0);
  EXPECT_EQ(Due()[0].taken, now_) << "its age counts anew";
  EXPECT_EQ(store_->Redrive(id, now_).error().code(), "EVENT-LETTER-001");
}

TEST_F(Outbox, WhyTellsWhatBecameOfAnEvent) {
  Add("abc-1", "", {{"r/t", ""}, {"r/u", ""}});
  Set(Due()[0].id, DeliveryOutcome::State::kDelivered);
  const auto traces = *store_->Trace("abc");
  ASSERT_EQ(traces.size(), 1U);
  ASSERT_EQ(traces[0].deliveries.size(), 2U);
  EXPECT_EQ(traces[0].deliveries[0].state, "delivered");
  EXPECT_EQ(traces[0].deliveries[1].state, "waiting");
  EXPECT_TRUE(store_->Trace("zzz")->empty());
}

TEST_F(Outbox, ForgetsWhatIsPastItsTimeAndNothingThatWaits) {
  Add("old");
  Add("waits");
  Set(Due()[0].id, DeliveryOutcome::State::kDelivered);
  now_ += std::chrono::hours(73);
  Add("young");
  ASSERT_TRUE(store_->Prune(now_, {}));
  EXPECT_TRUE(store_->Trace("old")->empty());
  EXPECT_EQ(store_->Trace("waits")->size(), 1U);
  EXPECT_EQ(store_->Trace("young")->size(), 1U);
  EXPECT_EQ(Add("old").events_new, 1) << "its key is forgotten with it";
  EXPECT_EQ(Add("young").events_new, 0);
}

TEST_F(Outbox, KeysAndHistoryAreBounded) {
  for (int i = 0; i < 50; ++i) {
    Add("e" + std::to_string(i));
    now_ += std::chrono::seconds(1);
  }
  for (const auto& each : Due()) Set(each.id, DeliveryOutcome::State::kDelivered);
  OutboxLimits limits;
  limits.keys_max = 10;
  limits.events_max = 5;
  ASSERT_TRUE(store_->Prune(now_, limits));
  EXPECT_TRUE(store_->Trace("e44")->empty());
  EXPECT_EQ(store_->Trace("e45")->size(), 1U);
  EXPECT_EQ(Add("e0").events_new, 1);
  EXPECT_EQ(Add("e49").events_new, 0);
}

// A change event with the time of its commit, as those of a stream have it.
NewEvent ChangeAt(UtcMicros commit, int number) {
  RuleEvent event = Event("c" + std::to_string(number), "001" + std::to_string(number));
  event.commit_ms =
      std::chrono::floor<std::chrono::milliseconds>(commit.time_since_epoch()).count();
  return {std::move(event), {}};
}

TEST_F(Outbox, KeysOfChangesAreForgottenInTheOrderOfTheirCommits) {
  std::vector<NewEvent> changes;
  for (int i = 0; i < 20; ++i) changes.push_back(ChangeAt(now_ - i * kHour, i));
  changes.push_back(ChangeAt(now_ + 30 * kHour, 20));   // a clock that is ahead
  changes.push_back(ChangeAt(now_ - 100 * kHour, 21));  // told again from elsewhere
  ASSERT_EQ(store_->Add(changes, now_)->events_new, 22);
  ASSERT_EQ(store_->Add(changes, now_)->events_duplicate, 22);
  const UtcMicros later = now_ + std::chrono::hours(63);
  ASSERT_TRUE(store_->Prune(later, {}));
  const auto is_new = [&](int i) {
    return store_->Add(std::span(&changes[i], 1), now_)->events_new;
  };
  EXPECT_EQ(is_new(19), 1) << "82 hours old";
  EXPECT_EQ(is_new(9), 0) << "72 hours old";
  EXPECT_EQ(is_new(20), 0);
  EXPECT_EQ(is_new(21), 0) << "seen 63 hours ago";
  OutboxLimits limits;
  limits.keys_max = 4;
  ASSERT_TRUE(store_->Prune(later, limits));
  EXPECT_EQ(is_new(9), 1) << "bounded";
}

// The file as a program of the first schema left it: `seen` holds 16 bytes of each key's hash.
void PutBackToTheFirstSchema(const std::string& path, std::span<const RuleEvent> seen,
                             UtcMicros at) {
  auto db = Database::Open(path, {});
  ASSERT_TRUE(db) << db.error().OneLine();
  ASSERT_TRUE(
      db->Execute("DROP TABLE seen; DROP TABLE seen_before;"
                  "CREATE TABLE seen (key BLOB PRIMARY KEY, at_us INTEGER NOT NULL) "
                  "WITHOUT ROWID; CREATE INDEX seen_by_time ON seen (at_us);"
                  "PRAGMA user_version=1"));
  auto put = db->Prepare("INSERT INTO seen (key, at_us) VALUES (?, ?)");
  ASSERT_TRUE(put) << put.error().OneLine();
  for (const RuleEvent& event : seen) {
    for (const std::string& key : event.keys) {
      unsigned char digest[SHA256_DIGEST_LENGTH];
      SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest);
      const std::string hash(reinterpret_cast<const char*>(digest), 16);
      put->BindStaticBlob(1, hash).Bind(2, at.time_since_epoch().count());
      ASSERT_TRUE(put->Run());
    }
  }
}

TEST_F(Outbox, AnUpgradeKeepsTheWindowOfDuplicates) {
  const RuleEvent seen[] = {Event("a"), ChangeAt(now_ - kHour, 1).event};
  store_.reset();
  PutBackToTheFirstSchema(OutboxPath(folder_.path()), seen, now_);
  Reopen();
  EXPECT_EQ(Add("a").events_duplicate, 1);
  const NewEvent change = ChangeAt(now_ - kHour, 1);
  EXPECT_EQ(store_->Add(std::span(&change, 1), now_)->events_duplicate, 1);
  EXPECT_EQ(Add("b").events_new, 1);
  Reopen();
  EXPECT_EQ(store_->Add(std::span(&change, 1), now_)->events_duplicate, 1);
  EXPECT_EQ(Due().size(), 1U);
}

TEST_F(Outbox, KeysOfAnOlderProgramGoWithTheWindowAndCountToTheBound) {
  std::vector<RuleEvent> seen;
  for (int i = 0; i < 10; ++i) seen.push_back(Event("e" + std::to_string(i)));
  store_.reset();
  PutBackToTheFirstSchema(OutboxPath(folder_.path()), seen, now_);
  Reopen();
  OutboxLimits limits;
  limits.keys_max = 4;
  ASSERT_TRUE(store_->Prune(now_, limits));
  int64_t known = 0;
  for (int i = 0; i < 10; ++i) known += Add("e" + std::to_string(i)).events_duplicate;
  EXPECT_EQ(known, 4);
  store_.reset();
  PutBackToTheFirstSchema(OutboxPath(folder_.path()), seen, now_);
  Reopen();
  now_ += std::chrono::hours(73);
  ASSERT_TRUE(store_->Prune(now_, {}));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Add("e" + std::to_string(i)).events_new, 1) << i;
}

TEST_F(Outbox, DeadLettersPastTheirAgeAreCountedWhenTheyGo) {
  Add("a");
  Set(Due()[0].id, DeliveryOutcome::State::kDead);
  EXPECT_EQ(store_->Prune(now_, {})->letters_lost, 0);
  now_ += std::chrono::hours(15 * 24);
  EXPECT_EQ(store_->Prune(now_, {})->letters_lost, 1);
}

TEST_F(Outbox, ASecondEngineIsRefusedAndACommandWorksBesideTheFirst) {
  Add("a");
  const auto second = OutboxStore::Open(folder_.path(), OutboxStore::Use::kEngine);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), "EVENT-OUTBOX-001");
  const auto reader = OutboxStore::Open(folder_.path(), OutboxStore::Use::kReading);
  ASSERT_TRUE(reader) << reader.error().OneLine();
  EXPECT_EQ((*reader)->Waiting()->size(), 1U);
}

TEST(OutboxFolder, WithoutEventsIsToldAsSuch) {
  const TestFolder folder;
  EXPECT_EQ(OutboxStore::Open(folder.path(), OutboxStore::Use::kReading).error().code(),
            "EVENT-OUTBOX-002");
}

}  // namespace
}  // namespace firn::events
