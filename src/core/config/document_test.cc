// What could go wrong in production: a file that YAML reads happily but that does not mean what its
// author thinks (a key written twice, `NO` read as false), or a hostile file that eats the machine.
#include "core/config/document.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace firn::config {
namespace {

std::string CodeOf(std::string_view text, const ParseLimits& limits = {}) {
  const auto document = ParseYaml(text, "firn.yaml", limits);
  return document ? "" : document.error().code() + " " + document.error().where();
}

TEST(StrictYaml, KeepsTextAsItStandsAndRemembersWhere) {
  const auto document = ParseYaml("a: NO\nb:\n  - 1.10\n  - 'x'\n", "firn.yaml");
  ASSERT_TRUE(document) << document.error().OneLine();
  EXPECT_EQ(document->root.Find("a")->text, "NO");
  const Node* b = document->root.Find("b");
  ASSERT_EQ(b->items.size(), 2U);
  EXPECT_EQ(b->items[0].text, "1.10");
  EXPECT_FALSE(b->items[0].quoted);
  EXPECT_TRUE(b->items[1].quoted);
  EXPECT_EQ(document->Where(b->items[1].mark), "firn.yaml:4:5");
  EXPECT_EQ(document->root.entries[1].key_mark.line, 2);
}

TEST(StrictYaml, ReadsJson) {
  const auto document = ParseYaml(R"({"a": {"b": [1, "two", null]}, "c": "\u00e9"})", "x.json");
  ASSERT_TRUE(document) << document.error().OneLine();
  const Node* list = document->root.Find("a")->Find("b");
  ASSERT_EQ(list->items.size(), 3U);
  EXPECT_EQ(list->items[2].type, Node::Type::kNull);
  EXPECT_EQ(document->root.Find("c")->text, "é");
}

TEST(StrictYaml, AnEmptyFileIsNull) {
  EXPECT_EQ(ParseYaml("", "f")->root.type, Node::Type::kNull);
  EXPECT_EQ(ParseYaml("# only a comment\n", "f")->root.type, Node::Type::kNull);
}

TEST(StrictYaml, RefusesADuplicateKeyAndNamesBothLines) {
  const auto document = ParseYaml("lake: 1\nx: 2\nlake: 3\n", "firn.yaml");
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code(), "CONFIG-YAML-002");
  EXPECT_EQ(document.error().where(), "firn.yaml:3:1");
  EXPECT_EQ(document.error().why(), "it already stands in line 1");
  EXPECT_EQ(document.error().kind(), Kind::kBadConfig);
}

TEST(StrictYaml, RefusesDuplicateKeysInJsonToo) {
  EXPECT_EQ(CodeOf(R"({"a": 1, "a": 2})"), "CONFIG-YAML-002 firn.yaml:1:10");
}

TEST(StrictYaml, RefusesTagsMergeKeysAndSecondDocuments) {
  EXPECT_EQ(CodeOf("a: !!int 3\n").substr(0, 15), "CONFIG-YAML-003");
  EXPECT_EQ(CodeOf("a: !Ref x\n").substr(0, 15), "CONFIG-YAML-003");
  EXPECT_EQ(CodeOf("a: &x {b: 1}\nc:\n  <<: *x\n").substr(0, 15), "CONFIG-YAML-003");
  EXPECT_EQ(CodeOf("a: 1\n---\nb: 2\n").substr(0, 15), "CONFIG-YAML-003");
  EXPECT_EQ(CodeOf("[a, b]: 1\n").substr(0, 15), "CONFIG-YAML-003");
}

TEST(StrictYaml, NamesThePlaceOfASyntaxError) {
  EXPECT_EQ(CodeOf("a: 1\nb: [1, 2\n").substr(0, 15), "CONFIG-YAML-001");
  EXPECT_EQ(CodeOf("a: 1\n\tb: 2\n").substr(0, 27), "CONFIG-YAML-001 firn.yaml:2");
}

TEST(StrictYaml, RefusesBytesThatAreNotText) {
  EXPECT_EQ(CodeOf("a: \xff\n"), "CONFIG-YAML-001 firn.yaml");
  EXPECT_EQ(CodeOf(std::string_view("a: \0b\n", 6)), "CONFIG-YAML-001 firn.yaml");
}

TEST(StrictYaml, ExpandsAliases) {
  const auto document = ParseYaml("a: &x {k: [1, 2]}\nb: *x\n", "f");
  ASSERT_TRUE(document) << document.error().OneLine();
  EXPECT_EQ(document->root.Find("b")->Find("k")->items.size(), 2U);
}

TEST(StrictYaml, StopsABillionLaughs) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += last + (j < 9 ? ", " : "]\n");
  }
  EXPECT_EQ(CodeOf(bomb).substr(0, 15), "CONFIG-YAML-004");
}

TEST(StrictYaml, StopsAtItsLimitsOfDepthAndSize) {
  EXPECT_EQ(CodeOf(std::string(65, '[') + std::string(65, ']')).substr(0, 15), "CONFIG-YAML-004");
  EXPECT_EQ(CodeOf(std::string(100'000, '[')).substr(0, 11), "CONFIG-YAML");
  ParseLimits limits;
  limits.bytes_max = 10;
  EXPECT_EQ(CodeOf("a: 0123456789\n", limits), "CONFIG-YAML-004 firn.yaml");
  limits = {};
  limits.nodes_max = 5;
  EXPECT_EQ(CodeOf("[1, 2, 3, 4, 5, 6]", limits).substr(0, 15), "CONFIG-YAML-004");
}

// Double-quoted, so that any text survives: YAML's escapes are a superset of JSON's.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

RC_GTEST_PROP(StrictYaml, AnyKeysAndValuesComeBackInOrder, ()) {
  const auto letters = rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'));
  const auto pairs = *rc::gen::container<std::map<std::string, std::string>>(letters, letters);
  std::string text = "{";
  for (const auto& [key, value] : pairs) text += Quoted(key) + ": " + Quoted(value) + ",\n ";
  text += "}\n";
  const auto document = ParseYaml(text, "f");
  RC_ASSERT(document.has_value());
  RC_ASSERT(document->root.entries.size() == pairs.size());
  size_t at = 0;
  for (const auto& [key, value] : pairs) {
    RC_ASSERT(document->root.entries[at].key == key);
    RC_ASSERT(document->root.entries[at].value.text == value);
    ++at;
  }
}

RC_GTEST_PROP(StrictYaml, AnyBytesGiveATreeOrAnErrorWithAPlace, (const std::string& bytes)) {
  const auto document = ParseYaml(bytes, "f");
  if (!document) {
    RC_ASSERT(document.error().kind() == Kind::kBadConfig);
    RC_ASSERT(document.error().where().starts_with("f"));
  }
}

}  // namespace
}  // namespace firn::config
