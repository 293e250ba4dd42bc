// What could go wrong in production: a rule that is read in another sense than it was written, or
// refused without the place to mend.
#include "core/config/json_document.h"

#include <gtest/gtest.h>

namespace firn::config {
namespace {

std::string Problem(std::string_view text, const JsonOptions& options = {}) {
  const auto document = ParseJson(text, "r.json", options);
  if (document) return "none";
  return document.error().code() + " " + document.error().where() + " " + document.error().what();
}

TEST(JsonDocument, ValuesRememberTheirPlaces) {
  const auto document =
      ParseJson("{\"a\": 1.50,\n  \"b\": [true, \"x\\u00e9\\ud83d\\ude00\\/\", null]}", "r.json");
  ASSERT_TRUE(document) << document.error().OneLine();
  const Node& a = *document->root.Find("a");
  EXPECT_EQ(a.text, "1.50");
  EXPECT_FALSE(a.quoted);
  const Node& b = *document->root.Find("b");
  EXPECT_EQ(document->Where(b.mark), "r.json:2:8");
  ASSERT_EQ(b.items.size(), 3U);
  EXPECT_EQ(b.items[0].text, "true");
  EXPECT_EQ(b.items[1].text, "x\xC3\xA9\xF0\x9F\x98\x80/");
  EXPECT_TRUE(b.items[1].quoted);
  EXPECT_EQ(b.items[2].type, Node::Type::kNull);
}

TEST(JsonDocument, DuplicateKeysAreRefused) {
  EXPECT_EQ(Problem("{\"a\": 1,\n \"a\": 2}"), "CONFIG-YAML-002 r.json:2:2 duplicate key `a`");
}

TEST(JsonDocument, RawKeysKeepTheirTextAndTheirOwnRules) {
  JsonOptions options;
  options.raw_keys = {"EventPattern"};
  const auto document = ParseJson(
      R"({"EventPattern": {"a": [1 ], "a": [2]}, "b": {"EventPattern": "text"}})", "r", options);
  ASSERT_TRUE(document) << document.error().OneLine();
  const Node& pattern = *document->root.Find("EventPattern");
  EXPECT_EQ(pattern.text, R"({"a": [1 ], "a": [2]})");
  EXPECT_FALSE(pattern.quoted);
  EXPECT_TRUE(document->root.Find("b")->Find("EventPattern")->quoted);
}

TEST(JsonDocument, WhatIsNoJsonIsRefusedWhereItBreaks) {
  EXPECT_EQ(Problem(""), "CONFIG-JSON-001 r.json:1:1 not valid JSON");
  EXPECT_EQ(Problem("{\"a\": 01}"), "CONFIG-JSON-001 r.json:1:8 not valid JSON");
  EXPECT_EQ(Problem("{a: 1}"), "CONFIG-JSON-001 r.json:1:2 not valid JSON");
  EXPECT_EQ(Problem("[1,]"), "CONFIG-JSON-001 r.json:1:4 not valid JSON");
  EXPECT_EQ(Problem("[1] 2"), "CONFIG-JSON-001 r.json:1:5 not valid JSON");
  EXPECT_EQ(Problem(R"(["\ud83d"])"), "CONFIG-JSON-001 r.json:1:9 not valid JSON");
  EXPECT_EQ(Problem("[\"a\nb\"]"), "CONFIG-JSON-001 r.json:1:4 not valid JSON");
  EXPECT_EQ(Problem("[\"\xff\"]"), "CONFIG-JSON-001 r.json the file is not UTF-8 text");
}

TEST(JsonDocument, DepthAndSizeAreBounded) {
  EXPECT_EQ(Problem(std::string(100'000, '[')).substr(0, 15), "CONFIG-YAML-004");
  JsonOptions options;
  options.limits.bytes_max = 4;
  EXPECT_EQ(Problem("[1,2]", options).substr(0, 15), "CONFIG-YAML-004");
}

}  // namespace
}  // namespace firn::config
