#include "app/cli/run.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include "app/cli/commands.h"
#include "app/cli/commands/hosting.h"
#include "app/cli/complete.h"
#include "app/cli/help.h"
#include "app/cli/interrupt.h"
#include "app/cli/parse.h"
#include "app/cli/version.h"
#include "core/base/fault_point.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/time_text.h"

namespace firn::cli {
namespace {

// A shell asks what may follow; no command for people.
constexpr std::string_view kAskedByShell = "__complete";

bool Typed(const std::vector<std::string>& words, std::string_view word) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::find(words.begin(), end, word) != end;
}

// Read before parsing, since an error of parsing is printed by it too.
ColorWish WishOf(const std::vector<std::string>& words) {
  std::string when;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--color" && i + 1 < words.size()) when = words[i + 1];
    if (words[i].starts_with("--color=")) when = words[i].substr(8);
  }
  return when == "always"  ? ColorWish::kAlways
         : when == "never" ? ColorWish::kNever
                           : ColorWish::kAuto;
}

// What we need to find a fault of our own: the command and the error, no data and no values.
std::string WriteReport(const std::string& command, const std::string& what) {
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  std::string stamp = FormatUtc(SystemClock().Now(), 3);
  std::replace(stamp.begin(), stamp.end(), ':', '-');
  const std::string path = (folder / ("firn-report-" + stamp + ".txt")).string();
  const std::string text =
      "firn " + std::string(Version()) + "\ncommand: firn " + command + "\nerror: " + what + "\n";
  return WriteFileDurably(path, text, 0600) ? path : "";
}

ExitCode Failed(const Context& context, Output* output, Error error) {
  if (error.kind() == Kind::kCancelled && context.call().stop.stop_requested()) {
    const std::string& resume = context.resume_hint();
    Error said(Kind::kCancelled, "CLI-RUN-001",
               "`firn " + context.command().path + "` was interrupted");
    if (!resume.empty()) said = std::move(said).Hint("go on with `" + resume + "`");
    output->PrintError(said);
    return ExitCode::kInterrupted;
  }
  if (ExitCodeFor(error) == ExitCode::kUnreachable && error.hint().empty() &&
      context.HasProject()) {
    error = std::move(error).Hint("`firn doctor` examines the way there, step by step");
  }
  if (error.kind() == Kind::kInternal) {
    const std::string path = WriteReport(context.command().path, error.OneLine());
    if (!path.empty() && error.hint().empty()) {
      error = std::move(error).Hint("this is our fault: please send us `" + path + "`");
    }
  }
  output->PrintError(error);
  return ExitCodeFor(error);
}

// Standard streams that were closed where we were started would be given away by the next open(),
// and a message would go into the state's database.
void HoldStandardStreams() {
  for (;;) {
    const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd >= 0 && fd <= STDERR_FILENO) continue;
    if (fd >= 0) close(fd);
    return;
  }
}

ExitCode RunCommand(const CommandTree& tree, Parsed parsed, const std::vector<std::string>& words,
                    Output* output) {
  const bool chatty = parsed.values.values.contains("verbose");
  log::Configure(
      {.level = chatty ? log::Level::kDebug : log::Level::kWarn, .json = false, .file = {}});
  Interrupt interrupt(output);
  Call call;
  call.stop = interrupt.token();
  call.trace = TraceContext::New(*call.random);
  Context context(parsed.command, &tree, std::move(parsed.values), output, std::move(call));
  if (parsed.command->writes_state) {
    auto code = ForwardToDaemon(context, words);
    if (!code) return Failed(context, output, std::move(code).error());
    if (*code) return static_cast<ExitCode>(**code);
  }
  return Execute(context);
}

}  // namespace

ExitCode Finished(Output& output, ExitCode code) {
  const auto whole = output.Finish();
  if (whole) return code;
  output.PrintError(whole.error());
  return code == ExitCode::kDone ? ExitCodeFor(whole.error()) : code;
}

ExitCode Execute(Context& context) {
  Result<ExitCode> result = ExitCode::kDone;
  try {
    result = context.command().run(context);
  } catch (const std::exception& exception) {
    result =
        Fail(Error(Kind::kInternal, "CLI-RUN-002",
                   "an error that should not leave its room: " + std::string(exception.what())));
  }
  if (!result) return Failed(context, &context.out(), std::move(result).error());
  return *result;
}

int Run(const std::vector<std::string>& words) {
  HoldStandardStreams();
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // `ulimit -f` then fails the write, which says which file it was
  ArmFaultPointsFromEnvironment();
  const CommandTree tree = AllCommands();
  Output output(
      DetectTerminal(WishOf(words)),
      {.json = Typed(words, "--json"), .quiet = Typed(words, "--quiet") || Typed(words, "-q")});
  ExitCode code = ExitCode::kDone;
  if (!words.empty() && words[0] == kAskedByShell) {
    output.Raw(CompletionLines(
        Complete(tree, {words.begin() + 1, words.end()}, ProjectNames(tree, &output))));
  } else if (!words.empty() && words[0] == "--version") {
    output.Line("firn " + std::string(Version()));
  } else if (auto parsed = Parse(tree, words); !parsed) {
    output.PrintError(parsed.error());
    code = ExitCodeFor(parsed.error());
  } else if (parsed->help) {
    output.Raw(HelpPage(tree, parsed->help_path,
                        output.terminal().out_is_terminal ? output.terminal().width : 100));
    output.Json("firn.help/1",
                "{\"page\":" + JsonQuote(HelpPage(tree, parsed->help_path, 100)) + "}");
  } else {
    code = RunCommand(tree, *std::move(parsed), words, &output);
  }
  return static_cast<int>(Finished(output, code));
}

}  // namespace firn::cli
