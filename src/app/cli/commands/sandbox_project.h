// The project that goes with a sandbox on this machine; private to cli.
#pragma once

#include <string>

#include "core/base/error.h"

namespace firn::cli {

// firn.yaml for the sandbox that is kept in `folder` and runs: its addresses, and who signs in with
// which key. Errors: Unreachable (CLI-SANDBOX-002) when none runs there.
[[nodiscard]] Result<std::string> ProjectOfSandbox(const std::string& folder,
                                                   const std::string& name);

}  // namespace firn::cli
