// What could go wrong in production: a related record or a null that is shown as something else.
#include "app/cli/commands/org_rows.h"

#include <gtest/gtest.h>

namespace firn::cli {
namespace {

TEST(Records, FlattenRelatedRecordsAndKeepTheirOrder) {
  RecordTable records;
  ASSERT_TRUE(records.Add(
      R"({"attributes":{"type":"Contact"},"Name":"Zoë","Owner":{"attributes":{},"Alias":"x"},"N":1.5,"B":null})"));
  ASSERT_TRUE(records.Add(R"({"attributes":{},"Name":"NA","Address":{"city":"Oslo"}})"));
  EXPECT_EQ(FormatTable(records.Take(), 0, false),
            "Name\tOwner.Alias\tN\tB\tAddress\n"
            "Zoë\tx\t1.5\t-\t-\n"
            "NA\t-\t-\t-\t{\"city\":\"Oslo\"}\n");
}

TEST(Records, AreRefusedWhenTheyAreNone) {
  RecordTable records;
  EXPECT_EQ(records.Add("[1]").error().code(), "CLI-ORG-001");
  EXPECT_EQ(records.Add("{\"a\":").error().kind(), Kind::kCorrupt);
  EXPECT_FALSE(FieldTable("{}"));
}

TEST(Describes, ShowTypeSizeAndReferences) {
  const auto table = FieldTable(
      R"({"fields":[{"name":"AccountId","type":"reference","length":18,"nillable":true,"custom":false,
          "referenceTo":["Account"],"label":"Account ID"},
         {"name":"Amount","type":"currency","precision":18,"scale":2,"nillable":true,"label":"Amount"}]})");
  ASSERT_TRUE(table);
  EXPECT_EQ(FormatTable(*table, 0, false),
            "field\ttype\tsize\tnull\tcustom\trefers to\tlabel\n"
            "AccountId\treference\t18\tyes\tno\tAccount\tAccount ID\n"
            "Amount\tcurrency\t18,2\tyes\tno\t-\tAmount\n");
}

}  // namespace
}  // namespace firn::cli
