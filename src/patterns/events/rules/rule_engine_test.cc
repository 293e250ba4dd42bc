// What could go wrong in production: a target that is down loses events, gets them in another order
// or twice; one bad event, or one slow target, holds up all the others.
#include "patterns/events/rules/rule_engine.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <fstream>
#include <latch>

#include "core/base/time_text.h"
#include "tests/support/test_folder.h"

namespace firn::events {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Error Down() {
  return Error(Kind::kUnreachable, "TEST-001", "down").From({"t", 500, "", ""}).RetryWithBackoff();
}

// A target that remembers what it took and fails as it is told.
struct FakeEnd {
  std::mutex mutex;
  TargetLimits limits{.entries_max = 10, .bytes_max = 1 << 20, .keeps_order = true};
  std::function<std::optional<Error>(const TargetEntry&)> judge;
  std::vector<std::string> taken;  // inputs
  std::vector<std::string> keys;
  int calls = 0;
  bool answers_when_stopped = false;
};

class FakeTarget final : public Target {
 public:
  explicit FakeTarget(std::shared_ptr<FakeEnd> end) : end_(std::move(end)) {}
  TargetLimits limits() const override { return end_->limits; }
  Result<Outcomes> Deliver(const Call& call, std::span<const TargetEntry> entries) override {
    {
      const std::lock_guard lock(end_->mutex);
      ++end_->calls;
    }
    Outcomes outcomes;
    for (const TargetEntry& entry : entries) {
      std::optional<Error> error = end_->judge ? end_->judge(entry) : std::nullopt;
      const std::lock_guard lock(end_->mutex);
      if (!error) {
        end_->taken.push_back(entry.input);
        end_->keys.push_back(entry.key);
      }
      outcomes.push_back(std::move(error));
    }
    if (!end_->answers_when_stopped) FIRN_CHECK(call.Check());
    return outcomes;
  }

 private:
  std::shared_ptr<FakeEnd> end_;
};

std::string Rule(const std::string& targets) {
  return R"({"EventPattern":{"source":["s"]},"Targets":[)" + targets + "]}";
}
std::string TargetNamed(const std::string& id, const std::string& more = "") {
  return R"({"Id":")" + id + R"(","Arn":"arn:aws:sqs:r:1:q","InputPath":"$.detail.payload.n")" +
         (more.empty() ? "" : "," + more) + "}";
}

class RuleEngineTest : public testing::Test {
 protected:
  RuleEngineTest() {
    call_.clock = &clock_;
    random_ = SeededRandom(7);
    call_.random = random_.get();
  }
  void OpenWith(const std::string& rule) {
    std::filesystem::create_directories(folder_.path() + "/rules");
    std::ofstream(folder_.path() + "/rules/r.json") << rule;
    config::Problems problems;
    rules_ = std::make_shared<project::RuleSet>(project::LoadRules(folder_.path(), {}, &problems));
    ASSERT_TRUE(problems.empty()) << problems.front().OneLine();
    Reopen();
  }
  void Reopen() {
    engine_.reset();
    outbox_.reset();
    RuleEngineParts parts;
    parts.rules = rules_;
    auto outbox = OutboxStore::Open(folder_.path() + "/state", OutboxStore::Use::kEngine);
    ASSERT_TRUE(outbox) << outbox.error().OneLine();
    outbox_ = *outbox;
    parts.outbox = *std::move(outbox);
    parts.metrics = &metrics_;
    parts.make_target =
        [this](const project::RuleTarget& target) -> Result<std::unique_ptr<Target>> {
      auto& end = ends_[target.id];
      if (!end) end = std::make_shared<FakeEnd>();
      return std::make_unique<FakeTarget>(end);
    };
    auto opened = RuleEngine::Open(std::move(parts));
    ASSERT_TRUE(opened) << opened.error().OneLine();
    engine_ = *std::move(opened);
  }
  FakeEnd& End(const std::string& id) {
    auto& end = ends_[id];
    if (!end) end = std::make_shared<FakeEnd>();
    return *end;
  }
  static RuleEvent Event(int n, const std::string& record = "") {
    const std::string number = std::to_string(n);
    const std::string header =
        record.empty() ? ""
                       : R"("ChangeEventHeader":{"changeType":"UPDATE","recordIds":[")" + record +
                             R"("],"commitTimestamp":)" + number + "},";
    return *ParseRuleEvent(R"({"id":"e)" + number + R"(","source":"s","detail-type":"d",)" +
                           R"("account":"1","region":"r","detail":{"payload":{)" + header +
                           R"("n":)" + number + "}}}");
  }
  AddReport Take(int first, int last, const std::string& record = "") {
    std::vector<RuleEvent> events;
    for (int n = first; n <= last; ++n) events.push_back(Event(n, record));
    auto report = engine_->TakeEvents(call_, std::move(events));
    EXPECT_TRUE(report) << report.error().OneLine();
    return *report;
  }
  // Steps until nothing waits, the clock moving on by `step` whenever nothing is due.
  void RunFor(std::chrono::microseconds most, std::chrono::microseconds step = seconds(1)) {
    const UtcMicros end = clock_.Now() + most;
    for (;;) {
      const auto report = engine_->Drain(call_);
      ASSERT_TRUE(report) << report.error().OneLine();
      if (report->waiting == 0 || clock_.Now() >= end) return;
      clock_.Advance(step);
    }
  }
  std::vector<DeadLetter> Letters() { return *outbox_->Letters("", 1000); }
  static std::vector<std::string> Numbers(int first, int last) {
    std::vector<std::string> numbers;
    for (int n = first; n <= last; ++n) numbers.push_back(std::to_string(n));
    return numbers;
  }

  ManualClock clock_{*ParseInstant("2026-11-26T02:00:00Z")};
  std::unique_ptr<Random> random_;
  Call call_;
  TestFolder folder_;
  MetricsRegistry metrics_;
  std::map<std::string, std::shared_ptr<FakeEnd>> ends_;
  std::shared_ptr<project::RuleSet> rules_;
  std::shared_ptr<OutboxStore> outbox_;
  std::unique_ptr<RuleEngine> engine_;
};

TEST_F(RuleEngineTest, EventsThatFitGoToTheTargetsAndOthersNowhere) {
  OpenWith(Rule(TargetNamed("a") + "," + TargetNamed("b")));
  std::vector<RuleEvent> events = {Event(1)};
  events.push_back(*ParseRuleEvent(R"({"id":"x","source":"other","detail-type":"d","detail":{}})"));
  const auto report = engine_->TakeEvents(call_, std::move(events));
  EXPECT_EQ(report->deliveries, 2);
  RunFor(seconds(1));
  EXPECT_EQ(End("a").taken, Numbers(1, 1));
  EXPECT_EQ(End("b").taken, Numbers(1, 1));
  EXPECT_NE(End("a").keys, End("b").keys) << "one queue may take both";
  EXPECT_NE(metrics_.Prometheus().find("rows_out_total{rule=\"r\",target=\"a\"} 1"),
            std::string::npos);
}

TEST_F(RuleEngineTest, DuplicatedEventsReachTheTargetOnce) {
  OpenWith(Rule(TargetNamed("a")));
  Take(1, 5);
  Reopen();
  EXPECT_EQ(Take(1, 6).events_duplicate, 5);
  RunFor(seconds(1));
  EXPECT_EQ(End("a").taken, Numbers(1, 6));
}

TEST_F(RuleEngineTest, TargetDownForAnHourThenBackGetsEachEventOnceAndInOrder) {
  OpenWith(Rule(TargetNamed("a")));
  const UtcMicros back = clock_.Now() + hours(1);
  End("a").judge = [&](const TargetEntry&) -> std::optional<Error> {
    if (clock_.Now() < back) return Down();
    return std::nullopt;
  };
  Take(1, 200, "001A");
  RunFor(hours(2));
  EXPECT_EQ(End("a").taken, Numbers(1, 200));
  EXPECT_TRUE(Letters().empty());
  EXPECT_LT(clock_.Now() - back, minutes(16)) << "the longest wait, and a bit";
  EXPECT_LT(End("a").calls, 400) << "an outage is not answered with a storm";
}

TEST_F(RuleEngineTest, WhileTheCircuitIsOpenEventsAreNotTried) {
  OpenWith(Rule(TargetNamed("a", R"("DeliveryParameters":{"Ordered":false,"BatchSize":1})")));
  End("a").judge = [](const TargetEntry&) { return std::optional<Error>(Down()); };
  Take(1, 1000);
  RunFor(minutes(10));
  EXPECT_LT(End("a").calls, 60);
  EXPECT_TRUE(engine_->lanes()[0]->circuit_open(clock_.Steady()) || End("a").calls > 5);
  int64_t tried = 0;
  const auto waiting = *outbox_->Waiting();
  for (const TargetCounts& counts : waiting) tried += counts.tried;
  EXPECT_LT(tried, 60) << "those that were not called for have all their tries left";
}

TEST_F(RuleEngineTest, RetriesEndWithTheRetryPolicyAndTheLetterSaysSo) {
  OpenWith(Rule(TargetNamed("a", R"("RetryPolicy":{"MaximumRetryAttempts":3})")));
  End("a").judge = [](const TargetEntry&) { return std::optional<Error>(Down()); };
  Take(1, 1);
  RunFor(hours(3));
  EXPECT_EQ(End("a").calls, 4);
  ASSERT_EQ(Letters().size(), 1U);
  const DeadLetter letter = Letters()[0];
  EXPECT_EQ(letter.condition, "MaximumRetryAttempts");
  EXPECT_EQ(letter.code, "ERROR_FROM_TARGET");
  EXPECT_EQ(letter.tries, 4);
  EXPECT_EQ(letter.rule_arn, "arn:aws:events:r:1:rule/r");
  EXPECT_EQ(letter.target_arn, "arn:aws:sqs:r:1:q");
  EXPECT_NE(letter.error.find("TEST-001"), std::string::npos);
}

TEST_F(RuleEngineTest, TargetDownForADayUsesUpTheAgeAndNotSilently) {
  OpenWith(Rule(TargetNamed("a")));
  End("a").judge = [](const TargetEntry&) { return std::optional<Error>(Down()); };
  Take(1, 50);
  RunFor(hours(26), minutes(3));
  EXPECT_EQ(outbox_->Waiting()->size(), 0U);
  EXPECT_EQ(Letters().size(), 50U);
  EXPECT_EQ(Letters()[0].condition, "MaximumEventAgeInSeconds");
}

TEST_F(RuleEngineTest, PermissionErrorsGoStraightToDeadLetters) {
  OpenWith(Rule(TargetNamed("a")));
  End("a").judge = [](const TargetEntry&) {
    return std::optional<Error>(Error(Kind::kDenied, "AWS-CALL-002", "no").At("sqs"));
  };
  Take(1, 3);
  RunFor(hours(1));
  ASSERT_EQ(Letters().size(), 3U);
  EXPECT_EQ(Letters()[0].code, "NO_PERMISSIONS");
  EXPECT_EQ(Letters()[0].condition, "");
  EXPECT_EQ(Letters()[0].tries, 1);
}

TEST_F(RuleEngineTest, APoisonEventForOneTargetHoldsUpNeitherItsFollowersNorOtherTargets) {
  OpenWith(Rule(TargetNamed("a") + "," + TargetNamed("b")));
  End("a").judge = [](const TargetEntry& entry) -> std::optional<Error> {
    if (entry.input != "2") return std::nullopt;
    return Error(Kind::kBadInput, "TEST-002", "bad").From({"t", 400, "", ""});
  };
  Take(1, 4, "001A");
  RunFor(minutes(1));
  EXPECT_EQ(End("a").taken, (std::vector<std::string>{"1", "3", "4"}));
  EXPECT_EQ(End("b").taken, Numbers(1, 4));
  ASSERT_EQ(Letters().size(), 1U);
  EXPECT_EQ(Letters()[0].event_id, "e2");
}

TEST_F(RuleEngineTest, AnEventThatLacksThePathIsADeadLetterWithTheReason) {
  OpenWith(Rule(TargetNamed("a")));
  std::vector<RuleEvent> events;
  events.push_back(*ParseRuleEvent(R"({"id":"x","source":"s","detail-type":"d","detail":{}})"));
  ASSERT_TRUE(engine_->TakeEvents(call_, std::move(events)));
  RunFor(minutes(1));
  EXPECT_EQ(End("a").calls, 0);
  ASSERT_EQ(Letters().size(), 1U);
  EXPECT_EQ(Letters()[0].code, "INVALID_JSON");
  EXPECT_NE(Letters()[0].message.find("$.detail.payload.n"), std::string::npos);
}

TEST_F(RuleEngineTest, APartlyFailedBatchRepeatsOnlyWhatFailed) {
  OpenWith(Rule(TargetNamed("a", R"("DeliveryParameters":{"Ordered":false})")));
  int failures = 0;
  End("a").judge = [&](const TargetEntry& entry) -> std::optional<Error> {
    if (entry.input == "2" && failures++ < 2) return Down();
    return std::nullopt;
  };
  Take(1, 5);
  RunFor(minutes(5));
  EXPECT_EQ(End("a").taken, (std::vector<std::string>{"1", "3", "4", "5", "2"}));
}

TEST_F(RuleEngineTest, AThrottlingTargetIsLeftAloneAsLongAsItAsks) {
  OpenWith(Rule(TargetNamed("a", R"("DeliveryParameters":{"Ordered":false,"BatchSize":1})")));
  const UtcMicros start = clock_.Now();
  bool first = true;
  End("a").judge = [&](const TargetEntry&) -> std::optional<Error> {
    if (!std::exchange(first, false)) {
      EXPECT_GE(clock_.Now() - start, seconds(90));
      return std::nullopt;
    }
    return Error(Kind::kThrottled, "T", "slow").RetryAfter(seconds(90));
  };
  Take(1, 3);
  RunFor(minutes(5));
  EXPECT_EQ(End("a").taken.size(), 3U);
}

TEST_F(RuleEngineTest, EventsOfOneRecordWaitForEachOtherWhileOthersPass) {
  OpenWith(Rule(TargetNamed("a")));
  bool fail = true;
  End("a").judge = [&](const TargetEntry& entry) -> std::optional<Error> {
    if (entry.input == "1" && fail) return Down();
    return std::nullopt;
  };
  Take(1, 3, "001A");
  Take(4, 5, "001B");
  ASSERT_TRUE(engine_->Drain(call_));
  EXPECT_EQ(End("a").taken, Numbers(4, 5));
  fail = false;
  RunFor(minutes(1));
  EXPECT_EQ(End("a").taken, (std::vector<std::string>{"4", "5", "1", "2", "3"}));
}

TEST_F(RuleEngineTest, AStopInMidCallLeavesTheDeliveryWaitingForTheNextStart) {
  OpenWith(Rule(TargetNamed("a")));
  std::stop_source stop;
  Call stopped = call_;
  stopped.stop = stop.get_token();
  End("a").judge = [&](const TargetEntry&) {
    stop.request_stop();
    return std::optional<Error>();
  };
  Take(1, 1);
  EXPECT_EQ(engine_->Drain(stopped).error().kind(), Kind::kCancelled);
  End("a").judge = nullptr;
  End("a").taken.clear();
  Reopen();
  RunFor(seconds(1));
  EXPECT_EQ(End("a").taken, Numbers(1, 1)) << "at least once";
}

TEST_F(RuleEngineTest, WhatATargetTookBeforeAStopIsNotSentAgain) {
  OpenWith(Rule(TargetNamed("a")));
  std::stop_source stop;
  Call stopped = call_;
  stopped.stop = stop.get_token();
  End("a").answers_when_stopped = true;
  End("a").judge = [&](const TargetEntry&) {
    stop.request_stop();
    return std::optional<Error>();
  };
  Take(1, 1);
  EXPECT_EQ(engine_->Drain(stopped).error().kind(), Kind::kCancelled);
  EXPECT_TRUE(outbox_->Waiting()->empty());
  Reopen();
  RunFor(seconds(1));
  EXPECT_EQ(End("a").taken, Numbers(1, 1));
}

TEST_F(RuleEngineTest, ATargetThatLeftTheProjectKeepsItsEventsForADay) {
  OpenWith(Rule(TargetNamed("a")));
  Take(1, 1);
  OpenWith(Rule(TargetNamed("b")));
  ASSERT_TRUE(engine_->KeepHouse(call_));
  EXPECT_EQ(outbox_->Waiting()->size(), 1U);
  clock_.Advance(hours(25));
  ASSERT_TRUE(engine_->KeepHouse(call_));
  ASSERT_EQ(Letters().size(), 1U);
  EXPECT_EQ(Letters()[0].target, "r/a");
}

TEST_F(RuleEngineTest, ADisabledRuleTakesNothingNewAndDeliversWhatItTook) {
  OpenWith(Rule(TargetNamed("a")));
  Take(1, 1);
  std::string disabled = Rule(TargetNamed("a"));
  OpenWith(disabled.insert(1, R"("State":"DISABLED",)"));
  EXPECT_EQ(Take(2, 2).deliveries, 0);
  RunFor(seconds(1));
  EXPECT_EQ(End("a").taken, Numbers(1, 1));
}

TEST_F(RuleEngineTest, AHangingTargetDelaysNoOther) {
  OpenWith(
      Rule(TargetNamed("a", R"("DeliveryParameters":{"Concurrency":1})") + "," + TargetNamed("b")));
  std::latch b_took_all(20);
  std::atomic<bool> b_done = false;
  // Target a answers only once b has everything: were they on one thread, the test would hang.
  End("a").judge = [&](const TargetEntry&) {
    b_took_all.wait();
    b_done = true;
    return std::optional<Error>();
  };
  End("b").judge = [&](const TargetEntry&) {
    b_took_all.count_down();
    return std::optional<Error>();
  };
  Call real;
  engine_->Start(real);
  std::vector<RuleEvent> events;
  for (int n = 1; n <= 20; ++n) events.push_back(Event(n));
  ASSERT_TRUE(engine_->TakeEvents(real, std::move(events)));
  b_took_all.wait();
  engine_->Stop();
  EXPECT_EQ(End("b").taken.size(), 20U);
}

TEST_F(RuleEngineTest, AFinishLetsCallsUnderWayEndSoThatNothingComesTwice) {
  OpenWith(Rule(TargetNamed("a", R"("DeliveryParameters":{"Concurrency":1,"BatchSize":1})")));
  std::latch begun(1);
  std::latch go(1);
  End("a").judge = [&](const TargetEntry& entry) {
    if (entry.input == "1") {
      begun.count_down();
      go.wait();
    }
    return std::optional<Error>();
  };
  Call real;
  engine_->Start(real);
  ASSERT_TRUE(engine_->TakeEvents(real, {Event(1), Event(2)}));
  begun.wait();
  std::jthread finishing([&] { engine_->Finish(real, minutes(10)); });
  go.count_down();
  finishing.join();
  EXPECT_EQ(End("a").taken.front(), "1");
  End("a").judge = nullptr;
  Reopen();
  RunFor(seconds(1));
  EXPECT_EQ(End("a").taken, Numbers(1, 2)) << "each once";
}

TEST_F(RuleEngineTest, SeveralHandsOfALaneDeliverEachEventOnce) {
  OpenWith(Rule(
      TargetNamed("a", R"("DeliveryParameters":{"Concurrency":8,"BatchSize":3,"Ordered":true})")));
  std::latch all(300);
  End("a").judge = [&](const TargetEntry&) {
    all.count_down();
    return std::optional<Error>();
  };
  Call real;
  engine_->Start(real);
  std::vector<RuleEvent> events;
  for (int n = 1; n <= 300; ++n) events.push_back(Event(n, "00" + std::to_string(n % 7)));
  ASSERT_TRUE(engine_->TakeEvents(real, std::move(events)));
  all.wait();
  engine_->Stop();
  std::vector<std::string> taken = End("a").taken;
  ASSERT_EQ(taken.size(), 300U);
  for (int record = 0; record < 7; ++record) {
    int last = 0;
    for (const std::string& input : taken) {
      const int n = std::stoi(input);
      if (n % 7 != record) continue;
      EXPECT_GT(n, last);
      last = n;
    }
  }
}

TEST_F(RuleEngineTest, AClockSetBackAnHourHoldsUpNoDelivery) {
  End("a").limits.linger = seconds(1);
  OpenWith(Rule(TargetNamed("a")));
  Take(1, 3);
  clock_.Advance(-hours(1));
  Take(4, 4);
  const auto report = engine_->Drain(call_);
  ASSERT_TRUE(report) << report.error().OneLine();
  EXPECT_EQ(report->waiting, 0);
  EXPECT_EQ(End("a").taken, Numbers(1, 4));
}

TEST_F(RuleEngineTest, AClockSetBackLeavesATryWhereItsPauseHasPutIt) {
  OpenWith(Rule(TargetNamed("a")));
  End("a").judge = [](const TargetEntry&) { return Down(); };
  Take(1, 1);
  ASSERT_TRUE(engine_->Drain(call_));
  clock_.Advance(-seconds(10));
  ASSERT_TRUE(engine_->Drain(call_));
  EXPECT_EQ(End("a").calls, 1);
  EXPECT_EQ(*outbox_->MendDueTimes(clock_.Now() - hours(25)), 1) << "no pause is so long";
}

TEST_F(RuleEngineTest, AClockSetAheadTwoDaysLeavesADeadLetterOfEveryEvent) {
  OpenWith(Rule(TargetNamed("a")));
  End("a").judge = [](const TargetEntry&) { return Down(); };
  Take(1, 3);
  clock_.Advance(hours(48));
  ASSERT_TRUE(engine_->Drain(call_));
  EXPECT_EQ(Letters().size(), 3U) << "named and there to be redriven";
}

TEST_F(RuleEngineTest, AnOversizeEventIsADeadLetterOfItsTargetAndHoldsUpNoOther) {
  End("a").limits.bytes_max = 100;
  OpenWith(Rule(TargetNamed("a") + "," + TargetNamed("b")));
  std::vector<RuleEvent> events = {Event(1)};
  events.push_back(*ParseRuleEvent(R"({"id":"big","source":"s","detail-type":"d",)"
                                   R"("detail":{"payload":{"n":")" +
                                   std::string(200, 'x') + R"("}}})"));
  events.push_back(Event(3));
  ASSERT_TRUE(engine_->TakeEvents(call_, std::move(events)));
  RunFor(seconds(1));
  EXPECT_EQ(End("a").taken, (std::vector<std::string>{"1", "3"}));
  EXPECT_EQ(End("b").taken.size(), 3U);
  const auto letters = Letters();
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_EQ(letters[0].event_id, "big");
  EXPECT_EQ(letters[0].target, "r/a");
}

TEST_F(RuleEngineTest, Issue4355_4676_WhatTheOutboxDoesNotTakeIsTakenWhenItComesAgain) {
  OpenWith(Rule(TargetNamed("a")));
  Envelope event;
  event.id = "e1";
  event.source = "s";
  event.detail_type = "d";
  event.detail = R"({"payload":{"n":1}})";
  auto beside = Database::Open(OutboxPath(folder_.path() + "/state"), {});
  ASSERT_TRUE(beside);
  ASSERT_TRUE(
      beside->Execute("CREATE TRIGGER full BEFORE INSERT ON event "
                      "BEGIN SELECT RAISE(ABORT, 'no room'); END"));
  EXPECT_FALSE(engine_->Take(call_, std::span(&event, 1))) << "the stream is told, and stays";
  ASSERT_TRUE(beside->Execute("DROP TRIGGER full"));
  ASSERT_TRUE(engine_->Take(call_, std::span(&event, 1)));
  RunFor(seconds(1));
  EXPECT_EQ(End("a").taken, Numbers(1, 1)) << "its keys were not kept without it";
}

TEST_F(RuleEngineTest, StreamsOfSeveralTopicsMayHandOverAtOnce) {
  OpenWith(Rule(TargetNamed("a")));
  const auto topic = [&](int first) {
    for (int n = first; n < first + 50; ++n) {
      Envelope event;
      event.id = "e" + std::to_string(n);
      event.source = "s";
      event.detail_type = "d";
      event.event_type = "UPDATE";
      event.record_id = "001" + std::to_string(n);
      event.event_timestamp_ms = n;
      event.detail =
          R"({"payload":{"ChangeEventHeader":{"transactionKey":"t","sequenceNumber":1},"n":)" +
          std::to_string(n) + "}}";
      ASSERT_TRUE(engine_->Take(call_, std::span(&event, 1)));
    }
  };
  {
    std::jthread other([&] { topic(0); });
    topic(100);
  }
  RunFor(seconds(1));
  EXPECT_EQ(std::set(End("a").taken.begin(), End("a").taken.end()).size(), 100U);
}

}  // namespace
}  // namespace firn::events
