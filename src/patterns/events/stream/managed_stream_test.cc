// What could go wrong in production: an event between our position and the org's that nobody tells,
// or one that is told twice; and a commit of what is not durable.
#include "patterns/events/stream/managed_stream.h"

#include <gtest/gtest.h>

#include <random>

namespace firn::events {
namespace {

using From = salesforce::ReplayPosition::From;
using salesforce::EventBatchPtr;

class Batch final : public salesforce::EventBatch {
 public:
  Batch(std::vector<std::string> ids, std::string latest)
      : ids_(std::move(ids)), latest_(std::move(latest)) {}
  size_t size() const override { return ids_.size(); }
  salesforce::EventView at(size_t index) const override { return {"", "s", "p", ids_[index]}; }
  std::string_view latest_replay_id() const override { return latest_; }
  size_t bytes() const override { return ids_.size(); }

 private:
  std::vector<std::string> ids_;
  std::string latest_;
};

// A topic, its events numbered from 1; and what happens to whoever reads it.
struct TestTopic {
  ManualClock clock{UtcMicros{}};
  std::mt19937 dice{1};
  int64_t newest = 0;
  int64_t org_at = 0;    // where a managed stream begins
  double breaks = 0;     // how often a managed stream breaks
  double waits = 0;      // how often nothing comes though there is something
  int64_t grows_to = 0;  // events come in while others are read
  int plain_open = 0;
  int plain_opened = 0;
  std::vector<std::string> committed;

  bool Chance(double share) { return std::uniform_real_distribution<>(0, 1)(dice) < share; }
  int64_t Upto(int64_t most) { return std::uniform_int_distribution<int64_t>(0, most)(dice); }
  void Grow() {
    if (newest < grows_to) newest += std::min<int64_t>(grows_to - newest, Upto(2));
  }
};

class Reader final : public salesforce::Subscription {
 public:
  Reader(TestTopic& topic, salesforce::SubscribeOptions options)
      : topic_(topic), options_(std::move(options)) {
    const auto& start = options_.start;
    if (start.from == From::kAfter) at_ = std::stoll(start.replay_id);
    if (!managed()) ++topic_.plain_open, ++topic_.plain_opened;
  }
  ~Reader() override {
    if (!managed()) --topic_.plain_open;
  }
  Result<EventBatchPtr> Next(const Call&, SteadyTime until) override {
    topic_.Grow();
    if (managed() && (opened_ == 0 || topic_.Chance(topic_.breaks))) Open();
    if (topic_.Chance(topic_.waits)) {
      topic_.clock.SleepUntil(until, {});
      return EventBatchPtr();
    }
    if (at_ == topic_.newest) {
      topic_.clock.SleepUntil(until, {});
      return EventBatchPtr(
          std::make_shared<Batch>(std::vector<std::string>(), at_ == 0 ? "" : std::to_string(at_)));
    }
    std::vector<std::string> ids;
    const int64_t most = 1 + topic_.Upto(3);
    while (at_ < topic_.newest && std::ssize(ids) < most) ids.push_back(std::to_string(++at_));
    const std::string latest = ids.back();
    return EventBatchPtr(std::make_shared<Batch>(std::move(ids), latest));
  }
  const salesforce::ReplayPosition& position() const override { return options_.start; }
  int64_t streams_opened() const override { return opened_; }
  void Commit(const std::string& replay_id) override { topic_.committed.push_back(replay_id); }

 private:
  bool managed() const { return !options_.managed.empty(); }
  void Open() {
    using What = salesforce::StreamNote::What;
    if (opened_ > 0) options_.note({What::kEnded, "broken", {}});
    ++opened_;
    at_ = topic_.org_at;
    options_.note({What::kOpened, "", {}});
  }
  TestTopic& topic_;
  const salesforce::SubscribeOptions options_;
  int64_t at_ = 0;
  int64_t opened_ = 0;
};

class Bus final : public salesforce::PubSub {
 public:
  explicit Bus(TestTopic& topic) : topic_(topic) {}
  Result<std::unique_ptr<salesforce::Subscription>> Subscribe(
      salesforce::SubscribeOptions options) override {
    return std::make_unique<Reader>(topic_, std::move(options));
  }
  Result<salesforce::TopicInfo> Topic(const Call&, const std::string&) override { return No(); }
  Result<std::shared_ptr<const std::string>> Schema(const Call&, const std::string&) override {
    return No();
  }
  Result<salesforce::PublishOutcomes> Publish(const Call&, const std::string&,
                                              std::span<const salesforce::OutgoingEvent>) override {
    return No();
  }
  std::unique_ptr<salesforce::Publisher> OpenPublisher(const std::string&) override {
    return nullptr;
  }
  Result<std::string> UserId(const Call&) override { return No(); }

 private:
  static tl::unexpected<Error> No() { return Fail(Kind::kUnsupported, "TEST-BUS-001", "no"); }
  TestTopic& topic_;
};

class Managed : public testing::Test {
 protected:
  Managed() : bus_(topic_) { call_.clock = &topic_.clock; }

  std::unique_ptr<salesforce::Subscription> Open(std::optional<int64_t> ours,
                                                 bool patient = false) {
    ManagedStreamOptions options;
    options.wish.topic = "/data/X";
    options.wish.managed = "Mine";
    options.wish.note = [](const salesforce::StreamNote&) {};
    options.has_position = ours.has_value();
    options.patient = patient;
    if (ours) options.wish.start = {From::kAfter, std::to_string(*ours)};
    if (ours == 0) options.wish.start = {From::kEarliest, ""};
    return *ManagedStream::Open(bus_, std::move(options));
  }
  // Reads until it is told that the topic's end is reached.
  std::vector<int64_t> ReadAll(salesforce::Subscription& stream) {
    std::vector<int64_t> told;
    for (int round = 0; round < 100'000; ++round) {
      const auto batch = stream.Next(call_, topic_.clock.Steady() + std::chrono::milliseconds(500));
      EXPECT_TRUE(batch) << batch.error().OneLine();
      if (!batch || *batch == nullptr) continue;
      for (size_t i = 0; i < (*batch)->size(); ++i) {
        told.push_back(std::stoll(std::string((*batch)->at(i).replay_id)));
      }
      if ((*batch)->caught_up() && topic_.newest >= topic_.grows_to) return told;
    }
    ADD_FAILURE() << "the end was not reached";
    return told;
  }
  static std::vector<int64_t> Range(int64_t from, int64_t to) {
    std::vector<int64_t> all;
    for (int64_t i = from; i <= to; ++i) all.push_back(i);
    return all;
  }

  TestTopic topic_;
  Bus bus_;
  Call call_;
};

TEST_F(Managed, WhatTheOrgTellsAgainAfterALostCommitIsPassedOver) {
  topic_.newest = 50;
  topic_.org_at = 10;
  const auto stream = Open(30, true);
  EXPECT_EQ(ReadAll(*stream), Range(31, 50));
  EXPECT_EQ(topic_.plain_open, 0) << "one subscription is left";
}

TEST_F(Managed, WhatLiesBetweenOursAndAnOrgThatIsAheadIsTold) {
  topic_.newest = 50;
  topic_.org_at = 40;
  const auto stream = Open(20, true);
  EXPECT_EQ(ReadAll(*stream), Range(21, 50));
  EXPECT_EQ(topic_.plain_open, 0);
}

TEST_F(Managed, WithoutAPositionOfOursTheOrgsCountsAndNothingElseIsAsked) {
  topic_.newest = 50;
  topic_.org_at = 40;
  const auto stream = Open(std::nullopt, true);
  EXPECT_EQ(ReadAll(*stream), Range(41, 50));
  EXPECT_EQ(topic_.plain_opened, 0);
}

TEST_F(Managed, TwoThatStandAtTheEndOfATopicAreInStepAtOnce) {
  topic_.newest = topic_.org_at = 7;
  const auto stream = Open(7, true);
  EXPECT_EQ(ReadAll(*stream), Range(1, 0));
  EXPECT_EQ(topic_.plain_open, 0);
  topic_.newest = 9;
  EXPECT_EQ(ReadAll(*stream), Range(8, 9));
  EXPECT_EQ(topic_.plain_opened, 1) << "not asked for again while the stream lives";
}

TEST_F(Managed, ATopicWithoutAnyEventIsNoReasonToWait) {
  const auto stream = Open(0, true);
  EXPECT_EQ(ReadAll(*stream), Range(1, 0));
}

TEST_F(Managed, NothingIsCommittedBeforeTheManagedStreamStandsWhereWeDo) {
  topic_.newest = 30;
  topic_.org_at = 25;
  const auto stream = Open(20);
  const auto batch = stream->Next(call_, topic_.clock.Steady() + std::chrono::milliseconds(1));
  ASSERT_TRUE(batch && *batch);
  stream->Commit("21");
  EXPECT_TRUE(topic_.committed.empty());
  (void)ReadAll(*stream);
  EXPECT_EQ(topic_.committed, (std::vector<std::string>{"21"}));
  stream->Commit("30");
  EXPECT_EQ(topic_.committed.back(), "30");
}

TEST_F(Managed, HoweverStreamsBreakAndPositionsDifferEachEventIsToldOnceAndInOrder) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    topic_.dice.seed(seed);
    topic_.newest = topic_.Upto(60);
    topic_.grows_to = topic_.newest + topic_.Upto(200);
    topic_.org_at = topic_.Upto(topic_.newest);
    topic_.breaks = topic_.Chance(0.5) ? 0.02 : 0;
    topic_.waits = topic_.Chance(0.5) ? 0.3 : 0;
    const int64_t ours = topic_.Upto(topic_.newest);
    const auto stream = Open(ours, topic_.Chance(0.5));
    ASSERT_EQ(ReadAll(*stream), Range(ours + 1, topic_.grows_to)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace firn::events
