// What could go wrong in production: a misspelt option that is quietly ignored, a value that lands
// in the wrong place, a script whose exit code lies.
#include "app/cli/parse.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "app/cli/commands.h"
#include "app/cli/help.h"

namespace firn::cli {
namespace {

CommandTree SmallTree() {
  CommandTree tree;
  const auto nothing = [](Context&) -> Result<ExitCode> { return ExitCode::kDone; };
  tree.AddGroup({"lake", "the tables"});
  tree.Add(
      {.path = "lake show",
       .summary = "one table",
       .arguments = {{.name = "table"}},
       .options =
           {{.name = "threads",
             .letter = 't',
             .value = "N",
             .type = ValueType::kInteger,
             .default_value = "2"},
            {.name = "mode", .value = "M", .choices = {"append", "replace"}},
            {.name = "field", .value = "F", .repeats = true},
            {.name = "wait", .value = "TIME", .type = ValueType::kDuration},
            {.name = "memory", .value = "SIZE", .type = ValueType::kBytes},
            {.name = "port", .value = "N", .type = ValueType::kInteger, .min = 1, .max = 65535},
            {.name = "scale", .value = "X", .type = ValueType::kNumber},
            {.name = "strict"}},
       .details = "Words that go on\nin the next line.\n\n    shown  as it is",
       .run = nothing});
  tree.Add({.path = "lake list", .summary = "all tables", .run = nothing});
  tree.Add({.path = "run",
            .summary = "r",
            .arguments = {{.name = "what", .required = false, .repeats = true}},
            .options = {{.name = "to", .value = "DIR", .required = true}},
            .run = nothing});
  return tree;
}

// `code what | hint`, or the command's path.
std::string Outcome(const std::vector<std::string>& words) {
  const CommandTree tree = SmallTree();
  const auto parsed = Parse(tree, words);
  if (!parsed) {
    return parsed.error().code() + " " + parsed.error().what() + " | " + parsed.error().hint();
  }
  return parsed->help ? "help " + parsed->help_path : parsed->command->path;
}

struct Ran {
  CommandTree tree = SmallTree();
  Output output{Terminal{}, {}};
  std::optional<Context> context;

  explicit Ran(const std::vector<std::string>& words) {
    auto parsed = Parse(tree, words);
    if (!parsed) throw std::invalid_argument(parsed.error().OneLine());
    context.emplace(parsed->command, &tree, std::move(parsed->values), &output, Call{});
  }
};

TEST(CommandLine, GivesACommandItsTypedValues) {
  const Ran ran({"--org", "prod", "lake", "show", "sf.Account", "--threads=4", "--field", "A",
                 "--field", "B", "--wait", "1m30s", "--memory", "1KiB", "--strict"});
  const Context& context = *ran.context;
  EXPECT_EQ(context.Text("table"), "sf.Account");
  EXPECT_EQ(context.Integer("threads"), 4);
  EXPECT_EQ(context.List("field"), (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(context.Duration("wait"), std::chrono::seconds(90));
  EXPECT_EQ(context.Bytes("memory"), 1024);
  EXPECT_TRUE(context.Flag("strict"));
  EXPECT_EQ(context.Text("org"), "prod");
  EXPECT_FALSE(context.Has("mode"));
}

TEST(CommandLine, AnswersDefaultsForWhatIsAbsent) {
  const Ran ran({"lake", "show", "t", "-q"});
  EXPECT_EQ(ran.context->Integer("threads"), 2);
  EXPECT_FALSE(ran.context->Flag("strict"));
  EXPECT_TRUE(ran.context->Flag("quiet"));
  EXPECT_EQ(ran.context->Text("mode"), "");
  EXPECT_TRUE(ran.context->List("field").empty());
}

TEST(CommandLine, DoesNotLetAnOptionSwallowTheArgumentBehindIt) {
  const Ran ran({"lake", "show", "--field", "A", "sf.T"});
  EXPECT_EQ(ran.context->Text("table"), "sf.T");
  EXPECT_EQ(ran.context->List("field"), (std::vector<std::string>{"A"}));
}

TEST(CommandLine, TakesEverythingBehindTwoDashesAsArguments) {
  const Ran ran({"run", "--to", "d", "--", "-x", "--help"});
  EXPECT_EQ(ran.context->List("what"), (std::vector<std::string>{"-x", "--help"}));
}

TEST(CommandLine, NamesTheNearestCommandAndOption) {
  EXPECT_EQ(Outcome({"lakee"}),
            "CLI-USAGE-001 `firn` has no command `lakee` | did you mean `firn lake`?");
  EXPECT_EQ(Outcome({"lake", "shwo"}),
            "CLI-USAGE-001 `firn lake` has no command `shwo` | did you mean `firn lake show`?");
  EXPECT_EQ(Outcome({"list"}),
            "CLI-USAGE-001 `firn` has no command `list` | did you mean `firn lake list`?");
  EXPECT_EQ(Outcome({"lake", "show", "t", "--thread", "3"}),
            "CLI-USAGE-002 `firn lake show` has no option `--thread` | did you mean `--threads`?");
}

TEST(CommandLine, RefusesWhatDoesNotFit) {
  EXPECT_EQ(Outcome({"lake", "show"}).substr(0, 13), "CLI-USAGE-004");
  EXPECT_EQ(Outcome({"lake", "show", "t", "--threads"}).substr(0, 13), "CLI-USAGE-004");
  EXPECT_EQ(Outcome({"lake", "show", "t", "--threads", "x"}),
            "CLI-USAGE-003 `--threads` takes a whole number, not `x` | ");
  EXPECT_EQ(Outcome({"lake", "show", "t", "--mode", "apend"}),
            "CLI-USAGE-003 `--mode` takes one of `append`, `replace`, not `apend` | did you mean "
            "`append`?");
  EXPECT_EQ(Outcome({"lake", "show", "t", "--mode", "append", "--mode", "replace"}).substr(0, 13),
            "CLI-USAGE-002");
  EXPECT_EQ(Outcome({"lake", "list", "more"}).substr(0, 13), "CLI-USAGE-002");
  EXPECT_EQ(Outcome({"run"}), "CLI-USAGE-004 `firn run` needs `--to DIR` | see `firn help run`");
  EXPECT_EQ(Outcome({"lake", "--bogus"}).substr(0, 13), "CLI-USAGE-002");
}

TEST(CommandLine, RefusesNumbersOutOfTheirBounds) {
  const auto show = [](const std::string& option, const std::string& word) {
    return Outcome({"lake", "show", "t", "--" + option + "=" + word});
  };
  EXPECT_EQ(show("threads", "-1"),
            "CLI-USAGE-003 `--threads` takes a whole number not below 0, not `-1` | ");
  EXPECT_EQ(show("port", "0"),
            "CLI-USAGE-003 `--port` takes a whole number from 1 to 65535, not `0` | ");
  EXPECT_EQ(show("port", "65536").substr(0, 13), "CLI-USAGE-003");
  EXPECT_EQ(show("port", "65535"), "lake show");
  EXPECT_EQ(show("scale", "-0.5").substr(0, 13), "CLI-USAGE-003");
  for (const char* word : {"nan", "inf", "1e999", "-inf"}) {
    EXPECT_EQ(show("scale", word).substr(0, 13), "CLI-USAGE-003") << word;
  }
  EXPECT_EQ(show("scale", "0.5"), "lake show");
}

TEST(HelpPages, NameTheValuesOfAnOptionAndWrapWhatIsLong) {
  const std::string page = HelpPage(SmallTree(), "lake show", 60);
  EXPECT_NE(page.find("(one of: append, replace)"), std::string::npos) << page;
  EXPECT_NE(page.find("\nWords that go on in the next line.\n\n    shown  as it is\n"),
            std::string::npos)
      << page;
}

TEST(CommandLine, ShowsHelpWhereACommandIsNotComplete) {
  EXPECT_EQ(Outcome({}), "help ");
  EXPECT_EQ(Outcome({"lake"}), "help lake");
  EXPECT_EQ(Outcome({"lake", "show", "--help"}), "help lake show");
  EXPECT_EQ(Outcome({"-h"}), "help ");
}

TEST(ExitCodes, SayWhoMustAct) {
  const auto code = [](Kind kind, std::string_view name) {
    return ExitCodeFor(Error(kind, name, "x"));
  };
  EXPECT_EQ(code(Kind::kBadConfig, "CONFIG-KEY-001"), ExitCode::kUsage);
  EXPECT_EQ(code(Kind::kDenied, "SF-AUTH-003"), ExitCode::kSignIn);
  EXPECT_EQ(code(Kind::kDenied, "BASE-FILE-002"), ExitCode::kFailed);
  EXPECT_EQ(code(Kind::kDenied, "LAKE-STORE-001"), ExitCode::kFailed);
  EXPECT_EQ(code(Kind::kLimitReached, "SF-LIMIT-001"), ExitCode::kLimit);
  EXPECT_EQ(code(Kind::kLimitReached, "BASE-FILE-003"), ExitCode::kFailed);
  EXPECT_EQ(code(Kind::kUnreachable, "NET-HTTP-001"), ExitCode::kUnreachable);
  EXPECT_EQ(code(Kind::kCancelled, "BASE-CALL-001"), ExitCode::kInterrupted);
  EXPECT_EQ(code(Kind::kInternal, "X-Y-001"), ExitCode::kBug);
  EXPECT_EQ(code(Kind::kCorrupt, "LAKE-META-001"), ExitCode::kFailed);
}

// The real tree: whatever its owners add must keep these.
TEST(AllTheCommands, HaveASummaryAGroupAndNoOptionOfEveryCommand) {
  const CommandTree tree = AllCommands();
  for (const Command& command : tree.commands()) {
    EXPECT_FALSE(command.summary.empty()) << command.path;
    EXPECT_FALSE(command.summary.ends_with('.')) << command.path;
    for (const std::string& example : command.examples) {
      EXPECT_EQ(example.rfind("firn ", 0), 0U) << example;
    }
    const size_t space = command.path.rfind(' ');
    if (space != std::string::npos) {
      EXPECT_NE(tree.FindGroup(command.path.substr(0, space)), nullptr) << command.path;
    }
    for (const Option& option : command.options) {
      for (const Option& global : GlobalOptions()) {
        EXPECT_NE(option.name, global.name) << command.path;
        EXPECT_TRUE(option.letter == '\0' || option.letter != global.letter) << command.path;
      }
    }
    EXPECT_FALSE(HelpPage(tree, command.path, 80).empty());
  }
}

TEST(AllTheCommands, AreNamedOnTheFirstPageWhichHasEightLines) {
  const CommandTree tree = AllCommands();
  const std::string page = HelpPage(tree, "", 80);
  EXPECT_LE(std::count(page.begin(), page.end(), '\n'), 8);
  for (const auto& [word, summary] : tree.Below("")) {
    if (word == "debug") continue;  // for those who test Firn itself
    EXPECT_NE(page.find(" " + word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace firn::cli
