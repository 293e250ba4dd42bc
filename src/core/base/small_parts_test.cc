// nearest, metrics, queue, trace, random, secret, error: small parts with one trap each.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "core/base/error_codes.h"
#include "core/base/metrics.h"
#include "core/base/nearest.h"
#include "core/base/queue.h"
#include "core/base/random.h"
#include "core/base/secret.h"
#include "core/base/trace.h"

namespace firn {
namespace {

TEST(Nearest, NamesTheClosestAndNothingFarAway) {
  const std::vector<std::string> nouns = {"lake", "org", "export", "sandbox", "like"};
  EXPECT_EQ(Nearest("lakee", nouns), "lake");
  EXPECT_EQ(Nearest("exprot", nouns), "export");
  EXPECT_EQ(Nearest("ORG", nouns), "org");
  EXPECT_EQ(Nearest("leke", nouns), "lake");  // as near as `like`: alphabetical
  EXPECT_EQ(Nearest("banana", nouns), std::nullopt);
  EXPECT_EQ(Nearest("x", {}), std::nullopt);
  EXPECT_EQ(DidYouMean("lakee", nouns), " (did you mean `lake`?)");
  EXPECT_EQ(DidYouMean("banana", nouns), "");
}

TEST(Metrics, PrometheusTextEscapesLabelsAndHelp) {
  MetricsRegistry registry;
  registry.GetCounter("rows_in_total", {{"object", "A\"c\\\n"}}, "rows\nread").Add(3);
  registry.GetGauge("lag_seconds", {}, "lag").Set(1.5);
  EXPECT_EQ(&registry.GetCounter("rows_in_total", {{"object", "A\"c\\\n"}}, ""),
            &registry.GetCounter("rows_in_total", {{"object", "A\"c\\\n"}}, ""));
  EXPECT_EQ(registry.Prometheus(),
            "# HELP lag_seconds lag\n# TYPE lag_seconds gauge\nlag_seconds 1.5\n"
            "# HELP rows_in_total rows\\nread\n# TYPE rows_in_total counter\n"
            "rows_in_total{object=\"A\\\"c\\\\\\n\"} 3\n");
}

TEST(BoundedQueue, HandsOverEverythingThenEnds) {
  BoundedQueue<int> queue(2);
  int64_t sum = 0;
  {
    std::jthread producer([&] {
      for (int i = 1; i <= 1000; ++i) ASSERT_TRUE(queue.Push(i));
      queue.Close();
    });
    while (auto item = queue.Pop()) sum += *item;
  }
  EXPECT_EQ(sum, 500500);
  EXPECT_FALSE(queue.Push(1));
}

TEST(BoundedQueue, AStopEndsBothSides) {
  BoundedQueue<int> queue(1);
  std::stop_source stop;
  ASSERT_TRUE(queue.Push(1));
  bool pushed = true;
  std::jthread pusher([&] { pushed = queue.Push(2, stop.get_token()); });
  stop.request_stop();
  pusher.join();
  EXPECT_FALSE(pushed);
  EXPECT_FALSE(queue.Pop(stop.get_token()).has_value());
}

TEST(Trace, GoesThroughTheHeader) {
  const auto random = SeededRandom(7);
  const TraceContext trace = TraceContext::New(*random);
  const auto parsed = TraceContext::Parse(trace.Traceparent()).value();
  EXPECT_EQ(parsed.trace_id, trace.trace_id);
  EXPECT_NE(trace.Child(*random).span_id, trace.span_id);
  for (const char* bad : {"", "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(TraceContext::Parse(bad).has_value()) << bad;
  }
}

TEST(Random, TheSameSeedGivesTheSameSequence) {
  const auto one = SeededRandom(1);
  const auto two = SeededRandom(1);
  EXPECT_EQ(one->Bytes(13), two->Bytes(13));
  for (int i = 0; i < 1000; ++i) ASSERT_LT(one->Below(7), 7U);
  const std::string uuid = NewUuid(*one);
  EXPECT_EQ(uuid.size(), 36U);
  EXPECT_EQ(uuid[14], '4');
}

TEST(Secret, AMovedFromSecretIsEmpty) {
  Secret secret("a long enough text to live on the heap, not inside the string");
  const Secret moved = std::move(secret);
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_FALSE(moved.empty());
}

TEST(Error, OneLineTellsWhatWhereWhyAndWhile) {
  const Error error = Error(Kind::kExpired, "X-Y-001", "what")
                          .At("there")
                          .Because("so")
                          .From({"org", 401, "INVALID", "r1"})
                          .Doing("reading");
  EXPECT_EQ(error.OneLine(), "X-Y-001 what (at there; so; request r1; while reading)");
  const Error copy = error;
  EXPECT_EQ(copy.remote().status, 401);
  for (int kind = 0; kind <= static_cast<int>(Kind::kInternal); ++kind) {
    EXPECT_FALSE(KindName(static_cast<Kind>(kind)).empty());
  }
}

TEST(ErrorCodes, AreUniqueAndComplete) {
  std::vector<std::string_view> seen;
  for (const ErrorCode& code : base::ErrorCodes()) {
    EXPECT_EQ(std::count(seen.begin(), seen.end(), code.code), 0) << code.code;
    seen.push_back(code.code);
    EXPECT_FALSE(code.summary.empty() || code.cause.empty() || code.remedy.empty()) << code.code;
  }
}

}  // namespace
}  // namespace firn
