// What could go wrong in production: a table that is exported while the stream runs misses what
// happened in between; the stream goes back to a place that the org does not keep any more.
#include "patterns/events/stream/trail.h"

#include <gtest/gtest.h>

namespace firn::events {
namespace {

constexpr int64_t kMinute = 60'000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kNow = 1'000 * kHour;

StreamTrail Made() {
  StreamTrail trail;
  trail.tables = {"a", "b"};
  trail.Add({kNow - 60 * kHour, kNow - 132 * kHour, "", 0});
  trail.Add({kNow - 20 * kMinute, kNow - 20 * kMinute, std::string("\x01\x00\xff", 3), 7});
  trail.Add({kNow - 10 * kMinute, kNow - 10 * kMinute, "later", 9});
  return trail;
}

TEST(StreamTrail, TheNewestStepBeforeWhatIsLackedIsTaken) {
  const StreamTrail trail = Made();
  EXPECT_EQ(trail.Before(kNow, kNow)->cycle, 9);
  EXPECT_EQ(trail.Before(kNow - 15 * kMinute, kNow)->cycle, 7);
  EXPECT_EQ(trail.Before(kNow - 30 * kMinute, kNow)->replay_id, "") << "the oldest event";
}

TEST(StreamTrail, NoStepIsTakenWhoseEventsAreNotKeptAnyMore) {
  const StreamTrail trail = Made();
  EXPECT_EQ(trail.Before(kNow, kNow + 12 * kHour)->cycle, 9);
  EXPECT_FALSE(trail.Before(kNow - 30 * kMinute, kNow + 12 * kHour));
  EXPECT_FALSE(StreamTrail{}.Before(kNow, kNow));
}

TEST(StreamTrail, OldStepsAreForgotten) {
  StreamTrail trail = Made();
  trail.Add({kNow + 12 * kHour, kNow + 12 * kHour, "new", 20});
  EXPECT_EQ(trail.steps.size(), 3U);
  EXPECT_EQ(trail.steps.front().cycle, 7);
}

TEST(StreamTrail, ItsTextTellsAllOfIt) {
  const StreamTrail trail = Made();
  const auto read = ParseTrail(TrailText(trail));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->tables, trail.tables);
  EXPECT_EQ(read->steps, trail.steps);
  EXPECT_TRUE(read->Follows("b"));
  EXPECT_FALSE(read->Follows("c"));
  for (const char* wrong : {"", "[]", "{}", R"({"tables":[],"steps":[[1,2,3,4]]})",
                            R"({"tables":[],"steps":[[1,2,"!",4]]})"}) {
    EXPECT_FALSE(ParseTrail(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace firn::events
