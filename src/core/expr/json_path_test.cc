// What could go wrong in production: a rule that sends a neighbour's field to the finance system,
// or an amount whose digits changed on the way.
#include "core/expr/json_path.h"

#include <gtest/gtest.h>

namespace firn::expr {
namespace {

constexpr std::string_view kEvent = R"({
  "id": "7bf7", "time": "2026-11-26T02:00:00Z", "resources": ["first", "second"],
  "detail": {"payload": {"Amount": 1250.10, "Big": 12345678901234567890123, "Name": "A \"B\" ",
             "Lines__c": [{"Sku": "x", "n": 1}, {"Sku": "y"}], "instance-id": "i-0", "a/b": true,
             "Empty": null}}})";

std::string Find(std::string_view path) {
  const auto parsed = JsonPath::Parse(path);
  if (!parsed) return "refused: " + parsed.error().why();
  JsonText text;
  text.Load(kEvent);
  const auto found = text.Find(*parsed);
  if (!found) return "error: " + found.error().code();
  return *found ? **found : "nothing";
}

TEST(JsonPath, FindsValuesAsTheyStand) {
  EXPECT_EQ(Find("$.id"), R"("7bf7")");
  EXPECT_EQ(Find("$.detail.payload.Amount"), "1250.10");
  EXPECT_EQ(Find("$.detail.payload.Big"), "12345678901234567890123");
  EXPECT_EQ(Find("$.detail.payload.Name"), R"("A \"B\" ")");
  EXPECT_EQ(Find("$.detail.payload.instance-id"), R"("i-0")");
  EXPECT_EQ(Find("$.detail.payload.a/b"), "true");
  EXPECT_EQ(Find("$.detail.payload.Empty"), "null");
}

TEST(JsonPath, FindsElementsAndMinifiesWhatItFinds) {
  EXPECT_EQ(Find("$.resources[1]"), R"("second")");
  EXPECT_EQ(Find("$.detail.payload.Lines__c[0]"), R"({"Sku":"x","n":1})");
  EXPECT_EQ(Find("$.resources"), R"(["first","second"])");
  EXPECT_EQ(Find("$").substr(0, 12), R"({"id":"7bf7")");
}

TEST(JsonPath, WildcardsGiveLists) {
  EXPECT_EQ(Find("$.detail.payload.Lines__c[*].Sku"), R"(["x","y"])");
  EXPECT_EQ(Find("$.detail.payload.Lines__c[*].n"), "[1]");
  EXPECT_EQ(Find("$.resources.*"), R"(["first","second"])");
}

TEST(JsonPath, WhatIsNotThereIsNothingAndNotAnError) {
  EXPECT_EQ(Find("$.nowhere"), "nothing");
  EXPECT_EQ(Find("$.resources[7]"), "nothing");
  EXPECT_EQ(Find("$.id.further"), "nothing");
  EXPECT_EQ(Find("$.resources.name"), "nothing");
  EXPECT_EQ(Find("$.resources[*].name"), "nothing");
}

TEST(JsonPath, OtherSyntaxIsRefusedWithItsColumn) {
  EXPECT_EQ(Find("detail"), "refused: column 1: a path begins with `$`");
  EXPECT_EQ(Find("$.detail['payload']"),
            "refused: column 10: only a number or `*` may stand in brackets; names follow dots");
  EXPECT_EQ(Find("$..id"), "refused: column 3: a name or `*` is due here");
  EXPECT_EQ(Find("$.a[1"), "refused: column 6: `]` is missing");
  EXPECT_EQ(Find("$.a b"), "refused: column 4: `.` or `[` is due here");
  EXPECT_EQ(Find("$." + std::string(255, 'a')),
            "refused: column 257: a path has at most 256 characters");
}

TEST(JsonPath, ATextThatIsNoJsonIsAnError) {
  JsonText text;
  text.Load(R"({"a": )");
  const auto found = text.Find(*JsonPath::Parse("$.a"));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), "EXPR-EVENT-001");
}

}  // namespace
}  // namespace firn::expr
