// Colours and layout shared by the printing files; private to cli.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/cli/output/output.h"

namespace firn::cli {

// `text` in its colour (ECMA-48 SGR), always.
[[nodiscard]] std::string Inked(Ink ink, std::string_view text);
// One aligned line a fact; with a tab when width is 0.
[[nodiscard]] std::string FormatFacts(const std::vector<Fact>& facts, int width);
// The page of an error: head, place, cause, hint. No colours when `inked` is false.
[[nodiscard]] std::string FormatError(const Error& error, bool inked);
// The same as a JSON object without its format key.
[[nodiscard]] std::string ErrorJson(const Error& error);

}  // namespace firn::cli
