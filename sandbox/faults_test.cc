// A fault that strikes the wrong request, or never, makes a failure test prove nothing.
#include "sandbox/faults.h"

#include <gtest/gtest.h>

namespace firn::sandbox {
namespace {

size_t Strikes(FaultBook& book, const std::string& path, int times = 1) {
  size_t strikes = 0;
  for (int i = 0; i < times; ++i) strikes += book.Strike("GET", path, path + "?q=1").size();
  return strikes;
}

TEST(Faults, GlobStarCrossesSlashesAndQuestionMarkIsOneCharacter) {
  EXPECT_TRUE(GlobMatches("*/results*", "/services/data/v60.0/jobs/query/750/results"));
  EXPECT_TRUE(GlobMatches("/a?c", "/abc"));
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_FALSE(GlobMatches("/a?c", "/ac"));
  EXPECT_FALSE(GlobMatches("/a*c", "/ab"));
  EXPECT_TRUE(GlobMatches("*a*b*", "xxaxxbxx"));
}

TEST(Faults, NthStrikesOnlyThatMatch) {
  FaultBook book;
  ASSERT_TRUE(book.Add(R"({"path":"*/results","nth":2,"effect":"short_page","rows":3})"));
  EXPECT_EQ(Strikes(book, "/x/results"), 0u);
  EXPECT_EQ(Strikes(book, "/x/other"), 0u);
  const auto effects = book.Strike("GET", "/x/results", "/x/results");
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(effects[0].kind, FaultKind::kShortPage);
  EXPECT_EQ(effects[0].rows, 3);
  EXPECT_EQ(Strikes(book, "/x/results", 5), 0u);
}

TEST(Faults, TimesBoundsHowOftenItStrikes) {
  FaultBook book;
  ASSERT_TRUE(book.Add(R"({"effect":"status","status":503,"times":2})"));
  EXPECT_EQ(Strikes(book, "/x", 10), 2u);
}

TEST(Faults, WithoutNthOrTimesItStrikesAlways) {
  FaultBook book;
  ASSERT_TRUE(book.Add(R"({"effect":"delay","ms":1})"));
  EXPECT_EQ(Strikes(book, "/x", 10), 10u);
}

TEST(Faults, MethodMustFit) {
  FaultBook book;
  ASSERT_TRUE(book.Add(R"({"effect":"delay","method":"POST"})"));
  EXPECT_EQ(Strikes(book, "/x"), 0u);
  EXPECT_EQ(book.Strike("POST", "/x", "/x").size(), 1u);
}

TEST(Faults, ProbabilityRepeatsItselfUnderOneSeed) {
  const auto pattern = [](int seed) {
    FaultBook book;
    EXPECT_TRUE(
        book.Add(R"({"effect":"delay","probability":0.5,"seed":)" + std::to_string(seed) + "}"));
    std::string text;
    for (int i = 0; i < 64; ++i) text += Strikes(book, "/x") > 0 ? '1' : '0';
    return text;
  };
  EXPECT_EQ(pattern(7), pattern(7));
  EXPECT_NE(pattern(7), pattern(8));
  EXPECT_NE(pattern(7).find('1'), std::string::npos);
  EXPECT_NE(pattern(7).find('0'), std::string::npos);
}

TEST(Faults, ListWithOneMistakeAddsNone) {
  FaultBook book;
  const auto added = book.Add(R"([{"effect":"delay"},{"effect":"delay","wait":5}])");
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code(), "SBX-FAULT-001");
  EXPECT_NE(added.error().why().find("wait"), std::string::npos);
  EXPECT_EQ(book.ToJson(), "[]");
}

TEST(Faults, RefusesWhatItCannotCarryOut) {
  FaultBook book;
  for (const char* fault :
       {"nonsense", R"({"effect":"explode"})", R"({"effect":"hide_field"})",
        R"({"effect":"late_commit"})", R"({"effect":"delay","ms":"long"})", "7"}) {
    EXPECT_FALSE(book.Add(fault)) << fault;
  }
}

TEST(Faults, SameNameReplacesAndRemoveForgets) {
  FaultBook book;
  ASSERT_TRUE(book.Add(R"({"name":"a","effect":"delay"})"));
  ASSERT_TRUE(book.Add(R"({"name":"a","effect":"stall"})"));
  EXPECT_EQ(Strikes(book, "/x"), 1u);
  EXPECT_TRUE(book.Remove("a"));
  EXPECT_FALSE(book.Remove("a"));
  EXPECT_EQ(Strikes(book, "/x"), 0u);
}

TEST(Faults, WhatToJsonPrintsCanBeAddedAgain) {
  FaultBook book;
  ASSERT_TRUE(book.Add(R"({"effect":"hide_field","object":"Account","field":"Phone"})"));
  Strikes(book, "/x");
  FaultBook copy;
  EXPECT_TRUE(copy.Add(book.ToJson())) << book.ToJson();
}

}  // namespace
}  // namespace firn::sandbox
