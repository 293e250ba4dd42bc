// A value with a line feed in it must not forge a second log line.
#include "core/base/log_line.h"

#include <gtest/gtest.h>

#include "core/base/file.h"
#include "core/base/time_text.h"
#include "tests/support/test_folder.h"

namespace firn::log {
namespace {

const UtcMicros kTime = ParseInstant("2026-11-24T02:56:02.123Z").value();

TEST(LogLine, LogfmtQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(LogfmtLine(kTime, Level::kWarn, "net.drop",
                       {{"rows", 3},
                        {"path", "a/b"},
                        {"why", "two words"},
                        {"empty", ""},
                        {"ok", true},
                        {"share", 0.5}}),
            "ts=2026-11-24T02:56:02.123Z level=warn event=net.drop rows=3 path=a/b "
            "why=\"two words\" empty=\"\" ok=true share=0.5");
}

TEST(LogLine, ControlCharactersCannotForgeALine) {
  const std::string value = "x\nts=1 level=error \"\x01\xff";
  const std::string line = LogfmtLine(kTime, Level::kInfo, "e", {{"v", value}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find("v=\"x\\nts=1 level=error \\\"\\u0001\\ufffd\""), std::string::npos) << line;
}

TEST(LogLine, JsonIsOneObject) {
  EXPECT_EQ(JsonLine(kTime, Level::kError, "e", {{"a\"b", "c\td"}, {"n", int64_t{-1}}}),
            "{\"ts\":\"2026-11-24T02:56:02.123Z\",\"level\":\"error\",\"event\":\"e\","
            "\"a\\\"b\":\"c\\td\",\"n\":-1}");
}

TEST(Log, WritesToItsFileFromTheConfiguredLevelUp) {
  const TestFolder folder;
  const std::string path = folder.path() + "/firn.log";
  Configure({.level = Level::kInfo, .json = true, .file = path});
  Debug("hidden");
  Info("shown", {{"n", 1}});
  Configure({});
  const std::string text = ReadFile(path).value();
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_NE(text.find("\"event\":\"shown\",\"n\":1}\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace firn::log
