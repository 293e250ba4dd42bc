// What could go wrong in production: a client that is sent more than it asked for, a stream that
// stays open without credits, a keepalive whose replay id skips an event.
#include "sandbox/pubsub/subscription.h"

#include <gtest/gtest.h>

#include "sandbox/events/avro_writer.h"
#include "sandbox/events/replay_id.h"
#include "sandbox/pubsub/publisher.h"
#include "sandbox/test_org.h"

namespace firn::sandbox {
namespace {

constexpr const char* kTopic = "/event/Order_Event__e";

class SubscriptionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    db_ = ApiDb::Open(org_.folder()).value();
    usage_ = UsageMeter::Open(*db_, org_.clock()).value();
    bus_ = EventBus::Open({*org_, *db_, org_.clock()}).value();
  }
  void Publish(int count) {
    const Topic topic = *bus_->FindTopic(kTopic);
    std::string payload;
    AvroLong(0, payload);
    AvroText("005", payload);
    payload += std::string(topic.schema->fields.size() - 2, '\0');
    const std::vector<PublishedEvent> events(static_cast<size_t>(count),
                                             {"", topic.schema->id, payload});
    const auto done = Publisher(*bus_, *usage_).Publish(kTopic, events);
    const auto* answer = std::get_if<PublishAnswer>(&done);
    ASSERT_NE(answer, nullptr);
    for (const PublishOutcome& outcome : answer->outcomes) ASSERT_GT(outcome.replay_id, 0);
  }
  std::string CodeOf(const FetchWish& wish, const SubscriptionFaults& faults = {}) {
    Subscription subscription(*bus_, *usage_);
    const auto error = subscription.Begin(wish, faults, now_);
    return error ? error->code : "";
  }

  TestOrg org_;
  std::unique_ptr<ApiDb> db_;
  std::unique_ptr<UsageMeter> usage_;
  std::unique_ptr<EventBus> bus_;
  SteadyTime now_{std::chrono::hours(1)};
};

TEST_F(SubscriptionTest, DeliversNoMoreThanWasAskedForAndAddsUpRequests) {
  Publish(5);
  Subscription subscription(*bus_, *usage_);
  ASSERT_FALSE(subscription.Begin({kTopic, ReplayPreset::kEarliest, "", 2}, {}, now_));
  auto step = subscription.Next(now_);
  ASSERT_TRUE(step.send);
  EXPECT_EQ(step.send->events.size(), 2U);
  EXPECT_EQ(step.send->pending, 0);
  EXPECT_FALSE(subscription.Next(now_).send);
  ASSERT_FALSE(subscription.Fetch("", 1));
  ASSERT_FALSE(subscription.Fetch(kTopic, 7));
  step = subscription.Next(now_);
  ASSERT_TRUE(step.send);
  EXPECT_EQ(step.send->events.size(), 3U);
  EXPECT_EQ(step.send->pending, 5);
}

TEST_F(SubscriptionTest, CreditsAreCappedAtOneHundred) {
  Publish(150);
  Subscription subscription(*bus_, *usage_);
  ASSERT_FALSE(subscription.Begin({kTopic, ReplayPreset::kEarliest, "", 90}, {}, now_));
  ASSERT_FALSE(subscription.Fetch("", 2'000'000'000));
  const auto step = subscription.Next(now_);
  ASSERT_TRUE(step.send);
  EXPECT_EQ(step.send->events.size(), 100U);
  EXPECT_EQ(step.send->pending, 0);
}

TEST_F(SubscriptionTest, EndsSixtySecondsAfterTheLastCreditWasUsed) {
  Publish(1);
  Subscription subscription(*bus_, *usage_);
  ASSERT_FALSE(subscription.Begin({kTopic, ReplayPreset::kEarliest, "", 1}, {}, now_));
  ASSERT_TRUE(subscription.Next(now_).send);
  EXPECT_EQ(subscription.Next(now_).due, now_ + std::chrono::seconds(60));
  EXPECT_FALSE(subscription.Next(now_ + std::chrono::seconds(59)).end);
  const auto step = subscription.Next(now_ + std::chrono::seconds(60));
  ASSERT_TRUE(step.end);
  EXPECT_EQ(step.end->status, RpcStatus::kUnavailable);
}

TEST_F(SubscriptionTest, SaysThatItLivesAfter270SecondsWithTheNewestReplayId) {
  Publish(1);
  Subscription subscription(*bus_, *usage_);
  ASSERT_FALSE(subscription.Begin({kTopic, ReplayPreset::kLatest, "", 10}, {}, now_));
  EXPECT_EQ(subscription.Next(now_).due, now_ + std::chrono::seconds(270));
  // Something on another topic moves the bus on, not this stream.
  ASSERT_TRUE(bus_->Publish(*bus_->StreamSchema("LoginEventStream"),
                            std::vector<EventBus::Publication>{{"", "x"}}));
  EXPECT_FALSE(subscription.Next(now_).send);
  const auto step = subscription.Next(now_ + std::chrono::seconds(270));
  ASSERT_TRUE(step.send);
  EXPECT_TRUE(step.send->events.empty());
  EXPECT_EQ(step.send->pending, 10);
  EXPECT_EQ(step.send->latest, bus_->log().Tip().value());
  EXPECT_EQ(CodeOf({kTopic, ReplayPreset::kCustom, ReplayIdBytes(step.send->latest), 1}), "");
}

TEST_F(SubscriptionTest, RefusesWhatTheVendorRefuses) {
  Publish(1);
  EXPECT_EQ(CodeOf({"", ReplayPreset::kLatest, "", 1}), "topic.validation.empty");
  EXPECT_EQ(CodeOf({"/event/None__e", ReplayPreset::kLatest, "", 1}), "topic.not.found");
  EXPECT_EQ(CodeOf({kTopic, ReplayPreset::kLatest, "", 0}),
            "subscription.fetch.requested.events.invalid");
  EXPECT_EQ(CodeOf({kTopic, ReplayPreset::kCustom, "", 1}),
            "subscription.fetch.replayid.validation.failed");
  for (const std::string& bad : {std::string("abc"), ReplayIdBytes(1), ReplayIdBytes(1LL << 50)}) {
    EXPECT_EQ(CodeOf({kTopic, ReplayPreset::kCustom, bad, 1}),
              "subscription.fetch.replayid.corrupted");
  }
  Subscription subscription(*bus_, *usage_);
  ASSERT_FALSE(subscription.Begin({kTopic, ReplayPreset::kLatest, "", 1}, {}, now_));
  EXPECT_EQ(subscription.Fetch("/data/ChangeEvents", 1)->code, "subscription.fetch.topic.mismatch");
  EXPECT_EQ(subscription.Fetch("", -1)->code, "subscription.fetch.requested.events.invalid");
}

TEST_F(SubscriptionTest, CustomBeginsBehindTheEvent) {
  Publish(3);
  Subscription all(*bus_, *usage_);
  ASSERT_FALSE(all.Begin({kTopic, ReplayPreset::kEarliest, "", 3}, {}, now_));
  const auto events = all.Next(now_).send->events;
  Subscription subscription(*bus_, *usage_);
  ASSERT_FALSE(subscription.Begin(
      {kTopic, ReplayPreset::kCustom, ReplayIdBytes(events[0].replay_id), 9}, {}, now_));
  const auto step = subscription.Next(now_);
  ASSERT_EQ(step.send->events.size(), 2U);
  EXPECT_EQ(step.send->events[0].replay_id, events[1].replay_id);
}

TEST_F(SubscriptionTest, DeliveriesAreCountedAndTheDailyLimitEndsTheStream) {
  Publish(5);
  auto limits = usage_->limits();
  limits.delivered_events = 3;
  usage_->SetLimits(limits);
  Subscription subscription(*bus_, *usage_);
  ASSERT_FALSE(subscription.Begin({kTopic, ReplayPreset::kEarliest, "", 10}, {}, now_));
  EXPECT_EQ(subscription.Next(now_).send->events.size(), 3U);
  const auto step = subscription.Next(now_);
  ASSERT_TRUE(step.end);
  EXPECT_EQ(step.end->code, "subscription.limit.exceeded");
  EXPECT_EQ(usage_->Used(Allotment::kDeliveredEvents), 3);
}

TEST_F(SubscriptionTest, FaultsMakeItSilentBrokenRefusedOrUndecodable) {
  Publish(3);
  EXPECT_EQ(CodeOf({kTopic, ReplayPreset::kCustom, ReplayIdBytes(bus_->log().Tip().value()), 1},
                   {.replay_refused = true}),
            "subscription.fetch.replayid.corrupted");
  const FetchWish wish{kTopic, ReplayPreset::kEarliest, "", 10};
  Subscription silent(*bus_, *usage_);
  ASSERT_FALSE(silent.Begin(wish, {.silent = true}, now_));
  EXPECT_FALSE(silent.Next(now_ + std::chrono::hours(9)).send);
  Subscription reset(*bus_, *usage_);
  ASSERT_FALSE(reset.Begin(wish, {.reset_after = 2}, now_));
  EXPECT_EQ(reset.Next(now_).send->events.size(), 2U);
  EXPECT_TRUE(reset.Next(now_).reset);
  Subscription bad(*bus_, *usage_);
  ASSERT_FALSE(bad.Begin(wish, {.undecodable_after = 1}, now_));
  const auto step = bad.Next(now_);
  EXPECT_EQ(step.send->events[1].payload, std::string(12, '\xFF'));
  EXPECT_NE(step.send->events[2].payload, std::string(12, '\xFF'));
}

TEST_F(SubscriptionTest, AnEventThatDoesNotFitFailsAloneWhenPublished) {
  const Topic topic = *bus_->FindTopic(kTopic);
  std::string good;
  AvroLong(0, good);
  AvroText("005", good);
  good += std::string(topic.schema->fields.size() - 2, '\0');
  const std::vector<PublishedEvent> events = {
      {"1", topic.schema->id, good}, {"2", topic.schema->id, "x"}, {"3", "nope", good}};
  auto done = Publisher(*bus_, *usage_).Publish(kTopic, events);
  const auto& answer = std::get<PublishAnswer>(done);
  ASSERT_EQ(answer.outcomes.size(), 3U);
  EXPECT_GT(answer.outcomes[0].replay_id, 0);
  EXPECT_EQ(answer.outcomes[0].correlation_key, "1");
  EXPECT_FALSE(answer.outcomes[1].message.empty());
  EXPECT_FALSE(answer.outcomes[2].message.empty());
  done = Publisher(*bus_, *usage_).Publish("/data/ChangeEvents", events);
  EXPECT_EQ(std::get<RpcError>(done).code, "topic.meta.permission");
}

}  // namespace
}  // namespace firn::sandbox
