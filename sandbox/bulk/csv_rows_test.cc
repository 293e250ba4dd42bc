// A cell cut at the wrong quote writes one customer's text into another's field.
#include "sandbox/bulk/csv_rows.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sandbox/bulk/create_body.h"

namespace firn::sandbox {
namespace {

// `a|b` a row; `!` before a broken one.
std::vector<std::string> Rows(std::string_view text, CsvFormat format = {}) {
  CsvRows rows(text, format);
  std::vector<std::string> lines;
  std::vector<std::string_view> cells;
  for (;;) {
    const auto kind = rows.Next(cells);
    if (kind == CsvRows::Row::kEnd) return lines;
    std::string line = kind == CsvRows::Row::kBroken ? "!" : "";
    for (const auto& cell : cells) {
      if (&cell != &cells.front()) line += '|';
      line += cell;
    }
    lines.push_back(line);
  }
}

TEST(CsvRowsTest, QuotesDelimitersAndLineBreaksWithinACellAreItsText) {
  EXPECT_EQ(Rows("a,\"b,\"\"c\"\"\nd\",\n,,x"), (std::vector<std::string>{"a|b,\"c\"\nd|", "||x"}));
}

TEST(CsvRowsTest, ByteOrderMarkAndBlankLinesAreNoCells) {
  EXPECT_EQ(Rows("\xEF\xBB\xBF"
                 "a,b\n\n\nc,d\n\n"),
            (std::vector<std::string>{"a|b", "c|d"}));
}

TEST(CsvRowsTest, CarriageReturnEndsALineOnlyWhereTheJobSaysSo) {
  EXPECT_EQ(Rows("a\r\nb\r\n", {',', true}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Rows("a\r\nb\n", {',', false}), (std::vector<std::string>{"a\r", "b"}));
  EXPECT_EQ(Rows("\"a\nb\",c\nd\r\n", {',', true}), (std::vector<std::string>{"a\nb|c", "d"}));
}

TEST(CsvRowsTest, BlanksBesideAQuoteBreakTheRowAndTheNextOneIsWhole) {
  EXPECT_EQ(Rows("a, \"b\"\nc,d\n"), (std::vector<std::string>{"!a", "c|d"}));
  EXPECT_EQ(Rows("\"a\" ,b\nc,d\n"), (std::vector<std::string>{"!", "c|d"}));
  EXPECT_EQ(Rows("\"open,b\nc,d\n"), (std::vector<std::string>{"!"}));
}

TEST(CsvRowsTest, EveryDelimiterOfTheDocumentsIsKnown) {
  EXPECT_EQ(DelimiterOf("BACKQUOTE"), '`');
  EXPECT_EQ(DelimiterOf("CARET"), '^');
  EXPECT_EQ(DelimiterOf("TAB"), '\t');
  EXPECT_EQ(DelimiterOf("SPACE"), 0);
  EXPECT_EQ(Rows("a;b\n", {';', false}), (std::vector<std::string>{"a|b"}));
}

RC_GTEST_PROP(CsvRowsProperty, WrittenCellsAreReadBack,
              (const std::vector<std::vector<std::string>>& table, bool crlf)) {
  std::string text;
  std::vector<std::vector<std::string>> expected;
  for (const auto& row : table) {
    if (row.empty()) continue;
    expected.push_back(row);
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += '^';
      AppendCsvCell(row[i], text);
    }
    text += crlf ? "\r\n" : "\n";
  }
  CsvRows rows(text, {'^', crlf});
  std::vector<std::vector<std::string>> read;
  std::vector<std::string_view> cells;
  while (rows.Next(cells) == CsvRows::Row::kRow) read.emplace_back(cells.begin(), cells.end());
  RC_ASSERT(read == expected);
  RC_ASSERT(rows.offset() == text.size());
}

TEST(MultipartTest, PartsAreFoundByName) {
  const auto parts = ParseMultipart("multipart/form-data; boundary=\"B\"",
                                    "--B\r\nContent-Type: application/json\r\nContent-Disposition: "
                                    "form-data; name=\"job\"\r\n\r\n{}\r\n--B\r\n"
                                    "Content-Disposition: form-data; name=\"content\"; "
                                    "filename=\"content\"\r\n\r\nName\nA\n\r\n--B--\r\n");
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ((*parts)[0].name, "job");
  EXPECT_EQ((*parts)[0].content_type, "application/json");
  EXPECT_EQ((*parts)[1].name, "content");
  EXPECT_EQ((*parts)[1].body, "Name\nA\n");
}

TEST(MultipartTest, BodyWithoutItsEndIsRefused) {
  EXPECT_FALSE(ParseMultipart("multipart/form-data; boundary=B", "--B\r\nx: y\r\n\r\nabc"));
  EXPECT_FALSE(ParseMultipart("multipart/form-data", "--B--"));
}

}  // namespace
}  // namespace firn::sandbox
