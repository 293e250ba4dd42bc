// Commands that write the project's state while a daemon holds it: handed to the daemon on the one
// side, carried out on the other. Private to cli.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/cli/command.h"
#include "app/engine/admin_service.h"

namespace firn::cli {

// Runs the command of `context` and prints its error, if it ends by one.
[[nodiscard]] ExitCode Execute(Context& context);

// The exit code of a command that ended by `code`, once all it printed is written; says so when
// stdout did not take it all.
[[nodiscard]] ExitCode Finished(Output& output, ExitCode code);

// The exit code, when a daemon has carried the command out with our stdout and stderr; nothing when
// none runs. Errors: ENGINE-ADMIN-*.
[[nodiscard]] Result<std::optional<int>> ForwardToDaemon(Context& context,
                                                         const std::vector<std::string>& words);

// The daemon's side (engine::CommandHost). Exports of one org take turns with the daemon's own.
[[nodiscard]] int CarryOut(const Call& call, engine::HostedCommand command,
                           engine::Runtime& runtime);

}  // namespace firn::cli
