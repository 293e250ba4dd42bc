#include "app/cli/commands.h"

namespace firn::cli {

void AddSandboxCommands([[maybe_unused]] CommandTree& tree) {}

}  // namespace firn::cli
