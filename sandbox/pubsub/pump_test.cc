// What could go wrong in production: a stream stepped by two threads at once, or freed under one.
#include "sandbox/pubsub/pump.h"

#include <gtest/gtest.h>

#include <atomic>

namespace firn::sandbox {
namespace {

class Counting final : public Pumped {
 public:
  SteadyTime Step(SteadyTime) override {
    if (inside_.exchange(true)) overlapped_ = true;
    ++steps_;
    steps_.notify_all();
    inside_ = false;
    return SteadyTime::max();
  }
  void WaitForStepBehind(int steps) {
    for (int now = steps_; now <= steps; now = steps_) steps_.wait(now);
  }
  std::atomic<int> steps_{0};
  std::atomic<bool> inside_{false};
  std::atomic<bool> overlapped_{false};
};

TEST(Pump, StepsAStreamWhenItIsWokenAndByOneThreadAtATime) {
  Pump pump(2);
  const auto stream = std::make_shared<Counting>();
  pump.Add(stream);
  for (int i = 0; i < 200; ++i) {
    const int before = stream->steps_;
    (i % 2 == 0) ? pump.Wake(stream.get()) : pump.WakeAll();
    stream->WaitForStepBehind(before);
  }
  EXPECT_FALSE(stream->overlapped_);
}

TEST(Pump, StepsNoStreamThatWasRemoved) {
  Pump pump(2);
  const auto stream = std::make_shared<Counting>();
  pump.Add(stream);
  stream->WaitForStepBehind(0);
  pump.Remove(stream.get());
  const int steps = stream->steps_;
  pump.WakeAll();
  pump.Wake(stream.get());
  EXPECT_EQ(pump.size(), 0U);
  EXPECT_EQ(stream.use_count(), 1);
  EXPECT_EQ(stream->steps_, steps);
}

}  // namespace
}  // namespace firn::sandbox
