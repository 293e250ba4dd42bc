// What could go wrong in production: an upgrade that drops a field or changes a scale, unreported;
// or a report so full of addresses that nobody reads it.
#include "app/cli/commands/org_diff.h"

#include <gtest/gtest.h>

namespace firn::cli {
namespace {

std::string Told(const std::vector<Difference>& found) {
  std::string text;
  for (const Difference& one : found) {
    text += one.part + " " + one.what + ": " + one.here + " -> " + one.there + "\n";
  }
  return text;
}

TEST(OrgDiff, DescribesDifferByFieldAndProperty) {
  std::vector<Difference> found;
  ASSERT_TRUE(DiffDescribes(
      "Account",
      R"({"name":"Account","urls":{"d":"/v60.0"},"fields":[{"name":"Fax","type":"phone"},
          {"name":"Amount","type":"currency","scale":2}]})",
      R"({"name":"Account","urls":{"d":"/v61.0"},"mergeable":true,"fields":[
          {"name":"Amount","type":"currency","scale":3},{"name":"New__c","type":"string"}]})",
      found));
  EXPECT_EQ(Told(found),
            "describe mergeable:  -> true\n"
            "describe Amount.scale: 2 -> 3\n"
            "describe field Fax: there -> \n"
            "describe field New__c:  -> there\n");
  EXPECT_EQ(DiffDescribes("Account", "[]", "{}", found).error().code(), "CLI-ORG-001");
}

TEST(OrgDiff, RecordsDifferByValueNotByAddress) {
  std::vector<Difference> found;
  ASSERT_TRUE(DiffRecords(
      "Account",
      R"({"attributes":{"type":"Account","url":"/v60.0/x"},"Id":"001","Name":"a","Fax":null})",
      R"({"attributes":{"type":"Account","url":"/v61.0/x"},"Id":"001","Name":"b","Fax":null})",
      found));
  EXPECT_EQ(Told(found), "query record 001.Name: \"a\" -> \"b\"\n");
}

TEST(OrgDiff, PagesDifferInColumnsOrAtTheirFirstLine) {
  std::vector<Difference> found;
  DiffPages("Account", "\"Id\"\n\"1\"\n", "\"Id\"\n\"1\"\n", found);
  EXPECT_TRUE(found.empty());
  DiffPages("Account", "\"Id\"\n\"1\"\n", "\"Id\"\n\"2\"\n", found);
  DiffPages("Account", "\"Id\"\n", "\"Id\",\"Name\"\n", found);
  EXPECT_EQ(Told(found), "job line 2: \"1\" -> \"2\"\njob columns: \"Id\" -> \"Id\",\"Name\"\n");
}

TEST(OrgDiff, CompoundsAndBlobsAreNotForBulk) {
  const auto fields = PlainFields(
      R"({"fields":[{"name":"Id","type":"id"},{"name":"A","type":"address"},
          {"name":"B","type":"base64"},{"name":"C","type":"string"}]})");
  ASSERT_TRUE(fields);
  EXPECT_EQ(*fields, (std::vector<std::string>{"Id", "C"}));
}

}  // namespace
}  // namespace firn::cli
