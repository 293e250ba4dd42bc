// Help pages, all made from the command tree; private to cli.
#pragma once

#include <string>
#include <string_view>

#include "app/cli/command.h"

namespace firn::cli {

// The page of a command or group; eight lines for "" (the program).
[[nodiscard]] std::string HelpPage(const CommandTree& tree, std::string_view path, int width);
[[nodiscard]] std::string ExitCodesPage();
// `firn export run [options] [OBJECT..]`.
[[nodiscard]] std::string UsageLine(const Command& command);
// What stands beside an option or argument: help, values, whether it must be given, its default.
[[nodiscard]] std::string OptionHelp(const Option& option);
[[nodiscard]] std::string ArgumentHelp(const Argument& argument);
// Every command with its options, for `firn help --all` and the reference pages.
[[nodiscard]] std::string ReferencePage(const CommandTree& tree);
// The same as a JSON object without its format key.
[[nodiscard]] std::string ReferenceJson(const CommandTree& tree);

}  // namespace firn::cli
