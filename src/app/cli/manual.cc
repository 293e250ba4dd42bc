#include "app/cli/manual.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/cli/help.h"

namespace firn::cli {
namespace {

std::string Bold(std::string_view text) { return "\\fB" + RoffText(text) + "\\fR"; }
std::string Italic(std::string_view text) { return "\\fI" + RoffText(text) + "\\fR"; }

std::string PageName(std::string_view path) {
  std::string name = "firn-" + std::string(path);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

std::string Header(const std::string& name, std::string_view version, std::string_view summary) {
  // No date: the same program gives the same page.
  return fmt::format(".TH \"{}\" \"1\" \"\" \"firn {}\" \"Firn Manual\"\n.SH NAME\n{} \\- {}\n",
                     Upper(name), version, RoffText(name), RoffText(summary));
}

std::string Entry(const std::string& tag, std::string_view text) {
  return ".TP\n" + tag + "\n" + RoffText(text) + "\n";
}

std::string OptionEntry(const Option& option) {
  std::string tag = option.letter == '\0' ? "" : Bold(std::string{'-', option.letter}) + ", ";
  tag += Bold("--" + option.name);
  if (!option.value.empty()) tag += " " + Italic(option.value);
  return Entry(tag, OptionHelp(option));
}

std::string Example(std::string_view text) {
  return ".RS 4\n.nf\n" + RoffText(text) + "\n.fi\n.RE\n";
}

std::string Synopsis(const Command& command) {
  const std::string usage = UsageLine(command);
  const std::string name = "firn " + command.path;
  return Bold(name) + RoffText(usage.substr(name.size())) + "\n";
}

std::string Sentence(std::string text) {
  if (!text.empty() && text.back() != '.') text += '.';
  return text;
}

// Paragraphs; a line that begins with a space stays as it is.
std::string Details(const std::string& details) {
  std::string out;
  bool open = false;
  for (size_t at = 0; at < details.size();) {
    const size_t end = std::min(details.find('\n', at), details.size());
    const std::string line = details.substr(at, end - at);
    at = end + 1;
    if (line.empty()) {
      open = false;
    } else if (line.front() == ' ') {
      out += Example(line.substr(line.find_first_not_of(' ')));
      open = false;
    } else {
      out += (open ? "" : ".PP\n") + RoffText(line) + "\n";
      open = true;
    }
  }
  return out;
}

std::string CommandPage(const Command& command, std::string_view version) {
  std::string out = Header(PageName(command.path), version, command.summary);
  out += ".SH SYNOPSIS\n" + Synopsis(command);
  out +=
      ".SH DESCRIPTION\n" + RoffText(Sentence(command.summary)) + "\n" + Details(command.details);
  if (!command.arguments.empty()) {
    out += ".SH ARGUMENTS\n";
    for (const Argument& argument : command.arguments) {
      out += Entry(Italic(Upper(argument.name)), ArgumentHelp(argument));
    }
  }
  if (!command.options.empty()) {
    out += ".SH OPTIONS\n";
    for (const Option& option : command.options) out += OptionEntry(option);
  }
  out += ".SH OPTIONS OF EVERY COMMAND\n";
  for (const Option& option : GlobalOptions()) out += OptionEntry(option);
  if (!command.examples.empty()) {
    out += ".SH EXAMPLES\n";
    for (const std::string& example : command.examples) {
      out += (&example == &command.examples.front() ? "" : ".PP\n") + Example(example);
    }
  }
  return out + ".SH EXIT STATUS\nAs " + Bold("firn") + "(1) tells.\n.SH SEE ALSO\n" + Bold("firn") +
         "(1)\n";
}

std::string ExitStatus() {
  std::string out = ".SH EXIT STATUS\nThe code says who must act.\n";
  const std::string page = ExitCodesPage();
  for (size_t at = page.find("\n\n") + 2; at < page.size();) {
    const size_t end = std::min(page.find('\n', at), page.size());
    const size_t number = page.find_first_not_of(' ', at);
    const size_t space = page.find(' ', number);
    const size_t text = page.find_first_not_of(' ', space);
    out += Entry(Bold(page.substr(number, space - number)), page.substr(text, end - text));
    at = end + 1;
  }
  return out;
}

std::string Environment() {
  return ".SH ENVIRONMENT\n" + Entry(Bold("FIRN_PROJECT"), "folder of the project, as --project") +
         Entry(Bold("FIRN_ENV"), "environment of the project, as --env") +
         Entry(Bold("FIRN_ORG"), "org of the project, as --org") +
         Entry(Bold("FIRN_NO_PROGRESS"), "no line of progress on a terminal") +
         Entry(Bold("NO_COLOR"), "no colours") +
         Entry(Bold("CLICOLOR_FORCE"), "colours where there is no terminal");
}

std::string ProgramPage(const CommandTree& tree, std::string_view version) {
  std::string out =
      Header("firn", version,
             "copy Salesforce objects into open Iceberg tables and account for every row");
  out += ".SH SYNOPSIS\n" + Bold("firn") + " " + Italic("COMMAND") +
         " [options] [arguments]\n.SH DESCRIPTION\n";
  out += RoffText(
             "Firn copies, streams and reconciles between a Salesforce org and a data lake. What "
             "it does is described by a project folder with a firn.yaml; `firn init` makes one, "
             "`firn demo` shows it all offline. Data goes to standard output, messages go to "
             "standard error; with --json every command prints documents whose first key names "
             "their format.") +
         "\n.SH COMMANDS\n";
  for (const Command& command : tree.commands()) {
    out += Entry(Bold(PageName(command.path)) + "(1)", command.summary);
  }
  out += ".SH OPTIONS OF EVERY COMMAND\n";
  for (const Option& option : GlobalOptions()) out += OptionEntry(option);
  return out + ExitStatus() + Environment() + ".SH FILES\n" +
         Entry(Bold("firn.yaml"),
               "the project: orgs, lake, objects, schedules, environments; "
               "`firn help config` lists its keys") +
         ".SH SEE ALSO\n" + Bold("firn-help") + "(1), " + Bold("firn-demo") + "(1)\n";
}

}  // namespace

std::string RoffText(std::string_view text) {
  std::string out;
  bool at_line_start = true;
  for (const char c : text) {
    // A line that begins with one of the two would be a request.
    if (at_line_start && (c == '.' || c == '\'')) out += "\\&";
    at_line_start = c == '\n';
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '"':
        out += "\\(dq";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::vector<ManualPage> ManualPages(const CommandTree& tree, std::string_view version) {
  std::vector<ManualPage> pages = {{"firn", ProgramPage(tree, version)}};
  for (const Command& command : tree.commands()) {
    pages.push_back({PageName(command.path), CommandPage(command, version)});
  }
  return pages;
}

}  // namespace firn::cli
