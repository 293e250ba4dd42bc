// The ports of a sandbox org over its starts: projects and clients that were told an address find
// the org there again. Main thread.
#pragma once

#include <memory>
#include <string>

#include "core/base/error.h"
#include "sandbox/door/server.h"

namespace firn::cli {

// Starts the org. Ports that `options` leave to the system (0) are those of the last start, kept in
// `ports.json` of the org folder; when one of them is taken, any free ones. Errors: those of
// Sandbox::Start.
[[nodiscard]] Result<std::unique_ptr<sandbox::Sandbox>> StartOnKeptPorts(
    const sandbox::SandboxOptions& options);

}  // namespace firn::cli
