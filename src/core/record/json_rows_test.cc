// What could go wrong in production: an object that Bulk refuses comes by REST and its rows differ
// from what Bulk would have given.
#include "core/record/json_rows.h"

#include <gtest/gtest.h>

namespace firn::record {
namespace {

Layout TwoColumns() {
  Layout layout;
  layout.columns = {{.name = "Id"}, {.name = "Amount"}};
  return layout;
}

TEST(JsonRows, NumbersKeepTheirTextAndNullIsEmpty) {
  const auto page = CsvFromRecords(
      R"([{"Amount": 0.10000000000000001 ,"Id":"a\"b","Other":{"x":[1]}},{"Id":null},{}])",
      TwoColumns());
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->csv,
            "\"Id\",\"Amount\"\n\"a\"\"b\",\"0.10000000000000001\"\n\"\",\"\"\n\"\",\"\"\n");
  EXPECT_EQ(page->rows, 3);
}

TEST(JsonRows, WhatIsNoListOfRecordsIsAnError) {
  for (const char* text :
       {"", "{}", "[1]", "{\"records\":3}", "[{\"Id\":\"a\"", "[{\"Id\":\"\xff\"}]", "[]x"}) {
    const auto page = CsvFromRecords(text, TwoColumns());
    ASSERT_FALSE(page.has_value()) << text;
    EXPECT_EQ(page.error().code(), "REC-JSON-001");
  }
}

}  // namespace
}  // namespace firn::record
