// From the words of a command line to an exit code: everything main does.
#pragma once

#include <string>
#include <vector>

namespace firn::cli {

// `words` without the program's name. Prints; never throws.
[[nodiscard]] int Run(const std::vector<std::string>& words);

}  // namespace firn::cli
