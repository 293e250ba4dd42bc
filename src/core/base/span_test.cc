// What could go wrong in production: spans that cannot be put together, because a child names a
// parent of another trace; a length that is negative because the clock was set.
#include "core/base/span.h"

#include <gtest/gtest.h>

namespace firn {
namespace {

using std::chrono::seconds;

class Kept final : public SpanSink {
 public:
  void Take(FinishedSpan span) override { spans.push_back(std::move(span)); }
  std::vector<FinishedSpan> spans;
};

class Spans : public testing::Test {
 protected:
  Spans() { call_.clock = &clock_; }
  Kept kept_;
  ManualClock clock_{UtcMicros(seconds(1'000))};
  Call call_;
};

TEST_F(Spans, AChildIsPartOfItsParentsTrace) {
  {
    Span job(&kept_, call_, {.name = "job"});
    clock_.Advance(seconds(1));
    Span step(&kept_, job.call(), {.name = "step"});
    step.Set("rows", int64_t{7});
    clock_.Advance(seconds(2));
  }
  ASSERT_EQ(kept_.spans.size(), 2U);
  const FinishedSpan& step = kept_.spans[0];
  const FinishedSpan& job = kept_.spans[1];
  EXPECT_EQ(job.parent_id, "");
  EXPECT_EQ(step.parent_id, job.context.span_id);
  EXPECT_EQ(step.context.trace_id, job.context.trace_id);
  EXPECT_NE(step.context.span_id, job.context.span_id);
  EXPECT_EQ(step.ended - step.began, seconds(2));
  EXPECT_EQ(job.ended - job.began, seconds(3));
  EXPECT_EQ(step.attributes, (SpanAttributes{{"rows", int64_t{7}}}));
}

TEST_F(Spans, ATraceOfItsOwnIsLinkedToWhoBeganIt) {
  Span session(&kept_, call_, {.name = "session"});
  {
    const Span cycle(&kept_, session.call(), {.name = "cycle", .own_trace = true});
  }
  ASSERT_EQ(kept_.spans.size(), 1U);
  EXPECT_EQ(kept_.spans[0].parent_id, "");
  EXPECT_NE(kept_.spans[0].context.trace_id, session.call().trace.trace_id);
  ASSERT_TRUE(kept_.spans[0].link);
  EXPECT_EQ(kept_.spans[0].link->span_id, session.call().trace.span_id);
}

TEST_F(Spans, AnErrorIsToldByItsCodeAlone) {
  {
    Span span(&kept_, call_, {.name = "step"});
    span.Conclude(Result<int>(Fail(Kind::kCorrupt, "BASE-TRACE-001", "ada@example.com is odd")));
  }
  EXPECT_EQ(kept_.spans.at(0).error_code, "BASE-TRACE-001");
}

TEST_F(Spans, WhatTheCallerDoesNotSampleIsNotTaken) {
  call_.trace = TraceContext::New(SystemRandom());
  call_.trace.sampled = false;
  {
    const Span span(&kept_, call_, {.name = "request"});
  }
  EXPECT_TRUE(kept_.spans.empty());
}

TEST_F(Spans, WithoutASinkTheTraceGoesOnAsItWas) {
  call_.trace = TraceContext::New(SystemRandom());
  const Span span(nullptr, call_, {.name = "step"});
  EXPECT_EQ(span.call().trace.Traceparent(), call_.trace.Traceparent());
  EXPECT_FALSE(Span(nullptr, Call(), {.name = "job"}).call().trace.trace_id.empty());
}

TEST_F(Spans, EndedTwiceItIsTakenOnce) {
  Span span(&kept_, call_, {.name = "step"});
  span.End();
  span.End();
  EXPECT_EQ(kept_.spans.size(), 1U);
}

}  // namespace
}  // namespace firn
