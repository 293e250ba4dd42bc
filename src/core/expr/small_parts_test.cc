// Numbers, letters, addresses and wildcards, each where a shortcut would change what a rule means.
#include <gtest/gtest.h>

#include "core/expr/internal/ip_address.h"
#include "core/expr/internal/letter_case.h"
#include "core/expr/internal/number_text.h"
#include "core/expr/internal/utf8.h"
#include "core/expr/internal/wildcard.h"
#include "core/expr/internal/wildcard_complexity.h"

namespace firn::expr {
namespace {

TEST(ComparableNumber, TakesANumberOnlyWhenADoubleHoldsAllOfIt) {
  EXPECT_EQ(ComparableNumber("300"), ComparableNumber("3.0e2"));
  EXPECT_EQ(ComparableNumber("-0"), 0.0);
  EXPECT_EQ(ComparableNumber("0.1"), 0.1);
  EXPECT_EQ(ComparableNumber("12345678901234567"), std::nullopt);
  EXPECT_EQ(ComparableNumber("12345678901234568"), 12345678901234568.0);
  EXPECT_EQ(ComparableNumber("1e400"), std::nullopt);
  EXPECT_EQ(ComparableNumber("1e-400"), std::nullopt);
  EXPECT_EQ(ComparableNumber("true"), std::nullopt);
  EXPECT_EQ(ComparableNumber("\"5\""), std::nullopt);
  EXPECT_EQ(ComparableNumber("5x"), std::nullopt);
  EXPECT_EQ(ComparableNumber(""), std::nullopt);
}

TEST(LetterCase, FoldsEveryCharacterLikeItsUpperAndLowerForm) {
  int cased = 0;
  for (char32_t point = 1; point < 0x110000; ++point) {
    if (point >= 0xD800 && point < 0xE000) continue;
    std::string text;
    AppendUtf8(point, text);
    const CaselessText pattern(text);
    ASSERT_TRUE(pattern.Matches(text) || FoldCase(text) != text) << static_cast<uint32_t>(point);
    for (const std::string& other : {FoldCase(text), FoldCase(FoldCase(text))}) {
      if (!pattern.Matches(other)) continue;
      ASSERT_EQ(FoldCase(other), FoldCase(text));
    }
    cased += FoldCase(text) != text ? 1 : 0;
  }
  EXPECT_GT(cased, 1000);
}

TEST(LetterCase, StandsForBothFormsCharacterByCharacter) {
  EXPECT_TRUE(CaselessText("stra\xC3\x9F"
                           "e")
                  .Matches("STRASSE"));
  EXPECT_TRUE(CaselessText("\xC3\x84pfel").Matches("\xC3\xA4PFEL"));
  EXPECT_FALSE(CaselessText("apfel").Matches("\xC3\xA4pfel"));
  EXPECT_TRUE(CaselessText("abc\"").MatchesEnd("xyABC\""));
  EXPECT_EQ(CaselessText("\"ab").MatchPrefix("\"ABc"), 3U);
}

TEST(IpAddress, ReadsLiteralsAndNothingElse) {
  EXPECT_EQ(ParseIpAddress("10.0.0.33")->number, 0x0A000021U);
  EXPECT_EQ(ParseIpAddress("010.0.0.1"), ParseIpAddress("10.0.0.1"));
  EXPECT_EQ(ParseIpAddress("::1"), ParseIpAddress("0:0:0:0:0:0:0:1"));
  EXPECT_EQ(ParseIpAddress("::ffff:a00:21"), ParseIpAddress("10.0.0.33"));
  for (const char* text : {"", "10.0.0", "10.0.0.256", "10.0.0.1.2", "10.0.0.1 ", ":::", "1::2::3",
                           "fe80::1%eth0", "example.org", "1.2.3.-4"}) {
    EXPECT_EQ(ParseIpAddress(text), std::nullopt) << text;
  }
  for (const char* text : {"10.0.0.33", "::", "2001:db8::1", "ffff:ffff::ffff"}) {
    EXPECT_EQ(ParseIpBound(IpText(*ParseIpBound(text))), ParseIpBound(text)) << text;
  }
}

TEST(Wildcard, MatchesPieceByPiece) {
  const auto fits = [](std::string_view wildcard, std::string_view text) {
    return MatchesWildcard(*WildcardPieces(wildcard), text);
  };
  EXPECT_TRUE(fits("a*b*c", "a-b-bc"));
  EXPECT_TRUE(fits("a*b*c", "abc"));
  EXPECT_FALSE(fits("ab*ba", "aba"));
  EXPECT_TRUE(fits("*", ""));
  EXPECT_TRUE(fits(R"(a\*b)", "a*b"));
  EXPECT_FALSE(fits(R"(a\*b)", "axb"));
  EXPECT_TRUE(fits(R"(a\\*)", R"(a\x)"));
  EXPECT_FALSE(fits("*x*y*", "yx"));
}

// The numbers are event-ruler's own for the same patterns.
TEST(WildcardComplexity, CountsThePlacesAtWhichAReaderCanStandAtOnce) {
  const auto of = [](const std::vector<std::vector<std::string>>& patterns) {
    std::vector<std::vector<Wildcard>> pieces;
    for (const auto& texts : patterns) {
      auto& wildcards = pieces.emplace_back();
      for (const std::string& text : texts) {
        wildcards.push_back(*WildcardPieces('"' + text + '"'));
      }
    }
    return WildcardComplexity(pieces, 100);
  };
  EXPECT_EQ(of({}), 0);
  EXPECT_EQ(of({{"dir/*.png"}}), 2);
  EXPECT_EQ(of({{"*/bin/*.jar"}}), 4);
  EXPECT_EQ(of({{"*a*b*c*"}}), 5);
  EXPECT_EQ(of({{"*a*a*a*a"}}), 8);
  EXPECT_EQ(of({{"a*b*c*d*e*f*g*h"}}), 8);
  EXPECT_EQ(of({{"arn:*:events:*:*:event-bus/*"}}), 8);
  EXPECT_EQ(of({{"*:*:*:*:*:event-bus/*"}}), 11);
  EXPECT_EQ(of({{"*/bin/*.jar", "*/dir/*"}}), 5) << "one anything-but";
  EXPECT_EQ(of({{"*:stack/A/*"}, {"*:stack/B/*"}, {"*:stack/C/*"}}), 9);
  EXPECT_EQ(of({{"*:stack/A/*"}, {"*:stack/B/*"}, {"*:stack/C/*"}, {"*:stack/D/*"}}), 12);
  EXPECT_EQ(WildcardComplexity(std::vector<std::vector<Wildcard>>{{Wildcard(60, "ab")}}, 11), 11)
      << "ends early";
}

}  // namespace
}  // namespace firn::expr
