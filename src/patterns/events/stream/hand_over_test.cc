// What could go wrong in production: the stream passes events that no consumer has taken, or hands
// them over in another order.
#include "patterns/events/stream/hand_over.h"

#include <gtest/gtest.h>

#include <latch>

namespace firn::events {
namespace {

class Taker final : public EventConsumer {
 public:
  [[nodiscard]] std::string name() const override { return "taker"; }
  Result<void> Take(const Call& /*call*/, std::span<const Envelope> events) override {
    if (gate != nullptr) gate->wait();
    for (const Envelope& event : events) {
      if (event.id == refused) return Fail(Error(Kind::kLimitReached, "TEST-001", "no room"));
      taken.push_back(event.id);
    }
    return {};
  }
  Result<void> Settle(const Call& /*call*/) override { return {}; }

  std::latch* gate = nullptr;
  std::string refused;
  std::vector<std::string> taken;
};

std::vector<Envelope> Events(std::initializer_list<const char*> ids) {
  std::vector<Envelope> events;
  for (const char* id : ids) events.emplace_back().id = id;
  return events;
}

TEST(HandOver, BringsBatchesInTheirOrderAndAwaitsTheLast) {
  Taker first;
  Taker second;
  HandOver over({&first, &second});
  for (const char* id : {"a", "b", "c"}) {
    auto events = Events({id, "x"});
    ASSERT_TRUE(over.Give({}, events));
    EXPECT_TRUE(events.empty());
  }
  ASSERT_TRUE(over.Await());
  EXPECT_EQ(first.taken, (std::vector<std::string>{"a", "x", "b", "x", "c", "x"}));
  EXPECT_EQ(second.taken, first.taken);
}

TEST(HandOver, TheStreamGoesOnWhileAConsumerIsBusy) {
  std::latch gate(1);
  Taker taker;
  taker.gate = &gate;
  HandOver over({&taker});
  auto events = Events({"a"});
  ASSERT_TRUE(over.Give({}, events));  // would never return if it waited
  gate.count_down();
  ASSERT_TRUE(over.Await());
  EXPECT_EQ(taker.taken.size(), 1U);
}

TEST(HandOver, Issue4355_4676_WhatAConsumerRefusesHoldsTheStreamForGood) {
  Taker taker;
  taker.refused = "b";
  HandOver over({&taker});
  auto events = Events({"a", "b", "c"});
  ASSERT_TRUE(over.Give({}, events));
  const auto awaited = over.Await();
  ASSERT_FALSE(awaited);
  EXPECT_EQ(awaited.error().code(), "TEST-001");
  events = Events({"d"});
  EXPECT_FALSE(over.Give({}, events)) << "nothing passes what was refused";
  EXPECT_FALSE(over.Await());
  EXPECT_EQ(taker.taken, (std::vector<std::string>{"a"}));
}

TEST(HandOver, WhatWasGivenIsBroughtThoughTheStreamEnds) {
  Taker taker;
  {
    HandOver over({&taker});
    auto events = Events({"a"});
    ASSERT_TRUE(over.Give({}, events));
  }
  EXPECT_EQ(taker.taken.size(), 1U);
}

TEST(HandOver, WithoutConsumersNothingIsKept) {
  HandOver over({});
  auto events = Events({"a"});
  ASSERT_TRUE(over.Give({}, events));
  EXPECT_TRUE(events.empty());
  EXPECT_TRUE(over.Await());
}

}  // namespace
}  // namespace firn::events
