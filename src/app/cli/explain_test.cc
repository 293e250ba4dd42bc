// What could go wrong in production: who meets an error reads two styles of pages, one of which
// tells facts where something is to be done.
#include "app/cli/explain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace firn::cli {
namespace {

bool BeginsASentence(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  return std::isupper(first) != 0 || std::isdigit(first) != 0 || first == '`';
}

bool EndsASentence(std::string_view text) {
  return text.ends_with('.') || text.ends_with('?') || text.ends_with('!');
}

TEST(ErrorPages, CauseAndRemedyAreSentencesAndTheSummaryIsNone) {
  for (const ErrorCode& page : AllErrorCodes()) {
    ASSERT_FALSE(page.summary.empty() || page.cause.empty() || page.remedy.empty()) << page.code;
    EXPECT_TRUE(BeginsASentence(page.cause) && EndsASentence(page.cause))
        << page.code << ": " << page.cause;
    EXPECT_TRUE(BeginsASentence(page.remedy) && EndsASentence(page.remedy))
        << page.code << ": " << page.remedy;
    EXPECT_FALSE(EndsASentence(page.summary)) << page.code << ": " << page.summary;
  }
}

// A remedy says what to do, and a command in it what it is typed for: `Run `firn x` to see y.`
TEST(ErrorPages, RemedyBeginsWithWhatToDo) {
  constexpr std::array<std::string_view, 14> kFacts = {"A",    "An",    "Codes",   "If",   "It",
                                                       "Its",  "Names", "Nothing", "The",  "This",
                                                       "They", "That",  "Usually", "There"};
  for (const ErrorCode& page : AllErrorCodes()) {
    const std::string_view first = page.remedy.substr(0, page.remedy.find_first_of(" ,:;."));
    EXPECT_EQ(std::ranges::count(kFacts, first), 0) << page.code << ": " << page.remedy;
    EXPECT_FALSE(first.starts_with('`')) << page.code << ": " << page.remedy;
  }
}

TEST(ErrorPages, CodeStandsOnce) {
  const auto pages = AllErrorCodes();
  const auto twice = std::ranges::adjacent_find(
      pages, [](const ErrorCode& a, const ErrorCode& b) { return a.code == b.code; });
  EXPECT_TRUE(twice == pages.end()) << twice->code;
}

}  // namespace
}  // namespace firn::cli
