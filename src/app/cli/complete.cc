#include "app/cli/complete.h"

#include <algorithm>

namespace firn::cli {
namespace {

// Values that are no free text, by what help calls them.
constexpr std::string_view kFileValues[] = {"FILE"};
constexpr std::string_view kFolderValues[] = {"DIR"};

bool IsOneOf(std::string_view word, auto&& words) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

const Option* FindOption(const Command* command, std::string_view word) {
  const auto fits = [word](const Option& option) {
    return word == "--" + option.name ||
           (option.letter != '\0' && word == std::string{'-', option.letter});
  };
  if (command != nullptr) {
    const auto own = std::find_if(command->options.begin(), command->options.end(), fits);
    if (own != command->options.end()) return &*own;
  }
  const auto& all = GlobalOptions();
  const auto global = std::find_if(all.begin(), all.end(), fits);
  return global == all.end() ? nullptr : &*global;
}

// What stands before the word that is being typed.
struct Before {
  std::string path;
  const Command* command = nullptr;
  const Option* awaits = nullptr;  // the option whose value is being typed
  std::vector<std::string> arguments;
  ParsedValues typed;
  bool only_arguments = false;  // after `--`
};

Before Walk(const CommandTree& tree, const std::vector<std::string>& words) {
  Before before;
  for (const std::string& word : words) {
    if (before.awaits != nullptr) {
      before.typed.values[before.awaits->name].push_back(word);
      before.awaits = nullptr;
    } else if (word == "--") {
      before.only_arguments = true;
    } else if (word.starts_with('-') && word.size() > 1 && !before.only_arguments) {
      const size_t equals = word.find('=');
      const Option* option = FindOption(before.command, word.substr(0, equals));
      if (option == nullptr) continue;
      auto& values = before.typed.values[option->name];
      if (equals != std::string::npos) {
        values.push_back(word.substr(equals + 1));
      } else if (!option->value.empty()) {
        before.awaits = option;
      }
    } else if (before.command != nullptr) {
      before.arguments.push_back(word);
    } else {
      before.path += (before.path.empty() ? "" : " ") + word;
      before.command = tree.Find(before.path);
    }
  }
  return before;
}

class Completer {
 public:
  Completer(const CommandTree& tree, const LiveNames& live, Before before, std::string current)
      : tree_(tree), live_(live), before_(std::move(before)), current_(std::move(current)) {}

  Completions Run() && {
    const size_t equals = current_.find('=');
    if (before_.awaits != nullptr) {
      AddValues(*before_.awaits, "");
    } else if (current_.starts_with("--") && equals != std::string::npos) {
      const Option* option = FindOption(before_.command, current_.substr(0, equals));
      if (option != nullptr) AddValues(*option, current_.substr(0, equals + 1));
    } else if (current_.starts_with('-') && !before_.only_arguments) {
      AddOptions();
    } else if (before_.command == nullptr) {
      for (const auto& [word, summary] : tree_.Below(before_.path)) Add({word, summary});
    } else {
      AddArgument();
    }
    return std::move(found_);
  }

 private:
  void Add(const Candidate& candidate) {
    if (candidate.word.starts_with(current_)) found_.candidates.push_back(candidate);
  }

  void AddNames(const std::string& what, const std::string& lead) {
    if (IsOneOf(what, kFileValues)) found_.files = true;
    if (IsOneOf(what, kFolderValues)) found_.folders = true;
    for (const Candidate& name : live_(what, before_.typed)) Add({lead + name.word, name.help});
  }

  void AddValues(const Option& option, const std::string& lead) {
    for (const std::string& choice : option.choices) Add({lead + choice});
    if (!option.choices.empty()) return;
    // `--org ID` and `--object NAME`: the option's name says more than its value's.
    static constexpr std::string_view kNamed[] = {"org", "env", "object", "table"};
    AddNames(IsOneOf(option.name, kNamed) ? Upper(option.name) : option.value, lead);
  }

  void AddOptions() {
    const auto add = [this](const Option& option) {
      const bool given = before_.typed.values.contains(option.name);
      if (!given || option.repeats) Add({"--" + option.name, option.help});
    };
    if (before_.command != nullptr) {
      for (const Option& option : before_.command->options) add(option);
    }
    for (const Option& option : GlobalOptions()) add(option);
  }

  void AddArgument() {
    const auto& arguments = before_.command->arguments;
    if (arguments.empty()) return;
    const size_t at = std::min(before_.arguments.size(), arguments.size() - 1);
    const Argument& argument = arguments[at];
    if (before_.arguments.size() >= arguments.size() && !argument.repeats) return;
    if (argument.name == "command") {  // of help
      std::string path;
      for (const std::string& word : before_.arguments) path += (path.empty() ? "" : " ") + word;
      for (const auto& [word, summary] : tree_.Below(path)) Add({word, summary});
      return;
    }
    for (const std::string& choice : argument.choices) Add({choice});
    if (argument.choices.empty()) AddNames(Upper(argument.name), "");
  }

  const CommandTree& tree_;
  const LiveNames& live_;
  Before before_;
  std::string current_;
  Completions found_;
};

}  // namespace

Completions Complete(const CommandTree& tree, std::vector<std::string> words,
                     const LiveNames& live) {
  if (words.empty()) words.emplace_back();
  std::string current = std::move(words.back());
  words.pop_back();
  // Bash: `--color` `=` `al`.
  if (current == "=" && !words.empty()) current.clear();
  std::erase(words, "=");
  return Completer(tree, live, Walk(tree, words), std::move(current)).Run();
}

std::string CompletionLines(const Completions& completions) {
  std::string lines;
  for (const Candidate& candidate : completions.candidates) {
    lines += candidate.word;
    if (!candidate.help.empty()) lines += "\t" + candidate.help;
    lines += "\n";
  }
  return lines + (completions.files ? ":files\n" : completions.folders ? ":folders\n" : ":\n");
}

}  // namespace firn::cli
