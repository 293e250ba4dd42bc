#include "app/cli/parse.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/nearest.h"
#include "core/base/time_text.h"

namespace firn::cli {
namespace {

Error Usage(std::string_view code, std::string what, std::string hint) {
  return Error(Kind::kBadInput, code, std::move(what)).Hint(std::move(hint));
}

std::string HelpHint(const std::string& path) {
  return "see `firn help" + (path.empty() ? "" : " " + path) + "`";
}

const Option* FindGlobal(std::string_view word) {
  for (const Option& option : GlobalOptions()) {
    if (word == "--" + option.name) return &option;
    if (option.letter != '\0' && word == std::string{'-', option.letter}) return &option;
  }
  return nullptr;
}

Error UnknownCommand(const CommandTree& tree, const std::string& path, const std::string& word) {
  std::vector<std::string> names;
  for (const auto& [name, summary] : tree.Below(path)) names.push_back(name);
  const std::string program = path.empty() ? "firn" : "firn " + path;
  std::string hint;
  if (const auto near = Nearest(word, names)) {
    hint = "did you mean `" + program + " " + *near + "`?";
  } else {
    // The verb may be known elsewhere: `firn tables` finds nothing, `firn show` finds `lake show`.
    for (const Command& command : tree.commands()) {
      if (command.path.ends_with(" " + word)) {
        hint += (hint.empty() ? "did you mean `firn " : "`, `firn ") + command.path;
      }
    }
    hint = hint.empty() ? HelpHint(path) : hint + "`?";
  }
  return Usage("CLI-USAGE-001", "`" + program + "` has no command `" + word + "`", hint);
}

// The words up to the command, and everything else in its order.
struct Walk {
  std::string path;
  const Command* command = nullptr;
  std::vector<std::string> rest;
};

Result<Walk> WalkTree(const CommandTree& tree, const std::vector<std::string>& words) {
  Walk walk;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (walk.command != nullptr) {
      walk.rest.push_back(word);
      continue;
    }
    if (word.starts_with('-') && word.size() > 1) {
      walk.rest.push_back(word);
      const Option* option = FindGlobal(word);
      if (option != nullptr && !option->value.empty() && i + 1 < words.size()) {
        walk.rest.push_back(words[++i]);
      }
      continue;
    }
    const std::string longer = walk.path.empty() ? word : walk.path + " " + word;
    walk.command = tree.Find(longer);
    if (walk.command == nullptr && tree.FindGroup(longer) == nullptr) {
      return Fail(UnknownCommand(tree, walk.path, word));
    }
    walk.path = longer;
  }
  return walk;
}

bool AsksForHelp(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--") return false;
    if (word == "--help" || word == "-h") return true;
  }
  return false;
}

std::string CliName(const Option& option) {
  std::string name = "--" + option.name;
  if (option.letter != '\0') name += std::string(",-") + option.letter;
  return name;
}

// Where CLI11 leaves what it read.
struct Bound {
  const Option* option = nullptr;
  CLI::Option* cli = nullptr;
  std::vector<std::string> words = {};
};

void Bind(CLI::App* app, Bound* bound) {
  const Option& option = *bound->option;
  if (option.value.empty()) {
    bound->cli = app->add_flag(CliName(option));
    return;
  }
  bound->cli = app->add_option(CliName(option), bound->words)->expected(1);
  bound->cli->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->allow_extra_args(false);
}

Error UnknownOption(const Command& command, const std::string& word) {
  if (!word.starts_with('-')) {
    return Usage("CLI-USAGE-002", "`firn " + command.path + "` takes no argument `" + word + "`",
                 HelpHint(command.path));
  }
  std::vector<std::string> names;
  for (const Option& option : command.options) names.push_back("--" + option.name);
  for (const Option& option : GlobalOptions()) names.push_back("--" + option.name);
  const std::string bare = word.substr(0, word.find('='));
  const auto near = Nearest(bare, names);
  return Usage("CLI-USAGE-002", "`firn " + command.path + "` has no option `" + bare + "`",
               near ? "did you mean `" + *near + "`?" : HelpHint(command.path));
}

// `said` as the user knows it: `--verify`, `shell`.
Result<void> CheckChoice(const std::string& said, const std::vector<std::string>& choices,
                         const std::string& word) {
  if (choices.empty() || std::find(choices.begin(), choices.end(), word) != choices.end())
    return {};
  std::string words;
  for (const std::string& choice : choices) words += (words.empty() ? "`" : ", `") + choice + "`";
  const auto near = Nearest(word, choices);
  return Fail(Usage("CLI-USAGE-003",
                    "`" + said + "` takes one of " + words + ", not `" + word + "`",
                    near ? "did you mean `" + *near + "`?" : ""));
}

// Words go to the declared arguments in their order; the last may take all that is left.
Result<void> TakeArguments(const Command& command, std::vector<std::string> words,
                           ParsedValues* values) {
  size_t at = 0;
  for (const Argument& argument : command.arguments) {
    if (at == words.size()) {
      if (!argument.required) continue;
      return Fail(Usage("CLI-USAGE-004",
                        "`firn " + command.path + "` needs its argument `" + argument.name + "`",
                        HelpHint(command.path)));
    }
    std::vector<std::string>& taken = values->values[argument.name];
    do {
      FIRN_CHECK(CheckChoice(argument.name, argument.choices, words[at]));
      taken.push_back(std::move(words[at++]));
    } while (argument.repeats && at < words.size());
  }
  if (at == words.size()) return {};
  return Fail(UnknownOption(command, words[at]));
}

Result<void> TakeOptions(const Command& command, std::vector<Bound>* bounds, ParsedValues* values) {
  for (Bound& bound : *bounds) {
    const Option& option = *bound.option;
    if (bound.cli->count() == 0) {
      if (!option.required) continue;
      return Fail(
          Usage("CLI-USAGE-004",
                "`firn " + command.path + "` needs `--" + option.name + " " + option.value + "`",
                HelpHint(command.path)));
    }
    if (bound.words.size() > 1 && !option.repeats) {
      return Fail(
          Usage("CLI-USAGE-002", "`--" + option.name + "` is given twice", HelpHint(command.path)));
    }
    for (const std::string& word : bound.words) FIRN_CHECK(CheckValue(option, word));
    values->values[option.name] = std::move(bound.words);
  }
  return {};
}

// CLI11 says `--threads: 1 required TEXT missing`: only the name is worth keeping.
Error FromCli(const Command& command, const CLI::ParseError& error) {
  const std::string text = error.what();
  const size_t colon = text.find(':');
  const std::string name = colon == std::string::npos ? text : text.substr(0, colon);
  return Usage("CLI-USAGE-004", "`" + name + "` does not have the value it needs",
               HelpHint(command.path));
}

Result<ParsedValues> ParseOptions(const Command& command, std::vector<std::string> words) {
  std::vector<Bound> bounds;
  bounds.reserve(command.options.size() + GlobalOptions().size());
  for (const Option& option : GlobalOptions()) bounds.push_back({.option = &option});
  for (const Option& option : command.options) bounds.push_back({.option = &option});
  ParsedValues values;
  try {
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    for (Bound& bound : bounds) Bind(&app, &bound);
    std::vector<std::string> arguments;
    app.add_option("arguments", arguments);
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    app.parse(words);
    auto extras = app.remaining();
    std::erase(extras, "--");  // CLI11 hands the mark on
    if (!extras.empty()) return Fail(UnknownOption(command, extras.front()));
    FIRN_CHECK(TakeOptions(command, &bounds, &values));
    FIRN_CHECK(TakeArguments(command, std::move(arguments), &values));
  } catch (const CLI::ParseError& error) {
    return Fail(FromCli(command, error));
  }
  return values;
}

std::string TypeWords(ValueType type) {
  switch (type) {
    case ValueType::kInteger:
      return "a whole number";
    case ValueType::kNumber:
      return "a number";
    case ValueType::kDuration:
      return "a duration like `30s`";
    case ValueType::kBytes:
      return "a size like `512MiB`";
    case ValueType::kText:
      break;
  }
  return "text";
}

// The bounds, where they are what `word` does not keep.
std::string RangeWords(const Option& option, const std::string& word) {
  if (option.type != ValueType::kInteger && option.type != ValueType::kNumber) return "";
  if (option.max != Option().max) {
    return " from " + std::to_string(option.min) + " to " + std::to_string(option.max);
  }
  if (option.min == 0 && !word.starts_with('-')) return "";
  return " not below " + std::to_string(option.min);
}

template <typename Number>
bool FitsRange(const Option& option, const std::string& word) {
  Number number{};
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, number);
  if (error != std::errc() || stop != end) return false;
  // Also false for what is not a number.
  return number >= static_cast<Number>(option.min) && number <= static_cast<Number>(option.max);
}

bool FitsType(const Option& option, const std::string& word) {
  switch (option.type) {
    case ValueType::kInteger:
      return FitsRange<int64_t>(option, word);
    case ValueType::kNumber:
      return FitsRange<double>(option, word);
    case ValueType::kDuration:
      return ParseDuration(word).has_value();
    case ValueType::kBytes:
      return ParseBytes(word).has_value();
    case ValueType::kText:
      break;
  }
  return true;
}

}  // namespace

Result<void> CheckValue(const Option& option, const std::string& word) {
  FIRN_CHECK(CheckChoice("--" + option.name, option.choices, word));
  if (FitsType(option, word)) return {};
  return Fail(Usage("CLI-USAGE-003",
                    "`--" + option.name + "` takes " + TypeWords(option.type) +
                        RangeWords(option, word) + ", not `" + word + "`",
                    ""));
}

Result<Parsed> Parse(const CommandTree& tree, const std::vector<std::string>& words) {
  FIRN_TRY(Walk walk, WalkTree(tree, words));
  Parsed parsed;
  parsed.help_path = walk.path;
  parsed.help = walk.command == nullptr || AsksForHelp(walk.rest);
  if (parsed.help) {
    if (walk.command == nullptr) {
      for (const std::string& word : walk.rest) {
        const bool known = FindGlobal(word.substr(0, word.find('='))) != nullptr;
        if (word.starts_with("--") && !known) {
          Command root;
          root.path = walk.path;
          return Fail(UnknownOption(root, word));
        }
      }
    }
    return parsed;
  }
  parsed.command = walk.command;
  FIRN_TRY(parsed.values, ParseOptions(*walk.command, std::move(walk.rest)));
  return parsed;
}

}  // namespace firn::cli
