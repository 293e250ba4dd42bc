// What could go wrong in production: a misspelt option that silently keeps its default, a value of
// the wrong unit, a password that lands in a file and then in a log.
#include <gtest/gtest.h>

#include "core/config/field.h"

namespace firn::config {
namespace {

constexpr std::string_view kModes[] = {"fast", "safe"};
constexpr Field kInner[] = {
    {.name = "id", .help = "its name", .example = "prod", .required = true},
    {.name = "wait", .type = FieldType::kDuration, .help = "how long", .default_value = "30s"},
};
constexpr Field kFields[] = {
    {.name = "name", .help = "the name", .example = "desk", .required = true},
    {.name = "share",
     .type = FieldType::kNumber,
     .help = "part of the day's calls",
     .default_value = "0.8",
     .min = 0.01,
     .max = 1},
    {.name = "threads", .type = FieldType::kInteger, .help = "how many", .min = 1, .max = 64},
    {.name = "memory", .type = FieldType::kBytes, .help = "m", .default_value = "512MiB"},
    {.name = "strict", .type = FieldType::kBool, .help = "s", .default_value = "false"},
    {.name = "mode", .type = FieldType::kWord, .help = "m", .words = kModes},
    {.name = "key", .type = FieldType::kSecret, .help = "k"},
    {.name = "include", .type = FieldType::kTextList, .help = "i"},
    {.name = "labels", .type = FieldType::kTextMap, .help = "l"},
    {.name = "one", .type = FieldType::kGroup, .help = "o", .fields = kInner},
    {.name = "many", .type = FieldType::kGroupList, .help = "m", .fields = kInner},
    {.name = "named", .type = FieldType::kGroupMap, .help = "n", .fields = kInner},
};

struct Bound {
  Group group;
  Problems problems;
};

Bound BindText(std::string_view text) {
  const auto document = ParseYaml(text, "firn.yaml");
  EXPECT_TRUE(document) << document.error().OneLine();
  Bound bound;
  const EnvironmentLookup environment = [](const std::string& name) -> const char* {
    return name == "HOME_ORG" ? "desk" : name == "THREADS" ? "4" : nullptr;
  };
  bound.group = Bind(*document, document->root, kFields, environment, &bound.problems);
  return bound;
}

// `code where what | hint`, of the only problem.
std::string Problem(std::string_view text) {
  const Bound bound = BindText(text);
  if (bound.problems.size() != 1) return std::to_string(bound.problems.size()) + " problems";
  const Error& error = bound.problems[0];
  return error.code() + " " + error.where() + " " + error.what() + " | " + error.hint();
}

TEST(FieldTable, GivesTypedValuesAndDefaults) {
  const Bound bound = BindText(
      "name: desk\nthreads: 4\nmemory: 1GiB\nmode: safe\ninclude: [A, B]\nlabels: {a: x}\n"
      "many: [{id: p, wait: 2m}]\nnamed: {q: {id: z}}\nkey: ${file:k.pem}\n");
  ASSERT_TRUE(bound.problems.empty()) << bound.problems[0].OneLine();
  const Group& group = bound.group;
  EXPECT_EQ(group.Text("name"), "desk");
  EXPECT_DOUBLE_EQ(group.Number("share"), 0.8);
  EXPECT_EQ(group.Integer("threads"), 4);
  EXPECT_EQ(group.Bytes("memory"), 1LL << 30);
  EXPECT_FALSE(group.Bool("strict"));
  EXPECT_EQ(group.Text("mode"), "safe");
  EXPECT_EQ(group.TextList("include"), (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(group.TextListWhere("include").size(), 2U);
  EXPECT_EQ(group.TextMap("labels").at("a"), "x");
  EXPECT_FALSE(group.Has("one"));
  EXPECT_EQ(group.Sub("one").Duration("wait"), std::chrono::seconds(30));
  EXPECT_EQ(group.List("many")[0].Duration("wait"), std::chrono::minutes(2));
  EXPECT_EQ(group.Map("named").at("q").Text("id"), "z");
  EXPECT_EQ(group.SecretOf("key").name, "k.pem");
  EXPECT_EQ(group.Where("threads"), "firn.yaml:2:10");
}

TEST(FieldTable, NamesTheNearestKey) {
  EXPECT_EQ(Problem("name: x\nshrae: 0.5\n"),
            "CONFIG-KEY-001 firn.yaml:2:1 unknown key `shrae` | did you mean `share`?");
  EXPECT_EQ(Problem("name: x\none: {id: p, zzzzzzzz: 1}\n"),
            "CONFIG-KEY-001 firn.yaml:2:14 unknown key `zzzzzzzz` | known keys here: `id` `wait`");
}

TEST(FieldTable, ReportsAMissingKeyAtItsGroup) {
  EXPECT_EQ(Problem("threads: 2\n"),
            "CONFIG-KEY-002 firn.yaml:1:1 missing key `name` | add `name: desk`");
  EXPECT_EQ(Problem("name: x\nmany:\n  - wait: 3s\n"),
            "CONFIG-KEY-002 firn.yaml:3:5 missing key `id` in `many[0]` | add `id: prod`");
}

TEST(FieldTable, TakesTypesOnlyFromTheTable) {
  EXPECT_EQ(BindText("name: NO\n").group.Text("name"), "NO");
  EXPECT_EQ(BindText("name: 1.10\n").group.Text("name"), "1.10");
  EXPECT_EQ(Problem("name: x\nstrict: yes\n"),
            "CONFIG-VALUE-001 firn.yaml:2:9 `strict` takes `true` or `false` | ");
  EXPECT_EQ(Problem("name: x\nthreads: '4'\n").substr(0, 31), "CONFIG-VALUE-001 firn.yaml:2:10");
  EXPECT_EQ(Problem("name: x\nthreads: 4x\n").substr(0, 16), "CONFIG-VALUE-001");
  EXPECT_EQ(Problem("name: x\nmode: slow\n"),
            "CONFIG-VALUE-001 firn.yaml:2:7 `mode` takes one of `fast`, `safe` | ");
  EXPECT_EQ(Problem("name: [x]\n").substr(0, 16), "CONFIG-VALUE-001");
  EXPECT_EQ(Problem("name: x\none: 3\n").substr(0, 16), "CONFIG-VALUE-001");
  EXPECT_EQ(Problem("- name\n").substr(0, 16), "CONFIG-VALUE-001");
}

TEST(FieldTable, HoldsNumbersAgainstTheirRange) {
  EXPECT_EQ(Problem("name: x\nshare: 1.5\n"),
            "CONFIG-VALUE-002 firn.yaml:2:8 `share` is 1.5, outside of 0.01 to 1 | ");
  EXPECT_EQ(Problem("name: x\nthreads: 0\n").substr(0, 16), "CONFIG-VALUE-002");
  EXPECT_EQ(Problem("name: x\nshare: nan\n").substr(0, 16), "CONFIG-VALUE-001");
}

TEST(FieldTable, NeverRepeatsASecretThatWasWrittenOut) {
  const Bound bound = BindText("name: x\nkey: hunter2\n");
  ASSERT_EQ(bound.problems.size(), 1U);
  EXPECT_EQ(bound.problems[0].code(), "CONFIG-VALUE-003");
  EXPECT_EQ(bound.problems[0].OneLine().find("hunter2"), std::string::npos);
}

TEST(FieldTable, ReplacesVariablesInTextsAndNumbers) {
  const Bound bound = BindText("name: org-${env:HOME_ORG}-$${x}\nthreads: ${env:THREADS}\n");
  ASSERT_TRUE(bound.problems.empty()) << bound.problems[0].OneLine();
  EXPECT_EQ(bound.group.Text("name"), "org-desk-${x}");
  EXPECT_EQ(bound.group.Integer("threads"), 4);
  EXPECT_EQ(Problem("name: ${env:NOPE}\n").substr(0, 16), "CONFIG-VALUE-004");
  EXPECT_EQ(Problem("name: ${file:x}\n").substr(0, 16), "CONFIG-VALUE-001");
}

TEST(FieldTable, ReportsEverythingAtOnce) {
  EXPECT_EQ(BindText("shrae: 1\nstrict: maybe\nthreads: 99\n").problems.size(), 4U);
}

TEST(FieldTable, MakesItsReferencePage) {
  const std::string page = ReferenceMarkdown(kFields, "");
  EXPECT_NE(page.find("| `many[].wait` | a duration like `30s` | `30s` |"), std::string::npos);
  EXPECT_NE(page.find("| `share` | a number | `0.8` | 0.01 to 1 |"), std::string::npos);
  EXPECT_NE(page.find("the name (required)"), std::string::npos);
}

}  // namespace
}  // namespace firn::config
