// Completions for shells, from the command tree: what may follow the words that stand on a line.
//
// The shells' scripts (`firn completion bash`) hold no commands; they ask `firn __complete WORDS..`
// for each key press, so that they are never older than the program. Answers come in milliseconds,
// offline, without a secret resolved and without a word on stderr, whatever state a project is in.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/command.h"

namespace firn::cli {

struct Candidate {
  std::string word;
  std::string help = {};  // one line, may be empty
};

// Names that only the project knows: by what a value is called (`ORG`, `TABLE`, `OBJECT`, `RUN`,
// `JOB`, `CODE`), given what was typed so far.
using LiveNames =
    std::function<std::vector<Candidate>(std::string_view what, const ParsedValues& typed)>;

struct Completions {
  std::vector<Candidate> candidates;
  bool files = false;    // names of files fit too
  bool folders = false;  // names of folders
};

// `words` without the program's name; the last one is being typed and may be empty. Bash hands
// `--color=al` over as three words, other shells as one.
[[nodiscard]] Completions Complete(const CommandTree& tree, std::vector<std::string> words,
                                   const LiveNames& live);

// Of the project that the words lead to. Needs no command of its own.
[[nodiscard]] LiveNames ProjectNames(const CommandTree& tree, Output* output);

// What `__complete` prints: a candidate a line, help behind a tab; the last line is `:` and what
// else fits (`files`, `folders` or nothing).
[[nodiscard]] std::string CompletionLines(const Completions& completions);

// The script for `bash`, `zsh` or `fish`; empty for another shell.
[[nodiscard]] std::string CompletionScript(std::string_view shell);

}  // namespace firn::cli
