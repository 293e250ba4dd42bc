#include "app/cli/help.h"

#include <fmt/format.h>

#include <algorithm>

namespace firn::cli {
namespace {

constexpr std::string_view kProgramSummary =
    "firn copies Salesforce objects into open Iceberg tables and accounts for every row";

std::string OptionWords(const Option& option) {
  std::string words = option.letter == '\0' ? "    " : fmt::format("-{}, ", option.letter);
  words += "--" + option.name;
  if (!option.value.empty()) words += " " + option.value;
  return words;
}

// Where the help does not name every value already.
std::string ChoicesHelp(const auto& option) {
  std::string words;
  bool named = true;
  for (const std::string& choice : option.choices) {
    named = named && option.help.find(choice) != std::string::npos;
    words += (words.empty() ? "" : ", ") + choice;
  }
  return named ? "" : " (one of: " + words + ")";
}

// Words in lines of at most `room` columns, the later ones indented.
std::string InLines(std::string_view text, size_t indent, size_t room) {
  std::string out;
  size_t used = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word(text.substr(at, end - at));
    if (used > 0 && used + 1 + word.size() > room) {
      out += "\n" + std::string(indent, ' ');
      used = 0;
    }
    out += (used > 0 ? " " : "") + word;
    used += word.size() + (used > 0 ? 1 : 0);
    at = end + 1;
  }
  return out + "\n";
}

size_t RoomBeside(size_t indent, int width) {
  return std::max<size_t>(20, static_cast<size_t>(std::max(40, width)) - indent);
}

// Two columns, the second wrapped to the width.
std::string Wrapped(const std::string& left, const std::string& right, size_t indent, int width) {
  std::string out = "  " + left;
  size_t column = out.size();
  if (column + 2 > indent && !right.empty()) {
    out += "\n";
    column = 0;
  }
  out += std::string(indent > column ? indent - column : 0, ' ');
  return out + InLines(right, indent, RoomBeside(indent, width));
}

// Paragraphs wrapped to the width; lines that begin with a space are shown as they are.
std::string Paragraphs(const std::string& text, int width) {
  std::string out;
  std::string paragraph;
  const auto end_paragraph = [&] {
    if (!paragraph.empty()) out += InLines(paragraph, 0, RoomBeside(0, width));
    paragraph.clear();
  };
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line.front() == ' ') {
      end_paragraph();
      out += line + "\n";
    } else {
      paragraph += (paragraph.empty() ? "" : " ") + line;
    }
  }
  end_paragraph();
  return out;
}

std::string Examples(const std::vector<std::string>& examples) {
  std::string out;
  for (const std::string& example : examples) out += "  " + example + "\n";
  return out;
}

std::string RootPage() {
  return std::string(kProgramSummary) + "\n" +
         "\n"
         "  firn demo                     see it all work offline, in a minute\n"
         "  firn init sales && cd sales   begin a project of your own\n"
         "\n"
         "commands: init config doctor org export events lake sandbox demo\n"
         "          run status runs logs daemon explain completion help version\n"
         "more: firn help COMMAND, firn help --all, firn help exit-codes, firn help config\n";
}

std::string GroupPage(const CommandTree& tree, std::string_view path, int width) {
  const Group* group = tree.FindGroup(path);
  std::string out = fmt::format("firn {}: {}\n\n", path, group->summary);
  for (const auto& [word, summary] : tree.Below(path)) out += Wrapped(word, summary, 14, width);
  std::vector<std::string> examples;
  for (const Command& command : tree.commands()) {
    if (!command.path.starts_with(std::string(path) + " ")) continue;
    if (!command.examples.empty() && examples.size() < 2) {
      examples.push_back(command.examples.front());
    }
  }
  if (!examples.empty()) out += "\nexamples:\n" + Examples(examples);
  return out + fmt::format("\nmore: firn help {} COMMAND\n", path);
}

std::string CommandPage(const Command& command, int width) {
  std::string out =
      fmt::format("firn {}: {}\n\nusage: {}\n", command.path, command.summary, UsageLine(command));
  if (!command.details.empty()) out += "\n" + Paragraphs(command.details, width);
  if (!command.arguments.empty()) {
    out += "\narguments:\n";
    for (const Argument& argument : command.arguments) {
      out += Wrapped(argument.name, ArgumentHelp(argument), 30, width);
    }
  }
  if (!command.options.empty()) {
    out += "\noptions:\n";
    for (const Option& option : command.options) {
      out += Wrapped(OptionWords(option), OptionHelp(option), 30, width);
    }
  }
  out += "\noptions of every command:\n";
  for (const Option& option : GlobalOptions()) {
    out += Wrapped(OptionWords(option), OptionHelp(option), 30, width);
  }
  if (!command.examples.empty()) out += "\nexamples:\n" + Examples(command.examples);
  return out;
}

std::string ChoicesJson(const std::vector<std::string>& choices) {
  std::string list;
  for (const std::string& choice : choices) list += (list.empty() ? "" : ",") + JsonQuote(choice);
  return "[" + list + "]";
}

std::string OptionJson(const Option& option) {
  return fmt::format(
      R"({{"name":{},"value":{},"help":{},"default":{},"choices":{},"required":{},"repeats":{}}})",
      JsonQuote(option.name), JsonQuote(option.value), JsonQuote(option.help),
      JsonQuote(option.default_value), ChoicesJson(option.choices), option.required,
      option.repeats);
}

}  // namespace

std::string OptionHelp(const Option& option) {
  std::string help = option.help + ChoicesHelp(option);
  if (option.required) help += " (required)";
  if (option.repeats) help += " (may be repeated)";
  if (!option.default_value.empty()) help += " [" + option.default_value + "]";
  return help;
}

std::string ArgumentHelp(const Argument& argument) { return argument.help + ChoicesHelp(argument); }

std::string UsageLine(const Command& command) {
  std::string line = "firn " + command.path;
  for (const Option& option : command.options) {
    if (option.required) line += " --" + option.name + " " + option.value;
  }
  const bool optional = std::any_of(command.options.begin(), command.options.end(),
                                    [](const Option& option) { return !option.required; });
  if (optional) line += " [options]";
  for (const Argument& argument : command.arguments) {
    std::string name = argument.name;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    if (argument.repeats) name += "..";
    line += argument.required ? " " + name : " [" + name + "]";
  }
  return line;
}

std::string HelpPage(const CommandTree& tree, std::string_view path, int width) {
  if (const Command* command = tree.Find(path)) return CommandPage(*command, width);
  return path.empty() ? RootPage() : GroupPage(tree, path, width);
}

std::string ExitCodesPage() {
  return "exit codes say who must act\n"
         "\n"
         "    0  done\n"
         "    1  ran, but something failed: rejected rows, an unexplained difference, a missing "
         "object, a failed step\n"
         "    2  wrong usage or configuration\n"
         "    3  a plan has changes (only with --exit-code)\n"
         "    4  sign-in needed, or credentials refused\n"
         "    5  a limit is reached, or throttled: try again later\n"
         "    6  the other side cannot be reached\n"
         "   70  a bug of ours; the message names a report to send\n"
         "  130  interrupted\n";
}

std::string ReferencePage(const CommandTree& tree) {
  std::string out = "# Commands\n\nMade by `firn help --all`. Options of every command:\n\n";
  const auto table = [](const std::vector<Option>& options) {
    std::string rows = "| option | meaning |\n|---|---|\n";
    for (const Option& option : options) {
      std::string words = OptionWords(option);
      words.erase(0, words.find_first_not_of(' '));
      rows += fmt::format("| `{}` | {} |\n", words, OptionHelp(option));
    }
    return rows;
  };
  out += table(GlobalOptions());
  for (const Command& command : tree.commands()) {
    out += fmt::format("\n## firn {}\n\n{}.\n\n    {}\n", command.path, command.summary,
                       UsageLine(command));
    if (!command.details.empty()) out += "\n" + command.details + "\n";
    if (!command.arguments.empty()) {
      out += "\n| argument | meaning |\n|---|---|\n";
      for (const Argument& argument : command.arguments) {
        out += fmt::format("| `{}` | {} |\n", argument.name, ArgumentHelp(argument));
      }
    }
    if (!command.options.empty()) out += "\n" + table(command.options);
    if (!command.examples.empty()) {
      out += "\n```sh\n";
      for (const std::string& example : command.examples) out += example + "\n";
      out += "```\n";
    }
  }
  return out;
}

std::string ReferenceJson(const CommandTree& tree) {
  const auto list = [](const std::vector<Option>& options) {
    std::string out;
    for (const Option& option : options) out += (out.empty() ? "" : ",") + OptionJson(option);
    return "[" + out + "]";
  };
  std::string commands;
  for (const Command& command : tree.commands()) {
    std::string arguments;
    for (const Argument& argument : command.arguments) {
      arguments += fmt::format(
          R"({}{{"name":{},"help":{},"choices":{},"required":{},"repeats":{}}})",
          arguments.empty() ? "" : ",", JsonQuote(argument.name), JsonQuote(argument.help),
          ChoicesJson(argument.choices), argument.required, argument.repeats);
    }
    std::string examples;
    for (const std::string& example : command.examples) {
      examples += (examples.empty() ? "" : ",") + JsonQuote(example);
    }
    commands +=
        fmt::format(R"({}{{"path":{},"summary":{},"arguments":[{}],"options":{},"examples":[{}]}})",
                    commands.empty() ? "" : ",", JsonQuote(command.path),
                    JsonQuote(command.summary), arguments, list(command.options), examples);
  }
  return fmt::format(R"({{"options":{},"commands":[{}]}})", list(GlobalOptions()), commands);
}

}  // namespace firn::cli
