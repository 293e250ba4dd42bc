// What could go wrong in production: a collector that is down is asked without a pause, or never
// again; what it did not take is not counted, and nobody is told.
#include "ends/telemetry/delivery.h"

#include <gtest/gtest.h>

#include <deque>

namespace firn::telemetry {
namespace {

using std::chrono::seconds;

class Scripted final : public Channel {
 public:
  Scripted(ManualClock& clock, std::deque<Reply> replies, std::vector<SteadyTime>& asked)
      : clock_(clock), replies_(std::move(replies)), asked_(asked) {}
  Reply Send(const Call&, const std::string&) override {
    asked_.push_back(clock_.Steady());
    Reply reply = replies_.front();
    if (replies_.size() > 1) replies_.pop_front();  // the last one lasts
    return reply;
  }

 private:
  ManualClock& clock_;
  std::deque<Reply> replies_;
  std::vector<SteadyTime>& asked_;
};

Reply Later(std::optional<seconds> after = std::nullopt) {
  return {.kind = Reply::Kind::kRetry, .said = "HTTP status 503", .retry_after = after};
}

class Deliveries : public testing::Test {
 protected:
  void Open(std::deque<Reply> replies) {
    call_.clock = &clock_;
    delivery_ = std::make_unique<Delivery>(
        DeliveryOptions{.patience = seconds(60)},
        std::make_unique<Scripted>(clock_, std::move(replies), asked_), metrics_);
  }
  void Send(int64_t items) { delivery_->Deliver(call_, last_.get_token(), "bytes", items); }
  int64_t Items(const std::string& outcome) {
    return metrics_
        .GetCounter("telemetry_items_total", {{"signal", "traces"}, {"outcome", outcome}}, "")
        .value();
  }
  ManualClock clock_{UtcMicros(seconds(1'000))};
  Call call_;
  std::stop_source last_;
  MetricsRegistry metrics_;
  std::vector<SteadyTime> asked_;
  std::unique_ptr<Delivery> delivery_;
};

TEST_F(Deliveries, WhatWasTakenCountsAsSent) {
  Open({{}});
  Send(5);
  EXPECT_EQ(Items("sent"), 5);
  EXPECT_EQ(asked_.size(), 1U);
  EXPECT_EQ(delivery_->Trouble(), "");
}

TEST_F(Deliveries, ThePauseIsTheOneTheCollectorAsksFor) {
  Open({Later(seconds(17)), {}});
  Send(5);
  ASSERT_EQ(asked_.size(), 2U);
  EXPECT_EQ(asked_[1] - asked_[0], seconds(17));
  EXPECT_EQ(Items("sent"), 5);
}

TEST_F(Deliveries, WithoutOneThePausesGrowAndEnd) {
  Open({Later()});
  Send(5);
  ASSERT_GE(asked_.size(), 4U);
  EXPECT_GE(asked_[1] - asked_[0], std::chrono::milliseconds(500));
  EXPECT_LE(asked_.back() - asked_.front(), seconds(60));
  EXPECT_EQ(Items("failed"), 5);
  EXPECT_EQ(delivery_->Trouble(), "HTTP status 503");
}

TEST_F(Deliveries, ARefusalIsNotTriedAgain) {
  Open({{.kind = Reply::Kind::kRefused, .said = "HTTP status 400"}, {}});
  Send(2);
  EXPECT_EQ(asked_.size(), 1U);
  EXPECT_EQ(Items("failed"), 2);
  EXPECT_EQ(delivery_->Trouble(), "HTTP status 400");
  Send(3);
  EXPECT_EQ(Items("sent"), 3);
  EXPECT_EQ(delivery_->Trouble(), "");
}

TEST_F(Deliveries, RejectedItemsAreNotCountedAsSent) {
  Open({{.rejected = 2, .said = "too old"}});
  Send(5);
  EXPECT_EQ(Items("sent"), 3);
  EXPECT_EQ(Items("rejected"), 2);
}

TEST_F(Deliveries, AtTheEndItIsTriedOnceMoreAndNotWaitedFor) {
  Open({Later(seconds(17))});
  last_.request_stop();
  Send(5);
  EXPECT_EQ(asked_.size(), 1U);
  EXPECT_EQ(Items("failed"), 5);
}

TEST_F(Deliveries, WhatFoundNoRoomIsCounted) {
  Open({{}});
  delivery_->Drop(call_, 7);
  EXPECT_EQ(Items("dropped"), 7);
}

}  // namespace
}  // namespace firn::telemetry
