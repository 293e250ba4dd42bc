// What could go wrong in production: the vector tokeniser finds other cells than the plain one, and
// rows shift without anybody noticing.
#include "core/record/csv_tokens.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace firn::record {
namespace {

struct Found {
  std::vector<uint32_t> ends;
  std::vector<uint32_t> escaped;
  bool open = false;
  size_t stray = 0;
  bool operator==(const Found&) const = default;
};

Found Find(const std::string& text, bool vector_instructions) {
  const std::string padded = text + std::string(kBlockPadding, '"');
  CsvTokens tokens;
  tokens.Find(padded.data(), text.size(), ',', vector_instructions);
  return {{tokens.ends(), tokens.ends() + tokens.cells()},
          tokens.escaped(),
          tokens.open_quote(),
          tokens.stray_quote_cell()};
}

RC_GTEST_PROP(CsvTokens, VectorAndPlainFindTheSameInAnyBytes, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::element('"', '"', ',', '\n', '\r', 'a', '\0'));
  RC_ASSERT(Find(text, true) == Find(text, false));
}

TEST(CsvTokens, QuotedSeparatorsEndNoCell) {
  const Found found = Find("\"a,b\",\"c\nd\"\n", true);
  EXPECT_EQ(found.ends, (std::vector<uint32_t>{5, 11}));
  EXPECT_EQ(found.stray, SIZE_MAX);
  EXPECT_FALSE(found.open);
}

TEST(CsvTokens, DoubledQuotesAreKnownByCellAtEveryOffset) {
  for (size_t shift = 0; shift < 200; ++shift) {
    const std::string text = "\"" + std::string(shift, 'x') + "\",\"a\"\"b\"\n";
    for (const bool vector : {true, false}) {
      const Found found = Find(text, vector);
      EXPECT_EQ(found.escaped, std::vector<uint32_t>{1}) << shift;
      EXPECT_EQ(found.stray, SIZE_MAX) << shift;
      EXPECT_EQ(found.ends.size(), 2U) << shift;
    }
  }
}

TEST(CsvTokens, AQuoteWhereNoneMayStandIsStray) {
  for (size_t shift = 0; shift < 130; ++shift) {
    const std::string before(shift, 'x');
    EXPECT_EQ(Find(before + ",ab\"c\"\n", true).stray, 1U);
    EXPECT_EQ(Find(before + ",\"a\"b\"c\"\n", true).stray, 1U);
  }
}

}  // namespace
}  // namespace firn::record
