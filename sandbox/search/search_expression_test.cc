// What a search text means. What could go wrong: a word found inside of another, an operator taken
// for a word, a phrase that reaches over two fields.
#include "sandbox/search/search_expression.h"

#include <gtest/gtest.h>

#include "sandbox/api_error.h"

namespace firn::sandbox {
namespace {

bool Found(const std::string& search, const std::vector<std::string>& fields) {
  const auto expression = SearchExpression::Parse(search);
  EXPECT_TRUE(expression) << search << ": " << expression.error().OneLine();
  std::vector<std::vector<std::string>> words;
  words.reserve(fields.size());
  for (const std::string& field : fields) words.push_back(SearchWords(field));
  return expression && expression->Matches(words);
}

std::string Refusal(const std::string& search) {
  const auto expression = SearchExpression::Parse(search);
  return expression ? "" : PartsOf(expression.error()).code;
}

TEST(SearchExpressionTest, WordsAreFoundWholeAndWithoutRegardToCase) {
  EXPECT_TRUE(Found("ACME", {"The Acme Company"}));
  EXPECT_TRUE(Found("acme company", {"Acme", "Some Company"})) << "each word in a field of its own";
  EXPECT_FALSE(Found("acme", {"Acmeist"}));
  EXPECT_FALSE(Found("acme company", {"Acme"}));
  EXPECT_TRUE(Found("ÉCOLE", {"l'école"}));
}

TEST(SearchExpressionTest, WildcardsStandForCharactersOfAWord) {
  EXPECT_TRUE(Found("acm*", {"Acmeist"}));
  EXPECT_TRUE(Found("jo?n", {"John"}));
  EXPECT_TRUE(Found("jo?n", {"joän"}));
  EXPECT_FALSE(Found("jo?n", {"jon"}));
  EXPECT_TRUE(Found("ma*y", {"mary"}));
  EXPECT_FALSE(Found("*cme", {"acme"})) << "a wildcard does not begin a word";
}

TEST(SearchExpressionTest, OperatorsBindAsDocumented) {
  EXPECT_TRUE(Found("red OR green AND blue", {"red"}));
  EXPECT_FALSE(Found("(red OR green) AND blue", {"red"}));
  EXPECT_TRUE(Found("red and not blue", {"red green"}));
  EXPECT_FALSE(Found("red AND NOT blue", {"red blue"}));
  EXPECT_TRUE(Found("\"red and blue\"", {"red and blue"}));
  EXPECT_TRUE(Found("orange android", {"android orange"})) << "no operators in these words";
}

TEST(SearchExpressionTest, PhrasesLieWithinOneField) {
  EXPECT_TRUE(Found("\"john smith\"", {"Mr. John Smith"}));
  EXPECT_FALSE(Found("\"john smith\"", {"John", "Smith"}));
  EXPECT_FALSE(Found("\"john smith\"", {"Smith John"}));
  EXPECT_TRUE(Found("info@acme.com", {"info@acme.com"}));
  EXPECT_TRUE(Found("415\\-555", {"(415) 555-1212"}));
}

TEST(SearchExpressionTest, TextWithoutSpacesIsFoundInside) {
  EXPECT_TRUE(Found("京都", {"東京都知事"}));
  EXPECT_FALSE(Found("大阪", {"東京都知事"}));
}

TEST(SearchExpressionTest, WhatCannotBeSearchedForIsRefused) {
  EXPECT_EQ(Refusal("a"), "MALFORMED_SEARCH");
  EXPECT_EQ(Refusal("a*"), "MALFORMED_SEARCH");
  EXPECT_EQ(Refusal(""), "MALFORMED_SEARCH");
  EXPECT_EQ(Refusal("acme AND"), "MALFORMED_SEARCH");
  EXPECT_EQ(Refusal("(acme"), "MALFORMED_SEARCH");
  EXPECT_EQ(Refusal("acme)"), "MALFORMED_SEARCH");
  EXPECT_EQ(Refusal("\"acme"), "MALFORMED_SEARCH");
  EXPECT_EQ(Refusal("ac&me"), "MALFORMED_SEARCH");
  EXPECT_EQ(Refusal(std::string(200, '(')), "MALFORMED_SEARCH");
}

}  // namespace
}  // namespace firn::sandbox
