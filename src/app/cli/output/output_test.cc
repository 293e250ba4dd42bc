// What could go wrong in production: a table that wraps or lies, JSON that does not parse, an
// escape sequence out of an org's data that takes over the terminal, progress that never ends.
#include "app/cli/output/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>

#include "app/cli/command.h"
#include "app/cli/output/ink.h"
#include "app/cli/output/progress.h"

namespace firn::cli {
namespace {

Table Sample() {
  return {
      .format = "firn.sample/1",
      .columns = {{.key = "name", .title = "object", .ink = Ink::kName},
                  {.key = "rows", .title = "rows", .right = true},
                  {.key = "note", .title = "note", .shrink = true}},
      .rows = {{std::string("Account"), int64_t{12}, std::string("a long note that must give way")},
               {std::string("商談"), int64_t{1234567}, Cell()}},
      .when_empty = {}};
}

TEST(Tables, AlignOnATerminal) {
  EXPECT_EQ(FormatTable(Sample(), 80, false),
            "object      rows  note\n"
            "Account       12  a long note that must give way\n"
            "商談     1234567  -\n");
}

TEST(Tables, AreCutWithAnEllipsisAndNeverWrap) {
  EXPECT_EQ(FormatTable(Sample(), 30, false),
            "object      rows  note\n"
            "Account       12  a long note…\n"
            "商談     1234567  -\n");
}

TEST(Tables, CutTitlesBeforeData) {
  const Table table{.format = "t/1",
                    .columns = {{.key = "a", .title = "a long title"}, {.key = "b", .title = "b"}},
                    .rows = {{std::string("short"), std::string("data as wide as that")}},
                    .when_empty = {}};
  EXPECT_EQ(FormatTable(table, 30, false),
            "a long …  b\n"
            "short     data as wide as that\n");
}

TEST(Tables, AreWholeAndTabbedInAPipe) {
  EXPECT_EQ(FormatTable(Sample(), 0, false),
            "object\trows\tnote\nAccount\t12\ta long note that must give way\n商談\t1234567\t-\n");
}

TEST(Tables, DoNotHandControlCharactersOn) {
  Table table{.format = "f/1",
              .columns = {{.key = "a", .title = "a"}},
              .rows = {{std::string("x\x1b[31m\ty\nz")}},
              .when_empty = {}};
  EXPECT_EQ(FormatTable(table, 0, false), "a\nx [31m y z\n");
}

RC_GTEST_PROP(Tables, NeverPassTheWidth, (const std::vector<std::string>& texts)) {
  const int width = *rc::gen::inRange(24, 100);
  Table table = Sample();
  for (const std::string& text : texts) table.rows.push_back({text, int64_t{1}, text});
  const std::string out = FormatTable(table, width, false);
  size_t start = 0;
  while (start < out.size()) {
    const size_t end = out.find('\n', start);
    RC_ASSERT(DisplayWidth(out.substr(start, end - start)) <= width);
    start = end + 1;
  }
}

TEST(Json, QuotesWhateverComes) {
  EXPECT_EQ(JsonQuote("a\"b\\c\n\x01é"), "\"a\\\"b\\\\c\\n\\u0001é\"");
  EXPECT_EQ(JsonQuote("\xff\xc3"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(JsonOf(Cell()), "null");
  EXPECT_EQ(JsonOf(Cell(true)), "true");
  EXPECT_EQ(JsonOf(Cell(int64_t{-3})), "-3");
}

TEST(Errors, AnswerFourQuestions) {
  const Error error = Error(Kind::kDenied, "SF-AUTH-003", "Salesforce refused it: `invalid_grant`")
                          .From({"login.prod", 400, "invalid_grant", "5f2c1e"})
                          .Because("the certificate expired on 2026-11-20")
                          .Doing("signing in to `prod`")
                          .Hint("run `firn doctor`");
  EXPECT_EQ(FormatError(error, false),
            "error[SF-AUTH-003]: Salesforce refused it: `invalid_grant`\n"
            "  at login.prod, request 5f2c1e\n"
            "  the certificate expired on 2026-11-20\n"
            "  while signing in to `prod`\n"
            "\n"
            "hint: run `firn doctor`\n");
  EXPECT_EQ(
      ErrorJson(error),
      R"({"code":"SF-AUTH-003","kind":"Denied","what":"Salesforce refused it: `invalid_grant`",)"
      R"("why":"the certificate expired on 2026-11-20","hint":"run `firn doctor`",)"
      R"("system":"login.prod","api_code":"invalid_grant","request_id":"5f2c1e","status":400,)"
      R"("doing":["signing in to `prod`"],"exit_code":4})");
}

TEST(Humans, ReadGroupsAndUnits) {
  EXPECT_EQ(HumanCount(1234567), "1 234 567");
  EXPECT_EQ(HumanCount(-12), "-12");
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(38'100'000), "38.1 MB");
  EXPECT_EQ(HumanBytes(999'999), "1.0 MB");
  EXPECT_EQ(HumanSeconds(0.25), "250 ms");
  EXPECT_EQ(HumanSeconds(12.34), "12.3 s");
  EXPECT_EQ(HumanSeconds(245), "4 min 05 s");
}

TEST(ProgressLines, SayOnlyWhatIsKnown) {
  ProgressState state;
  state.what = "exporting Account";
  EXPECT_EQ(ProgressLine(state, std::chrono::seconds(4)), "exporting Account  4.0 s");
  state.rows = 40'000;
  state.pages = 3;
  EXPECT_EQ(ProgressLine(state, std::chrono::seconds(4)),
            "exporting Account  40 000 rows  10 000/s  page 3");
  state.rows_total = 100'000;
  state.pages_total = 9;
  state.bytes = 38'100'000;
  state.calls_left = 2166;
  EXPECT_EQ(ProgressLine(state, std::chrono::seconds(4)),
            "exporting Account  40 000 of 100 000 rows  10 000/s  38.1 MB  page 3/9  2 166 calls "
            "left  ETA 6.0 s");
  EXPECT_EQ(ProgressLine(state, std::chrono::milliseconds(900)).find("ETA"), std::string::npos);
}

TEST(ProgressOnStderr, IsSilentAtFirstAndThenSpeaksEachHalfMinute) {
  unsetenv("FIRN_NO_PROGRESS");
  ManualClock clock(UtcMicros{}, false);
  Output output(Terminal{}, {});
  Progress progress(&output, &clock);
  ProgressState state;
  state.what = "working";
  testing::internal::CaptureStderr();
  progress.Update(state);
  clock.Advance(std::chrono::seconds(29));
  progress.Update(state);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  testing::internal::CaptureStderr();
  clock.Advance(std::chrono::seconds(2));
  progress.Update(state);
  progress.Update(state);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "working  31.0 s\n");
}

TEST(ProgressOnATerminal, DrawsAfterHalfASecondAndClearsItsLine) {
  unsetenv("FIRN_NO_PROGRESS");
  ManualClock clock(UtcMicros{}, false);
  Terminal terminal;
  terminal.err_is_terminal = true;
  Output output(terminal, {});
  testing::internal::CaptureStderr();
  {
    Progress progress(&output, &clock);
    ProgressState state;
    state.what = "working";
    clock.Advance(std::chrono::milliseconds(499));
    progress.Update(state);
    clock.Advance(std::chrono::milliseconds(2));
    progress.Update(state);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "\r\x1b[2Kworking\r\x1b[2K");
}

TEST(ProgressOnATerminal, IsDrawnAnewWhileTheWorkTellsNothing) {
  unsetenv("FIRN_NO_PROGRESS");
  std::array<int, 2> pipe_fds{};
  ASSERT_EQ(pipe(pipe_fds.data()), 0);
  ManualClock clock(UtcMicros{}, false);
  Terminal terminal;
  terminal.err_is_terminal = true;
  Output output(terminal, {.err_fd = pipe_fds[1]});
  Progress progress(&output, &clock);
  progress.Update({.what = "merging"});
  clock.Advance(std::chrono::seconds(7));
  std::array<char, 64> drawn{};  // comes without another Update
  const ssize_t got = read(pipe_fds[0], drawn.data(), drawn.size());
  EXPECT_EQ(std::string(drawn.data(), static_cast<size_t>(got)), "\r\x1b[2Kmerging  7.0 s");
  progress.Finish();
  close(pipe_fds[0]);
  close(pipe_fds[1]);
}

TEST(ProgressWhenQuiet, SaysNothing) {
  unsetenv("FIRN_NO_PROGRESS");
  ManualClock clock(UtcMicros{}, false);
  Terminal terminal;
  terminal.err_is_terminal = true;
  Output output(terminal, {.quiet = true});
  Progress progress(&output, &clock);
  clock.Advance(std::chrono::minutes(5));
  testing::internal::CaptureStderr();
  progress.Update({.what = "working"});
  progress.Finish();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Stdout, ThatTakesNothingMoreForAFullDiskIsAnError) {
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  Output output(Terminal{}, {.out_fd = full});
  output.Raw("rows");
  const auto whole = output.Finish();
  close(full);
  ASSERT_FALSE(whole.has_value());
  EXPECT_EQ(whole.error().code(), "CLI-OUTPUT-001");
  EXPECT_EQ(whole.error().why(), "No space left on device");
  EXPECT_EQ(ExitCodeFor(whole.error()), ExitCode::kFailed);
  EXPECT_TRUE(output.closed());
}

TEST(Stdout, WhoseReaderHasGoneIsNoError) {
  std::array<int, 2> fds{};
  ASSERT_EQ(pipe(fds.data()), 0);
  close(fds[0]);
  signal(SIGPIPE, SIG_IGN);
  Output output(Terminal{}, {.out_fd = fds[1]});
  EXPECT_FALSE(output.closed());
  output.Raw("rows");
  EXPECT_TRUE(output.Finish().has_value());
  EXPECT_TRUE(output.closed());
  close(fds[1]);
}

TEST(Stdout, ThatDoesNotBlockGetsEverythingWhenItsReaderIsSlow) {
  std::array<int, 2> fds{};
  ASSERT_EQ(pipe2(fds.data(), O_NONBLOCK), 0);
  ASSERT_EQ(fcntl(fds[0], F_SETFL, 0), 0);  // the reader waits
  const std::string text(4 << 20, 'x');     // more than a pipe holds
  size_t got = 0;
  std::jthread reader([&] {
    std::array<char, 4096> piece{};
    for (ssize_t n = 1; n > 0; got += static_cast<size_t>(n)) {
      n = read(fds[0], piece.data(), piece.size());
    }
  });
  Output output(Terminal{}, {.out_fd = fds[1]});
  output.Raw(text);
  EXPECT_TRUE(output.Finish().has_value());
  close(fds[1]);
  reader.join();
  EXPECT_EQ(got, text.size());
  close(fds[0]);
}

TEST(ProgressWithJson, SaysNothing) {
  ManualClock clock(UtcMicros{}, false);
  Output output(Terminal{}, {.json = true});
  Progress progress(&output, &clock);
  clock.Advance(std::chrono::minutes(5));
  testing::internal::CaptureStderr();
  progress.Update({.what = "working"});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace firn::cli
