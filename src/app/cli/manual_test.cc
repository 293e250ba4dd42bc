// What could go wrong: a word of a command's help is read as a request of the formatter, and a part
// of the page is gone.
#include "app/cli/manual.h"

#include <gtest/gtest.h>

namespace firn::cli {
namespace {

TEST(RoffText, NoLineIsARequestAndNothingIsLost) {
  EXPECT_EQ(RoffText(".TH is text"), "\\&.TH is text");
  EXPECT_EQ(RoffText("a\n'b"), "a\n\\&\\(aqb");
  EXPECT_EQ(RoffText("C:\\new `x` --y"), "C:\\enew \\(gax\\(ga \\-\\-y");
}

TEST(ManualPages, OnePageOfTheProgramAndOneOfEachCommand) {
  CommandTree tree;
  tree.AddGroup({"lake", "the tables"});
  tree.Add({.path = "lake show",
            .summary = "what a table is",
            .arguments = {{.name = "table", .help = "its name"}},
            .options = {{.name = "snapshot", .value = "ID", .help = "an older state"}},
            .examples = {"firn lake show salesforce.Account"},
            .details = "A paragraph.\n  as it stands",
            .run = [](Context&) -> Result<ExitCode> { return ExitCode::kDone; }});
  const auto pages = ManualPages(tree, "1.2.3");
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_EQ(pages[0].name, "firn");
  EXPECT_NE(pages[0].text.find("firn\\-lake\\-show\\fR(1)"), std::string::npos);
  EXPECT_EQ(pages[1].name, "firn-lake-show");
  for (const char* part : {".TH \"FIRN-LAKE-SHOW\" \"1\" \"\" \"firn 1.2.3\"",
                           "firn\\-lake\\-show \\- what a table is", "[options] TABLE",
                           "\\fB\\-\\-snapshot\\fR \\fIID\\fR\nan older state", ".SH EXAMPLES",
                           "A paragraph.", ".nf\nas it stands\n.fi"}) {
    EXPECT_NE(pages[1].text.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace firn::cli
