// What could go wrong: a completion offers what the command refuses, or stays silent where a name
// is known.
#include "app/cli/complete.h"

#include <gtest/gtest.h>

namespace firn::cli {
namespace {

Result<ExitCode> Nothing(Context&) { return ExitCode::kDone; }

CommandTree SmallTree() {
  CommandTree tree;
  tree.AddGroup({"lake", "the tables"});
  tree.Add({.path = "lake show",
            .summary = "what a table is",
            .arguments = {{.name = "table"}},
            .options = {{.name = "snapshot", .value = "ID", .help = "an older state"}},
            .run = Nothing});
  tree.Add({.path = "lake serve",
            .summary = "serve it",
            .options = {{.name = "tls-cert", .value = "FILE"},
                        {.name = "allow-location", .value = "DIR", .repeats = true}},
            .run = Nothing});
  tree.Add({.path = "completion",
            .summary = "a script",
            .arguments = {{.name = "shell", .choices = {"bash", "zsh"}}},
            .run = Nothing});
  tree.Add({.path = "export run",
            .summary = "copy",
            .arguments = {{.name = "object", .required = false, .repeats = true}},
            .run = Nothing});
  tree.AddGroup({"export", "copy objects"});
  tree.Add({.path = "help",
            .summary = "help",
            .arguments = {{.name = "command", .required = false, .repeats = true}},
            .run = Nothing});
  return tree;
}

std::vector<Candidate> Live(std::string_view what, const ParsedValues& typed) {
  if (what == "TABLE") return {{"salesforce.Account"}, {"salesforce.Contact"}};
  if (what == "OBJECT") return {{"Account"}, {"Contact"}};
  if (what == "ORG") return {{typed.values.contains("project") ? "elsewhere" : "prod"}};
  return {};
}

std::string Words(std::vector<std::string> words) {
  std::string text;
  for (const Candidate& each : Complete(SmallTree(), std::move(words), Live).candidates) {
    text += (text.empty() ? "" : " ") + each.word;
  }
  return text;
}

TEST(Completion, OffersTheNextWordsOfCommands) {
  EXPECT_EQ(Words({"la"}), "lake");
  EXPECT_EQ(Words({"lake", "s"}), "show serve");
  EXPECT_EQ(Words({"lake", "x"}), "");
  EXPECT_EQ(Words({"--org", "prod", "lake", "sh"}), "show");
}

TEST(Completion, OffersOptionsThatAreNotGivenYet) {
  EXPECT_EQ(Words({"lake", "show", "--s"}), "--snapshot");
  EXPECT_EQ(Words({"lake", "show", "--snapshot", "1", "--s"}), "");
  EXPECT_EQ(Words({"lake", "serve", "--allow-location", "x", "--allow"}), "--allow-location");
  EXPECT_EQ(Words({"lake", "show", "--js"}), "--json");
  EXPECT_EQ(Words({"lake", "show", "--", "--js"}), "");
}

TEST(Completion, OffersValuesBehindASpaceOrAnEqualsSign) {
  EXPECT_EQ(Words({"lake", "show", "--color", "a"}), "auto always");
  EXPECT_EQ(Words({"lake", "show", "--color=al"}), "--color=always");
  EXPECT_EQ(Words({"lake", "show", "--color", "=", "al"}), "always");  // as bash cuts it
  EXPECT_EQ(Words({"lake", "show", "--color", "="}), "auto always never");
  EXPECT_EQ(Words({"lake", "show", "--snapshot", ""}), "");
}

TEST(Completion, OffersNamesThatTheProjectKnows) {
  EXPECT_EQ(Words({"lake", "show", "salesforce.A"}), "salesforce.Account");
  EXPECT_EQ(Words({"lake", "show", "salesforce.Account", ""}), "");  // it takes one
  EXPECT_EQ(Words({"export", "run", "Account", "C"}), "Contact");
  EXPECT_EQ(Words({"export", "run", "--org", ""}), "prod");
  EXPECT_EQ(Words({"export", "run", "--project", "x", "--org", ""}), "elsewhere");
}

TEST(Completion, OffersChoicesOfArgumentsAndWordsOfHelp) {
  EXPECT_EQ(Words({"completion", ""}), "bash zsh");
  EXPECT_EQ(Words({"help", "lake", "s"}), "show serve");
}

TEST(Completion, LeavesFilesAndFoldersToTheShell) {
  const auto file = Complete(SmallTree(), {"lake", "serve", "--tls-cert", "x"}, Live);
  EXPECT_TRUE(file.files);
  EXPECT_EQ(CompletionLines(file), ":files\n");
  EXPECT_TRUE(Complete(SmallTree(), {"lake", "serve", "--allow-location", ""}, Live).folders);
  EXPECT_EQ(CompletionLines(Complete(SmallTree(), {"lake", "sh"}, Live)),
            "show\twhat a table is\n:\n");
}

TEST(Completion, HasAScriptForEachShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_NE(CompletionScript(shell).find("__complete"), std::string::npos) << shell;
  }
  EXPECT_EQ(CompletionScript("tcsh"), "");
}

}  // namespace
}  // namespace firn::cli
