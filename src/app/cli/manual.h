// Manual pages, made from the command tree: one of the program, one of each command. Pure.
//
// Source: man(7), groff_man_style(7), read 2026-11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/cli/command.h"

namespace firn::cli {

struct ManualPage {
  std::string name;  // `firn-export-run`; its file is `firn-export-run.1`
  std::string text;  // roff
};

[[nodiscard]] std::vector<ManualPage> ManualPages(const CommandTree& tree,
                                                  std::string_view version);
// Text as roff shows it, whatever it holds: no line of it is a request.
[[nodiscard]] std::string RoffText(std::string_view text);

}  // namespace firn::cli
