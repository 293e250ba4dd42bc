// Runs this program once more, as a person would type it; private to cli.
#pragma once

#include <string>
#include <vector>

#include "core/base/call.h"
#include "core/base/error.h"

namespace firn::cli {

struct SelfRun {
  std::vector<std::string> words;  // without the program's name
  std::string folder;              // where it runs; empty: here
  bool silent = false;             // its stdout goes nowhere
};

// Waits for the end and gives the exit code. When the call is stopped, the child gets SIGINT once
// and is waited for. Errors: Internal (CLI-RUN-002) when it cannot be started.
[[nodiscard]] Result<int> RunSelf(const Call& call, const SelfRun& run);

}  // namespace firn::cli
