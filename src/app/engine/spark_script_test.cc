// What could go wrong in production: Spark lets the snapshot go that says where a stream goes on,
// or a step that failed is taken for done.
#include <gtest/gtest.h>

#include "app/engine/spark_maintenance.h"

namespace firn::engine {
namespace {

const std::vector<SparkTable> kTables = {{{"sales.eu", "De'al"}, 5000}, {{"sales", "Other"}, {}}};

TEST(SparkScript, NamesAreQuotedAndStepsMarked) {
  SparkSteps steps;
  steps.sort_by = {"Id"};
  const std::string script = SparkScript(kTables, steps, 1'000'000'000'000);
  EXPECT_NE(script.find(
                "rewrite_data_files(table => '`firn`.`sales`.`eu`.`De\\'al`', strategy => 'sort', "
                "sort_order => '`Id` ASC NULLS LAST'"),
            std::string::npos)
      << script;
  EXPECT_NE(script.find("SELECT 'firn-step', 'expire', '1';\n"), std::string::npos);
  EXPECT_EQ(script.find("rewrite-all"), std::string::npos);
  steps.rewrite_all = true;
  EXPECT_NE(SparkScript(kTables, steps, 1).find("'true', 'rewrite-all', 'true'));"),
            std::string::npos);
}

TEST(SparkScript, SnapshotsWithMarksStay) {
  SparkSteps steps;
  steps.compact = steps.manifests = false;
  steps.older_than_ms = 0;
  const std::string script = SparkScript(kTables, steps, 9000);
  EXPECT_NE(script.find("older_than => timestamp_millis(5000), retain_last => 1"),
            std::string::npos)
      << script;
  EXPECT_NE(script.find("older_than => timestamp_millis(9000)"), std::string::npos);
  EXPECT_EQ(script.find("rewrite"), std::string::npos);
}

TEST(SparkOutput, IsReadByItsMarks) {
  SparkSteps steps;
  steps.manifests = false;
  const auto rows = ReadSparkOutput(kTables, steps,
                                    "some noise\n"
                                    "firn-step\tcompact\t0\n6\t1\t12345\t0\t0\n"
                                    "firn-step\texpire\t0\n7\t0\t0\t2\t2\t0\n"
                                    "firn-step\tcompact\t1\nError: it failed\n"
                                    "firn-step\texpire\t1\n0\t0\t0\t0\t0\t0\n");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].files_rewritten, 6);
  EXPECT_EQ(rows[0].files_added, 1);
  EXPECT_EQ(rows[0].bytes_rewritten, 12345);
  EXPECT_EQ(rows[0].data_files_deleted, 7);
  EXPECT_EQ(rows[0].failed, "");
  EXPECT_EQ(rows[1].failed, "compact");
}

}  // namespace
}  // namespace firn::engine
