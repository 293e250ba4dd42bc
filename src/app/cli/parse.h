// From words to a command and its values; private to cli.
#pragma once

#include <string>
#include <vector>

#include "app/cli/command.h"

namespace firn::cli {

struct Parsed {
  const Command* command = nullptr;  // null: show help for `help_path`
  bool help = false;
  std::string help_path;
  ParsedValues values;
};

// `words` without the program's name. Errors, all BadInput: CLI-USAGE-001 unknown command, -002
// unknown option, -003 bad value, -004 missing argument.
[[nodiscard]] Result<Parsed> Parse(const CommandTree& tree, const std::vector<std::string>& words);

// `word` as a value of the option's type. Errors: CLI-USAGE-003.
[[nodiscard]] Result<void> CheckValue(const Option& option, const std::string& word);

}  // namespace firn::cli
