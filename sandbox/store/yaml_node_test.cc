// What could go wrong in production: the quick reader of the built-in object files understands one
// of them differently than YAML does, and the org has a field that nobody wrote.
#include "sandbox/store/yaml_node.h"

#include <gtest/gtest.h>

#include "sandbox/store/object_file.h"

namespace firn::sandbox {
namespace {

void ExpectSame(const YamlNode& a, const YamlNode& b, const std::string& where) {
  ASSERT_EQ(a.kind, b.kind) << where << " line " << b.line;
  EXPECT_EQ(a.scalar, b.scalar) << where << " line " << b.line;
  ASSERT_EQ(a.keys, b.keys) << where << " line " << b.line;
  ASSERT_EQ(a.items.size(), b.items.size()) << where << " line " << b.line;
  for (size_t i = 0; i < a.items.size(); ++i) ExpectSame(a.items[i], b.items[i], where);
}

TEST(YamlNode, BothReadersMakeOneTreeOfEveryBuiltInFile) {
  for (const BuiltInFile& file : BuiltInObjectFiles()) {
    const auto full = ReadYaml(file.yaml);
    const auto plain = ReadPlainYaml(file.yaml);
    ASSERT_TRUE(full) << file.name << ' ' << full.error().OneLine();
    ASSERT_TRUE(plain) << file.name << ' ' << plain.error().OneLine();
    ExpectSame(*plain, *full, std::string(file.name));
  }
}

TEST(YamlNode, BrokenTextIsRefusedWithItsPlace) {
  for (const char* text :
       {"a: [1, 2", "fields:\n  - {name: X", "fields:\n  - {name}\n", "a: \"x"}) {
    const auto read = ReadPlainYaml(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), "SBX-SCHEMA-001");
  }
  EXPECT_FALSE(ReadYaml("a: [1"));
}

}  // namespace
}  // namespace firn::sandbox
