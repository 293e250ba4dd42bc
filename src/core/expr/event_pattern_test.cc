// What could go wrong in production: a pattern with a mistake that is taken and never fires, or a
// good one that is refused; a message that does not say where the mistake stands.
#include "core/expr/event_pattern.h"

#include <gtest/gtest.h>

namespace firn::expr {
namespace {

std::string Complaint(std::string_view pattern) {
  const auto parsed = ParseEventPattern(pattern);
  if (parsed) return "taken";
  EXPECT_EQ(parsed.error().kind(), Kind::kBadInput);
  return parsed.error().why() + " at " + parsed.error().where();
}

TEST(EventPattern, MistakesAreToldInTheVendorsWordsWithTheirPlace) {
  EXPECT_EQ(Complaint("[1]"), "Filter is not an object at line 1, column 2");
  EXPECT_EQ(Complaint("{}"), "Empty objects are not allowed at line 1, column 3");
  EXPECT_EQ(Complaint(R"({"a": {}})"), "Empty objects are not allowed at line 1, column 9");
  EXPECT_EQ(Complaint(R"({"a": []})"), "Empty arrays are not allowed at line 1, column 9");
  EXPECT_EQ(Complaint("{\n  \"a\": 5\n}"),
            "\"a\" must be an object or an array at line 2, column 9");
  EXPECT_EQ(Complaint(R"({"a": [[1]]})"),
            "Match value must be String, number, true, false, or null at line 1, column 9");
  EXPECT_EQ(Complaint(R"({"a": [{"regex": "x"}]})"),
            "Unrecognized match type regex at line 1, column 17");
  EXPECT_EQ(Complaint(R"({"a": [{}]})"), "Match expression name not found at line 1, column 10");
  EXPECT_EQ(Complaint(R"({"a": [{"prefix": 5}]})"),
            "prefix match pattern must be a string at line 1, column 20");
  EXPECT_EQ(Complaint(R"({"a": [{"prefix": "x", "suffix": "y"}]})"),
            "Only one key allowed in match expression at line 1, column 33");
  EXPECT_EQ(Complaint(R"({"a": [{"exists": "yes"}]})"),
            "exists match pattern must be either true or false. at line 1, column 24");
  EXPECT_EQ(Complaint(R"({"a": [{"wildcard": "a**b"}]})"),
            "Consecutive wildcard characters at pos 2 at line 1, column 27");
  EXPECT_EQ(Complaint(R"({"a": [{"wildcard": "a\\b"}]})"),
            "Invalid escape character at pos 2 at line 1, column 27");
  EXPECT_EQ(Complaint(R"({"a": [1)"), "unexpected end of input at line 1, column 9");
}

TEST(EventPattern, NumericMistakesAreTold) {
  EXPECT_EQ(Complaint(R"({"a": [{"numeric": 5}]})"),
            "Value of numeric must be an array. at line 1, column 21");
  EXPECT_EQ(Complaint(R"({"a": [{"numeric": ["!", 5]}]})"),
            "Unrecognized numeric range operator: ! at line 1, column 24");
  EXPECT_EQ(Complaint(R"({"a": [{"numeric": ["=", "5"]}]})"),
            "Value of equals must be numeric at line 1, column 29");
  EXPECT_EQ(Complaint(R"({"a": [{"numeric": [">", 5, "<", 5]}]})"),
            "Bottom must be less than top at line 1, column 35");
  EXPECT_EQ(Complaint(R"({"a": [{"numeric": ["<", 5, ">", 1]}]})"),
            "Too many elements in numeric expression at line 1, column 32");
  EXPECT_EQ(Complaint(R"({"a": [{"numeric": [">", 1, ">", 2]}]})"),
            "Bad numeric range operator: > at line 1, column 32");
  EXPECT_EQ(Complaint(R"({"a": [{"numeric": ["=", 123456789012345678901]}]})"),
            "Cannot compare number : 123456789012345678901 at line 1, column 47");
}

TEST(EventPattern, AnythingButMistakesAreTold) {
  EXPECT_EQ(Complaint(R"({"a": [{"anything-but": ["x", 5]}]})").substr(0, 70),
            "Inside anything but list, either all values are number or string, mixe");
  EXPECT_EQ(Complaint(R"({"a": [{"anything-but": []}]})").substr(0, 30),
            "Inside anything but list, eith");
  EXPECT_EQ(Complaint(R"({"a": [{"anything-but": null}]})").substr(0, 66),
            "Value of anything-but must be an array or single string/number val");
  EXPECT_EQ(Complaint(R"({"a": [{"anything-but": {"prefix": ""}}]})").substr(0, 30),
            "Null prefix/suffix not allowed");
  EXPECT_EQ(Complaint(R"({"a": [{"anything-but": {"cidr": "x"}}]})").substr(0, 38),
            "Unsupported anything-but pattern: cidr");
}

TEST(EventPattern, WildcardsThatEventBridgeRefusesAsTooComplexAreRefused) {
  EXPECT_EQ(Complaint(R"({"a": [{"wildcard": "*:*:*:*:*:event-bus/*"}]})").substr(0, 19),
            "Rule is too complex");
  EXPECT_EQ(Complaint(R"({"a": [{"anything-but": {"wildcard": "*:*:*:*:*:x/*"}}]})").substr(0, 19),
            "Rule is too complex");
  EXPECT_EQ(Complaint(R"({"a": [{"wildcard": "arn:*:events:*:*:event-bus/*"}]})"), "taken");
  const auto parsed = ParseEventPattern(R"({"a": [{"wildcard": "*a*a*a*a*a*a*a*a"}]})");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code(), "EXPR-PATTERN-003");
}

TEST(EventPattern, CidrMistakesAreTold) {
  EXPECT_EQ(Complaint(R"({"a": [{"cidr": "10.0.0.0"}]})").substr(0, 32),
            "Malformed CIDR, one '/' required");
  EXPECT_EQ(Complaint(R"({"a": [{"cidr": "10.0.0.0/x"}]})").substr(0, 43),
            "Malformed CIDR, mask bits must be an intege");
  EXPECT_EQ(Complaint(R"({"a": [{"cidr": "10.0.0.0/32"}]})").substr(0, 27),
            "IPv4 mask bits must be < 32");
  EXPECT_EQ(Complaint(R"({"a": [{"cidr": "a.b/8"}]})").substr(0, 27),
            "Invalid IP address: a.b at ");
}

TEST(EventPattern, OrMultipliesWhatStoodBeforeIt) {
  const auto pattern = ParseEventPattern(
      R"({"a": [1], "$or": [{"b": [2]}, {"c": [3]}], "d": {"$or": [{"e": [4]}, {"f": [5]}]}})");
  ASSERT_TRUE(pattern.has_value());
  ASSERT_EQ(pattern->alternatives.size(), 4U);
  for (const PatternFields& fields : pattern->alternatives) EXPECT_EQ(fields.size(), 3U);
  EXPECT_TRUE(pattern->alternatives[0].contains("d.e"));
  EXPECT_TRUE(pattern->alternatives[3].contains("d.f"));
}

TEST(EventPattern, AFieldCalledOrIsTakenWhereTheOperatorCannotBeMeant) {
  EXPECT_EQ(Complaint(R"({"$or": ["x", "y"]})"), "taken");
  EXPECT_EQ(Complaint(R"({"$or": [{"prefix": "x"}]})"), "taken");
  EXPECT_EQ(Complaint(R"({"$or": {}})"),
            "It must be an Array followed with $or. at line 1, column 10");
}

TEST(EventPattern, AlternativesAreBounded) {
  std::string pattern = "{";
  for (int i = 0; i < 10; ++i) {
    pattern += (i == 0 ? "" : ",") + std::string(R"("n)") + std::to_string(i) +
               R"(": {"$or": [{"a":[1]},{"b":[2]}]})";
  }
  const auto parsed = ParseEventPattern(pattern + "}");
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().code(), "EXPR-PATTERN-002");
}

}  // namespace
}  // namespace firn::expr
